"""A covariate, an outcome or an analysis more is one row in a seed, no SQL and no Python."""

from __future__ import annotations

import duckdb

from authorities import OWN_ANALYSIS, OWN_COVARIATE, OWN_OUTCOME

STUDY = "rows_of_its_own"


def test_one_more_covariate(tables: duckdb.DuckDBPyConnection) -> None:
    rows = tables.execute(
        "select covariate, mean_treated from fct_covariate_balance"
        " where study_id = ? and method = 'cem_caliper'",
        [STUDY],
    ).fetchall()
    means = dict(rows)
    assert len(means) == 8
    assert means[OWN_COVARIATE["covariate"]] == means["n_siblings_under_18"]


def test_one_more_outcome(tables: duckdb.DuckDBPyConnection) -> None:
    rows = tables.execute(
        "select outcome, count(*) from fct_group_outcomes"
        " where study_id = ? and sample = 'cem_caliper' group by all order by all",
        [STUDY],
    ).fetchall()
    assert rows == [("escalated", 2), (OWN_OUTCOME["outcome"], 2)]


def test_one_more_analysis(tables: duckdb.DuckDBPyConnection) -> None:
    rows = tables.execute(
        "select analysis_id, outcome, estimator, status, plan_status from fct_effect_estimates"
        " where study_id = ? and term = 'treated' order by analysis_id",
        [STUDY],
    ).fetchall()
    asked = OWN_ANALYSIS["analysis_id"], OWN_ANALYSIS["outcome"], OWN_ANALYSIS["estimator"]
    assert rows == [
        (*asked, "ok", "no_plan"),
        ("escalation_main", "escalated", "wls", "ok", "no_plan"),
    ]
