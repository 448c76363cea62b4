"""The smallest effects that a sample can tell from none: two-sided 5 %, power 80 %."""

from __future__ import annotations

import math

ALPHA = 0.05
POWER = 0.8


def detectable_effect(n_treated: float, n_comparator: float) -> float:
    """The smallest standardised difference: of means in standard deviations, of proportions in
    Cohen's h. Sizes are effective ones, in cases. Cohen, Statistical Power Analysis (1988),
    chapters 2 and 6; NaN where an arm is empty."""
    from statsmodels.stats.power import NormalIndPower

    if min(n_treated, n_comparator) <= 0:
        return math.nan
    solved = NormalIndPower().solve_power(
        nobs1=n_treated, ratio=n_comparator / n_treated, alpha=ALPHA, power=POWER
    )
    return float(solved)


def detectable_rate(rate: float, effect: float) -> float:
    """The rate that lies Cohen's h `effect` above `rate` (below, where it is negative), both as
    proportions; NaN where no proportion does."""
    angle = math.asin(math.sqrt(rate)) + effect / 2
    return math.sin(angle) ** 2 if 0 <= angle <= math.pi / 2 else math.nan


def design_effect(cluster_size: float, intraclass_correlation: float) -> float:
    """By how much clusters shrink a sample; `cluster_size` is the mean over cases of the size of
    their own cluster, which allows for unequal clusters. Eldridge, Ashby and Kerry, International
    Journal of Epidemiology 35 (2006), 1292-1300."""
    return 1 + (cluster_size - 1) * intraclass_correlation
