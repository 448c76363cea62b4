"""The workbook of the release tables: typed, filtered, equal for equal tables, and no formula."""

from __future__ import annotations

import datetime
import re
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from csc_outcomes.bi.workbook import LONGEST_TABLE, sheet_names, write_workbook

FORMULAS = ["=1+1", "+1", "-1", "@sum(a1)", "=cmd|' /c calc'!a0", "\t=1", "{=1}"]
LINKS = ["https://example.org", "mailto:someone@example.org", "internal:notes!a1"]
RELEASE = """
create table rpt_release as select
    'dfe' as profile, 1 as profile_version, '1 to 5 hidden' as thresholds, true as is_synthetic,
    'abc123' as build_id;
comment on table rpt_release is 'One row: what is released.';
create table rpt_group_outcomes as select * from (values
    ('one', date '2019-10-01', 12, 0.25, true, null, 'shown'),
    ('two', null, null, null, false, 'small', 'c'),
    ('three', date '2019-10-02', 0, 0.0, null, null, 'shown')
) as t(arm, day, n, value, is_primary, reason, disclosure);
comment on table rpt_group_outcomes is e'One row per arm.\\n\\nThe trap: none.';
comment on column rpt_group_outcomes.n is 'Cases.';
create table rpt_empty (study_id varchar, n bigint);
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A release file of three made-up tables."""
    path = tmp_path / "release.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(RELEASE)
    return path


def written(database: Path) -> Path:
    """The workbook of a release file."""
    path = database.with_suffix(".xlsx")
    write_workbook(database, path)
    return path


def parts(path: Path) -> dict[str, str]:
    """The XML inside a workbook."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}


def sheet(path: Path, name: str) -> Worksheet:
    """One sheet, as openpyxl reads it."""
    found = openpyxl.load_workbook(path)[name]
    assert isinstance(found, Worksheet)
    return found


def cells(path: Path, name: str) -> list[list[Any]]:
    """All values of a sheet, as calamine reads them; `""` where a cell is empty."""
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_name(name).to_python()


def test_values_keep_their_types(database: Path) -> None:
    path = written(database)
    kinds = [cell.data_type for cell in sheet(path, "rpt_group_outcomes")[2]]
    assert kinds == ["s", "d", "n", "n", "b", "n", "s"]
    rows = cells(path, "rpt_group_outcomes")
    assert rows == [
        ["arm", "day", "n", "value", "is_primary", "reason", "disclosure"],
        ["one", datetime.date(2019, 10, 1), 12.0, 0.25, True, "", "shown"],
        ["two", "", "", "", False, "small", "c"],
        ["three", datetime.date(2019, 10, 2), 0.0, 0.0, "", "", "shown"],
    ]


def test_a_hidden_number_is_an_empty_cell_and_a_true_zero_is_0(database: Path) -> None:
    worksheet = sheet(written(database), "rpt_group_outcomes")
    assert [worksheet.cell(row, 3).value for row in (2, 3, 4)] == [12, None, 0]


def test_the_header_stays_in_sight_and_filters(database: Path) -> None:
    worksheet = sheet(written(database), "rpt_group_outcomes")
    assert worksheet.freeze_panes == "A2"
    assert worksheet.auto_filter.ref == "A1:G4"
    assert sheet(written(database), "rpt_empty").auto_filter.ref == "A1:B2"
    for column in worksheet.columns:
        letter = column[0].column_letter
        assert worksheet.column_dimensions[letter].width >= len(str(column[0].value)) + 2


@pytest.mark.parametrize("text", FORMULAS + LINKS)
def test_text_stays_text(tmp_path: Path, text: str) -> None:
    database = tmp_path / "release.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create table rpt_texts as select ? as said", [text])
        connection.execute(f"comment on table rpt_texts is '{text.replace(chr(39), chr(39) * 2)}'")
    path = written(database)
    cell = sheet(path, "rpt_texts")["A2"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)
    for name, content in parts(path).items():
        assert not re.search(r"<f[ >/]|<hyperlink", content), name
        assert not re.search(r"externalLink|oleObject|vbaProject|connections", name), name


def test_equal_tables_give_equal_bytes(database: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.xlsx", tmp_path / "second.xlsx"
    write_workbook(database, first)
    write_workbook(database, second)
    assert first.read_bytes() == second.read_bytes()
    properties = parts(first)["docProps/core.xml"]
    assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", properties)) == {"2000-01-01T00:00:00Z"}


def test_the_notes_say_what_this_is(database: Path) -> None:
    path = written(database)
    names = openpyxl.load_workbook(path).sheetnames
    assert names == ["notes", "columns", "rpt_empty", "rpt_group_outcomes", "rpt_release"]
    notes = cells(path, "notes")
    lines = {str(row[0]): row[1] for row in notes if row[0] != ""}
    assert set("czxku") <= set(lines)
    assert (lines["profile"], lines["thresholds"], lines["is_synthetic"], lines["build_id"]) == (
        "dfe",
        "1 to 5 hidden",
        True,
        "abc123",
    )
    assert lines["rpt_group_outcomes"] == "One row per arm."
    assert any("Licence and contact" in str(row[1]) for row in notes)


def test_every_column_is_explained(database: Path) -> None:
    rows = cells(written(database), "columns")
    assert ["rpt_group_outcomes", "n", "integer", "Cases."] in rows
    assert len(rows) == 1 + 5 + 7 + 2


def test_a_table_that_is_too_long_is_left_out_and_named(tmp_path: Path) -> None:
    database = tmp_path / "release.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            f"create table rpt_long as select range as n from range({LONGEST_TABLE + 1})"
        )
    path = written(database)
    assert openpyxl.load_workbook(path).sheetnames == ["notes", "columns"]
    (line,) = [row for row in cells(path, "notes") if row[0] == "rpt_long"]
    assert "Left out" in line[1]
    assert line[2] == LONGEST_TABLE + 1


def test_what_excel_cannot_hold_is_text_or_empty(tmp_path: Path) -> None:
    database = tmp_path / "release.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            """
            create table rpt_edges as select
                date '1850-01-01' as early, 9007199254740993 as whole, 'nan'::double as no_number,
                'inf'::double as endless, repeat('a', 40000) as long_text, 1.50::decimal(5, 2) as
                money, timestamp '2020-01-02 03:04:05' as moment, [1, 2] as many
            """
        )
    path = written(database)
    assert cells(path, "rpt_edges")[1] == [
        "1850-01-01",
        "9007199254740993",
        "",
        "",
        "a" * 32_767,
        1.5,
        datetime.datetime(2020, 1, 2, 3, 4, 5),
        "[1, 2]",
    ]


def test_names_of_sheets_are_short_and_differ() -> None:
    long = "rpt_a_name_that_is_longer_than_excel"
    names = sheet_names([f"{long}_allows", f"{long}_likes", "notes", "History", "rpt_areas"])
    assert max(map(len, names.values())) <= 31
    assert len({name.lower() for name in names.values()}) == 5
    assert names["rpt_areas"] == "rpt_areas"
    assert not {"notes", "columns", "history"} & {name.lower() for name in names.values()}
