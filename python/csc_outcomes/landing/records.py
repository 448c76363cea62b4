"""Records as found -> landed records: mapped, ids replaced, codes translated, and those left out
that someone asked to leave out."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from csc_outcomes.landing.columns import CHILD_ID, RECORD_FORMATS, YES_NO_WORDS, Column
from csc_outcomes.landing.contract import Delivery, FileSpec
from csc_outcomes.landing.identifiers import ID_MISSING, normalise_id, pseudonym_maker
from csc_outcomes.landing.opt_outs import OBJECTIONS_FILE, OPT_OUTS_FILE, ChildLists

NUMBER_PREFIX = re.compile(r"^\d{1,2} *[.):-] *")  # '1. Neglect', where 'Neglect' is declared
CODE_PREFIX = re.compile(r"^[a-z]{1,2}\) *", re.IGNORECASE)  # Annex A writes 'a) WBRI'
ASSESSMENT_ID = "assessment_id"
MAX_KNOWN = 50_000  # distinct values that are remembered of a column
TEXT = pa.string()
Text = str | None


def landed_schema(columns: Iterable[Column], is_hashed: bool) -> pa.Schema:
    """The schema that every file of one kind lands with, whatever it maps.

    The records of returns land without a hash: the standard layer hashes what they say of a child.
    """
    fields = []
    for column in columns:
        fields.append(pa.field(column.name, pa.string()))
        if column.kind == "code":
            fields.append(pa.field(f"{column.name}_source", pa.string()))
    texts = ("la_code", "delivery", "file_name", "file_key")
    fields += [pa.field(name, pa.string()) for name in texts]
    fields += [
        pa.field("source_row_number", pa.int64()),
        pa.field("extract_as_of_date", pa.date32()),
    ]
    hashes = ["record_hash"] if is_hashed else []
    last = ("date_formats", "list_separator", *hashes, "id_flags")
    return pa.schema(fields + [pa.field(name, pa.string()) for name in last])


class _Known(dict[str, Any]):
    """Distinct cell -> what becomes of it, worked out once."""

    def __init__(self, work_out: Callable[[str], Any]) -> None:
        self._work_out = work_out

    def learn(self, cells: Iterable[str]) -> None:
        """Works out what becomes of distinct cells, of those that aren't known yet."""
        unknown = [cell for cell in cells if cell not in self]
        self.update(zip(unknown, map(self._work_out, unknown), strict=True))


class _Ids(_Known):
    """Id as found -> its pseudonym, or None where there is no id."""

    def __init__(self, work_out: Callable[[str], Any]) -> None:
        super().__init__(work_out)
        self.flags: dict[str, str] = {}  # what is wrong with an id, if anything is
        self.watched: dict[str, str] = {}  # id as found -> id, of those somebody asks about

    def clear(self) -> None:
        """Forgets all ids."""
        super().clear()
        self.flags.clear()
        self.watched.clear()


class _Cells:
    """The cells of a column in a batch: each distinct one once, and where it stands."""

    def __init__(self, cells: pa.Array) -> None:
        encoded = cells.dictionary_encode()
        self._places = encoded.indices
        self.distinct: list[str] = encoded.dictionary.to_pylist()

    def known(self, known: _Known) -> pa.Array:
        """What becomes of each cell."""
        known.learn(self.distinct)
        return self.mapped(known.__getitem__)

    def mapped(self, become: Callable[[str], Any], kind: pa.DataType = TEXT) -> pa.Array:
        """What a function makes of each cell; it is called once for each distinct one."""
        return pa.array(list(map(become, self.distinct)), kind).take(self._places)


@dataclass(frozen=True)
class FileContext:
    """What all records of one kind in one file share."""

    delivery: Delivery
    delivery_name: str
    spec: FileSpec
    file_key: str
    child_lists: ChildLists
    key: bytes
    # What is known of ids, for all kinds of record of the file.
    ids: dict[tuple[str, bool, bool], _Ids] = field(default_factory=dict)
    # Assessments of children who opted out: a record that names one, but no child, is left out.
    opted_out_assessments: Set[str] = frozenset()


class Canonicaliser:
    """Turns batches of records of one kind into landed tables; each distinct value is mapped
    once."""

    def __init__(self, context: FileContext) -> None:
        self._context = context
        self._columns = context.delivery.columns_of(context.spec)
        self._is_hashed = context.delivery.format not in RECORD_FORMATS
        self._schema = landed_schema(self._columns, self._is_hashed)
        # Records of the lists whose child is in this file.
        self.met: dict[str, set[int]] = {OPT_OUTS_FILE: set(), OBJECTIONS_FILE: set()}
        lists = context.child_lists
        self._wishing = {*lists.opt_out_records, *(child for child, _ in lists.objection_records)}
        self._known = {column.name: self._known_of(column) for column in self._columns}
        self._sources = _Known(self._source)

    def table(
        self, cells: Mapping[str, pa.Array], row_numbers: Sequence[int] | npt.NDArray[np.int64]
    ) -> tuple[pa.Table, int]:
        """(landed records, number left out by opt-out or objection) of a batch of records.

        `cells` are those of each canonical column that the file has: text, never null.
        """
        self._forget()
        numbers = pa.array(row_numbers, pa.int64())
        n_rows = len(numbers)
        is_left_out = self._left_out(cells)
        if is_left_out is not None:
            is_kept = pc.invert(is_left_out)
            cells = {name: column.filter(is_kept) for name, column in cells.items()}
            numbers = numbers.filter(is_kept)
        n_kept = len(numbers)
        values = self._landed_values(cells, n_kept)
        values["source_row_number"] = numbers
        for name, value in self._shared_values().items():
            kind = self._schema.field(name).type
            values[name] = pa.repeat(pa.scalar(value, kind), n_kept)
        arrays = [values[name] for name in self._schema.names]
        return pa.Table.from_arrays(arrays, schema=self._schema), n_rows - n_kept

    def _forget(self) -> None:
        """Keeps memory flat, however many distinct values a file has."""
        for values in (*self._known.values(), self._sources):
            if len(values) > MAX_KNOWN:
                values.clear()

    def _left_out(self, cells: Mapping[str, pa.Array]) -> pa.Array | None:
        """Whether each record may not land, None where all may; a survey of staff or a ledger names
        no child."""
        name = CHILD_ID.name if CHILD_ID.name in self._known else ASSESSMENT_ID
        known = self._known.get(name)
        if not isinstance(known, _Ids) or name not in cells or not self._watched(name):
            return None
        column = _Cells(cells[name])
        known.learn(column.distinct)  # and which of them are watched
        watched = known.watched.keys() & set(column.distinct)
        out = {cell for cell in watched if self._is_left_out(name, known.watched[cell])}
        return column.mapped(out.__contains__, pa.bool_()) if out else None

    def _watched(self, name: str) -> Set[str]:
        """The ids of a column that somebody's wishes are about."""
        if name == CHILD_ID.name:
            return self._wishing
        return self._context.opted_out_assessments if name == ASSESSMENT_ID else frozenset()

    def _is_left_out(self, name: str, identifier: str) -> bool:
        """Whether records of a watched id may not land; notes whose wish was met."""
        if name == ASSESSMENT_ID:
            return True
        lists = self._context.child_lists
        for list_name, records in lists.records_of(identifier).items():
            self.met[list_name] |= records
        return lists.is_left_out(identifier, self._context.spec.holds)

    def _shared_values(self) -> dict[str, Any]:
        context = self._context
        return {
            "la_code": context.delivery.la_code,
            "delivery": context.delivery_name,
            "file_name": context.spec.label,
            "file_key": context.file_key,
            "extract_as_of_date": context.delivery.as_of_date,
            "date_formats": "|".join(_date_formats(context.spec)),
            "list_separator": context.spec.list_separator,
        }

    def _landed_values(self, cells: Mapping[str, pa.Array], n_rows: int) -> dict[str, pa.Array]:
        values: dict[str, pa.Array] = {}
        sources: dict[str, pa.Array] = {}
        flags = [pa.nulls(n_rows, TEXT)]
        for column in self._columns:
            known = self._known[column.name]
            found = cells.get(column.name)
            if found is None:
                constant = self._context.spec.constants.get(column.name, "")
                found = pa.repeat(pa.scalar(constant, TEXT), n_rows)
            distinct = _Cells(found)
            values[column.name] = distinct.known(known)
            if isinstance(known, _Ids) and known.flags:
                flags.append(distinct.mapped(known.flags.get))
            if column.kind == "code":
                sources[f"{column.name}_source"] = distinct.known(self._sources)
        hashes = {"record_hash": _hashes(values.values())} if self._is_hashed else {}
        return {**values, **sources, "id_flags": pc.coalesce(*flags), **hashes}

    def _known_of(self, column: Column) -> _Known:
        """What is known of the cells of a column; placeholders of the source are empty cells."""
        placeholders = self._context.spec.placeholders
        if column.kind == "id":
            of_all_kinds = (column.name, column.is_required, column.is_lenient)
            return self._context.ids.setdefault(of_all_kinds, self._ids_of(column))
        work_out = self._mapping(column)
        if placeholders:
            return _Known(lambda cell: work_out("" if cell.strip() in placeholders else cell))
        return _Known(work_out)

    def _mapping(self, column: Column) -> Callable[[str], Any]:
        if column.kind == "codes":
            separator = self._context.spec.list_separator
            return lambda cell: _code_list(cell, separator)
        if column.kind == "code":
            codes = _code_map(column, self._context.spec)
            return lambda cell: _translate(cell, codes)
        return lambda cell: cell.strip() or None

    def _source(self, cell: str) -> Text:
        text = cell.strip()
        return cell if text and text not in self._context.spec.placeholders else None

    def _ids_of(self, column: Column) -> _Ids:
        context, kind = self._context, column.id_kind
        placeholders = context.spec.placeholders
        merged = context.child_lists.merged if column == CHILD_ID else {}
        watched = self._watched(column.name)
        pseudonym = pseudonym_maker(context.key, context.delivery.la_code, kind)

        def work_out(cell: str) -> Text:
            is_placeholder = placeholders and cell.strip() in placeholders
            identifier, flag = (None, None) if is_placeholder else normalise_id(cell)
            if identifier is None or (flag and column.is_lenient):
                if column.is_required:
                    ids.flags[cell] = ID_MISSING
                return None
            if flag:
                ids.flags[cell] = flag
            else:
                identifier = merged.get(identifier, identifier)
                if identifier in watched:
                    ids.watched[cell] = identifier
            return pseudonym(identifier)

        ids = _Ids(work_out)
        return ids


def _translate(cell: str, codes: dict[str, str]) -> Text:
    """The declared code of a source value; any other value as it is, in capitals."""
    text = " ".join(cell.split())
    bare = CODE_PREFIX.sub("", text, count=1) or text
    for spelling in (text, bare, NUMBER_PREFIX.sub("", bare, count=1)):
        code = _declared(spelling.casefold(), codes)
        if code is not None:
            return code
    return bare.upper() or None


def _declared(spelling: str, codes: Mapping[str, str]) -> Text:
    """The code of a spelling: declared as it is, or by how it begins (`multiple*`)."""
    beginnings = (known for known in codes if known.endswith("*"))
    begun = next((known for known in beginnings if spelling.startswith(known[:-1])), spelling)
    return codes.get(spelling, codes.get(begun))


def _code_list(cell: str, separator: str) -> Text:
    """Codes joined by `;`: of a list with the file's separator, or of JSON, an array of codes or an
    object of code and yes or no."""
    text = cell.strip()
    if text[:1] in ("[", "{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return None
        is_object = isinstance(found, dict)
        items = [code for code, said in found.items() if _is_yes(said)] if is_object else found
    else:
        items = text.split(separator)
    codes = [CODE_PREFIX.sub("", str(item).strip()).upper() for item in items]
    return ";".join(code for code in codes if code) or None


def _is_yes(said: object) -> bool:
    return str(said).strip().casefold() in ("1", *(w for w, c in YES_NO_WORDS.items() if c == "1"))


def _code_map(column: Column, spec: FileSpec) -> dict[str, str]:
    """Source value (case and spaces don't count) -> code."""
    declared = spec.codes.get(column.name, {})
    known = {code.casefold(): code for code in column.known_codes} | dict(column.spellings)
    return known | {" ".join(source.split()).casefold(): code for source, code in declared.items()}


def _date_formats(spec: FileSpec) -> tuple[str, ...]:
    """The declared formats; a workbook's own date cells come out of the reader as ISO dates."""
    is_workbook = spec.name.lower().endswith(".xlsx")
    return tuple(dict.fromkeys((*spec.date_formats, "iso"))) if is_workbook else spec.date_formats


def _hashes(columns: Iterable[pa.Array]) -> pa.Array:
    """SHA-256 of each record's canonical values; no value can hold the NUL that separates them."""
    texts = pc.binary_join_element_wise(
        *columns, "\0", null_handling="replace", null_replacement=""
    )
    return pa.array([hashlib.sha256(text.encode()).hexdigest() for text in texts.to_pylist()])
