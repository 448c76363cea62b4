"""Questionnaires, absences, stress, workloads and interviews: from the door to what is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from csc_outcomes.landing.identifiers import pseudonym
from projects import Project, light_copy
from trial_study_files import JUDGED, LA_CODE, OPTED_OUT, SOUND, add_trial_study_files

MARTS = (
    "fct_staff_stress_distribution",
    "fct_staff_stress_factors",
    "fct_workloads",
    "fct_interviews",
    "fct_case_studies",
)
ABOVE = ("fct_load_log", "fct_quarantined_rows", *MARTS)
ADMITTED = ("int_admitted_sdq_answers", "int_admitted_school_absences")
AUTUMN, SPRING = date(2015, 11, 1), date(2016, 4, 1)


@pytest.fixture(scope="module")
def warehouse(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A build of the study files alone and what stands on them."""
    project: Project = light_copy(tmp_path_factory.mktemp("trial_study_files"))
    add_trial_study_files(project)
    wanted = [f"+{name}" for name in (*ABOVE, *ADMITTED)]
    result = project.dbt("build", "--indirect-selection", "cautious", "--select", *wanted)
    assert result.returncode == 0, result.stdout[-3000:]
    with project.warehouse() as connection:
        yield connection


def rows(warehouse: duckdb.DuckDBPyConnection, query: str, *values: Any) -> list[Any]:
    return warehouse.execute(query, values).fetchall()


@pytest.mark.parametrize("holds", list(SOUND))
def test_each_dirty_row_has_its_reason(warehouse: duckdb.DuckDBPyConnection, holds: str) -> None:
    found = rows(
        warehouse,
        "select source_row_number, reason_code, what_to_do from fct_quarantined_rows"
        " where la_code = ? and table_name = ?",
        LA_CODE,
        holds,
    )
    assert {number: code for number, code, _ in found} == {
        len(SOUND[holds]) + 1 + i: fate
        for i, (_, fate) in enumerate(JUDGED[holds])
        if fate not in ("loaded", "duplicate")
    }
    assert all(what_to_do for _, _, what_to_do in found)


@pytest.mark.parametrize("holds", list(SOUND))
def test_every_record_is_accounted_for(warehouse: duckdb.DuckDBPyConnection, holds: str) -> None:
    fates = Counter(fate for _, fate in JUDGED[holds])
    n_opted_out = sum(row.get("child") == OPTED_OUT for row in SOUND[holds])
    assert rows(
        warehouse,
        "select n_read, n_loaded, n_quarantined, n_duplicate, n_superseded, n_opted_out"
        " from fct_load_log where la_code = ? and holds = ?",
        LA_CODE,
        holds,
    ) == [
        (
            len(SOUND[holds]) + len(JUDGED[holds]),
            len(SOUND[holds]) - n_opted_out + fates["loaded"],
            fates.total() - fates["loaded"] - fates["duplicate"],
            fates["duplicate"],
            0,
            n_opted_out,
        )
    ]


def test_answers_of_informants_and_waves_stand_side_by_side(
    warehouse: duckdb.DuckDBPyConnection, key: bytes
) -> None:
    assert rows(
        warehouse,
        "select wave, form, informant, score, answered_date from int_admitted_sdq_answers"
        " where child_id = ? and item_number = 1 order by wave, informant",
        pseudonym(key, LA_CODE, "child", "K1"),
    ) == [
        (1, "school_age", "parent", 1, date(2015, 11, 16)),
        (1, None, "teacher", 2, None),
        (2, "school_age", "parent", 0, date(2015, 11, 16)),
    ]


def test_a_pupil_of_two_schools_keeps_both_rows(
    warehouse: duckdb.DuckDBPyConnection, key: bytes
) -> None:
    school_a, school_b = (pseudonym(key, LA_CODE, "school", school) for school in "AB")
    assert rows(
        warehouse,
        "select school_year, term, school_id, sessions_possible, sessions_absent"
        " from int_admitted_school_absences where child_id = ? and school_year = '2015/16'"
        " order by term, sessions_absent desc",
        pseudonym(key, LA_CODE, "child", "K1"),
    ) == [
        ("2015/16", "autumn", school_a, 140, 7),
        ("2015/16", "autumn", school_b, 140, 3),
        ("2015/16", "spring", school_a, None, 200),
        ("2015/16", "summer", school_a, 140, 7),
    ]


def test_stress_is_spread_in_bands_and_what_few_scored_is_hidden(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    query = (
        "select score_from, n, n_respondents, mean_score, status_reason"
        " from fct_staff_stress_distribution"
        " where study_id = 'trial' and organisation = ? and survey_month = ? order by 1"
    )
    mean = pytest.approx((10 * 20 + 9 * 19) / 19)
    assert rows(warehouse, query, "programme", AUTUMN) == [
        (10.0, 9, 19, mean, None),
        (20.0, 10, 19, mean, None),
    ]
    assert [row[:3] for row in rows(warehouse, query, "authority", AUTUMN)] == [(20.0, 9, 9)]
    ((*figures, reason),) = rows(warehouse, query, "programme", SPRING)
    assert figures == [None] * 4
    assert reason.startswith("small_group: ")


def test_reasons_that_few_name_cannot_be_worked_out(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    found = rows(
        warehouse,
        "select organisation, main_factor, n, n_respondents from fct_staff_stress_factors"
        " where study_id = 'trial' and survey_month = ? order by 1 desc, 2",
        AUTUMN,
    )
    assert found == [
        ("programme", "complex_cases", 6, 19),
        ("programme", "not_stated", None, 19),
        ("programme", "other", None, 19),
        ("programme", "working_with_authority", None, 19),
        ("programme", "workload", 6, 19),
        ("authority", "complex_cases", None, 9),
        ("authority", "workload", None, 9),
    ]


def test_visits_are_set_beside_the_authoritys(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        warehouse,
        "select measure, month_start_date, organisation, n_respondents, mean_counted,"
        " n_above_benchmark, ratio_to_authority, split_part(status_reason, ':', 1)"
        " from fct_workloads where study_id = 'trial' order by 1, 2, 3",
    )
    assert found == [
        ("cases_held", AUTUMN, "programme", 5, 7.0, None, None, None),
        ("cases_held", None, "authority", 0, None, None, None, "no_counts"),
        ("visits_in_month", AUTUMN, "authority", 5, 4.0, None, None, None),
        ("visits_in_month", AUTUMN, "programme", 5, 11.0, None, 2.75, None),
        ("visits_in_month", SPRING, "authority", None, None, None, None, "small_group"),
        ("visits_in_month", SPRING, "programme", 5, 9.0, None, None, None),
    ]


def test_interviews_and_case_studies_are_counted(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        warehouse,
        "select participant_type, topic, n_participants, n_interviews from fct_interviews"
        " where study_id = 'trial' and organisation = 'all' order by 1, 2",
    ) == [
        ("all", "all", 3, 5),
        ("all", "delivery", 1, 1),
        ("all", "experience", 3, 4),
        ("parent", "all", 2, 3),
        ("parent", "experience", 2, 3),
        ("practitioner", "all", 1, 2),
        ("practitioner", "delivery", 1, 1),
        ("practitioner", "experience", 1, 1),
    ]
    assert rows(
        warehouse,
        "select case_outcome, organisation, n_case_studies from fct_case_studies"
        " where study_id = 'trial' order by 1, 2",
    ) == [
        ("all", "all", 2),
        ("all", "authority", 1),
        ("all", "programme", 1),
        ("closed", "all", 1),
        ("closed", "programme", 1),
        ("no change", "all", 1),
        ("no change", "authority", 1),
    ]


@pytest.mark.parametrize(
    ("table", "reasons"),
    [
        ("fct_staff_stress_distribution", ["no_survey"] * 2),
        ("fct_staff_stress_factors", ["no_survey"] * 2),
        ("fct_workloads", ["no_counts"] * 4),
        ("fct_interviews", ["no_interviews"]),
        ("fct_case_studies", ["no_case_studies"]),
    ],
)
def test_a_study_without_such_files_says_so(
    warehouse: duckdb.DuckDBPyConnection, table: str, reasons: list[str]
) -> None:
    found = rows(
        warehouse,
        f"select status, split_part(status_reason, ':', 1) from {table} where study_id = 'other'",
    )
    assert found == [("not_estimable", reason) for reason in reasons]


def test_no_table_of_refusals_holds_a_value(warehouse: duckdb.DuckDBPyConnection) -> None:
    query = "select * from {} where la_code = ?"
    text = "".join(
        warehouse.execute(query.format(table), [LA_CODE]).fetchdf().to_csv()
        for table in ("fct_quarantined_rows", "fct_expectation_results", "fct_load_log")
    )
    for value in ("Quill", "grown up", "Easter", "ministry", "often", "weather"):
        assert value not in text
