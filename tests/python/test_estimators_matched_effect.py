"""Matching with ties and Abadie and Imbens' error against R's Matching."""

import numpy as np
import pandas as pd
import pytest

from csc_outcomes.estimators.analyses import Analysis, fit
from csc_outcomes.estimators.matched_effect import matched_effect, neighbours_with_ties
from csc_outcomes.estimators.propensity import propensity_scores
from estimator_fixtures import MATCHING_COVARIATES, answers, eligible_cases


@pytest.fixture(scope="module")
def scored() -> pd.DataFrame:
    cases = eligible_cases("fact22_a")
    return cases.assign(score=propensity_scores(cases, MATCHING_COVARIATES))


@pytest.mark.parametrize("outcome", ["closed_no_esc", "escalated"])
def test_effect_and_error_equal_r(scored: pd.DataFrame, outcome: str) -> None:
    expected = answers("fact22_a")["psm_Matching_ATT_M3_ties"][outcome]
    links = neighbours_with_ties(scored)
    assert len(links) == expected["nobs_matched_pairs"]
    treated = matched_effect(links, scored.set_index("case_id")[outcome])
    assert treated.estimate == pytest.approx(expected["est"], abs=1e-9)
    assert treated.std_error == pytest.approx(expected["se_abadie_imbens"], abs=1e-9)
    assert (treated.term, treated.df, treated.n_treated) == ("treated", None, 163)


def test_order_of_cases_does_not_matter(scored: pd.DataFrame) -> None:
    values = scored.set_index("case_id")["escalated"]
    one = matched_effect(neighbours_with_ties(scored), values)
    other = matched_effect(neighbours_with_ties(scored.sample(frac=1, random_state=3)), values)
    assert one.estimate == pytest.approx(other.estimate, abs=1e-12)
    assert one.std_error == pytest.approx(other.std_error, abs=1e-12)


def pairs(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["treated_case_id", "comparator_case_id", "weight"])


def test_pairs_used_once_have_the_error_of_the_paired_test() -> None:
    links = pairs(("t1", "c1", 1), ("t2", "c2", 1), ("t3", "c3", 1))
    values = {"t1": 3, "t2": 5, "t3": 4, "c1": 1, "c2": 1, "c3": 3}
    row = matched_effect(links, values, "points")
    gaps = np.array([2.0, 4.0, 1.0])
    assert row.estimate == pytest.approx(gaps.mean())
    assert row.std_error == pytest.approx(gaps.std() / np.sqrt(3))
    assert row.unit == "points"


def test_using_a_comparator_twice_costs_precision() -> None:
    values = {"t1": 3, "t2": 5, "c1": 1, "c2": 1}
    once = matched_effect(pairs(("t1", "c1", 1), ("t2", "c2", 1)), values)
    twice = matched_effect(pairs(("t1", "c1", 1), ("t2", "c1", 1)), values)
    # Same differences 2 and 4: spread 2; sigma^2 = 1/2; K = 2, K^2 - K2 = 2.
    assert once.std_error == pytest.approx(np.sqrt(2) / 2)
    assert twice.std_error == pytest.approx(np.sqrt(2 + 0.5 * 2) / 2)
    assert (twice.n_comparator, twice.ess_comparator) == (1, 1)


def test_cases_without_a_value_are_left_out_with_a_note() -> None:
    links = pairs(("t1", "c1", 0.5), ("t1", "c2", 0.5), ("t2", "c1", 1), ("t3", "c1", 1))
    row = matched_effect(links, {"t1": 3, "t2": 5, "c1": 1, "t3": None})
    assert row.estimate == pytest.approx(3)
    assert row.n_treated == 2
    assert row.status_reason == "missing_outcome: 2 matched pairs left out"


@pytest.mark.parametrize(
    ("links", "code"),
    [
        (pairs(), "empty_arm"),
        (pairs(("t1", "c1", 1)), "too_few_cases"),
        (pairs(("t1", "c1", 1), ("t2", "c2", 1)), "no_variation"),
        (pairs(("t1", "x", 1)), "empty_arm"),
    ],
)
def test_thin_data_have_a_reason(links: pd.DataFrame, code: str) -> None:
    row = matched_effect(links, {"t1": 3, "t2": 3, "c1": 1, "c2": 1})
    assert row.status == "not_estimable"
    assert row.status_reason.startswith(f"{code}: ")
    assert row.estimate is None


def test_few_or_no_cases() -> None:
    cases = pd.DataFrame(
        {"case_id": ["t", "a", "b"], "treated": [1, 0, 0], "score": [0.5, 0.4, 0.1]}
    )
    links = neighbours_with_ties(cases)
    assert links["weight"].tolist() == [0.5, 0.5]
    assert neighbours_with_ties(cases[cases["treated"] == 1]).empty
    assert neighbours_with_ties(cases[cases["treated"] == 0]).empty
    assert neighbours_with_ties(cases.iloc[:0]).empty
    alike = neighbours_with_ties(cases.assign(score=0.5), 1)
    assert alike["comparator_case_id"].tolist() == ["a", "b"]


def test_ties_are_kept_and_shared() -> None:
    cases = pd.DataFrame(
        {
            "case_id": ["t", "a", "b", "c"],
            "treated": [1, 0, 0, 0],
            "score": [0.5, 0.4, 0.6, 0.1],
        }
    )
    links = neighbours_with_ties(cases, 1)
    assert sorted(links["comparator_case_id"]) == ["a", "b"]
    assert links["weight"].tolist() == [0.5, 0.5]


def test_tolerance_is_in_squared_standard_deviations_of_all_cases() -> None:
    scores = pd.Series([0.0, 1.0, 1.1])
    cases = pd.DataFrame({"case_id": list("tab"), "treated": [1, 0, 0], "score": scores})
    apart = (1.1**2 - 1) / scores.var()
    assert len(neighbours_with_ties(cases, 1, tolerance=1.01 * apart)) == 2
    assert len(neighbours_with_ties(cases, 1, tolerance=0.99 * apart)) == 1


def test_the_estimate_is_that_of_weighted_least_squares(scored: pd.DataFrame) -> None:
    links = neighbours_with_ties(scored)
    weight = scored["case_id"].map(links.groupby("comparator_case_id")["weight"].sum()).fillna(0)
    weight = weight.where(scored["treated"] == 0, 1.0)
    frame = scored.assign(weight=weight, value=scored["escalated"])
    ours = matched_effect(links, scored.set_index("case_id")["escalated"])
    assert ours.estimate == pytest.approx(fit(frame, Analysis("wls"))[0].estimate, abs=1e-12)
