"""The release tables as one Excel workbook: a sheet of notes, a sheet of columns, a sheet a table.

Values keep their types, and nothing in it is a formula or a link: text that looks like one stays
text. Equal tables give equal bytes.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

NOTES, COLUMNS = "notes", "columns"
LONGEST_TABLE = 100_000  # rows; Excel itself ends at 1,048,576
LONGEST_NAME = 31  # characters of a sheet's name
LONGEST_TEXT = 32_767  # characters of a cell
EXACT_WHOLE_NUMBER = 2**53  # Excel keeps numbers as doubles
FIRST_DATE = datetime.date(1900, 3, 1)  # Excel counts a 29 February 1900, which there was not
CREATED = datetime.datetime(2000, 1, 1)  # not the clock's: equal tables give equal bytes
WIDTHS = (8, 60)  # narrowest and widest column, in characters
ROWS_FOR_WIDTH = 200
SYMBOLS = {
    "shown": "the figure stands in the row",
    "c": "confidential: hidden because it is small, or because it would give a small one away",
    "z": "not applicable",
    "x": "not available",
    "k": "rounds to nothing but isn't 0",
    "u": "unreliable: too few cases, or too few degrees of freedom, to be shown",
}
ABOUT = (
    "Results of csc_outcomes: what became of children in need who had a programme, and of those "
    "they are compared with. These are the release tables: small numbers, and numbers that would "
    "give small ones away, are hidden under the disclosure profile named below.",
    "An empty cell isn't 0. The column disclosure beside it says whether the row's figures are "
    "shown, and disclosure_reason why not.",
    "Read figures row by row. Sums over rows miss what is hidden, samples overlap, and rates and "
    "estimates don't add up at all.",
)
LICENCE = "Licence and contact: to be filled in by the authority that releases this workbook."


@dataclass(frozen=True)
class Sheet:
    """One table and what is said about it; `columns` holds name, type and description."""

    name: str
    table: str
    description: str
    columns: list[tuple[str, str, str]]
    n_rows: int

    @property
    def is_written(self) -> bool:
        return self.n_rows <= LONGEST_TABLE


@dataclass(frozen=True)
class Styles:
    """The formats of cells."""

    title: Format
    header: Format
    text: Format
    wrapped: Format
    date: Format
    time: Format


def write_workbook(database: Path, path: Path) -> None:
    """Writes every table of the release DuckDB file `database` into the workbook `path`.

    Descriptions are the comments in the file. Tables of more than 100,000 rows are left out, which
    the notes say. Raises duckdb.Error where the file can't be read, OSError where `path` can't be
    written.
    """
    options = {
        "remove_timezone": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
    }
    with (
        duckdb.connect(str(database), read_only=True) as connection,
        xlsxwriter.Workbook(str(path), options) as workbook,
    ):
        sheets = _sheets(connection)
        workbook.set_properties({"title": "csc_outcomes: release tables", "created": CREATED})
        styles = _styles(workbook)
        _write_notes(workbook.add_worksheet(NOTES), connection, sheets, styles)
        _write_columns(workbook.add_worksheet(COLUMNS), sheets, styles)
        for sheet in sheets:
            if sheet.is_written:
                rows = connection.execute(f'select * from "{sheet.table}"').fetchall()
                names = [name for name, _, _ in sheet.columns]
                _write_table(workbook.add_worksheet(sheet.name), names, rows, styles)


def _styles(workbook: xlsxwriter.Workbook) -> Styles:
    top = {"valign": "top"}
    return Styles(
        title=workbook.add_format({"bold": True, "font_size": 14}),
        header=workbook.add_format({"bold": True, "bottom": 1, "bg_color": "#f3f2f1", **top}),
        text=workbook.add_format(top),
        wrapped=workbook.add_format({"text_wrap": True, **top}),
        date=workbook.add_format({"num_format": "yyyy-mm-dd", **top}),
        time=workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss", **top}),
    )


def _sheets(connection: duckdb.DuckDBPyConnection) -> list[Sheet]:
    tables = connection.execute(
        """
        select table_name, coalesce(comment, '') from duckdb_tables()
        where not internal order by table_name
        """
    ).fetchall()
    names = sheet_names([table for table, _ in tables])
    return [
        Sheet(
            name=names[table],
            table=table,
            description=_first_paragraph(comment),
            columns=connection.execute(
                """
                select column_name, data_type, coalesce(comment, '') from duckdb_columns()
                where table_name = ? order by column_index
                """,
                [table],
            ).fetchall(),
            n_rows=_one(connection, f'select count(*) from "{table}"'),
        )
        for table, comment in tables
    ]


def sheet_names(tables: Sequence[str]) -> dict[str, str]:
    """A name for each table's sheet: the table's own, cut to 31 characters, and told apart by a
    number where the cut makes two alike (Excel doesn't tell capitals from small letters)."""
    taken = {NOTES, COLUMNS, "history"}  # Excel keeps the last for itself
    names = {}
    for table in tables:
        name, number = table[:LONGEST_NAME], 1
        while name.lower() in taken:
            number += 1
            name = f"{table[: LONGEST_NAME - len(str(number)) - 1]}_{number}"
        taken.add(name.lower())
        names[table] = name
    return names


def _first_paragraph(description: str) -> str:
    return " ".join(description.split("\n\n")[0].split())


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def _write_notes(
    worksheet: Worksheet,
    connection: duckdb.DuckDBPyConnection,
    sheets: list[Sheet],
    styles: Styles,
) -> None:
    """What this is, which profile and build, what the symbols mean, which sheets there are."""
    worksheet.set_column(0, 0, 34, styles.text)
    worksheet.set_column(1, 1, 100, styles.wrapped)
    worksheet.set_column(2, 2, 10, styles.text)
    worksheet.write_string(0, 0, "csc_outcomes: release tables", styles.title)
    line = 2
    for text in (*ABOUT, LICENCE):
        worksheet.write_string(line, 1, text, styles.wrapped)
        line += 1
    line = _write_block(worksheet, line + 1, ("this release", ""), _facts(connection), styles)
    line = _write_block(worksheet, line, ("disclosure", "meaning"), SYMBOLS.items(), styles)
    lines = [
        (
            sheet.name if sheet.is_written else sheet.table,
            sheet.description
            if sheet.is_written
            else f"{sheet.description} Left out here, for it has {sheet.n_rows} rows: read it from "
            "the DuckDB or the Parquet file.",
            sheet.n_rows,
        )
        for sheet in sheets
    ]
    _write_block(worksheet, line, ("sheet", "what it holds", "rows"), lines, styles)


def _facts(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, Any]]:
    """The one row of rpt_release, a line for each column; the build alone where there is none."""
    if not _one(
        connection, "select count(*) from duckdb_tables() where table_name = 'rpt_release'"
    ):
        return []
    result = connection.execute("select * from rpt_release")
    names = [column[0] for column in result.description or []]
    row = result.fetchone()
    return list(zip(names, row, strict=True)) if row else []


def _write_block(
    worksheet: Worksheet,
    line: int,
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    styles: Styles,
) -> int:
    """A small table on the sheet of notes; the line after it."""
    rows = list(rows)
    if not rows:
        return line
    for column, name in enumerate(header):
        worksheet.write_string(line, column, name, styles.header)
    for row in rows:
        line += 1
        for column, value in enumerate(row):
            _write_value(worksheet, line, column, value, styles)
    return line + 2


def _write_columns(worksheet: Worksheet, sheets: list[Sheet], styles: Styles) -> None:
    """Every column of every table, with its type and what it means."""
    rows = [
        (sheet.table, name, data_type.lower(), " ".join(description.split()))
        for sheet in sheets
        for name, data_type, description in sheet.columns
    ]
    _write_table(worksheet, ["table_name", "column_name", "data_type", "description"], rows, styles)


def _write_table(
    worksheet: Worksheet, names: list[str], rows: Sequence[Sequence[Any]], styles: Styles
) -> None:
    """A header that stays in sight and filters, and the rows below it."""
    for column, name in enumerate(names):
        worksheet.write_string(0, column, name, styles.header)
        worksheet.set_column(column, column, _width(name, (row[column] for row in rows)))
    worksheet.freeze_panes(1, 0)
    worksheet.autofilter(0, 0, max(len(rows), 1), len(names) - 1)
    for line, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            _write_value(worksheet, line, column, value, styles)


def _width(name: str, values: Iterable[Any]) -> float:
    """Wide enough for the header with its filter button and for the first values."""
    texts = (str(value) for value, _ in zip(values, range(ROWS_FOR_WIDTH), strict=False))
    longest = max(
        [len(name) + 4, *(min(len(text), 20) if "." in text else len(text) for text in texts)]
    )
    return min(max(longest, WIDTHS[0]), WIDTHS[1])


def _write_value(worksheet: Worksheet, line: int, column: int, value: Any, styles: Styles) -> None:
    """A cell of the value's own type; nothing at all for null and for what is no number."""
    match value:
        case None:
            pass
        case bool():
            worksheet.write_boolean(line, column, value)
        case float() if not math.isfinite(value):
            pass
        case int() | float() | Decimal() if -EXACT_WHOLE_NUMBER <= value <= EXACT_WHOLE_NUMBER:
            worksheet.write_number(line, column, value)
        case datetime.date() if _day(value) >= FIRST_DATE:
            style = styles.time if isinstance(value, datetime.datetime) else styles.date
            worksheet.write_datetime(line, column, value, style)
        case _:
            worksheet.write_string(line, column, str(value)[:LONGEST_TEXT])


def _day(value: datetime.date) -> datetime.date:
    return value.date() if isinstance(value, datetime.datetime) else value
