"""Step 19, second half: outcomes that give the propensity-score analysis its printed star.

Logit on seven covariates, three nearest neighbours on the score, with replacement, weights k/3.
"""

import numpy as np
import pandas as pd

from csc_outcomes.estimators.linear import fit_wls
from csc_outcomes.estimators.propensity import (
    matching_weights,
    nearest_neighbours,
    propensity_scores,
)
from csc_outcomes.estimators.result import two_sided_p
from csc_outcomes.synthetic.days import YEAR_DAYS, BoolArray, FloatArray, IntArray
from csc_outcomes.synthetic.escalations import clear_escalation, escalate
from csc_outcomes.synthetic.facts import StudyDays
from csc_outcomes.synthetic.luck import OutOfLuckError
from csc_outcomes.synthetic.referrals import is_free

COVARIATES = ("years", "age", "siblings", "referrals", "female", "white_british", "british")
N_NEIGHBOURS = 3
P_RANGE = (0.02, 0.035)  # significant at 5 %, not at 1 %, and not by a hair
MAX_FLIPS = 400


def propensity_weights(cases: pd.DataFrame) -> FloatArray:
    """1 per treated row, k/3 for a comparator among the nearest three k times.

    `cases` has treated, start_date and the columns COVARIATES.
    """
    rows = np.arange(len(cases))
    frame = cases.assign(treated=cases["treated"].astype(int), case_id=rows, source_row=rows)
    frame["score"] = propensity_scores(frame, COVARIATES)
    weights = matching_weights(nearest_neighbours(frame, N_NEIGHBOURS))
    return weights.reindex(rows, fill_value=0.0).to_numpy()


def difference_p(
    outcome: FloatArray, treated: BoolArray, weights: FloatArray, child: IntArray
) -> float:
    """p of the weighted difference in means, clustered by child; rows of weight 0 don't count.

    Not a number where the outcome doesn't vary.
    """
    used = weights > 0
    design = np.column_stack([np.ones(int(used.sum())), treated[used]])
    _, groups = np.unique(child[used], return_inverse=True)
    fit = fit_wls(outcome[used], design, ("constant", "treated"), weights[used], "cluster", groups)
    std_error = fit.std_error("treated")
    return two_sided_p(fit.coef[1] / std_error, fit.df) if std_error > 0 else np.nan


def reach_propensity_star(
    rng: np.random.Generator, cases: pd.DataFrame, days: StudyDays
) -> pd.DataFrame:
    """Give or take escalations of unmatched comparators until the difference has one star."""
    treated = cases["treated"].to_numpy()
    weights = propensity_weights(study_covariates(cases, days))
    is_movable = (weights > 0) & (~treated & ~cases["is_matched"] & is_free(cases)).to_numpy()
    low, high = P_RANGE
    for _ in range(MAX_FLIPS):
        is_escalated = escalated_in_study(cases, days)
        p_value = difference_p(
            is_escalated.astype(float), treated, weights, cases["child"].to_numpy()
        )
        if low <= p_value <= high:
            return cases
        # More escalations among comparators bring the arms closer and p up.
        too_different = p_value < low
        candidates = np.flatnonzero(is_movable & (is_escalated != too_different))
        if not len(candidates):
            break
        row = int(rng.choice(candidates))
        cases = escalate(rng, cases, row, days) if too_different else clear_escalation(cases, row)
    raise OutOfLuckError("the propensity-score analysis of escalation missed its star")


def study_covariates(cases: pd.DataFrame, days: StudyDays) -> pd.DataFrame:
    """The seven covariates of the balance table, years and age in decimals."""
    columns = ["treated", "siblings", "referrals", "female", "white_british", "british"]
    return cases[columns].assign(
        years=(cases["start"] - days.balance_origin) / YEAR_DAYS,
        age=cases["age_days"] / YEAR_DAYS,
        start_date=cases["start"].to_numpy().astype("datetime64[D]"),
    )


def escalated_in_study(cases: pd.DataFrame, days: StudyDays) -> BoolArray:
    """Any dated escalation within the study."""
    dates = cases[["cp", "lac"]].to_numpy()
    return np.asarray(((dates >= days.start) & (dates <= days.end)).any(axis=1))
