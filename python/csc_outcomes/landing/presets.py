"""Presets: what a return format calls its files and columns, found again in what an authority sent.

`presets/<format>.yml` names the tables of a format (files, sheets or tables of a database), the
kinds of record each of them holds and the headers it accepts. `resolve` looks at the first rows of
each file and gives one FileSpec per kind, so that the door reads them as it reads any other file.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from csc_outcomes.landing.columns import RECORDS
from csc_outcomes.landing.contract import (
    PRESET_FORMATS,
    Aside,
    FileSpec,
    counted,
    parse_file,
    parse_hint,
    shown,
)
from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.first_rows import Part, parts_of
from csc_outcomes.landing.header import MAX_NAMED
from csc_outcomes.landing.preset_tables import (
    KindPreset,
    Preset,
    TablePreset,
    is_header,
    is_pattern,
    load_preset,
)
from csc_outcomes.landing.readers import (
    TABLE_SUFFIXES,
    check_path,
    is_xml,
)
from csc_outcomes.landing.xml_returns import read_header

MIN_KNOWN_SHARE = 0.5  # of a row's cells, where neither name nor evidence tells the table


@dataclass(frozen=True)
class Recognised:
    """The return format of a folder or a file, and why it is thought to be that."""

    format: str
    because: str
    files: tuple[Path, ...]


@dataclass(frozen=True)
class _Found:
    """A part, the table it is and the number of its header row."""

    part: Part
    table: TablePreset
    header_row: int

    @property
    def cells(self) -> tuple[str, ...]:
        rows = self.part.rows
        return rows[self.header_row - 1] if self.header_row <= len(rows) else ()


def resolve(folder: Path, document: Mapping[str, Any]) -> tuple[FileSpec, ...]:
    """The FileSpecs of a delivery whose format has a preset: one per file (or sheet) and kind.

    `document` is its extract.yml; without `files:` every file of the folder that can be read is
    looked at. What an entry of `files:` says (columns, codes, header_row, ...) goes before what the
    preset knows. A file that can't be resolved comes as a FileSpec with `aside`. Refused where
    extract.yml itself is wrong.
    """
    preset = load_preset(document["format"])
    specs: list[FileSpec] = []
    for number, entry in enumerate(_entries(folder, document), 1):
        hint = parse_hint(entry, number, preset.format)
        found = list(_file_specs(preset, folder, hint))
        is_unknown = any(spec.aside and spec.aside.code == "not_recognised" for spec in found)
        if is_unknown and hint.holds and hint.columns:
            found = [parse_file(entry, number, preset.format)]
        specs += found
    return _without_repeats(specs)


def recognise(paths: Sequence[Path], codecs: Mapping[Path, str] | None = None) -> Recognised | None:
    """The return format of some files (or of those in some folders), None where it is none.

    Looks at the root of an XML return and at the first rows of tables; what can't be read counts
    for nothing. The format with the most headers wins. `codecs` has the encoding of text files that
    aren't UTF-8.
    """
    files = [file for path in paths for file in (_beside(path) if path.is_dir() else [path])]
    returns = [path for path in files if is_xml(path.name) and _is_return(path)]
    if returns:
        because = (
            f"{counted(len(returns), 'file')} with the root element and the collection of a "
            f"CIN census return: {_names(returns)}"
        )
        return Recognised("cin_census", because, tuple(returns))
    best: tuple[int, Recognised] | None = None
    for preset in map(load_preset, PRESET_FORMATS):
        n_known, found = _known_files(preset, files, codecs or {})
        if n_known > (best[0] if best else 0):
            tables = sorted({table for tables in found.values() for table in tables})
            because = (
                f"{counted(len(found), 'file')} with {n_known} headers of {preset.title} "
                f"({', '.join(tables)})"
            )
            best = n_known, Recognised(preset.format, because, tuple(found))
    return best[1] if best else None


def _beside(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")


def _names(paths: list[Path]) -> str:
    return ", ".join(shown(path.name) for path in paths[:MAX_NAMED])


def _is_return(path: Path) -> bool:
    try:
        read_header(check_path(path.parent, path.name))
    except (Refused, OSError):
        return False
    return True


def _known_files(
    preset: Preset, files: list[Path], codecs: Mapping[Path, str]
) -> tuple[int, dict[Path, list[str]]]:
    """How many headers of a format some files have, and the tables in each that has any."""
    n_known = 0
    found: dict[Path, list[str]] = {}
    for path in files:
        hint = FileSpec(path.name, holds="", columns={}, encoding=codecs.get(path), header_row=0)
        try:
            parts = parts_of(check_path(path.parent, path.name), hint, preset)
        except (Refused, OSError):
            continue
        for match in (_find_table(preset, part, hint) for part in parts):
            filled = [cell for cell in match.cells if cell.strip()] if match else []
            if match and filled and match.table.known(filled) > MIN_KNOWN_SHARE * len(filled):
                n_known += match.table.known(filled)
                found.setdefault(path, []).append(match.table.name)
    return n_known, found


def _entries(folder: Path, document: Mapping[str, Any]) -> list[Any]:
    if "files" not in document:
        names = _data_files(folder)
        if not names:
            raise Refused("file_not_found", "no file lies here that can be read; put one here")
        return [{"name": name} for name in names]
    entries = document["files"]
    if not isinstance(entries, list) or not entries:
        raise Refused(
            "extract_yml_invalid",
            "extract.yml: files must be a list of at least one file, or be left out to read all",
        )
    return entries


def _data_files(folder: Path) -> list[str]:
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.suffix.lower() in TABLE_SUFFIXES and not path.name.startswith((".", "~$"))
    )


def _without_repeats(specs: list[FileSpec]) -> tuple[FileSpec, ...]:
    parts = [(spec.name, spec.sheet, spec.holds) for spec in specs]
    for spec, part in zip(specs, parts, strict=True):
        if parts.count(part) > 1:
            raise Refused(
                "extract_yml_invalid", f"extract.yml: {shown(spec.label)} is declared twice"
            )
    return tuple(specs)


def _file_specs(preset: Preset, folder: Path, hint: FileSpec) -> Iterator[FileSpec]:
    try:
        parts = parts_of(check_path(folder, hint.name), hint, preset)
    except Refused as refusal:
        yield replace(hint, aside=Aside(refusal.code, refusal.reason))
        return
    except OSError as error:
        yield replace(hint, aside=Aside("file_unreadable", f"{hint.name}: {error.strerror}"))
        return
    except Exception as error:  # its message may hold a value
        reason = f"{hint.name}: {type(error).__name__} while its header was looked for"
        yield replace(hint, aside=Aside("unexpected_error", reason))
        return
    left_out = []
    for part in parts:
        found = _find_table(preset, part, hint)
        if found is not None and found.table.kinds:
            yield from _kind_specs(preset, found, hint)
        elif found is None and not _is_left_out(part, len(parts)):
            yield _not_recognised(preset, part, hint)
        else:
            left_out.append(found.table.name if found and part.sheet is None else part.sheet)
    if left_out:
        yield replace(hint, aside=_not_needed(preset, tuple(map(str, left_out))))


def _find_table(preset: Preset, part: Part, hint: FileSpec) -> _Found | None:
    """The table a part is: by its name, else by the headers that only this table has, else by the
    share of its headers that this table knows."""
    numbers = [hint.header_row] if hint.header_row else range(1, len(part.rows) + 1)
    rows = [(number, part.rows[number - 1]) for number in numbers if number <= len(part.rows)]
    tables = [table for table in preset.tables if not hint.holds or hint.holds in _kinds(table)]
    named = [table for table in tables if table.is_named(part.plain_name)]
    shown_by = [table for table in tables if any(table.has_evidence(cells) for _, cells in rows)]
    agreed = [table for table in named if table in shown_by]
    doubted = [] if _knows_none(named, rows) else named
    knowing = [table for table in tables if _knows_most(table, rows)]
    candidates = agreed or doubted or shown_by or named or knowing
    if not candidates:
        return None
    table = max(candidates, key=lambda table: max((table.known(c) for _, c in rows), default=0))
    number, _ = max(rows, key=lambda row: (table.known(row[1]), -row[0]), default=(1, ()))
    return _Found(part, table, number)


def _kinds(table: TablePreset) -> set[str]:
    return {kind.holds for kind in table.kinds}


def _knows_none(tables: list[TablePreset], rows: list[tuple[int, tuple[str, ...]]]) -> bool:
    return not any(table.known(cells) for table in tables for _, cells in rows)


def _knows_most(table: TablePreset, rows: list[tuple[int, tuple[str, ...]]]) -> bool:
    for _, cells in rows:
        filled = [cell for cell in cells if cell.strip()]
        if len(filled) > 2 and table.known(filled) > MIN_KNOWN_SHARE * len(filled):
            return True
    return False


def _kind_specs(preset: Preset, found: _Found, hint: FileSpec) -> Iterator[FileSpec]:
    for kind in found.table.kinds:
        if not hint.holds or hint.holds == kind.holds:
            try:
                yield _kind_spec(preset, found, kind, hint)
            except Refused as refusal:
                aside = Aside(refusal.code, refusal.reason)
                yield replace(hint, sheet=found.part.sheet, holds=kind.holds, aside=aside)


def _kind_spec(preset: Preset, found: _Found, kind: KindPreset, hint: FileSpec) -> FileSpec:
    """The spec of one kind: the headers found, and the best name of required ones that aren't."""
    landed = {column.name for column in RECORDS[kind.holds]}
    columns: dict[str, str] = {}
    other_names: dict[str, tuple[str, ...]] = {}
    for name, accepted in kind.columns.items():
        header = hint.columns.get(name) or _header_of(found, accepted)
        if header is not None:
            columns[name] = header
        elif kind.is_required(name):
            best, *others = [text for text in accepted if not is_pattern(text)]
            columns[name] = best
            other_names[best] = tuple(others)
    columns |= {name: header for name, header in hint.columns.items() if name in landed}
    known = filter(found.table.knows, found.cells)
    constants = {**kind.constants, **hint.constants}
    codes = {
        name: {**kind.codes.get(name, {}), **hint.codes.get(name, {}), **_itself(constants, name)}
        for name in (*columns, *constants)
    }
    return replace(
        hint,
        holds=kind.holds,
        columns=columns,
        sheet=found.part.sheet,
        delimiter=found.part.delimiter,
        header_row=found.header_row,
        date_formats=hint.date_formats or preset.date_formats,
        codes={name: mapped for name, mapped in codes.items() if mapped},
        constants=constants,
        ignored_columns=tuple(dict.fromkeys((*hint.ignored_columns, *known))),
        accepted=other_names,
        placeholders=preset.placeholders,
    )


def _itself(constants: Mapping[str, str], name: str) -> dict[str, str]:
    """A constant is a code already: it stays as it is."""
    return {constants[name]: constants[name]} if name in constants else {}


def _header_of(found: _Found, accepted: tuple[str, ...]) -> str | None:
    """The header that is there of those accepted, the best one first."""
    for text in accepted:
        matches = [cell for cell in found.cells if is_header(cell, text)]
        if len({" ".join(cell.split()).casefold() for cell in matches}) > 1:
            both = " and ".join(f"'{shown(cell)}'" for cell in matches)
            raise Refused(
                "duplicate_header",
                f"row {found.header_row}: {both} may be the same column; keep the right one",
            )
        if matches:
            return matches[0]
    return None


def _is_left_out(part: Part, n_parts: int) -> bool:
    """Whether a sheet or table that is none of the format's may be passed over."""
    return part.sheet is not None and n_parts > 1


def _not_recognised(preset: Preset, part: Part, hint: FileSpec) -> FileSpec:
    known = ", ".join(table.name for table in preset.tables if table.kinds)
    what = shown(f"{part.name}/{part.sheet}" if part.sheet else part.name)
    reason = (
        f"{what} is none of the tables of {preset.title}, by name or by header; known: {known}. "
        "Give it such a name, declare its header_row or its columns: in extract.yml, or remove it"
    )
    return replace(hint, sheet=part.sheet, aside=Aside("not_recognised", reason))


def _not_needed(preset: Preset, names: tuple[str, ...]) -> Aside:
    listed = ", ".join(map(shown, names[:MAX_NAMED]))
    rest = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    reason = f"no record of a child comes from {listed}{rest} ({counted(len(names), 'table')})"
    return Aside("not_needed", reason, is_refused=False)
