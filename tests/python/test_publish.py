"""Publishing by itself, on a small warehouse: what lies in a generation, and what readers see while
builds publish, fail and are killed."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from csc_outcomes import publish as publishing
from csc_outcomes.dbt_plugin import FUNCTIONS, csc_land, register
from csc_outcomes.forgetting.wishes import WishesChanged, noted_wishes
from csc_outcomes.generations import GENERATIONS_KEPT
from csc_outcomes.publish import Build, build_identity, close_build
from csc_outcomes.reading import ReadingFailed
from readers import read_once, reading

TABLES = ("dim_places", "fct_things", "def_words", "rpt_things", "rpt_release")
PROJECT_FILES = {"dbt_project.yml": "name: small\n", "plans/made_up.md": "# A plan\n"}
# Publishes builds as the end of `dbt build` does, one for each line of settings that it is given.
PUBLISHER = """
import json, sys, time
from pathlib import Path
import duckdb
from csc_outcomes import publish as publishing
from csc_outcomes.dbt_plugin import FUNCTIONS, register

def add_reading(draft, build_id, manifest, with_pages):
    for name in ("index.html", "analyst/quality.html"):
        (draft / name).write_text(f"<p>{build_id}</p>")
        time.sleep(0.05)
    if "broken" in settings:
        raise KeyError("a page")

publishing.add_reading = add_reading
project, tables = Path(sys.argv[1]), json.loads(sys.argv[2])
for line in sys.stdin:
    settings = json.loads(line)
    build = publishing.Build([], {}, {}, [], tables, settings)
    build_id = publishing.build_identity(project, settings)
    with duckdb.connect(str(project / "small.duckdb")) as connection:
        try:
            publishing.publish(build, build_id, project, connection)
            print("published", flush=True)
        except KeyError:
            print("failed", flush=True)
"""


class Publisher:
    """A process that publishes, started again whenever it was killed."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self._process: subprocess.Popen[str] | None = None

    def publish(self, settings: Mapping[str, Any], kill_after: float | None = None) -> str:
        """What came of it; with `kill_after` the process is killed that many seconds after the
        draft appears."""
        process = self._running()
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(settings) + "\n")
        process.stdin.flush()
        if kill_after is None:
            return process.stdout.readline().strip()
        draft = (
            self._project / "published" / f".{build_identity(self._project, dict(settings))}.draft"
        )
        while not draft.exists():
            assert process.poll() is None
            time.sleep(0.002)
        time.sleep(kill_after)
        self.stop()
        return "killed"

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-c", PUBLISHER, str(self._project), json.dumps(list(TABLES))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        return self._process

    def stop(self) -> None:
        """Kills the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a small warehouse."""
    for name, text in PROJECT_FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    with duckdb.connect(str(tmp_path / "small.duckdb")) as connection:
        for number, table in enumerate(TABLES):
            connection.execute(
                f"create table {table} as select i as id, md5(i::varchar) as said "
                f"from range({500 * (number + 1)}) as numbers(i)"
            )
    return tmp_path


def a_build(settings: Mapping[str, Any] | None = None, **facts: Any) -> Build:
    """A complete build of the small warehouse, without pages."""
    empty: dict[str, Any] = {"filters": [], "statuses": {}, "paths": {}, "expected": []}
    return Build(public_tables=list(TABLES), settings=dict(settings or {}), **{**empty, **facts})


def published(project: Path, settings: Mapping[str, Any] | None = None) -> Path:
    """Publishes one build in this process; its folder."""
    build = a_build(settings)
    with duckdb.connect(str(project / "small.duckdb")) as connection:
        build_id = build_identity(project, build.settings)
        return publishing.publish(build, build_id, project, connection)


def files(folder: Path) -> dict[str, str]:
    """sha256 of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_release_tables_lie_apart_from_all_others(project: Path) -> None:
    generation = published(project)
    for kind, wanted in (
        ("analyst", {"dim_places", "fct_things", "def_words"}),
        ("release", {"rpt_things", "rpt_release"}),
    ):
        with duckdb.connect(str(generation / kind / "csc_outcomes.duckdb"), read_only=True) as read:
            names = read.execute("select table_name from duckdb_tables()").fetchall()
        assert {name for (name,) in names} == wanted
        assert {path.stem for path in (generation / kind).glob("*.parquet")} == wanted


def test_the_manifest_lists_every_file_with_its_hash(project: Path) -> None:
    generation = published(project)
    manifest = json.loads((generation / "manifest.json").read_text(encoding="utf-8"))
    there = files(generation)
    there.pop("manifest.json")
    assert manifest["files"] == there
    assert manifest["build_id"] == generation.name
    assert set(manifest["tables"]) == set(TABLES)
    assert list(manifest["plans"]) == ["made_up.md"]


def test_every_file_is_its_owners_alone(project: Path) -> None:
    generation = published(project)
    modes = {
        p.is_dir(): oct(p.stat().st_mode & 0o777) for p in [generation, *generation.rglob("*")]
    }
    assert modes == {True: "0o700", False: "0o600"}
    for path in generation.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize(
    "settings",
    [{"disclosure_profile": "opensafely"}, {"pages": False}, {"withhold_failing_la": True}],
)
def test_another_setting_is_another_build(project: Path, settings: dict[str, Any]) -> None:
    usual = {"disclosure_profile": "dfe", "pages": True, "withhold_failing_la": False}
    assert build_identity(project, usual) != build_identity(project, {**usual, **settings})


def test_the_same_build_again_leaves_its_folder_to_its_readers(project: Path) -> None:
    first = published(project)
    before, folder = files(first), first.stat().st_ino
    assert published(project) == first
    assert (files(first), first.stat().st_ino) == (before, folder)


def test_a_folder_that_differs_is_never_written_over(project: Path) -> None:
    first = published(project)
    before = files(first)
    with duckdb.connect(str(project / "small.duckdb")) as connection:
        connection.execute("delete from fct_things where id = 7")
    second = published(project)
    assert second.name == f"{first.name}-2"
    assert files(first) == before
    assert (project / "published" / "current").resolve() == second
    (second / "analyst" / "fct_things.parquet").unlink()
    assert published(project).name == f"{first.name}-3"


def test_two_publishes_of_one_build_are_equal_to_the_byte(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Another folder, another day, rows in another order: only DuckDB writes other bytes."""
    first = published(project)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(project, elsewhere, dirs_exist_ok=True, ignore=lambda *_: {"published"})
    with duckdb.connect(str(elsewhere / "small.duckdb")) as connection:
        for table in TABLES:
            connection.execute(
                f"create or replace table {table} as from {table} order by said desc"
            )
    second = published(elsewhere)
    assert second.name == first.name
    one, other = files(first), files(second)
    assert one.keys() == other.keys()
    differ = {name for name in one if one[name] != other[name]}
    assert {name for name in differ if not name.endswith(".duckdb")} <= {"manifest.json"}
    told = [json.loads((f / "manifest.json").read_text(encoding="utf-8")) for f in (first, second)]
    for manifest in told:
        manifest["files"] = {n: h for n, h in manifest["files"].items() if n not in differ}
    assert told[0] == told[1]
    assert "release/csc_outcomes.xlsx" in told[0]["files"]


def test_what_killed_builds_left_behind_goes_with_the_next(project: Path) -> None:
    for name in (f".{'0a' * 8}.draft", f".{'4b' * 8}-2.dropped"):
        (project / "published" / name).mkdir(parents=True)
    generation = published(project)
    assert {path.name for path in (project / "published").iterdir()} == {"current", generation.name}


def test_what_no_build_made_stays(project: Path) -> None:
    foreign = (".snapshots", "other_team", ".a.draft", "with_lists")
    for name in foreign:
        (project / "published" / name).mkdir(parents=True)
        (project / "published" / name / "manifest.json").write_text('{"files": []}')
    for number in range(GENERATIONS_KEPT + 1):
        published(project, {"n": number})
    there = {path.name for path in (project / "published").iterdir()}
    assert there > set(foreign)
    assert len(there) == len(foreign) + GENERATIONS_KEPT + len(["current"])


def test_a_torn_generation_goes_like_any_other(project: Path) -> None:
    (published(project, {"n": 0}) / "manifest.json").write_text("{")
    newest = published(project, {"n": 1})
    assert {path.name for path in (project / "published").iterdir()} == {"current", newest.name}


def test_who_opts_out_while_a_build_runs_is_in_no_build_that_is_published(project: Path) -> None:
    """The lists count as they were when landing began, not when the build ended."""
    opt_outs = project / "extracts" / "alpha" / "opt_outs.csv"
    opt_outs.parent.mkdir(parents=True)
    opt_outs.write_text("child_id\nC1\n")
    with noted_wishes(project):
        pass
    first = published(project, {"n": 0})
    opt_outs.write_text("child_id\nC1\nC2\n")
    with pytest.raises(WishesChanged, match="Not published: who opted out"):
        published(project, {"n": 1})
    assert {p.name for p in (project / "published").iterdir()} == {"current", first.name}
    with noted_wishes(project):
        pass
    second = published(project, {"n": 1})
    assert {p.name for p in (project / "published").iterdir()} == {"current", second.name}


def test_who_opts_out_while_records_land_is_in_no_build_that_is_published(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opt_outs = project / "extracts" / "alpha" / "opt_outs.csv"

    def landed(_: Path) -> str:
        opt_outs.parent.mkdir(parents=True)
        opt_outs.write_text("child_id\nC1\n")
        return "landed"

    monkeypatch.setenv("CSC_PROJECT_DIR", str(project))
    monkeypatch.setattr("csc_outcomes.dbt_plugin.land_everything", landed)
    with duckdb.connect() as connection:
        assert csc_land(connection) == "landed"
    with pytest.raises(WishesChanged):
        published(project)


def test_a_resolved_build_stays_until_three_more_are_published(project: Path) -> None:
    first = published(project, {"n": 0})
    table = f"select count(*) from '{first}/analyst/fct_things.parquet'"
    with duckdb.connect(str(first / "analyst/csc_outcomes.duckdb"), read_only=True) as opened:
        for number in range(1, GENERATIONS_KEPT):
            published(project, {"n": number})
            assert duckdb.execute(table).fetchall()[0][0] == 1000
        published(project, {"n": GENERATIONS_KEPT})
        assert not first.exists()
        assert opened.execute("select count(*) from fct_things").fetchall()[0][0] == 1000
    assert len([p for p in (project / "published").iterdir() if not p.is_symlink()]) == 3


def test_a_page_that_fails_says_how_to_go_on(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise KeyError("Alex Example, 1.2.2010")

    before = published(project)
    monkeypatch.setattr("csc_outcomes.report.pages.write_pages", broken)
    with pytest.raises(ReadingFailed) as failure:
        published(project, {"pages": True})
    said = str(failure.value)
    assert "report pages" in said
    assert "pages: false" in said
    assert "Alex" not in said
    assert failure.value.__suppress_context__
    assert {p.name for p in (project / "published").iterdir()} == {"current", before.name}


def test_a_page_that_fails_gives_no_value_away(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As dbt hears of it, from the SQL function that closes a build."""
    canaries = ("Zquxbert", "QXCANARY7", "2007-01-31", "Z987654321098")

    def broken(draft: Path, build_id: str) -> None:
        (draft / "index.html").write_text("half a page " + " ".join(canaries))
        try:
            raise ValueError(f"no arm called {canaries[0]}")
        except ValueError as error:
            raise KeyError(*canaries) from error

    monkeypatch.chdir(project)
    monkeypatch.delenv("CSC_PROJECT_DIR", raising=False)
    monkeypatch.setattr("csc_outcomes.report.pages.write_pages", broken)
    with duckdb.connect(str(project / "small.duckdb")) as connection:
        register(connection, FUNCTIONS)
        with pytest.raises(duckdb.Error) as failure:
            connection.execute(
                "select csc_close_build(?)", [json.dumps(vars(a_build({"pages": True})))]
            )
    said = "".join(traceback.format_exception(failure.value)) + "".join(capfd.readouterr())
    assert "Not published: the report pages could not be made (KeyError in test_publish.py" in said
    assert [canary for canary in canaries if canary in said] == []
    assert list((project / "published").iterdir()) == []


def test_readers_see_one_build_through_25_rebuilds(project: Path, tmp_path: Path) -> None:
    """Of 25 rebuilds 15 succeed, four fail while they write a page, one because of a model, and
    five are killed at random moments."""
    before = published(project)
    chance, good = random.Random(25), {before.name}
    publisher = Publisher(project)
    with reading(project / "published", tmp_path / "reader") as reader:
        for number in range(25):
            kind = ("good", "good", "kill", "good", "page")[number % 5]
            settings = {"n": number, **({"broken": True} if kind == "page" else {})}
            if number == 24:
                assert _failed_model(project).startswith("Not published")
            elif kind == "kill":
                publisher.publish(settings, kill_after=chance.uniform(0, 0.2))
                good.add(build_identity(project, settings))  # it may have come to its end
            elif kind == "page":
                assert publisher.publish(settings) == "failed"
            else:
                assert publisher.publish(settings) == "published"
                good.add(build_identity(project, settings))
            reader.wait_for(4)
    publisher.stop()
    assert reader.errors == []
    assert len(reader.reads()) >= 100
    assert set(reader.builds) <= good
    assert len(reader.builds) >= 15
    assert read_once(project / "published") == reader.builds[-1]


def _failed_model(project: Path) -> str:
    """What a build with a broken model says at its end."""
    broken = "model.small.fct_things"
    build = a_build({"n": -1}, statuses={broken: "error"}, paths={broken: "models/fct_things.sql"})
    with duckdb.connect(str(project / "small.duckdb"), read_only=True) as connection:
        return close_build(build, project, connection)
