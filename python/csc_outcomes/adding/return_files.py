"""The files of a return format: which of the files are some, how each is written, and what to say
of the others. A file that may hold data is never passed over in silence."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path

from csc_outcomes.adding.layout import encoding_of, looks_like_data
from csc_outcomes.adding.place import Source
from csc_outcomes.landing import presets
from csc_outcomes.landing.columns import FORMATS
from csc_outcomes.landing.contract import ENCODINGS, PRESET_FORMATS, FileSpec, nearest, shown
from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.first_rows import Part, parts_of
from csc_outcomes.landing.preset_tables import is_header, letters, load_preset
from csc_outcomes.landing.readers import TABLE_SUFFIXES, TEXT_SUFFIXES, check_path, is_xml
from csc_outcomes.landing.xml_returns import read_header

UNKNOWN_HEADER = "<its header>"
ASK_AGAIN = "mend it or ask for it again, and run this once more"


@dataclass(frozen=True)
class ReturnFile:
    """One file of a return, with what extract.yml has to say of it beside its name."""

    path: Path
    encoding: str | None = None  # as extract.yml spells it; None: UTF-8, or no text file
    columns: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None

    @property
    def entry(self) -> dict[str, object]:
        """As it stands under `files:`."""
        said = {"encoding": self.encoding, "sheet": self.sheet, "columns": dict(self.columns)}
        return {"name": self.path.name, **{key: value for key, value in said.items() if value}}


@dataclass(frozen=True)
class ReturnFiles:
    """The files of a return, those that are no data, and a sentence on each that may be some."""

    files: tuple[ReturnFile, ...]
    left: tuple[str, ...]
    undecided: tuple[str, ...]


def encodings_of(source: Source, given: str | None) -> dict[Path, str]:
    """The encoding of each text file that isn't UTF-8, as given or else by evidence."""
    found: dict[Path, str] = {}
    for path in source.files:
        if path.suffix.lower() in TEXT_SUFFIXES:
            try:
                spelled = given or encoding_of(path)
            except Refused:
                continue  # said when the file is looked at
            if spelled != "utf-8" or given:
                found[path] = spelled
    return found


def codecs_of(source: Source, given: str | None) -> dict[Path, str]:
    """As `encodings_of`, as Python names them."""
    return {path: ENCODINGS[name] for path, name in encodings_of(source, given).items()}


def sort_files(
    source: Source, recognised: presets.Recognised, options: argparse.Namespace
) -> ReturnFiles:
    """Parts the files of a return from the others; Refused where none is left, or where --map
    names what isn't there."""
    files: list[ReturnFile] = []
    left: list[str] = []
    undecided: list[str] = []
    encodings = encodings_of(source, options.encoding)
    for path in source.files:
        file = ReturnFile(path, encodings.get(path))
        if recognised.format not in PRESET_FORMATS:
            fault = None if path in recognised.files else _fault_of_other(path)
        elif path.suffix.lower() in TABLE_SUFFIXES:
            fault = _fault(file, recognised, options)
        else:
            fault = _fault_of_other(path)
        if fault is None:
            files.append(file)
        elif fault:
            undecided.append(fault)
        else:
            left.append(path.name)
    if not files:
        raise Refused("file_not_found", "\n  ".join(["nothing to write:", *undecided, *left]))
    if recognised.format in PRESET_FORMATS:
        files = _mapped(recognised.format, files, options.map or {})
    return ReturnFiles(tuple(files), tuple(left), tuple(undecided))


def _fault_of_other(path: Path) -> str:
    """What to say of a file that no return of this format is; '' where it holds no data."""
    if is_xml(path.name):
        return unread_return(path) or f"{shown(path.name)} is a return: add it by itself"
    if path.suffix.lower() in TABLE_SUFFIXES:
        return f"{shown(path.name)} is no such return: add it by itself, or move it away"
    return ""


def unread_return(path: Path) -> str | None:
    """Why an XML file is no return that is read; None where it is one."""
    try:
        read_header(check_path(path.parent, path.name))
    except Refused as refusal:
        name = "" if path.name in refusal.reason else f"{shown(path.name)}: "
        step = "move it away" if refusal.code == "not_this_return" else ASK_AGAIN
        return f"{name}{refusal.reason}: {step}"
    return None


def _fault(
    file: ReturnFile, recognised: presets.Recognised, options: argparse.Namespace
) -> str | None:
    """Why a table isn't one of the return's files; None where it is one."""
    name = shown(file.path.name)
    if file.path.stat().st_size == 0:
        return f"{name} is empty: {ASK_AGAIN}"
    if file.encoding is None and file.path.suffix.lower() in TEXT_SUFFIXES:
        try:
            encoding_of(file.path)
        except Refused as refusal:
            return f"{refusal.reason}: {ASK_AGAIN}"
    for spec in _specs(recognised.format, file):
        if spec.aside is None or spec.holds or not spec.aside.is_refused:
            continue
        if spec.aside.code == "not_recognised":
            return _like_none(recognised.format, file)
        if spec.aside.code == "wrong_encoding" and options.encoding:
            return f"{name} is not {options.encoding} throughout: leave --encoding out"
        return f"{name} can't be read ({spec.aside.reason}): {ASK_AGAIN}"
    if file.path not in recognised.files:
        return _like_none(recognised.format, file)
    return None


def _specs(format_name: str, file: ReturnFile) -> tuple[FileSpec, ...]:
    document = {"format": format_name, "files": [file.entry]}
    return presets.resolve(file.path.parent, document)


def _parts(format_name: str, file: ReturnFile) -> list[Part]:
    codec = ENCODINGS[file.encoding] if file.encoding else None
    hint = FileSpec(file.path.name, "", {}, encoding=codec, sheet=file.sheet, header_row=0)
    return parts_of(file.path, hint, load_preset(format_name))


def _like_none(format_name: str, file: ReturnFile) -> str:
    """A sentence on a table that is none of the format's: the nearest one, and what to declare."""
    preset = load_preset(format_name)
    rows = [row for part in _parts(format_name, file) for row in part.rows]
    tables = [table for table in preset.tables if table.kinds]
    known, _, row, table = max(
        ((table.known(row), -n, row, table) for table in tables for n, row in enumerate(rows)),
        key=lambda item: item[:2],
        default=(0, 0, (), tables[0]),
    )
    sentence = f"{shown(file.path.name)} looks like no file of {preset.title}"
    if not known:
        return f"{sentence}: add it by itself, or move it away"
    kind = table.kinds[0]
    columns = {
        name: next((cell for text in accepted for cell in row if is_header(cell, text)), None)
        for name, accepted in kind.columns.items()
        if kind.is_required(name)
    }
    missing = [kind.columns[name][0] for name, found in columns.items() if found is None]
    lacks = f", missing {', '.join(missing)}" if missing else ""
    listed = ", ".join(f"{n}: {shown(c) if c else UNKNOWN_HEADER}" for n, c in columns.items())
    return (
        f"{sentence} (nearest: {table.name}{lacks}); if it is one, say so under files: in "
        f"extract.yml: {{name: {shown(file.path.name)}, holds: {kind.holds}, "
        f"columns: {{{listed}}}}}; else move it away"
    )


def _mapped(
    format_name: str, files: Sequence[ReturnFile], asked: Mapping[str, str]
) -> list[ReturnFile]:
    """The files with what --map says; Refused where no file has that header and that column."""
    kinds = [kind for table in load_preset(format_name).tables for kind in table.kinds]
    known = sorted({c.name for kind in kinds for c in FORMATS[format_name][kind.holds]})
    mapped = list(files)
    for name, header in asked.items():
        if name not in known:
            reason = f"--map: {format_name} has no column {shown(name)}{nearest(name, known)}"
            raise Refused("unknown_column", reason)
        places = [n for n, file in enumerate(mapped) if _takes(format_name, file, name, header)]
        if not places:
            raise Refused(
                "header_not_found",
                f"--map: no file of this {format_name} delivery with the column {shown(name)} has "
                f"the header '{shown(header)}'; sheets and tables are mapped in extract.yml, under "
                "files: with their name:, sheet: and columns:",
            )
        for n in places:
            mapped[n] = replace(mapped[n], columns={**mapped[n].columns, name: header})
    return mapped


def _takes(format_name: str, file: ReturnFile, name: str, header: str) -> bool:
    """Whether a text file has this header and holds a kind with this column."""
    specs = [spec for spec in _specs(format_name, file) if spec.aside is None]
    kinds = [FORMATS[format_name][spec.holds] for spec in specs if spec.sheet is None]
    has_column = any(column.name == name for kind in kinds for column in kind)
    return has_column and any(
        letters(header) == letters(cell)
        for spec in specs
        for cell in _cells(format_name, file, spec)[0]
    )


def _cells(format_name: str, file: ReturnFile, spec: FileSpec) -> tuple[tuple[str, ...], bool]:
    """The header row of a spec, and whether its cells may be shown."""
    part = next(part for part in _parts(format_name, file) if part.sheet == spec.sheet)
    cells = part.rows[spec.header_row - 1] if spec.header_row <= len(part.rows) else ()
    widths = [len(row) for row in part.rows[spec.header_row :] if "".join(row).strip()]
    return cells, len(cells) <= max(widths, default=0) and not any(map(looks_like_data, cells))


def with_missing(format_name: str, files: Sequence[ReturnFile]) -> list[ReturnFile]:
    """The files as extract.yml should have them where required headers are missing: with the
    header that is most like it, or with a place to write it in. Empty where none is missing."""
    entries: list[ReturnFile] = []
    is_any = False
    for file in files:
        specs = [spec for spec in _specs(format_name, file) if spec.aside is None]
        by_sheet = {spec.sheet: dict(file.columns) for spec in specs}
        n_found = 0
        for spec in specs:
            missing = dict(_missing(format_name, file, spec))
            by_sheet[spec.sheet] |= missing
            n_found += len(missing)
        is_any = is_any or bool(n_found)
        entries += (
            [replace(file, sheet=sheet, columns=found) for sheet, found in by_sheet.items()]
            if n_found
            else [file]
        )
    return entries if is_any else []


def _missing(format_name: str, file: ReturnFile, spec: FileSpec) -> Iterator[tuple[str, str]]:
    cells, may_be_shown = _cells(format_name, file, spec)
    there = {letters(cell): cell for cell in cells if cell.strip()}
    known = {letters(header) for header in spec.ignored_columns}
    others = [plain for plain in there if plain not in known] if may_be_shown else []
    for name, header in spec.columns.items():
        if letters(header) not in there:
            close = get_close_matches(letters(header), others, n=1)
            yield name, there[close[0]] if close else UNKNOWN_HEADER
