"""Children who opted out, and children known under two ids: applied here and only here."""

import os
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

from csc_outcomes.landing.contract import FileSpec
from csc_outcomes.landing.csv_rows import BadRow
from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.identifiers import normalise_id
from csc_outcomes.landing.readers import check_path, open_table

OPT_OUTS_FILE = "opt_outs.csv"
MERGE_MAP_FILE = "merge_map.csv"
UNTIL_THEN = "nothing of this authority lands until that is mended"
# No extract.yml governs these two files, so what readers say of extract.yml would lead astray.
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
    """One authority's merge map and opt-outs, over normalised child ids."""

    merged: Mapping[str, str] = field(default_factory=dict)
    opt_out_records: Mapping[str, int] = field(default_factory=dict)  # child -> first record

    @property
    def opted_out(self) -> Set[str]:
        """The children who opted out."""
        return self.opt_out_records.keys()

    def merge(self, child: str) -> str:
        """The id that a child is known under after all merges."""
        return self.merged.get(child, child)


def read_child_lists(la_folder: Path) -> ChildLists:
    """The optional opt_outs.csv (child_id) and merge_map.csv (from_child_id, to_child_id).

    Refused where either can't be understood in full: an opt-out must not be lost.
    """
    pairs = _read_ids(la_folder, MERGE_MAP_FILE, ("from_child_id", "to_child_id"))
    merged = _resolve([pair for pair in pairs if pair[0] != pair[1]])
    children = [child for (child,) in _read_ids(la_folder, OPT_OUTS_FILE, ("child_id",))]
    opt_outs: dict[str, int] = {}
    for number, child in enumerate(children, 1):
        opt_outs.setdefault(merged.get(child, child), number)
    return ChildLists(merged, opt_outs)


def _read_ids(folder: Path, name: str, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    if not os.path.lexists(folder / name):  # a link that leads nowhere is an error, no absence
        return []
    spec = FileSpec(name=name, holds="", columns={column: column for column in columns})
    code = name.replace(".csv", "_invalid")
    try:
        with open_table(check_path(folder, name), spec) as (header, rows):
            places = [header.positions[column] for column in columns]
            found = []
            for number, row in enumerate(rows, 1):
                if isinstance(row, BadRow):
                    raise Refused(code, f"record {number}: {row.reason}")
                found.append(tuple(_identifier(row[place], number, code) for place in places))
            return found
    except Refused as refusal:
        reason = FAULTS.get(refusal.code, refusal.reason)
        ids = "one id a line" if len(columns) == 1 else "two ids a line, a comma between"
        raise Refused(
            code,
            f"{name} of this authority: {reason}; the first line must be {','.join(columns)}, then "
            f"{ids}; {UNTIL_THEN}",
        ) from None


def _identifier(raw: str, number: int, code: str) -> str:
    identifier, flag = normalise_id(raw)
    if identifier is None or flag:
        raise Refused(code, f"record {number} holds no readable child id")
    return identifier


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
