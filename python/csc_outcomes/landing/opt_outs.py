"""What people said of a child's records, and children known under two ids: applied here alone."""

import os
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

from csc_outcomes.landing.contract import FileSpec
from csc_outcomes.landing.csv_rows import BadRow
from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.identifiers import normalise_id
from csc_outcomes.landing.readers import check_path, open_table

OPT_OUTS_FILE = "opt_outs.csv"
OBJECTIONS_FILE = "objections.csv"
MERGE_MAP_FILE = "merge_map.csv"
CHILD_LIST_FILES = (OPT_OUTS_FILE, OBJECTIONS_FILE, MERGE_MAP_FILE)
# What one can object to, and the kinds of file whose records of the child then never land.
OBJECTIONS: Mapping[str, tuple[str, ...]] = {"school_data": ("school_absences",), "study": ()}
LINES = {
    OPT_OUTS_FILE: "one id a line",
    OBJECTIONS_FILE: f"an id and {' or '.join(OBJECTIONS)} a line, a comma between",
    MERGE_MAP_FILE: "two ids a line, a comma between",
}
UNTIL_THEN = "nothing of this authority lands until that is mended"
# No extract.yml governs these files, so what readers say of extract.yml would lead astray.
FAULTS = {
    "duplicate_header": "a header stands there twice",
    "empty_file": "it is empty",
    "file_not_found": "it is no file that can be read",
    "header_holds_data": "the first line holds more than headers",
    "header_unreadable": "the first line is blank or broken",
    "missing_columns": "the first line is another than it must be",
    "nul_character": "it is not text in UTF-8",
    "wrong_encoding": "it is not text in UTF-8",
}


@dataclass(frozen=True)
class ChildLists:
    """One authority's merge map, opt-outs and objections, over normalised child ids."""

    merged: Mapping[str, str] = field(default_factory=dict)
    opt_out_records: Mapping[str, int] = field(default_factory=dict)  # child -> first record
    # Child and what is objected to -> first record.
    objection_records: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @property
    def opted_out(self) -> Set[str]:
        """The children who opted out."""
        return self.opt_out_records.keys()

    @property
    def objections(self) -> Set[tuple[str, str]]:
        """Child and what is objected to, of children who didn't opt out altogether."""
        return {
            (child, use) for child, use in self.objection_records if child not in self.opted_out
        }

    def merge(self, child: str) -> str:
        """The id that a child is known under after all merges."""
        return self.merged.get(child, child)

    def is_left_out(self, child: str, holds: str) -> bool:
        """Whether records of a child in files of one kind may not land."""
        return child in self.opted_out or any(
            holds in kinds and (child, use) in self.objection_records
            for use, kinds in OBJECTIONS.items()
        )

    def records_of(self, child: str) -> dict[str, set[int]]:
        """The records about a child, by name of the list."""
        opt_outs, objections = self.opt_out_records, self.objection_records
        wishes = [(child, use) for use in OBJECTIONS]
        return {
            OPT_OUTS_FILE: {opt_outs[child]} if child in opt_outs else set(),
            OBJECTIONS_FILE: {objections[wish] for wish in wishes if wish in objections},
        }


def read_child_lists(la_folder: Path) -> ChildLists:
    """The optional opt_outs.csv (child_id), objections.csv (child_id, objects_to) and
    merge_map.csv (from_child_id, to_child_id).

    Refused where one can't be understood in full: a wish must not be lost.
    """
    ends = {"from_child_id": _identifier, "to_child_id": _identifier}
    pairs = _read_list(la_folder, MERGE_MAP_FILE, ends)
    merged = _resolve([pair for pair in pairs if pair[0] != pair[1]])
    opt_outs: dict[str, int] = {}
    objections: dict[tuple[str, str], int] = {}
    children = _read_list(la_folder, OPT_OUTS_FILE, {"child_id": _identifier})
    for number, (child,) in enumerate(children, 1):
        opt_outs.setdefault(merged.get(child, child), number)
    wishes = _read_list(la_folder, OBJECTIONS_FILE, {"child_id": _identifier, "objects_to": _use})
    for number, (child, use) in enumerate(wishes, 1):
        objections.setdefault((merged.get(child, child), use), number)
    return ChildLists(merged, opt_outs, objections)


def _read_list(
    folder: Path, name: str, columns: Mapping[str, Callable[[str], str]]
) -> list[tuple[str, ...]]:
    """The records of a list, each column read by its function; none where there is no list."""
    if not os.path.lexists(folder / name):  # a link that leads nowhere is an error, no absence
        return []
    spec = FileSpec(name=name, holds="", columns={column: column for column in columns})
    code = name.replace(".csv", "_invalid")
    try:
        with open_table(check_path(folder, name), spec) as (header, rows):
            places = [(header.positions[column], read) for column, read in columns.items()]
            found = []
            for number, row in enumerate(rows, 1):
                if isinstance(row, BadRow):
                    raise Refused(code, f"record {number}: {row.reason}")
                found.append(_read_record(row, number, places, code))
            return found
    except Refused as refusal:
        reason = FAULTS.get(refusal.code, refusal.reason)
        raise Refused(
            code,
            f"{name} of this authority: {reason}; the first line must be {','.join(columns)}, then "
            f"{LINES[name]}; {UNTIL_THEN}",
        ) from None


def _read_record(
    row: list[str], number: int, places: list[tuple[int, Callable[[str], str]]], code: str
) -> tuple[str, ...]:
    try:
        return tuple(read(row[place]) for place, read in places)
    except ValueError as fault:
        raise Refused(code, f"record {number} {fault}") from None


def _identifier(raw: str) -> str:
    identifier, flag = normalise_id(raw)
    if identifier is None or flag:
        raise ValueError("holds no readable child id")
    return identifier


def _use(raw: str) -> str:
    use = raw.strip().casefold()
    if use not in OBJECTIONS:
        raise ValueError(f"objects to something else than {' or '.join(OBJECTIONS)}")
    return use


def _resolve(pairs: list[tuple[str, ...]]) -> dict[str, str]:
    """Each id straight to the last of its chain of merges."""
    merged: dict[str, str] = {}
    for source, target in pairs:
        if merged.setdefault(source, target) != target:
            raise _unmergeable("an id is merged into two others")
    resolved = {}
    for source, target in merged.items():
        seen = {source}
        while target in merged and target not in seen:
            seen.add(target)
            target = merged[target]
        if target in seen:
            raise _unmergeable("merges run in a circle")
        resolved[source] = target
    return resolved


def _unmergeable(what: str) -> Refused:
    return Refused("merge_map_invalid", f"{MERGE_MAP_FILE} of this authority: {what}; {UNTIL_THEN}")
