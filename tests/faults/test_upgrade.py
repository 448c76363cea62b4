"""What an older release left behind is built anew; what a newer one left is refused in one line."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builds import WAREHOUSE, Clean, build, contents
from csc_outcomes.cli import main
from csc_outcomes.dbt_plugin import check_lock
from projects import Project
from test_builds import DAMAGED, FAULTS


@pytest.fixture
def project(clean: Clean, tmp_path: Path) -> Project:
    """Version 0 is published, version 1 is what a build would publish."""
    return clean.copy(tmp_path / "project")


def older_warehouse(project: Project) -> None:
    """Another name, other columns, a view where there is a table now and the reverse."""
    with duckdb.connect(str(project.path / WAREHOUSE)) as connection:
        for change in (
            "drop table fct_load_log",
            "create view fct_load_log as select 1 as la_code",
            "drop view stg_case_list__cases",
            "create table stg_case_list__cases as select 1 as n",
            "alter table fct_cin_cases rename column child_id to person",
            "create table fct_of_long_ago as select 1 as n",
        ):
            connection.execute(change)


def older_landing(project: Project) -> None:
    """Other columns in all files, and other keys: a door that reads otherwise has another number,
    which the keys rest on."""
    for path in (project.path / "landing").rglob("*.parquet"):
        table = pq.read_table(path)
        old = table.append_column("of_long_ago", pa.nulls(len(table), pa.string()))
        pq.write_table(old.drop_columns(old.column_names[0]), path)
        if path.stem != "_empty":
            path.rename(path.with_stem(hashlib.sha256(path.stem.encode()).hexdigest()))


def older_published(project: Project) -> None:
    """A generation whose manifest says less."""
    published = project.path / "published"
    current = (published / "current").resolve()
    manifest = json.loads((current / "manifest.json").read_text(encoding="utf-8"))
    old = {"build_id": manifest["build_id"], "tables": manifest["tables"]}
    (current / "manifest.json").write_text(json.dumps(old), encoding="utf-8")


def test_what_an_older_release_left_is_built_anew(project: Project, clean: Clean) -> None:
    for leave in (older_warehouse, older_landing, older_published):
        leave(project)
    outcome = build(project)
    assert outcome.code == 0, outcome.said[-4000:]
    assert contents(project) == clean.contents(1)


@pytest.mark.parametrize("name", [name for name in FAULTS if FAULTS[name].words == DAMAGED])
def test_a_warehouse_that_cant_be_opened_is_told_in_one_line(name: str, project: Project) -> None:
    """As dbt hears of it when it opens the warehouse."""
    FAULTS[name].breaks(project)
    with pytest.raises(RuntimeError) as failure:
        check_lock(project.path / WAREHOUSE, {})
    said = str(failure.value)
    assert [word for word in DAMAGED if word not in said] == []
    assert "\n" not in said


@pytest.mark.parametrize(
    "change",
    [
        "drop table fct_study_diagnostics",
        "alter table dim_local_authorities rename column la_name to name",
    ],
)
def test_a_command_says_that_tables_are_of_another_release(
    change: str, project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    current = (project.path / "published" / "current").resolve()
    with duckdb.connect(str(current / "analyst" / "csc_outcomes.duckdb")) as connection:
        connection.execute(change)
    monkeypatch.setenv("CSC_PROJECT_DIR", str(project.path))
    assert main(["summary"]) == 2
    said = capsys.readouterr().err
    assert "not those that this release" in said
    assert "`dbt build`" in said
    assert said.count("\n") == 1


def test_a_tables_contract_version_is_published(project: Project) -> None:
    """So that who reads the tables can tell whether they are those that were agreed."""
    with project.published() as tables:
        versions = tables.execute("select contract_version from def_public_tables").fetchall()
    assert versions
    assert all(version for (version,) in versions)
