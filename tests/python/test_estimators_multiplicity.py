"""Adjusted p-values against R's p.adjust."""

import pytest

from csc_outcomes.estimators.analyses import Analysis, fit
from csc_outcomes.estimators.multiplicity import (
    benjamini_hochberg,
    benjamini_yekutieli,
    holm,
    stars,
)
from estimator_fixtures import answers, outcome_frame

ADJUSTMENTS = {"BH": benjamini_hochberg, "BY": benjamini_yekutieli, "holm": holm}


@pytest.mark.parametrize("method", ADJUSTMENTS)
@pytest.mark.parametrize("family", ["a", "b", "c", "d"])
def test_adjustments_equal_r_and_skip_missing_members(family: str, method: str) -> None:
    expected = answers("multiplicity")[family]
    adjusted = ADJUSTMENTS[method](expected["p"])
    for ours, theirs in zip(adjusted, expected[method], strict=True):
        assert ours is None if theirs is None else ours == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("method", ADJUSTMENTS)
def test_four_primary_outcomes(method: str) -> None:
    expected = answers("fact22_a")["benjamini_hochberg"][f"p_{method}"]
    analyses = {
        "closed": ("closed_no_esc", "wls"),
        "length": ("length_days", "censored_normal"),
        "escalated": ("escalated", "wls"),
        "rereferred": ("rereferred_12m", "wls"),
    }
    p_values = [
        fit(outcome_frame("fact22_a", outcome), Analysis(estimator))[0].p_value
        for outcome, estimator in analyses.values()
    ]
    assert ADJUSTMENTS[method](p_values) == pytest.approx(
        [expected[name] for name in analyses], abs=1e-9
    )


@pytest.mark.parametrize("method", ADJUSTMENTS)
def test_a_family_without_p_values_stays_empty(method: str) -> None:
    assert ADJUSTMENTS[method]([None, float("nan")]) == [None, None]
    assert ADJUSTMENTS[method]([]) == []


@pytest.mark.parametrize(
    ("p_value", "mark"),
    [(0.0099, "**"), (0.01, "*"), (0.0499, "*"), (0.05, ""), (None, ""), (float("nan"), "")],
)
def test_stars(p_value: float | None, mark: str) -> None:
    assert stars(p_value) == mark
