"""What BI tools may rely on: public tables change under a new version only, and say what they
are, in tables, in comments and in exposures."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from csc_outcomes.bi.comments import copy_comments
from csc_outcomes.bi.contract import (
    CONTRACT,
    breaches,
    changes,
    contract_of,
    contract_text,
    main,
    read_contract,
)
from projects import ROOT, Project, copy_project

TABLE: dict[str, Any] = {
    "version": "1.2",
    "grain": ["a"],
    "columns": {"a": "varchar", "n": "bigint"},
}
PROMISED = {"fct_one": TABLE, "fct_two": copy.deepcopy(TABLE)}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A parsed copy."""
    project = copy_project(tmp_path_factory.mktemp("contract"), with_extracts=False)
    result = project.dbt("parse")
    assert result.returncode == 0, result.stdout[-3000:]
    return project


@pytest.fixture(scope="module")
def manifest(project: Project) -> dict[str, Any]:
    """dbt's manifest."""
    path = project.path / "target" / "manifest.json"
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def offered(**changed: Any) -> dict[str, Any]:
    """The promised tables, with `fct_one` changed."""
    tables = copy.deepcopy(PROMISED)
    tables["fct_one"].update(changed)
    return tables


# The committed contract


def test_public_tables_change_under_a_new_version_only(manifest: dict[str, Any]) -> None:
    assert breaches(read_contract(ROOT / CONTRACT), contract_of(manifest)) == []


def test_the_committed_contract_is_up_to_date(manifest: dict[str, Any]) -> None:
    text = (ROOT / CONTRACT).read_text(encoding="utf-8")
    hint = "run `dbt parse && python -m csc_outcomes.bi.contract --accept`"
    assert text == contract_text(contract_of(manifest)), hint


def test_every_column_has_a_type_that_the_build_enforces(manifest: dict[str, Any]) -> None:
    contract = contract_of(manifest)
    assert len(contract) >= 80
    for name, table in contract.items():
        assert table["grain"], name
        assert all(table["columns"].values()), name
        assert set(table["grain"]) <= set(table["columns"]), name


# The rule


@pytest.mark.parametrize(
    ("version", "is_enough"),
    [("1.2", False), ("1.1", False), ("1.3", True), ("1.10", True), ("2.0", True)],
)
def test_a_new_column_raises_the_second_number(version: str, is_enough: bool) -> None:
    columns = {**TABLE["columns"], "b": "date"}
    found = breaches(PROMISED, offered(columns=columns, version=version))
    assert (found == []) is is_enough
    if not is_enough:
        assert found == ["fct_one 1.2: column b is new: contract_version must be 1.3 or higher"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"columns": {"a": "varchar"}}, "column n is gone"),
        ({"columns": {"a": "varchar", "n": "double"}}, "column n was bigint and is double"),
        ({"columns": {"a": "varchar", "m": "bigint"}}, "column n is gone; column m is new"),
        ({"grain": ["a", "n"]}, "the grain was a"),
    ],
)
def test_what_breaks_readers_raises_the_first_number(changed: dict[str, Any], said: str) -> None:
    for version in ("1.2", "1.3"):
        assert breaches(PROMISED, offered(**changed, version=version)) == [
            f"fct_one 1.2: {said}: contract_version must be 2.0 or higher"
        ]
    assert breaches(PROMISED, offered(**changed, version="2.0")) == []


def test_the_order_of_columns_is_no_promise() -> None:
    backwards = dict(reversed(TABLE["columns"].items()))
    assert changes(TABLE, {**TABLE, "columns": backwards}) == ([], [])


def test_a_table_goes_only_on_purpose() -> None:
    without = {"fct_one": TABLE}
    assert len(breaches(PROMISED, without)) == 1
    assert breaches(PROMISED, without, removed=["fct_two"]) == []
    assert breaches(without, PROMISED) == []


def test_a_version_is_two_numbers() -> None:
    with pytest.raises(ValueError, match="fct_one"):
        breaches(PROMISED, offered(version="new"))


def test_accepting_refuses_what_no_version_tells(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CSC_PROJECT_DIR", str(project.path))
    path = project.path / CONTRACT
    path.unlink(missing_ok=True)
    assert main(["--accept"]) == 0
    assert main([]) == 0
    written = path.read_text(encoding="utf-8")
    path.write_text(written.replace("study_name: varchar", "study_title: varchar"), "utf-8")
    assert main(["--accept"]) == 1
    assert "column study_title is gone; column study_name is new" in capsys.readouterr().err
    path.write_text(written.replace("    study_name: varchar\n", ""), "utf-8")
    assert main(["--accept"]) == 1
    assert "column study_name is new: contract_version must be 1.1" in capsys.readouterr().err


# What the database says of itself


def test_the_tables_are_listed_with_what_they_are(
    tables: duckdb.DuckDBPyConnection, manifest: dict[str, Any]
) -> None:
    listed = {
        name: (version, grain, n_columns)
        for name, version, grain, n_columns in tables.execute(
            "select table_name, contract_version, grain, n_columns from def_public_tables"
        ).fetchall()
    }
    assert listed == {
        name: (table["version"], ", ".join(table["grain"]), len(table["columns"]) + 1)
        for name, table in contract_of(manifest).items()
    }


def test_published_tables_and_columns_carry_their_descriptions(built: Project) -> None:
    generation = (built.path / "published" / "current").resolve()
    for kind in ("analyst", "release"):
        database = str(generation / kind / "csc_outcomes.duckdb")
        with duckdb.connect(database, read_only=True) as connection:
            silent = connection.execute(
                """
                select table_name, column_name from duckdb_columns()
                where not internal and coalesce(comment, '') = ''
                union all
                select table_name, null from duckdb_tables() where coalesce(comment, '') = ''
                """
            ).fetchall()
        assert silent == []


def test_comments_are_copied_where_both_have_the_column(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create table fct_one as select 1 as n, 2 as only_here")
        connection.execute("comment on table fct_one is 'It''s one.'; create table other (n int)")
        connection.execute("comment on column fct_one.n is 'How many.'")
        connection.execute("comment on column fct_one.only_here is 'Not published.'")
        connection.execute(f"attach '{tmp_path / 'out.duckdb'}' as out")
        connection.execute("create table out.fct_one as select n, 'x' as build_id from fct_one")
        copy_comments(connection, ["fct_one"], "out")
        comments = connection.execute(
            """
            select null, comment from duckdb_tables() where database_name = 'out'
            union all
            select column_name, comment from duckdb_columns() where database_name = 'out'
            """
        ).fetchall()
    said = dict(comments)
    assert (said[None], said["n"]) == ("It's one.", "How many.")
    assert "same in all tables" in said["build_id"]


# Who reads them


def test_every_public_table_is_in_an_exposure(manifest: dict[str, Any]) -> None:
    public = {key for key, node in manifest["nodes"].items() if node.get("access") == "public"}
    read = {
        table
        for exposure in manifest["exposures"].values()
        for table in exposure["depends_on"]["nodes"]
    }
    assert sorted(public - read) == []
    assert sorted(read - public) == []


def test_release_readers_are_given_release_tables_alone(manifest: dict[str, Any]) -> None:
    release = [
        e for e in manifest["exposures"].values() if e["config"]["meta"].get("folder") == "release"
    ]
    assert len(release) >= 3
    public = {n["name"] for n in manifest["nodes"].values() if n.get("access") == "public"}
    for exposure in release:
        names = {node.split(".")[2] for node in exposure["depends_on"]["nodes"]}
        assert {name for name in names if not name.startswith("rpt_")} == set(), exposure["name"]
    by_name = {exposure["name"]: exposure for exposure in release}
    workbook = {node.split(".")[2] for node in by_name["release_workbook"]["depends_on"]["nodes"]}
    assert workbook == {name for name in public if name.startswith("rpt_")}


def test_every_exposure_says_where_and_whose_it_is(manifest: dict[str, Any]) -> None:
    for exposure in manifest["exposures"].values():
        assert exposure["description"], exposure["name"]
        assert exposure["maturity"], exposure["name"]
        assert exposure["owner"]["email"].endswith(".invalid"), exposure["name"]
        folder = exposure["config"]["meta"]["folder"]
        assert folder in ("analyst", "release", "both"), exposure["name"]
        assert exposure["url"].startswith("published/current"), exposure["name"]
