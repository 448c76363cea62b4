"""Nothing that leaves as a table opens as a formula: pages, reports, bundles and workbooks."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

import altair as alt
import duckdb
import openpyxl
import pandas as pd

from csc_outcomes.bi.workbook import write_workbook
from csc_outcomes.disclosure import bundle
from csc_outcomes.report import pages
from csc_outcomes.report.blocks import Block, Column, Figure, Section, Table

CODE = Path(__file__).parents[2] / "python" / "csc_outcomes"
HOSTILE = [
    "=1+1",
    "+1",
    "-1+cmd|' /c calc'!a0",
    "@x",
    "\t=1",
    "\r=1",
    "\n=1",
    "|x",
    "%x",
    "＝1",  # noqa: RUF001
    '=HYPERLINK("https://example.org")',
]
# What spreadsheets and their sanitisers name, said here once more.
SIGNS = "=+-@|%\t\r\n＝＋－＠"  # noqa: RUF001
DATA = pd.DataFrame({"study_name": HOSTILE, "value": [-0.5] * len(HOSTILE)})
COLUMNS = [Column("study_name", "Study"), Column("value", "Value", "number")]
# Writers of tables: what goes out is tested below, what stays in the project is read back by it.
GO_OUT = {"report/cells.py", "disclosure/bundle.py", "bi/workbook.py"}
STAY = {"forgetting/withdrawal.py", "plan/ledger.py", "randomisation/record.py"}


def texts_of(text: str) -> list[str]:
    """The cells of a CSV that hold the planted texts."""
    return [row["study_name"] for row in csv.DictReader(io.StringIO(text, newline=""))]


def assert_defused(cells: Iterable[str]) -> None:
    """Every planted text is there, and none starts as a formula does."""
    assert list(cells) == [f"'{text}" for text in HOSTILE]


def blocks() -> list[Block]:
    def chart(width: int) -> alt.Chart:
        return alt.Chart(DATA).mark_point().encode(alt.Y("value:Q")).properties(width=width - 60)

    figure = Figure("f", "=1+1", "A point.", chart, DATA, COLUMNS)
    return [Table("t", "=1+1", DATA, COLUMNS), figure]


def test_the_files_of_a_page_hold_no_formula() -> None:
    sections = [Section("s", "=1+1", blocks())]
    page = pages.render(
        "sections.html", None, title="=1", heading="=1", lead=[], sections=sections, build_id="b"
    )
    found = re.findall(r'href="data:text/csv;charset=utf-8,([^"]*)"', page)
    assert len(found) == 2
    for text in found:
        assert_defused(texts_of(unquote(text)))


def test_the_files_of_a_report_hold_no_formula(tmp_path: Path) -> None:
    for folder in ("figures", "tables"):
        (tmp_path / folder).mkdir()
    for block in blocks():
        pages._files_of(block, tmp_path)
    written = sorted((tmp_path / "tables").glob("*.csv"))
    assert len(written) == 2
    for path in written:
        assert_defused(texts_of(path.read_bytes().decode()))
        assert "-0.5" in path.read_text(encoding="utf-8")


def test_the_tables_of_a_bundle_hold_no_formula(tmp_path: Path) -> None:
    bundle._write_csv(DATA, tmp_path / "t.csv")
    assert_defused(texts_of((tmp_path / "t.csv").read_bytes().decode()))
    assert "-0.5" in (tmp_path / "t.csv").read_text(encoding="utf-8")


def test_a_workbook_holds_no_formula(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "r.duckdb")) as connection:
        connection.register("data", DATA)
        connection.execute("create table rpt_studies as from data")
        connection.execute("comment on table rpt_studies is '=1+1'")
        connection.execute("comment on column rpt_studies.study_name is '+1'")
    write_workbook(tmp_path / "r.duckdb", tmp_path / "r.xlsx")
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]
    assert len([cell for cell in cells if str(cell.value)[0] in SIGNS[:6]]) >= len(HOSTILE) - 3
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr", "d", "b"}
    assert not any(cell.hyperlink for cell in cells)


def test_every_writer_of_tables_is_known_here() -> None:
    writes = re.compile(r"\.to_csv\(|csv\.(writer|DictWriter)\(|\.to_excel\(|xlsxwriter\.Workbook")
    found = {
        path.relative_to(CODE).as_posix()
        for path in CODE.rglob("*.py")
        if writes.search(path.read_text(encoding="utf-8")) and "synthetic" not in path.parts
    }
    assert found == GO_OUT | STAY
