"""E-values of the analyses of the published build."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from csc_outcomes.estimators.evalues import ratio_of_means
from csc_outcomes.estimators.result import NotEstimableError
from csc_outcomes.evaluation.evalue_tables import evalues
from csc_outcomes.evaluation.samples import ROW_ORDER, Evidence
from estimator_fixtures import answers


def row_of(tables: duckdb.DuckDBPyConnection, analysis_id: str) -> dict[str, Any]:
    (row,) = (
        tables.execute(
            "select * from fct_evalues where study_id = 'fact22_a' and analysis_id = ?",
            [analysis_id],
        )
        .fetchdf()
        .to_dict("records")
    )
    return row


def strength(ratio: float) -> float:
    """VanderWeele and Ding's formula."""
    away = max(ratio, 1 / ratio)
    return away + np.sqrt(away * (away - 1))


def test_risk_ratio_of_the_arms(tables: duckdb.DuckDBPyConnection) -> None:
    expected = answers("fact22_a")["outcomes"]["closed_no_esc"]["ols"]
    comparator = expected["coef"]["(Intercept)"]
    ratio = 1 + expected["coef"]["treated"] / comparator
    row = row_of(tables, "closure_main")
    assert (row["scale"], row["status"]) == ("risk_ratio", "ok")
    assert row["risk_ratio"] == pytest.approx(ratio, abs=1e-9)
    assert row["evalue"] == pytest.approx(strength(ratio), abs=1e-9)
    assert row["ci_low"] < ratio < row["ci_high"] < 1
    assert row["evalue_of_interval"] == pytest.approx(strength(row["ci_high"]), abs=1e-9)


def test_hazard_ratio_of_a_common_outcome(tables: duckdb.DuckDBPyConnection) -> None:
    hazard_ratio = np.exp(answers("fact22_a")["cox"]["efron"]["coef"]["treated"])
    root = np.sqrt(hazard_ratio)
    ratio = (1 - 0.5**root) / (1 - 0.5 ** (1 / root))
    row = row_of(tables, "time_to_closure")
    assert row["scale"] == "hazard_ratio"
    assert row["status_reason"].startswith("common_outcome: ")
    assert row["risk_ratio"] == pytest.approx(ratio, abs=1e-6)
    assert row["evalue"] == pytest.approx(strength(ratio), abs=1e-5)


def test_length_in_deviations_of_the_model(tables: duckdb.DuckDBPyConnection) -> None:
    expected = answers("fact22_a")["length_censored_normal_weeks"]
    slope, error = expected["coef"]["treated"], expected["se_cluster_stata"]["treated"]
    row = row_of(tables, "length_main")
    assert row["scale"] == "difference"
    assert row["risk_ratio"] == pytest.approx(np.exp(0.91 * slope / expected["scale"]), abs=1e-6)
    low = np.exp((0.91 * slope - 1.78 * error) / expected["scale"])
    assert row["ci_low"] == pytest.approx(low, abs=1e-6)
    assert row["evalue_of_interval"] == pytest.approx(strength(low), abs=1e-5)


def test_an_interval_with_no_effect_needs_nothing(tables: duckdb.DuckDBPyConnection) -> None:
    row = row_of(tables, "escalation_main")
    assert row["evalue"] > 1
    assert row["evalue_of_interval"] == 1


@pytest.mark.parametrize(
    ("analysis_id", "reason"),
    [
        ("rereferral_12m_main", "no_events"),
        ("rereferral_12m_covariates", "no_events"),
        ("rereferral_12m_logit", "separation"),
        ("closure_logit", "no_arm_means"),
    ],
)
def test_what_has_no_ratio_has_a_reason(
    tables: duckdb.DuckDBPyConnection, analysis_id: str, reason: str
) -> None:
    row = row_of(tables, analysis_id)
    assert row["status"] == "not_estimable"
    assert row["status_reason"].startswith(f"{reason}: ")
    assert pd.isna(row["evalue"])
    assert pd.isna(row["risk_ratio"])


def test_every_analysis_has_a_row(tables: duckdb.DuckDBPyConnection) -> None:
    missing = tables.execute(
        "select study_id, analysis_id from fct_effect_estimates"
        " except select study_id, analysis_id from fct_evalues"
    ).fetchall()
    assert missing == []


def test_the_interval_of_a_ratio_keeps_the_covariance_of_the_arms() -> None:
    # Simulated means with a known covariance: the delta method must find the spread of their log
    # ratio.
    generator = np.random.default_rng(1)
    covariance = np.array([[4e-4, 2e-4], [2e-4, 1e-4 * 2.25]])
    draws = generator.multivariate_normal([0.5, 0.4], covariance, size=200_000)
    errors = float(np.sqrt(covariance[0, 0])), float(np.sqrt(covariance[1, 1]))
    difference = float(np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]))
    ratio, low, high = ratio_of_means((0.5, 0.4), errors, difference, 20)
    assert ratio == pytest.approx(1.25)
    spread = np.std(np.log(draws[:, 0] / draws[:, 1]))
    assert np.log(high / ratio) == pytest.approx(t.ppf(0.975, 20) * spread, rel=0.01)
    assert low * high == pytest.approx(ratio**2)


@pytest.mark.parametrize("means", [(0.0, 0.4), (0.5, 0.0), (1.2, 0.4), (0.5, float("nan"))])
def test_what_is_no_share_has_no_ratio(means: tuple[float, float]) -> None:
    with pytest.raises(NotEstimableError, match=r"^no_ratio: "):
        ratio_of_means(means, (0.1, 0.1), 0.1)


def small_evidence(value: list[float], is_censored: list[bool] | None = None) -> Evidence:
    """A study of three treated cases and three comparators with one outcome."""
    cases = pd.DataFrame(
        {
            "study_id": "s",
            "case_id": list("abcxyz"),
            "child_id": list("abcxyz"),
            "family_id": None,
            "arm": ["treated"] * 3 + ["comparator"] * 3,
            "plan_start_date": pd.Timestamp("2018-05-01"),
        }
    )
    outcome = {"outcome": "o", "value": value, "is_censored": is_censored or [False] * 6}
    return Evidence(
        sample_cases=cases[["study_id", "case_id"]].assign(method="m", weight=1.0),
        study_cases=cases.assign(**dict.fromkeys(ROW_ORDER[1:-1])),
        case_outcomes=cases[["study_id", "case_id"]].assign(**outcome),
        covariate_values=pd.DataFrame(columns=["study_id", "case_id", "covariate", "value"]),
        covariates=pd.DataFrame({"study_id": [], "covariate": [], "in_adjustment": []}, dtype=bool),
    )


def effect(unit: str, **changes: Any) -> pd.DataFrame:
    """One analysis of it as fct_effect_estimates has it."""
    row = {
        "study_id": "s",
        "analysis_id": "only",
        "sample": "m",
        "subgroup": None,
        "outcome": "o",
        "estimator": "wls",
        "term": "treated",
        "estimate": 0.5,
        "unit": unit,
        "std_error": 0.1,
        "ci_low": 0.3,
        "ci_high": 0.7,
        "df": None,
        "status": "ok",
        "status_reason": None,
    }
    return pd.DataFrame([{**row, **changes}])


def only_row(evidence: Evidence, estimates: pd.DataFrame, kind: str) -> dict[str, Any]:
    outcomes = pd.DataFrame([{"study_id": "s", "outcome": "o", "kind": kind}])
    (row,) = evalues(evidence, estimates, outcomes).to_dict("records")
    return {str(name): value for name, value in row.items()}


def test_a_plain_difference_is_standardised_within_the_arms() -> None:
    evidence = small_evidence([7.0, 14.0, 21.0, 70.0, 77.0, 84.0])
    row = only_row(evidence, effect("weeks"), "number")
    # Each arm lies one week either side of its mean: four weeks squared over four.
    assert row["risk_ratio"] == pytest.approx(np.exp(0.91 * 0.5))
    alike = only_row(small_evidence([7.0] * 3 + [70.0] * 3), effect("weeks"), "number")
    assert alike["status_reason"].startswith("no_variation: ")


@pytest.mark.parametrize(
    ("n_events", "reason", "ratio"),
    [(0, "rare_outcome", np.exp(0.5)), (2, "common_outcome", np.exp(0.25))],
)
def test_an_odds_ratio_is_converted_where_the_outcome_is_common(
    n_events: int, reason: str, ratio: float
) -> None:
    evidence = small_evidence([1.0] * n_events + [0.0] * (6 - n_events))
    row = only_row(evidence, effect("log_odds_ratio"), "binary")
    assert row["status_reason"].startswith(f"{reason}: ")
    assert row["risk_ratio"] == pytest.approx(ratio)


@pytest.mark.parametrize(
    ("unit", "changes", "reason"),
    [
        ("weeks", {"estimator": "rmst"}, "no_scale"),
        ("weeks", {"estimate": 1e6}, "no_ratio"),
        ("log_hazard_ratio", {"ci_high": 60.0}, "no_ratio"),
        ("weeks", {"status": "not_estimable", "status_reason": "empty_arm: nobody"}, "empty_arm"),
    ],
)
def test_no_number_where_there_is_none(unit: str, changes: dict[str, Any], reason: str) -> None:
    evidence = small_evidence([7.0, 14.0, 21.0, 70.0, 77.0, 84.0])
    row = only_row(evidence, effect(unit, **changes), "length")
    assert row["status_reason"].startswith(f"{reason}: ")
    assert pd.isna(row["evalue"])


def test_a_subgroup_is_judged_by_its_own_cases() -> None:
    everyone = small_evidence([7.0, 14.0, 700.0, 70.0, 77.0, 0.0])
    some = everyone.sample_cases[everyone.sample_cases["case_id"].isin(list("abxy"))]
    evidence = replace(everyone, subgroup_cases=some.assign(subgroup="small"))
    row = only_row(evidence, effect("weeks", subgroup="small"), "number")
    # Half a week either side of the mean in each arm: four quarters of a week squared over two.
    assert row["risk_ratio"] == pytest.approx(np.exp(0.91 * 0.5 / np.sqrt(0.5)))


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("o", "not_estimable"), ("rereferred_12m_after_closure", "ok")],
)
def test_lots_go_with_no_cause_until_cases_close(outcome: str, status: str) -> None:
    values = small_evidence([7.0, 14.0, 21.0, 70.0, 77.0, 84.0])
    evidence = replace(values, case_outcomes=values.case_outcomes.assign(outcome=outcome))
    outcomes = pd.DataFrame([{"study_id": "s", "outcome": outcome, "kind": "number"}])
    estimates = effect("weeks", outcome=outcome)
    (row,) = evalues(evidence, estimates, outcomes, {"s"}).to_dict("records")
    assert row["status"] == status
    assert (row["status_reason"] or "").startswith("arms_by_lot: ") == (status != "ok")
    assert pd.isna(row["evalue"]) == (status != "ok")
    # Where there were no lots the same rows are judged.
    assert list(evalues(evidence, estimates, outcomes, {"t"})["status"]) == ["ok"]


def test_an_interaction_has_no_single_ratio() -> None:
    both = pd.concat([effect("weeks"), effect("weeks", term="treated:age")])
    row = only_row(small_evidence([7.0, 14.0, 21.0, 70.0, 77.0, 84.0]), both, "number")
    assert row["status_reason"].startswith("interaction: ")
