"""What a preset is: the tables of a return format, what they hold and the headers they may have."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml

from csc_outcomes.landing.columns import RECORDS

FOLDER = Path(__file__).parent / "presets"
MAX_HEADER_CHARS = 300
NOT_LETTERS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class KindPreset:
    """One kind of record in a table: canonical column -> headers accepted, the best one first."""

    holds: str
    columns: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...] = ()
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)

    def is_required(self, name: str) -> bool:
        """Whether a file without this column is refused."""
        always = {column.name for column in RECORDS[self.holds] if column.is_required}
        return name in always or name in self.required


@dataclass(frozen=True)
class TablePreset:
    """One table of a format; without kinds it is known and no record comes from it."""

    name: str
    names: tuple[re.Pattern[str], ...]
    evidence: tuple[str, ...]
    kinds: tuple[KindPreset, ...]
    others: tuple[str, ...]

    @property
    def headers(self) -> tuple[str, ...]:
        """Every header that a file of this table may have."""
        mapped = (
            header
            for kind in self.kinds
            for accepted in kind.columns.values()
            for header in accepted
        )
        return tuple(dict.fromkeys((*self.evidence, *mapped, *self.others)))

    def is_named(self, name: str) -> bool:
        """Whether a file or sheet of that name is this table, by its name."""
        return any(pattern.fullmatch(name) for pattern in self.names)

    def knows(self, cell: str) -> bool:
        """Whether a cell is one of the headers of this table."""
        found = letters(cell)
        return found in self._plain_headers or any(
            pattern.fullmatch(found) for pattern in self._patterns
        )

    @cached_property
    def _plain_headers(self) -> frozenset[str]:
        return frozenset(letters(text) for text in self.headers if not is_pattern(text))

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        return tuple(_pattern(text) for text in self.headers if is_pattern(text))

    def known(self, cells: Sequence[str]) -> int:
        """How many of the cells are headers of this table."""
        return sum(map(self.knows, cells))

    def has_evidence(self, cells: Sequence[str]) -> bool:
        """Whether the headers that tell this table from the others are all among the cells."""
        return bool(self.evidence) and all(
            any(is_header(cell, header) for cell in cells) for header in self.evidence
        )


@dataclass(frozen=True)
class Preset:
    """A return format."""

    format: str
    title: str
    date_formats: tuple[str, ...]
    placeholders: tuple[str, ...]
    tables: tuple[TablePreset, ...]

    def known(self, cells: Sequence[str]) -> int:
        """How many of the cells are headers of the table that knows the most of them."""
        return max(table.known(cells) for table in self.tables)


@cache
def load_preset(format_name: str) -> Preset:
    """The preset of a return format whose files are tables."""
    document = yaml.safe_load((FOLDER / f"{format_name}.yml").read_text(encoding="utf-8"))
    return Preset(
        format_name,
        document["title"],
        tuple(document["date_formats"]),
        tuple(document["placeholders"]),
        tuple(_table_preset(name, table) for name, table in document["tables"].items()),
    )


def _table_preset(name: str, table: Mapping[str, Any]) -> TablePreset:
    plain = re.escape(letters(name))
    bare = plain.removeprefix("ssd_")
    default = [rf"(?:[a-z0-9]+_){{0,2}}{plain}(?:_[0-9_]+)?", rf"{bare}(?:_[0-9_]+)?"]
    return TablePreset(
        name,
        tuple(re.compile(pattern) for pattern in table.get("names", default)),
        tuple(table.get("evidence", ())),
        tuple(_kind_preset(holds, kind) for holds, kind in table.get("kinds", {}).items()),
        tuple(table.get("others", ())),
    )


def _kind_preset(holds: str, kind: Mapping[str, Any]) -> KindPreset:
    return KindPreset(
        holds,
        {
            name: (accepted,) if isinstance(accepted, str) else tuple(accepted)
            for name, accepted in kind["columns"].items()
        },
        tuple(kind.get("required", ())),
        kind.get("codes", {}),
        kind.get("constants", {}),
    )


def is_pattern(accepted: str) -> bool:
    return accepted.startswith("/")


@cache
def _pattern(accepted: str) -> re.Pattern[str]:
    """An accepted header: /a regular expression/ over its letters and digits, or the header."""
    if is_pattern(accepted):
        return re.compile(accepted.strip("/"))
    return re.compile(re.escape(letters(accepted)))


def is_header(cell: str, accepted: str) -> bool:
    return bool(_pattern(accepted).fullmatch(letters(cell)))


@lru_cache(maxsize=4_096)
def letters(text: str) -> str:
    """Letters and digits of a name, all else as one underscore: 'Date of  Referral?' and
    'date_of_referral' are the same."""
    return NOT_LETTERS.sub("_", text[:MAX_HEADER_CHARS].casefold()).strip("_")
