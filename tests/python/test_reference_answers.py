"""Extract in, marts out: every figure that R computed for the reference tables comes back from
the published build."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pandas as pd
import pytest

from csc_outcomes.landing.identifiers import pseudonym
from references import FIXTURES, LA_CODES

OUTCOMES = {
    "closed_recorded": "closed_recorded",
    "closed_without_later_escalation": "closed_no_esc",
    "case_length_days": "length_days",
    "escalated_cp": "esc_cp",
    "escalated_lac": "esc_lac",
    "escalated": "escalated",
    "rereferred_12m": "rereferred_12m",
    "rereferred_any": "rereferred_any",
    "short_observation": "short_followup",
}
STEMS = {
    "closed_without_later_escalation": ("closure", "closed_no_esc"),
    "escalated": ("escalation", "escalated"),
    "rereferred_12m": ("rereferral_12m", "rereferred_12m"),
}
ESTIMATE = 1e-9


@pytest.fixture(params=list(LA_CODES))
def table(request: pytest.FixtureRequest) -> str:
    """The name of one reference table."""
    return str(request.param)


def answers(table: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FIXTURES / f"{table}.json").read_text(encoding="utf-8"))
    return loaded


def reference(table: str, part: str, key: bytes, *columns: str) -> pd.DataFrame:
    """One file of answers with its case ids as pseudonyms."""
    frame = pd.read_csv(FIXTURES / f"{table}_{part}.csv")
    for column in columns:
        frame[column] = [pseudonym(key, LA_CODES[table], "case", c) for c in frame[column]]
    return frame


def test_outcomes(tables: duckdb.DuckDBPyConnection, key: bytes, table: str) -> None:
    expected = reference(table, "derived", key, "case_id").set_index("case_id")
    got = tables.execute(
        "select case_id, outcome, value from fct_case_outcomes where study_id = ?", [table]
    ).fetchdf()
    got = got.pivot(index="case_id", columns="outcome", values="value").reindex(expected.index)
    for ours, theirs in OUTCOMES.items():
        differing = expected.index[got[ours] != expected[theirs].astype(float)]
        assert len(differing) == 0, f"{ours}: {len(differing)} cases differ"


def test_eligibility_and_strata(tables: duckdb.DuckDBPyConnection, key: bytes, table: str) -> None:
    expected = reference(table, "derived", key, "case_id").set_index("case_id")
    got = tables.execute(
        "select case_id, is_eligible, stratum from fct_study_cases where study_id = ?", [table]
    ).fetchdf()
    got = got.set_index("case_id").reindex(expected.index)
    assert (got["is_eligible"] == expected["eligible"]).all()
    pairs = pd.DataFrame({"got": got["stratum"], "expected": expected["stratum"]}).drop_duplicates()
    assert pairs["got"].is_unique
    assert pairs["expected"].is_unique


def test_links(tables: duckdb.DuckDBPyConnection, key: bytes, table: str) -> None:
    expected = reference(table, "links", key, "treated_case", "comp_case")
    got = tables.execute(
        "select treated_case_id, comparator_case_id, gap_days, weight"
        " from fct_matched_links where study_id = ? and method = 'cem_caliper'",
        [table],
    ).fetchdf()
    both = expected.merge(
        got,
        how="outer",
        left_on=["treated_case", "comp_case"],
        right_on=["treated_case_id", "comparator_case_id"],
        indicator=True,
        suffixes=("_expected", ""),
    )
    assert (both["_merge"] == "both").all()
    assert (both["gap_days"] == both["gap_days_expected"]).all()
    assert both["weight"].to_numpy() == pytest.approx(both["w"].to_numpy(), abs=1e-12)


def test_weights(tables: duckdb.DuckDBPyConnection, key: bytes, table: str) -> None:
    expected = reference(table, "weights", key, "case_id").set_index("case_id")
    weights = expected["calendar6m_from_treated.inclusive"]
    got = tables.execute(
        "select case_id, weight from fct_matched_cases"
        " where study_id = ? and method = 'cem_caliper'",
        [table],
    ).fetchdf()
    got = got.set_index("case_id")["weight"]
    assert set(got.index) == set(weights[weights > 0].index)
    assert got.to_numpy() == pytest.approx(weights.reindex(got.index).to_numpy(), abs=1e-12)


def estimate(
    tables: duckdb.DuckDBPyConnection, analysis_id: str, study: str = "fact22_a"
) -> dict[str, Any]:
    """The effect that one analysis of a study gives."""
    rows = tables.execute(
        "select * from fct_effect_estimates"
        " where study_id = ? and analysis_id = ? and term = 'treated'",
        [study, analysis_id],
    ).fetchdf()
    (row,) = rows.to_dict("records")
    assert row["status"] == "ok"
    return row


@pytest.mark.parametrize("outcome", STEMS)
@pytest.mark.parametrize(("suffix", "model"), [("main", "ols"), ("covariates", "ols_cov")])
def test_weighted_least_squares(
    tables: duckdb.DuckDBPyConnection, outcome: str, suffix: str, model: str
) -> None:
    stem, theirs = STEMS[outcome]
    expected = answers("fact22_a")["outcomes"][theirs][model]
    got = estimate(tables, f"{stem}_{suffix}")
    assert got["estimate"] == pytest.approx(expected["coef"]["treated"], abs=ESTIMATE)
    assert got["std_error"] == pytest.approx(
        expected["se_cluster_CR1_stata"]["treated"], abs=ESTIMATE
    )
    assert got["p_value"] == pytest.approx(expected["p_cluster_CR1_tG1"]["treated"], abs=ESTIMATE)
    assert got["ci_low"] == pytest.approx(
        expected["ci95_cluster_CR1_tG1_lo"]["treated"], abs=ESTIMATE
    )
    assert got["ci_high"] == pytest.approx(
        expected["ci95_cluster_CR1_tG1_hi"]["treated"], abs=ESTIMATE
    )
    assert got["n_clusters"] == expected["clusters"]
    assert got["n_treated"] + got["n_comparator"] == expected["n"]


@pytest.mark.parametrize("outcome", ["closed_without_later_escalation", "escalated"])
@pytest.mark.parametrize(
    ("suffix", "model"), [("logit", "logit"), ("logit_covariates", "logit_cov")]
)
def test_average_marginal_effects(
    tables: duckdb.DuckDBPyConnection, outcome: str, suffix: str, model: str
) -> None:
    stem, theirs = STEMS[outcome]
    expected = answers("fact22_a")["outcomes"][theirs][model]
    got = estimate(tables, f"{stem}_{suffix}")
    assert got["estimate"] == pytest.approx(expected["ame_all"], abs=ESTIMATE)
    assert got["std_error"] == pytest.approx(expected["ame_all_se_cluster"], rel=1e-3)


@pytest.mark.parametrize(
    ("study", "analysis_id", "model"),
    [
        ("fact22_a", "length_main", "length_censored_normal_weeks"),
        ("fact22_a", "length_covariates", "length_censored_normal_weeks_cov"),
        ("edge_ties", "length_main", "length_censored_normal_weeks"),
        ("edge_age_bins", "length_main", "length_censored_normal_weeks"),
    ],
)
def test_censored_normal(
    tables: duckdb.DuckDBPyConnection, study: str, analysis_id: str, model: str
) -> None:
    expected = answers(study)[model]
    got = estimate(tables, analysis_id, study=study)
    assert got["estimate"] == pytest.approx(expected["coef"]["treated"], abs=1e-6)
    assert got["std_error"] == pytest.approx(expected["se_cluster_stata"]["treated"], abs=1e-6)
    assert got["p_value"] == pytest.approx(expected["p_cluster_stata_z"]["treated"], abs=1e-6)
    assert got["unit"] == "weeks"


@pytest.mark.parametrize(
    ("study", "analysis_id", "model"),
    [
        ("fact22_a", "time_to_closure", "cox"),
        ("fact22_a", "time_to_closure_covariates", "cox_cov"),
        ("edge_age_bins", "time_to_closure", "cox"),
    ],
)
def test_cox(tables: duckdb.DuckDBPyConnection, study: str, analysis_id: str, model: str) -> None:
    expected = answers(study)[model]["efron"]
    got = estimate(tables, analysis_id, study=study)
    assert got["estimate"] == pytest.approx(expected["coef"]["treated"], abs=1e-6)
    assert got["std_error"] == pytest.approx(expected["se_robust_cluster"]["treated"], rel=2e-3)


@pytest.mark.parametrize("outcome", STEMS)
@pytest.mark.parametrize("estimator", ["ipw", "ebal"])
def test_weighting_all_eligible_cases(
    tables: duckdb.DuckDBPyConnection, outcome: str, estimator: str
) -> None:
    stem, theirs = STEMS[outcome]
    expected = answers("fact22_a")[f"{estimator}_att"][theirs]
    got = estimate(tables, f"{stem}_{estimator}")
    assert got["estimate"] == pytest.approx(expected["coef"]["treated"], abs=ESTIMATE)
    assert got["std_error"] == pytest.approx(
        expected["se_cluster_CR1_stata"]["treated"], abs=ESTIMATE
    )


@pytest.mark.parametrize("outcome", STEMS)
def test_doubly_robust(tables: duckdb.DuckDBPyConnection, outcome: str) -> None:
    stem, theirs = STEMS[outcome]
    expected = answers("fact22_a")["aipw_att"][theirs]
    got = estimate(tables, f"{stem}_aipw")
    assert got["estimate"] == pytest.approx(expected["est"], abs=ESTIMATE)
    assert got["n_treated"] == 163


@pytest.mark.parametrize("outcome", STEMS)
def test_errors_for_few_clusters(tables: duckdb.DuckDBPyConnection, outcome: str) -> None:
    stem, theirs = STEMS[outcome]
    expected = answers("fact22_a")["outcomes"][theirs]["ols"]["CR2_clubSandwich"]
    got = estimate(tables, f"{stem}_cr2")
    assert got["std_error"] == pytest.approx(expected["se"]["treated"], abs=ESTIMATE)
    assert got["df"] == pytest.approx(expected["df"]["treated"], rel=1e-9)
    assert got["p_value"] == pytest.approx(expected["p"]["treated"], abs=ESTIMATE)


def test_survival_curves(tables: duckdb.DuckDBPyConnection) -> None:
    for point in answers("fact22_a")["km"]["at"]:
        arm = {"treated=0": "comparator", "treated=1": "treated"}[point["strata"]]
        (got,) = tables.execute(
            "select last(survival order by time_days) from fct_survival_curves"
            " where study_id = 'fact22_a' and sample = 'cem_caliper' and clock = 'plan_start'"
            " and arm = ? and time_days <= ?",
            [arm, point["time"]],
        ).fetchall()[0]
        assert got == pytest.approx(point["surv"], abs=1e-10)


@pytest.mark.parametrize(("method", "when"), [("unmatched", "before"), ("cem_caliper", "after")])
def test_balance(tables: duckdb.DuckDBPyConnection, method: str, when: str) -> None:
    theirs = {"n_siblings_under_18": "n_siblings_u18", "n_previous_referrals": "n_prev_referrals",
              "age_at_plan_start": "age_at_cin_start"}  # fmt: skip
    rows = tables.execute(
        "select * from fct_covariate_balance where study_id = 'fact22_a' and method = ?", [method]
    ).fetchdf()
    assert len(rows) == 7
    for row in rows.to_dict("records"):
        covariate = str(row["covariate"])
        expected = answers("fact22_a")["balance"][when][theirs.get(covariate, covariate)]
        assert row["mean_treated"] == pytest.approx(expected["mean_treated"], abs=ESTIMATE)
        assert row["mean_comparator"] == pytest.approx(expected["mean_comp"], abs=ESTIMATE)
        assert row["p_value"] == pytest.approx(expected["p_wls_HC1"], abs=ESTIMATE)


def test_benjamini_hochberg(tables: duckdb.DuckDBPyConnection) -> None:
    expected = answers("fact22_a")["benjamini_hochberg"]["p_BH"]
    for analysis_id, theirs in {
        "closure_main": "closed",
        "length_main": "length",
        "escalation_main": "escalated",
        "rereferral_12m_main": "rereferred",
    }.items():
        assert estimate(tables, analysis_id)["p_adjusted"] == pytest.approx(
            expected[theirs], abs=1e-9
        )


def test_effective_sample_size(tables: duckdb.DuckDBPyConnection) -> None:
    expected = answers("fact22_a")["matching"]["calendar6m_from_treated.inclusive"]
    got = estimate(tables, "closure_main")
    assert got["ess_comparator"] == pytest.approx(expected["ess_comp"], abs=1e-9)
    assert (got["n_treated"], got["n_comparator"]) == (
        expected["matched_treated"],
        expected["matched_comp"],
    )


@pytest.mark.parametrize(
    ("study", "analysis_id", "reason"),
    [
        ("fact22_a", "rereferral_12m_logit", "separation"),
        ("edge_separation", "closure_main", "separation"),
        ("edge_separation", "length_main", "all_censored"),
        ("edge_ties", "closure_main", "no_variation"),
        ("edge_tiny", "length_main", "too_few_clusters"),
    ],
)
def test_too_little_data_gives_a_reason_and_no_number(
    tables: duckdb.DuckDBPyConnection, study: str, analysis_id: str, reason: str
) -> None:
    rows = tables.execute(
        "select * from fct_effect_estimates where study_id = ? and analysis_id = ?",
        [study, analysis_id],
    ).fetchdf()
    assert list(rows["status"]) == ["not_estimable"]
    assert rows["estimate"].isna().all()
    assert rows["p_value"].isna().all()
    assert rows["status_reason"].iloc[0].startswith(f"{reason}: ")


def test_a_study_without_treated_cases_says_so(tables: duckdb.DuckDBPyConnection) -> None:
    estimates = tables.execute(
        "select status, status_reason, estimate from fct_effect_estimates where study_id = 'nobody'"
    ).fetchdf()
    assert len(estimates) > 0
    assert set(estimates["status"]) == {"not_estimable"}
    assert estimates["estimate"].isna().all()
    verdicts = tables.execute(
        "select distinct verdict from fct_fitness_for_analysis where study_id = 'nobody'"
    ).fetchall()
    assert verdicts == [("cannot",)]
