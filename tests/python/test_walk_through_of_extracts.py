"""The guide to adding an extract, done as it says: its files, its commands, one build over all of
its deliveries, and what the page says comes out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from csc_outcomes.landing.keys import KEY_VARIABLE
from projects import ROOT, Project, light_copy
from walk_through import consoles, files_of, run_console

PAGE = (ROOT / "docs" / "add_an_extract.md").read_text(encoding="utf-8")
LA_CODE, SLUG = "990", "anytown"
DELIVERIES = {
    "2024-03-cin-census": "cin_census",
    "2024-03-ssd": "ssd",
    "2024-03-ssda903": "ssda903",
    "2024-03-annex-a": "annex_a",
    "2024-03": "case_list",
    "2024-03-records": "records",
    "2024-09": "case_list",
}
# `  - annex_a.xlsx/List 3 (episodes): 2 records` and `Wrote extracts/anytown/2024-03/extract.yml`
LANDS = re.compile(r"^  - (?P<file>.+) \((?P<holds>\w+)\): (?P<n>\d+) records?$", re.MULTILINE)
WROTE = re.compile(r"^Wrote extracts/\w+/(?P<delivery>[\w-]+)/extract\.yml$", re.MULTILINE)
# A block that shows what to write into extract.yml instead of what stands there.
CODES = re.compile(r"^ *(ethnicity_code: \{.*\})$", re.MULTILINE)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project without extracts in which the page was followed and then built, once."""
    project = light_copy(tmp_path_factory.mktemp("walk") / "csc_outcomes")
    files_of(PAGE, project.path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CSC_PROJECT_DIR", str(project.path))
        patch.setenv(KEY_VARIABLE, os.urandom(32).hex())
        patch.chdir(project.path)
        for block in consoles(PAGE):
            for command, output in block:
                if command.startswith("csc"):
                    assert run_console(command) == output, command
            if "cases.csv" in block[0][0] and "2024-03-31" in block[0][0]:
                _decide_codes(project.path / "extracts" / SLUG / "2024-03" / "extract.yml")
        result = project.dbt("build")
    assert result.returncode == 0, result.stdout[-3000:]
    (project.path / "build_output.txt").write_text(result.stdout, encoding="utf-8")
    return project


def _decide_codes(contract: Path) -> None:
    """Writes into extract.yml the codes that the page says belong there."""
    shown = [match for block in _yaml_blocks() for match in CODES.findall(block)]
    assert len(shown) == 1
    text = contract.read_text(encoding="utf-8")
    assert len(CODES.findall(text)) == 1
    contract.write_text(CODES.sub(f"      {shown[0]}", text), encoding="utf-8")


def _yaml_blocks() -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def tables(project: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    with project.published() as connection:
        yield connection


def test_the_build_is_published_and_says_what_came_in(project: Project) -> None:
    output = (project.path / "build_output.txt").read_text(encoding="utf-8")
    assert "Published build" in output
    assert "Withheld" not in output
    assert f"{LA_CODE} Anytown, returns to " in output


def test_every_delivery_of_the_page_lands_with_the_records_it_shows(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    shown = {}
    for block in consoles(PAGE):
        for _, output in block:
            for written in WROTE.findall(output):
                for file, holds, n in LANDS.findall(output):
                    shown[written, file, holds] = int(n)
    rows = tables.execute(
        "select delivery, file_name, holds, n_read, status, format from fct_load_log"
        " where la_code = $1",
        [LA_CODE],
    ).fetchall()
    assert {(row[0], row[5]) for row in rows} == set(DELIVERIES.items())
    assert {row[4] for row in rows} == {"landed"}
    assert {row[:3]: row[3] for row in rows if row[3]} == shown


def test_every_record_is_accounted_for_and_none_is_refused(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    rows = tables.execute(
        "select n_read, n_loaded + n_duplicate + n_superseded, n_quarantined, n_opted_out"
        " from fct_load_log"
    ).fetchall()
    assert all(n_read == n_used for n_read, n_used, _, _ in rows)
    assert {tuple(row[2:]) for row in rows} == {(0, 0)}
    assert tables.execute("select count(*) from fct_quarantined_rows").fetchall() == [(0,)]


def test_cases_are_those_of_the_list_and_of_the_plans(tables: duckdb.DuckDBPyConnection) -> None:
    rows = tables.execute(
        "select made_of, plan_start_date::varchar, closure_date::varchar from fct_cin_cases"
        " where la_code = $1 and made_of = 'plans' order by all",
        [LA_CODE],
    ).fetchall()
    # the same two plans stand in five deliveries, and count once
    assert rows == [("plans", "2023-09-04", None), ("plans", "2023-09-11", "2024-01-12")]
    n_of_list = tables.execute(
        "select count(*) from fct_cin_cases where made_of = 'list' and la_code = $1", [LA_CODE]
    ).fetchall()
    assert n_of_list == [(6,)]


def test_codes_that_the_page_decides_are_mapped(tables: duckdb.DuckDBPyConnection) -> None:
    found = tables.execute(
        "select distinct ethnicity_code from fct_cin_cases where made_of = 'list'"
    ).fetchall()
    assert {code for (code,) in found} == {"WBRI", "MOTH", "AIND"}


def test_episodes_of_care_make_one_period(project: Project) -> None:
    with project.warehouse() as warehouse:
        found = warehouse.execute(
            "select start_date::varchar, end_date, n_episodes from std_care_periods"
        ).fetchall()
    assert found == [("2024-01-15", None, 2)]


def test_the_rules_judge_and_outcomes_have_a_verdict(tables: duckdb.DuckDBPyConnection) -> None:
    rules = dict(
        tables.execute(
            "select verdict, count(*) from fct_rule_scorecard where la_code = $1 group by 1",
            [LA_CODE],
        ).fetchall()
    )
    assert rules["pass"] > 20
    fitness = dict(
        tables.execute(
            "select verdict, count(*) from fct_fitness_for_outcomes where la_code = $1 group by 1",
            [LA_CODE],
        ).fetchall()
    )
    assert fitness["can_run"] + fitness["with_caution"] > fitness["cannot"]


@pytest.mark.parametrize("query", re.findall(r"^```sql\n(.*?)^```$", PAGE, re.M | re.S))
def test_the_queries_of_the_page_find_something(
    query: str, tables: duckdb.DuckDBPyConnection
) -> None:
    assert tables.execute(query).fetchall()
