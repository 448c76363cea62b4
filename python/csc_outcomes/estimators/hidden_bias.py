"""How strong an unseen cause of selection would have to be to explain a result away.

Gamma is the factor by which two cases alike in everything recorded may differ in their odds of
treatment.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from csc_outcomes.estimators.censored_normal import (
    CensoredNormalFit,
    expected_beyond,
    fit_censored_normal,
)
from csc_outcomes.estimators.design import Design, build_design
from csc_outcomes.estimators.result import FloatArray, IntArray, NotEstimableError

ALPHAS = (0.05, 0.01)
CONTINUITY = 0.5
LARGEST_GAMMA = 1e12
MOST_MEANS = 1_000_000  # means of two differences that are sorted at a time


@dataclass(frozen=True)
class HiddenBiasBounds:
    """Bounds of the one-sided p-value over a list of gammas.

    `direction` is 'greater' when the treated have more (the test is then against "not more"), else
    'less'. `table` has gamma, p_upper (hidden bias worked in the effect's favour, the bound that
    decides) and p_lower. `crossing_gamma` holds, per alpha, the first gamma at which p_upper
    exceeds it (1 when it does without any hidden bias); `ceiling_gamma`, per alpha, the most the
    test could ever give with this many pairs, or None where there is no such ceiling.

    Bounds that also bound the effect itself have estimate_low and estimate_high in the table.
    """

    direction: str
    table: pd.DataFrame
    crossing_gamma: Mapping[float, float]
    ceiling_gamma: Mapping[float, float] | None


def event_table(frame: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Weighted counts for `mantel_haenszel_bounds`: a row per value of `by`, or one in all.

    `frame` has treated, weight and value (0/1). Rows of weight 0 or without a value do not count.
    Columns n_treated, n_treated_events, n_comparator, n_comparator_events.
    """
    used = frame[(frame["weight"] > 0) & frame["value"].notna()]
    is_treated = used["treated"] == 1
    counts = pd.DataFrame(
        {
            "n_treated": used["weight"].where(is_treated, 0.0),
            "n_treated_events": (used["weight"] * used["value"]).where(is_treated, 0.0),
            "n_comparator": used["weight"].where(~is_treated, 0.0),
            "n_comparator_events": (used["weight"] * used["value"]).where(~is_treated, 0.0),
        },
        dtype=float,
    )
    if by is None:
        return counts.sum().to_frame().T
    return counts.groupby(used[by]).sum()


def pair_table(links: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    """Counts for `mantel_haenszel_bounds` of the data spread out pair by pair, as one table.

    Every link (treated_case_id, comparator_case_id) is a pair of two rows that count one each,
    whatever its weight: a case linked often counts often. Such rows depend on each other, so this
    is no test of its own; it is the reading under which bounds as large as some published ones can
    be had. `values` (0/1) is indexed by case_id; a pair without both of its values is left out.
    """
    pairs = _pair_values(links, values)
    counts = {
        "n_treated": len(pairs),
        "n_treated_events": pairs["treated"].sum(),
        "n_comparator": len(pairs),
        "n_comparator_events": pairs["comparator"].sum(),
    }
    return pd.DataFrame([counts], dtype=float)


def mantel_haenszel_bounds(strata: pd.DataFrame, gammas: Iterable[float]) -> HiddenBiasBounds:
    """Mantel-Haenszel bounds for a 0/1 outcome (Aakvik 2001; Becker and Caliendo 2007, mhbounds).

    `strata` as from `event_table`; weighted counts need not be whole. At gamma 1 the variance is
    exact hypergeometric, beyond it the large-sample one; one continuity correction on the summed
    difference. `table` also has q_plus and q_minus, the statistics if treated cases were likelier,
    or less likely, to have the event anyway: being absolute they fall to 0 and rise again, so only
    the first crossing counts. Raises NotEstimableError without an arm, or when nobody or everybody
    has the event.
    """
    counts = _two_by_two(strata)
    excess = float(np.sum(counts.observed - _expected(counts, 1.0)))
    sign = 1.0 if excess > 0 else -1.0

    def signed_p(gamma: float) -> float:
        # Without the absolute value this bound only ever rises, so its crossing is the first one.
        return _upper_p(_mh_statistic(counts, gamma**sign, sign))

    rows = []
    for gamma in gammas:
        q_plus, q_minus = _mh_statistic(counts, gamma), _mh_statistic(counts, 1 / gamma)
        upper, lower = (q_plus, q_minus) if sign > 0 else (q_minus, q_plus)
        rows.append((gamma, q_plus, q_minus, _upper_p(upper), _upper_p(lower)))
    return HiddenBiasBounds(
        direction="greater" if sign > 0 else "less",
        table=pd.DataFrame(rows, columns=["gamma", "q_plus", "q_minus", "p_upper", "p_lower"]),
        crossing_gamma={alpha: _first_crossing(signed_p, alpha) for alpha in ALPHAS},
        ceiling_gamma=None,
    )


def signed_rank_bounds(differences: FloatArray, gammas: Iterable[float]) -> HiddenBiasBounds:
    """Rosenbaum bounds of Wilcoxon's signed-rank test; `differences` treated less comparator.

    Zero differences drop out, ties share their mean rank, normal approximation without
    continuity correction (Rosenbaum 2002, section 4.3; rbounds' psens). The test is one-sided
    in the direction the pairs lean to. With n pairs no data give more than ceiling_gamma: say
    so beside any crossing near it. `table` also has estimate_low and estimate_high, see
    `hodges_lehmann_bounds`, in the differences' unit. Raises NotEstimableError when every
    difference is zero.
    """
    from scipy.stats import rankdata

    moved = differences[np.isfinite(differences) & (differences != 0)]
    if not len(moved):
        raise NotEstimableError("no_variation: no pair differs")
    ranks = rankdata(np.abs(moved))
    total, squares = float(ranks.sum()), float(ranks @ ranks)
    positive = float(ranks[moved > 0].sum())
    direction = "greater" if positive >= total / 2 else "less"
    statistic = max(positive, total - positive)

    def p_at(share: float) -> float:
        spread = np.sqrt(share * (1 - share) * squares)
        return _upper_p((statistic - share * total) / spread)

    def p_upper(gamma: float) -> float:
        return p_at(gamma / (1 + gamma))

    gammas = list(gammas)
    rows = [(gamma, p_upper(gamma), p_at(1 / (1 + gamma))) for gamma in gammas]
    table = pd.DataFrame(rows, columns=["gamma", "p_upper", "p_lower"])
    return HiddenBiasBounds(
        direction=direction,
        table=table.merge(hodges_lehmann_bounds(differences, gammas), on="gamma"),
        crossing_gamma={alpha: _first_crossing(p_upper, alpha) for alpha in ALPHAS},
        ceiling_gamma={
            alpha: (total / np.sqrt(squares) / float(ndtri(1 - alpha))) ** 2 for alpha in ALPHAS
        },
    )


def hodges_lehmann_bounds(differences: FloatArray, gammas: Iterable[float]) -> pd.DataFrame:
    """Least and largest Hodges-Lehmann estimate of the effect under hidden bias, one row per gamma.

    Columns gamma, estimate_low, estimate_high, in the unit of `differences` (treated less
    comparator). The estimate is the shift that brings the signed-rank statistic to what is expected
    of it, at gamma between 1 / (1 + gamma) and gamma / (1 + gamma) of its maximum (Rosenbaum 1993;
    2002, section 4.3). The statistic at a shift counts the means of two differences (of one with
    itself too) above it, so the bounds are quantiles of these means; rbounds' hlsens walks there
    in steps and stops up to one step beyond. Pairs that do not differ count. No pair: no row.
    """
    found = np.sort(differences[np.isfinite(differences)])
    rows = [
        (gamma, *(_quantile_of_means(found, share) for share in _both_shares(gamma)))
        for gamma in (gammas if len(found) else ())
    ]
    return pd.DataFrame(rows, columns=["gamma", "estimate_low", "estimate_high"], dtype=float)


def _quantile_of_means(ordered: FloatArray, share: float) -> float:
    """The quantile of all means of two values, of one with itself too, without making them all.

    The inverse of the distribution, in the middle where it is flat (Hyndman and Fan's second
    definition).
    """
    n_means = len(ordered) * (len(ordered) + 1) // 2
    rank = n_means * share
    place = int(np.ceil(rank))
    at = _mean_at(ordered, min(max(place, 1), n_means))
    if place != rank or not 0 < place < n_means:
        return at
    after = _mean_at(ordered, place + 1)
    return after - (after - at) / 2


def _mean_at(ordered: FloatArray, place: int) -> float:
    """The `place`-th smallest (from 1) of the means of two values: an interval of means is halved
    until few enough are left in it to be sorted."""
    low, high = float(ordered[0]), float(ordered[-1])
    below = 0  # means smaller than `low`
    upto = len(ordered) * (len(ordered) + 1) // 2  # means up to `high`
    while upto - below > MOST_MEANS and low < high:
        middle = low + (high - low) / 2
        middle = middle if middle < high else low
        n = int(_partners(ordered, middle, "right").sum())
        if n >= place:
            high, upto = middle, n
        else:
            low, below = float(np.nextafter(middle, np.inf)), n
    if upto - below > MOST_MEANS:  # one mean, very often
        return high
    first, last = _partners(ordered, low, "left"), _partners(ordered, high, "right")
    one = np.repeat(np.arange(len(ordered)), last - first)
    start = np.repeat(np.cumsum(last - first) - (last - first), last - first)
    other = one + np.repeat(first, last - first) + np.arange(len(one)) - start
    means = (ordered[one] + ordered[other]) / 2
    return float(np.partition(means, place - below - 1)[place - below - 1])


def _partners(ordered: FloatArray, mean: float, side: Literal["left", "right"]) -> IntArray:
    """For each value, with how many from itself on it has a mean below `mean` (or up to it)."""
    n = len(ordered)
    here = np.arange(n)
    found = np.maximum(np.searchsorted(ordered, 2 * mean - ordered, side), here)
    # 2 x mean - value is rounded: the mean itself, as it will be computed, decides.
    for step in (-1, 1):
        while True:
            look = np.clip(found if step > 0 else found - 1, 0, n - 1)
            means = (ordered + ordered[look]) / 2
            within = means <= mean if side == "right" else means < mean
            moves = (within & (found < n)) if step > 0 else (~within & (found > here))
            if not moves.any():
                break
            found = found + step * moves
    return np.asarray(found - here, np.int64)


def nearest_pairs(
    links: pd.DataFrame, cases: pd.DataFrame, tie_breakers: Sequence[str] = ()
) -> pd.DataFrame:
    """One link per treated case: to the comparator that started nearest to it.

    `cases` has case_id, plan_start_date and the `tie_breakers`. Of equally near comparators the
    first to start comes first, then the smaller tie breaker; ids decide only between cases alike
    in all that.
    """
    known = cases.set_index("case_id")
    joined = links.join(known[["plan_start_date", *tie_breakers]], on="comparator_case_id")
    gap = joined["plan_start_date"] - joined["treated_case_id"].map(known["plan_start_date"])
    order = ["gap", "plan_start_date", *tie_breakers, "comparator_case_id"]
    ordered = joined.assign(gap=gap.abs()).sort_values(["treated_case_id", *order])
    return ordered.groupby("treated_case_id").head(1)[list(links.columns)]


def discordant_pair_bounds(
    links: pd.DataFrame, values: pd.Series, gammas: Iterable[float]
) -> HiddenBiasBounds:
    """Rosenbaum bounds of McNemar's test: pairs of which one case alone has the event.

    `links` one per treated case (see `nearest_pairs`), `values` (0/1) by case_id. With d such pairs
    the count in the direction they lean to is binomial(d, gamma / (1 + gamma)) at most; p is exact
    and counts what is as large as observed (Rosenbaum 2002, section 4.3; rbounds' binarysens leaves
    the observed count itself out, which is too small). Raises NotEstimableError without such a
    pair.
    """
    from scipy.stats import binom

    pairs = _pair_values(links, values)
    n_treated = int(((pairs["treated"] == 1) & (pairs["comparator"] == 0)).sum())
    n_comparator = int(((pairs["treated"] == 0) & (pairs["comparator"] == 1)).sum())
    n_pairs, count = n_treated + n_comparator, max(n_treated, n_comparator)
    if not n_pairs:
        raise NotEstimableError("no_variation: no pair differs")

    def p_upper(gamma: float) -> float:
        return float(binom.sf(count - 1, n_pairs, gamma / (1 + gamma)))

    rows = [(gamma, p_upper(gamma), p_upper(1 / gamma)) for gamma in gammas]
    roots = {alpha: alpha ** (1 / n_pairs) for alpha in ALPHAS}
    return HiddenBiasBounds(
        direction="greater" if n_treated > n_comparator else "less",
        table=pd.DataFrame(rows, columns=["gamma", "p_upper", "p_lower"]),
        crossing_gamma={alpha: _first_crossing(p_upper, alpha) for alpha in ALPHAS},
        # All pairs lean one way: (gamma / (1 + gamma)) ** n_pairs is alpha.
        ceiling_gamma={alpha: max(root / (1 - root), 1.0) for alpha, root in roots.items()},
    )


def expected_lengths(frame: pd.DataFrame) -> pd.Series:
    """Days by case_id: the length where it ended, E[Y | Y > c] for a case still open at c.

    `frame` as `analyses.fit` takes it for a censored length; the expectation is that of the
    censored-normal model with treatment alone. Raises NotEstimableError when that model has no
    estimate.
    """
    design, fitted = fit_lengths(frame)
    latent = design.matrix @ fitted.coefficients.coef
    beyond = expected_beyond(latent, fitted.sigma, design.outcome)
    days = np.where(design.rows["is_censored"].astype(bool), beyond, design.outcome)
    return pd.Series(days, index=design.rows["case_id"], name="length_days")


def fit_lengths(frame: pd.DataFrame) -> tuple[Design, CensoredNormalFit]:
    """The censored-normal model of days on treatment alone, see `expected_lengths`."""
    design = build_design(frame, [], "cluster_child")
    censored = design.rows["is_censored"].astype(bool).to_numpy().astype(np.int64)
    fitted = fit_censored_normal(
        design.outcome, censored, design.matrix, design.names, design.weights
    )
    return design, fitted


def pair_differences(links: pd.DataFrame, values: pd.Series) -> pd.Series:
    """Treated value less the weighted mean of its comparators', one per treated case.

    `links` has treated_case_id, comparator_case_id and weight; `values` is indexed by case_id.
    """
    of_comparators = links["comparator_case_id"].map(values)
    weighted = pd.DataFrame(
        {"product": of_comparators * links["weight"], "weight": links["weight"]}
    )
    sums = weighted[of_comparators.notna()].groupby(links["treated_case_id"]).sum()
    treated = values.reindex(sums.index).astype(float)
    return (treated - sums["product"] / sums["weight"]).dropna()


def _pair_values(links: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    """The values of both cases of every link that has both."""
    both = {
        "treated": links["treated_case_id"].map(values),
        "comparator": links["comparator_case_id"].map(values),
    }
    return pd.DataFrame(both).dropna()


def _both_shares(gamma: float) -> list[float]:
    return [1 / (1 + gamma), gamma / (1 + gamma)]


@dataclass(frozen=True)
class _Counts:
    total: FloatArray
    treated: FloatArray
    events: FloatArray
    observed: FloatArray  # events among the treated


def _two_by_two(strata: pd.DataFrame) -> _Counts:
    total = (strata["n_treated"] + strata["n_comparator"]).to_numpy(float)
    events = (strata["n_treated_events"] + strata["n_comparator_events"]).to_numpy(float)
    treated = strata["n_treated"].to_numpy(float)
    informative = (treated > 0) & (treated < total) & (events > 0) & (events < total)
    if not informative.any():
        raise NotEstimableError("no_variation: no stratum has both arms and both outcomes")
    observed = strata["n_treated_events"].to_numpy(float)
    return _Counts(total, treated, events, observed)


def _expected(counts: _Counts, gamma: float) -> FloatArray:
    """Treated events expected per stratum if the treated had `gamma` times the odds of one."""
    if gamma == 1:
        return counts.treated * counts.events / counts.total
    odds = gamma - 1
    linear = odds * (counts.treated + counts.events) + counts.total
    constant = gamma * counts.events * counts.treated
    root = np.sqrt(np.maximum(linear**2 - 4 * odds * constant, 0.0))
    # The root that lies between the smallest and the largest possible count, without cancellation.
    return np.asarray(2 * constant / (linear + root))


def _variance(counts: _Counts, expected: FloatArray, gamma: float) -> FloatArray:
    if gamma == 1:
        hypergeometric = (
            counts.treated
            * counts.events
            * (counts.total - counts.events)
            * (counts.total - counts.treated)
        )
        freedom = np.maximum(counts.total - 1, 1e-12)
        return np.where(counts.total > 1, hypergeometric / (counts.total**2 * freedom), 0.0)
    cells = np.array(
        [
            expected,
            counts.events - expected,
            counts.treated - expected,
            counts.total - counts.events - counts.treated + expected,
        ]
    )
    is_open = (cells > 1e-12).all(axis=0)
    safe = np.where(is_open, cells, 1.0)
    return np.where(is_open, 1 / (1 / safe).sum(axis=0), 0.0)


def _mh_statistic(counts: _Counts, gamma: float, sign: float | None = None) -> float:
    """|excess| less the continuity correction, over its error; signed when a sign is given."""
    expected = _expected(counts, gamma)
    excess = float(np.sum(counts.observed - expected))
    size = abs(excess) if sign is None else sign * excess
    return (size - CONTINUITY) / float(np.sqrt(_variance(counts, expected, gamma).sum()))


def _upper_p(statistic: float) -> float:
    return float(ndtr(-statistic))


def _first_crossing(p_at: Callable[[float], float], alpha: float) -> float:
    """The gamma at which a rising bound reaches alpha; 1 when it lies above from the start."""
    from scipy.optimize import brentq

    if p_at(1.0) >= alpha:
        return 1.0
    high = 2.0
    while p_at(high) < alpha:
        high *= 2
        if high > LARGEST_GAMMA:
            return float("inf")
    return float(brentq(lambda gamma: p_at(gamma) - alpha, high / 2, high, xtol=1e-12))
