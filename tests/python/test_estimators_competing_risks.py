"""Cumulative incidence and Gray's test against R's cmprsk."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csc_outcomes.estimators.competing_risks import (
    VARIANCES,
    cumulative_incidence,
    gray_test,
    incidence_at,
    incidence_difference,
)
from csc_outcomes.estimators.result import NotEstimableError
from csc_outcomes.estimators.survival import kaplan_meier
from estimator_fixtures import answers, eligible_cases

CLOSED, PROTECTED = 1, 2
TIMES = [180, 365, 540, 730]


def first_ends() -> pd.DataFrame:
    """All eligible cases until closure, or until a child protection plan before that."""
    cases = eligible_cases("fact22_a")
    to_plan = pd.to_datetime(cases["first_cp_date"]) - pd.to_datetime(cases["cin_start_date"])
    is_protected = to_plan.dt.days < cases["length_days"]
    return cases.assign(
        days=np.where(is_protected, to_plan.dt.days, cases["length_days"]).astype(float),
        cause=np.where(is_protected, PROTECTED, cases["closed_no_esc"]),
    )


def arrays(cases: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    days, cause = cases["days"].to_numpy(), cases["cause"].to_numpy()
    return days, cause, cases["treated"].to_numpy(float), cases["weight"].to_numpy(float)


@pytest.mark.parametrize("cause", [CLOSED, PROTECTED])
@pytest.mark.parametrize("arm", [0, 1])
def test_incidence_and_variance_equal_r(arm: int, cause: int) -> None:
    expected = answers("fact22_a")["cuminc_unweighted"]
    days, causes, treated, _ = arrays(first_ends())
    used = treated == arm
    curve = cumulative_incidence(days[used], causes[used], cause, variance="delta")
    found = np.array([incidence_at(curve, day) for day in TIMES])
    assert found[:, 0] == pytest.approx(expected["est"][f"{arm} {cause}"], abs=1e-10)
    assert found[:, 1] ** 2 == pytest.approx(expected["var"][f"{arm} {cause}"], rel=1e-9)
    jackknife = cumulative_incidence(days[used], causes[used], cause)
    assert jackknife["incidence"].to_numpy() == pytest.approx(curve["incidence"].to_numpy())
    # Another estimate of the same error.
    others = np.array([incidence_at(jackknife, day)[1] for day in TIMES])
    assert others == pytest.approx(found[:, 1], rel=0.03)


@pytest.mark.parametrize("cause", [CLOSED, PROTECTED])
def test_test_of_two_arms_equals_r(cause: int) -> None:
    expected = answers("fact22_a")["cuminc_unweighted"]["tests"][cause - 1]
    days, causes, treated, _ = arrays(first_ends())
    for arm in (treated, 1 - treated):
        test = gray_test(days, causes, cause, arm)
        assert test.statistic == pytest.approx(expected["stat"], abs=1e-9)
        assert test.p_value == pytest.approx(expected["pv"], abs=1e-9)
        assert test.df == expected["df"]


def test_with_one_cause_it_is_one_less_survival() -> None:
    days, causes, treated, weights = arrays(first_ends())
    used = (treated == 0) & (weights > 0)
    groups = np.arange(used.sum()) // 2
    one = (causes[used] > 0).astype(int)
    curve = cumulative_incidence(days[used], one, 1, weights[used], groups)
    survival = kaplan_meier(days[used], one, weights[used], groups)
    assert curve["incidence"].to_numpy() == pytest.approx(1 - survival["survival"], abs=1e-12)
    assert curve["std_error"].to_numpy() == pytest.approx(survival["std_error"], abs=1e-12)
    assert curve["ci_low"].to_numpy() == pytest.approx(1 - survival["ci_high"], nan_ok=True)
    assert curve["ci_high"].to_numpy() == pytest.approx(1 - survival["ci_low"], nan_ok=True)


def sample(n: int = 60, seed: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    days = generator.integers(1, 15, n).astype(float)
    cause, weights = generator.integers(0, 3, n), generator.uniform(0.1, 2.0, n)
    return days, cause, weights, generator.integers(0, 20, n)


def test_jackknife_is_the_derivative_by_the_weights() -> None:
    days, cause, weights, groups = sample()
    step = 1e-6
    curve = cumulative_incidence(days, cause, 1, weights, groups)
    moved = np.array([
        (cumulative_incidence(days, cause, 1, weights + step * one)["incidence"]
         - cumulative_incidence(days, cause, 1, weights - step * one)["incidence"]) / (2 * step)
        for one in np.eye(len(days))
    ])  # fmt: skip
    sums = np.zeros((20, moved.shape[1]))
    np.add.at(sums, groups, weights[:, None] * moved)
    assert curve["std_error"].to_numpy() == pytest.approx(np.sqrt((sums**2).sum(axis=0)), abs=1e-7)


def test_difference_is_that_of_the_curves() -> None:
    days, causes, treated, weights = arrays(first_ends())
    used = weights > 0
    days, causes, treated, weights = days[used], causes[used], treated[used], weights[used]
    fitted = incidence_difference(days, causes, PROTECTED, treated, weights, 365)
    found = []
    for arm in (treated == 0, treated == 1):
        curve = cumulative_incidence(days[arm], causes[arm], PROTECTED, weights[arm])
        found.append(incidence_at(curve, 365))
    (low, low_error), (high, high_error) = found
    assert fitted.value("constant") == pytest.approx(low)
    assert fitted.std_error("constant") == pytest.approx(low_error)
    assert fitted.value("treated") == pytest.approx(high - low)
    assert fitted.std_error("treated") == pytest.approx(np.hypot(low_error, high_error))


def test_clusters_across_the_arms_share_their_errors() -> None:
    days, cause, weights, _ = sample()
    twice = [np.concatenate([part, part]) for part in (days, cause, weights)]
    treated, pairs = np.repeat([0.0, 1.0], 60), np.tile(np.arange(60), 2)
    fitted = incidence_difference(twice[0], twice[1], 1, treated, twice[2], 10, pairs)
    assert fitted.value("treated") == pytest.approx(0)
    assert fitted.std_error("treated") == pytest.approx(0, abs=1e-12)
    assert fitted.std_error("constant") > 0.01


def test_by_hand() -> None:
    days, cause = np.array([1.0, 2.0, 2.0, 3.0]), np.array([1, 2, 0, 1])
    curve = cumulative_incidence(days, cause, 1)
    assert curve["time_days"].tolist() == [0, 1, 2, 3]
    assert curve["incidence"].tolist() == pytest.approx([0, 1 / 4, 1 / 4, 1 / 4 + 1 / 2])
    assert curve["n_at_risk"].tolist() == [4, 4, 3, 1]
    both = cumulative_incidence(days, cause, 2)["incidence"] + curve["incidence"]
    assert both.iloc[-1] == pytest.approx(1)
    assert incidence_at(curve, 2.9)[0] == pytest.approx(1 / 4)
    assert incidence_at(curve, 0) == (0, 0)


def test_ties_are_not_moved_apart() -> None:
    """What lifelines does to daily data: the answer would hang on the draw."""
    days, cause = np.repeat([5.0, 9.0], 10), np.tile([1, 2], 10)
    assert incidence_at(cumulative_incidence(days, cause, 1), 5)[0] == pytest.approx(0.25)


small = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 2), st.integers(0, 1), st.integers(0, 4)),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(small)
def test_thin_data_give_numbers_or_a_reason(rows: list[tuple[int, int, int, int]]) -> None:
    table = np.array(rows, dtype=float).reshape(-1, 4)
    days, cause, treated = table[:, 0], table[:, 1].astype(int), table[:, 2]
    groups = np.unique(table[:, 3], return_inverse=True)[1]
    weights = 0.3 + table[:, 3]
    codes: set[str] = set()
    with np.errstate(all="raise", under="ignore"):
        for variance in VARIANCES:
            curve = cumulative_incidence(days, cause, 1, variance=variance)
            assert curve["incidence"].between(0, 1).all()
            assert np.isfinite(curve["std_error"].to_numpy(float)).all()
        weighted = cumulative_incidence(days, cause, 1, weights, groups)
        assert weighted["incidence"].is_monotonic_increasing
        for attempt in (
            lambda: gray_test(days, cause, 1, treated).statistic,
            lambda: incidence_difference(days, cause, 1, treated, weights, 3, groups).coef.sum(),
        ):
            try:
                assert np.isfinite(attempt())
            except NotEstimableError as reason:
                codes.add(str(reason).split(":")[0])
    assert codes <= {"empty_arm", "no_events", "too_few_events", "short_follow_up"}


def test_where_all_ended_in_one_way_the_share_is_1_whatever_the_rounding() -> None:
    days, cause = np.array([0.0, 0, 0, 0, 1]), np.array([0, 0, 1, 1, 1])
    last = cumulative_incidence(days, cause, 1, np.array([0.3, 1.3, 0.3, 0.3, 3.3])).iloc[-1]
    assert last["incidence"] == 1
    assert np.isnan(last["ci_high"])


def test_reasons() -> None:
    days, cause, treated = np.array([3.0, 5.0, 8.0]), np.array([1, 0, 1]), np.array([1.0, 0.0, 0.0])
    with pytest.raises(NotEstimableError, match=r"^empty_arm: "):
        gray_test(days, cause, 1, np.ones(3))
    with pytest.raises(NotEstimableError, match=r"^no_events: "):
        gray_test(days, cause, 2, treated)
    with pytest.raises(NotEstimableError, match=r"^short_follow_up: "):
        incidence_difference(days, np.array([1, 1, 0]), 1, treated, np.ones(3), 9)
    with pytest.raises(NotEstimableError, match=r"^empty_arm: "):
        incidence_difference(days, cause, 1, np.ones(3), np.ones(3), 2)


def test_mistakes_are_errors() -> None:
    days, cause, weights, _ = sample()
    with pytest.raises(ValueError, match="Unknown variance 'greenwood'"):
        cumulative_incidence(days, cause, 1, variance="greenwood")
    with pytest.raises(ValueError, match="unweighted, unclustered"):
        cumulative_incidence(days, cause, 1, weights, variance="delta")
