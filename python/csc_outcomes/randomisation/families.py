"""The list of recommended cases, read strictly: whatever isn't clear must be mended before anyone
is allocated."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from csc_outcomes.landing.csv_rows import BadRow, open_csv
from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.identifiers import normalise_id
from csc_outcomes.randomisation.errors import AllocationError

REQUIRED = ("family_id", "child_id", "recommended_date", "approved")
OPTIONAL = ("case_id",)
APPROVED = {"yes": True, "no": False}
FAULTS = {
    "wrong_encoding": "it is not text in UTF-8",
    "nul_character": "it is not text in UTF-8",
    "cell_too_large": "a line is too long to be one of such a list",
}


@dataclass(frozen=True)
class Child:
    """One recommended case; ids as written, and in one spelling to compare them by."""

    child_id: str
    case_id: str
    family_id: str
    child_key: str
    case_key: str


@dataclass(frozen=True)
class Family:
    """All cases of one family in one list: `recommended` is the first of their days."""

    key: str
    recommended: datetime.date
    is_approved: bool
    children: tuple[Child, ...]


@dataclass(frozen=True)
class _Record:
    number: int
    family_key: str
    recommended: datetime.date
    is_approved: bool
    child: Child


def read_families(path: Path, name: str) -> list[Family]:
    """The families of a CSV file, in no order that means anything; `name` is what messages call it.

    Raises AllocationError where anything is missing, unreadable or contradicts itself: a family
    with two answers on approval, a child of two families, a case that stands there twice.
    """
    try:
        return _families(list(_records(path)))
    except Refused as refusal:
        raise AllocationError(f"{name}: {FAULTS.get(refusal.code, refusal.reason)}") from None
    except AllocationError as error:
        raise AllocationError(f"{name}: {error}") from None


def _families(records: list[_Record]) -> list[Family]:
    if not records:
        raise AllocationError("there is no case in it")
    by_family: dict[str, list[_Record]] = {}
    seen: dict[tuple[str, str], _Record] = {}
    homes: dict[str, _Record] = {}
    for record in records:
        child = record.child
        home = homes.setdefault(child.child_key, record)
        if home.family_key != record.family_key:
            raise AllocationError(
                f"records {home.number} and {record.number} put one child into two families, which "
                "could get different arms; give both the same family_id"
            )
        double = seen.setdefault((child.child_key, child.case_key), record)
        if double is not record:
            raise AllocationError(f"records {double.number} and {record.number} are one case")
        others = by_family.setdefault(record.family_key, [])
        if others and others[0].is_approved != record.is_approved:
            raise AllocationError(
                f"records {others[0].number} and {record.number} are of one family, and only one "
                "is approved; a family is approved as a whole or not at all"
            )
        others.append(record)
    return [
        Family(
            key=key,
            recommended=min(record.recommended for record in own),
            is_approved=own[0].is_approved,
            children=tuple(
                sorted((r.child for r in own), key=lambda child: (child.child_key, child.case_key))
            ),
        )
        for key, own in by_family.items()
    ]


def _records(path: Path) -> Iterator[_Record]:
    with open_csv(path, None, ",") as rows:
        places = _places(next(rows, None))
        for number, row in enumerate(rows, 1):
            if isinstance(row, BadRow):
                raise AllocationError(f"record {number}: {row.reason}")
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(places):
                raise AllocationError(
                    f"record {number} has {len(row)} cells where there are {len(places)} headers"
                )
            yield _record(number, dict(zip(places, (cell.strip() for cell in row), strict=True)))


def _places(header: list[str] | BadRow | None) -> list[str]:
    names = [] if header is None or isinstance(header, BadRow) else [h.strip() for h in header]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise AllocationError(
            f"the first line must hold the headers {', '.join(REQUIRED)} and may hold "
            f"{', '.join(OPTIONAL)}; not found: {', '.join(missing)}"
        )
    unknown = [i for i, name in enumerate(names, 1) if name not in (*REQUIRED, *OPTIONAL)]
    if unknown:
        raise AllocationError(
            f"column {', '.join(map(str, unknown))} is not needed; leave it out, for a copy of the "
            "file is kept with the allocation"
        )
    if len(set(names)) < len(names):
        raise AllocationError("a header stands there twice")
    return names


def _record(number: int, cells: dict[str, str]) -> _Record:
    family_key = _id(number, "family_id", cells["family_id"])
    case_id = cells.get("case_id", "")
    child = Child(
        child_id=cells["child_id"],
        case_id=case_id,
        family_id=cells["family_id"],
        child_key=_id(number, "child_id", cells["child_id"]),
        case_key=_id(number, "case_id", case_id) if case_id else "",
    )
    try:
        recommended = datetime.datetime.strptime(cells["recommended_date"], "%Y-%m-%d").date()
    except ValueError:
        raise AllocationError(
            f"record {number}: recommended_date is no day written as 2015-08-31"
        ) from None
    approved = APPROVED.get(cells["approved"].lower())
    if approved is None:
        raise AllocationError(f"record {number}: approved is neither yes nor no")
    return _Record(number, family_key, recommended, approved, child)


def _id(number: int, column: str, raw: str) -> str:
    identifier, flag = normalise_id(raw)
    if identifier is None or flag:
        raise AllocationError(f"record {number}: {column} is no readable id")
    return identifier
