"""Builds that are killed, broken and starved: what is published stays of one build and readable,
one line says what, where and what next, and the next build is equal to one from nothing."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from builds import DBT, WAREHOUSE, Clean, Outcome, build, contents, kill, start
from csc_outcomes.hashes import file_sha256
from csc_outcomes.lock import alone
from long_form import IS_LONG, times
from projects import Project
from readers import reading
from references import COLUMNS, FIXTURES, LA_CODES, contract
from small_project import NAME, deliver

# More than the generations that are kept, so that each build is a new one; each is built once.
N_VERSIONS = times(2, 5)


def nothing(project: Project) -> None:
    """No remedy: the next build does it."""


class Fault(NamedTuple):
    """What breaks a build; the words of the line that says so, the remedy among them; and what
    mends it. The one and the other are given the project."""

    breaks: Callable[[Project], None]
    words: tuple[str, ...]
    mends: Callable[[Project], None] = nothing


def overwritten(content: Callable[[bytes], bytes]) -> Callable[[Project], None]:
    """Puts something else in the warehouse's place."""

    def breaks(project: Project) -> None:
        path = project.path / WAREHOUSE
        path.write_bytes(content(path.read_bytes()))

    return breaks


def without_warehouse(project: Project) -> None:
    """What the message asks for."""
    path = project.path / WAREHOUSE
    path.unlink()
    path.with_suffix(".duckdb.wal").unlink(missing_ok=True)


def newer(content: bytes) -> bytes:
    """A file of a version of DuckDB that isn't out yet: its header names the version at byte 12."""
    assert content[8:12] == b"DUCK"
    return content[:12] + (9_999).to_bytes(8, "little") + content[20:]


def file_in_place_of(name: str) -> Fault:
    """A folder that can't be read or written, for it is a file."""

    def breaks(project: Project) -> None:
        (project.path / name).rename(project.path / f"{name}_aside")
        (project.path / name).write_text("not a folder")

    def mends(project: Project) -> None:
        (project.path / name).unlink()
        (project.path / f"{name}_aside").rename(project.path / name)

    return Fault(breaks, (name, "move that away"), mends)


def changed(name: str, old: str, new: str, *words: str) -> Fault:
    """A file of the project that says something else."""

    def breaks(project: Project) -> None:
        path = project.path / name
        text = path.read_text(encoding="utf-8")
        assert old in text, path
        path.rename(path.with_name(f"{path.name}.aside"))
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def mends(project: Project) -> None:
        path = project.path / name
        path.with_name(f"{path.name}.aside").replace(path)

    return Fault(breaks, words, mends)


def most_rows_broken(project: Project) -> None:
    """Closure and referral dates are declared the wrong way round."""
    swapped = {
        **COLUMNS,
        "closure_date": COLUMNS["referral_date"],
        "referral_date": COLUMNS["closure_date"],
    }
    wrong = contract(LA_CODES[NAME], columns=swapped)
    project.add_delivery(NAME, "all", wrong, {"cases.csv": FIXTURES / f"{NAME}.csv"})


def column_missing(project: Project) -> None:
    """A required column has another name than is declared."""
    text = (FIXTURES / f"{NAME}.csv").read_text(encoding="utf-8")
    content = text.replace("cin_start_date", "start", 1).encode()
    project.add_delivery(NAME, "all", contract(LA_CODES[NAME]), {"cases.csv": content})


def no_extracts(project: Project) -> None:
    (project.path / "extracts").rename(project.path / "aside")


DAMAGED = ("warehouse/csc_outcomes.duckdb", "damaged", "delete it", "dbt build")
START_HOOK = 'on-run-start: "{{ land_extracts() }}"'
END_HOOK = 'on-run-end: "{{ close_build(results) }}"'
BROKEN_DELIVERY = (LA_CODES[NAME], "cases.csv")
FAULTS = {
    "warehouse is no database": Fault(
        overwritten(lambda _: b"no database" * 999), DAMAGED, without_warehouse
    ),
    "warehouse is cut in half": Fault(
        overwritten(lambda content: content[: len(content) // 2]), DAMAGED, without_warehouse
    ),
    "warehouse is cut to its header": Fault(
        overwritten(lambda content: content[:100]), DAMAGED, without_warehouse
    ),
    "warehouse is empty": Fault(overwritten(lambda _: b""), DAMAGED, without_warehouse),
    "warehouse is half turned": Fault(
        overwritten(lambda content: content[:4096] + bytes(~b & 255 for b in content[4096:])),
        DAMAGED,
        without_warehouse,
    ),
    "warehouse lost blocks": Fault(
        overwritten(lambda content: content[:12_288] + bytes(151_552) + content[163_840:]),
        DAMAGED,
        without_warehouse,
    ),
    "warehouse of a later DuckDB": Fault(overwritten(newer), DAMAGED, without_warehouse),
    "warehouse folder is a file": file_in_place_of("warehouse"),
    "landing folder is a file": file_in_place_of("landing"),
    "published folder is a file": file_in_place_of("published"),
    "no extracts": Fault(
        no_extracts,
        ("no extracts folder", "make it"),
        lambda project: (project.path / "aside").rename(project.path / "extracts") and None,
    ),
    "too little memory": changed(
        "profiles.yml",
        "      threads: 1",
        "      settings: {memory_limit: 12MB}\n      threads: 1",
        "Out of Memory",
        "raise memory_limit",
    ),
    "failing model": changed(
        "models/marts/definitions/def_studies.sql",
        "study_id,",
        "no_such_column as study_id,",
        "error: def_studies (models/marts/definitions/def_studies.sql)",
    ),
    "failing seed": changed(
        "seeds/studies/studies.csv",
        "study_id,",
        "a,b,c\n",
        "error: studies (seeds/studies/studies.csv)",
    ),
    "failing hook at the start": changed(
        "dbt_project.yml",
        START_HOOK,
        START_HOOK.replace(': "', ': ["').replace('}}"', '}}", "select no_such_thing()"]'),
        "error: csc_outcomes-on-run-start-1",
    ),
    "failing hook at the end": changed(
        "dbt_project.yml",
        END_HOOK,
        END_HOOK.replace(': "', ': ["select no_such_thing()", "').replace('}}"', '}}"]'),
        "Failure in operation csc_outcomes-on-run-end-0",
    ),
    "most rows broken": Fault(
        most_rows_broken, (*BROKEN_DELIVERY, "closure_date", "closed_before_start", "26 of 30")
    ),
    "required column missing": Fault(
        column_missing, (*BROKEN_DELIVERY, "file is accepted", "cin_start_date", "mend columns:")
    ),
}
# Quick ones of each sort: those that end before the first model but for the failing expectation.
IN_SHORT = (
    "warehouse is cut in half",
    "warehouse folder is a file",
    "landing folder is a file",
    "failing model",
    "required column missing",
)


@pytest.fixture
def project(clean: Clean, tmp_path: Path) -> Project:
    """Version 0 is published, version 1 is what a build would publish."""
    return clean.copy(tmp_path / "project")


def refused(project: Project, outcome: Outcome, *words: str) -> None:
    """A build that failed as it should: no success, no stack, one line that says it."""
    assert outcome.code != 0, outcome.said[-4000:]
    for never in ("Traceback", "keyboard interrupt", "unexpected ", "Published build"):
        assert never not in outcome.said, outcome.said[-4000:]
    outcome.line_with(*words)


@pytest.mark.parametrize("name", FAULTS if IS_LONG else IN_SHORT)
def test_a_fault_is_told_in_one_line_and_changes_nothing(
    name: str, project: Project, clean: Clean
) -> None:
    fault, before = FAULTS[name], clean.contents(0)
    fault.breaks(project)
    refused(project, build(project), *fault.words)
    if name != "published folder is a file":
        assert contents(project) == before
    fault.mends(project)
    deliver(project, 1)
    if IS_LONG:
        outcome = build(project)
        assert outcome.code == 0, outcome.said[-4000:]
        assert contents(project) == clean.contents(1)


def stale_log(path: Path, folder: Path) -> None:
    """The log of another database beside this one."""
    other = folder / "other.duckdb"
    code = (
        "import duckdb, os, sys; connection = duckdb.connect(sys.argv[1]);"
        "connection.execute('create table t as select 1 as a'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, str(other)], check=True)
    other.with_suffix(".duckdb.wal").rename(path.with_suffix(".duckdb.wal"))


@pytest.mark.parametrize(
    "harm",
    [
        lambda project, folder: stale_log(project.path / WAREHOUSE, folder),
        lambda project, _: (project.path / f"{WAREHOUSE}.wal").write_bytes(b"no log" * 999),
        lambda project, _: (project.path / "target" / "partial_parse.msgpack").write_bytes(b"torn"),
    ],
    ids=["log of another database", "log is garbage", "torn parse"],
)
@pytest.mark.skipif(not IS_LONG, reason="each is a build; CSC_LONG=1 makes them")
def test_what_a_build_makes_anew_does_it_no_harm(
    harm: Callable[[Project, Path], object], project: Project, clean: Clean, tmp_path: Path
) -> None:
    harm(project, tmp_path)
    outcome = build(project)
    assert outcome.code == 0, outcome.said[-4000:]
    assert contents(project) == clean.contents(1)


@pytest.mark.skipif(not IS_LONG, reason="four builds; CSC_LONG=1 makes them")
@pytest.mark.parametrize("harm", ["log beside", "table cut", "table lost", "manifest torn"])
def test_a_damaged_published_folder_is_replaced_by_the_next_build(
    harm: str, project: Project, clean: Clean
) -> None:
    deliver(project, 0)
    generation = (project.path / "published" / "current").resolve()
    table = generation / "analyst" / "fct_cin_cases.parquet"
    if harm == "log beside":
        (generation / "analyst" / "csc_outcomes.duckdb.wal").write_bytes(b"no log" * 999)
    elif harm == "table cut":
        table.write_bytes(table.read_bytes()[:200])
    elif harm == "table lost":
        table.unlink()
    else:
        (generation / "manifest.json").write_text("{")
    assert build(project).code == 0
    assert contents(project) == clean.contents(0)
    assert (project.path / "published" / "current").resolve().name == f"{generation.name}-2"


@contextmanager
def small_disk(folder: Path, size_kb: int) -> Iterator[None]:
    """A file system of its own, so small."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "tmpfs", str(folder)]
    subprocess.run(command, check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def may_mount() -> bool:
    """Whether this process may make file systems."""
    return os.geteuid() == 0 and shutil.which("mount") is not None


@pytest.mark.skipif(not may_mount(), reason="a full disk needs the right to mount one")
@pytest.mark.skipif(not IS_LONG, reason="some builds; CSC_LONG=1 makes them")
@pytest.mark.parametrize("free_kb", [100, 600, 3_000])
def test_a_full_disk_changes_nothing(free_kb: int, clean: Clean, tmp_path: Path) -> None:
    """dbt's log and artefacts lie elsewhere: where dbt can't write these, it shows a stack of its
    own behind the line."""
    disk = tmp_path / "disk"
    with small_disk(disk, 100_000):
        project = clean.copy(disk / "project")
        filler = disk / "filler"
        free = shutil.disk_usage(disk).free // 1024
        filler.write_bytes(bytes(1024 * (free - free_kb)))
        outcome = build(project, dbts_own=tmp_path / "dbt")
        refused(project, outcome, "No space left on device", "make room on that disk")
        assert contents(project) == clean.contents(0)
        filler.unlink()
        again = build(project)
        assert again.code == 0, again.said[-4000:]
        assert contents(project) == clean.contents(1)


def without_rights() -> tuple[str, ...]:
    """The command to run something with that doesn't see past permissions, which root does."""
    if os.geteuid() != 0:
        return ()
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


@pytest.mark.skipif(
    os.geteuid() == 0 and not shutil.which("setpriv"), reason="root sees past permissions"
)
@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("extracts", 0),
        (f"extracts/{NAME}/all/cases.csv", 0),
        (WAREHOUSE, 0),
        ("published", 0o500),
    ]
    if IS_LONG
    else [(WAREHOUSE, 0)],
)
def test_what_may_not_be_read_or_written_is_named(
    name: str, mode: int, project: Project, clean: Clean
) -> None:
    path = project.path / name
    usual = path.stat().st_mode & 0o777
    path.chmod(mode)
    try:
        outcome = build(project, prefix=without_rights())
    finally:
        path.chmod(usual)
    last = Path(name).name
    refused(project, outcome, last if last != "cases.csv" else "cases.csv", "ermission denied")
    assert contents(project) == clean.contents(0)


def test_a_second_build_at_once_says_who_builds(
    project: Project, clean: Clean, tmp_path: Path
) -> None:
    """And so does what would remove something under it."""
    log = tmp_path / "log"
    first = start(project, log)
    try:
        wait_for(lambda: "landing:" in log.read_text(), first)
        os.killpg(first.pid, signal.SIGSTOP)  # at work for as long as others ask
        (project.path / "logs" / ".begun").write_text("2020-01-01\n")  # so a purge is due
        refused(
            project, build(project), "in use by process", str(first.pid), "wait until it is done"
        )
        for command in ("purge --yes", f"withdraw --la {LA_CODES[NAME]} --yes", "key rotate"):
            entered, holder = "no-child-has-this-id", f"process {first.pid} (dbt) is at work in"
            other = run_csc(project, *command.split(), entered=entered)
            refused(project, other, holder, "Wait until it is done")
            assert entered not in other.said
        os.killpg(first.pid, signal.SIGCONT)
        assert first.wait(300) == 0, log.read_text()[-4000:]
    finally:
        kill(first)
    assert contents(project) == clean.contents(1)


def test_a_build_waits_for_what_removes_something(project: Project, clean: Clean) -> None:
    """In dbt's own output, in one line: as `csc withdraw` and `csc purge` have the project."""
    with alone(project.path):
        held = f"process {os.getpid()} ("
        refused(project, build(project), "Nothing was done", held, "Wait until it is done")
    assert contents(project) == clean.contents(0)


def run_csc(project: Project, *arguments: str, entered: str = "") -> Outcome:
    """Runs a command of the product in a project."""
    result = subprocess.run(
        [Path(DBT).with_name("csc"), *arguments],
        env={**os.environ, "CSC_PROJECT_DIR": str(project.path)},
        input=f"{entered}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    return Outcome(result.returncode, result.stdout + result.stderr, 0)


def wait_for(has_come: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not has_come():
        assert process.poll() is None, "the build ended before"
        time.sleep(0.02)


def moment_of(log: str) -> str:
    """What a build was at when it was killed."""
    if "Published build" in log:
        return "after publishing"
    done = re.findall(r"(\d+) of (\d+) OK|PASS", log)
    if "landing:" not in log:
        return "before or during landing"
    return f"{len(done) // 10 * 10}+ models and tests done"


def test_kills_at_random_moments_leave_one_whole_build(
    clean: Clean, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Of `n` kills every fifth is aimed at publishing; the others fall anywhere. Each build begins
    on what the killed ones left; after every fifth one is let through."""
    n, chance = times(3, 50), random.Random(8)
    project = clean.copy(tmp_path / "project")
    published, allowed, moments = project.path / "published", {0}, Counter[str]()
    seconds = 12.0
    n_again = 0
    with reading(published, tmp_path / "reader", pause=1) as reader:
        for number in range(1, n + 1):
            version = number % N_VERSIONS
            deliver(project, version)
            log = tmp_path / f"log_{number}"
            drafts = {path.name for path in published.glob(".*.draft")}
            process = start(project, log)
            if number % 5 == 0:
                wait_for(lambda d=drafts: new_draft(published, d), process)
                time.sleep(chance.uniform(0, 0.5))
            else:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(chance.uniform(0.5, 0.9 * seconds))
            was_running = kill(process)
            moments[moment_of(log.read_text()) if was_running else "it had ended"] += 1
            allowed.add(version)
            found = contents(project)
            assert found in [clean.contents(one) for one in allowed], log.read_text()[-3000:]
            allowed = {one for one in allowed if clean.contents(one) == found}
            if number % 5 == 0 or number == n:
                outcome = build(project)
                assert outcome.code == 0, outcome.said[-4000:]
                assert contents(project) == clean.contents(version)
                allowed, seconds, n_again = {version}, outcome.seconds, n_again + 1
    assert reader.errors == []
    told = f"{n} of {n} kills; {n_again} of {n_again} builds again; {dict(moments)}; "
    record_property("observed", told + f"{len(reader.reads())} reads")
    print(told, len(reader.reads()), "reads, 0 errors")


def new_draft(published: Path, known: set[str]) -> bool:
    return bool({path.name for path in published.glob(".*.draft")} - known)


def test_a_filtered_build_changes_nothing(project: Project, clean: Clean) -> None:
    outcome = build(project, "--select", "code_sets")
    assert outcome.code == 0
    outcome.line_with("Not published", "--select", "dbt build")
    assert contents(project) == clean.contents(0)


# That these tests can fail.


def test_publishing_in_place_is_noticed(project: Project, clean: Clean) -> None:
    outcome = build(project, fault="publish_in_place")
    assert outcome.code != 0
    with pytest.raises(ValueError, match="files of 2 builds"):
        contents(project)


@pytest.mark.skipif(not IS_LONG, reason="two builds; CSC_LONG=1 makes them")
def test_a_published_folder_that_goes_before_its_time_is_noticed(
    clean: Clean, tmp_path: Path
) -> None:
    project = clean.copy(tmp_path / "project")
    with reading(project.path / "published", tmp_path / "reader", pause=0) as reader:
        build(project, fault="delete_first")
    assert reader.errors != []


@pytest.mark.skipif(not IS_LONG, reason="a build; CSC_LONG=1 makes it")
def test_rows_in_any_order_are_noticed(project: Project, clean: Clean) -> None:
    assert build(project, fault="write_in_any_order").code == 0
    assert contents(project)["fct_cin_cases"] != clean.contents(1)["fct_cin_cases"]


def test_a_file_that_was_changed_is_noticed(project: Project) -> None:
    published = (project.path / "published" / "current").resolve()
    with duckdb.connect(str(published / "analyst" / "csc_outcomes.duckdb")) as connection:
        connection.execute("delete from fct_cin_cases")
    with pytest.raises(ValueError, match="not what the manifest says"):
        contents(project)
    assert file_sha256(published / "manifest.json")
