"""A study on an authority that has returns and no case list: cases and outcomes against an
independent reckoning from the same children's lives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import pytest

from csc_outcomes.landing.identifiers import normalise_id, pseudonym
from csc_outcomes.landing.keys import find_demonstration_key
from csc_outcomes.synthetic.returns.carried import carried
from csc_outcomes.synthetic.returns.deliver import Authority, returned_children, write_returns
from csc_outcomes.synthetic.returns.lives import Child
from projects import ROOT, Project, copy_project

AUTHORITY = Authority("S48", "Synthetic Returning")
FIRST_YEAR, LAST_YEAR = 2021, 2024
N_CHILDREN = 300
PROGRAMME = STUDY = "home_help"
STUDY_START, STUDY_END = date(2022, 4, 1), date(2023, 9, 30)
AS_OF = date(2024, 3, 31)
TABLES = ("fct_case_outcomes", "fct_study_cases", "fct_cin_cases", "fct_fitness_for_outcomes")


@dataclass(frozen=True)
class Case:
    """A chain of plans, reckoned here with loops where the warehouse has set operations."""

    child_id: str
    start: date
    closure: date | None
    escalations: tuple[date, ...]  # of the child, on or after the start


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    children = returned_children(N_CHILDREN, FIRST_YEAR, LAST_YEAR)
    known = (carried("ssd", child, FIRST_YEAR, LAST_YEAR) for child in children)
    return [case for child in known if child is not None for case in _cases(child)]


@pytest.fixture(scope="module")
def treated(cases: list[Case]) -> dict[str, date]:
    """Children in the programme and the day they entered, 20 days into a case."""
    entries: dict[str, date] = {}
    for case in cases:
        entry = case.start + timedelta(20)
        is_open = case.closure is None or case.closure > entry
        if STUDY_START <= entry <= STUDY_END and is_open and case.child_id not in entries:
            entries[case.child_id] = entry
    return {
        child: entry for number, (child, entry) in enumerate(entries.items()) if number % 3 == 0
    }


@pytest.fixture(scope="module")
def tables(
    treated: dict[str, date], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    project = copy_project(tmp_path_factory.mktemp("returning"), with_extracts=False)
    place = project.path / "extracts" / "synthetic_returning"
    children = returned_children(N_CHILDREN, FIRST_YEAR, LAST_YEAR)
    write_returns(children, ["ssd"], AUTHORITY, FIRST_YEAR, LAST_YEAR, place)
    _enrol(project, treated)
    project.add_study(
        STUDY,
        la_code=AUTHORITY.la_code,
        programme_id=PROGRAMME,
        study_start=str(STUDY_START),
        study_end=str(STUDY_END),
        earliest_case_start=str(STUDY_START - timedelta(365)),
        latest_case_start=str(STUDY_END),
    )
    untested = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
    result = project.dbt("build", "--select", *(f"+{table}" for table in TABLES), *untested)
    assert result.returncode == 0, result.stdout[-3000:]
    with project.warehouse() as connection:
        yield connection


def _enrol(project: Project, treated: dict[str, date]) -> None:
    rows = "".join(f"{child},{entry:%d/%m/%Y}\n" for child, entry in treated.items())
    contract = {
        "la_code": AUTHORITY.la_code,
        "la_name": AUTHORITY.la_name,
        "synthetic": True,
        "format": "study_files",
        "as_of_date": AS_OF,
        "files": [
            {
                "name": "families.csv",
                "holds": "programme_enrolments",
                "date_formats": ["dmy"],
                "columns": {"child_id": "Child", "start_date": "Started"},
                "constants": {"programme_id": PROGRAMME},
            }
        ],
    }
    files = {"families.csv": f"Child,Started\n{rows}".encode()}
    project.add_delivery("synthetic_returning", "home-help", contract, files)


def _cases(child: Child) -> Iterator[Case]:
    escalations = sorted(
        [p.start for e in child.episodes for p in e.cp_plans if not p.is_other_authority]
        + [period.start for period in child.care]
    )
    for episode in child.episodes:
        chains: list[list[tuple[date, date | None]]] = []
        for plan in sorted(episode.cin_plans, key=lambda p: p.start):
            goes_on = chains and not any(
                chains[-1][-1][0] < day <= plan.start for day in escalations
            )
            if goes_on:
                chains[-1].append((plan.start, plan.end))
            else:
                chains.append([(plan.start, plan.end)])
        for chain in chains:
            start, end = chain[0][0], chain[-1][1]
            last = date.max if end is None else end + timedelta(1)
            turned = any(start < day <= last for day in escalations)
            yield Case(
                child.child_id,
                start,
                None if turned else end or episode.close,
                tuple(day for day in escalations if day >= start),
            )


def _pseudonym(child_id: str) -> str:
    key = find_demonstration_key(ROOT / "extracts")
    identifier, _ = normalise_id(child_id)
    assert key is not None
    assert identifier is not None
    return pseudonym(key, AUTHORITY.la_code, "child", identifier)


def test_cases_are_chains_of_plans(cases: list[Case], tables: duckdb.DuckDBPyConnection) -> None:
    found = tables.execute(
        "select child_id, plan_start_date, closure_date from fct_cin_cases"
    ).fetchall()
    expected = [(_pseudonym(case.child_id), case.start, case.closure) for case in cases]
    assert len(expected) > N_CHILDREN / 4
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_enrolments_by_the_childs_id_make_the_arms(
    treated: dict[str, date], tables: duckdb.DuckDBPyConnection
) -> None:
    found = tables.execute(
        "select child_id, entry_date from fct_study_cases"
        f" where study_id = '{STUDY}' and arm = 'treated' and entry_date is not null"
    ).fetchall()
    assert sorted(found) == sorted((_pseudonym(child), day) for child, day in treated.items())


def test_outcomes_of_comparators_equal_the_reckoning(
    cases: list[Case], tables: duckdb.DuckDBPyConnection
) -> None:
    rows = tables.execute(
        "select cases.child_id, cases.plan_start_date, outcomes.outcome, outcomes.value"
        " from fct_case_outcomes as outcomes"
        " inner join fct_cin_cases as cases using (la_code, case_id)"
        f" where outcomes.study_id = '{STUDY}' and outcomes.arm = 'comparator'"
        " and outcomes.outcome in ('closed_recorded', 'closed_without_later_escalation')"
    ).fetchall()
    found = {(child, start, outcome): value for child, start, outcome, value in rows}
    expected = {}
    for case in cases:
        closed = case.closure is not None and case.closure <= STUDY_END
        later = closed and any(case.closure <= day <= STUDY_END for day in case.escalations)
        key = (_pseudonym(case.child_id), case.start)
        expected[*key, "closed_recorded"] = float(closed)
        expected[*key, "closed_without_later_escalation"] = float(closed and not later)
    assert len(found) > 100
    wrong = {key: (value, expected[key]) for key, value in found.items() if value != expected[key]}
    assert not wrong


def test_what_the_data_can_bear_is_said_for_every_outcome(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    verdicts = dict(
        tables.execute("select outcome, verdict from fct_fitness_for_outcomes").fetchall()
    )
    assert verdicts["closed_without_later_escalation"] != "cannot"
    assert verdicts["absence_days"] == "cannot"
