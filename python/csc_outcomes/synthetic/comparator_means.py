"""Step 9: comparator means come to the printed ones by moves that leave every link as it is."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.facts import StudyDays, StudyFacts
from csc_outcomes.synthetic.links import SHORTEST_CASE_DAYS, Links
from csc_outcomes.synthetic.means import Rules, reach_sample_means
from csc_outcomes.synthetic.strata import (
    age_range,
    referral_bin,
    referral_range,
    sibling_bin,
    stratum_code,
)

MOST_SIBLINGS = 9


def reach_comparator_means(
    rng: np.random.Generator, comparators: pd.DataFrame, links: Links, facts: StudyFacts
) -> pd.DataFrame:
    """The matched rows reach their weighted means, then the others move until all rows do."""
    origin, samples = facts.days.balance_origin, facts.samples
    rules = _rules(comparators, links, facts.days)
    is_matched = comparators["is_matched"].to_numpy()
    is_free = ~comparators["is_frozen"].to_numpy()
    weights, everyone = comparators["weight"].to_numpy(), np.ones(len(comparators))
    rows = reach_sample_means(
        rng,
        comparators,
        weights,
        is_free & is_matched,
        samples["matched_comparators"],
        origin,
        rules,
    )
    return reach_sample_means(
        rng, rows, everyone, is_free & ~is_matched, samples["eligible_comparators"], origin, rules
    )


def _rules(rows: pd.DataFrame, links: Links, days: StudyDays) -> Rules:
    """A row keeps its bins, and so its stratum, and serves the cases it serves now."""
    ages = [age_range(bin_number) for bin_number in rows["age_bin"]]
    referrals = [referral_range(int(number)) for number in referral_bin(rows["referrals"])]
    has_many_siblings = sibling_bin(rows["siblings"]) == 3  # the only bin with room to move
    return {
        "start": _start_rule(rows, links, days),
        "age_days": lambda row, age: ages[row][0] <= age <= ages[row][1],
        "siblings": lambda row, n: bool(has_many_siblings[row]) and 3 <= n <= MOST_SIBLINGS,
        "referrals": lambda row, n: referrals[row][0] <= n <= referrals[row][1],
    }


def _start_rule(rows: pd.DataFrame, links: Links, days: StudyDays) -> Callable[[int, int], bool]:
    """A start stays in the window, before the closure, and with the cases it serves."""
    stratum, close = stratum_code(rows), rows["close"].to_numpy()
    is_late, is_matched = rows["is_late"].to_numpy(), rows["is_matched"].to_numpy()
    served = [
        frozenset(links.of_case(*case))
        for case in zip(stratum, rows["start"].to_numpy(), close, strict=True)
    ]

    def is_allowed(row: int, start: int) -> bool:
        is_in_window = days.earliest_plan_start <= start <= days.latest_plan_start
        is_on_its_side = not is_matched[row] or (start > days.full_year_left) == is_late[row]
        if not (is_in_window and is_on_its_side and start + SHORTEST_CASE_DAYS <= close[row]):
            return False
        return served[row] == frozenset(links.of_case(stratum[row], start, close[row]))

    return is_allowed
