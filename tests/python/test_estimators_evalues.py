"""E-values against R's EValue."""

from typing import Any

import pytest

from csc_outcomes.estimators.evalues import (
    EValue,
    evalue_from_difference,
    evalue_from_hazard_ratio,
    evalue_from_odds_ratio,
    evalue_from_risk_ratio,
)
from estimator_fixtures import answers

CASES = {
    "RR_0.80_0.71_0.91": evalue_from_risk_ratio(0.80, 0.71, 0.91),
    "RR_3.9_1.8_8.7": evalue_from_risk_ratio(3.9, 1.8, 8.7),
    "HR_0.56_0.46_0.69_common": evalue_from_hazard_ratio(0.56, 0.46, 0.69),
    "OR_0.86_0.75_0.99_common": evalue_from_odds_ratio(0.86, 0.75, 0.99),
    "OLS_0.293_se.05_sd1": evalue_from_difference(0.293, 0.05, 1),
}


@pytest.mark.parametrize("name", CASES)
def test_equals_r(name: str) -> None:
    expected: dict[str, Any] = answers("evalues")[name]
    ours = CASES[name]
    limits = [ours.risk_ratio, ours.ci_low, ours.ci_high]
    assert limits == pytest.approx(expected["RR"], abs=1e-9)
    assert ours.of_estimate == pytest.approx(expected["E"][0], abs=1e-9)
    (of_interval,) = [value for value in expected["E"][1:] if value is not None]
    assert ours.of_interval == pytest.approx(of_interval, abs=1e-9)


def test_every_answer_is_compared() -> None:
    assert set(CASES) == set(answers("evalues"))


@pytest.mark.parametrize(("low", "high"), [(0.9, 3.0), (1.0, 3.0)])
def test_an_interval_with_no_effect_needs_no_cause(low: float, high: float) -> None:
    assert evalue_from_risk_ratio(2.0, low, high).of_interval == 1
    assert evalue_from_risk_ratio(0.5, 1 / high, 1 / low).of_interval == 1


def test_direction_does_not_matter_and_no_effect_needs_no_cause() -> None:
    up, down = evalue_from_risk_ratio(2.0, 1.5, 3.0), evalue_from_risk_ratio(0.5, 1 / 3, 1 / 1.5)
    assert up.of_estimate == pytest.approx(down.of_estimate)
    assert up.of_interval == pytest.approx(down.of_interval)
    assert evalue_from_risk_ratio(1.0) == EValue(1.0, None, None, 1.0, None)


@pytest.mark.parametrize(
    "limits", [(0.0,), (-1.0,), (float("nan"),), (float("inf"),), (2.0, 2.5, 3.0), (2.0, 1.0, 1.5)]
)
def test_what_is_no_ratio_is_refused(limits: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="positive, finite ratios"):
        evalue_from_risk_ratio(*limits)


def test_a_difference_needs_a_deviation() -> None:
    with pytest.raises(ValueError, match="positive deviation"):
        evalue_from_difference(0.3, 0.05, 0)
