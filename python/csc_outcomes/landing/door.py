"""The door: every file lands or is refused with a reason, and none blocks another."""

import hashlib
import json
import traceback
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from csc_outcomes.hashes import file_sha256
from csc_outcomes.landing.columns import CHILD_ID
from csc_outcomes.landing.contract import FileSpec, counted
from csc_outcomes.landing.csv_rows import BadRow
from csc_outcomes.landing.deliveries import CONTRACT_FILE, DeliveryFolder, open_deliveries, strays
from csc_outcomes.landing.errors import LandingError, Refused
from csc_outcomes.landing.header import listed
from csc_outcomes.landing.identifiers import pseudonym
from csc_outcomes.landing.keys import key_id, keys_of
from csc_outcomes.landing.opt_outs import (
    CHILD_LIST_FILES,
    OBJECTIONS_FILE,
    OPT_OUTS_FILE,
    ChildLists,
    read_child_lists,
)
from csc_outcomes.landing.opted_out_assessments import (
    OptedOutAssessments,
    assessment_files,
    needs_assessments,
)
from csc_outcomes.landing.parts import Batch
from csc_outcomes.landing.readers import check_path, groups, is_xml, open_parts
from csc_outcomes.landing.records import Canonicaliser, FileContext
from csc_outcomes.landing.report import FileOutcome, LandingReport
from csc_outcomes.landing.retention import check_retention
from csc_outcomes.landing.store import (
    LOAD_LOG,
    OBJECTIONS,
    REFUSED_ROWS,
    REFUSED_ROWS_SCHEMA,
    Store,
    data_folder,
)
from csc_outcomes.progress import Progress

# To be raised whenever the same input would land differently: everything is then read again.
DOOR_VERSION = "5"


def land(
    project_dir: Path | str,
    extracts_dir: Path | str | None = None,
    landing_dir: Path | str | None = None,
) -> LandingReport:
    """Lands all deliveries under `extracts_dir` in `landing_dir` (default: extracts, landing).

    Relative folders start at the project. A file that nothing has changed about is not read again;
    what no file stands behind any more is deleted. A refused file or delivery is a row of the load
    log; KeyMissing, RetentionOver or LandingError are raised where landing can't go on at all.
    """
    project = Path(project_dir)
    extracts = project / (extracts_dir or "extracts")
    if not extracts.is_dir():
        raise LandingError(f"no extracts folder at {extracts.resolve()}; make it, or name another")
    folders = open_deliveries(extracts)
    check_retention(project, folders)
    needed = {folder.delivery.is_synthetic for folder in folders if folder.delivery}
    keys = keys_of(needed, project, extracts)
    return _Door(Store(project / (landing_dir or "landing")), keys).land(extracts, folders)


class _Door:
    """One run over all deliveries."""

    def __init__(self, store: Store, keys: dict[bool, bytes]) -> None:
        self._store = store
        self._keys = keys
        self._n_unchanged = 0
        self._progress = Progress("landing", None, "files")

    def land(self, extracts: Path, folders: list[DeliveryFolder]) -> LandingReport:
        n_files = sum(len(folder.delivery.files) for folder in folders if folder.delivery)
        self._progress = Progress("landing", n_files, "files")
        outcomes = [self._logged(outcome) for outcome in strays(extracts)]
        child_lists: dict[Path, ChildLists | Refused] = {}
        by_authority: dict[Path, list[FileOutcome]] = defaultdict(list)
        for folder in folders:
            la_folder = folder.path.parent
            if la_folder not in child_lists:
                child_lists[la_folder] = _read_child_lists(la_folder)
            by_authority[la_folder] += self._land_delivery(folder, child_lists[la_folder])
            self._land_objections(folder, child_lists[la_folder])
        self._store.sweep()
        notes = (
            note
            for place, found in by_authority.items()
            for note in _unmet_notes(place, child_lists[place], found)
        )
        return LandingReport(
            tuple(chain(outcomes, *by_authority.values())),
            self._n_unchanged,
            tuple(notes),
        )

    def _land_delivery(
        self, folder: DeliveryFolder, lists: ChildLists | Refused
    ) -> Iterator[FileOutcome]:
        if folder.delivery is None:
            assert folder.refusal is not None
            yield self._logged(folder.outcome(CONTRACT_FILE).refused(folder.refusal))
            return
        opted_out = OptedOutAssessments(folder.path, folder.delivery, lists)
        for spec in folder.delivery.files:
            if spec.aside is not None:
                found = folder.outcome(spec.label, spec.holds or None).set_aside(spec.aside)
                yield self._logged(found)
        for specs in groups(folder.delivery.files):
            if isinstance(lists, Refused):
                yield self._logged(_of_file(folder, specs).refused(lists))
            else:
                yield from self._land_file(folder, specs, lists, opted_out)
        for outcome in folder.undeclared():
            yield self._logged(outcome)

    def _land_objections(self, folder: DeliveryFolder, lists: ChildLists | Refused) -> None:
        """Lands who of an authority's children objects to what, the same from each delivery."""
        if folder.delivery is None or isinstance(lists, Refused) or not lists.objections:
            return
        key, la_code = self._key(folder), folder.delivery.la_code
        rows = [
            {"la_code": la_code, "child_id": child, "objects_to": use}
            for child, use in sorted(
                (pseudonym(key, la_code, CHILD_ID.id_kind, child), use)
                for child, use in lists.objections
            )
        ]
        self._store.put(OBJECTIONS, _hash([DOOR_VERSION, rows]), rows)

    def _land_file(
        self,
        folder: DeliveryFolder,
        specs: Sequence[FileSpec],
        lists: ChildLists,
        opted_out: OptedOutAssessments,
    ) -> Iterator[FileOutcome]:
        """Lands what one file holds, refuses it, or recalls what became of it the last time."""
        outcome = _of_file(folder, specs)
        name = specs[0].name
        self._progress.step(f"{folder.label}/{name}", len(specs))
        try:
            path = check_path(folder.path, name)
            sha256 = _file_hash(path)
            outcome = self._keyed(outcome, folder, specs, sha256)
            parts = [
                self._keyed(folder.outcome(spec.label, spec.holds), folder, [spec], sha256)
                for spec in specs
            ]
        except Refused as refusal:
            yield self._logged(outcome.refused(refusal))
            return
        except OSError as error:
            unreadable = Refused("file_unreadable", f"{name}: {error.strerror}")
            yield self._logged(outcome.refused(unreadable))
            return
        recalled = self._recall([outcome]) or self._recall(parts)
        if recalled:
            yield from recalled
            return
        try:
            found = self._write(parts, folder, specs, path, lists, opted_out)
        except Refused as refusal:
            yield self._logged(outcome.refused(refusal))
        except OSError:  # a full disk is nothing that this file has done
            raise
        except Exception as error:  # its message may hold a value
            unexpected = Refused("unexpected_error", f"{name}: {where_raised(error)}")
            yield self._logged(replace(outcome, file_key="").refused(unexpected))
        else:
            yield from map(self._logged, found)

    def _recall(self, outcomes: list[FileOutcome]) -> list[FileOutcome]:
        """The load log rows of files landed before, if all of them are still there."""
        rows = [self._store.recall(outcome.file_key) for outcome in outcomes]
        known = [row for row in rows if row is not None]
        if len(known) < len(rows):
            return []
        self._n_unchanged += len(known)
        for row in known:
            self._store.keep(row)
        return [FileOutcome(**row) for row in known]

    def _keyed(
        self,
        outcome: FileOutcome,
        folder: DeliveryFolder,
        specs: Sequence[FileSpec],
        sha256: str | None,
    ) -> FileOutcome:
        """The outcome with the file's hash and the hash over everything that shapes its landing."""
        assert folder.delivery is not None
        beside = assessment_files(folder.delivery) if needs_assessments(specs) else ()
        shape = [
            DOOR_VERSION,
            folder.label,
            replace(folder.delivery, files=()),
            outcome.holds,
            *specs,
            sha256,
            _file_hash(folder.path / CONTRACT_FILE),
            *(_file_hash(folder.path.parent / name) for name in CHILD_LIST_FILES),
            *(_file_hash(folder.path / Path(name).name) for name in beside),
            key_id(self._key(folder)),
        ]
        return replace(outcome, sha256=sha256, file_key=_hash(shape))

    def _key(self, folder: DeliveryFolder) -> bytes:
        assert folder.delivery is not None
        return self._keys[folder.delivery.is_synthetic]

    def _write(
        self,
        outcomes: Sequence[FileOutcome],
        folder: DeliveryFolder,
        specs: Sequence[FileSpec],
        path: Path,
        lists: ChildLists,
        opted_out: OptedOutAssessments,
    ) -> list[FileOutcome]:
        """Writes what the file holds, one Parquet file for each of its specs: all or none."""
        assert folder.delivery is not None
        shared = FileContext(
            folder.delivery,
            folder.path.name,
            specs[0],
            "",
            lists,
            self._key(folder),
            opted_out_assessments=opted_out.found() if needs_assessments(specs) else frozenset(),
        )
        with ExitStack() as stack:
            parts = stack.enter_context(open_parts(path, specs, folder.delivery))
            landings = [
                _Landing(
                    replace(shared, spec=spec, file_key=outcome.file_key),
                    outcome,
                    self._store,
                    stack,
                )
                for spec, outcome in zip(specs, outcomes, strict=True)
            ]
            records = Progress(f"landing {path.name}", None, "records")
            for batch in parts.batches():
                records.step(n=len(batch.row_numbers))
                landings[batch.part].add(batch)
        return [landing.outcome(listed(parts.unknown()) or None) for landing in landings]

    def _logged(self, outcome: FileOutcome) -> FileOutcome:
        """Writes the outcome to the load log, after everything else that belongs to it."""
        if not outcome.file_key:
            outcome = replace(outcome, file_key=_hash([DOOR_VERSION, asdict(outcome)]))
        row = asdict(outcome)
        if self._store.recall(outcome.file_key) != row:
            self._store.write_rows(LOAD_LOG, outcome.file_key, [row])
        self._store.keep(row)
        return outcome


class _Landing:
    """One kind of record of one file on its way into the landing folder."""

    def __init__(
        self, context: FileContext, outcome: FileOutcome, store: Store, stack: ExitStack
    ) -> None:
        data = data_folder(context.delivery.format, context.spec.holds)
        self._outcome = outcome
        self._canonicaliser = Canonicaliser(replace(context, file_key=outcome.file_key))
        self._landed = stack.enter_context(store.writer(data, outcome.file_key))
        self._refused = stack.enter_context(store.writer(REFUSED_ROWS, outcome.file_key))

    def add(self, batch: Batch) -> None:
        """Writes a batch and counts it."""
        table, n_left_out = self._canonicaliser.table(batch.cells, batch.row_numbers)
        self._landed.write_table(table)
        if batch.bad:
            self._refused.write_table(_refused_rows(self._outcome, batch.bad))
        counted_so_far = self._outcome
        self._outcome = replace(
            counted_so_far,
            n_read=counted_so_far.n_read + len(batch.row_numbers) + len(batch.bad),
            n_refused_rows=counted_so_far.n_refused_rows + len(batch.bad),
            n_opted_out=counted_so_far.n_opted_out + n_left_out,
        )

    def outcome(self, unknown_columns: str | None) -> FileOutcome:
        """The load log row once all batches were added."""
        met = {
            name: "|".join(map(str, sorted(records))) or None
            for name, records in self._canonicaliser.met.items()
        }
        return replace(
            self._outcome,
            unknown_columns=unknown_columns,
            opt_outs_met=met[OPT_OUTS_FILE],
            objections_met=met[OBJECTIONS_FILE],
        )


def _of_file(folder: DeliveryFolder, specs: Sequence[FileSpec]) -> FileOutcome:
    """The load log row of a file as a whole: it holds no one kind where it is read as several."""
    holds = None if is_xml(specs[0].name) else specs[0].holds
    return folder.outcome(specs[0].label, holds)


def where_raised(error: BaseException) -> str:
    """The kind of an error and where it arose, without its message, which may hold values."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"


def _read_child_lists(la_folder: Path) -> ChildLists | Refused:
    try:
        return read_child_lists(la_folder)
    except Refused as refusal:
        return refusal
    except OSError as error:
        return Refused("file_unreadable", f"{error.filename}: {error.strerror}")


def _unmet_notes(
    la_folder: Path, lists: ChildLists | Refused, outcomes: list[FileOutcome]
) -> Iterator[str]:
    """Whose wishes no landed file of the authority knows: a wrong id would lose one."""
    landed = [outcome for outcome in outcomes if outcome.status == "landed"]
    if isinstance(lists, Refused) or not landed:
        return
    opt_outs, objections = lists.opt_out_records.values(), lists.objection_records.values()
    for name, noun, records, met in (
        (OPT_OUTS_FILE, "id", opt_outs, [outcome.opt_outs_met for outcome in landed]),
        (OBJECTIONS_FILE, "objection", objections, [outcome.objections_met for outcome in landed]),
    ):
        found = {int(number) for text in met for number in (text or "").split("|") if number}
        unmet = sorted(set(records) - found)
        if unmet:
            yield (
                f"{la_folder.name}/{name}: {len(unmet)} of {counted(len(records), noun)} "
                f"not found in any landed file (record {listed(tuple(map(str, unmet)))} of the "
                "list); is each id written as the files write it?"
            )


def _refused_rows(outcome: FileOutcome, bad: Iterable[tuple[int, BadRow]]) -> pa.Table:
    file = {
        name: getattr(outcome, name)
        for name in ("la_code", "delivery", "file_name", "file_key", "holds")
    }
    rows: list[dict[str, Any]] = [
        {**file, "source_row_number": number, **asdict(row)} for number, row in bad
    ]
    return pa.Table.from_pylist(rows, REFUSED_ROWS_SCHEMA)


def _file_hash(path: Path) -> str | None:
    """SHA-256 of a file's bytes; None where there is no file."""
    return file_sha256(path) if path.exists() else None


def _hash(parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()
