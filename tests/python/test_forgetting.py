"""A child that is withdrawn, a time that is over: afterwards no byte is left, and a certificate
says so. Without dbt: what a build writes is written here by the functions that it calls."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.adapters.duckdb.credentials import DuckDBCredentials

from csc_outcomes import cli
from csc_outcomes import publish as publishing
from csc_outcomes.dbt_plugin import Plugin
from csc_outcomes.forgetting import purge, withdrawal
from csc_outcomes.forgetting.logs import empty_logs, logs_are_old
from csc_outcomes.forgetting.opening import open_privately
from csc_outcomes.forgetting.places import note_shared_warehouse, shared_warehouse
from csc_outcomes.forgetting.search import holders
from csc_outcomes.forgetting.wishes import (
    drop_outdated_warehouse,
    noted_wishes,
    whose_records,
    wishes_digest,
)
from csc_outcomes.landing.identifiers import pseudonym
from csc_outcomes.landing.keys import key_path, new_key
from csc_outcomes.lock import ProjectInUse, alone, at_work
from landing_project import DEMONSTRATION_KEY, HEADER, Project
from projects import ROOT
from unpacked import text_of

CHILD, OTHER = "QX-4711", "C2"
# What only the withdrawn child's records say: a case and a day.
CASE, DAY = "K-0815-UNIQUE", "2017-02-13"
CASES = f"{HEADER}\nqx-4711,{CASE},{DAY}\n{OTHER},k2,2019-01-03\n{CHILD},,{DAY}\n"
WITHDRAW = ["withdraw", "--la", "S01", "--yes"]


def child(identifier: str = CHILD, kind: str = "child") -> str:
    return pseudonym(bytes.fromhex(DEMONSTRATION_KEY), "S01", kind, identifier)


def case() -> str:
    return pseudonym(bytes.fromhex(DEMONSTRATION_KEY), "S01", "case", CASE)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Two builds of two children, with reports, logs and what dbt leaves."""
    project = Project(tmp_path / "project")
    project.deliver(CASES)
    monkeypatch.setenv("CSC_PROJECT_DIR", str(project.folder))
    (project.folder / "dbt_project.yml").write_text("name: small\n")
    project.land()
    for build in ("one", "two"):
        publish(project, build)
    for place in ("reports/study", "target/run", "logs", "spark/tables"):
        folder = project.folder / place
        folder.mkdir(parents=True)
        (folder / "left.txt").write_text(f"{child()} {DAY}", encoding="utf-16-le")
    return project


def publish(project: Project, build: str) -> Path:
    """Builds a warehouse of what is landed and publishes it."""
    warehouse = project.folder / "warehouse" / "csc_outcomes.duckdb"
    warehouse.parent.mkdir(exist_ok=True)
    landed = project.landing / "case_list__cases" / "*.parquet"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"create or replace table fct_cases as from read_parquet('{landed}')")
        generation = publishing.write_generation(
            project.folder / "published",
            f"build{build}",
            ["fct_cases"],
            project.folder,
            connection,
            lambda draft: None,
        )
    publishing.point_to(generation)
    publishing.drop_old_generations(generation)
    return generation


def traces(project: Project) -> set[str]:
    """The top folders of files that hold the child's pseudonyms or values: read as they are, as
    UTF-16, and with Parquet and DuckDB unpacked. Not the product's own search."""
    texts = (child(), case(), DAY)
    found = set()
    for path in project.folder.rglob("*"):
        place = path.relative_to(project.folder).parts[0]
        is_looked_at = place != "extracts" and path.name != "_empty.parquet"
        if path.is_file() and not path.is_symlink() and is_looked_at:
            raw = path.read_bytes()
            read = text_of(path) + rows_of(path)
            if any(t in read or t.encode() in raw or t.encode("utf-16-le") in raw for t in texts):
                found.add(place)
    return found


def rows_of(path: Path) -> str:
    """All cells of a DuckDB file as text."""
    if path.suffix != ".duckdb":
        return ""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()
        return str([connection.execute(f"from {name}").fetchall() for (name,) in tables])


@pytest.fixture
def enter(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Entered:
    """Runs `csc` with a line on standard input."""
    return Entered(monkeypatch, capfd)


class Entered:
    """Exit status and output of commands that read a line."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capfd = monkeypatch, capfd
        self.text = ""

    def __call__(self, line: str, *arguments: str) -> int:
        """Runs the command; `text` is what it said."""
        self._monkeypatch.setattr(sys, "stdin", io.StringIO(f"{line}\n"))
        status = cli.main(list(arguments) or WITHDRAW)
        said = self._capfd.readouterr()
        self.text = said.out + said.err
        return status


def certificates(project: Project) -> list[str]:
    return [p.read_text() for p in sorted((project.folder / "certificates").glob("*.md"))]


def test_no_byte_of_a_withdrawn_child_is_left(project: Project, enter: Entered) -> None:
    assert traces(project) == {
        "landing", "warehouse", "published", "reports", "target", "logs", "spark",
    }  # fmt: skip
    assert enter(f" {CHILD.lower()} ") == 0
    assert traces(project) == set()
    assert [row["child_id"] for row in project.rows()] == [child(OTHER)]
    (certificate,) = certificates(project)
    assert "- case_list__cases: 2" in certificate
    assert "record 1 of extracts/alpha/opt_outs.csv" in certificate
    assert "The pseudonyms were found in no file of the project" in certificate
    for text in (certificate, enter.text):
        assert CHILD not in text.upper()
        assert child() not in text
    assert "Next: run `dbt build`" in enter.text
    assert project.land().outcomes[0].n_opted_out == 2


def test_what_is_left_out_of_the_removal_is_told(
    project: Project, enter: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof that these tests, and the command itself, see a generation that stays."""
    all_of_it = withdrawal.derived

    def all_but_generations(folder: Path) -> list[Path]:
        return [path for path in all_of_it(folder) if path.name != "published"]

    monkeypatch.setattr(withdrawal, "derived", all_but_generations)
    assert enter(CHILD) == 1
    assert traces(project) == {"published"}
    assert "published/buildone/analyst/fct_cases.parquet" in enter.text
    assert "still held by `published/buildone/" in certificates(project)[0]
    monkeypatch.undo()
    monkeypatch.setenv("CSC_PROJECT_DIR", str(project.folder))
    assert enter(CHILD) == 0
    assert traces(project) == set()


@pytest.mark.parametrize("step", ["note", "_opt_out", "remove", "land", "holders", "forget_note"])
def test_an_interrupted_withdrawal_is_finished_by_the_next(
    project: Project, enter: Entered, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(withdrawal, step, interrupted)
    with pytest.raises(KeyboardInterrupt):
        enter(CHILD)
    monkeypatch.undo()
    monkeypatch.setenv("CSC_PROJECT_DIR", str(project.folder))
    assert enter(CHILD) == 0
    assert traces(project) == set()
    assert "- case_list__cases: 2" in certificates(project)[-1]
    assert (project.extracts / "alpha" / "opt_outs.csv").read_text() == f"child_id\n{CHILD}\n"
    assert not list((project.folder / "certificates").glob(".*.unfinished.json"))


def test_all_ids_of_a_child_go(project: Project, enter: Entered) -> None:
    (project.extracts / "alpha" / "merge_map.csv").write_text(
        f"from_child_id,to_child_id\n{CHILD},{OTHER}\n"
    )
    assert enter(CHILD) == 0  # builds from before the merge hold the pseudonym of the old id
    assert traces(project) == set()
    assert project.rows() == []
    assert (project.extracts / "alpha" / "opt_outs.csv").read_text() == f"child_id\n{OTHER}\n"


@pytest.mark.parametrize(
    ("line", "la_code", "said"),
    [
        ("QX-4712", "S01", "no landed record and no published table of S01 knows this child"),
        ("not an id!", "S01", "no readable child id"),
        ("", "S01", "no readable child id"),
        (CHILD, "S09", "la_code S09 is in no extract.yml; known: S01"),
    ],
)
def test_nothing_changes_where_nobody_is_meant(
    project: Project, enter: Entered, line: str, la_code: str, said: str
) -> None:
    before = traces(project)
    assert enter(line, "withdraw", "--la", la_code, "--yes") == 2
    assert said in enter.text
    assert not line or line not in enter.text
    assert (traces(project), certificates(project)) == (before, [])
    assert not (project.extracts / "alpha" / "opt_outs.csv").exists()


def test_it_is_told_what_goes_before_it_goes(project: Project, enter: Entered) -> None:
    before = traces(project)
    assert enter(CHILD, "withdraw", "--la", "S01") == 2
    assert "  published/\n" in enter.text
    assert "add --yes to go on" in enter.text
    assert traces(project) == before
    with pytest.raises(SystemExit):  # an id as an argument would stand in the shell's history
        enter("", "withdraw", "--la", "S01", CHILD)


def test_a_build_at_work_is_left_alone(project: Project, enter: Entered) -> None:
    warehouse = project.folder / "warehouse" / "csc_outcomes.duckdb"
    program = (
        f"import duckdb; c = duckdb.connect({str(warehouse)!r}); print(1, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as build:
        assert build.stdout
        build.stdout.readline()
        before = traces_but_warehouse(project)
        assert enter(CHILD) == 2
        assert "is in use" in enter.text
        assert traces_but_warehouse(project) == before
        build.communicate(b"\n")
    assert enter(CHILD) == 0


def test_while_one_is_at_work_in_the_project_the_other_waits(
    project: Project, enter: Entered, tmp_path: Path
) -> None:
    """Also where no warehouse is locked, as on Spark or a shared one."""
    with at_work(project.folder), at_work(project.folder):
        assert enter(CHILD) == 2
        assert f"process {os.getpid()} (" in enter.text
        assert f"is at work in {project.folder}" in enter.text
    with alone(project.folder), pytest.raises(ProjectInUse), at_work(project.folder):
        pass
    taken = (
        "import sys, pathlib, csc_outcomes.lock as lock\n"
        f"with lock.at_work(pathlib.Path({str(project.folder)!r})):\n    pass"
    )
    with at_work(project.folder):  # who came after and has gone isn't named
        subprocess.run([sys.executable, "-c", taken], check=True)
        assert enter(CHILD) == 2
        assert f"Nothing was done: process {os.getpid()} (" in enter.text
    plugin = Plugin.__new__(Plugin)
    plugin._begin_work()
    assert enter(CHILD) == 2
    del plugin
    assert enter(CHILD) == 0


def traces_but_warehouse(project: Project) -> set[str]:
    files = (project.folder / "published").rglob("*.parquet")
    return {str(path) for path in files if child() in text_of(path)}


def test_a_warehouse_that_is_damaged_goes_too(project: Project, enter: Entered) -> None:
    (project.folder / "warehouse" / "csc_outcomes.duckdb").write_text(f"broken {child()}")
    assert enter(CHILD) == 0
    assert traces(project) == set()


def everything(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("named", [".", "notes.txt", "thesis.duckdb"])
def test_what_no_build_made_is_never_deleted(
    project: Project, enter: Entered, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    (project.folder / "notes.txt").write_text("mine")
    with duckdb.connect(str(project.folder / "thesis.duckdb")) as connection:
        connection.execute("create table chapters as select 1")
    before = everything(project.folder)
    monkeypatch.setenv("CSC_WAREHOUSE", named)
    assert enter(CHILD) == 2
    assert "that is no warehouse that a build made" in " ".join(enter.text.split())
    assert before.items() <= everything(project.folder).items()


def test_a_warehouse_elsewhere_goes_though_the_variable_is_no_longer_set(
    project: Project, enter: Entered, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.duckdb"
    open_privately(elsewhere)
    publish(project, "three")
    shutil.copyfile(project.folder / "warehouse" / "csc_outcomes.duckdb", elsewhere)
    assert enter(CHILD) == 0
    assert not elsewhere.exists()
    assert f"- {elsewhere}\n" in certificates(project)[0]


@pytest.mark.parametrize("place", ["published", "published/buildone", "warehouse"])
def test_what_lies_behind_a_link_is_told_before_anything_goes(
    project: Project, enter: Entered, tmp_path: Path, place: str
) -> None:
    path = project.folder / place
    if place == "warehouse":
        path = path / "csc_outcomes.duckdb"
    share = path.rename(tmp_path / "share")
    path.symlink_to(share)
    before = traces(project)
    assert enter(CHILD) == 2
    assert f"{path} is a link to {share}, where the data would stay" in enter.text
    assert traces(project) == before
    path.unlink()
    assert enter(CHILD) == 0


def test_an_allocation_that_holds_the_id_is_told(project: Project, enter: Entered) -> None:
    (project.folder / "trial_allocation").mkdir()
    (project.folder / "trial_allocation" / "allocations.csv").write_text(f"child,arm\n{CHILD},1\n")
    assert enter(CHILD) == 0
    assert "the id itself stands in `trial_allocation/allocations.csv`" in certificates(project)[0]
    assert "- not searched: " in certificates(project)[0]
    assert "trial_allocation/allocations.csv" in enter.text


def test_a_folder_of_the_pointers_name_is_no_obstacle(project: Project, enter: Entered) -> None:
    (project.folder / "reports" / "current").mkdir()
    assert enter(CHILD) == 0
    assert not (project.folder / "reports").exists()


@pytest.mark.parametrize(
    ("before", "codec"),
    [
        ("note,Child_ID\r\nsaid so,C7\r\n", "utf-8"),
        ("note,Child_ID\r\nsaid so,C7", "utf-8-sig"),
        ("child_id\nC7\n", "utf-16"),
    ],
)
def test_the_list_stays_as_the_authority_writes_it(
    project: Project, enter: Entered, before: str, codec: str
) -> None:
    path = project.extracts / "alpha" / "opt_outs.csv"
    path.write_bytes(before.encode(codec))
    path.chmod(0o640)
    (path.parent / ".opt_outs.csv.123.draft").write_text(CHILD)  # of one that was killed
    assert enter(CHILD) == 0
    end = "\r\n" if "\r" in before else "\n"
    cells = f",{CHILD}" if "note" in before else CHILD
    assert path.read_bytes() == f"{before.rstrip()}{end}{cells}{end}".encode(codec)
    assert path.stat().st_mode & 0o777 == 0o640
    assert [row["child_id"] for row in project.rows()] == [child(OTHER)]
    assert not list(path.parent.glob(".*"))
    assert "record 2 of" in certificates(project)[0]


def test_files_that_the_door_refuses_are_told(project: Project, enter: Entered) -> None:
    project.deliver("other,headers\n1,2\n", delivery="2020-11")
    assert enter(CHILD) == 1
    assert "  2020-11/cases.csv: " in enter.text


def test_a_child_is_known_after_the_key_was_replaced(
    over: Project, enter: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSC_PSEUDONYM_KEY", "ef" * 32)
    assert enter(CHILD, "withdraw", "--la", "331", "--yes") == 0
    assert "- case_list__cases: 2" in certificates(over)[0]
    assert not (over.folder / "published").exists()


def test_data_that_are_overdue_keep_no_child_from_withdrawing(
    over: Project, enter: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSC_TODAY", "2025-04-01")
    assert enter(CHILD, "withdraw", "--la", "332", "--yes") == 0
    assert "landing/: deleted; it isn't written anew" in certificates(over)[0]
    assert not (over.folder / "landing").exists()


@pytest.mark.parametrize("fault", [KeyboardInterrupt, EOFError])
def test_an_answer_that_never_comes_changes_nothing(
    project: Project, enter: Entered, monkeypatch: pytest.MonkeyPatch, fault: type[BaseException]
) -> None:
    class Terminal(io.StringIO):
        def readline(self, _: int | None = -1) -> str:
            raise fault

    before = everything(project.folder)
    monkeypatch.setattr(io, "StringIO", Terminal)
    assert enter(CHILD) == 2
    assert "Nothing was changed" in enter.text
    assert everything(project.folder) == before


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_an_answer_that_is_no_text_changes_nothing_and_is_not_shown(
    project: Project, errors: str
) -> None:
    before = everything(project.folder)
    entered = subprocess.run(
        [Path(sys.executable).parent / "csc", *WITHDRAW],
        env={**os.environ, "PYTHONIOENCODING": f"utf-8:{errors}"},
        input=CHILD.encode("utf-16"),
        capture_output=True,
        check=False,
    )
    said = (entered.stdout + entered.stderr).decode("latin-1")
    assert (entered.returncode, len(said.splitlines())) == (2, 1)
    assert said.startswith("Nothing was changed: ")
    assert not any(part in said.replace("\0", "").upper() for part in (CHILD, "4711", "XFF"))
    assert everything(project.folder) == before


def test_a_list_that_grows_makes_earlier_builds_go(project: Project) -> None:
    def builds() -> list[str]:
        places = (project.folder / "published").iterdir()
        return sorted(path.name for path in places if path.name != "current")

    publish(project, "three")
    assert builds() == ["buildone", "buildthree", "buildtwo"]
    (project.extracts / "alpha" / "opt_outs.csv").write_text(f"child_id\n{CHILD}\n")
    project.land()
    drop_outdated_warehouse(project.folder, project.folder / "warehouse" / "csc_outcomes.duckdb")
    publish(project, "four")
    assert builds() == ["buildfour"]


def test_a_warehouse_of_other_wishes_or_another_key_goes_before_it_is_opened(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    warehouse = project.folder / "warehouse" / "csc_outcomes.duckdb"
    wishes = project.extracts / "alpha" / "objections.csv"
    drop_outdated_warehouse(project.folder, warehouse)
    assert not warehouse.exists()  # nobody knows under which wishes it was built
    capsys.readouterr()
    for change in (
        lambda: wishes.write_text(f"child_id,objects_to\n{CHILD},study\n"),
        lambda: monkeypatch.setenv("CSC_PSEUDONYM_KEY", "cd" * 32),
    ):
        publish(project, "again")
        drop_outdated_warehouse(project.folder, warehouse)
        assert warehouse.is_file()
        assert capsys.readouterr().err == ""
        change()
        drop_outdated_warehouse(project.folder, warehouse)
        assert not warehouse.exists()
        assert "`dbt build` makes the warehouse anew" in capsys.readouterr().err
    assert CHILD not in wishes_digest(project.folder)


@pytest.mark.parametrize("change", ["opt_outs.csv", "objections.csv", "key"])
def test_what_other_targets_built_under_other_wishes_goes_too(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: str,
) -> None:
    opened, other, spark = (
        project.folder / place
        for place in ("warehouse/csc_outcomes.duckdb", "warehouse/encrypted.duckdb", "spark")
    )
    drop_outdated_warehouse(project.folder, opened)
    for warehouse in (other, spark / "python.duckdb"):
        publish(project, "again")
        drop_outdated_warehouse(project.folder, warehouse)  # as whoever opens it does
        shutil.copyfile(opened, warehouse)
    capsys.readouterr()
    drop_outdated_warehouse(project.folder, opened)
    assert all(path.exists() for path in (opened, other, spark / "tables" / "left.txt"))
    assert capsys.readouterr().err == ""
    if change == "key":
        monkeypatch.setenv("CSC_PSEUDONYM_KEY", "cd" * 32)
    else:
        (project.extracts / "alpha" / change).write_text(f"child_id\n{CHILD}\n")
    drop_outdated_warehouse(project.folder, opened)
    assert not any(path.exists() for path in (opened, other, spark))
    deleted = "deleted warehouse/csc_outcomes.duckdb, warehouse/encrypted.duckdb, spark, which"
    assert deleted in capsys.readouterr().err


def test_the_search_looks_into_what_is_packed(project: Project) -> None:
    text = "Marzipan"
    places = {
        "a.parquet": f"copy (select '{text}' as said from range(9)) to '{{}}' (compression zstd)",
        "b.duckdb": f"attach '{{}}' as b; create table b.t as select '{text}' as said",
        "c.json.gz": f"copy (select '{text}' as said) to '{{}}' (format json, compression gzip)",
    }
    for name, query in places.items():
        with duckdb.connect() as connection:
            connection.execute(query.format(project.folder / name))
    (project.folder / "d.txt").write_text(text, encoding="utf-16-le")
    (project.folder / "e.parquet").write_bytes(b"PAR1 torn")
    (project.folder / "f.txt").write_text("x" * (8 << 20) + text)
    (project.folder / "g.txt").write_text("x" * ((8 << 20) - 3) + text)
    (project.extracts / "not_searched.txt").write_text(text)
    found = [path.name for path in holders(project.folder, {text})]
    assert found == [*places, "d.txt", "e.parquet", "f.txt", "g.txt"]


# Retention


@pytest.fixture
def over(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The same, real data of two authorities: the study of S01's code ended."""
    monkeypatch.setenv("CSC_PSEUDONYM_KEY", "cd" * 32)
    for seeds in ("studies", "parameters"):
        shutil.copytree(ROOT / "seeds" / seeds, project.folder / "seeds" / seeds)
    for slug, code in (("alpha", "331"), ("beta", "332")):
        project.deliver(CASES, la=slug)
        path = project.extracts / slug / "2019-11" / "extract.yml"
        text = path.read_text().replace("synthetic: true", "synthetic: false")
        path.write_text(text.replace("S01", code).replace("S02", code))
    add_study(project, "ended", "331", "2024-03-31")
    add_study(project, "goes_on", "332", "")
    monkeypatch.setenv("CSC_TODAY", "2025-03-31")
    project.land()
    return project


def add_study(project: Project, study_id: str, la_code: str, research_end: str) -> None:
    path = project.folder / "seeds" / "studies" / "studies.csv"
    with path.open(newline="") as file:
        like = next(csv.DictReader(file))
    row = like | {"study_id": study_id, "la_code": la_code, "research_end": research_end}
    with path.open("a", newline="") as file:
        csv.DictWriter(file, list(like), lineterminator="\n").writerow(row)


@pytest.mark.parametrize(
    ("day", "goes"), [("2025-03-30", False), ("2025-03-31", False), ("2025-04-01", True)]
)
def test_purge_is_right_to_the_day(
    over: Project, enter: Entered, monkeypatch: pytest.MonkeyPatch, day: str, goes: bool
) -> None:
    monkeypatch.setenv("CSC_TODAY", day)
    assert enter("", "purge", "--yes") == 0
    assert (over.extracts / "alpha").exists() is not goes
    assert (over.folder / "published").exists() is not goes
    assert (over.folder / "reports").exists() is not goes
    assert len({row["la_code"] for row in over.rows()}) == (1 if goes else 2)
    assert (over.extracts / "beta").exists()
    if not goes:
        assert "Nothing is past its last day" in enter.text
        assert certificates(over) == []
        return
    (certificate,) = certificates(over)
    assert "Study ended: research ended on 2024-03-31, data could be kept until" in certificate
    assert "- case_list__cases: 3" in certificate
    assert "load_log" not in certificate
    assert "Searched" not in certificate
    assert "- extracts/alpha/" in certificate
    assert CHILD not in certificate.upper()
    assert enter("", "purge", "--yes") == 0
    assert "Nothing is past its last day" in enter.text


@pytest.mark.parametrize("n_removed", [1, None])
def test_an_interrupted_purge_is_finished_by_the_next(
    over: Project, enter: Entered, monkeypatch: pytest.MonkeyPatch, n_removed: int | None
) -> None:
    monkeypatch.setenv("CSC_TODAY", "2025-04-01")
    whole = purge.remove

    def half(paths: list[Path]) -> None:
        whole(paths[:n_removed])
        raise KeyboardInterrupt

    monkeypatch.setattr(purge, "remove", half)
    with pytest.raises(KeyboardInterrupt):
        enter("", "purge", "--yes")
    assert (over.folder / "published").exists() is (n_removed == 1)
    monkeypatch.setattr(purge, "remove", whole)
    assert enter("", "purge", "--yes") == 0
    assert not (over.folder / "published").exists()
    assert "- case_list__cases: 3" in certificates(over)[-1]
    assert "Study ended: research ended on 2024-03-31" in certificates(over)[-1]


def test_a_study_that_goes_on_keeps_its_data_unless_one_says_so(
    over: Project, enter: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_study(over, "longer", "331|332", "")
    monkeypatch.setenv("CSC_TODAY", "2025-04-01")
    assert enter("", "purge", "--yes") == 2
    assert "would lose deliveries: longer (extracts/alpha, extracts/beta)" in enter.text
    assert (over.extracts / "alpha").exists()
    assert enter("", "purge", "--yes", "--also-of-running-studies") == 0
    assert not (over.extracts / "alpha").exists()


def test_what_was_made_of_deliveries_is_overdue_without_them(
    over: Project, enter: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSC_TODAY", "2025-04-01")
    shutil.rmtree(over.extracts / "alpha")
    assert enter("", "purge", "--yes") == 0
    assert not (over.folder / "published").exists()
    assert {row["la_code"] for row in over.rows()} == {"332"}
    assert "- case_list__cases: 3" in certificates(over)[0]


HELD = ("published", "warehouse", "reports", "spark")


@pytest.mark.parametrize("is_noted", [True, False])
@pytest.mark.parametrize("left", HELD)
def test_what_was_built_is_overdue_without_deliveries_and_landing(
    over: Project, enter: Entered, monkeypatch: pytest.MonkeyPatch, left: str, is_noted: bool
) -> None:
    """Noted or not: where nobody knows whose it is, it may be anybody's."""
    if is_noted:
        add_study(over, "everywhere", "*", "2024-03-31")  # of no authority that it names
        with noted_wishes(over.folder):
            over.land()
    for gone in ("extracts/alpha", "landing", *(place for place in HELD if place != left)):
        shutil.rmtree(over.folder / gone)
    if is_noted:
        over.deliver(CASES, la="beta", delivery="2020-11")  # synthetic, so of no study
        shutil.rmtree(over.extracts / "beta" / "2019-11")
    assert enter("", "purge", "--yes") == 0
    assert "Nothing is past its last day" in enter.text
    monkeypatch.setenv("CSC_TODAY", "2025-04-01")
    assert enter("", "land") == 2
    assert "ended (only what was made of deliveries, research ended" in enter.text
    assert ("everywhere (" in enter.text) is is_noted
    assert enter("", "purge", "--yes", "--also-of-running-studies") == 0
    assert not any((over.folder / left).rglob("*.*"))
    assert f"- {left}/" in certificates(over)[0]
    assert enter("", "land") == 0
    publish(over, "three")
    assert enter("", "purge", "--yes") == 0
    assert "Nothing is past its last day" in enter.text


def test_what_was_built_of_others_is_not_overdue(
    over: Project, enter: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is noted goes with what was built; an empty warehouse is nobody's."""
    with noted_wishes(over.folder):
        over.land()
    for gone in ("extracts/alpha", "landing", *HELD):
        shutil.rmtree(over.folder / gone)
    monkeypatch.setenv("CSC_TODAY", "2025-04-01")
    warehouse = over.folder / "warehouse" / "csc_outcomes.duckdb"
    warehouse.parent.mkdir()
    duckdb.connect(str(warehouse)).close()
    open_privately(warehouse)
    with noted_wishes(over.folder):
        over.land()
    publish(over, "three")
    shutil.rmtree(over.folder / "landing")
    assert enter("", "purge", "--yes") == 0
    assert "Nothing is past its last day" in enter.text


def test_a_delivery_whose_authority_cannot_be_told_is_no_nothing(
    over: Project, enter: Entered
) -> None:
    (over.extracts / "alpha" / "2019-11" / "extract.yml").write_text("la_code: [")
    assert enter("", "purge", "--yes") == 2
    assert "whose deliveries extracts/alpha/ holds can't be told" in enter.text


def test_without_the_key_nothing_is_purged(
    over: Project, enter: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSC_TODAY", "2025-04-01")
    monkeypatch.delenv("CSC_PSEUDONYM_KEY")
    assert enter("", "purge", "--yes") == 2
    assert "no pseudonym key" in enter.text
    assert (over.extracts / "alpha").exists()


def test_the_question_says_what_one_may_not_expect(
    over: Project, enter: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSC_TODAY", "2025-04-01")
    (over.extracts / ".adding-left").mkdir()
    assert enter("", "purge") == 2
    assert "every delivery of these authorities, also for monitoring" in enter.text
    assert "reports/ (release bundles too)" in enter.text
    assert "extracts/.adding-left/" in enter.text


@pytest.mark.parametrize(("day", "old"), [("2025-03-31", False), ("2025-04-01", True)])
def test_logs_are_kept_for_thirty_days(
    project: Project, monkeypatch: pytest.MonkeyPatch, enter: Entered, day: str, old: bool
) -> None:
    logs = project.folder / "logs"
    (logs / ".begun").write_text("2025-03-01\n")
    run = "============================== 10:00:00.1 | 0a1b-2c ==============================\n"
    (logs / "dbt.log").write_text(f"{run}old words\n{run}new words\n")
    (logs / "dbt.log.1").write_text("older words\n")
    monkeypatch.setenv("CSC_TODAY", day)
    assert logs_are_old(project.folder) is old
    assert enter("", "purge", "--yes") == 0
    text = "".join(path.read_text() for path in logs.glob("dbt.log*"))
    assert ("old words" in text, "older words" in text) == (not old, not old)
    assert "new words" in text
    if old:
        assert "lines older than 30 days" in certificates(project)[0]
        empty_logs(project.folder)
        assert (logs / ".begun").read_text() == f"{date.fromisoformat(day)}\n"


def test_a_shared_folder_of_logs_is_left_alone(project: Project, tmp_path: Path) -> None:
    logs = project.folder / "logs"
    (logs / "dbt.log.1").write_text("old")
    (logs / "other_service.log").write_text("not ours")
    empty_logs(project.folder)
    assert sorted(path.name for path in logs.iterdir()) == [
        ".begun", "left.txt", "other_service.log",
    ]  # fmt: skip
    (logs / ".begun").write_text("2025-03-01\n")
    (logs / "other_service.log").chmod(0o644)
    logs.rename(tmp_path / "shared").chmod(0o755)
    logs.symlink_to(tmp_path / "shared")
    before = everything(tmp_path / "shared")
    open_privately(project.folder / "warehouse" / "csc_outcomes.duckdb")
    assert everything(tmp_path / "shared") == before
    assert (tmp_path / "shared" / "other_service.log").stat().st_mode & 0o777 == 0o644


def test_a_shared_target_keeps_no_old_logs_and_no_outdated_files(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the target, the project's own folders are looked after; modes are left to the team,
    whose group reads the lake."""
    warehouse = project.folder / "warehouse" / "csc_outcomes.duckdb"
    drop_outdated_warehouse(project.folder, warehouse)
    publish(project, "three")
    (project.extracts / "alpha" / "opt_outs.csv").write_text(f"child_id\n{CHILD}\n")
    logs = project.folder / "logs"
    (logs / ".begun").write_text("2025-03-01\n")
    (logs / "dbt.log").write_text("old words\n")
    (logs / "dbt.log").chmod(0o644)
    attach = [{"path": "ducklake:postgres:", "alias": "lake", "options": {"data_path": "/lake"}}]
    creds = DuckDBCredentials.from_dict(
        {"path": ":memory:", "database": "lake", "schema": "main", "attach": attach}
    )
    umask = os.umask(0o027)
    try:
        plugin = Plugin("csc", {}, creds)  # type: ignore[no-untyped-call]
        plugin.update_connection_config(creds, {})
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(umask)
    assert (logs / "dbt.log").read_text() == ""
    assert (logs / "dbt.log").stat().st_mode & 0o777 == 0o600
    assert not warehouse.exists()
    assert shared_warehouse(project.folder, {}) == "/lake"


@pytest.mark.parametrize("is_noted", [True, False])
def test_a_shared_warehouse_is_not_forgotten(
    over: Project, enter: Entered, monkeypatch: pytest.MonkeyPatch, is_noted: bool
) -> None:
    if is_noted:
        note_shared_warehouse(over.folder, "/srv/lake")
    else:
        monkeypatch.setenv("CSC_LAKE_DATA", "/srv/lake")
    assert enter(CHILD, "withdraw", "--la", "331", "--yes") == 0
    monkeypatch.setenv("CSC_TODAY", "2025-04-01")
    after_withdrawal = enter.text
    assert enter("", "purge", "--yes") == 0
    for text in (after_withdrawal, enter.text):
        (line,) = (line for line in text.splitlines() if "/srv/lake" in line)
        assert "still holds the records: run `dbt build --target shared`, then" in line
    for certificate in certificates(over):
        assert "- the shared warehouse in /srv/lake: it holds these records until" in certificate


def test_whose_records_a_build_has_is_one_digest(over: Project) -> None:
    digests = [whose_records(over.folder)]
    (over.extracts / "alpha" / "opt_outs.csv").write_text(f"child_id\n{CHILD}\n")
    digests.append(whose_records(over.folder))
    shutil.rmtree(over.extracts / "beta")
    over.land()
    digests += [whose_records(over.folder)]
    assert len(set(digests)) == 3
    assert len(digests[-1]) == 32


def test_a_wrong_number_of_days_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch, enter: Entered
) -> None:
    (project.folder / "logs" / ".begun").write_text("2025-03-01\n")
    monkeypatch.setenv("CSC_LOG_DAYS", "a week")
    assert enter("", "purge", "--yes") == 2
    assert "CSC_LOG_DAYS must be a number of days" in enter.text


# Files


def test_what_dbt_wrote_is_its_owners_alone(project: Project) -> None:
    umask = os.umask(0o022)
    try:
        open_privately(project.folder / "warehouse" / "csc_outcomes.duckdb")
        (project.folder / "target" / "later.txt").write_text("")
    finally:
        os.umask(umask)
    for place in ("target", "logs"):
        for path in (project.folder / place, *(project.folder / place).rglob("*")):
            assert path.stat().st_mode & 0o077 == 0, path


# Keys


def test_a_rotated_key_makes_all_pseudonyms_anew_and_changes_nothing_else(
    over: Project, enter: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CSC_PSEUDONYM_KEY")
    path = key_path(over.folder)
    new_key(path)
    over.land()
    before = over.rows()
    old_key = path.read_text()
    assert enter("", "key", "rotate", "--project-dir", str(over.folder)) == 0
    assert path.read_text() != old_key
    assert path.stat().st_mode & 0o777 == 0o600
    over.land()
    after = over.rows()
    ids = ("child_id", "case_id", "file_key", "record_hash")
    assert {row["child_id"] for row in before}.isdisjoint(row["child_id"] for row in after)
    assert patterns(before, ids) == patterns(after, ids)
    old = {row["child_id"] for row in before}
    assert not any(text in path.read_bytes().decode("latin-1") for path in over.files()
                   for text in old)  # fmt: skip
    monkeypatch.setenv("CSC_PSEUDONYM_KEY", "cd" * 32)
    assert enter("", "key", "rotate", "--project-dir", str(over.folder)) == 2
    assert "CSC_PSEUDONYM_KEY" in enter.text


def patterns(rows: list[dict[str, Any]], ids: tuple[str, ...]) -> list[Any]:
    """Rows with each id as the rows that share it, and all else: equal where ids alone differ."""
    ordered = sorted(rows, key=lambda row: (row["la_code"], row["source_row_number"]))
    shared = {
        name: [[row[name] == other[name] for other in ordered] for row in ordered]
        for name in ("child_id", "case_id")
    }
    plain = [{name: value for name, value in row.items() if name not in ids} for row in ordered]
    return [shared, plain]


def test_without_a_key_there_is_nothing_to_rotate(project: Project, enter: Entered) -> None:
    assert enter("", "key", "rotate", "--project-dir", str(project.folder)) == 2
    assert "no pseudonym key" in enter.text
