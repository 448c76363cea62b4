"""A child is withdrawn: the door leaves its records out from now on, and what was made of them
before is removed."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection, Set
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from csc_outcomes.forgetting.certificates import (
    NOT_REACHED,
    Certificate,
    forget_note,
    is_noted,
    not_in,
    note,
    write_certificate,
    write_whole,
)
from csc_outcomes.forgetting.places import (
    ForgettingError,
    all_here,
    derived,
    nobody_builds,
    remove,
    shared_warehouse,
    shown,
)
from csc_outcomes.forgetting.search import holders, mentions, unsearched
from csc_outcomes.landing.columns import CHILD_ID
from csc_outcomes.landing.contract import FileSpec
from csc_outcomes.landing.csv_rows import BYTE_ORDER_MARKS
from csc_outcomes.landing.deliveries import DeliveryFolder, open_deliveries
from csc_outcomes.landing.door import land
from csc_outcomes.landing.errors import RetentionOver
from csc_outcomes.landing.identifiers import normalise_id, pseudonym
from csc_outcomes.landing.keys import keys_of
from csc_outcomes.landing.opt_outs import OPT_OUTS_FILE, ChildLists, read_child_lists
from csc_outcomes.landing.readers import open_table
from csc_outcomes.landing.retention import LANDING, current_day

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
    ids: Set[str]  # this one, those merged into it, and as it was entered
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
    return Child(la_code, la_folder, child, ids | {identifier.strip()}, pseudonyms, lists)


def _keys(project: Path, folders: list[DeliveryFolder]) -> Collection[bytes]:
    needed = {folder.delivery.is_synthetic for folder in folders if folder.delivery}
    return keys_of(needed, project, project / "extracts").values()


def landed_records(project: Path, pseudonyms: Collection[str]) -> dict[str, int]:
    """How many landed records of each kind are a child's."""
    counts: Counter[str] = Counter()
    for path in sorted((project / LANDING).glob("*/*.parquet")):
        with pq.ParquetFile(path) as file:
            if CHILD_ID.name in file.schema_arrow.names:
                for batch in file.iter_batches(columns=[CHILD_ID.name]):
                    column = batch.column(0)
                    counts[path.parent.name] += sum(
                        pc.sum(pc.equal(column, text)).as_py() or 0 for text in pseudonyms
                    )
    return {kind: n for kind, n in counts.items() if n}


@dataclass(frozen=True)
class Withdrawal:
    """What came of one: the certificate, the files that hold a trace of the child all the same, and
    the authority's files that the door refused."""

    certificate: Path
    still_held: list[Path]
    mentions: list[Path]  # files in which the child's own id stands, or a word like it
    refused: list[str]


def withdraw(project: Path, child: Child) -> Withdrawal:
    """Withdraws a child.

    First the door's list, then all that was derived goes, then the landing folder is written anew
    without the child. Whatever interrupts it, running it again finishes it. ForgettingError where
    nobody knows the child, or a build is at work; LandingError where nothing can land.
    """
    _keys(project, open_deliveries(project / "extracts"))  # what is removed must land again
    record = child.record
    name = f"withdrawal_{child.la_code}_record_{record}"
    with nobody_builds(project):
        found = _known_records(project, child, name)
        paths = derived(project)
        records, _ = note(project, name, found)
        _opt_out(child)
        removed = shown(project, paths)
        remove(paths)
        landed, refused = _land_again(project, child)
        still_held = holders(project, child.pseudonyms)
        mentioned = mentions(project, child.ids)
        aside = unsearched(project)
        certificate = Certificate(
            name=f"{current_day().isoformat()}_{name}",
            title=f"Withdrawal of a child of {child.la_code}",
            facts={
                "Day": current_day().isoformat(),
                "Authority": child.la_code,
                "Wish": f"record {record} of {_list_of(project, child)}",
            },
            records=records,
            removed=[*removed, f"landing/: {landed}"],
            still_held=shown(project, still_held),
            mentions=shown(project, mentioned),
            not_reached=[
                *NOT_REACHED,
                not_in(shared_warehouse(project)),
                f"not searched: {', '.join(shown(project, aside))}",
            ],
        )
        written = write_certificate(project, certificate)
        forget_note(project, name)
    return Withdrawal(written, still_held, mentioned, refused)


def _known_records(project: Path, child: Child, name: str) -> dict[str, int]:
    """The child's landed records; ForgettingError where no one ever knew the child. Before it says
    so, all lands again: with another key, or a new delivery, nothing else knows the child yet."""
    found = landed_records(project, child.pseudonyms)
    if not (found or child.is_opted_out or is_noted(project, name)):
        land(project)
        found = landed_records(project, child.pseudonyms)
        if not found and not holders(project / "published", child.pseudonyms):
            message = NO_CHILD.format(la_code=child.la_code, list=_list_of(project, child))
            raise ForgettingError(message)
    return found


def _land_again(project: Path, child: Child) -> tuple[str, list[str]]:
    """What became of landing/, and which of the authority's files were refused."""
    try:
        report = land(project)
    except RetentionOver:  # then no child's records may land
        remove(all_here([project / LANDING]))
        return "deleted; it isn't written anew while data of a study are past their last day", []
    refused = [outcome for outcome in report.refused if outcome.la_code == child.la_code]
    files = [f"{outcome.delivery}/{outcome.file_name}: {outcome.reason}" for outcome in refused]
    return "written anew without the child", files


def _list_of(project: Path, child: Child) -> str:
    return (child.la_folder / OPT_OUTS_FILE).relative_to(project).as_posix()


def _opt_out(child: Child) -> None:
    """Adds the child to opt_outs.csv, whole or not at all, as the list itself is written;
    ForgettingError, with the list as it was, where the door doesn't read it there."""
    if child.is_opted_out:
        return
    path = child.la_folder / OPT_OUTS_FILE
    before, codec = _text(path)
    mode = (path if path.is_file() else child.la_folder).stat().st_mode & 0o666
    end = "\r\n" if "\r\n" in before else "\n"
    spec = FileSpec(name=path.name, holds="", columns={CHILD_ID.name: CHILD_ID.name})
    cells = [child.identifier]
    if path.is_file():
        with open_table(path, spec) as (header, _):
            cells = [""] * header.width
            cells[header.positions[CHILD_ID.name]] = child.identifier
    line = io.StringIO()
    csv.writer(line, lineterminator=end).writerow(cells)
    begun = before if before.endswith("\n") else before + end
    write_whole(path, begun + line.getvalue(), codec, mode)
    if child.identifier not in read_child_lists(child.la_folder).opted_out:
        write_whole(path, before, codec, mode)
        raise ForgettingError(
            f"Nothing was removed: the door doesn't read what was added to {path}. Add the child "
            "by hand, then run this again"
        )


def _text(path: Path) -> tuple[str, str]:
    """What opt_outs.csv says, and in which encoding."""
    if not path.is_file():
        return f"{CHILD_ID.name}\n", "utf-8"
    raw = path.read_bytes()
    codec = next((c for mark, c in BYTE_ORDER_MARKS.items() if raw.startswith(mark)), "utf-8")
    return raw.decode(codec), codec


def _n_records(path: Path) -> int:
    return sum(1 for row in csv.reader(io.StringIO(_text(path)[0])) if any(map(str.strip, row))) - 1
