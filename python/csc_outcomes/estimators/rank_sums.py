"""Two groups of scores by their ranks: Mann-Whitney test, exact with ties, and its effect sizes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from csc_outcomes.estimators.result import FloatArray, IntArray, NotEstimableError

# The work grows with the fourth power of the size: about a second at the limit.
LARGEST_EXACT = 200
EXACT, APPROXIMATE = "exact_conditional", "normal_approximation"


@dataclass(frozen=True)
class RankSumTest:
    """A Mann-Whitney test of a first group of scores against a second, and how far they differ.

    `statistic` is U of the first group: the pairs in which its member has the higher score, a tie
    counting half. `p_value` is two-sided, by `method` exact_conditional or normal_approximation.
    `shift` is Hodges and Lehmann's estimate in the scores' unit, above 0 where the first group is
    higher. `superiority`, from 0 to 1, is the probability that a member of the first group scores
    higher than one of the second, ties counting half.
    """

    statistic: float
    p_value: float
    method: str
    shift: float
    superiority: float


def rank_sum_test(
    first: FloatArray, second: FloatArray, largest_exact: int = LARGEST_EXACT
) -> RankSumTest:
    """Mann-Whitney test of two groups of finite scores, of which many may be equal.

    Up to `largest_exact` scores in all the p-value is that of the permutation distribution given
    the ties (`exact_p_value`), beyond it that of the normal approximation with the variance
    corrected for ties and a continuity correction of a half (scipy's mannwhitneyu; R's
    wilcox.test). Hodges and Lehmann's estimate is the median of the differences of all pairs (The
    Annals of Mathematical Statistics 34, 1963).

    Raises NotEstimableError where a group is empty or all scores are equal.
    """
    from scipy.stats import mannwhitneyu

    if not len(first) or not len(second):
        raise NotEstimableError("empty_arm: one of the arms has no score")
    if np.ptp(np.concatenate([first, second])) == 0:
        raise NotEstimableError("no_variation: every score is the same")
    approximate = mannwhitneyu(first, second, method="asymptotic", use_continuity=True)
    is_exact = len(first) + len(second) <= largest_exact
    return RankSumTest(
        statistic=float(approximate.statistic),
        p_value=exact_p_value(first, second) if is_exact else float(approximate.pvalue),
        method=EXACT if is_exact else APPROXIMATE,
        shift=float(np.median(np.subtract.outer(first, second))),
        superiority=float(approximate.statistic) / (len(first) * len(second)),
    )


def exact_p_value(first: FloatArray, second: FloatArray) -> float:
    """Two-sided p-value of the rank sum over every split of the scores into groups of these sizes.

    Tied scores share their mean rank, so the distribution is conditional on the ties (scipy's exact
    method takes the ranks to be distinct). The p-value is the share of splits whose rank sum lies
    at least as far from its mean as the one observed, as R's coin and exactRankTests have it. The
    rank sums are counted by Streitberg and Roehmel's shift algorithm ("Exact distributions for
    permutation and rank tests", Statistical Software Newsletter 12, 1986).
    """
    from scipy.stats import rankdata

    # Twice the mean ranks are whole numbers, so no rounding decides what is as far.
    doubled = np.rint(2 * rankdata(np.concatenate([first, second]))).astype(np.int64)
    is_smaller = np.arange(len(doubled)) < len(first)
    if len(first) > len(second):
        is_smaller = ~is_smaller
    size = int(is_smaller.sum())
    splits = _counts_by_sum(doubled - doubled.min(), size)
    expected = size * (len(doubled) + 1)
    distance = np.abs(np.arange(len(splits)) + size * int(doubled.min()) - expected)
    observed = abs(int(doubled[is_smaller].sum()) - expected)
    return float(splits[distance >= observed].sum() / splits.sum())


def _counts_by_sum(scores: IntArray, size: int) -> FloatArray:
    """Number of subsets of `size` of the scores (0, 1, 2 ...) with the sum 0, 1, 2 and so on."""
    largest = int(np.sort(scores)[-size:].sum())
    counts = np.zeros((size + 1, largest + 1))
    counts[0, 0] = 1.0
    for taken, score in enumerate(np.sort(scores)[::-1].tolist(), start=1):
        rows = min(taken, size)
        counts[1 : rows + 1, score:] += counts[:rows, : largest + 1 - score]
    return np.asarray(counts[size])
