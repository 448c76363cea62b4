"""extract.yml: what a delivery says about itself, checked before any of its files is opened."""

import re
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from csc_outcomes.landing.columns import FORMATS, Column
from csc_outcomes.landing.errors import Refused

MAX_CONTRACT_BYTES = 1_000_000
MAX_DEPTH = 20
DATE_FORMATS = ("iso", "dmy", "mdy", "dmony", "mony", "excel_serial")
DELIMITERS = {",": ",", ";": ";", "|": "|", "\t": "\t", "tab": "\t"}
ENCODINGS = {
    "utf-8": "utf-8-sig",
    "utf-8-sig": "utf-8-sig",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
}
SYNTHETIC_CODE = r"S[A-Z0-9]\d"  # la_code of synthetic deliveries, and of no others
# Formats whose tables and columns are known beforehand; see presets.py.
PRESET_FORMATS = ("ssd", "ssda903", "annex_a")
XML_FORMATS = ("cin_census",)  # whose returns say themselves what they are; see xml_deliveries.py


@dataclass(frozen=True)
class Aside:
    """Why a file (or a sheet) lands no records: it is refused, or known and not needed."""

    code: str
    reason: str
    is_refused: bool = True


@dataclass(frozen=True)
class FileSpec:
    """One kind of record in one file (or one sheet) of a delivery, as its extract.yml declares it
    or the preset of its format finds it."""

    name: str
    holds: str
    columns: Mapping[str, str]  # canonical column -> source header
    encoding: str | None = None  # Python codec; None: the byte order mark decides, else UTF-8
    delimiter: str = ","
    header_row: int = 1  # counted from 1, blank rows included
    sheet: str | None = None  # or the table of a database
    date_formats: tuple[str, ...] = ("iso",)
    list_separator: str = ";"
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    ignored_columns: tuple[str, ...] = ()
    accepted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # header -> other names
    placeholders: tuple[str, ...] = ()  # what the source writes where it knows nothing
    aside: Aside | None = None

    @property
    def label(self) -> str:
        """The file, with its sheet or table where it may have several."""
        return f"{self.name}/{self.sheet}" if self.sheet else self.name


# What a file of extract.yml may say; the rest of a FileSpec comes from a preset.
FILE_KEYS = tuple(
    known.name
    for known in fields(FileSpec)
    if known.name not in ("accepted", "placeholders", "aside")
)


@dataclass(frozen=True)
class Delivery:
    """What one authority sent at one time, as of one day."""

    la_code: str
    la_name: str
    format: str
    as_of_date: date
    files: tuple[FileSpec, ...]  # of a format with a preset: see presets.resolve
    is_synthetic: bool = False
    window_start: date | None = None
    submission: int = 1  # of the same format as of the same day, the highest counts

    def columns_of(self, spec: FileSpec) -> tuple[Column, ...]:
        """The canonical columns that a file of this delivery lands with."""
        return FORMATS[self.format][spec.holds]


# Parses in C where PyYAML was built with that: with many deliveries it was half of the time.
_BaseLoader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class _Loader(_BaseLoader):
    """Every scalar stays text (no 'no' -> False, no 012 -> 10); a repeated key is an error."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key.value, str)]
        repeated = next((key for key in keys if keys.count(key) > 1), None)
        if repeated is not None:
            raise yaml.MarkedYAMLError(
                problem=f"the key '{shown(repeated)}' stands there twice",
                problem_mark=node.start_mark,
            )
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


def load_document(path: Path) -> dict[str, Any]:
    """The extract.yml at `path` as nested text; Refused where it is no readable YAML mapping."""
    if not path.is_file():
        raise Refused("no_extract_yml", f"no extract.yml; {_remedy_of_none(path.parent)}")
    if path.stat().st_size > MAX_CONTRACT_BYTES:
        raise Refused("extract_yml_unreadable", f"extract.yml is over {MAX_CONTRACT_BYTES:,} bytes")
    try:
        content = path.read_bytes()
        _check_depth(content)
        document = yaml.load(content, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise Refused("extract_yml_unreadable", f"extract.yml{line}: {error.problem}") from None
    except (yaml.YAMLError, RecursionError, UnicodeError):
        raise Refused(
            "extract_yml_unreadable", "extract.yml is no readable YAML in UTF-8"
        ) from None
    if not isinstance(document, dict):
        raise Refused("extract_yml_unreadable", "extract.yml must be a mapping of keys to values")
    return document


def _check_depth(content: bytes) -> None:
    """Refused where nesting is so deep that building the document would exhaust the stack."""
    depth = 0
    for event in yaml.parse(content, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise Refused("extract_yml_unreadable", f"extract.yml is over {MAX_DEPTH} levels deep")


def _remedy_of_none(folder: Path) -> str:
    """What to do where there is no extract.yml: often it is there under nearly that name."""
    for path in sorted(folder.glob("[Ee][Xx][Tt][Rr][Aa][Cc][Tt].[Yy]*")):
        return f"rename {shown(path.name)} to extract.yml"
    return "write one that declares the delivery's files"


def declared_la_code(document: Mapping[str, Any]) -> str | None:
    """The la_code of a document that may otherwise be wrong, so that a refusal has an address."""
    code = document.get("la_code")
    return code if isinstance(code, str) and re.fullmatch("[A-Z0-9]{3}", code) else None


def parse_delivery(document: Mapping[str, Any]) -> Delivery:
    """The checked delivery of an extract.yml; Refused with what, where and what was meant."""
    known = (
        *("la_code", "la_name", "synthetic", "format", "as_of_date", "window_start"),
        *("submission", "files"),
    )
    _check_names(document, known, "extract.yml", "key")
    la_code = _text(document, "la_code", "extract.yml")
    if declared_la_code(document) is None:
        raise _invalid("extract.yml: la_code must be three capitals or digits, such as S31 or 331")
    is_synthetic = _boolean(document, "synthetic", "extract.yml")
    if is_synthetic != bool(re.fullmatch(SYNTHETIC_CODE, la_code)):
        raise _invalid(
            f"extract.yml: la_code {la_code} and synthetic: {str(is_synthetic).lower()} disagree; "
            "codes S00 to S99 and SA0 to SZ9 are for synthetic deliveries, and these for such "
            "codes, alone"
        )
    format_name = _text(document, "format", "extract.yml")
    _check_names([format_name], FORMATS, "extract.yml", "format")
    as_of_date = _date(document, "as_of_date")
    window_start = _date(document, "window_start") if document.get("window_start") else None
    if window_start and window_start > as_of_date:
        raise _invalid("extract.yml: window_start lies after as_of_date")
    files = () if format_name in PRESET_FORMATS else _parse_files(document, format_name)
    return Delivery(
        la_code=la_code,
        la_name=_text(document, "la_name", "extract.yml"),
        format=format_name,
        as_of_date=as_of_date,
        files=files,
        is_synthetic=is_synthetic,
        window_start=window_start,
        submission=_submission(document),
    )


def _parse_files(document: Mapping[str, Any], format_name: str) -> tuple[FileSpec, ...]:
    entries = document.get("files")
    if not isinstance(entries, list) or not entries:
        raise _invalid("extract.yml: files must be a list of at least one file")
    files = tuple(parse_file(entry, number, format_name) for number, entry in enumerate(entries, 1))
    parts = [(spec.name, spec.sheet, spec.holds) for spec in files]
    for spec, part in zip(files, parts, strict=True):
        if parts.count(part) > 1:
            raise _invalid(f"extract.yml: {shown(spec.name)} is declared twice as {spec.holds}")
    return files


def parse_file(entry: Any, number: int, format_name: str) -> FileSpec:
    """The checked file `number` of an extract.yml, its columns declared there."""
    where = _place_of(entry, number)
    holds = _text(entry, "holds", where)
    _check_names([holds], FORMATS[format_name], where, "kind in holds:")
    columns = {column.name: column for column in FORMATS[format_name][holds]}
    spec = replace(
        _spec(entry, where, columns),
        columns=_texts(entry, "columns", where),
        header_row=_header_row(entry, where),
        date_formats=_date_formats(entry, where),
    )
    _check_mapping(spec, columns, where)
    return spec


def parse_hint(entry: Any, number: int, format_name: str) -> FileSpec:
    """The checked file `number` of an extract.yml whose columns a preset finds.

    What isn't said there is empty: holds, sheet, date_formats; header_row is 0.
    """
    where = _place_of(entry, number)
    holds = _text(entry, "holds", where, default="")
    if holds:
        _check_names([holds], FORMATS[format_name], where, "kind in holds:")
    kinds = [holds] if holds else list(FORMATS[format_name])
    columns = {column.name: column for kind in kinds for column in FORMATS[format_name][kind]}
    spec = replace(
        _spec(entry, where, columns),
        columns=_texts(entry, "columns", where),
        header_row=_header_row(entry, where) if entry.get("header_row") else 0,
        date_formats=_date_formats(entry, where) if entry.get("date_formats") else (),
    )
    for part, names in (("columns", spec.columns), ("constants", spec.constants)):
        _check_names(names, columns, f"{where}, {part}", "column")
    return spec


def _place_of(entry: Any, number: int) -> str:
    where = f"extract.yml, file {number}"
    if not isinstance(entry, dict):
        raise _invalid(f"{where}: must be a mapping that begins with name and holds")
    _check_names(entry, FILE_KEYS, where, "key")
    return f"{where} ({shown(_text(entry, 'name', where))})"


def _spec(entry: Mapping[str, Any], where: str, columns: Mapping[str, Column]) -> FileSpec:
    return FileSpec(
        name=_text(entry, "name", where),
        holds=_text(entry, "holds", where, default=""),
        columns={},
        encoding=_choice(entry, "encoding", where, ENCODINGS, None),
        delimiter=_choice(entry, "delimiter", where, DELIMITERS, ",") or ",",
        sheet=_text(entry, "sheet", where, default="") or None,
        list_separator=_text(entry, "list_separator", where, default=";"),
        codes=_codes(entry, where, columns),
        constants=_texts(entry, "constants", where),
        ignored_columns=_list(entry, "ignored_columns", where),
    )


def _check_mapping(spec: FileSpec, columns: Mapping[str, Column], where: str) -> None:
    for part, names in (("columns", spec.columns), ("constants", spec.constants)):
        _check_names(names, columns, f"{where}, {part}", "column")
    for name in spec.constants:
        if name in spec.columns:
            raise _invalid(f"{where}: {name} stands in both columns and constants")
        if columns[name].kind == "id":
            raise _invalid(f"{where}: {name} is an id and can't be a constant")
        _check_codes(columns[name], [spec.constants[name]], f"{where}, constants")
    for column in columns.values():
        if column.is_required and column.name not in {**spec.columns, **spec.constants}:
            raise _invalid(f"{where}: {column.name} is required; map it to a header under columns")


def _codes(
    entry: Mapping[str, Any], where: str, columns: Mapping[str, Column]
) -> dict[str, dict[str, str]]:
    codes = _mapping(entry, "codes", where)
    coded = [column.name for column in columns.values() if column.kind == "code"]
    _check_names(codes, coded, f"{where}, codes", "coded column")
    mapped = {name: _texts(codes, name, f"{where}, codes") for name in codes}
    for name, values in mapped.items():
        _check_codes(columns[name], values.values(), f"{where}, codes")
    return mapped


def _check_codes(column: Column, codes: Collection[str], where: str) -> None:
    if column.known_codes:
        _check_names(codes, column.known_codes, where, f"code of {column.name}")


def _date_formats(entry: Mapping[str, Any], where: str) -> tuple[str, ...]:
    formats = tuple(dict.fromkeys(_list(entry, "date_formats", where))) or ("iso",)
    _check_names(formats, DATE_FORMATS, where, "date format")
    if {"dmy", "mdy"} <= set(formats):
        raise _invalid(
            f"{where}: date_formats dmy and mdy together are ambiguous (01/02/2019 is both); "
            "declare the one the file is written in"
        )
    return formats


def _header_row(entry: Mapping[str, Any], where: str) -> int:
    text = _text(entry, "header_row", where, default="1")
    if not re.fullmatch("[1-9][0-9]{0,3}", text):
        raise _invalid(f"{where}: header_row must be a row number, counted from 1")
    return int(text)


def _submission(document: Mapping[str, Any]) -> int:
    text = _text(document, "submission", "extract.yml", default="1")
    if not re.fullmatch("[1-9][0-9]{0,5}", text):
        raise _invalid("extract.yml: submission must be a whole number: 1, then 2 for the next one")
    return int(text)


def _text(mapping: Mapping[str, Any], key: str, where: str, default: str | None = None) -> str:
    value = mapping.get(key, "")
    if not isinstance(value, str):
        raise _invalid(f"{where}: {shown(key)} must be a single value")
    if value == "" and default is None:
        raise _invalid(f"{where}: {shown(key)} is missing")
    return value or default or ""


def _boolean(mapping: Mapping[str, Any], key: str, where: str) -> bool:
    text = _text(mapping, key, where, default="false").lower()
    if text not in ("true", "false"):
        raise _invalid(f"{where}: {key} must be true or false")
    return text == "true"


def _date(mapping: Mapping[str, Any], key: str) -> date:
    text = _text(mapping, key, "extract.yml")
    try:
        return date.fromisoformat(text if len(text) == 10 else "")
    except ValueError:
        raise _invalid(f"extract.yml: {key} must be a day such as 2019-11-22") from None


def _choice(
    entry: Mapping[str, Any],
    key: str,
    where: str,
    options: Mapping[str, str],
    default: str | None,
) -> str | None:
    text = _text(entry, key, where, default="")
    if not text:
        return default
    _check_names([text.lower()], options, where, key)
    return options[text.lower()]


def _mapping(entry: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    value = entry.get(key) or {}
    if not isinstance(value, dict):
        raise _invalid(f"{where}: {shown(key)} must be a mapping")
    return value


def _texts(entry: Mapping[str, Any], key: str, where: str) -> dict[str, str]:
    mapping = _mapping(entry, key, where)
    return {name: _text(mapping, name, f"{where}, {shown(key)}") for name in mapping}


def _list(entry: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = entry.get(key) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _invalid(f"{where}: {key} must be a list, such as [a, b]")
    return tuple(value)


def _check_names(names: Collection[str], known: Collection[str], where: str, what: str) -> None:
    for name in names:
        if name not in known:
            raise _invalid(f"{where}: unknown {what} '{shown(name)}'{nearest(name, known)}")


def _invalid(reason: str) -> Refused:
    return Refused("extract_yml_invalid", reason)


def nearest(name: str, known: Collection[str]) -> str:
    """The tail of a message: the known name that was probably meant, else all of them."""
    match = get_close_matches(name[:100], list(known), n=1)
    if match:
        return f"; did you mean '{shown(match[0])}'?"
    return f"; known: {', '.join(shown(option) for option in known)}"


def counted(number: int, noun: str) -> str:
    """'1 file', '2 files'."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def shown(text: str) -> str:
    """`text` (a name or a header) made fit for one line of a message."""
    line = " ".join(text.split())
    line = "".join(letter if letter.isprintable() else "?" for letter in line)
    return line if len(line) <= 60 else f"{line[:57]}..."
