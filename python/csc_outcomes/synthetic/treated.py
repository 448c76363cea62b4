"""Steps 1-5: the cases that entered the programme, first those to match, then the others."""

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.covariates import (
    draw_age_days,
    negative_binomial,
    shuffle_binaries,
)
from csc_outcomes.synthetic.days import BoolArray, FloatArray
from csc_outcomes.synthetic.facts import StudyDays, StudyFacts
from csc_outcomes.synthetic.luck import nudge_to_total, redraw_until
from csc_outcomes.synthetic.means import Rules, reach_sample_means
from csc_outcomes.synthetic.strata import age_bin, is_fair_age

ENTRY_SPAN_DAYS = 480
SHORTEST_WAIT_DAYS = 14  # from plan start to entry
MOST_REFERRALS = 16
FIRST_ENTRANT_OPEN_DAYS = 250
MEAN_ENTRY_DAYS = (136, 140)  # after the study start


def draw_treated(rng: np.random.Generator, facts: StudyFacts) -> pd.DataFrame:
    """The eligible treated cases with start, entry and covariates; their means are Table 3's."""
    rows = set_quotas(rng, facts)
    rows = draw_covariates(rng, rows)
    rows = draw_dates(rng, rows, facts)
    rows = pin_first_and_last(rows, facts.days)
    rows = reach_means(rng, rows, facts)
    rows = reach_mean_entry(rng, rows, facts.days)
    return rows.assign(age_bin=age_bin(rows["age_days"]))


def set_quotas(rng: np.random.Generator, facts: StudyFacts) -> pd.DataFrame:
    """Step 1: ethnicity, nationality and gender by quota, and who starts late."""
    to_match, eligible = (
        facts.samples[sample].quota for sample in ("matched_treated", "eligible_treated")
    )
    others = {name: eligible[name] - to_match[name] for name in eligible}
    groups = [shuffle_binaries(rng, **quota) for quota in (to_match, others)]
    rows = pd.concat(groups, ignore_index=True)
    n_late = facts.outcomes["treated"].late_rows
    position = np.arange(len(rows))
    return rows.assign(
        is_to_match=position < to_match["n"],
        is_late=(position >= 1) & (position <= n_late),  # row 0 is the first to enter
        is_pinned=False,
    )


def draw_covariates(rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """Step 2, first half: ages, siblings, previous referrals."""
    n = len(rows)
    return rows.assign(
        age_days=draw_age_days(rng, n),
        siblings=negative_binomial(rng, 2.47, 4, n),
        referrals=negative_binomial(rng, 2.55, 4, n, most=MOST_REFERRALS),
    )


def draw_dates(rng: np.random.Generator, rows: pd.DataFrame, facts: StudyFacts) -> pd.DataFrame:
    """Step 2, second half: when each case entered, and how long it had been open by then."""
    days = facts.days

    def draw(some: pd.DataFrame) -> pd.DataFrame:
        n = len(some)
        entry = days.start + np.floor(ENTRY_SPAN_DAYS * rng.beta(1, 2.4, n)).astype(np.int64)
        usual = np.where(rng.random(n) < 0.54 / 0.70, 100, 560)
        # Long histories of children who aren't White British are what leaves cases unmatched.
        unusual = np.where(some["white_british"], 194, 800)
        open_days = np.where(
            some["is_to_match"],
            _open_days(rng, n, short_share=0.30, long_mean=usual),
            _open_days(rng, n, short_share=0.18, long_mean=unusual),
        )
        dates = {"entry": entry, "start": entry - np.floor(open_days).astype(np.int64)}
        return pd.DataFrame(dates, index=some.index)

    def is_good(some: pd.DataFrame) -> BoolArray:
        is_after_first = some["start"] > days.earliest_plan_start
        is_on_its_side = (some["start"] > days.full_year_left) == some["is_late"]
        return np.asarray(is_after_first & (is_on_its_side | ~some["is_to_match"]))

    return redraw_until(rows, draw, is_good)


def pin_first_and_last(rows: pd.DataFrame, days: StudyDays) -> pd.DataFrame:
    """Step 3: the first entry on the study start; the first and last plan start, both unmatched."""
    others = rows.index[~rows["is_to_match"] & ~rows["white_british"]]
    first_in, earliest, latest = 0, others[0], others[1]
    rows = rows.copy()
    rows.loc[first_in, ["entry", "start"]] = days.start, days.start - FIRST_ENTRANT_OPEN_DAYS
    rows.loc[earliest, "start"] = days.earliest_plan_start
    rows.loc[latest, ["entry", "start"]] = days.latest_plan_start + 14, days.latest_plan_start
    rows.loc[[first_in, earliest, latest], "is_pinned"] = True
    return rows


def reach_means(rng: np.random.Generator, rows: pd.DataFrame, facts: StudyFacts) -> pd.DataFrame:
    """Step 4: those to match move to their printed means, then the others until all have theirs."""
    origin, samples = facts.days.balance_origin, facts.samples
    rules = _rules(rows, facts.days)
    is_to_match, is_free = rows["is_to_match"].to_numpy(), ~rows["is_pinned"].to_numpy()
    to_match, everyone = is_to_match.astype(float), np.ones(len(rows))
    rows = reach_sample_means(
        rng, rows, to_match, is_free & is_to_match, samples["matched_treated"], origin, rules
    )
    return reach_sample_means(
        rng, rows, everyone, is_free & ~is_to_match, samples["eligible_treated"], origin, rules
    )


def reach_mean_entry(rng: np.random.Generator, rows: pd.DataFrame, days: StudyDays) -> pd.DataFrame:
    """Step 5: entries move until their mean is so many days after the study start."""
    start, is_pinned = rows["start"].to_numpy(), rows["is_pinned"].to_numpy()
    last_entry = days.start + ENTRY_SPAN_DAYS

    def is_allowed(row: int, entry: int) -> bool:
        is_in_span = days.start < entry <= last_entry
        return bool(is_in_span and entry > start[row] + SHORTEST_WAIT_DAYS)

    earliest, latest = (days.start + offset for offset in MEAN_ENTRY_DAYS)
    entry = nudge_to_total(
        rng,
        rows["entry"].to_numpy(),
        np.ones(len(rows)),
        total=len(rows) * (earliest + latest) / 2,
        tolerance=len(rows) * (latest - earliest) / 2,
        max_step=30,
        may_move=~is_pinned,
        is_allowed=is_allowed,
    )
    return rows.assign(entry=entry)


def _rules(rows: pd.DataFrame, days: StudyDays) -> Rules:
    """Plans start in the window, well before entry; those to match keep their side of the year."""
    entry, is_late = rows["entry"].to_numpy(), rows["is_late"].to_numpy()
    is_to_match = rows["is_to_match"].to_numpy()

    def start_rule(row: int, start: int) -> bool:
        is_on_its_side = not is_to_match[row] or (start > days.full_year_left) == is_late[row]
        is_between = days.earliest_plan_start < start < entry[row] - SHORTEST_WAIT_DAYS
        return bool(is_between and is_on_its_side)

    return {
        "start": start_rule,
        "age_days": lambda _, age: bool(is_fair_age(age)),
        "siblings": lambda _, siblings: siblings >= 0,
        "referrals": lambda _, referrals: 0 <= referrals <= MOST_REFERRALS,
    }


def _open_days(
    rng: np.random.Generator, n: int, *, short_share: float, long_mean: FloatArray
) -> FloatArray:
    """Days open at entry: under six months for some, six months and an exponential for most."""
    return np.where(
        rng.random(n) < short_share, rng.uniform(20, 182, n), 183 + rng.exponential(long_mean)
    )
