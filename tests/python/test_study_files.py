"""Study files come through the door, and every dirty row is refused with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

import study_files
from csc_outcomes.landing.columns import FORMATS
from csc_outcomes.landing.identifiers import pseudonym
from landing_project import Project as LandingProject
from projects import Project
from study_files import AMOUNTS, JUDGED, LA_CODE, OPTED_OUT, SOUND

SURVEY = {
    "name": "survey.csv",
    "holds": "staff_survey",
    "columns": {
        "respondent_id": "who",
        "organisation": "org",
        "item_number": "item",
        "score": "score",
    },
}


@pytest.fixture(scope="module")
def warehouse(built: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of the build, for the standard tables are not published."""
    with built.warehouse() as connection:
        yield connection


def fates(holds: str) -> Counter[str]:
    """How many rows of the dirty delivery meet each fate."""
    judged = (fate for _, fate in JUDGED[holds])
    known = ("loaded", "duplicate")
    return Counter(fate if fate in known else "quarantined" for fate in judged)


@pytest.mark.parametrize("holds", list(SOUND))
def test_each_dirty_row_has_its_reason(tables: duckdb.DuckDBPyConnection, holds: str) -> None:
    rows = tables.execute(
        "select source_row_number, reason_code, what_to_do from fct_quarantined_rows"
        " where la_code = ? and table_name = ?",
        [LA_CODE, holds],
    ).fetchall()
    first = len(SOUND[holds]) + 1
    assert {number: code for number, code, _ in rows} == {
        first + i: fate
        for i, (_, fate) in enumerate(JUDGED[holds])
        if fate not in ("loaded", "duplicate")
    }
    assert all(what_to_do for _, _, what_to_do in rows)


@pytest.mark.parametrize("holds", list(SOUND))
def test_every_record_is_accounted_for(tables: duckdb.DuckDBPyConnection, holds: str) -> None:
    counts = tables.execute(
        "select n_read, n_loaded, n_quarantined, n_duplicate, n_superseded, n_opted_out"
        " from fct_load_log where la_code = ? and holds = ? and delivery = '2019-11'",
        [LA_CODE, holds],
    ).fetchall()
    n_opted_out = sum(row.get("child") == OPTED_OUT for row in SOUND[holds])
    expected = fates(holds)
    n_sound = len(SOUND[holds]) - n_opted_out
    assert counts == [
        (
            len(SOUND[holds]) + len(JUDGED[holds]),
            n_sound + expected["loaded"],
            expected["quarantined"],
            expected["duplicate"],
            0,
            n_opted_out,
        )
    ]


def test_the_column_of_an_unreadable_month_is_named(tables: duckdb.DuckDBPyConnection) -> None:
    columns = tables.execute(
        "select distinct column_name from fct_quarantined_rows"
        " where la_code = ? and table_name = 'financial_returns' and reason_code = ?",
        [LA_CODE, "unreadable_date"],
    ).fetchall()
    assert columns == [("month",)]


def test_no_table_of_refusals_holds_a_value(tables: duckdb.DuckDBPyConnection) -> None:
    query = "select * from {} where la_code = ?"
    text = "".join(
        tables.execute(query.format(table), [LA_CODE]).fetchdf().to_csv()
        for table in ("fct_quarantined_rows", "fct_expectation_results", "fct_load_log")
    )
    for value in ("horoscope", "Quill", "keen", "ministry", "twelve", "Smarch", "12.3.4"):
        assert value not in text


def test_amounts_are_read_however_they_are_written(warehouse: duckdb.DuckDBPyConnection) -> None:
    amounts = warehouse.execute(
        "select cost_category, amount_gbp from int_admitted_financial_lines where la_code = ?",
        [LA_CODE],
    ).fetchall()
    expected = {text.strip().lower(): amount for text, amount in AMOUNTS.items()}
    assert {text: amount for text, amount in amounts if text in expected} == expected


def test_months_are_the_first_day_however_they_are_written(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    months = warehouse.execute(
        "select distinct month_start_date from int_admitted_financial_lines where la_code = ?"
        " order by month_start_date",
        [LA_CODE],
    ).fetchall()
    assert months == [(date(2018, month, 1),) for month in range(3, 12)]


def test_a_negative_journal_is_kept(warehouse: duckdb.DuckDBPyConnection) -> None:
    journals = warehouse.execute(
        "select amount_gbp from int_admitted_financial_lines where la_code = ? and line_id = 'J1'",
        [LA_CODE],
    ).fetchall()
    assert journals == [(-250.0,)]


def test_a_newer_return_restates_an_older_one(
    tables: duckdb.DuckDBPyConnection, warehouse: duckdb.DuckDBPyConnection
) -> None:
    counts = tables.execute(
        "select n_read, n_loaded, n_duplicate, n_superseded from fct_load_log"
        " where la_code = ? and delivery = '2019-05'",
        [LA_CODE],
    ).fetchall()
    assert counts == [(4, 1, 1, 2)]
    amounts = warehouse.execute(
        "select amount_gbp from int_admitted_financial_lines where la_code = ?"
        " and line_id in ('L1', 'dropped') and cost_category = 'staff'"
        " and month_start_date <= '2018-06-01' order by month_start_date",
        [LA_CODE],
    ).fetchall()
    assert amounts == [(800.0,), (1000.0,), (1000.0,), (1000.0,)]


def test_codings_say_what_was_found(warehouse: duckdb.DuckDBPyConnection, key: bytes) -> None:
    rows = warehouse.execute(
        "select factor_id, is_present, engagement_level, coded_date from"
        " int_admitted_risk_codings where la_code = ? and case_id = ? order by factor_id",
        [LA_CODE, pseudonym(key, LA_CODE, "case", "D99")],
    ).fetchall()
    coded = date(2019, 9, 3)
    assert rows == [
        ("cin_engagement", None, "dissent", coded),
        ("cin_excluded", False, None, None),
        ("family_stress", True, None, coded),
        ("family_young_children", None, None, coded),
    ]


def test_codings_are_those_of_the_cases_and_of_nobody_who_opted_out(
    warehouse: duckdb.DuckDBPyConnection, key: bytes
) -> None:
    children = {
        child
        for (child,) in warehouse.execute(
            "select distinct codings.child_id from int_admitted_risk_codings as codings"
            " inner join std_cin_cases using (la_code, case_id, child_id) where la_code = ?",
            [LA_CODE],
        ).fetchall()
    }
    numbers = set(range(study_files.N_CASES)) - {int(OPTED_OUT[1:])} | {99}
    assert children == {pseudonym(key, LA_CODE, "child", f"K{number}") for number in numbers}


def test_answers_keep_wave_and_organisation(
    warehouse: duckdb.DuckDBPyConnection, key: bytes
) -> None:
    rows = warehouse.execute(
        "select organisation, role, score, survey_date from int_admitted_staff_survey_answers"
        " where la_code = ? and respondent_id = ? and item_number = 1 order by survey_date",
        [LA_CODE, pseudonym(key, LA_CODE, "respondent", "P1")],
    ).fetchall()
    same = ("programme", "family practitioner", 3)
    assert rows == [(*same, date(2019, 10, 14)), (*same, date(2019, 11, 21))]


def test_dates_with_two_digits_of_a_year_are_of_this_century(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    starts = warehouse.execute(
        "select distinct plan_start_date from std_cin_cases where la_code = ?", [LA_CODE]
    ).fetchall()
    assert starts == [(date(2018, 6, 1),)]


def test_a_delivery_like_this_warns_and_no_more(tables: duckdb.DuckDBPyConnection) -> None:
    failures = tables.execute(
        "select distinct suite, severity, expectation from fct_expectation_results"
        " where la_code = ? and not success and suite != 'std_cin_cases' order by all",
        [LA_CODE],
    ).fetchall()
    assert {severity for _, severity, _ in failures} == {"warning"}
    named = {(suite, expectation) for suite, _, expectation in failures}
    assert named >= {
        ("quarantine", "all reasons together"),
        ("std_financial_lines", "spending exceeds what journals take back"),
    }


def test_totals_rows_are_not_counted_against_a_delivery(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    counted = tables.execute(
        "select distinct unexpected_count from fct_expectation_results where la_code = ?"
        " and suite = 'quarantine' and expectation in ('totals_row', 'all reasons together')"
        " and file_names like '%financial_returns.csv'",
        [LA_CODE],
    ).fetchall()
    n_totals = [fate for _, fate in study_files.LINES].count("totals_row")
    assert counted == [(fates("financial_returns")["quarantined"] - n_totals,)]


# The door


@pytest.fixture
def project(tmp_path: Path) -> LandingProject:
    return LandingProject(tmp_path / "project")


def deliver(project: LandingProject, content: str, **changes: object) -> None:
    keys = {"format": "study_files", "files": [{**SURVEY, **changes}]}
    project.deliver(content, name="survey.csv", delivery_keys=keys)


def test_a_file_that_names_no_child_lands(project: LandingProject) -> None:
    deliver(project, "who,org,item,score\n7,Programme,1,3\n7,authority,1,3\n")
    (project.extracts / "alpha" / "opt_outs.csv").write_text("child_id\n7\n")
    outcome = project.land_one()
    assert (outcome.status, outcome.n_read, outcome.n_opted_out) == ("landed", 2, 0)
    rows = project.rows("study_files__staff_survey")
    assert [row["organisation"] for row in rows] == ["programme", "authority"]
    assert {row["respondent_id"] for row in rows} == {
        pseudonym(bytes.fromhex("ab" * 32), "S01", "respondent", "7")
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"holds": "staff_surveys"}, "did you mean 'staff_survey'?"),
        ({"codes": {"organisation": {"P": "programe"}}}, "did you mean 'programme'?"),
        ({"constants": {"role": "x", "survey_dat": "x"}}, "did you mean 'survey_date'?"),
        ({"columns": {**SURVEY["columns"], "child_id": "child"}}, "unknown column 'child_id'"),  # type: ignore[dict-item]
        ({"columns": {"respondent_id": "who"}}, "organisation is required"),
        ({"date_formats": ["mon-yy"]}, "unknown date format 'mon-yy'"),
    ],
)
def test_a_wrong_contract_is_refused_with_what_was_meant(
    project: LandingProject, changes: dict[str, object], message: str
) -> None:
    deliver(project, "who,org,item,score\n", **changes)
    outcome = project.land_one()
    assert outcome.reason_code == "extract_yml_invalid"
    assert message in str(outcome.reason)


def test_ids_of_different_kinds_never_meet() -> None:
    kinds = {
        column.id_kind
        for columns in FORMATS["study_files"].values()
        for column in columns
        if column.kind == "id"
    }
    people = {"child", "family", "respondent", "coder", "participant"}
    assert kinds == {"case", "school", *people}
