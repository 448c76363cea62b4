"""A trial's allocation list, objections and the case list's new columns, from the files to behind
the gate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from csc_outcomes.landing.identifiers import pseudonym
from csc_outcomes.publish import critical_findings
from projects import Project, light_copy
from study_files import as_csv

LA_CODE = "S72"
N_SOUND = 60  # families of two children, in turn in either arm
Row = dict[str, str]


def child(family: int, place: str = "a", /, **changes: str) -> Row:
    """The allocation of a child, in the file's own words."""
    same = {"pupil": f"K{family}{place}", "case": f"D{family}{place}", "family": f"F{family}"}
    arm = "CEC" if family % 2 else "Crewe"
    return {**same, "arm": arm, "status": "Allocated", "day": "01/09/2015", **changes}


SOUND = [child(family, place) for family in range(N_SOUND) for place in "ab"]
NOT_ALLOCATED = {"arm": "", "day": ""}
JUDGED: list[tuple[Row, str]] = [
    (child(70, status="not_approved", **NOT_ALLOCATED), "loaded"),
    (child(71, status="Over capacity", **NOT_ALLOCATED), "loaded"),
    (child(72, status="NOT_TAKEN_UP", **NOT_ALLOCATED, case=""), "loaded"),
    (child(0), "duplicate"),
    (child(73, pupil=""), "id_missing"),
    (child(73, family=""), "id_missing"),
    (child(73, family="the Quines of Ash Road"), "id_not_an_identifier"),
    (child(73, day="2015-09-01"), "unreadable_date"),
    (child(73, status="tossed"), "allocation_status_unknown"),
    (child(73, status=""), "allocation_status_unknown"),
    (child(73, arm="neither"), "arm_unknown"),
    (child(73, arm=""), "allocated_arm_missing"),
    (child(73, day="01/01/1900"), "allocated_date_missing"),
    (child(73, status="Over capacity"), "arm_without_allocation"),
    (child(74), "contradicting_records"),
    (child(74, arm="CEC"), "contradicting_records"),
]
ALLOCATIONS = {
    "name": "allocations.csv",
    "holds": "allocations",
    "date_formats": ["dmy"],
    "columns": {
        "child_id": "pupil",
        "case_id": "case",
        "family_id": "family",
        "arm": "arm",
        "allocation_status": "status",
        "allocated_date": "day",
    },
    "codes": {
        "arm": {"Crewe": "treated", "CEC": "comparator"},
        "allocation_status": {"over capacity": "over_capacity"},
    },
    "constants": {"programme_id": "trial"},
}
CASES = {
    "name": "cases.csv",
    "holds": "cases",
    "date_formats": ["dmy"],
    "columns": {
        "child_id": "pupil",
        "case_id": "case",
        "family_id": "family",
        "plan_start_date": "referred",  # the list knows the referral alone
        "referral_date": "referred",
        "is_index_child": "index",
        "has_disability": "disabled",
        "is_outcome_known": "complete",
        "earlier_support_dates": "earlier",
    },
    "codes": {"is_index_child": {"yes": "1", "no": "0"}},
}


def case(row: Row, **changes: str) -> Row:
    """The case of an allocated child."""
    same = {name: row[name] for name in ("pupil", "case", "family")}
    index = "yes" if row["pupil"].endswith("a") else "no"
    facts = {"referred": "20/08/2015", "index": index, "disabled": "0", "complete": "1"}
    return {**same, **facts, "earlier": "", **changes}


SPELLINGS: list[Row] = [
    {"earlier": "01/02/2013; 05/06/2014 ;01/02/2013"},
    {"earlier": "01/01/1900"},
    {"disabled": "1", "complete": "0"},
    {"disabled": "", "complete": ""},
    {"index": "eldest", "disabled": "2"},
]
CASE_ROWS = [
    *(case(row, **change) for row, change in zip(SOUND, SPELLINGS, strict=False)),
    *(case(row) for row in SOUND[len(SPELLINGS) :]),
    case(child(80), earlier="2013-02-01"),
]


def contract(format_name: str, file: dict[str, Any]) -> dict[str, Any]:
    """The extract.yml of a delivery of one file."""
    return {
        "la_code": LA_CODE,
        "la_name": "Synthetic trial",
        "synthetic": True,
        "format": format_name,
        "as_of_date": "2016-12-31",
        "files": [file],
    }


def deliver(project: Project, rows: list[Row]) -> None:
    """The case list, and an allocation list of these rows."""
    for format_name, file, content in (
        ("case_list", CASES, CASE_ROWS),
        ("study_files", ALLOCATIONS, rows),
    ):
        project.add_delivery(
            "trial", format_name, contract(format_name, file), {str(file["name"]): as_csv(content)}
        )


def run(project: Project, *models: str) -> None:
    """Seeds and what the models rest on."""
    only = [option for kind in ("seed", "model") for option in ("--resource-type", kind)]
    done = project.dbt("build", *only, "--select", *models)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A build up to the gate and one step behind it."""
    project = light_copy(tmp_path_factory.mktemp("trial"))
    deliver(project, [*SOUND, *(row for row, _ in JUDGED)])
    lists = project.path / "extracts" / "trial"
    (lists / "opt_outs.csv").write_text("child_id\nK9a\n")
    (lists / "objections.csv").write_text("child_id,objects_to\nk0A,school_data\nK2a,study\n")
    behind = ["allocations", "objections", "earlier_support", "cin_cases"]
    run(project, *(f"+int_admitted_{name}" for name in behind), "+fct_quarantined_rows")
    return project


@pytest.fixture
def warehouse(project: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of that build."""
    with project.warehouse() as connection:
        yield connection


def hidden(key: bytes, kind: str, identifier: str) -> str:
    return pseudonym(key, LA_CODE, kind, identifier.upper())


def test_each_row_has_its_reason_and_is_counted(warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = warehouse.execute(
        "select source_row_number, reason_code, what_to_do from fct_quarantined_rows"
        " where table_name = 'allocations'"
    ).fetchall()
    refused = [fate for _, fate in JUDGED if fate not in ("loaded", "duplicate")]
    assert {number: code for number, code, _ in rows} == {
        len(SOUND) + place: fate
        for place, (_, fate) in enumerate(JUDGED, 1)
        if fate not in ("loaded", "duplicate")
    }
    assert all(what_to_do for _, _, what_to_do in rows)
    counts = warehouse.execute(
        "select n_read, n_loaded, n_quarantined, n_duplicate, n_superseded, n_opted_out"
        " from fct_load_log where holds = 'allocations'"
    ).fetchall()
    n_sound = len(SOUND) - 1  # one opted out
    assert counts == [(len(SOUND) + len(JUDGED), n_sound + 3, len(refused), 1, 0, 1)]


def test_allocations_arrive_behind_the_gate(
    warehouse: duckdb.DuckDBPyConnection, key: bytes
) -> None:
    rows = warehouse.execute(
        "select child_id, case_id is null, arm, allocation_status, allocated_date::varchar"
        " from int_admitted_allocations where programme_id = 'trial'"
    ).fetchall()
    found = {row[0]: row[1:] for row in rows}
    assert len(found) == len(rows) == len(SOUND) - 1 + 3
    assert found[hidden(key, "child", "K0b")] == (False, "treated", "allocated", "2015-09-01")
    assert found[hidden(key, "child", "K3b")] == (False, "comparator", "allocated", "2015-09-01")
    assert found[hidden(key, "child", "K72a")] == (True, None, "not_taken_up", None)
    families = warehouse.execute(
        "select count(distinct cases.family_id) from int_admitted_allocations"
        " inner join int_admitted_cin_cases as cases using (la_code, child_id, family_id, case_id)"
    ).fetchall()
    assert families == [(N_SOUND,)]


def test_cases_say_who_is_counted_and_what_is_known(
    warehouse: duckdb.DuckDBPyConnection, key: bytes
) -> None:
    rows = warehouse.execute(
        "select case_id, is_index_child, has_disability, is_outcome_known, unreadable_values,"
        " plan_start_date = referral_date from int_admitted_cin_cases"
    ).fetchall()
    found = {row[0]: row[1:] for row in rows}
    assert found[hidden(key, "case", "D0a")] == (True, False, True, None, True)
    assert found[hidden(key, "case", "D0b")] == (False, False, True, None, True)
    assert hidden(key, "case", "D9a") not in found  # opted out
    assert found[hidden(key, "case", "D1a")] == (True, True, False, None, True)
    assert found[hidden(key, "case", "D1b")] == (False, None, None, None, True)
    unread = "is_index_child, has_disability"
    assert found[hidden(key, "case", "D2a")] == (None, None, True, unread, True)


def test_earlier_support_is_a_date_each(warehouse: duckdb.DuckDBPyConnection, key: bytes) -> None:
    rows = warehouse.execute(
        "select case_id, support_date::varchar from int_admitted_earlier_support order by all"
    ).fetchall()
    case_id = hidden(key, "case", "D0a")
    assert rows == [
        (case_id, "2013-02-01"),
        (case_id, "2014-06-05"),
    ]
    unread = warehouse.execute(
        "select reason_code, column_name from fct_quarantined_rows where table_name = 'cases'"
    ).fetchall()
    assert unread == [("unreadable_date", "earlier_support_dates")]


def test_objections_arrive_behind_the_gate(
    warehouse: duckdb.DuckDBPyConnection, key: bytes
) -> None:
    rows = warehouse.execute("select * from int_admitted_objections").fetchall()
    assert set(rows) == {
        (LA_CODE, hidden(key, "child", "K0a"), "school_data"),
        (LA_CODE, hidden(key, "child", "K2a"), "study"),
    }
    assert len(rows) == 2


def test_a_family_in_two_arms_closes_the_gate(tmp_path: Path) -> None:
    project = light_copy(tmp_path)
    split = child(1, "b", arm="Crewe")
    other = child(2, "b", arm="CEC", status="Over capacity", day="")  # refused by itself
    rows = [row for row in SOUND if row["pupil"] not in (split["pupil"], other["pupil"])]
    deliver(project, [*rows, split, other])
    run(project, "+fct_expectation_results")
    with project.warehouse() as warehouse:
        (finding,) = critical_findings(warehouse)
    assert finding == (
        "S72 Synthetic trial, study_files/allocations.csv, family_id: std_allocations: "
        f"a family is in one arm: not so in 2 of {len(SOUND) - 1}. A family is allocated as a "
        "whole: look up its allocation and give all its children that arm, or mend family_id "
        "where two families share one"
    )
