"""The score test of proportional hazards against R's cox.zph."""

import numpy as np
import pytest

from csc_outcomes.estimators.proportional_hazards import (
    TRANSFORMS,
    proportional_hazards_test,
)
from csc_outcomes.estimators.result import NotEstimableError
from csc_outcomes.estimators.survival import fit_cox
from estimator_fixtures import MATCHING_COVARIATES, answers
from test_estimators_survival import survival_cases


def arrays(dataset: str, covariates: list[str]):
    cases = survival_cases(dataset)
    return (
        cases["days"].to_numpy(float),
        cases["event"].to_numpy(),
        cases[covariates].to_numpy(float),
        cases["weight"].to_numpy(float),
    )


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize(
    ("dataset", "key", "covariates"),
    [
        ("fact22_a", "cox", ["treated"]),
        ("fact22_a", "cox_cov", ["treated", *MATCHING_COVARIATES]),
        ("crewe_a", "cox", ["treated", "history"]),
        ("edge_tiny", "cox", ["treated"]),
        ("edge_age_bins", "cox", ["treated"]),
        ("edge_caliper_dates", "cox", ["treated"]),
    ],
)
def test_equals_r(dataset: str, key: str, covariates: list[str], transform: str) -> None:
    expected = answers(dataset)[key]["efron"]["zph"][transform]
    if isinstance(expected, list):
        expected = next(row for row in expected if row["term"] == "GLOBAL")
    days, has_event, values, weights = arrays(dataset, covariates)
    fitted = fit_cox(days, has_event, values, tuple(covariates), weights)
    test = proportional_hazards_test(days, has_event, values, weights, fitted.coef, transform)
    assert test.df == expected["df"]
    assert test.statistic == pytest.approx(expected["chisq"], rel=1e-5)
    assert test.p_value == pytest.approx(expected["p"], abs=1e-6)


def test_unknown_transform_is_refused() -> None:
    days, has_event, values, weights = arrays("edge_tiny", ["treated"])
    with pytest.raises(ValueError, match=r"Unknown transform 'log'"):
        proportional_hazards_test(days, has_event, values, weights, values[0], "log")


def test_events_at_one_time_cannot_tell() -> None:
    days, has_event = np.array([5.0, 5.0, 9.0, 9.0]), np.array([1, 1, 0, 0])
    treated = np.array([[1.0], [0.0], [1.0], [0.0]])
    with pytest.raises(NotEstimableError, match=r"^too_few_events: "):
        proportional_hazards_test(days, has_event, treated, np.ones(4), np.zeros(1))
