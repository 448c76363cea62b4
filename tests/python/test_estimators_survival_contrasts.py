"""Restricted means and the log-rank test, against R, by hand and by derivative."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csc_outcomes.estimators.analyses import Analysis, fit
from csc_outcomes.estimators.result import FloatArray, IntArray, NotEstimableError
from csc_outcomes.estimators.survival import kaplan_meier
from csc_outcomes.estimators.survival_contrasts import (
    log_rank_test,
    longest_horizon,
    restricted_mean_difference,
)
from estimator_fixtures import answers, outcome_frame
from test_estimators_survival import survival_cases

Arrays = tuple[FloatArray, IntArray, FloatArray, FloatArray]


def arrays(dataset: str) -> Arrays:
    cases = survival_cases(dataset)
    return (
        cases["days"].to_numpy(float),
        cases["event"].to_numpy(),
        cases["treated"].to_numpy(float),
        cases["weight"].to_numpy(float),
    )


def test_restricted_means_equal_r() -> None:
    expected = answers("fact22_a")["km"]["rmst500"]
    rows = {
        row.term: row
        for row in fit(outcome_frame("fact22_a", "length_days"), Analysis("rmst", horizon_days=500))
    }
    assert rows["comparator_mean"].estimate * 7 == pytest.approx(expected["treated=0"], abs=1e-10)
    assert rows["treated_mean"].estimate * 7 == pytest.approx(expected["treated=1"], abs=1e-10)
    gap = expected["treated=1"] - expected["treated=0"]
    assert rows["treated"].estimate * 7 == pytest.approx(gap, abs=1e-10)
    assert rows["treated"].unit == "weeks"
    assert rows["treated"].df is None
    assert rows["treated"].status_reason == "horizon: 500 days"


@pytest.mark.parametrize("horizon", [120.0, 250.0])
def test_error_is_greenwoods_for_unit_weights(horizon: float) -> None:
    days, event, treated, weights = arrays("crewe_a")
    fitted = restricted_mean_difference(days, event, treated, weights, horizon)
    variances = []
    for arm in (0, 1):
        curve = kaplan_meier(days[treated == arm], event[treated == arm], weights[treated == arm])
        edges = np.append(curve["time_days"], horizon).clip(max=horizon)
        steps = curve["survival"].to_numpy() * np.diff(edges)
        area = np.cumsum(steps[::-1])[::-1]
        at_risk, events = curve["n_at_risk"].to_numpy(), curve["n_event"].to_numpy()
        with np.errstate(invalid="ignore", divide="ignore"):
            parts = np.where(area > 0, area**2 * events / (at_risk * (at_risk - events)), 0)
        variances.append(parts.sum())
    assert fitted.std_error("constant") == pytest.approx(np.sqrt(variances[0]), rel=1e-12)
    assert fitted.std_error("treated") == pytest.approx(np.sqrt(sum(variances)), rel=1e-12)


def test_weighted_error_is_the_derivative_by_the_weights() -> None:
    generator = np.random.default_rng(2)
    days = generator.integers(1, 20, 50).astype(float)
    event, treated = generator.integers(0, 2, 50), generator.integers(0, 2, 50).astype(float)
    weights, groups = generator.uniform(0.2, 2, 50), generator.integers(0, 18, 50)
    days[:2], treated[:2] = 30, (0, 1)

    def difference(moved: FloatArray) -> float:
        return restricted_mean_difference(days, event, treated, moved, 16).value("treated")

    slope = np.array([
        (difference(weights + 1e-6 * one) - difference(weights - 1e-6 * one)) / 2e-6
        for one in np.eye(50)
    ])  # fmt: skip
    fitted = restricted_mean_difference(days, event, treated, weights, 16, groups)
    by_group = np.bincount(groups, weights * slope)
    assert fitted.std_error("treated") == pytest.approx(np.sqrt(by_group @ by_group), rel=1e-6)


def test_without_a_horizon_both_arms_set_it() -> None:
    frame = outcome_frame("fact22_a", "length_days")
    (treated, *_) = fit(frame, Analysis("rmst"))
    # The last treated case ended, the last comparator is still open.
    comparators = frame[(frame["weight"] > 0) & (frame["treated"] == 0)]
    assert treated.status_reason == f"horizon: {comparators['value'].max():g} days"


def test_an_arm_in_which_all_ended_sets_no_limit() -> None:
    days, treated = np.array([2.0, 5.0, 4.0, 9.0]), np.array([1.0, 1.0, 0.0, 0.0])
    assert longest_horizon(days, np.array([1, 1, 1, 0]), treated) == 9
    assert longest_horizon(days, np.array([1, 0, 1, 1]), treated) == 5
    assert longest_horizon(days, np.array([1, 1, 1, 1]), treated) == 9
    fitted = restricted_mean_difference(days, np.array([1, 1, 1, 1]), treated, np.ones(4), 50)
    assert fitted.coef == pytest.approx([6.5, -3.0])


def test_a_horizon_beyond_what_was_watched_is_a_reason() -> None:
    """R carries the last level on, which makes 297.4 of the trial's comparators up to day 500."""
    trial = survival_cases("crewe_a").assign(
        value=lambda rows: rows["days"], is_censored=lambda rows: rows["event"] == 0
    )
    (row,) = fit(trial, Analysis("rmst", horizon_days=500))
    assert row.status_reason == "short_follow_up: an arm is not watched up to the horizon"


def test_mistakes_are_errors() -> None:
    frame = outcome_frame("fact22_a", "length_days")
    with pytest.raises(ValueError, match="neither covariates nor entry_days"):
        fit(frame, Analysis("rmst", ["female"]))
    with pytest.raises(ValueError, match="neither covariates nor entry_days"):
        fit(frame.assign(entry_days=0.0), Analysis("rmst"))
    with pytest.raises(ValueError, match="needs horizon_days for the bootstrap"):
        fit(frame, Analysis("rmst", se_type="bootstrap_child"))
    with pytest.raises(ValueError, match="positive number of days"):
        fit(frame, Analysis("rmst", horizon_days=-3))


def test_log_rank_equals_r() -> None:
    expected = answers("crewe_a")["logrank"]
    days, event, treated, _ = arrays("crewe_a")
    test = log_rank_test(days, event, treated)
    assert test.statistic == pytest.approx(expected["chisq"], abs=1e-9)
    assert test.p_value == pytest.approx(expected["p"], abs=1e-9)
    assert (test.df, test.method) == (1, "counts")


def test_without_weights_lifelines_says_the_same() -> None:
    from lifelines.statistics import logrank_test

    days, event, treated, _ = arrays("fact22_a")
    one, other = treated == 1, treated == 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = logrank_test(days[one], days[other], event[one], event[other])
    assert log_rank_test(days, event, treated).statistic == pytest.approx(theirs.test_statistic)


def test_weights_have_no_scale() -> None:
    """Taken for counts, ten times the weights would be ten times the evidence."""
    days, event, treated, weights = arrays("fact22_a")
    one, ten = (log_rank_test(days, event, treated, scale * weights) for scale in (1, 10))
    assert one.statistic == pytest.approx(ten.statistic)
    assert one.method == "robust"
    counted = log_rank_test(days, event, treated)
    robust = log_rank_test(days, event, treated, np.ones(len(days)))
    assert robust.statistic == pytest.approx(counted.statistic, rel=0.1)


def test_clustered_test_agrees_with_the_hazard_ratio() -> None:
    """Wald and score tests of the same effect, weights and clusters."""
    frame = outcome_frame("fact22_a", "length_days")
    (cox,) = fit(frame, Analysis("cox"))
    days, event, treated, weights = arrays("fact22_a")
    groups = survival_cases("fact22_a")["child_id"].factorize()[0]
    test = log_rank_test(days, event, treated, weights, groups)
    assert test.statistic == pytest.approx((cox.estimate / cox.std_error) ** 2, rel=0.25)


def test_weights_of_two_are_twins_in_one_cluster() -> None:
    days, event, treated, _ = arrays("crewe_a")
    twice = log_rank_test(days, event, treated, np.full(len(days), 2.0))
    clusters = np.tile(np.arange(len(days)), 2)
    twins = log_rank_test(np.tile(days, 2), np.tile(event, 2), np.tile(treated, 2), None, clusters)
    assert twice.statistic == pytest.approx(twins.statistic)
    assert twice.statistic == pytest.approx(
        log_rank_test(days, event, treated, np.ones(len(days))).statistic
    )


rows = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 1), st.integers(0, 1), st.integers(0, 4)),
    max_size=10,
)


@settings(max_examples=200, deadline=None)
@given(rows, st.booleans())
def test_thin_data_give_a_test_or_a_reason(table: list[tuple], is_weighted: bool) -> None:
    values = np.array(table, dtype=float).reshape(-1, 4)
    days, event, treated = values[:, 0], values[:, 1].astype(int), values[:, 2]
    groups = np.unique(values[:, 3], return_inverse=True)[1]
    weights = values[:, 3] + 0.5
    extra = (weights, groups) if is_weighted else (None, None)
    codes: set[str] = set()
    try:
        test = log_rank_test(days, event, treated, *extra)
        assert 0 <= test.p_value <= 1
    except NotEstimableError as reason:
        codes.add(str(reason).split(":")[0])
    try:
        fitted = restricted_mean_difference(days, event, treated, weights, 4.0, groups)
        assert np.isfinite(fitted.coef).all()
        assert np.isfinite(fitted.covariance).all()
    except NotEstimableError as reason:
        codes.add(str(reason).split(":")[0])
    assert codes <= {"empty_arm", "no_events", "too_few_events", "short_follow_up"}


def test_events_only_when_one_arm_is_watched_are_a_reason() -> None:
    days, event = np.array([1.0, 2.0, 8.0, 9.0]), np.array([0, 0, 1, 1])
    treated = np.array([1.0, 1.0, 0.0, 0.0])
    for extra in ((), (np.ones(4),)):
        with pytest.raises(NotEstimableError, match=r"^too_few_events: "):
            log_rank_test(days, event, treated, *extra)
    with pytest.raises(NotEstimableError, match=r"^no_events: "):
        log_rank_test(days, np.zeros(4, dtype=int), treated)
    with pytest.raises(NotEstimableError, match=r"^empty_arm: "):
        log_rank_test(days, event, np.ones(4))


def test_frames_are_left_as_they_are() -> None:
    frame = outcome_frame("fact22_a", "length_days")
    before = frame.copy()
    fit(frame, Analysis("rmst", horizon_days=500))
    pd.testing.assert_frame_equal(frame, before)
