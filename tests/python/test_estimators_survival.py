"""Cox regression and survival curves against R's survival package."""

import numpy as np
import pandas as pd
import pytest

from csc_outcomes.estimators.analyses import Analysis, fit
from csc_outcomes.estimators.survival import fit_cox, kaplan_meier, median_days, restricted_mean
from estimator_fixtures import MATCHING_COVARIATES, ORACLE, answers, eligible_cases, outcome_frame

COX_TABLES = ["fact22_a", "edge_tiny", "edge_age_bins", "edge_caliper_dates"]
CURVES = [
    ("fact22_a", 0),
    ("fact22_a", 1),
    ("edge_tiny", 0),
    ("edge_ties", 0),
    ("edge_ties", 1),
    ("edge_age_bins", 0),
    ("edge_caliper_dates", 0),
    ("edge_separation", 1),
    ("crewe_a", 0),
    ("crewe_a", 1),
]


def survival_cases(dataset: str) -> pd.DataFrame:
    if dataset == "crewe_a":
        trial = pd.read_csv(ORACLE / "crewe_a.csv")
        return trial.assign(weight=1.0, days=trial["days_open"], event=trial["closed"])
    cases = eligible_cases(dataset)
    cases = cases[cases["weight"] > 0]
    return cases.assign(days=cases["length_days"], event=cases["closed_no_esc"])


def fitted_cox(dataset: str, covariates: list[str]):
    cases = survival_cases(dataset)
    return fit_cox(
        cases["days"].to_numpy(float),
        cases["event"].to_numpy(),
        cases[["treated", *covariates]].to_numpy(float),
        ("treated", *covariates),
        cases["weight"].to_numpy(float),
        cases["child_id"].factorize()[0],
    )


@pytest.mark.parametrize(
    ("dataset", "key"), [*((table, "cox") for table in COX_TABLES), ("fact22_a", "cox_cov")]
)
def test_hazard_ratios_equal_r(dataset: str, key: str) -> None:
    expected = answers(dataset)[key]["efron"]
    covariates = MATCHING_COVARIATES if key == "cox_cov" else []
    fitted = fitted_cox(dataset, covariates)
    for name in ("treated", *covariates):
        assert fitted.value(name) == pytest.approx(expected["coef"][name], abs=1e-6)
        error = expected["se_robust_cluster"][name]
        assert fitted.std_error(name) == pytest.approx(error, rel=1e-8)


def test_trial_hazard_ratio_by_family_and_model_based() -> None:
    trial = pd.read_csv(ORACLE / "crewe_a.csv")
    frame = trial.assign(weight=1.0, value=trial["days_open"], is_censored=trial["closed"] == 0)
    for se_type, key in (("classical", "cox"), ("cluster_family", "cox_cluster")):
        expected = answers("crewe_a")[key]["efron"]
        (treated,) = fit(frame, Analysis("cox", ["history"], se_type))
        assert treated.estimate == pytest.approx(expected["coef"]["treated"], abs=1e-6)
        assert treated.std_error == pytest.approx(expected["se"]["treated"], rel=1e-8)
        assert treated.unit == "log_hazard_ratio"


def test_p_value_is_normal() -> None:
    expected = answers("fact22_a")["cox"]["efron"]
    (treated,) = fit(outcome_frame("fact22_a", "length_days"), Analysis("cox"))
    assert treated.p_value == pytest.approx(expected["p_robust"]["treated"], rel=1e-8)


def curve_of(dataset: str, arm: int) -> pd.DataFrame:
    cases = survival_cases(dataset)
    cases = cases[cases["treated"] == arm]
    return kaplan_meier(
        cases["days"].to_numpy(float), cases["event"].to_numpy(), cases["weight"].to_numpy(float)
    )


@pytest.mark.parametrize(("dataset", "arm"), CURVES)
def test_curve_equals_r(dataset: str, arm: int) -> None:
    expected = pd.DataFrame(answers(dataset)["km"]["full"])
    expected = expected[expected["strata"] == f"treated={arm}"]
    curve = curve_of(dataset, arm)
    stepped = curve[curve["time_days"].isin(expected["time"])]
    assert len(stepped) == len(expected)
    for ours, theirs in (("n_at_risk", "n_risk"), ("n_event", "n_event"), ("survival", "surv")):
        assert stepped[ours].to_numpy() == pytest.approx(expected[theirs].to_numpy(), abs=1e-10)


@pytest.mark.parametrize(("dataset", "arm"), CURVES)
def test_curve_errors_equal_r(dataset: str, arm: int) -> None:
    expected = [row for row in answers(dataset)["km"]["at"] if row["strata"] == f"treated={arm}"]
    curve = curve_of(dataset, arm)
    for row in expected:
        last = curve[curve["time_days"] <= row["time"]].iloc[-1]
        assert last["survival"] == pytest.approx(row["surv"], abs=1e-10)
        assert last["std_error"] == pytest.approx(row["se"], abs=1e-10)


@pytest.mark.parametrize(("dataset", "arm"), CURVES)
def test_restricted_mean_and_median_equal_r(dataset: str, arm: int) -> None:
    expected = answers(dataset)["km"]
    curve = curve_of(dataset, arm)
    mean = expected["rmst500"][f"treated={arm}"]
    assert restricted_mean(curve, 500) == pytest.approx(mean, abs=1e-10)
    assert median_days(curve) == expected["median"][f"treated={arm}"]


def test_interval_holds_the_curve_and_stays_within_bounds() -> None:
    curve = curve_of("fact22_a", 1)
    inside = curve[(curve["survival"] > 0) & (curve["survival"] < 1)]
    assert (inside["ci_low"] < inside["survival"]).all()
    assert (inside["survival"] < inside["ci_high"]).all()
    assert inside["ci_low"].min() > 0
    assert inside["ci_high"].max() < 1


def test_clusters_of_one_case_change_nothing_and_twins_count_once() -> None:
    days, event = np.array([3.0, 5.0, 8.0, 9.0]), np.array([1, 0, 1, 1])
    alone = kaplan_meier(days, event, np.ones(4))
    same = kaplan_meier(days, event, np.ones(4), np.arange(4))
    pd.testing.assert_frame_equal(alone, same)
    twins = kaplan_meier(
        np.repeat(days, 2), np.repeat(event, 2), np.full(8, 0.5), np.repeat(np.arange(4), 2)
    )
    assert twins["std_error"].to_numpy() == pytest.approx(alone["std_error"].to_numpy())


def test_no_event_gives_a_flat_curve() -> None:
    curve = kaplan_meier(np.array([4.0, 7.0]), np.array([0, 0]), np.ones(2))
    assert curve["survival"].tolist() == [1.0, 1.0, 1.0]
    assert restricted_mean(curve, 10) == 10
    assert median_days(curve) is None


def test_cases_that_ended_by_their_entry_were_never_at_risk() -> None:
    frame = outcome_frame("fact22_a", "length_days").assign(entry_days=100.0)
    n_unseen = int(((frame["weight"] > 0) & (frame["value"] <= 100)).sum())
    (treated,) = fit(frame, Analysis("cox"))
    (by_hand,) = fit(frame[frame["value"] > 100], Analysis("cox"))
    note = f"never_at_risk: {n_unseen} cases that ended by their entry left out"
    assert n_unseen > 0
    assert treated.status_reason == note
    assert treated.estimate == by_hand.estimate


def test_no_case_gives_a_curve_without_rows() -> None:
    curve = kaplan_meier(np.array([]), np.array([]), np.array([]))
    assert curve.empty
    assert "ci_high" in curve
    assert median_days(curve) is None


def test_delayed_entry_equals_lifelines() -> None:
    """Unit weights, no ties: lifelines' product limit is right, Greenwood's errors nearly ours."""
    from lifelines import KaplanMeierFitter

    rng = np.random.default_rng(5)
    entry = np.where(rng.random(400) < 0.4, 0.0, rng.exponential(80, 400))
    days = entry + 1 + rng.exponential(200, 400)
    has_event = (rng.random(400) < 0.7).astype(np.int64)
    curve = kaplan_meier(days, has_event, np.ones(400), entry_days=entry)
    theirs = KaplanMeierFitter().fit(days, has_event, entry=entry)
    at = curve["time_days"].to_numpy()
    assert curve["survival"].to_numpy() == pytest.approx(
        theirs.survival_function_at_times(at).to_numpy(), abs=1e-10
    )
    variance = theirs._cumulative_sq_.reindex(at).to_numpy()
    greenwood = curve["survival"].to_numpy() * np.sqrt(variance)
    inside = (curve["survival"] > 0.02).to_numpy() & np.isfinite(greenwood)
    assert inside.sum() > 200
    assert curve["std_error"].to_numpy()[inside] == pytest.approx(greenwood[inside], rel=0.05)


def test_weights_count_as_copies_under_delayed_entry() -> None:
    rng = np.random.default_rng(6)
    entry = rng.exponential(50, 60)
    days = entry + 1 + rng.exponential(90, 60)
    has_event = (rng.random(60) < 0.6).astype(np.int64)
    copies = rng.integers(1, 4, 60)
    weighted = kaplan_meier(days, has_event, copies.astype(float), entry_days=entry)
    copied = kaplan_meier(
        np.repeat(days, copies),
        np.repeat(has_event, copies),
        np.ones(copies.sum()),
        groups=np.repeat(np.arange(60), copies),
        entry_days=np.repeat(entry, copies),
    )
    pd.testing.assert_frame_equal(weighted, copied)
