"""The rows of the marts on how alike the arms are, and whom matching loses."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from csc_outcomes.estimators.balance import covariate_balance, treated_deviations
from csc_outcomes.estimators.multiplicity import stars
from csc_outcomes.evaluation.samples import Evidence
from csc_outcomes.typed import COUNT, NUMBER, TEXT, typed_table

BALANCE_COLUMNS = {
    **dict.fromkeys(("study_id", "method", "covariate"), TEXT),
    **dict.fromkeys(("mean_treated", "mean_comparator", "smd", "variance_ratio", "ks"), NUMBER),
    "p_value": NUMBER,
    **dict.fromkeys(("balance_test", "stars"), TEXT),
    **dict.fromkeys(("n_treated", "n_comparator"), COUNT),
    "ess_comparator": NUMBER,
    **dict.fromkeys(("status", "status_reason"), TEXT),
}
DIFFERENCES = ["smd", "variance_ratio", "ks", "p_value"]
EMPTY_ARM = "empty_arm: an arm of the sample has no case with this covariate"
ONE_CASE = "too_few_cases: an arm of the sample has only one case with this covariate"
NO_SPREAD = "no_variation: eligible treated cases don't differ, so nothing can be standardised"
LOSS_COLUMNS = {
    **dict.fromkeys(("study_id", "method", "covariate"), TEXT),
    **dict.fromkeys(("mean_matched", "mean_unmatched", "smd"), NUMBER),
    **dict.fromkeys(("n_matched", "n_unmatched"), COUNT),
    "p_value": NUMBER,
    "balance_test": TEXT,
}


def balance(
    evidence: Evidence,
    tests: Mapping[str, str],
    asked: pd.DataFrame,
    by_lot: Collection[str] = (),
) -> pd.DataFrame:
    """One row per study, sample and covariate, as fct_covariate_balance has them.

    `tests` gives the balance_test of each study; `asked` (study_id, sample) names samples that have
    rows also when they have no case. Differences are standardised by the eligible treated cases, in
    every sample alike; a row without one is not_estimable: an arm has no case or only one, which
    gives no difference at all, or no eligible treated case differs from another. The studies
    `by_lot` have no p-values: arms allocated by lot differ by chance, so a test of whether they do
    asks nothing (CONSORT 2010 Statement, item 15).
    """
    tables = []
    for study_id, method, frame in evidence.samples(asked):
        names = evidence.covariate_names(study_id, "in_balance")
        deviations = treated_deviations(evidence.sample(study_id, "unmatched"), names)
        table = covariate_balance(frame, names, deviations, tests[study_id])
        tables.append(table.assign(study_id=study_id, method=method, balance_test=tests[study_id]))
    rows = _together(tables)
    if len(rows):
        smaller = rows[["n_treated", "n_comparator"]].min(axis="columns")
        rows.loc[smaller < 2, DIFFERENCES] = None
        rows.loc[rows["study_id"].isin(list(by_lot)), "p_value"] = None
        rows["stars"] = [stars(p) for p in rows["p_value"]]
        rows["status"] = rows["smd"].isna().map({True: "not_estimable", False: "ok"})
        rows["status_reason"] = smaller.map({0: EMPTY_ARM, 1: ONE_CASE}).fillna(NO_SPREAD)
        rows.loc[rows["status"] == "ok", "status_reason"] = None
    return typed_table(rows, BALANCE_COLUMNS)


def matching_losses(
    evidence: Evidence, methods: pd.DataFrame, tests: Mapping[str, str]
) -> pd.DataFrame:
    """One row per study, method and covariate, as fct_matching_losses has them.

    The eligible treated cases that a method matched (`methods`: study_id, method) beside those it
    lost, every case counting once; `tests` as in `balance`. Differences are standardised by all
    eligible treated cases.
    """
    tables = []
    for study_id, method in methods[["study_id", "method"]].drop_duplicates().to_numpy():
        names = evidence.covariate_names(study_id, "in_balance")
        eligible = evidence.sample(study_id, "unmatched")
        treated = eligible[eligible["treated"] == 1]
        is_matched = treated["case_id"].isin(evidence.sample(study_id, method)["case_id"])
        split = treated.assign(treated=is_matched.astype(int), weight=1.0)
        deviations = treated_deviations(treated, names)
        table = covariate_balance(split, names, deviations, tests[study_id])
        tables.append(table.assign(study_id=study_id, method=method, balance_test=tests[study_id]))
    renamed = {
        "mean_treated": "mean_matched",
        "mean_comparator": "mean_unmatched",
        "n_treated": "n_matched",
        "n_comparator": "n_unmatched",
    }
    return typed_table(_together(tables).rename(columns=renamed), LOSS_COLUMNS)


def _together(tables: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
