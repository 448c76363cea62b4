"""Records as found -> landed records: mapped, ids replaced, codes translated, and those left out
that someone asked to leave out."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import compress
from typing import Any, NamedTuple

import pyarrow as pa

from csc_outcomes.landing.columns import CHILD_ID, YES_NO_WORDS, Column
from csc_outcomes.landing.contract import Delivery, FileSpec
from csc_outcomes.landing.header import Header
from csc_outcomes.landing.identifiers import ID_MISSING, normalise_id, pseudonym
from csc_outcomes.landing.opt_outs import OBJECTIONS_FILE, OPT_OUTS_FILE, ChildLists

CODE_PREFIX = re.compile(r"^[a-z]{1,2}\) *", re.IGNORECASE)  # Annex A writes 'a) WBRI'
Text = str | None


def landed_schema(columns: Iterable[Column]) -> pa.Schema:
    """The schema that every file of one kind lands with, whatever it maps."""
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
    texts = ("date_formats", "list_separator", "record_hash", "id_flags")
    return pa.schema(fields + [pa.field(name, pa.string()) for name in texts])


class LandedId(NamedTuple):
    """A pseudonym (None where there is no id), what is wrong with the id, and whether the child's
    record may not land."""

    pseudonym: Text
    flag: Text
    is_left_out: bool = False


@dataclass(frozen=True)
class FileContext:
    """What all records of one file share."""

    delivery: Delivery
    delivery_name: str
    spec: FileSpec
    file_key: str
    child_lists: ChildLists
    key: bytes


class Canonicaliser:
    """Turns batches of a file's records into landed tables; each distinct value is mapped once."""

    def __init__(self, context: FileContext, header: Header) -> None:
        self._context = context
        self._places = header.positions
        self._columns = context.delivery.columns_of(context.spec)
        self._schema = landed_schema(self._columns)
        self._ids: dict[tuple[str, str], LandedId] = {}
        # Records of the lists whose child is in this file.
        self.met: dict[str, set[int]] = {OPT_OUTS_FILE: set(), OBJECTIONS_FILE: set()}
        coded = [column for column in self._columns if column.kind == "code"]
        self._code_maps = {column.name: _code_map(column, context.spec) for column in coded}
        self._codes: dict[str, dict[str, Text]] = {column.name: {} for column in coded}

    def table(self, rows: list[list[str]], row_numbers: list[int]) -> tuple[pa.Table, int]:
        """(landed records, number left out by opt-out or objection) of a batch of records."""
        is_kept = [not self._is_left_out(row) for row in rows]
        kept = list(compress(rows, is_kept))
        values: dict[str, list[Any]] = self._landed_values(kept)
        values["source_row_number"] = list(compress(row_numbers, is_kept))
        shared = self._shared_values()
        arrays = [
            pa.repeat(pa.scalar(shared[field.name], field.type), len(kept))
            if field.name in shared
            else pa.array(values[field.name], field.type)
            for field in self._schema
        ]
        return pa.Table.from_arrays(arrays, schema=self._schema), len(rows) - len(kept)

    def _is_left_out(self, row: list[str]) -> bool:
        place = self._places.get(CHILD_ID.name)  # a survey of staff or a ledger names no child
        return place is not None and self._identify(CHILD_ID, row[place]).is_left_out

    def _shared_values(self) -> dict[str, Any]:
        context = self._context
        return {
            "la_code": context.delivery.la_code,
            "delivery": context.delivery_name,
            "file_name": context.spec.name,
            "file_key": context.file_key,
            "extract_as_of_date": context.delivery.as_of_date,
            "date_formats": "|".join(_date_formats(context.spec)),
            "list_separator": context.spec.list_separator,
        }

    def _landed_values(self, rows: list[list[str]]) -> dict[str, list[Text]]:
        values: dict[str, list[Text]] = {}
        sources: dict[str, list[Text]] = {}
        flags: list[Text] = [None] * len(rows)
        separator = self._context.spec.list_separator
        for column in self._columns:
            cells = self._cells(column.name, rows)
            if column.kind == "id":
                ids = [self._identify(column, cell) for cell in cells]
                values[column.name] = [landed.pseudonym for landed in ids]
                flags = [flag or landed.flag for flag, landed in zip(flags, ids, strict=True)]
            elif column.kind == "codes":
                values[column.name] = [_code_list(cell, separator) for cell in cells]
            elif column.kind == "code":
                values[column.name] = [self._code(column.name, cell) for cell in cells]
                sources[f"{column.name}_source"] = [
                    cell if cell.strip() else None for cell in cells
                ]
            else:
                values[column.name] = [cell.strip() or None for cell in cells]
        return {**values, **sources, "id_flags": flags, "record_hash": _hashes(values)}

    def _cells(self, name: str, rows: list[list[str]]) -> list[str]:
        place = self._places.get(name)
        if place is None:
            return [self._context.spec.constants.get(name, "")] * len(rows)
        return [row[place] for row in rows]

    def _identify(self, column: Column, cell: str) -> LandedId:
        known = self._ids.get((column.name, cell))
        if known is None:
            known = self._ids[column.name, cell] = self._new_id(column, cell)
        return known

    def _new_id(self, column: Column, cell: str) -> LandedId:
        lists = self._context.child_lists
        identifier, flag = normalise_id(cell)
        if identifier is None or (flag and column.is_lenient):
            return LandedId(None, ID_MISSING if column.is_required else None)
        is_child = column == CHILD_ID and flag is None
        if is_child:
            identifier = lists.merge(identifier)
        context = self._context
        landed = pseudonym(context.key, context.delivery.la_code, column.id_kind, identifier)
        if not is_child:
            return LandedId(landed, flag)
        for name, records in lists.records_of(identifier).items():
            self.met[name] |= records
        return LandedId(landed, flag, lists.is_left_out(identifier, context.spec.holds))

    def _code(self, name: str, cell: str) -> Text:
        known = self._codes[name]
        if cell not in known:
            known[cell] = _translate(cell, self._code_maps[name])
        return known[cell]


def _translate(cell: str, codes: dict[str, str]) -> Text:
    """The declared code of a source value; any other value as it is, in capitals."""
    text = " ".join(cell.split())
    bare = CODE_PREFIX.sub("", text, count=1) or text
    for spelling in (text, bare):
        if spelling.casefold() in codes:
            return codes[spelling.casefold()]
    return bare.upper() or None


def _code_list(cell: str, separator: str) -> Text:
    """Codes joined by `;`: of a list with the file's separator, or of JSON, an array of codes or an
    object of code and yes or no."""
    text = cell.strip()
    if text[:1] in ("[", "{"):
        try:
            found = json.loads(text)
        except ValueError:
            return None
        is_object = isinstance(found, dict)
        items = [code for code, said in found.items() if _is_yes(said)] if is_object else found
    else:
        items = text.split(separator)
    codes = [CODE_PREFIX.sub("", str(item).strip()).upper() for item in items]
    return ";".join(dict.fromkeys(code for code in codes if code)) or None


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


def _hashes(values: dict[str, list[Text]]) -> list[Text]:
    """SHA-256 of each record's canonical values; no value can hold the NUL that separates them."""
    records = zip(*values.values(), strict=True)
    texts = ("\0".join(value or "" for value in record) for record in records)
    return [hashlib.sha256(text.encode()).hexdigest() for text in texts]
