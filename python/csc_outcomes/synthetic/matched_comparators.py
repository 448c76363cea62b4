"""Step 6: the comparators that are matched, each drawn beside a treated case, its anchor."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.days import NEVER, FloatArray, add_months
from csc_outcomes.synthetic.facts import StudyFacts
from csc_outcomes.synthetic.links import SHORTEST_CASE_DAYS, Links
from csc_outcomes.synthetic.luck import OutOfLuckError
from csc_outcomes.synthetic.strata import (
    AGE_EDGES,
    age_bin,
    age_range,
    referral_bin,
    referral_range,
)

MEAN_DAYS_TO_CLOSURE = 110  # from the anchor's entry
N_AT_CALIPER_EDGE = 4  # boundary rows: half at its first day, half at its last
N_PER_BIRTHDAY = 2  # boundary rows: plans that start on the 3rd, 7th or 13th birthday
MAX_TRIES = 2000


@dataclass(frozen=True)
class _Plan:
    """What one slot asks of its comparator; None leaves it to chance."""

    anchor: int | None = None
    is_late: bool | None = None
    caliper_edge: str | None = None


def draw_matched_comparators(
    rng: np.random.Generator, treated: pd.DataFrame, links: Links, facts: StudyFacts
) -> pd.DataFrame:
    """Comparators that between them serve every case to be matched, and none of the others."""
    to_match = treated[treated["is_to_match"]].reset_index(drop=True)
    popularity = rng.gamma(1.2, size=len(to_match))
    draw = _AnchoredDraw(rng, to_match, popularity / popularity.sum(), links, facts)

    rows = [draw.until_linked(_Plan(anchor=anchor)) for anchor in range(len(to_match))]
    n_late = sum(row["is_late"] for row in rows)
    n_others = facts.samples["matched_comparators"].cases - len(rows)
    for slot in range(n_others):
        edge = _caliper_edge(n_others - slot)
        row = draw.until_linked(
            _Plan(is_late=n_late < facts.outcomes["comparator"].late_rows, caliper_edge=edge)
        )
        n_late += row["is_late"]
        rows.append(row)
    return put_some_on_birthdays(pd.DataFrame(rows))


def put_some_on_birthdays(rows: pd.DataFrame) -> pd.DataFrame:
    """Two plans each that start on the birthday which opens their age bin, and stay there."""
    rows = rows.copy()
    for bin_number, birthday in enumerate(AGE_EDGES, start=1):
        is_free = (rows["age_bin"] == bin_number) & ~rows["is_frozen"] & ~rows["is_late"]
        chosen = rows.index[is_free][:N_PER_BIRTHDAY]
        if len(chosen) < N_PER_BIRTHDAY:
            raise OutOfLuckError(f"too few matched comparators to start on birthday {birthday}")
        start = rows.loc[chosen, "start"].to_numpy()
        rows.loc[chosen, "age_days"] = start - add_months(start, -12 * birthday)
        rows.loc[chosen, "is_frozen"] = True
    return rows


class _AnchoredDraw:
    """Draws comparators beside anchors until one is linked as it should be."""

    def __init__(
        self,
        rng: np.random.Generator,
        to_match: pd.DataFrame,
        popularity: FloatArray,
        links: Links,
        facts: StudyFacts,
    ) -> None:
        self.rng = rng
        self.popularity = popularity
        self.links = links
        self.days = facts.days
        columns = ["age_bin", "siblings", "referrals", "female", "white_british", "british"]
        self.covariates = to_match[columns].astype(int).to_dict("records")

    def until_linked(self, plan: _Plan) -> dict[str, int | bool]:
        """A comparator that fits the plan, serves its anchor and no case that stays unmatched."""
        for _ in range(MAX_TRIES):
            anchor = plan.anchor
            if anchor is None:
                anchor = int(self.rng.choice(len(self.popularity), p=self.popularity))
            start = self._start(anchor, plan.caliper_edge)
            is_late = start > self.days.full_year_left
            is_in_window = self.days.earliest_plan_start <= start <= self.days.latest_plan_start
            if not is_in_window or plan.is_late not in (None, is_late):
                continue
            close = self._close(anchor)
            served = self.links.of_case(int(self.links.stratum[anchor]), start, close)
            is_long_enough = close >= start + SHORTEST_CASE_DAYS
            if is_long_enough and anchor in served and served.max() < len(self.popularity):
                dates = {"start": start, "close": close, "is_late": is_late}
                return {
                    **self._covariates(anchor),
                    **dates,
                    "is_frozen": plan.caliper_edge is not None,
                }
        raise OutOfLuckError("a slot of a matched comparator stayed empty")

    def _start(self, anchor: int, edge: str | None) -> int:
        entry = int(self.links.entry[anchor])
        first, last = int(self.links.caliper_from[anchor]), int(self.links.caliper_to[anchor])
        if edge is not None:
            return first if edge == "first" else last
        start = first + int(self.rng.beta(1.6, 1.1) * (last - first))
        return start if start <= entry else entry - int(self.rng.integers(90))

    def _close(self, anchor: int) -> int:
        close = int(self.links.entry[anchor]) + int(self.rng.exponential(MEAN_DAYS_TO_CLOSURE))
        return close if close <= self.days.end else NEVER

    def _covariates(self, anchor: int) -> dict[str, int]:
        """The anchor's stratum: its binaries and bins, with values drawn within the wide bins."""
        copied = {str(name): int(value) for name, value in self.covariates[anchor].items()}
        youngest, oldest = age_range(copied["age_bin"])
        age = int(self.rng.integers(youngest, oldest + 1))
        top_siblings = 3 + int(self.rng.geometric(0.5)) - 1
        return {
            **copied,
            "age_days": age,
            "age_bin": int(age_bin(age)),
            "siblings": copied["siblings"] if copied["siblings"] < 3 else top_siblings,
            "referrals": self._referrals_in_bin(int(referral_bin(copied["referrals"]))),
        }

    def _referrals_in_bin(self, bin_number: int) -> int:
        fewest, most = referral_range(bin_number)
        return min(fewest + int(self.rng.geometric(0.4)) - 1, most)


def _caliper_edge(slots_left: int) -> str | None:
    if slots_left > N_AT_CALIPER_EDGE:
        return None
    return "first" if slots_left > N_AT_CALIPER_EDGE // 2 else "last"
