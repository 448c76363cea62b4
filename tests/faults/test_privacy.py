"""What a build and its commands tell, on good days and on bad ones, holds no name, pupil number,
birth date, postcode or note; withdrawal, keys, file modes and the network, seen on whole builds."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from canaries import (
    BIRTH_DATES,
    MISPLACED,
    NAMES,
    Planted,
    contents,
    found_in,
    plant,
)
from csc_outcomes.landing.identifiers import pseudonym
from csc_outcomes.landing.keys import find_demonstration_key, new_key
from long_form import IS_LONG
from projects import ROOT

BIN = Path(sys.executable).parent
MAY_UNSHARE = sys.platform == "linux" and hasattr(os, "geteuid") and os.geteuid() == 0
CALL = "import socket; socket.create_connection(('1.1.1.1', 53))"
OFFLINE = ("unshare", "--net") if MAY_UNSHARE else ()
# Leaves out what keeps values out of errors: what it must then find shows that it looks.
LEAKY = """
import csc_outcomes.withheld

csc_outcomes.withheld.withhold_values = lambda: None
from csc_outcomes.dbt_plugin import Plugin
"""
BROKEN_CAST = """
select cast(cast(birth_date as varchar) as integer) as broken_cast
from {{ ref('std_cin_case_records') }}
"""
BROKEN_PYTHON = """
def model(dbt, session):
    records = dbt.ref("std_cin_case_records").df()
    if len(records):
        days = " ".join(records.birth_date.dropna().astype(str))
        told = ValueError("cannot fit " + days + "\\n  " + days + "\\n  File " + days)
        told.add_note("csc_outcomes.of: " + days)
        raise ExceptionGroup("  " + days, [told]) from told
    return records
"""
BROKEN_SQL = "select no_such_column from {{ ref('std_cin_case_records') }}\n"
WRONG_TEST = "select * from {{ ref('std_cin_case_records') }} where birth_date is not null\n"


def run(planted: Planted, *command: str, entered: str = "", prefix: tuple[str, ...] = ()) -> Said:
    """Runs dbt or csc as a person would."""
    program, *arguments = command
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(
            [str(planted.path / "modules"), os.environ.get("PYTHONPATH", "")]
        ),
    }
    environment.pop("CSC_PROJECT_DIR", None)
    result = subprocess.run(
        [*prefix, str(BIN / program), *arguments],
        cwd=planted.path,
        env=environment,
        input=entered.encode(),
        capture_output=True,
        check=False,
    )
    return Said(result.returncode, result.stdout + result.stderr)


@dataclass(frozen=True)
class Said:
    """How a command ended, and all that it said."""

    code: int
    output: bytes

    @property
    def text(self) -> str:
        """The output as text."""
        return self.output.decode("utf-8", "replace")

    @property
    def hits(self) -> list[str]:
        """The kinds of canary in it."""
        return found_in(iter([self.output]))


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """Four authorities' raw files with 20 canaries of each kind."""
    return plant(tmp_path_factory.mktemp("privacy") / "project")


@pytest.fixture(scope="module")
def built(planted: Planted) -> tuple[Planted, Said]:
    """The same, built once, without a network where that can be had."""
    return planted, run(planted, "dbt", "build", prefix=OFFLINE)


def test_a_build_tells_nothing_of_a_child(built: tuple[Planted, Said]) -> None:
    planted, said = built
    assert said.code == 0, said.text[-3000:]
    assert (said.hits, planted.hits()) == ([], [])
    with planted.project.published() as tables:
        n_cases = tables.execute("select count(*) from fct_cin_cases").fetchall()
    assert n_cases == [(4 * 29,)]  # all but those of the misplaced words


@pytest.mark.skipif(not MAY_UNSHARE, reason="only root can run a build without a network")
def test_a_build_needs_no_network(built: tuple[Planted, Said]) -> None:
    assert built[1].code == 0
    seen = subprocess.run(
        [
            *OFFLINE,
            sys.executable,
            "-c",
            "import socket; socket.create_connection(('1.1.1.1', 53))",
        ],
        capture_output=True,
        check=False,
    )
    assert b"Network is unreachable" in seen.stderr  # there was none indeed


def test_nobody_is_counted_or_called() -> None:
    """dbt's and all libraries' usage statistics are off, and nothing asks for an address."""
    assert "send_anonymous_usage_stats: false" in (ROOT / "dbt_project.yml").read_text()
    for package in ("great_expectations", "streamlit", "posthog"):
        assert package not in (ROOT / "requirements.txt").read_text()


def test_every_file_is_its_owners_alone(built: tuple[Planted, Said]) -> None:
    planted, _ = built
    for place in ("landing", "warehouse", "published", "logs", "target"):
        for path in (planted.path / place, *(planted.path / place).rglob("*")):
            if not path.is_symlink():
                wanted = 0o700 if path.is_dir() else 0o600
                assert path.stat().st_mode & 0o777 == wanted, path


# Bad days. Each leaves the project as it was, but for what the product writes.


def write(planted: Planted, place: str, text: str | bytes) -> Callable[[], None]:
    """Puts a file there, and gives back what undoes it."""
    path = planted.path / place
    before = path.read_bytes() if path.is_file() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def undo() -> None:
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)

    return undo


def raw(planted: Planted) -> str:
    return (planted.path / "extracts/edge_ties/all/cases.csv").read_text()


def without_header(planted: Planted) -> str:
    return raw(planted).split("\n", 1)[1]


def ragged(planted: Planted) -> str:
    header, first, *rest = raw(planted).splitlines()
    return "\n".join([header, f"{first},{NAMES[0]},,", *rest, f'"{NAMES[1]}'])


def unreadable_days(planted: Planted) -> str:
    return raw(planted).replace("2018-02-01", MISPLACED[0])


CASES = "extracts/edge_ties/all/cases.csv"
LEAF = "models/intermediate/broken_cast.sql"
FAULTS: dict[str, tuple[dict[str, Callable[[Planted], str]], tuple[tuple[str, ...], ...]]] = {
    "a failed cast": ({LEAF: lambda _: BROKEN_CAST}, (("dbt", "run", "-s", "broken_cast"),)),
    "an exception in a Python model": (
        {"python/models/broken_python.py": lambda _: BROKEN_PYTHON},
        (("dbt", "run", "-s", "broken_python"),),
    ),
    "a failing model": ({LEAF: lambda _: BROKEN_SQL}, (("dbt", "run", "-s", "broken_cast"),)),
    "a failing test": (
        {"tests/singular/wrong.sql": lambda _: WRONG_TEST},
        (("dbt", "test", "-s", "wrong"),),
    ),
    "a failing expectation": ({CASES: unreadable_days}, (("dbt", "build"),)),
    "a file without a header": ({CASES: without_header}, (("csc", "land"), ("dbt", "build"))),
    "a ragged file": ({CASES: ragged}, (("csc", "land"),)),
    "a header that is a name": (
        {CASES: lambda p: raw(p).replace("full_name", "somebody", 1).replace("child_id", "kid", 1)},
        (("csc", "land"),),
    ),
    "a torn workbook": (
        {"extracts/in_a_workbook/all/cases.xlsx": lambda _: f"PK\x03\x04{NAMES[2]}"},
        (("csc", "land"),),
    ),
    "a torn Parquet file": (
        {"extracts/in_parquet/all/cases.parquet": lambda _: f"PAR1{NAMES[3]}PAR1"},
        (("csc", "land"),),
    ),
    "a wrong encoding": (
        {"extracts/in_utf16/all/cases.csv": lambda p: f"\ufeff{raw(p)}\udcff"},
        (("csc", "land"),),
    ),
    "an opt-out list that holds names": (
        {"extracts/edge_ties/opt_outs.csv": lambda _: f"child_id\n{NAMES[4]}\n"},
        (("csc", "land"),),
    ),
    "a contract that holds a name": (
        {"extracts/edge_ties/all/notes.txt": lambda _: NAMES[5]},
        (("csc", "land"),),
    ),
    "a file that is being added": (
        {"dropped/list.csv": raw},
        (("csc", "add-extract", "dropped/list.csv", "--la-code", "S51", "--synthetic"),),
    ),
    "a file without a header that is being added": (
        {"dropped/list.csv": without_header},
        (("csc", "add-extract", "dropped/list.csv", "--la-code", "S51", "--synthetic"),),
    ),
    "a report, a summary and a release check": (
        {},
        (("csc", "report"), ("csc", "check-release"), ("csc", "summary")),
    ),
    "a look that fails": ({}, (("dbt", "show", "--inline", BROKEN_CAST),)),
    "a withdrawal of nobody": ({}, (("csc", "withdraw", "--la", "S42", "--yes"),)),
    "a purge": ({}, (("csc", "purge", "--yes"),)),
}
# Together they are one build and take seconds.
IN_SHORT = ("a failed cast", "an exception in a Python model", "a file without a header")


def disturb(planted: Planted, fault: str) -> list[str]:
    """Runs a fault's commands over its files; the canaries that came out, and where."""
    files, commands = FAULTS[fault]
    undone = [
        write(planted, place, text(planted).encode("utf-8", "surrogateescape"))
        for place, text in files.items()
    ]
    try:
        said = [run(planted, *command, entered=f"{NAMES[6]}\n") for command in commands]
        hits = [hit for one in said for hit in one.hits]
        dropped = [hit for hit in planted.hits() if not hit.startswith("dropped/")]
        return hits + dropped
    finally:
        for undo in undone:
            undo()


@pytest.mark.skipif(not IS_LONG, reason="takes minutes: CSC_LONG=1 runs it")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_day_tells_nothing_of_a_child(built: tuple[Planted, Said], fault: str) -> None:
    assert disturb(built[0], fault) == []


def test_bad_days_together_tell_nothing_of_a_child(built: tuple[Planted, Said]) -> None:
    planted, _ = built
    files = {place: text for fault in IN_SHORT for place, text in FAULTS[fault][0].items()}
    undone = [write(planted, place, text(planted)) for place, text in files.items()]
    try:
        said = run(planted, "dbt", "run", "-s", "broken_cast", "broken_python")
        assert said.code == 1
        for word in ("Conversion Error", "ValueError: its message is withheld", "refused"):
            assert word in said.text
        assert (said.hits, planted.hits()) == ([], [])
    finally:
        for undo in undone:
            undo()


@pytest.mark.skipif(not IS_LONG, reason="takes minutes: CSC_LONG=1 runs it")
@pytest.mark.parametrize("fault", ["a failed cast", "an exception in a Python model"])
def test_a_product_that_told_values_would_be_found_out(
    built: tuple[Planted, Said], tmp_path: Path, fault: str
) -> None:
    planted = Planted(type(built[0].project)(tmp_path / "copy"))
    shutil.copytree(built[0].path, planted.path)
    write(planted, "modules/leaky_plugin.py", LEAKY)
    profiles = planted.path / "profiles.yml"
    profiles.write_text(profiles.read_text().replace("csc_outcomes.dbt_plugin", "leaky_plugin"))
    hits = disturb(planted, fault)
    assert "birth date" in hits
    assert {"logs/dbt.log: birth date", "target/run_results.json: birth date"} <= set(hits)


@pytest.mark.parametrize("form", ["text", "utf-16", "zip", "gzip", "parquet", "duckdb"])
def test_a_planted_leak_is_found(tmp_path: Path, form: str) -> None:
    path = tmp_path / {"zip": "a.xlsx", "gzip": "a.gz", "parquet": "a.parquet",
                       "duckdb": "a.duckdb"}.get(form, "a.log")  # fmt: skip
    leak = f"could not read {NAMES[7].upper()}, born {BIRTH_DATES[7]}"
    if form in ("text", "utf-16"):
        path.write_text(leak, encoding="utf-8" if form == "text" else "utf-16")
    elif form == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.xml", leak)
    elif form == "gzip":
        path.write_bytes(gzip.compress(leak.encode()))
    else:
        with duckdb.connect() as connection:
            connection.execute(
                f"copy (select '{leak}' as said) to '{path}' (compression zstd)"
                if form == "parquet"
                else f"attach '{path}' as a; create table a.t as select '{leak}' as said"
            )
    assert found_in(contents(path)) == ["birth date", "name"]


# A child goes, and a key goes.


@pytest.mark.skipif(not IS_LONG, reason="takes minutes: CSC_LONG=1 runs it")
def test_after_a_withdrawal_the_next_build_lacks_exactly_that_child(
    built: tuple[Planted, Said], tmp_path: Path
) -> None:
    planted = Planted(type(built[0].project)(tmp_path / "copy"))
    shutil.copytree(built[0].path, planted.path, symlinks=True)
    before = cases(planted)
    key = find_demonstration_key(ROOT / "extracts")
    assert key
    gone = pseudonym(key, "S42", "child", "K003")
    said = run(planted, "csc", "withdraw", "--la", "S42", "--yes", entered="k003\n")
    assert said.code == 0, said.text
    assert not (planted.path / "published").exists()
    assert run(planted, "dbt", "build").code == 0
    assert cases(planted) == [row for row in before if row[1] != gone]
    assert len(before) - len(cases(planted)) == 1
    for path in planted.path.rglob("*"):
        if path.is_file() and "extracts" not in path.parts:
            assert not any(gone.encode() in text for text in contents(path)), path


def cases(planted: Planted) -> list[tuple[object, ...]]:
    with planted.project.published() as tables:
        rows = (
            "select la_code, child_id, case_id, columns('_date$') from fct_cin_cases order by all"
        )
        return tables.execute(rows).fetchall()


@pytest.mark.skipif(not IS_LONG, reason="takes minutes: CSC_LONG=1 runs it")
def test_a_new_key_changes_pseudonyms_and_nothing_else(
    built: tuple[Planted, Said], tmp_path: Path
) -> None:
    planted = Planted(type(built[0].project)(tmp_path / "copy"))
    shutil.copytree(built[0].path, planted.path, symlinks=True)
    before = cases(planted)
    key = planted.path / "extracts" / "demonstration.key"
    key.unlink()
    assert run(planted, "dbt", "build").code != 0  # no key, no build
    new_key(key)
    assert run(planted, "dbt", "build").code == 0
    after = cases(planted)
    assert {row[1] for row in before}.isdisjoint(row[1] for row in after)
    assert sorted(str((r[0], *r[3:])) for r in before) == sorted(str((r[0], *r[3:])) for r in after)
    old = {str(row[1]).encode() for row in before}
    for path in planted.path.rglob("*"):
        if path.is_file() and path.relative_to(planted.path).parts[0] not in ("extracts", "keys"):
            text = b"".join(contents(path))
            assert not any(one in text for one in old), path
