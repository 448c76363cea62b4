"""Logistic regression and marginal effects against R's glm with sandwich."""

import numpy as np
import pandas as pd
import pytest

from csc_outcomes.estimators.analyses import Analysis, fit
from csc_outcomes.estimators.design import build_design
from csc_outcomes.estimators.logit import fit_logit
from csc_outcomes.estimators.separation import free_direction, separating_terms
from estimator_fixtures import MATCHING_COVARIATES, ORACLE, answers, outcome_frame

MODELS = {"logit": [], "logit_cov": MATCHING_COVARIATES}
ESTIMABLE = [
    ("closed_no_esc", "logit"),
    ("closed_no_esc", "logit_cov"),
    ("closed_recorded", "logit"),
    ("closed_recorded", "logit_cov"),
    ("escalated", "logit"),
    ("escalated", "logit_cov"),
    ("esc_cp", "logit"),
    ("esc_cp", "logit_cov"),
    ("rereferred_any", "logit"),
]
# R "converges" on all of these: no treated case has the event, or every case with the event is
# british.
SEPARATED = [
    ("rereferred_12m", "logit", "no treated case has the event"),
    ("rereferred_12m", "logit_cov", "no treated case has the event"),
    ("esc_lac", "logit", "no treated case has the event"),
    ("esc_lac", "logit_cov", "no treated case has the event"),
    (
        "rereferred_any",
        "logit_cov",
        "the event is certain or impossible for some values of british",
    ),
]


@pytest.mark.parametrize(("outcome", "model"), ESTIMABLE)
def test_coefficients_and_errors_equal_r(outcome: str, model: str) -> None:
    expected = answers("fact22_a")["outcomes"][outcome][model]
    design = build_design(outcome_frame("fact22_a", outcome), MODELS[model], "cluster_child")
    fitted = fit_logit(design.outcome, design.matrix, design.names, design.weights, design.groups)
    # R takes the information of the iteration before the last, which shows with covariates.
    tolerance = 1e-9 if model == "logit" else 1e-7
    for name in design.names:
        theirs = "(Intercept)" if name == "constant" else name
        error = expected["se_cluster_stata_G_over_Gm1"][theirs]
        assert fitted.value(name) == pytest.approx(expected["coef"][theirs], abs=1e-9)
        assert fitted.std_error(name) == pytest.approx(error, abs=tolerance)


@pytest.mark.parametrize(("outcome", "model"), ESTIMABLE)
@pytest.mark.parametrize("is_on_treated", [False, True])
def test_marginal_effects_equal_r(outcome: str, model: str, is_on_treated: bool) -> None:
    expected = answers("fact22_a")["outcomes"][outcome][model]
    analysis = Analysis("logit_ame", MODELS[model], is_on_treated=is_on_treated)
    (treated,) = fit(outcome_frame("fact22_a", outcome), analysis)
    name = "ame_on_treated" if is_on_treated else "ame_all"
    assert treated.estimate == pytest.approx(expected[name], abs=1e-9)
    assert treated.std_error == pytest.approx(expected[f"{name}_se_cluster"], abs=1e-9)
    assert treated.df is None


def test_trial_log_odds_by_family() -> None:
    expected = answers("crewe_a")["closed"]["logit"]
    trial = pd.read_csv(ORACLE / "crewe_a.csv")
    frame = trial.assign(weight=1.0, value=trial["closed"])
    covariates = ["female", "age", "disability", "history"]
    (treated,) = fit(frame, Analysis("logit", covariates, "cluster_family"))
    assert treated.estimate == pytest.approx(expected["coef"]["treated"], abs=1e-9)
    error = expected["se_cluster_stata_G_over_Gm1"]["treated"]
    assert treated.std_error == pytest.approx(error, abs=1e-9)
    assert treated.p_value == pytest.approx(expected["p_cluster_stata_z"]["treated"], abs=1e-9)


@pytest.mark.parametrize("estimator", ["logit", "logit_ame"])
@pytest.mark.parametrize(("outcome", "model", "reason"), SEPARATED)
def test_separation_is_not_estimable(estimator: str, outcome: str, model: str, reason: str) -> None:
    frame = outcome_frame("fact22_a", outcome)
    (treated,) = fit(frame, Analysis(estimator, MODELS[model]))
    assert treated.status == "not_estimable"
    assert treated.status_reason == f"separation: {reason}"
    assert treated.estimate is treated.p_value is treated.ci_low is None
    assert treated.n_treated == 139


def test_separation_by_a_covariate_is_found() -> None:
    rng = np.random.default_rng(5)
    covariate = rng.normal(size=60)
    names = ("constant", "treated", "covariate")
    design = np.column_stack([np.ones(60), rng.integers(0, 2, 60), covariate])
    clean = rng.integers(0, 2, 60).astype(float)
    assert separating_terms(clean, design, names) is None
    assert "covariate" in separating_terms((covariate > 0.3).astype(float), design, names)
    # Not quite separated: everybody with the marker has the event, the others vary.
    marker = (np.arange(60) < 4).astype(float)
    marked = np.column_stack([design, marker])
    events = np.where(marker == 1, 1.0, clean)
    assert separating_terms(events, marked, (*names, "marker")) == ["marker"]


def test_a_direction_must_not_touch_the_rows_held_at_zero() -> None:
    rows = np.array([[0.0, 1.0]])
    assert free_direction(rows) is not None
    assert free_direction(rows, np.eye(2)) is None
