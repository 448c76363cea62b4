"""Who is drawn and who isn't: batches of recommended families, replayed from the first."""

from __future__ import annotations

import datetime
import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from csc_outcomes.randomisation.draws import COMPARATOR, TREATED, Draw, Lots, draw
from csc_outcomes.randomisation.errors import AllocationError
from csc_outcomes.randomisation.families import Child, Family

ALLOCATED, NOT_APPROVED, OVER_CAPACITY = "allocated", "not_approved", "over_capacity"
STATUSES = (ALLOCATED, NOT_APPROVED, OVER_CAPACITY)
UNITS = ("families", "children")
WHEN_FULL = ("stop", "draw")


@dataclass(frozen=True)
class Rules:
    """What holds for the whole of an allocation.

    `capacity_in` says what fills the programme. `when_full` `stop`: a family is drawn only while
    there is a place for it; `draw`: it is drawn all the same, and over capacity if that says
    treated.
    """

    programme_id: str
    lots: Lots
    capacity_in: str = "families"
    when_full: str = "stop"


@dataclass(frozen=True)
class Batch:
    """One list of recommended families, the day it is allocated on, and the programme's places over
    all batches so far (None: no limit)."""

    families: Sequence[Family]
    allocated_on: datetime.date
    capacity: int | None


@dataclass
class Standing:
    """What is settled of one family."""

    sequence: int
    status: str = NOT_APPROVED
    arm: str = ""
    allocated_on: datetime.date | None = None
    is_drawn: bool = False
    n_children: int = 0  # one with several cases counts once
    children: dict[tuple[str, str], Child] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """What was done with one family of one batch."""

    sequence: int
    batch: int
    family_key: str
    n_children: int
    event: str  # drawn, not_drawn, met_again
    draw: Draw | None
    arm: str
    status: str


@dataclass
class Allocation:
    """All steps in order, and where each family and child stands after the last."""

    steps: list[Step] = field(default_factory=list)
    standings: dict[str, Standing] = field(default_factory=dict)
    # Cases in the order in which they were met, with their family.
    cases: dict[tuple[str, str], str] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    n_drawn: int = 0
    used: dict[str, int] = field(default_factory=lambda: dict.fromkeys(UNITS, 0))

    def rows(self) -> Iterator[tuple[Child, Standing]]:
        """Each case with its family's standing."""
        for case, family in self.cases.items():
            yield self.standings[family].children[case], self.standings[family]

    def in_order(self) -> list[Standing]:
        """The standing of each family, in the order in which they were first met."""
        return sorted(self.standings.values(), key=lambda standing: standing.sequence)

    def counts(self) -> dict[str, dict[str, int]]:
        """Families and children of each arm, and of each status that belongs to neither."""
        counts = {}
        for state in (TREATED, COMPARATOR, NOT_APPROVED, OVER_CAPACITY):
            own = [s for s in self.in_order() if state in (s.arm, s.status)]
            n_children = sum(standing.n_children for standing in own)
            counts[state] = {"families": len(own), "children": n_children}
        return counts


def allocate(rules: Rules, batches: Iterable[Batch], key: bytes) -> Allocation:
    """Goes through all batches from the first; `key` settles the order within a day.

    Within a batch families are taken by the day of recommendation, and on one day by a keyed hash
    of seed and family, never by the order of rows. All children of a family share its arm. Raises
    AllocationError where batches contradict each other.
    """
    allocation = Allocation()
    previous: datetime.date | None = None
    for number, batch in enumerate(batches, 1):
        last = max(family.recommended for family in batch.families)
        if batch.allocated_on < last:
            raise AllocationError("a family is recommended after the day of allocation (--date)")
        if previous and batch.allocated_on < previous:
            raise AllocationError("the day of allocation lies before that of the batch before")
        previous = batch.allocated_on
        for family in sorted(batch.families, key=lambda family: _place(rules, family, key)):
            _take(allocation, rules, batch, number, family)
    return allocation


def _place(rules: Rules, family: Family, key: bytes) -> tuple[datetime.date, bytes]:
    message = f"allocation_order|{rules.lots.seed}|{family.key}".encode()
    return family.recommended, hmac.digest(key, message, "sha256")


def _take(allocation: Allocation, rules: Rules, batch: Batch, number: int, family: Family) -> None:
    sequence = len(allocation.steps) + 1
    standing = allocation.standings.setdefault(family.key, Standing(sequence))
    _add_children(allocation, standing, family)
    drawn: Draw | None = None
    if standing.is_drawn:
        event = "met_again"
    elif not family.is_approved:
        event, standing.status = "not_drawn", NOT_APPROVED
    elif rules.when_full == "stop" and not _has_place(allocation, rules, batch, standing):
        event, standing.status = "not_drawn", OVER_CAPACITY
    else:
        event, drawn = "drawn", draw(rules.lots, allocation.n_drawn)
        allocation.n_drawn += 1
        standing.is_drawn = True
        if drawn.arm == COMPARATOR or _has_place(allocation, rules, batch, standing):
            standing.status, standing.arm = ALLOCATED, drawn.arm
            standing.allocated_on = batch.allocated_on
        else:
            standing.status = OVER_CAPACITY
        if standing.arm == TREATED:
            allocation.used["families"] += 1
            allocation.used["children"] += standing.n_children
    allocation.steps.append(
        Step(
            sequence=sequence,
            batch=number,
            family_key=family.key,
            n_children=standing.n_children,
            event=event,
            draw=drawn,
            arm=standing.arm,
            status=standing.status,
        )
    )


def _add_children(allocation: Allocation, standing: Standing, family: Family) -> None:
    for child in family.children:
        if child.child_key not in allocation.homes:
            allocation.homes[child.child_key] = family.key
            standing.n_children += 1
            allocation.used["children"] += standing.arm == TREATED
        elif allocation.homes[child.child_key] != family.key:
            raise AllocationError(
                "a child of an earlier batch stands here under another family; give it the "
                "family_id it had, or its arm could change"
            )
        case = child.child_key, child.case_key
        if case not in standing.children:
            standing.children[case] = child
            allocation.cases[case] = family.key


def _has_place(allocation: Allocation, rules: Rules, batch: Batch, standing: Standing) -> bool:
    """Whether the family would fit into the programme as a whole."""
    if batch.capacity is None:
        return True
    needed = 1 if rules.capacity_in == "families" else standing.n_children
    return allocation.used[rules.capacity_in] + needed <= batch.capacity
