"""Children who opted out, and children known under two ids: applied here and only here."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from csc_outcomes.landing.contract import FileSpec
from csc_outcomes.landing.csv_rows import BadRow
from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.identifiers import normalise_id
from csc_outcomes.landing.readers import check_path, open_table

OPT_OUTS_FILE = "opt_outs.csv"
MERGE_MAP_FILE = "merge_map.csv"


@dataclass(frozen=True)
class ChildLists:
    """One authority's merge map and opt-outs, over normalised child ids."""

    merged: Mapping[str, str] = field(default_factory=dict)
    opted_out: frozenset[str] = frozenset()

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
    return ChildLists(merged, frozenset(merged.get(child, child) for child in children))


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
        reason = f"{name} of this authority: {refusal.reason}; nothing of it lands until then"
        raise Refused(code, reason) from None


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
    return Refused("merge_map_invalid", f"{MERGE_MAP_FILE}: {what}; mend the file")
