"""A child is withdrawn: the door leaves its records out from now on, and what was made of them
before is removed."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Collection, Set
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from csc_outcomes.forgetting.certificates import (
    LAKE,
    NOT_REACHED,
    Certificate,
    forget_note,
    is_noted,
    note,
    write_certificate,
    write_whole,
)
from csc_outcomes.forgetting.places import (
    LAKE_VARIABLE,
    ForgettingError,
    derived,
    nobody_builds,
    remove,
    shown,
)
from csc_outcomes.forgetting.search import holders
from csc_outcomes.landing.columns import CHILD_ID
from csc_outcomes.landing.deliveries import DeliveryFolder, open_deliveries
from csc_outcomes.landing.door import land
from csc_outcomes.landing.identifiers import normalise_id, pseudonym
from csc_outcomes.landing.keys import keys_of
from csc_outcomes.landing.opt_outs import OPT_OUTS_FILE, ChildLists, read_child_lists
from csc_outcomes.landing.retention import check_retention, current_day

NO_CHILD = (
    "Nothing was changed: no landed record and no published table of {la_code} knows this child. "
    "Is the id written as the authority's files write it? A child whose records are still to come "
    "is added to {list} by hand."
)


@dataclass(frozen=True)
class Child:
    """One child of one authority, for as long as a withdrawal takes; never shown or logged."""

    la_code: str
    la_folder: Path
    identifier: str  # in its one spelling, after merges
    pseudonyms: Set[str]  # of this id and of those merged into it
    lists: ChildLists

    def __repr__(self) -> str:
        return f"Child of {self.la_code}"

    @property
    def is_opted_out(self) -> bool:
        """Whether the door leaves its records out."""
        return self.identifier in self.lists.opted_out

    @property
    def record(self) -> int:
        """Which record of opt_outs.csv is this child's, or will be."""
        if self.is_opted_out:
            return self.lists.opt_out_records[self.identifier]
        return _n_records(self.la_folder / OPT_OUTS_FILE) + 1


def find_child(project: Path, la_code: str, identifier: str) -> Child:
    """The child that an authority knows under an id, however it is spelt.

    ForgettingError, without the id, where there is no such authority or the id is none;
    LandingError where a list or the key can't be read.
    """
    folders = open_deliveries(project / "extracts")
    own = [folder for folder in folders if folder.la_code == la_code]
    places = {folder.path.parent for folder in own}
    if len(places) != 1:
        known = ", ".join(sorted({f.la_code for f in folders if f.la_code})) or "none"
        what = "stands in more than one folder" if places else "is in no extract.yml"
        raise ForgettingError(f"Nothing was changed: la_code {la_code} {what}; known: {known}")
    one_spelling, flag = normalise_id(identifier)
    if one_spelling is None or flag:
        raise ForgettingError("Nothing was changed: what was entered is no readable child id")
    (la_folder,) = places
    lists = read_child_lists(la_folder)
    child = lists.merge(one_spelling)
    ids = {child, one_spelling, *(old for old, new in lists.merged.items() if new == child)}
    pseudonyms = {
        pseudonym(key, la_code, CHILD_ID.id_kind, known)
        for key in _keys(project, own)
        for known in ids
    }
    return Child(la_code, la_folder, child, pseudonyms, lists)


def _keys(project: Path, folders: list[DeliveryFolder]) -> Collection[bytes]:
    needed = {folder.delivery.is_synthetic for folder in folders if folder.delivery}
    return keys_of(needed, project, project / "extracts").values()


def landed_records(project: Path, pseudonyms: Collection[str]) -> dict[str, int]:
    """How many landed records of each kind are a child's."""
    counts: Counter[str] = Counter()
    for path in sorted((project / "landing").glob("*/*.parquet")):
        with pq.ParquetFile(path) as file:
            if CHILD_ID.name in file.schema_arrow.names:
                for batch in file.iter_batches(columns=[CHILD_ID.name]):
                    column = batch.column(0)
                    counts[path.parent.name] += sum(
                        pc.sum(pc.equal(column, text)).as_py() or 0 for text in pseudonyms
                    )
    return {kind: n for kind, n in counts.items() if n}


def withdraw(project: Path, child: Child) -> tuple[Path, list[Path]]:
    """Withdraws a child; the certificate, and the files that hold a pseudonym of it all the same.

    First the door's list, then all that was derived goes, then the landing folder is written anew
    without the child. Whatever interrupts it, running it again finishes it. ForgettingError where
    nobody knows the child, or a build is at work; LandingError where nothing can land.
    """
    folders = open_deliveries(project / "extracts")
    check_retention(project, folders)
    _keys(project, folders)  # of all authorities: what is removed must be able to land again
    record = child.record
    name = f"withdrawal_{child.la_code}_record_{record}"
    found = landed_records(project, child.pseudonyms)
    is_known = found or child.is_opted_out or is_noted(project, name)
    if not is_known and not holders(project / "published", child.pseudonyms):
        message = NO_CHILD.format(la_code=child.la_code, list=_list_of(project, child))
        raise ForgettingError(message)
    with nobody_builds(project):
        records = note(project, name, found)
        _opt_out(child)
        paths = derived(project)
        removed = shown(project, paths)
        remove(paths)
        land(project)
        still_held = holders(project, child.pseudonyms)
        certificate = Certificate(
            name=f"{current_day().isoformat()}_{name}",
            title=f"Withdrawal of a child of {child.la_code}",
            facts={
                "Day": current_day().isoformat(),
                "Authority": child.la_code,
                "Wish": f"record {record} of {_list_of(project, child)}",
            },
            records=records,
            removed=[*removed, "landing/: written anew without the child"],
            still_held=shown(project, still_held),
            not_reached=[*NOT_REACHED, *([LAKE] if LAKE_VARIABLE in os.environ else [])],
        )
        written = write_certificate(project, certificate)
        forget_note(project, name)
    return written, still_held


def _list_of(project: Path, child: Child) -> str:
    return (child.la_folder / OPT_OUTS_FILE).relative_to(project).as_posix()


def _opt_out(child: Child) -> None:
    """Adds the child to opt_outs.csv, whole or not at all."""
    if child.is_opted_out:
        return
    path = child.la_folder / OPT_OUTS_FILE
    before = path.read_text(encoding="utf-8-sig") if path.is_file() else "child_id\n"
    if not before.endswith("\n"):
        before += "\n"
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([child.identifier])
    write_whole(path, before + line.getvalue())


def _n_records(path: Path) -> int:
    if not path.is_file():
        return 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        return sum(1 for row in csv.reader(file) if row) - 1
