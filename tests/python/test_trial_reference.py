"""A family-randomised trial through the library, against what R gives for the same rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from csc_outcomes.estimators.analyses import Analysis, fit
from csc_outcomes.estimators.design import cluster_codes
from csc_outcomes.estimators.icc import anova_icc
from csc_outcomes.estimators.result import Estimate, NotEstimableError
from csc_outcomes.estimators.survival import (
    cox_curve,
    fit_cox,
    kaplan_meier,
    median_days,
    restricted_mean,
)
from csc_outcomes.estimators.survival_contrasts import log_rank_test
from csc_outcomes.evaluation.cox_tables import cox_curves, proportional_hazards
from csc_outcomes.evaluation.samples import ROW_ORDER, Evidence
from csc_outcomes.evaluation.tables import effect_estimates, group_outcomes
from estimator_fixtures import ORACLE, answers

COVARIATES = ["female", "age", "disability", "history"]
ADJUSTED = "|".join(COVARIATES)
TERMS = {"treated": "treated", "treated:history": "treated_history"}
ARMS = {"treated=0": "comparator", "treated=1": "treated"}
ERRORS = {"hc1": "se_HC1", "cluster_family": "se_cluster_CR1_stata"}
P_VALUES = {"hc1": "p_HC1_tdf", "cluster_family": "p_cluster_CR1_tG1"}
FIGURES = ("estimate", "std_error", "df", "p_value", "ci_low", "ci_high")
PHASES = {"all": (0, 99), "primary": (0, 11), "secondary": (11, 99)}


def trial() -> pd.DataFrame:
    """The rows as the estimators take them, without a value."""
    rows = pd.read_csv(ORACLE / "crewe_a.csv")
    return rows.assign(case_id=rows["child_id"], weight=1.0, is_censored=rows["closed"] == 0)


def evidence(kind_of_age: str = "number") -> Evidence:
    """The same rows as tables: study 'trial', sample 'unmatched', closing and days absent."""
    rows = trial().assign(study_id="trial")
    cases = rows[["study_id", "case_id", "child_id", "family_id"]].assign(
        arm=rows["treated"].map({1: "treated", 0: "comparator"}), **dict.fromkeys(ROW_ORDER[1:-1])
    )
    values = rows.melt(
        ["study_id", "case_id"], COVARIATES, var_name="covariate", value_name="value"
    )
    outcomes = rows.melt(
        ["study_id", "case_id"],
        ["closed", "absence_days"],
        var_name="outcome",
        value_name="value",
    )
    covariates = pd.DataFrame({"study_id": "trial", "covariate": COVARIATES})
    clocks = rows.rename(columns={"days_open": "time_days"})
    return Evidence(
        sample_cases=rows[["study_id", "case_id", "weight"]].assign(method="unmatched"),
        study_cases=cases,
        case_outcomes=outcomes.assign(is_censored=False),
        covariate_values=values,
        covariates=covariates.assign(
            covariate_order=range(1, 5),
            kind=["category", kind_of_age, "category", "category"],
            in_adjustment=True,
        ),
        clocks=clocks[["study_id", "case_id", "time_days", "is_censored"]].assign(
            clock="referral", entry_days=0
        ),
    )


def asked(analysis_id: str, estimator: str, covariates: str, **others: Any) -> pd.DataFrame:
    """int_study_analyses with one row."""
    row = {
        "study_id": "trial",
        "analysis_id": analysis_id,
        "outcome": "closed",
        "sample": "unmatched",
        "subgroup": None,
        "estimator": estimator,
        "covariates": covariates,
        "se_type": "hc1",
        "clock": "referral",
        "unit": "proportion",
        "is_primary": False,
        "survival_horizon_days": 500,
        "bootstrap_draws": 20,
        "fewest_events": 10,
    }
    return pd.DataFrame([row | others])


def estimates(
    covariates: str, kind_of_age: str = "number", estimator: str = "wls", **others: Any
) -> pd.DataFrame:
    """The rows of one analysis by term."""
    analyses = asked("a", estimator, covariates, **others)
    return effect_estimates(evidence(kind_of_age), analyses).set_index("term")


def by_term(rows: list[Estimate]) -> dict[str, Estimate]:
    return {row.term: row for row in rows}


@pytest.mark.parametrize("se_type", ERRORS)
@pytest.mark.parametrize(
    ("model", "covariates"), [("ols", "matching"), ("ols_interaction", "matching|treated:history")]
)
def test_least_squares(model: str, covariates: str, se_type: str) -> None:
    expected = answers("crewe_a")["closed"][model]
    rows = estimates(covariates, se_type=se_type)
    for term, name in TERMS.items():
        if name in expected["coef"]:
            row = rows.loc[term]
            assert row["estimate"] == pytest.approx(expected["coef"][name], abs=1e-9)
            assert row["std_error"] == pytest.approx(expected[ERRORS[se_type]][name], abs=1e-9)
            assert row["p_value"] == pytest.approx(expected[P_VALUES[se_type]][name], abs=1e-9)
    assert (row["n_treated"] + row["n_comparator"], row["status"]) == (expected["n"], "ok")


@pytest.mark.parametrize("model", ["ols", "ols_interaction"])
def test_few_clusters(model: str) -> None:
    expected = answers("crewe_a")["closed"][model]["CR2_clubSandwich"]
    covariates = "matching|treated:history" if "interaction" in model else ADJUSTED
    rows = estimates(covariates, se_type="cluster_cr2_family")
    for term, name in TERMS.items():
        if name in expected["se"]:
            for ours, theirs in (("std_error", "se"), ("df", "df"), ("p_value", "p")):
                assert rows.loc[term, ours] == pytest.approx(expected[theirs][name], rel=1e-8)


def test_reweighted_means() -> None:
    rows = estimates("matching")
    for arm, name in (("control", "comparator_mean"), ("treated", "treated_mean")):
        expected = answers("crewe_a")["reweighted_means"][arm]
        for ours, theirs in (
            ("estimate", "mean"),
            ("std_error", "se_HC1"),
            ("ci_low", "lo"),
            ("ci_high", "hi"),
        ):
            assert rows.loc[name, ours] == pytest.approx(expected[theirs], abs=1e-9)


@pytest.mark.parametrize("se_type", ["hc1", "cluster_family", "cluster_cr2_family"])
def test_effects_and_means_where_an_interaction_is_on_and_off(se_type: str) -> None:
    """Each is a coefficient of the same model with its origin moved there: history turned round,
    the other covariates counted from their means, the arms swapped."""
    frame = trial().assign(value=trial()["closed"])
    centred = frame.assign(**{name: frame[name] - frame[name].mean() for name in COVARIATES[:3]})
    turned = centred.assign(history=1 - centred["history"])
    names = [*COVARIATES, "treated:history"]
    rows = by_term(fit(frame, Analysis("wls", names, se_type)))
    for moved, word in ((turned, "if"), (centred, "unless")):
        expected = by_term(fit(moved, Analysis("wls", names, se_type)))["treated"]
        term = "treated_if_history" if word == "if" else "treated"
        for figure in FIGURES:
            assert getattr(rows[term], figure) == pytest.approx(getattr(expected, figure), abs=1e-9)
        for arm, is_swapped in (("comparator", False), ("treated", True)):
            swapped = moved.assign(treated=1 - moved["treated"]) if is_swapped else moved
            mean = intercept(swapped, names, se_type)
            got = rows[f"{arm}_mean_{word}_history"]
            for figure in ("estimate", "std_error", "df"):
                assert getattr(got, figure) == pytest.approx(mean[figure], abs=1e-9)
            assert got.p_value is None
            assert got.ci_low < got.estimate < got.ci_high
    both = [rows[f"{arm}_mean_if_history"].estimate for arm in ("treated", "comparator")]
    assert both[0] - both[1] == pytest.approx(rows["treated_if_history"].estimate, abs=1e-12)


def intercept(frame: pd.DataFrame, names: list[str], se_type: str) -> dict[str, float | None]:
    """The constant of the model, which the library gives for covariates counted from 0."""
    from csc_outcomes.estimators.design import build_design
    from csc_outcomes.estimators.linear import fit_wls

    design = build_design(frame, names, se_type)
    kind = se_type.removesuffix("_family")
    fitted = fit_wls(
        design.outcome, design.matrix, design.names, design.weights, kind, design.groups
    )
    return {
        "estimate": fitted.value("constant"),
        "std_error": fitted.std_error("constant"),
        "df": fitted.freedom_of("constant"),
    }


def test_which_terms_an_interaction_has() -> None:
    means = {"comparator_mean", "treated_mean"}
    conditional = {f"{name}_{word}_history" for name in means for word in ("if", "unless")}
    effects = {"treated", "treated:history", "treated_if_history"}
    assert set(estimates("history|treated:history").index) == effects | means | conditional
    # The covariate comes along, and one of more values than two has no means of its own.
    assert set(estimates("treated:history").index) == effects | means | conditional
    assert set(estimates("age|treated:age").index) == {"treated", "treated:age"} | means
    assert set(estimates("treated:history", estimator="logit").index) == effects
    assert set(estimates("treated:history", estimator="cox", unit="weeks").index) == effects
    assert set(estimates("none").index) == {"treated"} | means


def test_an_effect_that_fails_where_the_interaction_is_on_leaves_the_others() -> None:
    frame = trial().assign(value=trial()["closed"])
    frame.loc[frame["history"] == 1, "value"] = 1
    analysis = Analysis("wls", ["history", "treated:history"], "bootstrap_family", n_draws=20)
    for se_type in ("hc1", "bootstrap_family"):
        rows = by_term(fit(frame, Analysis(**{**vars(analysis), "se_type": se_type})))
        assert rows["treated"].status == "ok"
        assert rows["treated_if_history"].status == "not_estimable"
        assert rows["treated_if_history"].status_reason.startswith("no_variation: ")
        assert rows["treated_mean_if_history"].estimate == pytest.approx(1)
        assert rows["treated_mean_if_history"].std_error is None


def test_logit_and_its_marginal_effect() -> None:
    expected = answers("crewe_a")["closed"]["logit"]
    row = estimates("matching", estimator="logit", se_type="cluster_family").loc["treated"]
    assert row["estimate"] == pytest.approx(expected["coef"]["treated"], abs=1e-9)
    error = expected["se_cluster_stata_G_over_Gm1"]["treated"]
    assert row["std_error"] == pytest.approx(error, abs=1e-9)
    assert row["p_value"] == pytest.approx(expected["p_cluster_stata_z"]["treated"], abs=1e-9)
    row = estimates("matching", estimator="logit_ame", se_type="cluster_family").loc["treated"]
    assert row["estimate"] == pytest.approx(expected["ame_all"], abs=1e-9)
    assert row["std_error"] == pytest.approx(expected["ame_all_se_cluster"], abs=1e-9)
    analysis = Analysis("logit_ame", COVARIATES, "cluster_family", is_on_treated=True)
    (treated,) = fit(trial().assign(value=trial()["closed"]), analysis)
    assert treated.estimate == pytest.approx(expected["ame_on_treated"], abs=1e-9)
    assert treated.std_error == pytest.approx(expected["ame_on_treated_se_cluster"], abs=1e-9)


def test_cox() -> None:
    expected = answers("crewe_a")["cox_cluster"]["efron"]
    row = estimates("history", estimator="cox", se_type="cluster_family").loc["treated"]
    assert row["estimate"] == pytest.approx(expected["coef"]["treated"], abs=1e-6)
    assert row["std_error"] == pytest.approx(expected["se"]["treated"], rel=2e-3)
    plain = answers("crewe_a")["cox"]["efron"]
    frame = trial().assign(value=trial()["days_open"])
    row = by_term(fit(frame, Analysis("cox", ["history"], "classical")))["treated"]
    assert row.std_error == pytest.approx(plain["se"]["treated"], abs=1e-6)


@pytest.mark.parametrize("transform", ["km", "rank", "identity"])
def test_proportional_hazards_term_by_term(transform: str) -> None:
    expected = answers("crewe_a")["cox"]["efron"]["zph"][transform]
    analyses = asked("a", "cox", "history")
    rows = proportional_hazards(evidence(), analyses)
    assert len(rows) == 9
    rows = rows[rows["transform"] == transform].set_index("term")
    for row in expected:
        got = rows.loc["all" if row["term"] == "GLOBAL" else row["term"]]
        assert got["df"] == row["df"]
        assert got["statistic"] == pytest.approx(row["chisq"], rel=1e-5)
        assert got["p_value"] == pytest.approx(row["p"], abs=1e-6)


def test_tests_of_levels_are_joint_and_thin_models_have_a_reason() -> None:
    rows = proportional_hazards(evidence("levels"), asked("a", "cox", "female|age"))
    rows = rows[rows["transform"] == "km"].set_index("term")
    assert set(rows.index) == {"treated", "female", "age", "all"}
    n_levels = trial()["age"].nunique()
    assert rows["df"].to_dict() == {"treated": 1, "female": 1, "age": n_levels - 1,
                                    "all": n_levels + 1}  # fmt: skip
    rows = proportional_hazards(evidence(), asked("a", "cox", "history", fewest_events=1000))
    assert rows["term"].tolist() == ["all"] * 3
    assert rows["status_reason"].str.startswith("too_few_events: ").all()
    assert rows["p_value"].isna().all()
    assert cox_curves(evidence(), asked("a", "cox", "history", fewest_events=1000)).empty


def test_log_rank_and_kaplan_meier() -> None:
    rows, expected = trial(), answers("crewe_a")
    days, event = rows["days_open"].to_numpy(float), rows["closed"].to_numpy()
    test = log_rank_test(days, event, rows["treated"].to_numpy(float))
    assert test.statistic == pytest.approx(expected["logrank"]["chisq"], abs=1e-9)
    assert test.p_value == pytest.approx(expected["logrank"]["p"], abs=1e-9)
    full = pd.DataFrame(expected["km"]["full"])
    at = pd.DataFrame(expected["km"]["at"])
    for code, strata in enumerate(ARMS):
        used = (rows["treated"] == code).to_numpy()
        curve = kaplan_meier(days[used], event[used], np.ones(used.sum()))
        steps = full[full["strata"] == strata]
        got = curve.set_index("time_days").loc[steps["time"]]
        assert got["survival"].to_numpy() == pytest.approx(steps["surv"].to_numpy(), abs=1e-10)
        assert got["n_at_risk"].tolist() == steps["n_risk"].tolist()
        for day in at[at["strata"] == strata].to_dict("records"):
            last = curve[curve["time_days"] <= day["time"]].iloc[-1]
            assert last["survival"] == pytest.approx(day["surv"], abs=1e-10)
            assert last["std_error"] == pytest.approx(day["se"], abs=1e-10)
        assert median_days(curve) == expected["km"]["median"][strata]
        mean = expected["km"]["rmst500"][strata]
        assert restricted_mean(curve, 500) == pytest.approx(mean, abs=1e-10)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("se_type", ERRORS)
@pytest.mark.parametrize("model", ["basic", "history", "interaction", "log1p"])
def test_absence(model: str, se_type: str, phase: str) -> None:
    expected = answers("crewe_a")["absence"][phase][model]
    rows = trial()
    low, high = PHASES[phase]
    rows = rows[(rows["age"] >= low) & (rows["age"] < high)]
    value = np.log1p(rows["absence_days"]) if model == "log1p" else rows["absence_days"]
    covariates = {"basic": [], "interaction": ["history", "treated:history"]}
    analysis = Analysis("wls", covariates.get(model, ["history"]), se_type, unit="days")
    found = by_term(fit(rows.assign(value=value), analysis))
    for term, name in TERMS.items():
        if name in expected["coef"]:
            row = found[term]
            assert row.estimate == pytest.approx(expected["coef"][name], abs=1e-9)
            assert row.std_error == pytest.approx(expected[ERRORS[se_type]][name], abs=1e-9)
            assert row.p_value == pytest.approx(expected[P_VALUES[se_type]][name], abs=1e-9)
    assert found["treated"].n_treated + found["treated"].n_comparator == expected["n"]
    assert found["treated"].unit == "days"


def test_intracluster_correlation() -> None:
    rows = trial()
    found = anova_icc(rows["closed"].to_numpy(float), cluster_codes(rows, "family_id"))
    assert found.value == pytest.approx(answers("crewe_a")["icc_anova"], abs=1e-9)
    assert found.cluster_size == pytest.approx(answers("crewe_a")["icc_m0"], abs=1e-9)


@pytest.mark.parametrize(
    ("values", "groups", "code"),
    [
        ([1, 0], [0, 0], "too_few_clusters"),
        ([1, 0, 1], [0, 1, 2], "too_few_cases"),
        ([1, 1, 1], [0, 0, 1], "no_variation"),
    ],
)
def test_intracluster_correlation_of_too_little(
    values: list[int], groups: list[int], code: str
) -> None:
    with pytest.raises(NotEstimableError, match=f"^{code}: "):
        anova_icc(np.array(values, dtype=float), np.array(groups))


def test_levels_enter_models_as_indicators_from_the_lowest_number() -> None:
    rows = trial().assign(value=trial()["closed"])
    ages = np.sort(rows["age"].unique())
    assert ages[-1] >= 10 > ages[0]
    indicators = {f"age_{age}": (rows["age"] == age).astype(float) for age in ages[1:]}
    by_hand = fit(rows.assign(**indicators), Analysis("wls", [*indicators, "history"], "hc1"))
    got = estimates("age|history", "levels").loc["treated"]
    assert got["estimate"] == pytest.approx(by_hand[0].estimate, abs=1e-9)
    assert got["std_error"] == pytest.approx(by_hand[0].std_error, abs=1e-9)
    assert got["estimate"] != pytest.approx(estimates("age|history").loc["treated", "estimate"])
    known = evidence("levels")
    frame = known.sample("trial", "unmatched")
    assert pd.api.types.is_numeric_dtype(frame["age"])
    frame = frame.astype({"age": float})
    frame.loc[0, "age"] = np.nan
    frame.loc[1, "age"] = 10.9
    levels = known.with_levels(frame, "trial")["age"]
    assert list(levels.cat.categories) == [f"{age}" for age in ages]
    assert pd.isna(levels[0])
    assert levels[1] == "10"


@pytest.mark.parametrize(
    ("covariates", "why"),
    [
        ("age|shoe_size", "unknown covariate 'shoe_size'"),
        ("none|age", "unknown covariate 'none'"),
        ("treated:matching", "unknown covariate 'treated:matching'"),
        ("", "unknown covariate ''"),
        ("treated:age", "'treated:age' would need a number"),
    ],
)
def test_covariates_that_a_study_does_not_have(covariates: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"Study 'trial', analysis 'a': {why}"):
        estimates(covariates, "levels")


def test_names_of_covariates() -> None:
    known = evidence()
    names = known.adjustment("trial", "a", "history|matching|treated:history")
    assert names == ["history", "female", "age", "disability", "treated:history"]
    assert known.adjustment("trial", "a", "none") == []
    assert known.adjustment("trial", "a", "matching") == COVARIATES


@pytest.mark.parametrize(
    ("estimator", "se_type"),
    [
        ("wls", "hc1"),
        ("wls", "bootstrap_family"),
        ("logit", "hc1"),
        ("logit_ame", "hc1"),
        ("ipw", "hc1"),
        ("ebal", "hc1"),
        ("aipw", "influence"),
        ("cox", "hc1"),
        ("rmst", "hc1"),
    ],
)
def test_fewer_events_than_the_study_asks_for(estimator: str, se_type: str) -> None:
    n_events = int(trial()["closed"].sum())
    covariates = "matching" if estimator in ("ipw", "ebal", "aipw") else "none"
    options = {"estimator": estimator, "se_type": se_type, "survival_horizon_days": 300}
    enough = estimates(covariates, **options, fewest_events=n_events)
    assert enough.loc["treated", "status"] == "ok"
    rows = estimates(covariates, **options, fewest_events=n_events + 1)
    assert list(rows.index) == ["treated"]
    assert rows["status_reason"].tolist() == [
        f"too_few_events: {n_events} events in both arms together, the study asks for "
        f"{n_events + 1}"
    ]
    assert rows["estimate"].isna().all()


def test_an_exact_test_takes_any_number_of_events() -> None:
    rows = estimates("none", estimator="fisher_exact", se_type="exact", fewest_events=1000)
    assert rows.loc["treated", "status"] == "ok"


def test_numbers_have_no_events_to_be_few() -> None:
    rows = estimates("none", outcome="absence_days", unit="days", fewest_events=1000)
    assert rows.loc["treated", "status"] == "ok"


def test_what_became_of_each_arm() -> None:
    from scipy.stats import beta

    outcomes = pd.DataFrame(
        [
            {"study_id": "trial", "outcome": "closed", "kind": "binary", "unit": "proportion"},
            {"study_id": "trial", "outcome": "absence_days", "kind": "number", "unit": "days"},
        ]
    )
    asked_for = pd.DataFrame({"study_id": ["trial"], "sample": ["unmatched"]})
    by_child = pd.DataFrame(
        [{"study_id": "trial", "parameter_id": "arm_source", "value": "enrolment"}]
    )
    rows = group_outcomes(evidence(), outcomes, asked_for, by_child)
    rows = rows.set_index(["outcome", "arm"])
    cases = trial()
    for code, arm in enumerate(ARMS.values()):
        own = cases[cases["treated"] == code]
        row, k, n = rows.loc[("closed", arm)], own["closed"].sum(), len(own)
        assert (row["n"], row["n_events"], row["unit"]) == (n, k, "proportion")
        assert row["exact_ci_low"] == pytest.approx(beta.ppf(0.025, k, n - k + 1), abs=1e-9)
        assert row["exact_ci_high"] == pytest.approx(beta.ppf(0.975, k + 1, n - k), abs=1e-9)
        row = rows.loc[("absence_days", arm)]
        assert row["value"] == pytest.approx(own["absence_days"].mean())
        assert row["unit"] == "days"
        assert row[["n_events", "exact_ci_low", "exact_ci_high"]].isna().all()


@pytest.mark.filterwarnings("ignore:Starting with pandas version 4.0")
def test_curves_that_the_cox_model_implies() -> None:
    from lifelines import CoxPHFitter

    rows = trial()
    # Days apart from each other, for lifelines takes ties for its baseline as Breslow does.
    rows["days_open"] = rows["days_open"] + np.random.default_rng(1).permutation(len(rows)) / 1000
    model = CoxPHFitter()
    columns = ["days_open", "closed", "treated", "history"]
    model.fit(rows[columns], "days_open", "closed", fit_options={"precision": 1e-14})
    at = pd.DataFrame({"treated": [0.0, 1.0], "history": rows["history"].mean()})
    expected = model.predict_survival_function(at).to_numpy()
    days, event = rows["days_open"].to_numpy(float), rows["closed"].to_numpy()
    values, weights = rows[["treated", "history"]].to_numpy(float), np.ones(len(rows))
    coef = fit_cox(days, event, values, ("treated", "history"), weights).coef
    for column, place in enumerate(at.to_numpy()):
        curve = cox_curve(days, event, values, weights, coef, place)
        assert curve["survival"].to_numpy()[1:] == pytest.approx(expected[:, column], abs=1e-8)


def test_implied_curves_take_ties_as_efron_does() -> None:
    # Two of three tied at day 2, no covariate bears: the hazard is 1/3 + 1/2, then 1/1.
    days, event, arm = np.array([2.0, 2.0, 5.0]), np.array([1, 1, 1]), np.array([[0.0], [1.0], [0]])
    curve = cox_curve(days, event, arm, np.ones(3), np.zeros(1), np.zeros(1))
    assert curve["time_days"].tolist() == [0, 2, 5]
    assert curve["survival"].tolist() == pytest.approx(np.exp([0, -5 / 6, -5 / 6 - 1]))


def test_implied_curves_differ_by_the_hazard_ratio() -> None:
    analyses = asked("a", "cox", "history")
    curves = cox_curves(evidence(), analyses).pivot(
        index="time_days", columns="arm", values="survival"
    )
    ratio = np.log(curves["treated"].iloc[1:-1]) / np.log(curves["comparator"].iloc[1:-1])
    ratio = ratio[curves["treated"].iloc[1:-1] < 1]
    effect = answers("crewe_a")["cox"]["efron"]["coef"]["treated"]
    assert np.log(ratio.to_numpy(float)) == pytest.approx(effect, abs=1e-6)
    assert curves.loc[0].tolist() == [1, 1]
