"""Weights towards the treated and the doubly robust effect against R."""

import numpy as np
import pandas as pd
import pytest

from csc_outcomes.estimators import weighting
from csc_outcomes.estimators.analyses import Analysis, fit
from csc_outcomes.estimators.result import FloatArray, NotEstimableError
from csc_outcomes.estimators.weighting import doubly_robust, entropy_balance, odds_weights
from estimator_fixtures import MATCHING_COVARIATES, answers, outcome_frame

OUTCOMES = ["closed_no_esc", "escalated", "rereferred_12m"]


def all_eligible(outcome: str) -> pd.DataFrame:
    return outcome_frame("fact22_a", outcome).assign(weight=1.0)


def arrays(frame: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    return frame["treated"].to_numpy(float), frame[MATCHING_COVARIATES].to_numpy(float)


@pytest.mark.parametrize("estimator", ["ipw", "ebal"])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_weighted_differences_equal_r(estimator: str, outcome: str) -> None:
    expected = answers("fact22_a")[f"{estimator}_att"][outcome]
    frame = all_eligible(outcome)
    rows = {row.term: row for row in fit(frame, Analysis(estimator, MATCHING_COVARIATES))}
    assert rows["treated"].estimate == pytest.approx(expected["coef"]["treated"], abs=1e-9)
    mean = expected["coef"]["(Intercept)"]
    assert rows["comparator_mean"].estimate == pytest.approx(mean, abs=1e-9)
    clustered = expected["se_cluster_CR1_stata"]["treated"]
    assert rows["treated"].std_error == pytest.approx(clustered, abs=1e-9)
    assert rows["treated"].df == rows["treated"].n_clusters - 1

    (by_case, *_) = fit(frame, Analysis(estimator, MATCHING_COVARIATES, "hc1"))
    n = len(frame)
    hc0 = by_case.std_error * np.sqrt((n - 2) / n)
    assert hc0 == pytest.approx(expected["se_HC0"]["treated"], abs=1e-9)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_doubly_robust_effect_equals_r(outcome: str) -> None:
    expected = answers("fact22_a")["aipw_att"][outcome]
    analysis = Analysis("aipw", MATCHING_COVARIATES, "influence")
    rows = {row.term: row for row in fit(all_eligible(outcome), analysis)}
    assert rows["treated"].estimate == pytest.approx(expected["est"], abs=1e-9)
    assert rows["treated"].std_error == pytest.approx(expected["se_if"], abs=1e-9)
    assert rows["treated"].df is None
    gap = rows["treated_mean"].estimate - rows["comparator_mean"].estimate
    assert gap == pytest.approx(expected["est"], abs=1e-12)
    frame = all_eligible(outcome)
    of_treated = frame.loc[frame["treated"] == 1, "value"].mean()
    assert rows["treated_mean"].estimate == pytest.approx(of_treated, abs=1e-12)


def test_clusters_of_one_case_only_add_the_factor() -> None:
    frame = all_eligible("escalated")
    plain, robust = (
        fit(frame, Analysis("aipw", MATCHING_COVARIATES, se_type))[0].std_error
        for se_type in ("influence", "hc1")
    )
    assert robust == pytest.approx(plain * np.sqrt(len(frame) / (len(frame) - 1)))
    clustered = fit(frame, Analysis("aipw", MATCHING_COVARIATES))[0]
    assert clustered.std_error != pytest.approx(robust, rel=1e-6)
    assert clustered.n_clusters == frame["child_id"].nunique()


def test_entropy_balancing_meets_the_treated_means_exactly() -> None:
    treated, covariates = arrays(all_eligible("escalated"))
    weights = entropy_balance(treated, covariates, np.ones(len(treated)))
    comparators = np.average(covariates[treated == 0], axis=0, weights=weights[treated == 0])
    assert comparators == pytest.approx(covariates[treated == 1].mean(axis=0), abs=1e-12)
    assert weights[treated == 0].min() > 0
    assert weights[treated == 0].sum() == pytest.approx(treated.sum())
    assert (weights[treated == 1] == 1).all()


def test_balanced_weights_are_the_closest_to_the_base_ones() -> None:
    """log(weight / base) is linear in the covariates: the mark of the least divergence."""
    treated, covariates = arrays(all_eligible("escalated"))
    base = np.random.default_rng(7).uniform(0.5, 2.0, len(treated))
    weights = entropy_balance(treated, covariates, base)
    is_comparator = treated == 0
    log_ratio = np.log(weights[is_comparator] / base[is_comparator])
    design = np.column_stack([np.ones(is_comparator.sum()), covariates[is_comparator]])
    fitted = design @ np.linalg.lstsq(design, log_ratio, rcond=None)[0]
    assert fitted == pytest.approx(log_ratio, abs=1e-8)


@pytest.mark.parametrize("estimator", ["ipw", "ebal", "aipw"])
def test_a_weight_of_two_is_two_cases(estimator: str) -> None:
    frame = all_eligible("escalated")
    weight = pd.Series(np.where(np.arange(len(frame)) % 3 == 0, 2.0, 1.0))
    weighted = fit(frame.assign(weight=weight), Analysis(estimator, MATCHING_COVARIATES))[0]
    twice = frame.loc[frame.index.repeat(weight.astype(int))].reset_index(drop=True)
    repeated = fit(twice, Analysis(estimator, MATCHING_COVARIATES))[0]
    assert weighted.estimate == pytest.approx(repeated.estimate, abs=1e-9)


def test_effective_size_is_that_of_the_weights() -> None:
    frame = all_eligible("escalated")
    treated, covariates = arrays(frame)
    weights = entropy_balance(treated, covariates, np.ones(len(frame)))[treated == 0]
    ess = weights.sum() ** 2 / (weights**2).sum()
    (row, *_) = fit(frame, Analysis("ebal", MATCHING_COVARIATES))
    assert row.ess_comparator == pytest.approx(ess)
    assert ess < 2654


def simulated(seed: int = 3, n: int = 40_000) -> tuple[FloatArray, FloatArray, FloatArray]:
    """x, treatment and an outcome with effect .5, treatment and outcome both curved in x."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=n)
    chance = 1 / (1 + np.exp(1 - 0.7 * x - 0.4 * (x**2 - 1)))
    treated = (generator.uniform(size=n) < chance).astype(float)
    outcome = 0.5 * treated + x + x**2 + generator.normal(size=n)
    return x, treated, outcome


def test_doubly_robust_needs_one_right_model_and_is_lost_without() -> None:
    x, treated, outcome = simulated()
    ones = np.ones(len(x))
    curved, straight = np.column_stack([ones, x, x**2]), np.column_stack([ones, x])
    both = doubly_robust(outcome, treated, curved, ("constant", "x", "x2"), ones)
    neither = doubly_robust(outcome, treated, straight, ("constant", "x"), ones)
    assert both.value("treated") == pytest.approx(0.5, abs=4 * both.std_error("treated"))
    assert abs(neither.value("treated") - 0.5) > 0.2
    # The linear model is right, the logit is not.
    linear_only = doubly_robust(outcome - x**2, treated, straight, ("constant", "x"), ones)
    error = linear_only.std_error("treated")
    assert linear_only.value("treated") == pytest.approx(0.5, abs=4 * error)


def test_no_overlap_is_a_reason() -> None:
    frame = all_eligible("escalated").assign(age=lambda rows: rows["treated"] * 20 + 1.0)
    frame.loc[frame["treated"] == 0, "age"] = np.linspace(0, 5, int((frame["treated"] == 0).sum()))
    for estimator in ("ipw", "ebal", "aipw"):
        (row,) = fit(frame, Analysis(estimator, ["age"]))
        assert row.status == "not_estimable"
        assert row.status_reason.startswith("no_overlap: ")
    ones = np.ones(4)
    treated = np.array([1.0, 1.0, 0.0, 0.0])
    matrix = np.column_stack([ones, [9.0, 8.0, 2.0, 1.0]])
    with pytest.raises(NotEstimableError, match=r"^no_overlap: treatment is certain .* age"):
        odds_weights(treated, matrix, ("constant", "age"), ones)


def test_a_mean_on_the_edge_of_the_comparators_cannot_be_balanced() -> None:
    treated = np.array([1.0, 1.0, 0.0, 0.0, 0.0])
    covariate = np.array([[3.0], [3.0], [1.0], [2.0], [3.0]])
    with pytest.raises(NotEstimableError, match=r"^no_overlap: "):
        entropy_balance(treated, covariate, np.ones(5))


def test_a_covariate_without_spread_needs_no_tilt() -> None:
    treated = np.array([1.0, 1.0, 0.0, 0.0, 0.0])
    covariates = np.array([[2.0, 5.0], [3.0, 5.0], [1.0, 5.0], [2.0, 5.0], [4.0, 5.0]])
    weights = entropy_balance(treated, covariates, np.ones(5))
    assert weights[2:] @ covariates[2:, 0] / 2 == pytest.approx(2.5)


def test_balance_does_not_hang_on_the_unit_of_a_covariate() -> None:
    treated, covariates = arrays(all_eligible("escalated"))
    plain = entropy_balance(treated, covariates, np.ones(len(treated)))
    units = np.where(np.arange(covariates.shape[1]) % 2, 1e-13, 1e13)
    assert entropy_balance(treated, covariates * units, np.ones(len(treated))) == pytest.approx(
        plain, abs=1e-9
    )


def test_a_comparator_next_to_the_mean_of_the_treated_spoils_nothing() -> None:
    treated = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    covariate = np.array([[2.0], [3.0], [2.5 + 1e-12], [1.0], [2.0], [9.0]])
    weights = entropy_balance(treated, covariate, np.ones(6))
    assert weights[2:] @ covariate[2:, 0] / 2 == pytest.approx(2.5, abs=1e-11)


def test_weights_that_do_not_settle_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    treated, covariates = arrays(all_eligible("escalated"))
    monkeypatch.setattr(weighting, "MAX_ITERATIONS", 1)
    with pytest.raises(NotEstimableError, match=r"^not_converged: "):
        entropy_balance(treated, covariates, np.ones(len(treated)))


@pytest.mark.parametrize("estimator", ["ipw", "ebal", "aipw"])
def test_mistakes_of_configuration_are_errors(estimator: str) -> None:
    frame = all_eligible("escalated")
    with pytest.raises(ValueError, match="takes no interactions"):
        fit(frame, Analysis(estimator, ["female", "treated:female"]))
    with pytest.raises(ValueError, match="has no 'classical' errors"):
        fit(frame, Analysis(estimator, ["female"], "classical"))


def test_weeks() -> None:
    frame = all_eligible("length_days")
    days, weeks = (
        fit(frame, Analysis("aipw", MATCHING_COVARIATES, unit=unit))[0]
        for unit in ("days", "weeks")
    )
    assert weeks.estimate == pytest.approx(days.estimate / 7)
    assert weeks.std_error == pytest.approx(days.std_error / 7)
