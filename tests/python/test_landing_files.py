"""What a file may look like: each kind of bad file is refused with its own code, good ones land."""

import datetime as dt
import io
import os
import time
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from landing_project import COLUMNS, HEADER, Project

NAME = "Zachary Quine"  # a value that no message may show


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def sheet_bytes(*rows: list[Any], sheets: tuple[str, ...] = ("Cases",)) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def zip_bytes(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def wards(project: Project) -> list[str | None]:
    return [row["ward"] for row in project.rows()]


TEXT = f"{HEADER},ward\nC1,K1,2019-01-02,Café £5\nC2,K2,2019-01-03,“Holbrook”\n"
WITH_WARD = {**COLUMNS, "ward": "ward"}


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), None),
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), None),
        (TEXT.encode("utf-16"), None),
        (TEXT.encode("utf-16"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), None),
        (TEXT.encode("cp1252"), "windows-1252"),
        (TEXT.replace("\n", "\r\n").encode(), None),
        (TEXT.replace("\n", "\r").encode(), None),
    ],
)
def test_the_same_values_come_out_of_every_encoding(
    project: Project, content: bytes, encoding: str | None
) -> None:
    keys: dict[str, Any] = {"encoding": encoding} if encoding else {}
    project.deliver(content, columns=WITH_WARD, **keys)
    assert project.land_one().reason is None
    assert wards(project) == ["Café £5", "“Holbrook”"]


@pytest.mark.parametrize(
    ("content", "encoding", "code"),
    [
        (TEXT.encode("cp1252"), None, "wrong_encoding"),
        (TEXT.encode("cp1252"), "utf-8", "wrong_encoding"),
        (TEXT.encode(), "windows-1252", "wrong_encoding"),
        (TEXT.encode("utf-8-sig"), "windows-1252", "wrong_encoding"),
        (TEXT.encode("utf-16"), "utf-8", "wrong_encoding"),
        (TEXT.encode("utf-16")[:-1], None, "wrong_encoding"),
        (HEADER.encode("utf-16-le"), None, "nul_character"),
        (f"{HEADER}\nC1,K\x001,2019-01-02\n".encode(), None, "nul_character"),
        (b"", None, "empty_file"),
        (b"\n\n , ,\n", None, "empty_file"),
        (b"\xef\xbb\xbf", None, "empty_file"),
        (f"{HEADER}\nC1,{'x' * 100_001},2019-01-02\n".encode(), None, "cell_too_large"),
        (f"{HEADER}\nC1,{'x' * 10_000_000},2019-01-02\n".encode(), None, "cell_too_large"),
        (f'{HEADER}\nC1,"{"x" * 200_000},2019-01-02\n'.encode(), None, "cell_too_large"),
        (f"{HEADER},opened\nC1,K1,2019-01-02,x\n".encode(), None, "duplicate_header"),
        (f"{HEADER}, Opened \nC1,K1,2019-01-02,x\n".encode(), None, "duplicate_header"),
        (f"\n{HEADER}\nC1,K1,2019-01-02\n".encode(), None, "header_unreadable"),
        (f"{HEADER}{',' * 2_000}\n".encode(), None, "too_many_columns"),
    ],
)
def test_bad_text_files_are_refused(
    project: Project, content: bytes, encoding: str | None, code: str
) -> None:
    keys: dict[str, Any] = {"encoding": encoding} if encoding else {}
    project.deliver(content, **keys)
    outcome = project.land_one()
    assert (outcome.status, outcome.reason_code, outcome.n_read) == ("refused", code, 0)
    assert project.rows() == []


def test_a_missing_required_column_is_named_with_what_was_found(project: Project) -> None:
    project.deliver("child_ref,case_ref,open_ed,notes\nC1,K1,2019-01-02,x\n")
    outcome = project.land_one()
    assert outcome.reason_code == "missing_columns"
    assert outcome.reason is not None
    assert "declared but missing: 'opened' (found 'open_ed')" in outcome.reason
    assert "undeclared headers found: open_ed, notes" in outcome.reason


def test_a_file_without_header_shows_none_of_its_cells(project: Project) -> None:
    project.deliver(f"{NAME},K1,2019-01-02\n{NAME},K2,2019-01-02\n")
    outcome = project.land_one()
    assert outcome.reason_code == "missing_columns"
    assert outcome.reason is not None
    assert NAME not in outcome.reason


def test_another_delimiter_is_guessed_but_not_assumed(project: Project) -> None:
    content = f"{HEADER}\nC1,K1,2019-01-02\n".replace(",", ";")
    project.deliver(content)
    assert "is the delimiter ';'?" in (project.land_one().reason or "")
    project.deliver(content, delimiter=";")
    assert project.land_one().n_read == 1


def test_unknown_columns_are_named_and_stay_out(project: Project) -> None:
    project.deliver(
        f"{HEADER},Surname,comment,\nC1,K1,2019-01-02,{NAME},x,\n", ignored_columns=["Comment"]
    )
    outcome = project.land_one()
    assert (outcome.status, outcome.unknown_columns) == ("landed", "Surname")
    assert NAME.encode() not in b"".join(path.read_bytes() for path in project.files())


@pytest.mark.parametrize(
    "header",
    [
        f"{HEADER},ward,note{NAME},K1,2019-01-02,x",  # the line break is lost
        f"{HEADER},C1,{NAME},{NAME},01/02/19",
        f"{HEADER},C1,{NAME},2-Jan-19,",
        f"{HEADER},{NAME},7,",
        f"{HEADER},{NAME},A1234567",
        f"{HEADER},{NAME},Quine",  # wider than every record
        f"{HEADER},Status 31 March 2024",  # rather refused than shown
    ],
)
@pytest.mark.parametrize("records", ["C2,K2,2019-01-03\n", ",,\nC2,K2\n"])
def test_a_header_that_may_hold_data_is_refused_unseen(
    project: Project, header: str, records: str
) -> None:
    project.deliver(f"{header}\n{records}")
    outcome = project.land_one()
    assert (outcome.status, outcome.reason_code) == ("refused", "header_holds_data")
    n_beyond = header.count(",") - HEADER.count(",")
    cells = "1 cell" if n_beyond == 1 else f"{n_beyond} cells"
    assert f"the header row has {cells} beyond the declared ones, and " in (outcome.reason or "")
    assert "is a line break missing after the header" in (outcome.reason or "")
    written = b"".join(path.read_bytes() for path in project.files()) + repr(outcome).encode()
    for value in header.split(",")[3:]:
        assert value == "" or len(value) < 4 or value == "ward" or value.encode() not in written


@pytest.mark.parametrize("records", ["", "C2,K2,2019-01-03\n"])
@pytest.mark.parametrize("values", [f"openedC1,{NAME},2019-01-02", f"opened_{NAME},{NAME}"])
def test_missing_headers_beside_data_are_named_alone(
    project: Project, values: str, records: str
) -> None:
    project.deliver(f"child_ref,case_ref,{values}\n{records}")
    outcome = project.land_one()
    assert outcome.reason_code == "missing_columns"
    assert outcome.reason is not None
    assert "declared but missing: 'opened'; the header row has " in outcome.reason
    assert NAME not in outcome.reason
    assert "2019" not in outcome.reason
    assert "openedC1" not in outcome.reason


def test_a_value_that_stands_twice_in_the_header_row_is_not_shown(project: Project) -> None:
    project.deliver(f"{HEADER},{NAME},{NAME}\nC2,K2,2019-01-03,x,y\n")
    outcome = project.land_one()
    assert outcome.reason == "row 1: an undeclared header stands there twice, in cells 4 and 5"


def test_undeclared_headers_without_any_record_are_only_counted(project: Project) -> None:
    project.deliver(f"{HEADER},{NAME}\n")
    outcome = project.land_one()
    assert (outcome.status, outcome.n_read) == ("landed", 0)
    assert outcome.unknown_columns == "1 header, not shown: no record follows"


def test_a_ragged_first_record_does_not_cost_the_file(project: Project) -> None:
    project.deliver(f"{HEADER},notes\nC1\nC2,K2,2019-01-03,x\n")
    outcome = project.land_one()
    assert (outcome.n_read, outcome.n_refused_rows, outcome.unknown_columns) == (2, 1, "notes")


def test_a_header_alone_lands_no_rows(project: Project) -> None:
    project.deliver(f"{HEADER}\n")
    outcome = project.land_one()
    assert (outcome.status, outcome.n_read) == ("landed", 0)


def test_ragged_rows_are_refused_and_blank_lines_are_no_records(project: Project) -> None:
    project.deliver(
        f"{HEADER}\nC1,K1,2019-01-02\n\nC2,K2\n,,\nC3,K3,2019-01-02,{NAME}\n  \nC4,K4,2019-01-02\n"
    )
    outcome = project.land_one()
    assert (outcome.n_read, outcome.n_refused_rows) == (4, 2)
    assert [row["source_row_number"] for row in project.rows()] == [1, 4]
    refused = project.rows("refused_rows")
    assert [(row["source_row_number"], row["reason_code"]) for row in refused] == [
        (2, "ragged_row"),
        (3, "ragged_row"),
    ]
    assert refused[1]["reason"] == "4 cells where the header has 3"


@pytest.mark.parametrize(
    "broken",
    [
        'C2,K2,"2019-01-02',  # would swallow all that follows and still fit the header
        'C2,"K2,2019-01-02',
        'C2,"K"2,2019-01-02',
    ],
)
def test_a_stray_quote_costs_its_own_line_alone(project: Project, broken: str) -> None:
    rest = "".join(f"C{n},K{n},2019-01-02\n" for n in range(3, 500))
    project.deliver(f"{HEADER}\nC1,K1,2019-01-02\n{broken}\n{rest}")
    outcome = project.land_one()
    assert (outcome.n_read, outcome.n_refused_rows) == (499, 1)
    assert project.rows("refused_rows")[0]["reason_code"] == "broken_quotes"
    assert [row["source_row_number"] for row in project.rows()] == [1, *range(3, 500)]


def test_a_quoted_cell_may_hold_lines_quotes_and_delimiters(project: Project) -> None:
    project.deliver(f'{HEADER},ward\nC1,K1,2019-01-02,"a, ""b""\nc"\n', columns=WITH_WARD)
    assert project.land_one().n_refused_rows == 0
    assert wards(project) == ['a, "b"\nc']


def test_rows_above_the_header_are_skipped(project: Project) -> None:
    project.deliver(f"Report of 2019,,\n\n{HEADER}\nC1,K1,2019-01-02\n", header_row=3)
    assert project.land_one().n_read == 1


def test_formulas_and_sql_are_text(project: Project) -> None:
    values = ["=cmd|' /C calc'!A0", "'; drop table x; --", "@SUM(1)"]
    lines = "".join(f"C{n},K{n},2019-01-02,{value}\n" for n, value in enumerate(values))
    project.deliver(f"{HEADER},ward\n{lines}", columns=WITH_WARD)
    project.land()
    assert wards(project) == values


@pytest.mark.parametrize("name", ["../cases.csv", "/etc/hosts", "a/b.csv", "..", "C:cases.csv"])
def test_a_name_that_leads_out_of_the_folder_is_refused(project: Project, name: str) -> None:
    (project.extracts / "alpha" / "cases.csv").parent.mkdir()
    (project.extracts / "alpha" / "2019-11" / "a").mkdir(parents=True)
    path = project.deliver("", name="x.csv")
    contract = path.with_name("extract.yml")
    contract.write_text(contract.read_text().replace("x.csv", name))
    codes = [outcome.reason_code for outcome in project.land().outcomes]
    assert codes[0] == "unsafe_file_name"


def test_a_link_out_of_the_folder_is_refused(project: Project) -> None:
    path = project.deliver("")
    secret = project.folder / "secret.csv"
    secret.write_text(f"{HEADER}\nC1,K1,2019-01-02\n")
    path.unlink()
    path.symlink_to(secret)
    assert project.land_one().reason_code == "unsafe_file_name"


def test_a_pipe_is_not_waited_for(project: Project) -> None:
    path = project.deliver("")
    path.unlink()
    os.mkfifo(path)
    assert project.land_one().reason_code == "file_not_found"


def test_a_file_over_the_limit_is_refused_unread(project: Project) -> None:
    path = project.deliver("")
    with path.open("wb") as stream:
        stream.truncate(500_000_001)
    outcome = project.land_one()
    assert (outcome.reason_code, outcome.sha256) == ("file_too_large", None)
    assert "the limit is 500,000,000" in (outcome.reason or "")


def test_other_kinds_of_file_are_refused(project: Project) -> None:
    project.deliver("<xml/>", name="cases.xml")
    assert project.land_one().reason_code == "unknown_file_type"


def test_a_workbook_lands_as_text(project: Project) -> None:
    content = sheet_bytes(
        ["All cases", None, None, None],
        ["child_ref", "case_ref", "opened", "ward", None],
        [100.0, "00012", dt.date(2019, 1, 2), 2.5, None],
        [None, None, None, None, None],
        [1.5e15, True, dt.datetime(2019, 1, 2, 3, 4), "  x "],
        ["C3", "K3", None, None, None, "astray"],
    )
    project.deliver(
        content, name="cases.xlsx", columns=WITH_WARD, header_row=2, date_formats=["dmy"]
    )
    outcome = project.land_one()
    assert (outcome.n_read, outcome.n_refused_rows) == (3, 1)
    first, second = project.rows()
    assert (first["plan_start_date"], first["ward"]) == ("2019-01-02", "2.5")
    assert second["plan_start_date"] == "2019-01-02 03:04:00"
    assert (second["ward"], second["id_flags"]) == ("x", "id_digits_lost")
    assert first["date_formats"] == "dmy|iso"  # its own date cells are read as ISO dates


def test_a_csv_and_its_workbook_land_the_same_children(project: Project) -> None:
    project.deliver(f"{HEADER}\n0100,K1,2019-01-02\n")
    project.deliver(
        sheet_bytes([*HEADER.split(",")], [100, "k1", dt.date(2019, 1, 2)]),
        name="cases.xlsx",
        delivery="2019-12",
    )
    project.land()
    first, second = project.rows()
    assert first["child_id"] == second["child_id"]
    assert first["record_hash"] == second["record_hash"]


def test_a_workbook_with_many_sheets_must_name_one(project: Project) -> None:
    row = [*HEADER.split(",")]
    content = sheet_bytes(row, ["C1", "K1", "x"], sheets=("Cases", "Referrals"))
    project.deliver(content, name="cases.xlsx")
    assert "has 2 sheets" in (project.land_one().reason or "")
    project.deliver(content, name="cases.xlsx", sheet="Case")
    assert "no sheet 'Case'; did you mean 'Cases'?" in (project.land_one().reason or "")
    project.deliver(content, name="cases.xlsx", sheet="Cases")
    assert project.land_one().n_read == 1


def stray_cell() -> bytes:
    book = openpyxl.Workbook()
    book.active["XFD1048576"] = "x"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def shared_text_workbook(shared: str, n_rows: int) -> bytes:
    """A workbook as Excel writes it: texts stand once in a table and cells refer to them."""
    head = '<?xml version="1.0"?>'
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    texts = "".join(f"<si><t>{text}</t></si>" for text in (*HEADER.split(","), shared))
    header = "".join(f'<c r="{cell}1" t="s"><v>{n}</v></c>' for n, cell in enumerate("ABC"))
    row = "".join(f'<c r="{cell}%d" t="s"><v>3</v></c>' for cell in "ABC")
    rows = "".join(f'<row r="{n}">{row % (n, n, n)}</row>' for n in range(2, n_rows + 2))
    relation = f'<Relationship Id="rId%d" Type="{office}/%s" Target="%s"/>'
    relations = f'{head}<Relationships xmlns="{package}/relationships">%s</Relationships>'
    parts = {
        "[Content_Types].xml": f'{head}<Types xmlns="{package}/content-types"/>',
        "_rels/.rels": relations % (relation % (1, "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'{head}<workbook {main} xmlns:r="{office}"><sheets>'
        '<sheet name="Cases" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations
        % (
            relation % (1, "worksheet", "worksheets/sheet1.xml")
            + relation % (2, "sharedStrings", "sharedStrings.xml")
        ),
        "xl/sharedStrings.xml": f"{head}<sst {main}>{texts}</sst>",
        "xl/worksheets/sheet1.xml": f"{head}<worksheet {main}><sheetData>"
        f'<row r="1">{header}</row>{rows}</sheetData></worksheet>',
    }
    return zip_bytes(**{name: part.encode() for name, part in parts.items()})


def understated_size() -> bytes:
    content = zip_bytes(**{"xl/worksheets/a.xml": b"x" * 100_000})
    return content.replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (lambda: zip_bytes(**{"xl/worksheets/a.xml": bytes(65_000_000)}), "workbook_too_large"),
        (stray_cell, "workbook_too_large"),
        (lambda: shared_text_workbook("x" * 90_000, 1_000), "workbook_too_large"),
        (understated_size, "workbook_unreadable"),
        (lambda: zip_bytes(hello=b"world"), "workbook_unreadable"),
        (lambda: b"PK\x03\x04 torn", "workbook_unreadable"),
        (lambda: f"{HEADER}\n".encode(), "workbook_unreadable"),
        (lambda: sheet_bytes([*HEADER.split(",")])[:-200], "workbook_unreadable"),
        (lambda: sheet_bytes([]), "empty_file"),
        (lambda: sheet_bytes(["child_ref"]), "missing_columns"),
        (lambda: shared_text_workbook("x" * 100_001, 1), "cell_too_large"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_hostile_workbooks_are_refused_quickly(project: Project, content: Any, code: str) -> None:
    project.deliver(content(), name="cases.xlsx")
    start = time.perf_counter()
    outcome = project.land_one()
    assert (outcome.status, outcome.reason_code) == ("refused", code)
    assert time.perf_counter() - start < 2


def test_a_workbook_with_shared_texts_lands(project: Project) -> None:
    project.deliver(shared_text_workbook("K1", 20), name="cases.xlsx")
    assert project.land_one().n_read == 20
