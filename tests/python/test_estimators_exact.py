"""Exact intervals and Fisher's test, against the examples of R's fisher.test and binom.test."""

import numpy as np
import pandas as pd
import pytest

from csc_outcomes.estimators.analyses import Analysis, fit
from csc_outcomes.estimators.exact import exact_odds_ratio, exact_share_interval
from csc_outcomes.estimators.result import NotEstimableError
from test_estimators_thin_data import only_reason, small_frame

EXACT = {"estimator": "fisher_exact", "se_type": "exact"}


def frame_of(treated: tuple[int, int], comparator: tuple[int, int]) -> pd.DataFrame:
    """Cases from each arm's numbers with and without the event."""
    arms, values = [], []
    for arm, (with_event, without) in ((1, treated), (0, comparator)):
        arms += [arm] * (with_event + without)
        values += [1] * with_event + [0] * without
    return small_frame(arms, values)


def test_tea_tasting_and_the_twins() -> None:
    """The two examples of R's help page of fisher.test (Agresti 2002, Fisher 1970)."""
    tea = exact_odds_ratio([[3, 1], [1, 3]])
    assert tea.p_value == pytest.approx(0.4857142857, abs=1e-9)
    assert tea.odds_ratio == pytest.approx(6.408309, rel=1e-5)
    # R's root is a coarse one (0.2117329, 621.9337505); 3 or more, 3 or fewer of 4 have 2.5 %.
    ways = np.array([1, 16, 36, 16, 1])
    for limit, tail in ((tea.ci_low, slice(3, 5)), (tea.ci_high, slice(0, 4))):
        chances = ways * limit ** np.arange(5)
        assert chances[tail].sum() / chances.sum() == pytest.approx(0.025, rel=1e-6)
    twins = exact_odds_ratio([[2, 15], [10, 3]])
    assert twins.p_value == pytest.approx(0.0005367241, abs=1e-9)
    assert twins.odds_ratio == pytest.approx(0.04693661, abs=1e-7)
    assert (twins.ci_low, twins.ci_high) == pytest.approx((0.003325764, 0.363182271), rel=5e-3)


def test_row_of_an_analysis() -> None:
    (row,) = fit(frame_of((2, 15), (10, 3)), Analysis(**EXACT))
    assert (row.term, row.unit, row.se_type, row.status) == (
        "treated",
        "odds_ratio",
        "exact",
        "ok",
    )
    assert row.estimate == pytest.approx(0.04693661, abs=1e-7)
    assert row.std_error is row.df is row.n_clusters is None
    assert (row.n_treated, row.n_comparator) == (17, 13)


def test_no_treated_event_has_an_upper_limit() -> None:
    (row,) = fit(frame_of((0, 40), (3, 37)), Analysis(**EXACT))
    assert (row.estimate, row.ci_low) == (0, 0)
    assert 2 < row.ci_high < 3
    assert row.p_value == pytest.approx(0.2405063, abs=1e-6)


def test_what_has_no_odds_ratio() -> None:
    reason = only_reason(frame_of((3, 37), (0, 40)), **EXACT)
    assert reason == (
        "separation: no comparator case has the event, so the odds ratio is infinite "
        "(Fisher's exact p = 0.2405, 95 % interval from 0.420 upwards)"
    )
    reason = only_reason(frame_of((4, 0), (2, 2)), **EXACT)
    assert reason.startswith("separation: every treated case has the event")
    with pytest.raises(NotEstimableError, match=r"^no_variation: no case"):
        exact_odds_ratio([[0, 4], [0, 4]])
    with pytest.raises(NotEstimableError, match=r"^no_variation: every case"):
        exact_odds_ratio([[4, 0], [4, 0]])
    frame = frame_of((2, 3), (3, 2))
    assert only_reason(frame.assign(weight=0.5), **EXACT).startswith("weighted: ")
    assert only_reason(frame.assign(value=frame["value"] * 2), **EXACT).startswith("not_binary: ")


@pytest.mark.parametrize(
    "analysis",
    [
        Analysis("fisher_exact"),
        Analysis("fisher_exact", ["x"], "exact"),
        Analysis("wls", se_type="exact"),
        Analysis("cox", se_type="exact"),
    ],
)
def test_what_does_not_go_together(analysis: Analysis) -> None:
    with pytest.raises(ValueError, match=r"exact|covariates"):
        fit(frame_of((2, 3), (3, 2)).assign(x=1.0), analysis)


@pytest.mark.parametrize(
    ("n_events", "n", "expected"),
    [
        (682, 925, (0.7076683, 0.7654066)),  # R's binom.test (Conover 1971)
        (0, 10, (0.0, 0.3084971)),
        (10, 10, (0.6915029, 1.0)),
    ],
)
def test_exact_interval_of_a_share(n_events: int, n: int, expected: tuple[float, float]) -> None:
    assert exact_share_interval(n_events, n) == pytest.approx(expected, abs=1e-7)
    assert np.isfinite(exact_share_interval(n_events, n)).all()
