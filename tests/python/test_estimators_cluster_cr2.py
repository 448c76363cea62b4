"""Errors for few clusters against R's clubSandwich."""

import numpy as np
import pandas as pd
import pytest

from csc_outcomes.estimators.analyses import Analysis, fit
from csc_outcomes.estimators.design import build_design
from csc_outcomes.estimators.linear import fit_wls
from csc_outcomes.estimators.propensity import (
    matching_weights,
    nearest_neighbours,
    propensity_scores,
)
from csc_outcomes.estimators.result import Coefficients
from estimator_fixtures import MATCHING_COVARIATES, answers, eligible_cases, outcome_frame
from test_estimators_linear import MODELS, OUTCOMES, trial_frame

NAMES = {"constant": "(Intercept)", "treated:history": "treated_history"}


def cr2(frame: pd.DataFrame, covariates: list[str], se_type: str) -> Coefficients:
    design = build_design(frame, covariates, se_type)
    return fit_wls(
        design.outcome, design.matrix, design.names, design.weights, "cluster_cr2", design.groups
    )


def check(fitted: Coefficients, expected: dict) -> None:
    assert len(fitted.names) == len(expected["se"])
    for name in fitted.names:
        theirs = NAMES.get(name, name)
        assert fitted.std_error(name) == pytest.approx(expected["se"][theirs], abs=1e-9)
        assert fitted.freedom_of(name) == pytest.approx(expected["df"][theirs], rel=1e-9)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("model", MODELS)
def test_weighted_cases_by_child(outcome: str, model: str) -> None:
    expected = answers("fact22_a")["outcomes"][outcome][model]["CR2_clubSandwich"]
    frame = outcome_frame("fact22_a", outcome)
    check(cr2(frame, MODELS[model], "cluster_cr2_child"), expected)
    (treated, comparator_mean, _) = fit(frame, Analysis("wls", MODELS[model], "cluster_cr2_child"))
    if model == "ols":
        assert comparator_mean.df == pytest.approx(expected["df"]["(Intercept)"], rel=1e-9)
    assert treated.p_value == pytest.approx(expected["p"]["treated"], abs=1e-9)
    assert treated.df == pytest.approx(expected["df"]["treated"], rel=1e-9)


ADJUSTED = ["female", "age", "disability", "history"]
TRIAL = [
    (("closed", "ols"), "closed", ADJUSTED, None),
    (("closed", "ols_interaction"), "closed", [*ADJUSTED, "treated:history"], None),
    *(
        (("absence", phase, model), "absence_days", covariates, phase)
        for phase in ("all", "primary", "secondary")
        for model, covariates in (
            ("basic", []),
            ("history", ["history"]),
            ("interaction", ["history", "treated:history"]),
        )
    ),
]


@pytest.mark.parametrize(("path", "outcome", "covariates", "phase"), TRIAL)
def test_trial_by_family(
    path: tuple[str, ...], outcome: str, covariates: list[str], phase: str | None
) -> None:
    expected = answers("crewe_a")
    for key in path:
        expected = expected[key]
    frame = trial_frame(outcome)
    if phase in ("primary", "secondary"):
        frame = frame[(frame["age"] < 11) == (phase == "primary")]
    check(cr2(frame, covariates, "cluster_cr2_family"), expected["CR2_clubSandwich"])


def test_after_matching_on_the_score() -> None:
    cases = eligible_cases("fact22_a")
    cases = cases.assign(
        score=propensity_scores(cases, MATCHING_COVARIATES),
        start_date=pd.to_datetime(cases["cin_start_date"]),
        age=cases["age_at_cin_start"],
        source_row=range(len(cases)),
    )
    weight = cases["case_id"].map(matching_weights(nearest_neighbours(cases))).fillna(0)
    expected = answers("fact22_a")["psm"]["with_replacement"]["escalated"]["CR2_clubSandwich"]
    check(
        cr2(cases.assign(weight=weight, value=cases["escalated"]), [], "cluster_cr2_child"),
        expected,
    )


def test_single_rows_give_hc2() -> None:
    expected = answers("fact22_a")["outcomes"]["escalated"]["ols"]["se_HC2"]["treated"]
    frame = outcome_frame("fact22_a", "escalated").assign(child_id=lambda rows: rows["case_id"])
    fitted = cr2(frame, [], "cluster_cr2_child")
    assert fitted.std_error("treated") != pytest.approx(expected, abs=1e-9)
    # HC2 takes 1/weight for the working variance, clubSandwich equal ones: alike without weights.
    frame = frame[frame["weight"] > 0].assign(weight=1.0)
    fitted = cr2(frame, [], "cluster_cr2_child")
    counts = frame["treated"].map(frame.groupby("treated").size())
    residual = frame["value"] - frame.groupby("treated")["value"].transform("mean")
    by_hand = np.sqrt(np.sum(residual**2 / (counts * (counts - 1))))
    assert fitted.std_error("treated") == pytest.approx(by_hand, abs=1e-12)


def test_equal_arms_of_single_rows_have_the_freedom_of_a_t_test() -> None:
    treated = np.repeat([1, 0], 10)
    frame = pd.DataFrame(
        {"treated": treated, "value": np.arange(20.0) % 7, "weight": 1.0, "family_id": None}
    ).assign(child_id=range(20))
    assert cr2(frame, [], "cluster_cr2_child").freedom_of("treated") == pytest.approx(18)


def test_order_of_rows_does_not_matter() -> None:
    frame = outcome_frame("fact22_a", "escalated")
    shuffled = frame.sample(frac=1, random_state=5)
    one, other = (
        fit(rows, Analysis("wls", se_type="cluster_cr2_child"))[0] for rows in (frame, shuffled)
    )
    assert one.std_error == pytest.approx(other.std_error, rel=1e-12)
    assert one.df == pytest.approx(other.df, rel=1e-12)


def test_a_family_the_model_fits_exactly_gets_no_weight() -> None:
    frame = pd.DataFrame(
        {
            "treated": [1, 1, 1, 1, 0, 0, 0, 0],
            "value": [3.0, 1.0, 2.0, 5.0, 2.0, 4.0, 1.0, 1.0],
            "only_family_a": [1, 1, 0, 0, 0, 0, 0, 0],
            "weight": 1.0,
            "child_id": range(8),
            "family_id": list("aabcdefg"),
        }
    )
    (treated, *_) = fit(frame, Analysis("wls", ["only_family_a"], "cluster_cr2_family"))
    assert treated.status == "ok"
    assert np.isfinite([treated.std_error, treated.df]).all()


def test_other_models_have_no_such_errors() -> None:
    frame = outcome_frame("fact22_a", "escalated")
    with pytest.raises(ValueError, match="'logit' has no 'cluster_cr2_child' errors"):
        fit(frame, Analysis("logit", se_type="cluster_cr2_child"))
    with pytest.raises(ValueError, match="'wls' has no 'influence' errors"):
        fit(frame, Analysis("wls", se_type="influence"))
