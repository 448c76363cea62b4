"""Weights of a matched sample from counts, without the pairs of treated cases and comparators.

Where a treated case shares its weight of one equally among all its comparators, only their number
counts: those of its stratum that started within its caliper, by the day it entered the programme,
and were open on that day. Sorted by stratum and start, a treated case's candidates stand side by
side, so its comparators are the members of one range of rows that are open for long enough: a count
over a range and a threshold. A comparator's weight is the reverse: the sum of 1/n over the treated
cases in whose range it lies and for whom it is open for long enough. Both follow the bits of a
wavelet matrix (Claude, Navarro and Ordonez 2015, "The wavelet matrix", Information Systems 47),
level by level and all cases at once, so that no level but the present one is kept.

The plain form of the same rule is the self-join of `int_matched_pairs`; tests hold the two equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Days = npt.NDArray[np.int32]
Shares = npt.NDArray[np.uint64]
STILL_OPEN = np.int32(2**30)  # a closing day later than any other
NO_DAY = np.int32(-(2**30))
LOT = 2**20  # comparators that are held at a time, to the end of their stratum
SPAN = 2**21  # days from one stratum's first to the next one's: 5,700 years
EPOCH_MONTH = "datetime64[M]"


@dataclass(frozen=True)
class Caliper:
    """How far two starts may lie apart, in the words of the parameters that say so."""

    length: float
    is_in_months: bool
    is_symmetric: bool = False

    def bounds(self, starts: Days) -> tuple[Days, Days]:
        """First and last day within the caliper of each start, given in days since 1970."""
        if not self.is_in_months:
            days = np.int32(np.floor(self.length))
            return starts - days, starts + days
        months = int(np.rint(self.length))
        return add_months(starts, -months), add_months(starts, months)


@dataclass(frozen=True)
class Cases:
    """Cases of one arm: the number of the stratum, the start and, in days since 1970, the day of
    entry (treated cases) or the last day on which the case is open (comparators)."""

    stratum: Days
    start: Days
    day: Days

    def __len__(self) -> int:
        return len(self.start)

    def of(self, rows: Ints) -> Cases:
        """The cases of these rows, in their order."""
        return Cases(self.stratum[rows], self.start[rows], self.day[rows])


def add_months(days: Days, months: int) -> Days:
    """So many calendar months later, clamped to the month's end: 31 August less six is 28 February.

    Days since 1970 in and out.
    """
    dates = days.astype("datetime64[D]")
    month = dates.astype(EPOCH_MONTH)
    into = dates - month.astype("datetime64[D]")
    target = month + months
    last = (target + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
    moved = np.minimum(target.astype("datetime64[D]") + into, last)
    return moved.astype(np.int64).astype(np.int32)


def comparator_numbers(treated: Cases, comparators: Cases, caliper: Caliper) -> Ints:
    """How many comparators each treated case has, in the order of the treated cases."""
    numbers = np.zeros(len(treated), np.int64)
    for rows, some, _, serving in _lots(treated, comparators):
        first, last = _served(some, serving, caliper)
        thresholds, ranks = _ranked(serving.day, some.day)
        numbers[rows] = _counted(ranks, first, last, thresholds)
    return numbers


def comparator_weights(
    treated: Cases, comparators: Cases, caliper: Caliper, numbers: Ints
) -> npt.NDArray[np.float64]:
    """The weight of each comparator: the sum of 1/n over the treated cases that it serves, each of
    which has n comparators (`numbers`); 0 where it serves none.

    Weights are sums of whole multiples of a power of two, so that they come out the same whatever
    the order of rows: with m treated cases held at a time each share is exact to m / 2^61.
    """
    weights = np.zeros(len(comparators))
    for rows, some, places, serving in _lots(treated, comparators):
        first, last = _served(some, serving, caliper)
        thresholds, ranks = _ranked(serving.day, some.day)
        weights[places] = _spread(ranks, first, last, thresholds, numbers[rows])
    return weights


def first_entries(treated: Cases, comparators: Cases, caliper: Caliper) -> Days:
    """The earliest entry among the treated cases that each comparator serves; NO_DAY where it
    serves none."""
    entries = np.full(len(comparators), NO_DAY, np.int32)
    for _, some, places, serving in _lots(treated, comparators):
        entries[places] = _first_entries(some, serving, caliper)
    return entries


def _lots(treated: Cases, comparators: Cases) -> Iterator[tuple[Ints, Cases, Ints, Cases]]:
    """Rows and cases of both arms by stratum and start, in lots of whole strata, so that memory
    doesn't grow with the number of strata."""
    of_treated, of_comparators = _in_order(treated), _in_order(comparators)
    strata, others = treated.stratum[of_treated], comparators.stratum[of_comparators]
    start = stop = 0
    while stop < len(others):
        reach = others[min(stop + LOT, len(others)) - 1]
        stop = int(np.searchsorted(others, reach, "right"))
        first, last = np.searchsorted(strata, (others[start], reach + 1), "left")
        rows, places = of_treated[first:last], of_comparators[start:stop]
        if len(rows):
            yield rows, treated.of(rows), places, comparators.of(places)
        start = stop


def _in_order(cases: Cases) -> Ints:
    """Rows by stratum and start."""
    return np.argsort(_keys(cases.stratum, cases.start), kind="stable")


def _keys(stratum: Days, day: Days) -> Ints:
    """Stratum and day as one number that sorts by both; days are within half a SPAN of 1970."""
    return stratum.astype(np.int64) * SPAN + np.clip(day, -SPAN // 2 + 1, SPAN // 2 - 1)


def _served(treated: Cases, ordered: Cases, caliper: Caliper) -> tuple[Ints, Ints]:
    """The rows of `ordered` that started within each treated case's caliper and by its entry."""
    first, last = _ranges(treated, ordered, caliper, is_anchor=True)
    by_entry = np.searchsorted(
        _keys(ordered.stratum, ordered.start), _keys(treated.stratum, treated.day), "right"
    )
    return first, np.maximum(first, np.minimum(last, by_entry))


def _ranges(
    cases: Cases, ordered: Cases, caliper: Caliper, *, is_anchor: bool
) -> tuple[Ints, Ints]:
    """The rows of `ordered`, sorted by stratum and start, that lie within the caliper of each case:
    the case's own where it is the anchor, else the row's own, and both where the caliper is
    symmetric. Each is a range, as both ends of a caliper grow with its start."""
    first, last = np.zeros(len(cases), np.int64), np.full(len(cases), len(ordered), np.int64)
    if is_anchor or caliper.is_symmetric:
        low, high = caliper.bounds(cases.start)
        starts = _keys(ordered.stratum, ordered.start)
        first = np.searchsorted(starts, _keys(cases.stratum, low), "left")
        last = np.searchsorted(starts, _keys(cases.stratum, high), "right")
    if not is_anchor or caliper.is_symmetric:
        low, high = caliper.bounds(ordered.start)
        own = _keys(cases.stratum, cases.start)
        first = np.maximum(first, np.searchsorted(_keys(ordered.stratum, high), own, "left"))
        last = np.minimum(last, np.searchsorted(_keys(ordered.stratum, low), own, "right"))
    return first, np.maximum(first, last)


def _ranked(days: Days, thresholds: Days) -> tuple[Days, Days]:
    """Thresholds and days as ranks among the thresholds: day >= threshold as before, fewer bits."""
    known = np.unique(thresholds)
    ranks = np.searchsorted(known, days, "right").astype(np.int32)
    return np.searchsorted(known, thresholds, "left").astype(np.int32) + 1, ranks


def _bits_of(ranks: Days, thresholds: Days) -> range:
    top = max(int(ranks.max(initial=0)), int(thresholds.max(initial=0)), 1)
    return range(top.bit_length() - 1, -1, -1)


def _counted(ranks: Days, first: Ints, last: Ints, thresholds: Days) -> Ints:
    """For each range, how many of ranks[first:last] reach the threshold."""
    n = np.zeros(len(first), np.int64)
    first, last = first.copy(), last.copy()
    for bit in _bits_of(ranks, thresholds):
        (ranks,), (zeros_first, zeros_last), (ones_first, ones_last) = _level(
            bit, first, last, ranks
        )
        is_one = (thresholds >> bit & 1).astype(bool)
        n += np.where(is_one, 0, ones_last - ones_first)
        first = np.where(is_one, ones_first, zeros_first)
        last = np.where(is_one, ones_last, zeros_last)
    return n + (last - first)


def _level(
    bit: int, first: Ints, last: Ints, ranks: Days, *others: Any
) -> tuple[tuple[Any, ...], tuple[Ints, Ints], tuple[Ints, Ints]]:
    """Ranks with those of bit 0 before those of bit 1, what goes along with them in the same order,
    and where both parts of each range went."""
    is_one = (ranks >> bit & 1).astype(bool)
    before = np.zeros(len(ranks) + 1, np.int32)
    np.cumsum(is_one, out=before[1:])
    n_zeros = len(ranks) - int(before[-1])
    ones_first, ones_last = before[first].astype(np.int64), before[last].astype(np.int64)
    zeros = first - ones_first, last - ones_last
    moved = tuple(np.concatenate([values[~is_one], values[is_one]]) for values in (ranks, *others))
    return moved, zeros, (n_zeros + ones_first, n_zeros + ones_last)


def _shares(n_comparators: Ints) -> tuple[Shares, int]:
    """1/n of each treated case in whole units of 2^-bits, so that all of them fit one number."""
    bits = min(62 - len(n_comparators).bit_length(), 52)
    shares = np.rint(2.0**bits / np.maximum(n_comparators, 1))
    return np.where(n_comparators > 0, shares, 0).astype(np.uint64), bits


def _spread(
    ranks: Days, first: Ints, last: Ints, thresholds: Days, n: Ints
) -> npt.NDArray[np.float64]:
    """For each rank, the sum of 1/n over the ranges that hold it and whose threshold it reaches:
    what `_counted` counts, the other way round."""
    shares, bits = _shares(n)
    total = np.zeros(len(ranks), np.uint64)
    place = np.arange(len(ranks), dtype=np.int32)
    first, last = first.copy(), last.copy()
    for bit in _bits_of(ranks, thresholds):
        (ranks, total, place), (zeros_first, zeros_last), (ones_first, ones_last) = _level(
            bit, first, last, ranks, total, place
        )
        goes_up = (thresholds >> bit & 1).astype(bool)
        _add_to_ranges(total, ones_first[~goes_up], ones_last[~goes_up], shares[~goes_up])
        first = np.where(goes_up, ones_first, zeros_first)
        last = np.where(goes_up, ones_last, zeros_last)
    _add_to_ranges(total, first, last, shares)
    spread = np.empty(len(total))
    spread[place] = total
    return spread / 2.0**bits


def _add_to_ranges(total: Shares, first: Ints, last: Ints, shares: Shares) -> None:
    """Adds each share to total[first:last]; differences wrap around, their running sums don't."""
    steps = np.zeros(len(total) + 1, np.uint64)
    np.add.at(steps, first, shares)
    np.subtract.at(steps, last, shares)
    total += np.cumsum(steps[:-1], dtype=np.uint64)


def _first_entries(treated: Cases, ordered: Cases, caliper: Caliper) -> Days:
    """The earliest entry that each comparator serves: of the treated cases in whose caliper it
    started, the first to enter from its start on, if it was still open then."""
    keys = _keys(ordered.stratum, ordered.start)
    is_new = np.ones(len(keys), bool)
    is_new[1:] = keys[1:] != keys[:-1]
    group = np.cumsum(is_new) - 1
    one = Cases(ordered.stratum[is_new], ordered.start[is_new], ordered.start[is_new])
    entry = np.full(len(one), STILL_OPEN, np.int32)
    first, last = _ranges(one, treated, caliper, is_anchor=False)
    some = last > first
    entry[some] = _next_in_range(treated.day, first[some], last[some], one.start[some])
    served = entry[group]
    return np.where((served != STILL_OPEN) & (served <= ordered.day), served, NO_DAY)


def _next_in_range(days: Days, first: Ints, last: Ints, at_least: Days) -> Days:
    """The smallest of days[first:last] from `at_least` on, STILL_OPEN where there is none: as many
    days of the range are smaller, and it is the one that follows them in size."""
    known, inverse = np.unique(days, return_inverse=True)
    ranks: Days = inverse.astype(np.int32)
    thresholds = np.searchsorted(known, at_least, "left").astype(np.int32)
    n_later = _counted(ranks, first, last, thresholds)
    position = (last - first) - n_later
    found = np.full(len(first), STILL_OPEN, np.int32)
    some = n_later > 0
    found[some] = known[_at_position(ranks, first[some], last[some], position[some])]
    return found


def _at_position(ranks: Days, first: Ints, last: Ints, position: Ints) -> Ints:
    """The rank that stands at the position (0 for the smallest) of each range, were it sorted."""
    value = np.zeros(len(first), np.int64)
    for bit in _bits_of(ranks, ranks):
        (ranks,), (zeros_first, zeros_last), (ones_first, ones_last) = _level(
            bit, first, last, ranks
        )
        n_zeros = zeros_last - zeros_first
        is_one = position >= n_zeros
        value += is_one.astype(np.int64) << bit
        position = np.where(is_one, position - n_zeros, position)
        first = np.where(is_one, ones_first, zeros_first)
        last = np.where(is_one, ones_last, zeros_last)
    return value
