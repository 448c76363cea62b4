"""Small moves that bring a sample's covariates to the means of a balance table."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.days import YEAR_DAYS, BoolArray, FloatArray
from csc_outcomes.synthetic.facts import Sample
from csc_outcomes.synthetic.luck import nudge_to_total

Rules = Mapping[str, Callable[[int, int], bool]]  # column: may this row take this value?
LARGEST_STEPS = {"start": 60, "age_days": 60, "siblings": 1, "referrals": 1}
MEAN_TOLERANCE = 0.001  # years, and counts where weights aren't whole


def reach_sample_means(
    rng: np.random.Generator,
    rows: pd.DataFrame,
    weights: FloatArray,
    may_move: BoolArray,
    aims: Sample,
    balance_origin: int,
    rules: Rules,
) -> pd.DataFrame:
    """Move single values of rows that `may_move` until the weighted means are as aimed at.

    Rows with weight 0 aren't counted. `rules` says which values a row may take.
    """
    weight = float(weights.sum())
    are_whole = bool(np.isin(weights, (0, 1)).all())
    years_slack = MEAN_TOLERANCE * weight * YEAR_DAYS
    count_slack = 0 if are_whole else MEAN_TOLERANCE * weight
    totals = {
        "start": (weight * (balance_origin + aims.years * YEAR_DAYS), years_slack),
        "age_days": (weight * aims.age * YEAR_DAYS, years_slack),
        "siblings": (aims.siblings, count_slack),
        "referrals": (aims.referrals, count_slack),
    }
    for column, (total, tolerance) in totals.items():
        moved = nudge_to_total(
            rng,
            rows[column].to_numpy(),
            weights,
            total=total,
            tolerance=tolerance,
            max_step=LARGEST_STEPS[column],
            may_move=may_move,
            is_allowed=rules[column],
        )
        rows = rows.assign(**{column: moved})
    return rows
