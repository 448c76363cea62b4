"""A made-up nation: case lists of 152 authorities over ten years, of any size, from known laws.

Each child has a chain of cases: a re-referral after one closes may open the next. Lengths,
escalations, re-referrals and what a programme changes in them follow the laws of `stochastic.py`;
children with many siblings and referrals join programmes more often. Values are missing at random,
a few escalations are counted and not dated, and some cases close at a month's end.
"""

from collections.abc import Mapping

import numpy as np

from csc_outcomes.synthetic.covariates import AGE_MEAN_YEARS, AGE_SD_YEARS, negative_binomial
from csc_outcomes.synthetic.days import (
    NEVER,
    YEAR_DAYS,
    BoolArray,
    FloatArray,
    IntArray,
    add_months,
    day_number,
)
from csc_outcomes.synthetic.nation_facts import Authority, Nation, Programme
from csc_outcomes.synthetic.stochastic import (
    LONGEST_RELAPSE_DAYS,
    PUBLISHED_EFFECTS,
    PUBLISHED_POPULATION,
    SHORTEST_CASE_DAYS,
    CaseLaws,
    family_risk,
)

Columns = dict[str, IntArray]
OLDEST_DAYS = int(17.9 * YEAR_DAYS)
MOST_CASES = 6  # of one child
CASES_PER_CHILD = 1.25  # about
MEAN_DAYS_TO_REREFERRAL = 200
OPENS_A_CASE = 0.85  # of re-referrals after closure
REFERRED_WHILE_OPEN = 0.03
AT_MONTHS_END = 0.04  # of closures
IN_CARE_ALONE, IN_CARE_TOO = 0.1, 0.1  # of escalations
UNDATED = 0.003  # of cases: one escalation more than is dated
RISK_JOINS = 0.5  # by how much more the highest risk joins a programme
MISSING = {
    "birth": 0.004,
    "ethnicity": 0.01,
    "nationality": 0.02,
    "ward": 0.01,
    "siblings": 0.005,
    "referrals": 0.005,
    "need": 0.005,
    "referral": 0.005,
}
# What a column holds where nothing is known; day columns hold NEVER.
UNKNOWN = -1


def draw_cases(nation: Nation, authority: Authority) -> Columns:
    """The cases of one authority, as many as it has, in an order that says nothing.

    Days are numbers since 1970, NEVER where there is none; codes and counts are numbers, UNKNOWN
    where they are missing; `programme` is a place in the authority's programmes, or UNKNOWN.
    """
    rng = np.random.default_rng([nation.seed, authority.place])
    laws = _Nationwide(rng, nation, authority.programmes)
    n, drawn, n_children = authority.n_cases, 0, 0
    parts: list[Columns] = []
    while drawn < n:
        wanted = n - drawn
        is_first = not parts
        part = laws.chains(int(wanted / CASES_PER_CHILD) + 1 if is_first else wanted)
        part["child"] += n_children
        n_children = int(part["child"].max()) + 1
        drawn += len(part["child"])
        parts.append(part)
    together = {name: np.concatenate([part[name] for part in parts])[:n] for name in parts[0]}
    number = rng.permutation(n_children)
    together["child"] = number[together["child"]]
    together["case"] = rng.permutation(n)
    order = rng.permutation(n)
    return {name: values[order] for name, values in together.items()}


class _Nationwide:
    """Draws children and the chains of their cases."""

    def __init__(
        self, rng: np.random.Generator, nation: Nation, programmes: tuple[Programme, ...]
    ) -> None:
        self.rng = rng
        self.first, self.last = nation.first_day, nation.last_day
        self.programmes = programmes

    def chains(self, n_children: int) -> Columns:
        """All cases of so many children, child by child; `child` counts from 0."""
        children = self._children(n_children)
        referral = self.rng.integers(self.first, self.last - 3, n_children)
        start = np.minimum(referral + self.rng.integers(3, 51, n_children), self.last)
        child, rounds = np.arange(n_children), []
        for earlier in range(MOST_CASES):
            cases = self._cases(child, referral, start, children, earlier)
            rounds.append(cases)
            goes_on = self._opens_another(cases)
            child, referral = child[goes_on], cases["again"][goes_on]
            start = referral + self.rng.integers(3, 51, len(child))
            is_seen = (start <= self.last) & (start - children["birth"][child] <= OLDEST_DAYS)
            child, referral, start = child[is_seen], referral[is_seen], start[is_seen]
            if not len(child):
                break
        order = np.argsort(np.concatenate([cases["child"] for cases in rounds]), kind="stable")
        return {
            name: np.concatenate([cases[name] for cases in rounds])[order] for name in rounds[0]
        }

    def _children(self, n: int) -> Columns:
        rng, population = self.rng, PUBLISHED_POPULATION
        (_, siblings), (_, referrals) = population.siblings, population.referrals
        is_white_british = rng.random(n) < population.white_british[1]
        is_british = is_white_british | (rng.random(n) < population.british_if_not_white[1])
        return {
            "sex": (rng.random(n) >= population.female).astype(np.int64),
            "ethnicity": np.where(is_white_british, 0, rng.integers(1, 11, n)),
            "nationality": np.where(is_british, 0, rng.integers(1, 7, n)),
            "ward": rng.integers(0, 5, n),
            "siblings": negative_binomial(rng, *siblings, n, most=12),
            "referrals": negative_binomial(rng, *referrals, n, most=30),
            "birth": np.full(n, NEVER),  # set below, of the first case
            "age": self._ages(n),
        }

    def _ages(self, n: int) -> IntArray:
        """Days of age at a child's first case."""
        ages = np.floor(self.rng.normal(AGE_MEAN_YEARS, AGE_SD_YEARS, n) * YEAR_DAYS)
        is_out = (ages < 0) | (ages > OLDEST_DAYS)
        ages[is_out] = self.rng.integers(0, OLDEST_DAYS, int(is_out.sum()))
        return ages.astype(np.int64)

    def _cases(
        self, child: IntArray, referral: IntArray, start: IntArray, children: Columns, earlier: int
    ) -> Columns:
        """One case of each of these children, who have had `earlier` cases before."""
        rng, n = self.rng, len(child)
        if earlier == 0:
            children["birth"] = start - children["age"]
        own = {
            name: values[child]
            for name, values in children.items()
            if name not in ("age", "referrals")
        }
        referrals = children["referrals"][child] + earlier
        risk = family_risk(own["siblings"], referrals)
        laws = CaseLaws.of_arm(False, risk, PUBLISHED_POPULATION, PUBLISHED_EFFECTS)
        length = laws.length.draw(rng.random(n), np.asarray(SHORTEST_CASE_DAYS))
        close = self._some_at_months_end(start + np.ceil(length).astype(np.int64))
        escalates_after, escalates_during = laws.escalated_after_closure, laws.escalated_during
        refers = np.full(n, laws.rereferred_after_closure)
        programme, entry = self._entries(start, close, risk)
        joined = np.flatnonzero(entry != NEVER)
        treated = CaseLaws.of_arm(True, risk[joined], PUBLISHED_POPULATION, PUBLISHED_EFFECTS)
        length = treated.length.draw(rng.random(len(joined)), entry[joined] - start[joined])
        close[joined] = start[joined] + np.ceil(length).astype(np.int64)
        escalates_after[joined] = treated.escalated_after_closure
        escalates_during[joined] = treated.escalated_during
        refers[joined] = treated.rereferred_after_closure
        close = np.where(close <= self.last, close, NEVER)
        ends = np.minimum(close, self.last)
        stay = rng.uniform(0.4, 1, n) * (ends - np.minimum(entry, ends))
        cases = own | {
            "child": child,
            "referrals": referrals,
            "need": rng.integers(0, 9, n),
            "referral": referral,
            "start": start,
            "close": close,
            "programme": programme,
            "entry": entry,
            "exit": np.where(entry == NEVER, NEVER, entry + stay.astype(np.int64)),
            "again": self._rereferral(close, refers),
            "while_open": self._referral_while_open(referral, ends),
            **self._escalations(start, close, escalates_after, escalates_during),
        }
        return self._with_gaps(cases)

    def _entries(
        self, start: IntArray, close: IntArray, risk: FloatArray
    ) -> tuple[IntArray, IntArray]:
        """Programme and entry of cases that would be open on the day they join."""
        programme, entry = np.full(len(start), UNKNOWN), np.full(len(start), NEVER)
        for place, one in enumerate(self.programmes):
            began = day_number(one.study_start)
            earliest, latest = (
                day_number(one.earliest_case_start),
                day_number(one.latest_case_start),
            )
            may_join = (start >= earliest) & (start <= latest) & (close > began) & (entry == NEVER)
            rows = np.flatnonzero(may_join)
            since = one.entry_span_days * self.rng.beta(
                1, PUBLISHED_POPULATION.entry_shape, len(rows)
            )
            day = began + np.floor(since).astype(np.int64)
            is_open = (start[rows] < day) & (close[rows] > day)
            chance = one.share * (1 + RISK_JOINS * risk[rows])
            joins = is_open & (self.rng.random(len(rows)) < chance)
            entry[rows[joins]], programme[rows[joins]] = day[joins], place
        return programme, entry

    def _some_at_months_end(self, close: IntArray) -> IntArray:
        rows = np.flatnonzero(self.rng.random(len(close)) < AT_MONTHS_END)
        first = close[rows].astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]")
        close[rows] = add_months(first.astype(np.int64), 1) - 1
        return close

    def _escalations(
        self, start: IntArray, close: IntArray, after: FloatArray, during: FloatArray
    ) -> Columns:
        rng, n = self.rng, len(start)
        is_after = (close != NEVER) & (rng.random(n) < after)
        is_during = ~is_after & (rng.random(n) < during)
        first = np.where(is_after, close, np.minimum(start + 1, self.last))
        last = np.where(is_after, close + LONGEST_RELAPSE_DAYS, close - 1)
        last = np.maximum(np.minimum(last, self.last), first)
        kind, is_any = rng.random(n), is_after | is_during
        has_cp = is_any & (kind >= IN_CARE_ALONE)
        has_lac = is_any & (kind < IN_CARE_ALONE + IN_CARE_TOO)
        cp, lac = (np.where(has, rng.integers(first, last + 1), NEVER) for has in (has_cp, has_lac))
        undated = (rng.random(n) < UNDATED).astype(np.int64)
        return {
            "cp_during": np.where(is_after, NEVER, cp),
            "cp_after": np.where(is_after, cp, NEVER),
            "lac_during": np.where(is_after, NEVER, lac),
            "lac_after": np.where(is_after, lac, NEVER),
            "n_cp": has_cp + undated,
            "n_lac": has_lac.astype(np.int64),
        }

    def _rereferral(self, close: IntArray, chance: FloatArray) -> IntArray:
        """The day of a referral after closure."""
        n = len(close)
        wait = 1 + self.rng.exponential(MEAN_DAYS_TO_REREFERRAL, n).astype(np.int64)
        is_referred = (self.rng.random(n) < chance) & (close + wait <= self.last)
        return np.where(is_referred, close + wait, NEVER)

    def _referral_while_open(self, referral: IntArray, ends: IntArray) -> IntArray:
        rows = np.flatnonzero(self.rng.random(len(referral)) < REFERRED_WHILE_OPEN)
        days = np.full(len(referral), NEVER)
        first = np.minimum(referral[rows] + 1, ends[rows])
        days[rows] = self.rng.integers(first, ends[rows] + 1)
        return days

    def _opens_another(self, cases: Mapping[str, IntArray]) -> BoolArray:
        n = len(cases["child"])
        return (cases["again"] != NEVER) & (self.rng.random(n) < OPENS_A_CASE)

    def _with_gaps(self, cases: Columns) -> Columns:
        n = len(cases["child"])
        for name, share in MISSING.items():
            rows = self.rng.integers(0, n, self.rng.binomial(n, share))
            cases[name] = cases[name].copy()
            cases[name][rows] = NEVER if name in ("birth", "referral") else UNKNOWN
        return cases
