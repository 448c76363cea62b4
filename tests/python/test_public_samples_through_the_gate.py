"""Public samples of returns, each as a delivery of its own, built as far as the gate: they load,
every record is accounted for, and no expectation stops them.

The census samples all say the same authority, three of them the same day too. So that all can
stand in one build, each copy says a made-up authority in its header and nothing else is changed.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from projects import Project, copy_project
from reference_data import reference_file

CENSUS = {
    "CIN2rows.xml": "S61",
    "CIN_Census_2021.xml": "S62",
    "CIN_Census_2021_copy.xml": "S63",
    "CIN_Census_2024.xml": "S64",
}
CARE = {
    "DoLo.csv": "S71",
    "SSDA903_2020_episodes.csv": "S72",
    "ad1.csv": "S73",
    "missing.csv": "S74",
    "oc3.csv": "S75",
    "placed_for_adoption.csv": "S76",
    "sw_episodes.csv": "S77",
}
CARE_AS_OF = "2026-03-31"  # after every date in the samples
ITS_AUTHORITY = b"<LEA>201</LEA>"
TABLES = ("fct_load_log", "fct_rule_scorecard", "fct_expectation_results")
SELECTED = ("--select", *(f"+{table}" for table in TABLES), "no_critical_expectation_fails")
UNTESTED = ("--exclude", "resource_type:unit_test", "test_type:generic")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of one build of all samples, which the gate let through."""
    reference_file()  # skips before anything is copied
    project = copy_project(tmp_path_factory.mktemp("samples"), with_extracts=False)
    for name, la_code in CENSUS.items():
        sample = reference_file("cin_census", name).read_bytes()
        assert sample.count(ITS_AUTHORITY) == 1
        sample = sample.replace(ITS_AUTHORITY, f"<LEA>{la_code}</LEA>".encode())
        _deliver(project, la_code, name, sample, format="cin_census")
    for name, la_code in CARE.items():
        sample = reference_file("ssda903", name).read_bytes()
        _deliver(project, la_code, name, sample, format="ssda903", as_of_date=CARE_AS_OF)
    result = project.dbt("build", *SELECTED, *UNTESTED)
    assert "A delivery failed its expectations" not in result.stdout, result.stdout[-3000:]
    assert result.returncode == 0, result.stdout[-3000:]
    with project.warehouse() as connection:
        yield connection


def _deliver(project: Project, la_code: str, name: str, sample: bytes, **contract: str) -> None:
    who = {"la_code": la_code, "la_name": f"Synthetic {la_code}", "synthetic": True}
    project.add_delivery(f"synthetic_{la_code}", "sample", {**who, **contract}, {name: sample})


@pytest.mark.parametrize(("name", "la_code"), [*CENSUS.items(), *CARE.items()])
def test_a_sample_loads_and_every_record_is_accounted_for(
    name: str, la_code: str, warehouse: duckdb.DuckDBPyConnection
) -> None:
    rows = warehouse.execute(
        "select file_name, status, n_read, n_loaded, n_quarantined, n_duplicate, n_superseded,"
        " n_opted_out from fct_load_log where la_code = $1",
        [la_code],
    ).fetchall()
    assert rows
    assert {row[:2] for row in rows} == {(name, "landed")}
    for _, _, n_read, *fates in rows:
        assert n_read == sum(fates)
    assert sum(row[3] for row in rows) > 0


def test_the_records_are_those_of_the_files(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute("select file_name, holds, n_read from fct_load_log").fetchall()
    n_read = {(name, holds): n for name, holds, n in found}
    for name in CARE:
        (n_of_file,) = [n for (file, _), n in n_read.items() if file == name]
        text = reference_file("ssda903", name).read_text(encoding="utf-8-sig")
        assert n_of_file == len(text.splitlines()) - 1, name
    elements = {"children": "<Child>", "episodes": "<CINdetails>", "cin_plans": "<CINPlanDates>"}
    for name in CENSUS:
        text = reference_file("cin_census", name).read_text(encoding="utf-8")
        for holds, element in elements.items():
            assert n_read[name, holds] == text.count(element), (name, holds)


def test_a_plan_that_stands_twice_counts_once(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute(
        "select n_read, n_loaded, n_duplicate from fct_load_log"
        " where file_name = 'CIN2rows.xml' and holds = 'cp_plans'"
    ).fetchall()
    assert found == [(2, 1, 1)]


def test_every_census_return_is_judged_by_the_rules(warehouse: duckdb.DuckDBPyConnection) -> None:
    verdicts = dict(
        warehouse.execute(
            "select la_code, count(*) filter (where verdict = 'pass') from fct_rule_scorecard"
            " where verdict != 'not_applicable' group by la_code"
        ).fetchall()
    )
    assert set(verdicts) == set(CENSUS.values())
    assert all(n_passed > 0 for n_passed in verdicts.values())
