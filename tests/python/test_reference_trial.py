"""A trial, extract in and marts out: every figure that R computed for the reference table of a
family-randomised trial comes back from the published build."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest

from references import FIXTURES, TRIAL, trial_rows

LINEAR = 1e-9
COX = 1e-6
CLUSTERED_COX = 2e-3  # relative
# Our analysis, the answer's model and the suffixes of its standard errors and p-values.
MODELS = {
    "closure_main": ("ols", "se_HC1", "p_HC1_tdf"),
    "closure_family_clusters": ("ols", "se_cluster_CR1_stata", "p_cluster_CR1_tG1"),
    "closure_history": ("ols_interaction", "se_HC1", "p_HC1_tdf"),
    "closure_history_family_clusters": (
        "ols_interaction",
        "se_cluster_CR1_stata",
        "p_cluster_CR1_tG1",
    ),
}
TERMS = {"treated": "treated", "treated:history": "treated_history"}


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FIXTURES / f"{TRIAL}.json").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def estimates(tables: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dict[str, Any]]:
    """The trial's rows of fct_effect_estimates by analysis and term."""
    rows = tables.execute(
        "select * from fct_effect_estimates where study_id = ?", [TRIAL]
    ).fetchdf()
    return {(row["analysis_id"], row["term"]): row for row in rows.to_dict("records")}


@pytest.mark.parametrize("analysis", MODELS)
def test_closure_by_least_squares(
    analysis: str, answers: dict[str, Any], estimates: dict[tuple[str, str], dict[str, Any]]
) -> None:
    model, error, p_value = MODELS[analysis]
    expected = answers["closed"][model]
    terms = [term for term in TERMS if TERMS[term] in expected["coef"]]
    assert ("treated:history" in terms) == (model == "ols_interaction")
    for term in terms:
        got, name = estimates[analysis, term], TERMS[term]
        assert got["estimate"] == pytest.approx(expected["coef"][name], abs=LINEAR)
        assert got["std_error"] == pytest.approx(expected[error][name], abs=LINEAR)
        assert got["p_value"] == pytest.approx(expected[p_value][name], abs=LINEAR)


@pytest.mark.parametrize(
    ("analysis", "model"), [("closure_cr2", "ols"), ("closure_history_cr2", "ols_interaction")]
)
def test_closure_with_errors_for_few_families(
    analysis: str,
    model: str,
    answers: dict[str, Any],
    estimates: dict[tuple[str, str], dict[str, Any]],
) -> None:
    expected = answers["closed"][model]["CR2_clubSandwich"]
    for term in (term for term in TERMS if TERMS[term] in expected["se"]):
        got = estimates[analysis, term]
        assert got["std_error"] == pytest.approx(expected["se"][TERMS[term]], abs=LINEAR)
        assert got["df"] == pytest.approx(expected["df"][TERMS[term]], rel=1e-7)
        assert got["p_value"] == pytest.approx(expected["p"][TERMS[term]], abs=1e-8)


def test_interaction_and_total_are_one_model(
    answers: dict[str, Any], estimates: dict[tuple[str, str], dict[str, Any]]
) -> None:
    coefficients = answers["closed"]["ols_interaction"]["coef"]
    total = estimates["closure_history", "treated_if_history"]["estimate"]
    assert total == pytest.approx(
        coefficients["treated"] + coefficients["treated_history"], abs=LINEAR
    )


def test_reweighted_means(
    answers: dict[str, Any], estimates: dict[tuple[str, str], dict[str, Any]]
) -> None:
    for arm, term in (("control", "comparator_mean"), ("treated", "treated_mean")):
        expected, got = answers["reweighted_means"][arm], estimates["closure_main", term]
        assert got["estimate"] == pytest.approx(expected["mean"], abs=LINEAR)
        assert got["std_error"] == pytest.approx(expected["se_HC1"], abs=LINEAR)


def test_logit(answers: dict[str, Any], estimates: dict[tuple[str, str], dict[str, Any]]) -> None:
    expected = answers["closed"]["logit"]
    got = estimates["closure_logit", "treated"]
    assert got["estimate"] == pytest.approx(expected["coef"]["treated"], abs=LINEAR)
    error = expected["se_cluster_stata_G_over_Gm1"]["treated"]
    assert got["std_error"] == pytest.approx(error, abs=LINEAR)
    effect = estimates["closure_logit_ame", "treated"]
    assert effect["estimate"] == pytest.approx(expected["ame_all"], abs=LINEAR)


def test_time_to_closure(
    answers: dict[str, Any], estimates: dict[tuple[str, str], dict[str, Any]]
) -> None:
    clustered = answers["cox_cluster"]["efron"]
    got = estimates["time_to_closure_family_clusters", "treated"]
    assert got["estimate"] == pytest.approx(clustered["coef"]["treated"], abs=COX)
    assert got["std_error"] == pytest.approx(clustered["se"]["treated"], rel=CLUSTERED_COX)


def test_tests_of_proportional_hazards(
    answers: dict[str, Any], tables: duckdb.DuckDBPyConnection
) -> None:
    rows = tables.execute(
        """
        select transform, term, statistic from fct_proportional_hazards
        where study_id = ? and analysis_id = 'time_to_closure'
        """,
        [TRIAL],
    ).fetchall()
    got = {(transform, term): statistic for transform, term, statistic in rows}
    for transform, terms in answers["cox"]["efron"]["zph"].items():
        for row in terms:
            term = {"GLOBAL": "all"}.get(row["term"], row["term"])
            assert got[transform, term] == pytest.approx(row["chisq"], rel=1e-5)


def test_survival_curves(answers: dict[str, Any], tables: duckdb.DuckDBPyConnection) -> None:
    where = "study_id = ? and sample = 'unmatched' and clock = 'recoded_referral'"
    rows = tables.execute(
        f"select arm, time_days, survival from fct_survival_curves where {where}", [TRIAL]
    ).fetchall()
    got = {(arm, days): survival for arm, days, survival in rows}
    names = {"treated=0": "comparator", "treated=1": "treated"}
    for step in answers["km"]["full"]:
        arm = names[step["strata"]]
        assert got[arm, step["time"]] == pytest.approx(step["surv"], abs=1e-10)
    (statistic,) = tables.execute(
        f"select statistic from fct_survival_tests where {where} and test = 'log_rank'", [TRIAL]
    ).fetchone() or (None,)
    assert statistic == pytest.approx(answers["logrank"]["chisq"], rel=1e-9)
    medians = tables.execute(
        f"select arm, median_days from fct_survival_summaries where {where}", [TRIAL]
    ).fetchall()
    expected = {names[arm]: days for arm, days in answers["km"]["median"].items()}
    assert dict(medians) == expected


def test_every_child_of_the_table_is_in_the_trial(tables: duckdb.DuckDBPyConnection) -> None:
    rows = tables.execute(
        "select step, arm, n_families, n_children from fct_trial_flow where study_id = ?", [TRIAL]
    ).fetchall()
    flow = {(step, arm): (families, children) for step, arm, families, children in rows}
    table = trial_rows()
    assert flow["recommended", "all"] == (132, 305)
    for arm, value in (("treated", "1"), ("comparator", "0")):
        own = [row for row in table if row["treated"] == value]
        expected = (len({row["family_id"] for row in own}), len(own))
        assert flow["analysed", arm] == expected
