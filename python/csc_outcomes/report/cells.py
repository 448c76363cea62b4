"""Tables as cells: text, what to sort by, and the symbol where a value is not shown."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from csc_outcomes.report.blocks import Column, Table
from csc_outcomes.report.formats import SYMBOLS, is_missing, shown
from csc_outcomes.report.source import SHOWN
from csc_outcomes.spreadsheets import defused

ROWS_IN_PAGE = 300
FIGURE_ROWS_IN_PAGE = 100


@dataclass(frozen=True)
class Cell:
    """One cell: `sort` is what it sorts by, `symbol` and `reason` stand for a value not shown."""

    text: str
    sort: str = ""
    is_number: bool = False
    symbol: str = ""
    reason: str = ""


def table_rows(data: pd.DataFrame, columns: Sequence[Column]) -> list[list[Cell]]:
    """The rows' cells, in the order of `columns`. Raises KeyError for a column not in the data."""
    records = data.to_dict("records")
    return [[_cell(record, column) for column in columns] for record in records]


def _cell(row: dict[Any, Any], column: Column) -> Cell:
    value = row[column.name]
    is_number = column.kind not in ("text", "flag", "date")
    if not is_missing(value):
        sort = str(float(value)) if is_number else str(value)
        return Cell(shown(value, column.kind, column.digits), sort, is_number)
    if column.kind == "text" and row.get(column.symbol, SHOWN) == SHOWN:
        return Cell(shown(None))
    symbol, reason = why_hidden(row, column.symbol, column.reason)
    return Cell(symbol, "", is_number, symbol, reason)


def why_hidden(
    row: dict[Any, Any], symbol_column: str = "disclosure", reason_column: str = "disclosure_reason"
) -> tuple[str, str]:
    """The symbol that stands for a null of the row, and what it means there."""
    symbol = row.get(symbol_column, SHOWN)
    if not is_missing(symbol) and symbol != SHOWN:
        reason = row.get(reason_column)
        return str(symbol), SYMBOLS[str(symbol)] if is_missing(reason) else str(reason)
    status = row.get("status", "ok")
    if not is_missing(status) and status != "ok":
        reason = row.get("status_reason")
        return "x", str(status).replace("_", " ") if is_missing(reason) else without_code(
            str(reason)
        )
    return "z", SYMBOLS["z"]


def without_code(reason: str) -> str:
    """`separation: no treated case has the event` without its code word."""
    code, colon, words = reason.partition(": ")
    return words if colon and " " not in code else reason


def legend(rows: list[list[Cell]]) -> list[tuple[str, str]]:
    """Each symbol of the rows with its meaning, and the reasons given where they say more."""
    seen: dict[str, list[str]] = {}
    for cell in (cell for row in rows for cell in row if cell.symbol):
        reasons = seen.setdefault(cell.symbol, [])
        reason = cell.reason.removeprefix("Hidden: ")
        if reason not in (*reasons, SYMBOLS[cell.symbol]):
            reasons.append(reason)
    return [(s, "; ".join([SYMBOLS[s], *reasons])) for s, reasons in sorted(seen.items())]


def csv_text(table: Table) -> str:
    """The table's shown columns with full precision, symbols where a value isn't shown.

    Text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([column.name for column in table.columns])
    for record in table.data.to_dict("records"):
        writer.writerow([_in_csv(record, column) for column in table.columns])
    return text.getvalue()


def _in_csv(row: dict[Any, Any], column: Column) -> str:
    value = row[column.name]
    return _cell(row, column).symbol if is_missing(value) else _raw(value)


def _raw(value: Any) -> str:
    """The value for a CSV: numbers in full, days as 2019-11-22, text that stays text."""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, str):
        return defused(value)
    if isinstance(value, float):
        return repr(float(value))
    return str(value)
