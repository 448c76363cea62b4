"""Least squares against R's lm with sandwich."""

import numpy as np
import pandas as pd
import pytest

from csc_outcomes.estimators.analyses import Analysis, fit
from csc_outcomes.estimators.design import build_design
from csc_outcomes.estimators.linear import fit_wls
from estimator_fixtures import MATCHING_COVARIATES, ORACLE, answers, outcome_frame

OUTCOMES = [
    "closed_no_esc",
    "closed_recorded",
    "escalated",
    "esc_cp",
    "esc_lac",
    "rereferred_12m",
    "rereferred_any",
]
MODELS = {"ols": [], "ols_cov": MATCHING_COVARIATES}
STANDARD_ERRORS = {
    "classical": "se_classical",
    "hc1": "se_HC1",
    "cluster_child": "se_cluster_CR1_stata",
}


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("se_type", STANDARD_ERRORS)
def test_coefficients_and_errors_equal_r(outcome: str, model: str, se_type: str) -> None:
    expected = answers("fact22_a")["outcomes"][outcome][model]
    design = build_design(outcome_frame("fact22_a", outcome), MODELS[model], se_type)
    fitted = fit_wls(
        design.outcome,
        design.matrix,
        design.names,
        design.weights,
        "cluster" if se_type == "cluster_child" else se_type,
        design.groups if se_type == "cluster_child" else None,
    )
    assert len(design.outcome) == expected["n"]
    for name in design.names:
        theirs = "(Intercept)" if name == "constant" else name
        assert fitted.value(name) == pytest.approx(expected["coef"][theirs], abs=1e-9)
        error = expected[STANDARD_ERRORS[se_type]][theirs]
        assert fitted.std_error(name) == pytest.approx(error, abs=1e-9)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("model", MODELS)
def test_clustered_inference_uses_t_with_clusters_less_one(outcome: str, model: str) -> None:
    expected = answers("fact22_a")["outcomes"][outcome][model]
    treated = fit(outcome_frame("fact22_a", outcome), Analysis("wls", MODELS[model]))[0]
    assert treated.n_clusters == expected["clusters"]
    assert treated.df == expected["clusters"] - 1
    assert treated.p_value == pytest.approx(expected["p_cluster_CR1_tG1"]["treated"], abs=1e-9)
    assert treated.ci_low == pytest.approx(expected["ci95_cluster_CR1_tG1_lo"]["treated"], abs=1e-9)
    assert treated.ci_high == pytest.approx(
        expected["ci95_cluster_CR1_tG1_hi"]["treated"], abs=1e-9
    )
    assert treated.ess_comparator == pytest.approx(297.519564196502, abs=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_hc1_tests_against_t_with_n_less_k(model: str) -> None:
    expected = answers("fact22_a")["outcomes"]["escalated"][model]
    analysis = Analysis("wls", MODELS[model], se_type="hc1")
    treated = fit(outcome_frame("fact22_a", "escalated"), analysis)[0]
    assert treated.df == expected["n"] - expected["k"]
    assert treated.p_value == pytest.approx(expected["p_HC1_tdf"]["treated"], abs=1e-9)
    assert treated.n_clusters is None


def test_comparator_mean_is_the_weighted_mean_of_the_comparators() -> None:
    expected = answers("fact22_a")["outcomes"]["closed_no_esc"]
    rows = fit(outcome_frame("fact22_a", "closed_no_esc"), Analysis("wls"))
    means = {row.term: row for row in rows}
    assert means["comparator_mean"].estimate == pytest.approx(expected["mean_comp"], abs=1e-9)
    assert means["treated_mean"].estimate == pytest.approx(expected["mean_treated"], abs=1e-9)
    assert means["comparator_mean"].p_value is None


def trial_frame(outcome: str = "closed") -> pd.DataFrame:
    trial = pd.read_csv(ORACLE / "crewe_a.csv")
    return trial.assign(case_id=trial["child_id"], weight=1.0, value=trial[outcome])


@pytest.mark.parametrize(
    ("model", "covariates"),
    [
        ("ols", ["female", "age", "disability", "history"]),
        ("ols_interaction", ["history", "treated:history", "female", "age", "disability"]),
    ],
)
@pytest.mark.parametrize(
    ("se_type", "theirs", "p"),
    [
        ("hc1", "se_HC1", "p_HC1_tdf"),
        ("cluster_family", "se_cluster_CR1_stata", "p_cluster_CR1_tG1"),
    ],
)
def test_trial_by_case_and_by_family(
    model: str, covariates: list[str], se_type: str, theirs: str, p: str
) -> None:
    expected = answers("crewe_a")["closed"][model]
    rows = {row.term: row for row in fit(trial_frame(), Analysis("wls", covariates, se_type))}
    for term, name in (("treated", "treated"), ("treated:history", "treated_history")):
        if name in expected["coef"]:
            assert rows[term].estimate == pytest.approx(expected["coef"][name], abs=1e-9)
            assert rows[term].std_error == pytest.approx(expected[theirs][name], abs=1e-9)
            assert rows[term].p_value == pytest.approx(expected[p][name], abs=1e-9)


def test_adjusted_means_are_predicted_at_covariate_means() -> None:
    expected = answers("crewe_a")["reweighted_means"]
    covariates = ["female", "age", "disability", "history"]
    rows = {row.term: row for row in fit(trial_frame(), Analysis("wls", covariates, "hc1"))}
    for term, arm in (("comparator_mean", "control"), ("treated_mean", "treated")):
        assert rows[term].estimate == pytest.approx(expected[arm]["mean"], abs=1e-9)
        assert rows[term].std_error == pytest.approx(expected[arm]["se_HC1"], abs=1e-9)
        assert rows[term].ci_low == pytest.approx(expected[arm]["lo"], abs=1e-9)
        assert rows[term].ci_high == pytest.approx(expected[arm]["hi"], abs=1e-9)


def test_unknown_outcomes_are_left_out() -> None:
    expected = answers("crewe_a")["absence"]["all"]["history"]
    treated = fit(trial_frame("absence_days"), Analysis("wls", ["history"], "hc1", unit="days"))[0]
    assert treated.n_treated + treated.n_comparator == expected["n"]
    assert treated.estimate == pytest.approx(expected["coef"]["treated"], abs=1e-9)
    assert treated.unit == "days"


def test_text_covariates_become_indicators() -> None:
    trial = trial_frame().assign(age_year=lambda frame: "age " + frame["age"].astype(str))
    by_text = fit(trial, Analysis("wls", ["age_year"], "hc1"))[0]
    indicators = pd.get_dummies(trial["age"], prefix="is_age", drop_first=True, dtype=float)
    by_hand = fit(trial.join(indicators), Analysis("wls", list(indicators), "hc1"))[0]
    assert by_text.estimate == pytest.approx(by_hand.estimate, abs=1e-9)
    assert by_text.std_error == pytest.approx(by_hand.std_error, abs=1e-9)


def test_unknown_covariance_is_refused() -> None:
    constant = np.ones((3, 1))
    with pytest.raises(ValueError, match="Unknown covariance"):
        fit_wls(np.arange(3.0), constant, ("constant",), np.ones(3), "bootstrap")
    with pytest.raises(ValueError, match="need the cluster"):
        fit_wls(np.arange(3.0), constant, ("constant",), np.ones(3), "cluster")
