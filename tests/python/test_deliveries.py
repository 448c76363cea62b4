"""Deliveries in any order, twice, under any name, and an older submission that comes late: the
tables say the same."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest

from csc_outcomes.landing import land
from csc_outcomes.synthetic.returns.deliver import Authority, returned_children, write_returns
from long_form import times
from projects import Project, copy_project

AUTHORITY = Authority("S46", "Synthetic Orderly")
FIRST_YEAR, LAST_YEAR = 2022, 2024
N_CHILDREN = 60
N_ORDERS = times(3, 20)
TABLES = (
    "dim_children",
    "fct_cin_cases",
    "fct_cin_episodes",
    "fct_escalations",
    "fct_referrals",
    "fct_monitoring",
)


@pytest.fixture(scope="module")
def returns(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders of deliveries: three years of the census and of the return on care."""
    folder = tmp_path_factory.mktemp("returns")
    children = returned_children(N_CHILDREN, FIRST_YEAR, LAST_YEAR)
    formats = ["cin_census", "ssda903"]
    written = write_returns(children, formats, AUTHORITY, FIRST_YEAR, LAST_YEAR, folder)
    for path in written:
        if path.name.endswith(str(LAST_YEAR)):
            _declare(path, "submission: 2")
    return written


@pytest.fixture(scope="module")
def extras(returns: list[Path], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What must change nothing: a copy of each of two deliveries, and an older submission of the
    last year's returns which has other children."""
    folder = tmp_path_factory.mktemp("extras")
    copies = [Path(shutil.copytree(path, folder / f"copy-{path.name}")) for path in returns[1::3]]
    others = returned_children(N_CHILDREN // 2, FIRST_YEAR, LAST_YEAR, seed=7)
    formats = ["cin_census", "ssda903"]
    older = write_returns(others, formats, AUTHORITY, LAST_YEAR, LAST_YEAR, folder / "older")
    for path in older:
        _declare(path, "submission: 1")
    return [*copies, *older]


@pytest.fixture(scope="module")
def project(returns: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which the tables were built once, from the returns alone."""
    project = copy_project(tmp_path_factory.mktemp("orders"), with_extracts=False)
    _deliver(project, {path.name: path for path in returns})
    selected = [f"+{table}" for table in TABLES]
    untested = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
    result = project.dbt("build", "--select", *selected, *untested)
    assert result.returncode == 0, result.stdout[-3000:]
    return project


@pytest.fixture(scope="module")
def base(project: Project) -> dict[str, list[tuple[object, ...]]]:
    with project.warehouse() as connection:
        return _contents(connection)


def test_the_base_has_something_to_lose(base: dict[str, list[tuple[object, ...]]]) -> None:
    assert all(base[table] for table in TABLES)


@pytest.mark.parametrize("seed", range(N_ORDERS))
def test_neither_order_nor_copies_nor_an_older_submission_change_the_tables(
    seed: int,
    project: Project,
    returns: list[Path],
    extras: list[Path],
    base: dict[str, list[tuple[object, ...]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draw = random.Random(seed)
    order = draw.sample([*returns, *extras], len(returns) + len(extras))
    names = [f"{draw.getrandbits(32):08x}" for _ in order]
    for n_delivered in range(1, len(order) + 1):  # landed after each delivery, as they come in
        _deliver(project, dict(zip(names[:n_delivered], order, strict=False)))
        report = land(project.path)
        assert not report.refused, report.lines()
    monkeypatch.chdir(project.path)
    with duckdb.connect("warehouse/csc_outcomes.duckdb") as connection:
        _rebuild(connection, project)
        found = _contents(connection)
    assert [table for table in TABLES if found[table] != base[table]] == []


def _declare(delivery: Path, line: str) -> None:
    contract = delivery / "extract.yml"
    contract.write_text(f"{contract.read_text(encoding='utf-8')}{line}\n", encoding="utf-8")


def _deliver(project: Project, deliveries: dict[str, Path]) -> None:
    """Has these deliveries, by folder name, in the landing zone, and no others."""
    place = project.path / "extracts" / "synthetic_orderly"
    for folder in place.iterdir() if place.exists() else ():
        if folder.name not in deliveries:
            shutil.rmtree(folder)
    for name, delivery in deliveries.items():
        if not (place / name).exists():
            shutil.copytree(delivery, place / name)


def _rebuild(connection: duckdb.DuckDBPyConnection, project: Project) -> None:
    """Runs the compiled SQL of the models once more, in their order; dbt itself takes 20 times as
    long. What the gate found stays as it was: the same records pass it."""
    manifest = json.loads((project.path / "target" / "manifest.json").read_text(encoding="utf-8"))
    results = json.loads((project.path / "target" / "run_results.json").read_text("utf-8"))
    for result in results["results"]:
        node = manifest["nodes"].get(result["unique_id"])
        if node is None or node["resource_type"] != "model" or node["language"] != "sql":
            continue
        kind = "view" if node["config"]["materialized"] == "view" else "table"
        connection.execute(
            f"create or replace {kind} {result['relation_name']} as {result['compiled_code']}"
        )


def _contents(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
    return {table: _rows(connection, table) for table in TABLES}


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[object, ...]]:
    rows: Iterable[tuple[object, ...]] = connection.execute(
        f"select * from {table} order by all"
    ).fetchall()
    return list(rows)
