"""What a page is made of: sections of prose, tables and figures.

A section is a module of `report/sections` with `section(source, study_id) -> Section | None`;
None where the study has nothing of the kind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

ColumnKind = Literal[
    "text", "integer", "number", "percent", "points", "gbp", "p_value", "date", "flag"
]
Tone = Literal["plain", "good", "caution", "stop"]


@dataclass(frozen=True)
class Column:
    """How a table shows one column of its data.

    `percent` takes a proportion and shows 54.9%; `points` takes a difference of proportions and
    shows -24.7 (say percentage points in the label); `gbp` shows pounds. A null is shown as the
    row's disclosure symbol, named by the column `symbol`; where the row is shown, as `x` when its
    `status` isn't ok and as `z`, not applicable, otherwise. Digits are decimals.
    """

    name: str
    label: str
    kind: ColumnKind = "text"
    digits: int | None = None
    symbol: str = "disclosure"
    reason: str = "disclosure_reason"


@dataclass(frozen=True)
class Table:
    """A table: `columns` of `data` are shown, in order; the CSV has them in full precision.

    The CSV holds the shown columns; `row_header` is the column whose cells name their row, by
    default the first. A folded table is opened by the reader; printing opens it too.
    """

    id: str
    title: str
    data: pd.DataFrame
    columns: Sequence[Column]
    note: str = ""
    row_header: str | None = None
    is_folded: bool = False


@dataclass(frozen=True)
class Figure:
    """A figure: an Altair chart drawn at the widths it is asked for, in pixels, and its data.

    `chart(width)` returns the chart; it lays itself out for about 340 (a phone) and about 720
    pixels. `data` is shown beside the figure and is its CSV, `columns` as in a table (by default
    all of `data`, as they are). `alt` says in one or two sentences what the picture shows.
    """

    id: str
    title: str
    alt: str
    chart: Callable[[int], Any]
    data: pd.DataFrame
    columns: Sequence[Column] = field(default_factory=tuple)
    note: str = ""


@dataclass(frozen=True)
class Prose:
    """Paragraphs and lists in plain text; `items` follow the paragraphs as a list.

    `tone` gives the block a border and a word in front, so that colour never tells alone; `word`
    is that word, by default the tone's own. `is_lead` sets the first paragraph larger.
    """

    paragraphs: Sequence[str] = ()
    items: Sequence[str] = ()
    title: str = ""
    tone: Tone = "plain"
    word: str = ""
    is_lead: bool = False


@dataclass(frozen=True)
class Facts:
    """Names with their values, shown side by side."""

    rows: Sequence[tuple[str, str]]


Block = Table | Figure | Prose | Facts


@dataclass(frozen=True)
class Section:
    """A heading with blocks below it; level 2 stands in the list of contents, 3 below a 2."""

    id: str
    title: str
    blocks: Sequence[Block]
    level: int = 2
    parts: Sequence[Section] = ()

    def all_blocks(self) -> list[Block]:
        """Its blocks and those of its parts, in order."""
        return [*self.blocks, *(block for part in self.parts for block in part.all_blocks())]


def present(columns: Sequence[Column], data: pd.DataFrame) -> list[Column]:
    """Those of the columns that the data have: release tables leave some out."""
    return [column for column in columns if column.name in data]
