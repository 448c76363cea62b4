"""How alike the arms are and whom matching loses, from the published build."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import pytest

from csc_outcomes.estimators.balance import covariate_balance
from csc_outcomes.evaluation.balance_tables import balance, matching_losses
from csc_outcomes.evaluation.samples import ROW_ORDER, Evidence
from estimator_fixtures import MATCHING_COVARIATES, answers, eligible_cases

THEIRS = {
    "age_at_plan_start": "age_at_cin_start",
    "n_siblings_under_18": "n_siblings_u18",
    "n_previous_referrals": "n_prev_referrals",
}
THEIR_TESTS = {
    "wls_hc1": "p_wls_HC1",
    "wls_classical": "p_wls_classical",
    "pooled_unweighted": "p_t_pooled_unweighted",
    "welch_unweighted": "p_t_welch_unweighted",
}

UNASKED = pd.DataFrame({"study_id": [], "sample": []})


def small_evidence() -> Evidence:
    """A study of two treated cases matched, one lost, and a comparator that serves both."""
    cases = [("a", "treated"), ("b", "treated"), ("lost", "treated"), ("c", "comparator")]
    study = {"study_id": "s", "la_code": "S51"}
    ages = {"a": 2.0, "b": 4.0, "lost": 12.0, "c": 3.0}
    return Evidence(
        sample_cases=pd.DataFrame(
            [
                {**study, "method": method, "case_id": case, "weight": weight}
                for method, weights in {
                    "unmatched": dict.fromkeys(ages, 1.0),
                    "near": {"a": 1.0, "b": 1.0, "c": 2.0},
                }.items()
                for case, weight in weights.items()
            ]
        ),
        study_cases=pd.DataFrame(
            [
                {
                    **study,
                    "case_id": case,
                    "arm": arm,
                    **dict.fromkeys(ROW_ORDER[1:-1]),
                    "plan_start_date": pd.Timestamp("2018-05-01"),
                }
                for case, arm in cases
            ]
        ),
        case_outcomes=pd.DataFrame(),
        covariate_values=pd.DataFrame(
            [
                {**study, "case_id": case, "covariate": "age", "value": age}
                for case, age in ages.items()
            ]
        ),
        covariates=pd.DataFrame(
            [{"study_id": "s", "covariate": "age", "covariate_order": 1, "in_balance": True}]
        ),
    )


@pytest.mark.parametrize(("method", "suffix"), [("unmatched", "Un"), ("cem_caliper", "Adj")])
def test_published_balance_equals_r(
    tables: duckdb.DuckDBPyConnection, method: str, suffix: str
) -> None:
    expected = {row["variable"]: row for row in answers("fact22_a")["balance"]["cobalt"]}
    rows = tables.execute(
        "select * from fct_covariate_balance where study_id = 'fact22_a' and method = ?", [method]
    ).fetchdf()
    assert len(rows) == 7
    for row in rows.to_dict("records"):
        theirs = expected[THEIRS.get(row["covariate"], row["covariate"])]
        assert row["smd"] == pytest.approx(theirs[f"Diff.{suffix}"], abs=1e-9)
        assert row["ks"] == pytest.approx(theirs[f"KS.{suffix}"], abs=1e-9)
        if theirs["Type"] != "Binary":
            ratio = theirs[f"V.Ratio.{suffix}"]
            assert row["variance_ratio"] == pytest.approx(ratio, abs=1e-9)
        assert row["balance_test"] == "wls_hc1"
        worth = "**" if row["p_value"] < 0.01 else "*" if row["p_value"] < 0.05 else ""
        assert row["stars"] == worth


def test_published_balance_of_nearest_propensity_scores_equals_r(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    expected = answers("fact22_a")["psm"]["with_replacement"]["balance"]
    rows = tables.execute(
        "select * from fct_covariate_balance where study_id = 'fact22_a' and method = 'psm_3nn'"
    ).fetchdf()
    assert len(rows) == 7
    for row in rows.to_dict("records"):
        theirs = expected[THEIRS.get(row["covariate"], row["covariate"])]
        assert row["mean_treated"] == pytest.approx(theirs["mean_treated"], abs=1e-9)
        assert row["mean_comparator"] == pytest.approx(theirs["mean_comp"], abs=1e-9)
        assert row["p_value"] == pytest.approx(theirs["p_wls_HC1"], abs=1e-9)
        assert (row["n_treated"], row["n_comparator"]) == (163, 417)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("test", THEIR_TESTS)
def test_every_test_equals_r(when: str, test: str) -> None:
    cases = eligible_cases("fact22_a")
    if when == "before":
        cases = cases.assign(weight=1.0)
    rows = covariate_balance(cases, MATCHING_COVARIATES, test=test).set_index("covariate")
    for name in MATCHING_COVARIATES:
        expected = answers("fact22_a")["balance"][when][name][THEIR_TESTS[test]]
        assert rows.at[name, "p_value"] == pytest.approx(expected, abs=1e-9)


def test_tests_by_hand() -> None:
    # Comparators 1, 3 and 5, 5 once more by weight: mean 3.5 and Kish 16 / 6 of three cases.
    frame = pd.DataFrame(
        {
            "treated": [1, 1, 1, 0, 0, 0],
            "weight": [1.0, 1.0, 1.0, 1.0, 1.0, 2.0],
            "x": [4.0, 6.0, 8.0, 1.0, 3.0, 5.0],
        }
    )
    variance = (2.5**2 + 0.5**2 + 2 * 1.5**2) / (4 - 6 / 4)
    expected = {
        "welch_effective_n": 2.5 / np.sqrt(4 / 3 + variance / (16 / 6)),
        "pooled_rows": 2.5 / np.sqrt((2 * 4 + 2 * variance) / 4 * (2 / 3)),
        "welch_unweighted": 3 / np.sqrt(4 / 3 + 4 / 3),
    }
    from scipy.stats import t

    for test, statistic in expected.items():
        (p_value,) = covariate_balance(frame, ["x"], test=test)["p_value"]
        if test == "welch_effective_n":
            parts = 4 / 3, variance / (16 / 6)
            freedom = sum(parts) ** 2 / (parts[0] ** 2 / 2 + parts[1] ** 2 / (16 / 6 - 1))
        else:
            freedom = 4
        assert p_value == pytest.approx(2 * t.sf(statistic, freedom), rel=1e-9), test
    with pytest.raises(ValueError, match="Unknown test 'student'"):
        covariate_balance(frame, ["x"], test="student")


def test_the_largest_distance_weighs_ties_together() -> None:
    frame = pd.DataFrame(
        {
            "treated": [1, 1, 0, 0, 0],
            "weight": [1.0, 4.0, 0.5, 1.0, 0.5],
            "x": [1.0, 3.0, 2.0, 2.0, 3.0],
        }
    )
    (row,) = covariate_balance(frame, ["x"]).to_dict("records")
    # Up to 2 lie three quarters of the comparators' weight and a fifth of the treated's.
    assert row["ks"] == pytest.approx(0.55)
    assert (row["n_treated"], row["n_comparator"]) == (2, 3)


def test_losses_compare_treated_with_treated_once_each() -> None:
    methods = pd.DataFrame({"study_id": ["s", "s"], "method": ["near", "none"]})
    near, none = matching_losses(small_evidence(), methods, {"s": "wls_hc1"}).to_dict("records")
    assert (near["mean_matched"], near["mean_unmatched"]) == (3, 12)
    assert (near["n_matched"], near["n_unmatched"]) == (2, 1)
    assert near["smd"] == pytest.approx(-9 / np.std([2, 4, 12], ddof=1))
    # A method that matched nobody lost all.
    assert pd.isna(none["mean_matched"])
    assert pd.isna(none["smd"])
    assert (none["n_matched"], none["n_unmatched"]) == (0, 3)


def test_the_test_is_the_studys() -> None:
    rows = balance(small_evidence(), {"s": "welch_unweighted"}, UNASKED)
    assert list(rows["balance_test"]) == ["welch_unweighted"] * 2
    assert list(rows["stars"]) == ["", ""]


def test_arms_drawn_by_lot_are_not_tested() -> None:
    cases = small_evidence().study_cases
    arms = cases["case_id"].isin(["a", "b"]).map({True: "treated", False: "comparator"})
    evidence = replace(small_evidence(), study_cases=cases.assign(arm=arms))
    tested = balance(evidence, {"s": "wls_hc1"}, UNASKED)
    drawn = balance(evidence, {"s": "wls_hc1"}, UNASKED, {"s"})
    assert tested["p_value"].notna().any()
    assert drawn["p_value"].isna().all()
    assert list(drawn["stars"]) == ["", ""]
    same = ["smd", "variance_ratio", "ks", "status"]
    pd.testing.assert_frame_equal(drawn[same], tested[same])


def test_nothing_recorded_has_no_rows() -> None:
    empty = small_evidence()
    nobody = Evidence(
        sample_cases=empty.sample_cases.head(0),
        study_cases=empty.study_cases.head(0),
        case_outcomes=empty.case_outcomes,
        covariate_values=empty.covariate_values.head(0),
        covariates=empty.covariates,
    )
    assert len(balance(nobody, {}, UNASKED)) == 0
    asked = pd.DataFrame({"study_id": ["s"], "sample": ["near"]})
    rows = balance(nobody, {"s": "wls_hc1"}, asked)
    assert set(rows["status_reason"].str.split(":").str[0]) == {"empty_arm"}
    assert rows[["mean_treated", "smd", "p_value"]].isna().all(axis=None)
    methods = pd.DataFrame({"study_id": [], "method": []})
    assert len(matching_losses(nobody, methods, {})) == 0


def test_losses_and_shares_are_those_of_the_sample(tables: duckdb.DuckDBPyConnection) -> None:
    found = tables.execute(
        "select n_recorded, n_eligible, n_matched from fct_matched_shares"
        " where study_id = 'fact22_a' and method = 'cem_caliper' and arm = 'treated'"
    ).fetchall()
    assert [row[1:] for row in found] == [(163, 139)]
    report = tables.execute(
        "select round(share_of_recorded, 4), round(share_of_eligible, 4) from fct_matched_shares"
        " where study_id = 'fact22' and method = 'cem_caliper' and arm = 'treated'"
    ).fetchall()
    assert report == [(round(122 / 171, 4), round(122 / 163, 4))]
    cases = eligible_cases("fact22_a")
    treated = cases[cases["treated"] == 1]
    losses = tables.execute(
        "select * from fct_matching_losses where study_id = 'fact22_a' and method = 'cem_caliper'"
    ).fetchdf()
    assert len(losses) == 7
    for row in losses.to_dict("records"):
        values = treated[THEIRS.get(row["covariate"], row["covariate"])].astype(float)
        matched = values[treated["weight"] > 0]
        lost = values[treated["weight"] == 0]
        assert (row["n_matched"], row["n_unmatched"]) == (len(matched), len(lost))
        assert row["mean_matched"] == pytest.approx(matched.mean(), abs=1e-9)
        assert row["mean_unmatched"] == pytest.approx(lost.mean(), abs=1e-9)
