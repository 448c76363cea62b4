"""Shares of each arm's cases that are still open, and how the two curves lie to each other."""

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter

from csc_outcomes.synthetic.days import FloatArray
from csc_outcomes.synthetic.trial.facts import ARMS

CHECKED_DAYS = (100, 150, 200, 250, 300, 457)  # figure 2: faster from 100 to 300, more at the end


def open_shares(days: pd.Series, closed: pd.Series, arm: pd.Series) -> dict[str, FloatArray]:
    """Kaplan-Meier shares still open on `CHECKED_DAYS`, by arm."""
    return {
        name: np.asarray(
            KaplanMeierFitter().fit(days[arm == name], closed[arm == name]).predict(CHECKED_DAYS)
        )
        for name in ARMS
    }


def comparators_are_faster(shares: dict[str, FloatArray]) -> bool:
    """Whether more treated cases are open from day 150 to 300, and comparators fell more there."""
    falls = {arm: at[0] - at[4] for arm, at in shares.items()}
    ahead = shares["treated"] - shares["comparator"]
    return bool((ahead[1:5] > 0).all()) and falls["comparator"] > falls["treated"]


def fewer_treated_open_at_the_end(shares: dict[str, FloatArray]) -> bool:
    """Whether fewer treated cases than comparators are open on the last of the days."""
    return bool(shares["treated"][-1] < shares["comparator"][-1])
