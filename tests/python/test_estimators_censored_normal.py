"""Censored normal lengths against R's survreg with weighted-score sandwich."""

import numpy as np
import pytest

from csc_outcomes.estimators.analyses import Analysis, fit
from csc_outcomes.estimators.censored_normal import (
    _derivatives,
    expected_beyond,
    fit_censored_normal,
)
from csc_outcomes.estimators.result import NotEstimableError
from estimator_fixtures import MATCHING_COVARIATES, answers, eligible_cases, outcome_frame

MODELS = {
    ("fact22_a", "length_censored_normal_weeks"): [],
    ("fact22_a", "length_censored_normal_weeks_cov"): MATCHING_COVARIATES,
    ("edge_ties", "length_censored_normal_weeks"): [],
    ("edge_tiny", "length_censored_normal_weeks"): [],
    ("edge_age_bins", "length_censored_normal_weeks"): [],
    ("edge_caliper_dates", "length_censored_normal_weeks"): [],
}


def arrays(dataset: str, covariates: list[str], per_week: float = 7.0) -> dict[str, np.ndarray]:
    cases = eligible_cases(dataset)
    cases = cases[cases["weight"] > 0]
    columns = [np.ones(len(cases)), cases["treated"], *(cases[name] for name in covariates)]
    return {
        "length": cases["length_days"].to_numpy(float) / per_week,
        "is_censored": 1 - cases["closed_no_esc"].to_numpy(),
        "design": np.column_stack(columns),
        "weights": cases["weight"].to_numpy(float),
        "groups": cases["child_id"].factorize()[0],
    }


@pytest.mark.parametrize(("dataset", "key"), MODELS)
def test_equals_r(dataset: str, key: str) -> None:
    expected = answers(dataset)[key]
    covariates = MODELS[dataset, key]
    names = ("(Intercept)", "treated", *covariates)
    fitted = fit_censored_normal(names=names, **arrays(dataset, covariates))
    for name in names:
        error = expected["se_cluster_stata"][name]
        assert fitted.coefficients.value(name) == pytest.approx(expected["coef"][name], abs=1e-6)
        assert fitted.coefficients.std_error(name) == pytest.approx(error, abs=1e-6)
    assert fitted.sigma == pytest.approx(expected["scale"], abs=1e-6)
    log_error = expected["se_cluster_stata"]["Log(scale)"]
    assert fitted.log_sigma_std_error == pytest.approx(log_error, abs=1e-6)
    assert fitted.log_likelihood == pytest.approx(expected["loglik"], abs=1e-6)


def test_model_based_errors_equal_r() -> None:
    expected = answers("fact22_a")["length_censored_normal_weeks"]
    data = arrays("fact22_a", []) | {"groups": None}
    fitted = fit_censored_normal(names=("(Intercept)", "treated"), **data)
    assert fitted.coefficients.std_error("treated") == pytest.approx(
        expected["se_naive"]["treated"], abs=1e-6
    )


def test_days_give_seven_times_the_weeks() -> None:
    names = ("(Intercept)", "treated")
    in_weeks = fit_censored_normal(names=names, **arrays("fact22_a", []))
    in_days = fit_censored_normal(names=names, **arrays("fact22_a", [], per_week=1.0))
    assert in_days.coefficients.coef == pytest.approx(7 * in_weeks.coefficients.coef, rel=1e-9)


def test_estimates_are_in_weeks_with_normal_inference() -> None:
    expected = answers("fact22_a")["length_censored_normal_weeks"]
    rows = fit(outcome_frame("fact22_a", "length_days"), Analysis("censored_normal"))
    terms = {row.term: row for row in rows}
    treated = terms["treated"]
    assert treated.unit == "weeks"
    assert treated.df is None
    assert treated.p_value == pytest.approx(expected["p_cluster_stata_z"]["treated"], abs=1e-6)
    latent_mean = terms["comparator_mean"].estimate
    assert latent_mean == pytest.approx(expected["coef"]["(Intercept)"], abs=1e-6)


def test_gradient_and_hessian_match_differences() -> None:
    data = arrays("fact22_a", MATCHING_COVARIATES)
    inputs = (data["length"], data["is_censored"] == 1, data["design"], data["weights"])
    point = np.append(np.linspace(0.5, 2.0, 9), 3.0)
    at = _derivatives(point, *inputs)
    for position in range(len(point)):
        nudge = np.zeros(len(point))
        nudge[position] = 1e-6
        up, down = _derivatives(point + nudge, *inputs), _derivatives(point - nudge, *inputs)
        slope = (up.log_likelihood - down.log_likelihood) / 2e-6
        curvature = (up.scores.sum(axis=0) - down.scores.sum(axis=0)) / 2e-6
        assert at.scores.sum(axis=0)[position] == pytest.approx(slope, rel=1e-5)
        assert at.hessian[position] == pytest.approx(curvature, rel=1e-5, abs=1e-5)


def test_expected_length_beyond_the_censor_point() -> None:
    draws = np.random.default_rng(1).normal(60, 30, 1_000_000)
    beyond = expected_beyond(np.array([60.0]), 30.0, np.array([80.0]))[0]
    assert beyond == pytest.approx(draws[draws > 80].mean(), abs=0.1)
    # Far in the tail the expectation stays just beyond the point.
    assert 600 < expected_beyond(np.array([60.0]), 30.0, np.array([600.0]))[0] < 602


@pytest.mark.parametrize(
    ("length", "is_censored", "code"),
    [
        ([3.0, 4.0, 5.0, 6.0], [1, 1, 1, 1], "all_censored"),
        ([3.0, 4.0, 5.0, 6.0], [0, 0, 1, 1], "separation"),
        ([3.0, 3.0, 5.0, 5.0], [0, 0, 0, 0], "no_variation"),
        ([3.0, 3.0, 3.0, 3.0], [0, 0, 0, 0], "no_variation"),
    ],
)
def test_lengths_that_carry_no_estimate(
    length: list[float], is_censored: list[int], code: str
) -> None:
    design = np.column_stack([np.ones(4), [0.0, 0.0, 1.0, 1.0]])
    with pytest.raises(NotEstimableError, match=f"^{code}: "):
        fit_censored_normal(
            np.array(length), np.array(is_censored), design, ("constant", "treated"), np.ones(4)
        )
