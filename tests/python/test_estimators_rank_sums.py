"""The Mann-Whitney test against R's coin and exactRankTests, and against every split."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu, rankdata

from csc_outcomes.estimators.rank_sums import exact_p_value, rank_sum_test
from csc_outcomes.estimators.result import FloatArray, NotEstimableError
from estimator_fixtures import ORACLE, answers

REFERENCES = ["sdq_ties", "sdq_noties"]


def scores(reference: str) -> tuple[FloatArray, FloatArray]:
    """The scores of the programme's children and of the others."""
    rows = pd.read_csv(ORACLE / f"{reference}.csv").astype({"total_difficulties": float})
    groups = rows.groupby("group")["total_difficulties"]
    return groups.get_group("PC").to_numpy(), groups.get_group("CEC").to_numpy()


@pytest.mark.parametrize("reference", REFERENCES)
def test_equals_r(reference: str) -> None:
    expected = answers(reference)
    first, second = scores(reference)
    assert (len(first), len(second)) == (expected["n_x"], expected["n_y"])
    test = rank_sum_test(first, second)
    assert test.method == "exact_conditional"
    assert test.statistic == expected["U_x"]
    assert test.p_value == pytest.approx(expected["p_exact_conditional_coin"], abs=1e-12)
    assert test.p_value == pytest.approx(expected["p_exact_exactRankTests"], abs=1e-12)
    # R searches for the root of the shifted test statistic and stops near it.
    assert test.shift == pytest.approx(expected["hodges_lehmann"], abs=1e-3)
    assert test.superiority == pytest.approx(expected["prob_superiority"], abs=1e-12)


@pytest.mark.parametrize("reference", REFERENCES)
def test_large_groups_are_approximated_as_r_does(reference: str) -> None:
    test = rank_sum_test(*scores(reference), largest_exact=16)
    assert test.method == "normal_approximation"
    assert test.p_value == pytest.approx(answers(reference)["p_normal_cc"], abs=1e-12)


def test_scipys_exact_method_ignores_ties() -> None:
    first, second = scores("sdq_ties")
    of_scipy = float(mannwhitneyu(first, second, method="exact").pvalue)
    assert of_scipy == pytest.approx(0.2244, abs=5e-5)
    assert exact_p_value(first, second) == pytest.approx(0.2175, abs=5e-5)
    first, second = scores("sdq_noties")
    of_scipy = float(mannwhitneyu(first, second, method="exact").pvalue)
    assert exact_p_value(first, second) == pytest.approx(of_scipy, abs=1e-12)


@pytest.mark.parametrize("sizes", [(1, 1), (1, 6), (6, 1), (3, 4), (4, 4), (5, 3)])
@pytest.mark.parametrize("largest", [1, 2, 10])
def test_every_split_is_counted(sizes: tuple[int, int], largest: int) -> None:
    """Skewed and heavily tied scores, against all splits one by one."""
    n_first, n_second = sizes
    generator = np.random.default_rng(17)
    for _ in range(5):
        pooled = generator.integers(0, largest, n_first + n_second, endpoint=True).astype(float)
        ranks = rankdata(pooled)
        mean = n_first * (len(pooled) + 1) / 2
        sums = np.array([ranks[list(c)].sum() for c in combinations(range(len(pooled)), n_first)])
        as_far = np.abs(sums - mean) >= abs(ranks[:n_first].sum() - mean) - 1e-9
        ours = exact_p_value(pooled[:n_first], pooled[n_first:])
        assert ours == pytest.approx(as_far.mean(), abs=1e-12)


def test_the_groups_may_be_swapped() -> None:
    first, second = scores("sdq_ties")
    there, back = rank_sum_test(first, second), rank_sum_test(second, first)
    assert there.p_value == pytest.approx(back.p_value, abs=1e-15)
    assert there.shift == -back.shift
    assert there.superiority + back.superiority == pytest.approx(1)
    assert there.statistic + back.statistic == len(first) * len(second)


def test_an_even_step_of_the_scores_changes_nothing_but_the_shift() -> None:
    first, second = scores("sdq_ties")
    test, moved = rank_sum_test(first, second), rank_sum_test(10 * first + 3, 10 * second + 3)
    assert moved.p_value == test.p_value
    assert moved.shift == 10 * test.shift


def test_exact_and_approximate_agree_where_one_takes_over_from_the_other() -> None:
    generator = np.random.default_rng(5)
    first = generator.integers(0, 10, 120, endpoint=True).astype(float)
    second = generator.integers(0, 9, 80, endpoint=True).astype(float)
    exact, approximate = rank_sum_test(first, second), rank_sum_test(first, second, 199)
    assert (exact.method, approximate.method) == ("exact_conditional", "normal_approximation")
    assert exact.p_value == pytest.approx(approximate.p_value, abs=2e-3)


def test_what_cannot_be_compared_says_so() -> None:
    some = np.array([1.0, 2.0])
    with pytest.raises(NotEstimableError, match=r"^empty_arm: "):
        rank_sum_test(some, np.empty(0))
    with pytest.raises(NotEstimableError, match=r"^empty_arm: "):
        rank_sum_test(np.empty(0), some)
    with pytest.raises(NotEstimableError, match=r"^no_variation: "):
        rank_sum_test(np.ones(3), np.ones(2))
