"""Too little data gives rows that say why there is no figure, never silence and never a figure."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from projects import Project

ESTIMATES = {
    "estimate",
    "calibrated_estimate",
    "value",
    "smd",
    "p_value",
    "p_upper",
    "ci_low",
    "ci_high",
    "cost_per_case",
    "cost_per_case_week",
    "roi_as_printed",
    "events_per_1000_days",
    "mean_score",
}
# A plain difference needs less than a standardised one, an estimate less than its calibration, the
# mean of a group less than its bands.
KEPT = {
    "fct_staff_stress_distribution": {"mean_score"},
    "fct_covariate_balance": {"p_value"},
    "fct_calibrated_estimates": {"estimate", "p_value"},
}
ASKED = "select distinct study_id, sample from study_analyses"
MATCHED = f"{ASKED} where sample not in ('unmatched', 'allocated_children')"
ARMS = "(values ('treated'), ('comparator')) as arms (arm)"
# What must have a row in each mart, for every study.
EXPECTED = {
    "fct_hidden_bias_bounds": f"""select study_id, sample, outcome from ({MATCHED})
        inner join study_outcomes using (study_id)
        where role = 'outcome' and kind in ('binary', 'length')""",
    "fct_group_outcomes": f"""select study_id, sample, outcome, arm from ({ASKED})
        inner join study_outcomes using (study_id) cross join {ARMS}""",
    "fct_covariate_balance": f"""select study_id, sample as method, covariate from ({ASKED})
        inner join study_covariates using (study_id) where in_balance""",
    "fct_closure_decomposition": f"""select study_id, sample from ({ASKED})
        inner join study_outcomes using (study_id) where outcome = 'escalated_after_closure'""",
    "fct_rereferral_exposure": f"""select study_id, sample, arm from ({ASKED})
        inner join study_outcomes using (study_id) cross join {ARMS}
        where outcome = 'rereferred_12m'""",
    "fct_counterfactual_costs": "select study_id, 'all' as age_band from studies",
    "fct_return_on_investment": "select study_id from studies",
    "fct_staff_stress": """select study_id, organisation, 'all' as role, 'all' as scale
        from studies cross join (values ('programme'), ('authority')) as o (organisation)""",
}
THIN = ("nobody", "edge_tiny", "edge_caliper_dates")


@pytest.fixture(scope="module")
def warehouse(built: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of the build, which holds what was asked beside the published tables."""
    with built.warehouse() as connection:
        yield connection


def marts_with_status(tables: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """The columns of every fct_ table that has a status and a reason for it."""
    columns: dict[str, set[str]] = {}
    for table, column in tables.execute(
        "select table_name, column_name from information_schema.columns"
        " where table_name like 'fct~_%' escape '~'"
    ).fetchall():
        columns.setdefault(table, set()).add(column)
    return {
        table: names for table, names in columns.items() if {"status", "status_reason"} <= names
    }


def test_a_row_without_a_figure_says_why(tables: duckdb.DuckDBPyConnection) -> None:
    marts = marts_with_status(tables)
    assert set(EXPECTED) <= set(marts)
    wrong = {}
    for mart, columns in marts.items():
        shown = columns & ESTIMATES - KEPT.get(mart, set())
        figures = " or ".join(["false", *(f"{name} is not null" for name in sorted(shown))])
        count = tables.execute(
            f"""select count(*) from {mart} where status is null or status = 'not_estimable'
            and (not regexp_matches(coalesce(status_reason, ''), '^[a-z_]+: .') or {figures})"""
        ).fetchone()
        assert count is not None
        wrong[mart] = count[0]
    assert {mart: count for mart, count in wrong.items() if count} == {}


@pytest.mark.parametrize("mart", EXPECTED)
def test_whatever_is_asked_for_has_a_row(mart: str, warehouse: duckdb.DuckDBPyConnection) -> None:
    asked = warehouse.execute(EXPECTED[mart])
    assert asked.description is not None
    keys = ", ".join(column[0] for column in asked.description)
    studies = {row[0] for row in asked.fetchall()}
    assert studies >= set(THIN)
    missing = warehouse.execute(f"{EXPECTED[mart]} except select {keys} from {mart}").fetchall()
    assert missing == []


@pytest.mark.parametrize("mart", EXPECTED)
def test_nothing_can_be_told_of_nobody(mart: str, tables: duckdb.DuckDBPyConnection) -> None:
    arm = " and arm = 'treated'" if "arm" in EXPECTED[mart] else ""
    told = tables.execute(
        f"select distinct status from {mart} where study_id = 'nobody'{arm}"
    ).fetchall()
    assert told == [("not_estimable",)]


def test_one_matched_case_has_no_return(tables: duckdb.DuckDBPyConnection) -> None:
    rows = tables.execute(
        "select study_id, status, split_part(status_reason, ':', 1) from fct_counterfactual_costs"
        " where study_id in ('edge_tiny', 'edge_caliper_dates') and age_band = 'all'"
        " and component = 'total' order by all"
    ).fetchall()
    assert [row[1:] for row in rows] == [("not_estimable", "too_few_cases")] * 2


def test_one_case_tells_no_difference(tables: duckdb.DuckDBPyConnection) -> None:
    shown = tables.execute(
        "select count(*), count(smd), count(variance_ratio), count(ks), count(p_value)"
        " from fct_covariate_balance where least(n_treated, n_comparator) < 2"
    ).fetchone()
    assert shown is not None
    assert shown[0] > 0
    assert set(shown[1:]) == {0}
