"""Families and their children: who was recommended, allocated, and supported before.

A row of families has `kind` (analysed, incomplete, the status of those that were not allocated, or
never_recommended), `arm`, `support` (how it had earlier support) and `start`, the day number of its
referral; a row of children has `family`, `is_index`, `start`, `birth` and what describes the child.
"""

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.days import IntArray
from csc_outcomes.synthetic.trial.draws import birth_days, pick_shares, spread, within
from csc_outcomes.synthetic.trial.facts import ARMS, TrialFacts

ALLOCATED = ("analysed", "incomplete")
NEVER_RECOMMENDED = "never_recommended"
EARLIEST_SUPPORT_AGE = 4  # a family with an earlier case has a child this old


def draw_families(rng: np.random.Generator, facts: TrialFacts) -> pd.DataFrame:
    """One row per family, in an order that says nothing; `n_children` by the quotas of sizes."""
    wanted = facts.families
    rows = [
        *(
            ("analysed", arm, support)
            for arm in ARMS
            for support in _supports(facts, arm, wanted["analysed"][arm])
        ),
        *(("incomplete", arm, "none") for arm in spread(wanted["incomplete"])),
    ]
    sizes = rng.permutation(spread(wanted["sizes"]))
    others = [(status, "", "none") for status in spread(wanted["not_allocated"])]
    never = spread(wanted["never_recommended_sizes"])
    sizes = np.concatenate([sizes, rng.permutation(spread(wanted["not_allocated_sizes"])), never])
    rows += [*others, *((NEVER_RECOMMENDED, "", "none") for _ in never)]
    families = pd.DataFrame(rows, columns=["kind", "arm", "support"]).assign(n_children=sizes)
    return _dated(rng, families.sample(frac=1, random_state=rng).reset_index(drop=True), facts)


def _supports(facts: TrialFacts, arm: str, n: int) -> list[str]:
    kinds = [str(kind) for kind in spread(facts.earlier_support[arm])]
    return kinds + ["none"] * (n - len(kinds))


def _dated(rng: np.random.Generator, families: pd.DataFrame, facts: TrialFacts) -> pd.DataFrame:
    days, n = facts.days, len(families)
    before = days.start - within(rng, facts.earlier_support["days_open_before"], n)
    later = rng.integers(days.start, days.last_referral + 1, n)
    was_open = families["support"].isin(["open", "open_and_told"])
    start = np.where(was_open, before, later)
    recoded = np.maximum(start, days.start)
    allocated = np.minimum(recoded + rng.integers(1, 22, n), days.last_allocation)
    told = days.start - within(rng, facts.earlier_support["days_since_told"], n)
    told = np.minimum(told, start - 90)
    return families.assign(start=start, recoded=recoded, allocated=allocated, told=told)


def draw_children(
    rng: np.random.Generator, families: pd.DataFrame, facts: TrialFacts
) -> pd.DataFrame:
    """One row per child; ages of the allocated by quota, of the others from the same quotas."""
    family = np.repeat(families.index.to_numpy(), families["n_children"])
    n = len(family)
    is_allocated = families["kind"].isin(ALLOCATED).to_numpy()[family]
    quota = _ages(rng, facts)
    ages = np.where(is_allocated, 0, rng.choice(quota, n))
    ages[is_allocated] = rng.permutation(quota)
    children = pd.DataFrame({"family": family, "age": ages})
    children["is_index"] = _index_children(rng, children, facts.oldest_index)
    children["start"] = _starts(rng, children, families)
    return children.assign(
        birth=birth_days(rng, children["start"].to_numpy(), ages),
        female=rng.random(n) < facts.shares["female"],
        disability=rng.random(n) < facts.shares["disability"],
        need=np.array(pick_shares(rng, facts.need, len(families)))[family],
        ethnicity=np.array(pick_shares(rng, facts.ethnicity, len(families)))[family],
        accommodation=np.array(pick_shares(rng, facts.accommodation, len(families)))[family],
    )


def with_earlier_cases_where_they_fit(
    families: pd.DataFrame, children: pd.DataFrame
) -> pd.DataFrame:
    """The families, where the support of one without a child old enough for an earlier case is
    exchanged for that of one of the same arm that has such a child."""
    oldest = children.groupby("family")["age"].max()
    families = families.copy()
    support = families["support"].to_numpy().copy()
    for arm in ARMS:
        rows = np.flatnonzero((families["arm"] == arm) & (families["kind"] == "analysed"))
        is_old = oldest.reindex(rows).to_numpy() >= EARLIEST_SUPPORT_AGE
        unfit = rows[(support[rows] == "earlier_case") & ~is_old]
        fit = rows[(support[rows] == "none") & is_old][: len(unfit)]
        support[fit], support[unfit] = "earlier_case", "none"
    return families.assign(support=support)


def _ages(rng: np.random.Generator, facts: TrialFacts) -> IntArray:
    parts = [rng.integers(band["from"], band["to"] + 1, band["children"]) for band in facts.ages]
    return np.concatenate(parts)


def _index_children(rng: np.random.Generator, children: pd.DataFrame, oldest: int) -> pd.Series:
    """One child of each family, no older than `oldest` where there is one."""
    order = rng.random(len(children)) + (children["age"] > oldest)
    return children.assign(order=order).groupby("family")["order"].rank(method="first") == 1


def _starts(rng: np.random.Generator, children: pd.DataFrame, families: pd.DataFrame) -> IntArray:
    """Most siblings are referred with the index child, the others while the trial takes in."""
    family = children["family"].to_numpy()
    start, recoded = (families[name].to_numpy()[family] for name in ("start", "recoded"))
    is_later = ~children["is_index"].to_numpy() & (rng.random(len(children)) < 0.2)
    return np.where(is_later, recoded + rng.integers(1, 15, len(children)), start)
