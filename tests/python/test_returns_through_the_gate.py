"""Several authorities in one build, most of whose returns are broken: each is refused or
quarantined with a reason, the sound one comes out as if it were alone, and nothing that anybody
reads holds a child's value."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import openpyxl
import pytest

from csc_outcomes.landing.workbook import MAX_UNPACKED_BYTES
from csc_outcomes.synthetic.returns.deliver import Authority, returned_children, write_returns
from csc_outcomes.synthetic.returns.lives import Child
from projects import Project, light_copy
from unpacked import texts_in

FIRST_YEAR, LAST_YEAR = 2023, 2024
N_CHILDREN = 120
SOUND, CUT, RENAMED, BOMB, SWAPPED, RAGGED = "S51", "S52", "S53", "S54", "S55", "S56"
FORMATS = {
    SOUND: ["cin_census", "ssda903"],
    CUT: ["cin_census"],
    RENAMED: ["ssd"],
    BOMB: ["annex_a"],
    SWAPPED: ["ssda903"],
    RAGGED: ["ssda903"],
}
REFUSED = {
    # what the load log says: file, reason code, a word of the sentence
    CUT: (f"cin_census_{LAST_YEAR}.xml", "xml_unreadable", "cut short"),
    RENAMED: ("ssd_cin_episodes.csv", "missing_columns", "cine_referral_date"),
    BOMB: ("annex_a.xlsx", "workbook_too_large", "unpacks to"),
}
VARS = ("--vars", "{withhold_failing_la: true, pages: true}")
UNTESTED = ("--exclude-resource-type", "test")
TABLES = (
    "dim_children",
    "fct_cin_cases",
    "fct_cin_episodes",
    "fct_escalations",
    "fct_fitness_for_outcomes",
    "fct_load_log",
    "fct_monitoring",
    "fct_referrals",
    "fct_rule_scorecard",
)
CANARY_ID, CANARY_NAME, CANARY_UPN = "QXCANARY7", "Zquxbert", "Z987654321098"
CANARY_BIRTH = date(2007, 1, 31)
CANARIES = {
    *("qxcanary", CANARY_NAME.lower(), CANARY_UPN.lower()),
    *(f"{CANARY_BIRTH:{form}}" for form in ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y")),
}
DAY_FIRST = re.compile(r"\b(\d\d)/(\d\d)/(\d{4})\b")


def _children(authority: str) -> list[Child]:
    """An authority's children; two of them, one in care, are those that nobody may meet again."""
    n_children = 3 * N_CHILDREN if authority == RAGGED else N_CHILDREN  # one row among many
    children = list(returned_children(n_children, FIRST_YEAR, LAST_YEAR, seed=int(authority[1:])))
    in_care = next(n for n, child in enumerate(children) if n > N_CHILDREN / 3 and child.care)
    for number in (in_care, N_CHILDREN // 2):
        children[number] = dataclasses.replace(
            children[number],
            child_id=f"{CANARY_ID}{number}",
            upn=CANARY_UPN,
            birth=CANARY_BIRTH,
        )
    return children


def _edit(path: Path, change: Callable[[str], str]) -> None:
    text = path.read_text(encoding="utf-8")
    changed = change(text)
    assert changed != text
    path.write_text(changed, encoding="utf-8")


def _name_everybody(folder: Path) -> None:
    """Puts names where returns have none: an element, a column, a sheet's column."""
    for path in folder.rglob("*.xml"):
        _edit(path, lambda t: t.replace("<PersonBirth", f"<Name>{CANARY_NAME}</Name><PersonBirth"))
    for path in [*folder.rglob("ssd_person.csv"), *folder.rglob("Header.csv")]:
        head, *rows = path.read_text(encoding="utf-8").splitlines()
        lines = [f"{head},Forename", *(f"{row},{CANARY_NAME}" for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _cut(folder: Path) -> None:
    """The newest census return ends inside a child's id."""
    (path,) = folder.rglob(REFUSED[CUT][0])
    _edit(path, lambda text: text[: text.index(CANARY_ID) + len(CANARY_ID) - 1])


def _rename(folder: Path) -> None:
    (path,) = folder.rglob(REFUSED[RENAMED][0])
    _edit(path, lambda text: text.replace("cine_referral_date", "cine_day_of_referral"))


def _inflate(folder: Path) -> None:
    """The workbook holds a name in a cell far away, and a part that says it is huge."""
    (path,) = folder.rglob(REFUSED[BOMB][0])
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["XFD9"] = CANARY_NAME
    book.save(path)
    _say_huge(path)


def _say_huge(path: Path) -> None:
    """Declares a size over the limit for the last part of an archive, in its directory."""
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (MAX_UNPACKED_BYTES + 1).to_bytes(4, "little")
    path.write_bytes(content)


def _swap(folder: Path) -> None:
    for path in folder.rglob("Episodes.csv"):
        _edit(path, lambda text: DAY_FIRST.sub(r"\2/\1/\3", text))


def _rag(folder: Path) -> None:
    """The first record, now of a child that nobody may meet again, has fields too many."""
    for path in folder.glob(f"*{LAST_YEAR}/Episodes.csv"):
        _edit(path, lambda t: re.sub(r"\n[^,]+(.*)", rf"\n{CANARY_ID}\1,x,x", t, count=1))


DAMAGE = {CUT: _cut, RENAMED: _rename, BOMB: _inflate, SWAPPED: _swap, RAGGED: _rag}


def _deliver(project: Project, la_code: str) -> None:
    folder = project.path / "extracts" / f"synthetic_{la_code.lower()}"
    authority = Authority(la_code, f"Synthetic {la_code}")
    write_returns(_children(la_code), FORMATS[la_code], authority, FIRST_YEAR, LAST_YEAR, folder)
    _name_everybody(folder)
    if la_code in DAMAGE:
        DAMAGE[la_code](folder)


@dataclasses.dataclass(frozen=True)
class Build:
    project: Project
    output: str
    alone: dict[str, list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The sound authority built alone, then all of them, published."""
    project = light_copy(tmp_path_factory.mktemp("gate"), with_release=True)
    _deliver(project, SOUND)
    first = project.dbt("build", "--select", *(f"+{table}" for table in TABLES), *UNTESTED, *VARS)
    assert first.returncode == 0, first.stdout[-3000:]
    with project.warehouse() as warehouse:
        alone = {table: _rows(warehouse, table) for table in TABLES}
    shutil.rmtree(project.path / "landing")
    for la_code in DAMAGE:
        _deliver(project, la_code)
    everybody = project.dbt("build", *VARS)
    assert everybody.returncode == 0, everybody.stdout[-3000:]
    return Build(project, first.stdout + everybody.stdout + everybody.stderr, alone)


@pytest.fixture(scope="module")
def tables(build: Build) -> Iterator[duckdb.DuckDBPyConnection]:
    with build.project.published() as connection:
        yield connection


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[object, ...]]:
    """The sound authority's rows, without what names the build."""
    columns = [
        name
        for name, *_ in connection.execute(f"describe {table}").fetchall()
        if name != "build_id"
    ]
    rows: list[tuple[object, ...]] = connection.execute(
        f"select {', '.join(columns)} from {table} where la_code = '{SOUND}' order by all"
    ).fetchall()
    return rows


@pytest.mark.parametrize("la_code", REFUSED)
def test_a_broken_file_is_refused_by_name(la_code: str, tables: duckdb.DuckDBPyConnection) -> None:
    rows = tables.execute(
        "select distinct file_name, reason_code, reason from fct_load_log"
        " where la_code = $1 and status = 'refused'",
        [la_code],
    ).fetchall()
    ((file_name, code, reason),) = rows
    expected_file, expected_code, word = REFUSED[la_code]
    assert (file_name, code) == (expected_file, expected_code)
    assert word in reason


@pytest.mark.parametrize(
    ("la_code", "code"), [(SWAPPED, "unreadable_date"), (RAGGED, "ragged_row")]
)
def test_broken_rows_are_quarantined_where_they_stand(
    la_code: str, code: str, tables: duckdb.DuckDBPyConnection
) -> None:
    rows = tables.execute(
        "select distinct file_name, reason_code from fct_quarantined_rows"
        " where la_code = $1 and source_row_number is not null and reason_code = $2",
        [la_code, code],
    ).fetchall()
    assert rows == [("Episodes.csv", code)]


def test_the_sound_authority_is_as_if_it_were_alone(
    build: Build, tables: duckdb.DuckDBPyConnection
) -> None:
    for table in TABLES:
        assert build.alone[table], table
        assert _rows(tables, table) == build.alone[table], table


def test_only_what_passed_the_gate_is_published(tables: duckdb.DuckDBPyConnection) -> None:
    found = {la for (la,) in tables.execute("select distinct la_code from dim_children").fetchall()}
    assert found == {SOUND, RAGGED}


def test_every_record_is_accounted_for(tables: duckdb.DuckDBPyConnection) -> None:
    rows = tables.execute(
        "select la_code, n_read,"
        " n_loaded + n_quarantined + n_duplicate + n_superseded + n_opted_out from fct_load_log"
    ).fetchall()
    assert {la for la, *_ in rows} == set(FORMATS)
    assert [row for row in rows if row[1] != row[2]] == []


def test_the_closing_message_says_who_is_missing_and_why(build: Build) -> None:
    closing = build.output[build.output.rindex("Withheld, for ") :]
    withheld = closing[: closing.index("Correct the files")]
    assert set(re.findall(r"^  - (S\d\d) ", withheld, re.M)) == {*REFUSED, SWAPPED}
    for la_code, (file_name, _, word) in REFUSED.items():
        assert re.search(rf"- {la_code} .*{file_name}.*file is accepted.*{word}", withheld)
    assert re.search(rf"- {SWAPPED} .*Episodes\.csv.*unreadable_date", withheld)
    assert re.search(rf"- {RAGGED} .* records quarantined", closing)


def _reported(folder: Path, kind: str) -> str:
    """What `csc report` says of every study that the build has."""
    command = [str(Path(sys.executable).parent / "csc"), "report", *kind.split()]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_nothing_that_is_read_holds_a_childs_value(
    build: Build, tables: duckdb.DuckDBPyConnection
) -> None:
    folder = build.project.path
    swapped = (folder / "extracts" / f"synthetic_{SWAPPED.lower()}").rglob("Episodes.csv")
    days = {m[0] for p in swapped for m in DAY_FIRST.finditer(p.read_text()) if int(m[2]) > 12}
    canaries = {*CANARIES, *days}
    assert len(days) > 5
    for la_code in FORMATS:  # they are in what was delivered
        files = (folder / "extracts" / f"synthetic_{la_code.lower()}").rglob("*")
        content = b"".join(p.read_bytes() for p in files if p.suffix in {".xml", ".csv"})
        assert la_code == BOMB or CANARY_ID.encode() in content
    texts = {"what the build prints": build.output}
    texts |= {f"csc report {kind}": _reported(folder, kind) for kind in ("", "--release")}
    for part in ("logs", "target", "published", "reports"):
        texts |= texts_in(folder / part)
    for wanted in ("index.html", "docs/index.html", "release/quality.html", "csc_outcomes.xlsx"):
        assert any(name.endswith(wanted) for name in texts), wanted
    for table in (row[0] for row in tables.execute("show tables").fetchall()):
        rows = tables.execute(f"select columns(*)::varchar from {table}").fetchall()
        texts[table] = "\n".join(value for row in rows for value in row if value)
    assert len(texts) > 100
    found = {
        (name, canary)
        for name, text in texts.items()
        for canary in canaries
        if canary in text.lower()
    }
    assert found == set()
