"""Each treated case beside its own comparators, all on a clock that starts when the treated enters.

A treated case cannot end before it enters the programme. Counted from the start of the plan, that
waiting time is immortal and makes treatment look slow; here a comparator is watched from the day
its treated case entered, so both wait alike.
"""

from dataclasses import replace

import pandas as pd

from csc_outcomes.estimators.analyses import Analysis, fit
from csc_outcomes.estimators.design import CLUSTER_COLUMNS, cluster_codes
from csc_outcomes.estimators.result import Estimate, kish_ess

CLOCKS = ("plan_start", "programme_entry")
CASE_COLUMNS = ("case_id", "child_id", "family_id", "start_date", "value", "is_censored")


def stack_links(
    links: pd.DataFrame, cases: pd.DataFrame, clock: str = "plan_start"
) -> pd.DataFrame:
    """A row per treated case (weight 1) and per link (its weight), as `analyses.fit` takes it.

    `links` has treated_case_id, comparator_case_id and weight; `cases`, one row a case, has
    case_id, child_id, family_id, start_date, entry_date (datetimes, entry of the treated), value
    (days from start_date to end or censoring), is_censored and covariates if any. On the clock
    'plan_start' value stays and `entry_days` is the wait until the treated case entered (delayed
    entry); on 'programme_entry' value counts from that entry. `treated_case_id` names the stack. A
    case may stand in several stacks, and in both arms as another case of a treated child: cluster
    by child. Raises ValueError for another clock, a missing column, a case that is linked but not
    among `cases`, or a treated case without entry_date.
    """
    _check(links, cases, clock)
    # In the order of the cases, so that the order of the links doesn't bear on rounding.
    position = pd.Series(range(len(cases)), index=cases["case_id"])
    order = pd.DataFrame(
        {name: links[f"{name}_case_id"].map(position) for name in ("treated", "comparator")}
    ).sort_values(["treated", "comparator"])
    links = links.loc[order.index]
    columns = ["treated_case_id", "case_id", "weight", "treated"]
    own = links[["treated_case_id"]].drop_duplicates()
    own = own.assign(case_id=own["treated_case_id"], weight=1.0, treated=1)
    others = links.rename(columns={"comparator_case_id": "case_id"}).assign(treated=0)
    stacked = pd.concat([own[columns], others[columns]], ignore_index=True)
    about = cases.drop(columns=["entry_date", "weight", "treated"], errors="ignore")
    stacked = stacked.merge(about, on="case_id", how="left", validate="many_to_one")
    entries = cases.set_index("case_id")["entry_date"].reindex(stacked["treated_case_id"])
    waited = (entries.set_axis(stacked.index) - stacked["start_date"]).dt.days.astype(float)
    if clock == "programme_entry":
        stacked["value"] = stacked["value"] - waited
        # What starts after the entry is watched from its start on.
        waited = -waited
    stacked["entry_days"] = waited.clip(lower=0.0)
    return _with_clusters(stacked)


def _with_clusters(stacked: pd.DataFrame) -> pd.DataFrame:
    """A case without a child or family is its own cluster in every stack it stands in."""
    for column in ("child_id", "family_id"):
        if stacked[column].notna().any():
            stacked[column] = stacked[column].fillna(stacked["case_id"])
    return stacked


def _check(links: pd.DataFrame, cases: pd.DataFrame, clock: str) -> None:
    if clock not in CLOCKS:
        raise ValueError(f"Unknown clock {clock!r}; one of {CLOCKS}.")
    if missing := sorted({*CASE_COLUMNS, "entry_date"} - set(cases.columns)):
        raise ValueError(f"The cases lack the columns {missing}.")
    linked = pd.concat([links["treated_case_id"], links["comparator_case_id"]])
    if n_unknown := int((~linked.drop_duplicates().isin(cases["case_id"])).sum()):
        raise ValueError(f"{n_unknown} linked cases are not among the cases.")
    entered = cases.loc[cases["case_id"].isin(links["treated_case_id"]), "entry_date"]
    if n_unknown := int(entered.isna().sum()):
        raise ValueError(f"{n_unknown} treated cases have no entry_date.")


def fit_stacked(
    links: pd.DataFrame,
    cases: pd.DataFrame,
    clock: str = "plan_start",
    analysis: Analysis | None = None,
) -> list[Estimate]:
    """Cox regression over the stacks of `stack_links`, by default clustered by child.

    Sizes count cases, not rows; a comparator in several stacks counts once, with the sum of its
    weights. Thin data give a row with status and reason, as in `analyses.fit`.
    """
    analysis = analysis or Analysis("cox")
    stacked = stack_links(links, cases, clock)
    return [_counting_cases(row, stacked, analysis) for row in fit(stacked, analysis)]


def _counting_cases(row: Estimate, stacked: pd.DataFrame, analysis: Analysis) -> Estimate:
    watched = stacked[stacked["value"] > stacked["entry_days"]]
    weights = watched[watched["treated"] == 0].groupby("case_id")["weight"].sum()
    column = CLUSTER_COLUMNS.get(analysis.se_type)
    is_counted = column is not None and len(watched)
    return replace(
        row,
        n_treated=watched.loc[watched["treated"] == 1, "case_id"].nunique(),
        n_comparator=len(weights),
        ess_comparator=kish_ess(weights.to_numpy(float)),
        n_clusters=int(cluster_codes(watched, column).max()) + 1 if is_counted and column else None,
    )
