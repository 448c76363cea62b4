"""`csc add-extract`: what it proposes, what it leaves undecided, and that it shows no value."""

from __future__ import annotations

import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
import yaml

from csc_outcomes.adding.known import Codes, spellings
from csc_outcomes.adding.profile import ColumnProfile, date_form
from csc_outcomes.cli import main
from csc_outcomes.landing import land
from csc_outcomes.landing.columns import CASES, FORMATS
from csc_outcomes.landing.contract import parse_delivery
from csc_outcomes.landing.keys import KEY_VARIABLE
from projects import ROOT
from walk_through import consoles, files_of, run_console

HEADER = "Person ID,Case,DOB,Sex,Ethnic group,CIN start,CIN end"
ROWS = [
    "1001,C1,13/02/2012,Female,a) WBRI,04/09/2023,",
    "1002,C2,17/05/2015,Male,White British,11/09/2023,30/01/2024",
    "1003,C3,30/11/2009,female,Indian,02/10/2023,20/02/2024",
]
ANYTOWN = ("--la-code", "990", "--la-name", "Anytown", "--as-of", "2024-03-31")
SYNTHETIC = ("--synthetic", "--la-code", "S09", "--la-name", "Made up", "--as-of", "2024-03-31")


@dataclass(frozen=True)
class Run:
    status: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


class Desk:
    """A project with empty extracts, and a folder elsewhere in which files were dropped."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.project, self.dropped = folder / "project", folder / "dropped"
        self.extracts = self.project / "extracts"
        self.dropped.mkdir()
        self.extracts.mkdir(parents=True)
        (self.project / "dbt_project.yml").touch()
        (self.extracts / "demonstration.key").write_text("ab" * 32)
        for name in ("code_sets", "frameworks", "unit_costs"):
            shutil.copytree(ROOT / "seeds" / name, self.project / "seeds" / name)
        self._capsys = capsys

    def drop(self, content: str | bytes, name: str = "cases.csv") -> Path:
        path = self.dropped / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run(self, *arguments: str | Path) -> Run:
        status = main(["add-extract", *map(str, arguments)])
        shown = self._capsys.readouterr()
        assert all(len(line) <= 100 for line in shown.out.splitlines())
        return Run(status, shown.out, shown.err)

    def text(self, delivery: str = "anytown/2024-03") -> str:
        return (self.extracts / delivery / "extract.yml").read_text(encoding="utf-8")

    def document(self, delivery: str = "anytown/2024-03") -> dict[str, Any]:
        return dict(yaml.load(self.text(delivery), Loader=yaml.BaseLoader))

    def file(self, delivery: str = "anytown/2024-03") -> dict[str, Any]:
        return dict(self.document(delivery)["files"][0])


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    desk = Desk(tmp_path, capsys)
    monkeypatch.setenv("CSC_PROJECT_DIR", str(desk.project))
    monkeypatch.setenv(KEY_VARIABLE, "cd" * 32)
    return desk


def csv(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


# A plain case list


def test_a_plain_case_list_is_decided_and_lands(desk: Desk) -> None:
    run = desk.run(desk.drop(csv(*ROWS)), *ANYTOWN)
    assert (run.status, run.err) == (0, "")
    assert "a case list" in run.out
    assert "7 of its 7 headers" in run.out
    assert desk.document() == {
        "la_code": "990",
        "la_name": "Anytown",
        "format": "case_list",
        "as_of_date": "2024-03-31",
        "files": [
            {
                "name": "cases.csv",
                "holds": "cases",
                "date_formats": ["dmy"],
                "columns": {
                    "child_id": "Person ID",
                    "case_id": "Case",
                    "birth_date": "DOB",
                    "sex_code": "Sex",
                    "ethnicity_code": "Ethnic group",
                    "plan_start_date": "CIN start",
                    "closure_date": "CIN end",
                },
                "codes": {
                    "sex_code": {"female": "F", "male": "M"},
                    "ethnicity_code": {"indian": "AIND", "white british": "WBRI"},
                },
            }
        ],
    }
    report = land(desk.project)
    assert [(o.status, o.n_read, o.unknown_columns) for o in report.outcomes] == [
        ("landed", 3, None)
    ]


def test_files_and_folders_are_private_and_the_original_stays(desk: Desk) -> None:
    path = desk.drop(csv(*ROWS))
    desk.run(path, *ANYTOWN)
    delivery = desk.extracts / "anytown" / "2024-03"
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (delivery.parent, delivery)}
    assert modes == {"anytown": 0o700, "2024-03": 0o700}
    files = {p.name: stat.S_IMODE(p.stat().st_mode) for p in delivery.iterdir()}
    assert files == {"cases.csv": 0o600, "extract.yml": 0o600}
    assert path.read_bytes() == (delivery / "cases.csv").read_bytes()
    assert [p.name for p in desk.extracts.iterdir() if p.name.startswith(".")] == []


def test_move_takes_the_original_away(desk: Desk) -> None:
    path = desk.drop(csv(*ROWS))
    assert desk.run(path, *ANYTOWN, "--move").status == 0
    assert not path.exists()
    assert (desk.extracts / "anytown" / "2024-03" / "cases.csv").is_file()


def test_the_same_again_changes_nothing_and_something_else_is_refused(desk: Desk) -> None:
    path = desk.drop(csv(*ROWS))
    desk.run(path, *ANYTOWN)
    before = desk.text()
    again = desk.run(path, *ANYTOWN)
    assert again.status == 0
    assert "Unchanged" in again.out
    other = desk.run(path, *ANYTOWN, "--ignore", "Case")
    assert other.status == 2
    assert "already_there" in other.err
    assert "--force" in other.err
    assert desk.text() == before
    assert desk.run(path, *ANYTOWN, "--ignore", "Case", "--force").status == 0
    assert desk.file()["ignored_columns"] == ["Case"]


def test_without_an_authority_it_looks_and_writes_nothing(desk: Desk) -> None:
    run = desk.run(desk.drop(csv(*ROWS)))
    assert run.status == 2
    assert "plan_start_date" in run.out
    assert "--la-code" in run.out
    assert "--as-of" in run.out
    assert [p.name for p in desk.extracts.iterdir()] == ["demonstration.key"]


def test_a_folder_that_is_in_extracts_already_gets_its_extract_yml_there(desk: Desk) -> None:
    folder = desk.extracts / "anytown" / "spring"
    folder.mkdir(parents=True)
    (folder / "cases.csv").write_text(csv(*ROWS))
    assert desk.run(folder, *ANYTOWN).status == 0
    assert sorted(p.name for p in folder.iterdir()) == ["cases.csv", "extract.yml"]
    assert stat.S_IMODE((folder / "cases.csv").stat().st_mode) == 0o600
    assert land(desk.project).refused == ()


def test_what_lies_in_the_delivery_and_isnt_declared_is_told(desk: Desk) -> None:
    folder = desk.extracts / "anytown" / "spring"
    folder.mkdir(parents=True)
    (folder / "cases.csv").write_text(csv(*ROWS))
    (folder / "letter.docx").write_text("letter")
    run = desk.run(folder, *ANYTOWN)
    assert run.status == 1
    assert "letter.docx" in run.out
    assert [o.reason_code for o in land(desk.project).refused] == ["not_declared"]


# What can't be decided


def test_dates_that_tell_nothing_are_left_undecided(desk: Desk) -> None:
    rows = ["1,C1,01/02/2012,F,WBRI,04/09/2023,", "2,C2,03/05/2015,M,WBRI,11/09/2023,"]
    path = desk.drop(csv(*rows))
    run = desk.run(path, *ANYTOWN)
    assert run.status == 1
    assert "day and month can't be told apart" in " ".join(run.out.split())
    assert "date_formats" not in desk.file()
    assert "# UNDECIDED date_formats" in desk.text()
    assert desk.run(path, *ANYTOWN, "--date-format", "mdy", "--force").status == 0
    assert desk.file()["date_formats"] == ["mdy"]


def test_dates_that_contradict_each_other_are_left_undecided(desk: Desk) -> None:
    rows = ["1,C1,31/01/2012,F,WBRI,04/30/2023,", "2,C2,30/05/2015,M,WBRI,11/29/2023,"]
    run = desk.run(desk.drop(csv(*rows)), *ANYTOWN)
    assert run.status == 1
    words = " ".join(run.out.split())
    assert "2 dates can only be dd/mm/yyyy ('DOB')" in words
    assert "2 dates only mm/dd/yyyy ('CIN start')" in words


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2024-03-31", "iso"),
        ("2024-03-31 00:00:00", "iso"),
        ("2024-02-31", "unread"),
        ("31/12/2023", "dmy"),
        ("12/31/2023", "mdy"),
        ("12/12/2023", "dmy_or_mdy"),
        ("13/13/2023", "unread"),
        ("31-Dec-23", "dmony"),
        ("Dec-23", "mony"),
        ("45382", "excel_serial"),
        ("31.12.2023", "unread"),
        ("20231231", "unread"),
        ("12345", None),
        ("A1/2", None),
        ("", None),
    ],
)
def test_the_form_of_a_date(text: str, form: str | None) -> None:
    assert date_form(text) == form


def test_one_typing_error_doesnt_unsettle_the_date_format(desk: Desk) -> None:
    rows = [f"{n},C{n},{13 + n % 10}/01/2012,F,WBRI,14/09/2023," for n in range(1, 120)]
    run = desk.run(desk.drop(csv(*rows, "999,C999,01/31/2012,F,WBRI,14/09/2023,")), *ANYTOWN)
    assert run.status == 0
    assert desk.file()["date_formats"] == ["dmy"]
    assert "1 date can only be mm/dd/yyyy" in run.out


def test_two_headers_for_one_column_are_left_undecided(desk: Desk) -> None:
    header = "Person ID,DOB,Date of birth,CIN start"
    run = desk.run(desk.drop(csv("1,2012-01-02,2012-01-02,2023-04-05", header=header)), *ANYTOWN)
    assert run.status == 1
    assert "birth_date: 'DOB' and 'Date of birth' may both be it" in run.out
    assert "birth_date" not in desk.file()["columns"]


def test_a_required_column_without_a_header_is_asked_for_and_the_door_waits(desk: Desk) -> None:
    path = desk.drop(csv("1,2012-01-02,F,2023-05-05", header="Person ID,DOB,Sex,CIN end"))
    run = desk.run(path, *ANYTOWN, "--holds", "cases")
    assert run.status == 1
    assert "plan_start_date is required" in run.out
    (refused,) = land(desk.project).refused
    assert refused.reason_code == "extract_yml_invalid"


def test_a_header_that_only_resembles_one_is_taken_with_yes_alone(desk: Desk) -> None:
    path = desk.drop(csv(*ROWS, header=HEADER.replace("CIN start", "CIN strat date")))
    run = desk.run(path, *ANYTOWN)
    assert run.status == 1
    assert "plan_start_date: likely 'CIN strat date'" in run.out
    assert "plan_start_date" not in desk.file()["columns"]
    assert desk.run(path, *ANYTOWN, "--yes", "--force").status == 0
    assert desk.file()["columns"]["plan_start_date"] == "CIN strat date"


def test_a_column_whose_values_arent_dates_isnt_taken_for_one(desk: Desk) -> None:
    header = "Person ID,Case,CIN start,CIN end"
    run = desk.run(desk.drop(csv("1,C1,2023-04-05,yes", header=header)), *ANYTOWN)
    assert run.status == 1
    assert "closure_date: 'CIN end' has the name for it, but it holds yes or no" in run.out


def test_the_user_decides(desk: Desk) -> None:
    header = "Identifier of person,Opening,CIN end,On programme?,Worker"
    path = desk.drop(csv("1,2023-04-05,,Yes,A", "2,2023-04-06,,No,B", header=header))
    flags = ["--map", "child_id=identifier of person", "--map", "plan_start_date=Opening"]
    flags += ["--constant", "programme_id=family_support", "--ignore", "Worker"]
    run = desk.run(path, *ANYTOWN, "--holds", "cases", "--header-row", "1", *flags)
    assert run.status == 0, run.text
    file = desk.file()
    assert file["columns"]["child_id"] == "Identifier of person"
    assert file["codes"] == {"arm": {"no": "comparator", "yes": "treated"}}
    assert file["constants"] == {"programme_id": "family_support"}
    assert file["ignored_columns"] == ["Worker"]


def test_a_treated_column_needs_the_name_of_the_programme(desk: Desk) -> None:
    header = "Person ID,CIN start,On programme?"
    run = desk.run(desk.drop(csv("1,2023-04-05,Yes", header=header)), *ANYTOWN)
    assert run.status == 1
    assert "--constant programme_id=NAME" in run.out


# Codes


def test_unmatched_codes_are_counted_and_the_query_that_shows_them_works(desk: Desk) -> None:
    rows = [*ROWS, "1004,C4,13/02/2012,Zorblax,WBRI,04/09/2023,"]
    run = desk.run(desk.drop(csv(*rows)), *ANYTOWN)
    assert run.status == 1
    assert "codes of sex_code: 1 of 4 values unmatched, in 1 record;" in run.out
    assert "orblax" not in (run.text + desk.text()).casefold()
    land(desk.project)
    (query,) = (line for line in desk.text().splitlines() if "import duckdb" in line)
    sql = query.split("'''")[1].replace("'landing/", f"'{desk.project}/landing/")
    assert duckdb.sql(sql).fetchall() == [("Zorblax", 1)]


def test_values_are_matched_by_label_spelling_and_prefix_and_never_guessed(desk: Desk) -> None:
    columns = {column.name: column for column in CASES}
    profile = ColumnProfile()
    profile.add(["a) WBRI", "wbri", "White British", "WBRI - White British", "b) Indian", "Wite"])
    assert profile.values is not None
    match = Codes(desk.project).match(columns["ethnicity_code"], profile.values)
    assert match.codes == {
        "indian": "AIND",
        "wbri - white british": "WBRI",
        "white british": "WBRI",
    }
    assert (match.n_values, match.n_unmatched_values, match.n_unmatched_records) == (6, 1, 1)


def test_no_spelling_stands_for_two_columns_of_one_kind() -> None:
    for format_name in ("case_list", "study_files", "records"):
        for holds, columns in FORMATS[format_name].items():
            seen: dict[str, str] = {}
            for column in columns:
                for spelling in spellings(holds, column.name):
                    other = seen.setdefault(spelling, column.name)
                    assert other == column.name, (holds, spelling, other, column.name)


# How files are written


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (csv(*ROWS).replace(",", ";").encode(), {"delimiter": ";"}),
        (csv(*ROWS).replace(",", "|").encode(), {"delimiter": "|"}),
        (csv(*ROWS).replace(",", "\t").encode(), {"delimiter": "tab"}),
        (("Zoë's list\n\n" + csv(*ROWS)).encode("cp1252"), {"encoding": "windows-1252",
                                                            "header_row": "3"}),
        (csv(*ROWS).encode("utf-16"), {"encoding": "utf-16"}),
        (csv(*ROWS).encode("utf-16-le"), {"encoding": "utf-16-le"}),
        (csv(*ROWS).encode("utf-8-sig"), {}),
        (("\n\n\n\n" + csv(*ROWS)).encode(), {"header_row": "5"}),
    ],
)  # fmt: skip
def test_encoding_delimiter_and_header_row_are_found(
    desk: Desk, content: bytes, expected: dict[str, str]
) -> None:
    run = desk.run(desk.drop(content), *ANYTOWN)
    assert run.status == 0, run.text
    keys = ("encoding", "delimiter", "header_row")
    assert {key: value for key, value in desk.file().items() if key in keys} == expected
    assert [o.n_read for o in land(desk.project).outcomes] == [3]


def test_a_workbook_gives_its_sheet_and_header_row(desk: Desk) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    sheet = book.create_sheet("Cases 2024")
    sheet.append(["List of cases"])
    sheet.append([])
    sheet.append(HEADER.split(","))
    for row in ROWS:
        sheet.append(row.split(","))
    book.save(desk.dropped / "cases.xlsx")
    run = desk.run(desk.dropped / "cases.xlsx", *ANYTOWN)
    assert run.status == 0, run.text
    file = desk.file()
    assert (file["sheet"], file["header_row"]) == ("Cases 2024", "3")


def test_odd_headers_survive_the_way_through_extract_yml(desk: Desk) -> None:
    odd = ["Yes: no", "# 1", "{a}", "'quoted'", "- dash", "null", "a, b"]
    header = ",".join(["Person ID", "CIN start", *(f'"{name}"' for name in odd)])
    path = desk.drop(csv("1,2023-04-05,,,,,,,", header=header))
    flags = [text for name in odd for text in ("--ignore", name)]
    assert desk.run(path, *ANYTOWN, *flags).status == 0
    assert desk.file()["ignored_columns"] == odd
    assert parse_delivery(desk.document()).files[0].ignored_columns == tuple(odd)


def test_several_dates_in_a_cell_give_the_separator(desk: Desk) -> None:
    header = "Person ID;CIN start;Re-referral dates"
    path = desk.drop(csv("1;2023-04-05;2023-05-06|2023-06-07", header=header))
    assert desk.run(path, *ANYTOWN).status == 0
    assert desk.file()["list_separator"] == "|"


# Refusals


def test_a_file_without_headers_is_refused_and_none_of_it_shown(desk: Desk) -> None:
    run = desk.run(desk.drop("\n".join(ROWS)), *ANYTOWN)
    assert run.status == 2
    assert "no_header_found" in run.err
    assert not any(cell and cell in run.text for row in ROWS for cell in row.split(","))
    assert list(desk.extracts.glob("*/*/*")) == []


def test_a_lost_line_break_after_the_header_shows_nothing(desk: Desk) -> None:
    run = desk.run(desk.drop(csv(*ROWS).replace("CIN end\n", "CIN end,")), *ANYTOWN)
    assert run.status == 2
    assert "header_holds_data" in run.err
    assert not any(text in run.text for text in ("1001", "Female", "WBRI", "C1"))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("Person ID,CIN start,CIN start\n1,2023-04-05,2023-04-05\n", "duplicate_header"),
        ("", "empty_file"),
        (b"Person ID,CIN start\n\x81\x8d,2023-04-05\n", "wrong_encoding"),
        ("Person ID,CIN start\n1\0,2023-04-05\n", "nul_character"),
        ("Person ID,CIN start\n" + "x" * 2_000_000, "cell_too_large"),
    ],
)
def test_what_the_door_would_refuse_is_refused(desk: Desk, content: str | bytes, code: str) -> None:
    run = desk.run(desk.drop(content), *ANYTOWN)
    assert run.status == 2
    assert f"[{code}]" in run.err
    assert list(desk.extracts.glob("*/*/*")) == []
    assert list(desk.extracts.glob(".adding*")) == []


def test_a_code_of_synthetic_deliveries_needs_the_flag(desk: Desk) -> None:
    path = desk.drop(csv(*ROWS))
    wrong = [flag for flag in SYNTHETIC if flag != "--synthetic"]
    run = desk.run(path, *wrong)
    assert run.status == 2
    assert "synthetic" in run.err
    assert desk.run(path, *SYNTHETIC).status == 0


@pytest.mark.parametrize("la_code", ["33", "anytown", "33A\nx"])
def test_a_wrong_code_is_refused_even_where_columns_are_missing(desk: Desk, la_code: str) -> None:
    path = desk.drop(csv("1,2012-01-02", header="Person ID,DOB"))
    flags = ("--la-code", la_code, "--la-name", "Anytown", "--as-of", "2024-03-31")
    run = desk.run(path, *flags, "--holds", "cases")
    assert run.status == 2
    assert "three capitals or digits" in run.err
    assert [p.name for p in desk.extracts.iterdir()] == ["demonstration.key"]


def test_opt_outs_among_the_files_are_not_left_behind(desk: Desk) -> None:
    desk.drop(csv(*ROWS))
    desk.drop("child_id\n1001\n", "opt_outs.csv")
    run = desk.run(desk.dropped, *ANYTOWN)
    assert run.status == 2
    assert "opt_outs.csv belongs in" in run.err


def test_files_of_two_formats_are_refused(desk: Desk) -> None:
    desk.drop(csv(*ROWS))
    desk.drop(csv("R1,programme,1,4", header="Respondent,Employer,Q,Answer"), "survey.csv")
    run = desk.run(desk.dropped, *ANYTOWN)
    assert run.status == 2
    assert "cases.csv is case_list (cases), survey.csv is study_files (staff_survey)" in run.err


def test_a_flag_that_names_nothing_is_refused(desk: Desk) -> None:
    path = desk.drop(csv(*ROWS))
    assert "[unknown_column]" in desk.run(path, *ANYTOWN, "--map", "birthdate=DOB").err
    assert "[header_not_found]" in desk.run(path, *ANYTOWN, "--ignore", "Dob2").err


def test_a_file_that_may_be_two_things_is_asked_about(desk: Desk) -> None:
    path = desk.drop(csv("1,2023-04-05,", header="Person ID,Start,End"), "list.csv")
    run = desk.run(path, *ANYTOWN)
    assert run.status == 2
    assert "--holds" in run.err
    flags = ("--format", "case_list", "--holds", "programme_enrolments")
    assert desk.run(path, *ANYTOWN, *flags, "--constant", "programme_id=x").status == 0


# No value, whatever happens


def test_a_cell_that_may_be_data_isnt_shown_though_it_resembles_a_header(desk: Desk) -> None:
    header = "Person ID,CIN start,Reason closde,2012-03-04"
    run = desk.run(desk.drop(csv("1,2023-04-05,,", header=header)))
    assert "CIN start" in run.out
    assert "closde" not in run.text
    assert "2012" not in run.text


CANARY = "Qzxv"


def test_no_value_is_shown_or_written(desk: Desk) -> None:
    header = [*HEADER.split(","), "Reason closed", "On programme?", "Ward", "Notes", "Re-referrals"]
    n_columns = len(header)
    contents = []
    for bad in range(n_columns):  # each column in turn holds what it shouldn't
        rows = []
        for n in range(20):
            cells = [*ROWS[n % 3].split(","), "RC7", "Yes", "North", "note", ""]
            cells = [f"{CANARY}{n}x{place}" if place == bad else cell
                     for place, cell in enumerate(cells)]  # fmt: skip
            rows.append(",".join(cells))
        contents.append(csv(*rows, header=",".join(header)))
    everywhere = csv(*(",".join([f"{CANARY} {n}"] * n_columns) for n in range(5)),
                     header=",".join(header))  # fmt: skip
    contents += [everywhere, everywhere.replace("\n", f",{CANARY}\n", 1)]
    contents += [everywhere.split("\n", 1)[1], f'{everywhere}"{CANARY}', f"{CANARY}\0"]
    for number, content in enumerate(contents):
        path = desk.drop(content, f"cases{number}.csv")
        for flags in ((), ("--yes",), ("--holds", "cases", "--header-row", "1")):
            run = desk.run(path, *ANYTOWN, "--force", *flags)
            written = "".join(p.read_text() for p in desk.extracts.glob("*/*/extract.yml"))
            is_header = number == n_columns + 1  # there the header itself holds it, as a header
            if not is_header:
                assert CANARY.casefold() not in (run.text + written).casefold(), (number, flags)


def test_no_exception_carries_a_value(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr("csc_outcomes.adding.kinds.profile_table", fail)
    run = desk.run(desk.drop(csv(*ROWS)), *ANYTOWN)
    assert run.status == 2
    assert "unexpected_error" in run.err
    assert CANARY not in run.text


# A later delivery


LATER = ("--la-code", "990", "--as-of", "2024-09-30")


def test_a_later_delivery_takes_over_names_and_mapping(desk: Desk) -> None:
    header = HEADER.replace("Case", "Fall")
    first = desk.run(desk.drop(csv(*ROWS, header=header)), *ANYTOWN, "--map", "case_id=Fall")
    assert first.status == 0
    run = desk.run(desk.drop(csv(*ROWS, header=header)), *LATER)
    assert run.status == 0, run.text
    assert "all 7 declared headers are there, none is new" in run.out
    later = desk.document("anytown/2024-09")
    assert later["la_name"] == "Anytown"
    assert later["files"] == desk.document()["files"]
    assert desk.run(desk.dropped / "cases.csv", *ANYTOWN, "--map", "case_id=Fall").status == 0


def test_a_later_delivery_shows_what_changed(desk: Desk) -> None:
    desk.run(desk.drop(csv(*ROWS)), *ANYTOWN)
    header = HEADER.replace("DOB", "Date of Birth").replace("CIN end", "CIN endd")
    header = header.replace("Case,", "Team,")
    run = desk.run(desk.drop(csv(*ROWS, header=header)), *LATER)
    assert run.status == 1
    table = {tuple(line.split()[:1]): line.split("  ") for line in run.out.splitlines()}
    lines = [" ".join(cells) for cells in table.values()]
    words = [" ".join(line.split()) for line in run.out.splitlines()]
    assert lines
    assert "birth_date DOB Date of Birth renamed" in words
    assert "closure_date CIN end CIN endd probably renamed" in words
    assert "case_id Case - missing" in words
    assert "- - Team new column" in words
    assert "closure_date" not in desk.file("anytown/2024-09")["columns"]


def test_check_compares_in_place_and_writes_nothing(desk: Desk) -> None:
    desk.run(desk.drop(csv(*ROWS)), *ANYTOWN)
    folder = desk.extracts / "anytown" / "2024-03"
    before = desk.text()
    assert desk.run("--check", folder).status == 0
    (folder / "cases.csv").write_text(csv(*ROWS, header=HEADER.replace("DOB", "Born")))
    run = desk.run("--check", folder)
    assert run.status == 1
    assert "birth_date  DOB" in run.out
    assert "[missing_columns]" in run.out
    assert desk.text() == before
    assert desk.run("--check", desk.dropped).status == 2
    (desk.dropped / "extract.yml").write_text(before)
    assert "[not_a_delivery]" in desk.run("--check", desk.dropped).err


def test_an_authority_keeps_one_folder(desk: Desk) -> None:
    desk.run(desk.drop(csv(*ROWS)), *ANYTOWN)
    other = desk.extracts / "elsewhere" / "2024-09"
    other.mkdir(parents=True)
    (other / "cases.csv").write_text(csv(*ROWS))
    run = desk.run(other, "--la-code", "990", "--la-name", "Anytown", "--as-of", "2024-09-30")
    assert run.status == 2
    assert "la_code_in_two_folders" in run.err


# Formats whose columns are known


RETURN = """<Message><Header>
<CollectionDetails><Collection>CIN</Collection><ReferenceDate>{day}</ReferenceDate>
</CollectionDetails><Source><LEA>990</LEA><SerialNo>{serial}</SerialNo></Source></Header>
<Children><Child><ChildIdentifiers><LAchildID>1001</LAchildID></ChildIdentifiers><CINdetails>
<CINreferralDate>2023-08-21</CINreferralDate></CINdetails></Child></Children></Message>"""


def test_each_return_is_a_delivery_that_names_itself(desk: Desk) -> None:
    for year, serial in ((2023, 1), (2024, 1), (2024, 2)):
        content = RETURN.format(day=f"{year}-03-31", serial=serial)
        desk.drop(content, f"cin_{year}_{serial}.xml")
    desk.drop("<Message><Header>", "broken.xml")
    run = desk.run(desk.dropped, "--la-name", "Anytown")
    assert run.status == 1, run.text
    deliveries = sorted(path.parent.name for path in desk.extracts.glob("*/*/extract.yml"))
    assert deliveries == ["2023-03-cin-census", "2024-03-cin-census", "2024-03-cin-census-2"]
    assert desk.document("anytown/2024-03-cin-census-2") == {
        "la_code": "990",
        "la_name": "Anytown",
        "format": "cin_census",
        "files": [{"name": "cin_2024_2.xml"}],
    }
    assert "broken.xml" in run.out
    assert land(desk.project).refused == ()


def test_a_return_of_another_authority_is_refused(desk: Desk) -> None:
    path = desk.drop(RETURN.format(day="2024-03-31", serial=1), "cin.xml")
    run = desk.run(path, "--la-name", "Anytown", "--la-code", "331")
    assert run.status == 2
    assert list(desk.extracts.glob("*/*/*")) == []


def test_a_set_of_known_tables_needs_their_names_alone(desk: Desk) -> None:
    episodes = (
        "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC\n1,15/01/2024,S,C2,N1,U1,PR1,,\n"
    )
    desk.drop(episodes, "episodes.csv")
    desk.drop("CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n1,1,17/05/2015,WBRI,UN3,,\n", "header.csv")
    desk.drop("letter", "letter.docx")
    run = desk.run(desk.dropped, *ANYTOWN)
    assert run.status == 0, run.text
    assert "format ssda903, because" in run.out
    assert "letter.docx" in run.out
    document = desk.document("anytown/2024-03-ssda903")
    assert document["files"] == [{"name": "episodes.csv"}, {"name": "header.csv"}]
    assert land(desk.project).refused == ()

    (desk.dropped / "header.csv").unlink()
    desk.drop(episodes.replace(",CIN,", ",NEED,"), "episodes.csv")
    later = desk.run(desk.dropped, *LATER)
    assert later.status == 1, later.text
    words = [" ".join(line.split()) for line in later.out.splitlines()]
    assert "care_episodes.primary_need_code CIN - missing" in words
    assert "children.birth_date DOB - missing" in words


def test_a_table_without_what_it_cant_do_without_is_refused(desk: Desk) -> None:
    header = "CHILD,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC\n"
    run = desk.run(desk.drop(f"{header}{CANARY},S,C2,N1,U1,PR1,,\n", "episodes.csv"), *ANYTOWN)
    assert run.status == 2
    assert "[missing_columns]" in run.err
    assert "DECOM" in run.err
    assert CANARY not in run.text
    assert list(desk.extracts.glob("*/*/*")) == []


DECOM_FILE = "CHILD,DECOM,RNE,LS,CIN,PLACE,DEC,REC\n1,15/01/2024,S,C2,N1,U1,,\n"
HEADER_FILE = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n1,1,17/05/2015,WBRI,UN3,,\n"
IN_CP1252 = HEADER_FILE.replace("UN3", "Ren\u00e9").encode("cp1252")
NO_ENCODING = b"CHILD,SEX,DOB,ETHNIC\n\x81\xe9,1,17/05/2015,WBRI\n"
RETURN_903 = "anytown/2024-03-ssda903"


@pytest.mark.parametrize("flags", [(), ("--format", "ssda903")])
def test_the_encoding_of_each_file_of_a_return_is_found(desk: Desk, flags: tuple[str, ...]) -> None:
    desk.drop(DECOM_FILE, "episodes.csv")
    desk.drop(IN_CP1252, "header.csv")
    run = desk.run(desk.dropped, *ANYTOWN, *flags)
    assert run.status == 0, run.text
    assert desk.document(RETURN_903)["files"] == [
        {"name": "episodes.csv"},
        {"name": "header.csv", "encoding": "windows-1252"},
    ]
    assert [outcome.status for outcome in land(desk.project).outcomes] == ["landed", "landed"]


def test_check_sees_a_file_that_cant_be_read(desk: Desk) -> None:
    desk.drop(DECOM_FILE, "episodes.csv")
    desk.drop(HEADER_FILE, "header.csv")
    assert desk.run(desk.dropped, *ANYTOWN).status == 0
    (desk.extracts / RETURN_903 / "header.csv").write_bytes(IN_CP1252)
    run = desk.run("--check", desk.extracts / RETURN_903)
    assert run.status == 1
    assert "[wrong_encoding] header.csv" in run.out


def test_a_given_encoding_counts_for_the_files_of_a_return(desk: Desk) -> None:
    desk.drop(DECOM_FILE, "episodes.csv")
    desk.drop(IN_CP1252, "header.csv")
    assert desk.run(desk.dropped, *ANYTOWN, "--encoding", "windows-1252").status == 0
    encodings = [file["encoding"] for file in desk.document(RETURN_903)["files"]]
    assert encodings == ["windows-1252", "windows-1252"]
    run = desk.run(desk.dropped, *ANYTOWN, "--encoding", "utf-8", "--force")
    assert run.status == 1
    assert "header.csv is not utf-8 throughout: leave --encoding out" in run.out


@pytest.mark.parametrize("flags", [(), ("--format", "ssda903")])
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("header.csv", NO_ENCODING, "header.csv is in none of the encodings that are read"),
        ("header.xlsx", b"no workbook", "header.xlsx can't be read"),
        ("header.csv", b"", "header.csv is empty"),
        ("notes.csv", b"a,b,c\n1,2,3\n", "notes.csv looks like no file of SSDA903 return"),
        ("notes.xml", b"<Message", "notes.xml is no CIN census return"),
    ],
)
def test_a_file_that_may_be_data_is_never_left_in_silence(
    desk: Desk, name: str, content: bytes, words: str, flags: tuple[str, ...]
) -> None:
    desk.drop(DECOM_FILE, "episodes.csv")
    desk.drop(content, name)
    run = desk.run(desk.dropped, *ANYTOWN, *flags)
    assert run.status == 1, run.text
    assert words in run.out
    assert "belongs to none of this" not in run.out
    assert desk.document(RETURN_903)["files"] == [{"name": "episodes.csv"}]
    assert "Next: see to the files that are not in it" in run.out


def test_a_table_that_isnt_recognised_is_told_what_to_declare(desk: Desk) -> None:
    desk.drop(HEADER_FILE, "header.csv")
    desk.drop("CHILD,COMMENCED,R,L,CX,DEC,RR\n1,15/01/2024,S,C2,N1,,\n", "spells.csv")
    run = desk.run(desk.dropped, *ANYTOWN)
    assert run.status == 1
    words = " ".join(run.out.split())
    assert "(nearest: Episodes, missing DECOM, RNE, REC)" in words
    assert (
        "{name: spells.csv, holds: care_episodes, columns: {child_id: CHILD, start_date:" in words
    )


def test_a_missing_header_of_a_return_is_mapped_by_the_flag_or_as_told(desk: Desk) -> None:
    desk.drop("pers_person_id,pers_dob\n1,2015-05-17\n", "ssd_person.csv")
    header = "cine_referral_id,cine_person_id,cine_referral_dt,cine_close_date"
    desk.drop(f"{header}\n7,1,2024-01-15,\n", "ssd_cin_episodes.csv")
    run = desk.run(desk.dropped, *ANYTOWN)
    assert run.status == 2
    assert "--map referral_date=cine_referral_dt" in run.err
    assert "mend columns" not in run.err
    assert "extracts/anytown/2024-03-ssd/" in run.err
    told = yaml.safe_load(run.err[run.err.index("  files:") :])
    assert told["files"] == [
        {"name": "ssd_cin_episodes.csv", "columns": {"referral_date": "cine_referral_dt"}},
        {"name": "ssd_person.csv"},
    ]
    done = desk.run(desk.dropped, *ANYTOWN, "--map", "referral_date=cine_referral_dt")
    assert done.status == 0, done.text
    assert desk.document("anytown/2024-03-ssd")["files"] == told["files"]
    assert land(desk.project).refused == ()


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (("--map", "start_date=Nowhere"), "[header_not_found]"),
        (("--map", "nothing=DECOM"), "[unknown_column]"),
        (("--format", "ssda903", "--holds", "care_episodes"), "[unknown_column]"),
    ],
)
def test_a_flag_never_makes_another_format_of_a_return(
    desk: Desk, flags: tuple[str, ...], code: str
) -> None:
    run = desk.run(desk.drop(DECOM_FILE, "episodes.csv"), *ANYTOWN, *flags)
    assert run.status == 2
    assert code in run.err
    assert list(desk.extracts.glob("*/*/*")) == []


@pytest.mark.parametrize("flags", [(), ("--format", "cin_census")])
@pytest.mark.parametrize("place", ["LAchildID>1001", "Collection>CIN"])
def test_a_return_in_another_encoding_is_named(
    desk: Desk, place: str, flags: tuple[str, ...]
) -> None:
    content = RETURN.format(day="2024-03-31", serial=1).replace(place, f"{place}\u00e9")
    run = desk.run(desk.drop(content.encode("latin-1"), "cin.xml"), *ANYTOWN, *flags)
    assert run.status == 2
    assert "cin.xml" in run.err
    assert "unknown_file_type" not in run.err
    assert "cin.xml is not utf-8 throughout, as it declares: mend it or ask" in run.err


def test_every_format_stands_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["add-extract", "--help"])
    text = "".join(capsys.readouterr().out.split())
    assert "--format{" + ",".join(("cin_census", "ssd", "ssda903", "annex_a")) in text
    assert all(name in text for name in FORMATS)


def test_an_authority_keeps_one_name(desk: Desk) -> None:
    desk.run(desk.drop(csv(*ROWS)), *ANYTOWN)
    later = ("--la-code", "990", "--as-of", "2024-09-30")
    run = desk.run(desk.dropped, *later, "--la-name", "Elsewhere")
    assert run.status == 2
    assert "[la_name_differs]: 990 is 'Anytown' in its other deliveries" in run.err
    assert desk.run(desk.dropped, *later, "--la-name", "anytown").status == 0


# The guide


def test_the_guide_goes_as_it_says(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "add_an_extract.md").read_text(encoding="utf-8")
    assert len(files_of(page, desk.project)) == 12
    monkeypatch.chdir(desk.project)
    shown = [block for block in consoles(page) if block[0][0].startswith("csc add-extract")]
    assert len(shown) == 8
    for block in shown:
        for command, output in block:
            if command.startswith("csc"):
                assert run_console(command) == output, command
    assert land(desk.project).refused == ()


# The committed extracts


@pytest.mark.parametrize(
    ("delivery", "n_sure", "n_right"),
    [("synthetic_coventry/2019-11", 20, 23), ("synthetic_cheshire_east/2018-12", 15, 16)],
)
def test_the_mapping_of_the_committed_case_lists_comes_back(
    desk: Desk, delivery: str, n_sure: int, n_right: int
) -> None:
    source = ROOT / "extracts" / delivery
    written = yaml.load((source / "extract.yml").read_text(), Loader=yaml.BaseLoader)
    committed = written["files"][0]
    path = desk.drop((source / "cases.csv").read_bytes())
    flags = ["--synthetic", "--as-of", written["as_of_date"], "--la-name", "Made up"]
    flags += ["--la-code", written["la_code"]]
    place = f"made_up/{written['as_of_date'][:7]}"
    assert desk.run(path, *flags).status == 1
    sure = desk.file(place)["columns"].items()
    assert len(sure & committed["columns"].items()) == len(sure) == n_sure
    assert desk.run(path, *flags, "--yes", "--force").status == 0
    found = desk.file(place)
    assert found["columns"] == committed["columns"]
    assert len(found["columns"]) == n_right
    assert found.get("constants", {}) == committed.get("constants", {})
    assert found.get("codes", {}).get("arm") == committed.get("codes", {}).get("arm")


def test_the_committed_study_files_are_told_apart(desk: Desk) -> None:
    for source in sorted((ROOT / "extracts").glob("*/*-study-files")):
        written = yaml.load((source / "extract.yml").read_text(), Loader=yaml.BaseLoader)
        for path in source.glob("*.csv"):
            shutil.copy(path, desk.dropped)
        flags = ["--la-code", written["la_code"], "--la-name", source.parent.name, "--synthetic"]
        constants = ["--constant", f"programme_id={source.parent.name}"]
        run = desk.run(desk.dropped, *flags, "--as-of", written["as_of_date"], *constants)
        assert run.status == 0, run.text
        document = desk.document(f"{source.parent.name}/{source.name}")
        found = {file["name"]: (file["holds"], file["columns"]) for file in document["files"]}
        assert found == {f["name"]: (f["holds"], f["columns"]) for f in written["files"]}
        shutil.rmtree(desk.dropped)
        desk.dropped.mkdir()
