"""Propensity scores and neighbours against R's MatchIt."""

import numpy as np
import pandas as pd
import pytest

from csc_outcomes.estimators.analyses import Analysis, fit
from csc_outcomes.estimators.propensity import (
    matching_weights,
    nearest_neighbours,
    neighbours_without_replacement,
    propensity_scores,
)
from csc_outcomes.estimators.result import NotEstimableError
from estimator_fixtures import MATCHING_COVARIATES, ORACLE, answers, eligible_cases


@pytest.fixture(scope="module")
def scored() -> pd.DataFrame:
    cases = eligible_cases("fact22_a")
    return cases.assign(
        score=propensity_scores(cases, MATCHING_COVARIATES),
        start_date=pd.to_datetime(cases["cin_start_date"]),
        age=cases["age_at_cin_start"],
        source_row=range(len(cases)),
    )


@pytest.fixture(scope="module")
def links(scored: pd.DataFrame) -> pd.DataFrame:
    return nearest_neighbours(scored)


def test_scores_equal_matchit(scored: pd.DataFrame) -> None:
    expected = pd.read_csv(ORACLE / "fact22_a_psm_scores.csv").set_index("case_id")["ps"]
    ours = scored.set_index("case_id")["score"].loc[expected.index]
    assert ours.to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-9)


def test_neighbours_equal_matchit(links: pd.DataFrame) -> None:
    expected = pd.read_csv(ORACLE / "fact22_a_psm_with_replacement.csv").set_index("treated_case")
    ours = links.pivot(index="treated_case_id", columns="rank", values="comparator_case_id")
    assert len(ours) == 163
    for treated, row in expected.iterrows():
        assert set(ours.loc[treated]) == set(row)
        assert ours.loc[treated, 1] == row["m1"]


def test_weights_equal_matchit(links: pd.DataFrame) -> None:
    expected = pd.read_csv(ORACLE / "fact22_a_psm_scores.csv").set_index("case_id")
    expected = expected["w_with_replacement"]
    ours = matching_weights(links, "matchit").reindex(expected.index).fillna(0)
    assert ours.to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-9)
    per_treated = matching_weights(links)
    assert per_treated.sum() == pytest.approx(2 * 163)


@pytest.mark.parametrize("outcome", ["closed_no_esc", "escalated", "rereferred_12m"])
def test_effects_after_matching_equal_r(
    scored: pd.DataFrame, links: pd.DataFrame, outcome: str
) -> None:
    expected = answers("fact22_a")["psm"]["with_replacement"][outcome]
    weight = scored["case_id"].map(matching_weights(links)).fillna(0)
    treated = fit(scored.assign(weight=weight, value=scored[outcome]), Analysis("wls"))[0]
    error = expected["se_cluster_CR1_stata"]["treated"]
    assert treated.estimate == pytest.approx(expected["coef"]["treated"], abs=1e-9)
    assert treated.std_error == pytest.approx(error, abs=1e-9)


def test_length_depends_on_the_scale_of_the_weights(
    scored: pd.DataFrame, links: pd.DataFrame
) -> None:
    expected = answers("fact22_a")["psm"]["with_replacement"]["length_weeks"]
    effects = {}
    for scale in ("matchit", "per_treated"):
        frame = scored.assign(
            weight=scored["case_id"].map(matching_weights(links, scale)).fillna(0),
            value=scored["length_days"],
            is_censored=1 - scored["closed_no_esc"],
        )
        effects[scale] = fit(frame, Analysis("censored_normal"))[0]
    coef, error = expected["coef"]["treated"], expected["se_cluster_stata"]["treated"]
    assert effects["matchit"].estimate == pytest.approx(coef, abs=1e-6)
    assert effects["matchit"].std_error == pytest.approx(error, abs=1e-6)
    assert effects["per_treated"].estimate == pytest.approx(27.7, abs=0.05)


@pytest.fixture(scope="module")
def single_links(scored: pd.DataFrame) -> pd.DataFrame:
    return neighbours_without_replacement(scored, 3)


def test_neighbours_without_replacement_equal_matchit(single_links: pd.DataFrame) -> None:
    path = ORACLE / "fact22_a_psm_without_replacement.csv"
    expected = pd.read_csv(path).set_index("treated_case")
    ours = single_links.pivot(index="treated_case_id", columns="rank", values="comparator_case_id")
    assert len(ours) == len(expected) == 163
    for round_number in (1, 2, 3):
        theirs = expected[f"m{round_number}"]
        assert (ours[round_number].loc[theirs.index] == theirs).all()
    assert single_links["comparator_case_id"].is_unique


@pytest.mark.parametrize("outcome", ["closed_no_esc", "escalated", "rereferred_12m"])
def test_effects_without_replacement_equal_r(
    scored: pd.DataFrame, single_links: pd.DataFrame, outcome: str
) -> None:
    scores = pd.read_csv(ORACLE / "fact22_a_psm_scores.csv").set_index("case_id")
    weight = scored["case_id"].map(matching_weights(single_links, "matchit")).fillna(0)
    theirs = scores["w_without_replacement"].loc[scored["case_id"]]
    assert weight.to_numpy() == pytest.approx(theirs.to_numpy(), abs=1e-9)
    expected = answers("fact22_a")["psm"]["without_replacement"][outcome]
    treated = fit(scored.assign(weight=weight, value=scored[outcome]), Analysis("wls"))[0]
    error = expected["se_cluster_CR1_stata"]["treated"]
    assert treated.estimate == pytest.approx(expected["coef"]["treated"], abs=1e-9)
    assert treated.std_error == pytest.approx(error, abs=1e-9)


def tied_cases(**comparators: list) -> pd.DataFrame:
    pool = pd.DataFrame(comparators).assign(treated=0)
    one = pd.DataFrame(
        {"treated": [1], "score": [0.5], "start": ["2018-01-31"], "age": [7], "source_row": [9]}
    )
    cases = pd.concat([one, pool], ignore_index=True)
    names = ["treated", *(f"row {row}" for row in pool["source_row"])]
    return cases.assign(case_id=names, start_date=pd.to_datetime(cases["start"]))


@pytest.mark.parametrize(
    ("starts", "ages", "rows", "order"),
    [
        (["2018-02-20", "2018-02-01", "2018-01-01"], [5, 5, 5], [1, 2, 3], [2, 1, 3]),
        (["2018-02-10", "2018-01-21", "2018-03-31"], [5, 5, 5], [1, 2, 3], [2, 1, 3]),
        (["2018-02-10", "2018-02-10", "2018-02-10"], [5, 4, 5], [3, 2, 1], [2, 1, 3]),
    ],
    ids=["smaller gap", "then earlier start", "then younger, then source row"],
)
def test_equal_scores_are_settled_on_content(
    starts: list[str], ages: list[int], rows: list[int], order: list[int]
) -> None:
    cases = tied_cases(score=[0.4, 0.4, 0.4], start=starts, age=ages, source_row=rows)
    expected = [f"row {row}" for row in order]
    assert nearest_neighbours(cases)["comparator_case_id"].to_list() == expected
    shuffled = cases.iloc[::-1].assign(case_id=lambda frame: "x" + frame["case_id"])
    assert nearest_neighbours(shuffled)["comparator_case_id"].to_list() == [
        f"x{name}" for name in expected
    ]
    assert nearest_neighbours(cases, 1)["comparator_case_id"].to_list() == expected[:1]
    once = neighbours_without_replacement(cases, 3)
    assert once["comparator_case_id"].to_list() == expected
    assert once["rank"].to_list() == [1, 2, 3]
    once = neighbours_without_replacement(shuffled, 3)
    assert once["comparator_case_id"].to_list() == [f"x{name}" for name in expected]


def test_scores_equally_far_above_and_below_are_tied() -> None:
    cases = tied_cases(
        score=[0.4, 0.6], start=["2018-03-20", "2018-02-01"], age=[5, 5], source_row=[1, 2]
    )
    assert nearest_neighbours(cases)["comparator_case_id"].to_list() == ["row 2", "row 1"]


def choosers(**treated: list) -> pd.DataFrame:
    """Treated cases who all want comparator c first, then d, e, f."""
    ones = pd.DataFrame(treated).assign(treated=1)
    others = pd.DataFrame(
        {"case_id": list("cdef"), "score": [0.5, 0.49, 0.3, 0.1], "treated": 0, "age": 5}
    )
    cases = pd.concat([ones, others], ignore_index=True)
    start = cases["start"].fillna("2018-01-01")
    return cases.assign(start_date=pd.to_datetime(start), source_row=range(len(cases)))


def test_the_largest_score_chooses_first_and_in_rounds() -> None:
    cases = choosers(case_id=["low", "high"], score=[0.5, 0.6], start=["2018-01-01"] * 2, age=5)
    links = neighbours_without_replacement(cases, 2)
    chosen = list(zip(links["treated_case_id"], links["comparator_case_id"], strict=True))
    assert chosen == [("high", "c"), ("low", "d"), ("high", "e"), ("low", "f")]
    assert links["distance"].to_list() == pytest.approx([0.1, 0.01, 0.3, 0.4])
    links = neighbours_without_replacement(cases, 3)
    assert links["rank"].to_list() == [1, 1, 2, 2]


def test_equal_scores_of_the_treated_are_settled_on_content() -> None:
    cases = choosers(
        case_id=["late", "young", "early"],
        score=[0.6] * 3,
        start=["2018-03-01", "2018-02-01", "2018-02-01"],
        age=[5, 4, 6],
    )
    for frame in (cases, cases.iloc[::-1]):
        links = neighbours_without_replacement(frame)
        assert links["treated_case_id"].to_list() == ["young", "early", "late"]


def test_few_comparators_or_none() -> None:
    cases = tied_cases(score=[0.4], start=["2018-02-01"], age=[5], source_row=[1])
    (share,) = matching_weights(nearest_neighbours(cases)).loc[["row 1"]]
    assert share == 1
    assert nearest_neighbours(cases[cases["treated"] == 1]).empty
    assert nearest_neighbours(cases[cases["treated"] == 0]).empty
    assert len(neighbours_without_replacement(cases, 3)) == 1
    for arm in (0, 1):
        nobody = neighbours_without_replacement(cases[cases["treated"] == arm])
        assert nobody.empty
        assert "gap_days" in nobody


def test_arms_without_overlap_have_no_scores() -> None:
    frame = pd.DataFrame({"treated": [1, 1, 0, 0], "age": [9.0, 8.0, 2.0, 1.0]})
    with pytest.raises(NotEstimableError, match=r"^separation: .* age"):
        propensity_scores(frame, ["age"])
    with pytest.raises(NotEstimableError, match=r"^empty_arm: "):
        propensity_scores(frame.assign(treated=1), ["age"])
    with pytest.raises(ValueError, match=r"without a covariate"):
        propensity_scores(frame.assign(age=np.nan), ["age"])


def test_unknown_scale_is_refused(links: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match=r"Unknown scale"):
        matching_weights(links, "stata")
