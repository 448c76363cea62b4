"""Return formats without columns in extract.yml: the preset finds tables and columns itself."""

from __future__ import annotations

import sqlite3
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from csc_outcomes.landing import FileOutcome
from csc_outcomes.landing.columns import RECORDS
from csc_outcomes.landing.contract import PRESET_FORMATS
from csc_outcomes.landing.preset_tables import is_pattern, load_preset
from csc_outcomes.landing.presets import recognise
from landing_project import Project
from preset_files import (
    ANNEX_A,
    HEADER_903,
    SSD,
    Table,
    csv_text,
    rows_of,
    write_parquet,
    write_workbook,
)
from reference_data import reference_file

CANARY = "Quinella Vardis"  # a value that no message may show


class Sender:
    """Lands deliveries of one format in a small project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.folder = project.extracts / "alpha" / "2022-12"
        self.folder.mkdir(parents=True)

    def declare(self, format_name: str, **keys: Any) -> Sender:
        document = {
            "la_code": "S01",
            "la_name": "Synthetic Alpha",
            "synthetic": True,
            "format": format_name,
            "as_of_date": "2022-12-31",
            **keys,
        }
        (self.folder / "extract.yml").write_text(yaml.safe_dump(document))
        return self

    def put(self, name: str, content: str | bytes | Table) -> Sender:
        text = csv_text(content) if isinstance(content, dict) else content
        (self.folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
        return self

    def land(self) -> dict[tuple[str, str | None], FileOutcome]:
        return {(found.file_name, found.holds): found for found in self.project.land().outcomes}

    def one(self) -> FileOutcome:
        return self.project.land_one()

    def records(self, holds: str) -> list[dict[str, Any]]:
        return self.project.rows(f"records__{holds}")


@pytest.fixture
def sender(tmp_path: Path) -> Sender:
    return Sender(Project(tmp_path / "project"))


def without(table: Table, *names: str) -> Table:
    return {name: cells for name, cells in table.items() if name not in names}


def renamed(table: Table, old: str, new: str) -> Table:
    return {new if name == old else name: cells for name, cells in table.items()}


# Presets as such


@pytest.mark.parametrize("format_name", PRESET_FORMATS)
def test_presets_name_columns_that_are_there(format_name: str) -> None:
    preset = load_preset(format_name)
    kinds = [(table, kind) for table in preset.tables for kind in table.kinds]
    assert kinds
    for table, kind in kinds:
        known = {column.name: column for column in RECORDS[kind.holds]}
        given = {*kind.columns, *kind.constants}
        assert given <= set(known), (table.name, kind.holds)
        assert {*kind.required, *kind.codes} <= given, (table.name, kind.holds)
        needed = {name for name, column in known.items() if column.is_required}
        assert needed <= given, (table.name, kind.holds)
        for name in (*kind.columns, *kind.required):
            if name in kind.columns:
                assert not is_pattern(kind.columns[name][0]), "messages name the first spelling"


def test_every_ssd_table_of_the_model_is_known() -> None:
    path = reference_file("ssd", "ssd_columns.csv")
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    tables = {line.split(",")[0] for line in lines if line.startswith("ssd_")}
    known = {table.name: table for table in load_preset("ssd").tables}
    assert tables <= set(known)
    for line in lines:
        if line.startswith("ssd_") and known[line.split(",")[0]].kinds:
            assert known[line.split(",")[0]].known([line.split(",")[2]]), line[:80]


# The Standard Safeguarding Dataset


def ssd_csv(sender: Sender) -> None:
    for name, table in SSD.items():
        sender.put(f"{name}.csv", table)


def ssd_parquet(sender: Sender) -> None:
    for name, table in SSD.items():
        write_parquet(sender.folder / f"{name.upper()}.PARQUET", table)


def ssd_mixed_names(sender: Sender) -> None:
    names = (
        lambda name: name.removeprefix("ssd_"),
        lambda name: f"dbo.{name}",
        lambda name: f"{name}_20221231",
        lambda name: name.title(),
    )
    for number, (name, table) in enumerate(SSD.items()):
        sender.put(f"{names[number % 4](name)}.csv", csv_text(table, ";|\t,"[number % 4]))


def ssd_duckdb(sender: Sender) -> None:
    with duckdb.connect(str(sender.folder / "warehouse.duckdb")) as connection:
        for name, table in SSD.items():
            rows = pa.table(table)
            connection.execute(f"create table {name} as select * from rows")
            assert rows is not None


def ssd_sqlite(sender: Sender) -> None:
    connection = sqlite3.connect(sender.folder / "warehouse.db")
    for name, table in SSD.items():
        connection.execute(f"create table {name} ({', '.join(table)})")
        marks = ", ".join("?" * len(table))
        connection.executemany(f"insert into {name} values ({marks})", rows_of(table))
    connection.commit()
    connection.close()


@pytest.mark.parametrize("write", [ssd_csv, ssd_parquet, ssd_mixed_names, ssd_duckdb, ssd_sqlite])
def test_ssd_lands_the_same_from_any_kind_of_file(
    sender: Sender, write: Callable[[Sender], None]
) -> None:
    write(sender.declare("ssd"))
    outcomes = sender.land()
    assert {found.status for found in outcomes.values()} == {"landed"}
    assert sum(found.n_read for found in outcomes.values()) == sum(
        len(rows_of(table)) for table in SSD.values()
    )
    assert [found for found in outcomes.values() if found.unknown_columns] == []
    children = sender.records("children")
    assert [child["sex_code"] for child in children] == ["F", "M", None]
    assert [child["ethnicity_code"] for child in children] == ["WBRI", "MWBC", None]
    assert [child["nationality"] for child in children] == ["British", None, None]
    assert {child["date_formats"] for child in children} == {"iso|dmy"}
    plans = sender.records("cp_plans")
    assert [plan["initial_category_code"] for plan in plans] == ["NEG", "PHY", "MUL", "EMO"]
    assert [plan["latest_category_code"] for plan in plans] == ["EMO", "SAB", None, "SAB"]
    assert [plan["is_other_authority"] for plan in plans] == ["0", "1", "0", None]
    factors = sender.records("assessment_factors")
    assert [row["factor_codes"] for row in factors] == ["1A;2B", "3C"]
    codes = [row["disability_code"] for row in sender.records("disabilities")]
    assert codes == ["MOB", "AUT", "NONE"]
    (conference,) = sender.records("conferences")
    (enquiry,) = sender.records("section_47s")
    assert conference["section_47_id"] == enquiry["section_47_id"] is not None
    assert conference["is_transfer_in"] == "0"
    (care,) = sender.records("care_episodes")
    assert care["care_period_id"]
    assert (care["start_reason_code"], care["end_date"]) == ("S", None)
    (contact,) = sender.records("events")
    assert (contact["event_type"], contact["detail_code"]) == ("contact", "6")
    assert CANARY not in str(outcomes)


def test_ssd_placeholders_are_nothing(sender: Sender) -> None:
    table = {name: ["PLACEHOLDER_DATA"] for name in SSD["ssd_cla_episodes"]}
    sender.declare("ssd").put("ssd_cla_episodes.csv", table | {"clae_person_id": ["-1"]})
    sender.land()
    (care,) = sender.records("care_episodes")
    columns = [column.name for column in RECORDS["care_episodes"]]
    assert [care[name] for name in columns] == [None] * len(columns)
    assert care["id_flags"] == "id_missing"


def test_an_optional_column_may_be_missing_and_a_new_one_is_named(sender: Sender) -> None:
    table = without(SSD["ssd_cin_episodes"], "cine_cin_primary_need_code", "cine_referral_nfa")
    sender.declare("ssd").put("ssd_cin_episodes.csv", table | {"cine_added": ["", ""]})
    found = sender.one()
    assert (found.status, found.unknown_columns) == ("landed", "cine_added")
    assert sender.records("episodes")[0]["primary_need_code"] is None


def test_a_renamed_required_column_refuses_that_file_alone(sender: Sender) -> None:
    table = renamed(SSD["ssd_cin_episodes"], "cine_close_date", "cine_closure_date")
    sender.declare("ssd").put("ssd_cin_episodes.csv", table)
    sender.put("ssd_cin_plans.csv", SSD["ssd_cin_plans"])
    outcomes = sender.land()
    assert outcomes["ssd_cin_plans.csv", "cin_plans"].status == "landed"
    found = outcomes["ssd_cin_episodes.csv", "episodes"]
    assert (found.status, found.reason_code) == ("refused", "missing_columns")
    assert "'cine_close_date' (found 'cine_closure_date')" in (found.reason or "")


def test_extract_yml_goes_before_the_preset(sender: Sender) -> None:
    table = renamed(SSD["ssd_cin_episodes"], "cine_close_date", "cine_closure_date")
    files = [
        {
            "name": "ssd_cin_episodes.csv",
            "columns": {"close_date": "cine_closure_date"},
            "codes": {"close_reason_code": {"RC8": "RC7"}},
            "date_formats": ["iso"],
        },
        {"name": "people.csv", "holds": "families", "columns": {"child_id": "a", "family_id": "b"}},
    ]
    sender.declare("ssd", files=files).put("ssd_cin_episodes.csv", table)
    sender.put("people.csv", "a,b\n101,F1\n").put("ssd_person.csv", SSD["ssd_person"])
    outcomes = sender.land()
    assert outcomes["ssd_person.csv", None].reason_code == "not_declared"
    assert outcomes["people.csv", "families"].status == "landed"
    episodes = sender.records("episodes")
    assert [episode["close_date"] for episode in episodes] == [None, "2022-06-01"]
    assert [episode["close_reason_code"] for episode in episodes] == [None, "RC7"]
    assert {episode["date_formats"] for episode in episodes} == {"iso"}


def test_tables_that_are_not_needed_block_nothing(sender: Sender) -> None:
    sender.declare("ssd").put("ssd_person.csv", SSD["ssd_person"])
    sender.put("ssd_address.csv", "addr_table_id,addr_person_id\n1,101\n")
    found = sender.land()["ssd_address.csv", None]
    assert (found.status, found.reason_code, found.n_read) == ("not_needed", "not_needed", 0)
    assert "ssd_address" in (found.reason or "")
    report = sender.project.land()
    assert not report.refused
    assert "1 landed and 0 refused, 1 not needed" in report.summary()


def test_what_is_no_table_of_the_format_is_refused(sender: Sender) -> None:
    sender.declare("ssd").put("notes.csv", f"{CANARY},what\nx,y\n")
    sender.put("ssd_person.csv", SSD["ssd_person"]).put("letter.pdf", b"%PDF")
    outcomes = sender.land()
    assert outcomes["notes.csv", None].reason_code == "not_recognised"
    assert outcomes["letter.pdf", None].reason_code == "not_declared"
    assert outcomes["ssd_person.csv", "children"].status == "landed"
    assert CANARY not in str(outcomes)


def test_an_empty_delivery_is_refused(sender: Sender) -> None:
    found = sender.declare("ssd").one()
    assert (found.status, found.reason_code) == ("refused", "file_not_found")


def test_a_header_that_holds_data_is_not_shown(sender: Sender) -> None:
    rows = f"101,{CANARY},F,WBRI,2010-05-06\n102,Zed,M,WBRI,2011-05-06\n"
    sender.declare("ssd").put("ssd_person.csv", rows)
    found = sender.one()
    assert (found.status, found.holds) == ("refused", "children")
    assert found.reason_code == "missing_columns"
    assert CANARY not in str(found)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_read(sender: Sender, encoding: str) -> None:
    table = SSD["ssd_person"] | {"pers_nationality": ["Française", "-1", ""]}
    keys = {"files": [{"name": "ssd_person.csv", "encoding": "cp1252"}]}
    sender.declare("ssd", **(keys if encoding == "cp1252" else {}))
    sender.put("ssd_person.csv", csv_text(table).encode(encoding))
    assert sender.one().status == "landed"
    assert sender.records("children")[0]["nationality"] == "Française"


# SSDA903


@pytest.mark.parametrize(
    ("name", "holds", "event_type"),
    [
        ("DoLo.csv", "events", "deprivation_of_liberty"),
        ("SSDA903_2020_episodes.csv", "care_episodes", None),
        ("ad1.csv", "events", "adoption"),
        ("missing.csv", "events", None),
        ("oc3.csv", "events", "care_leaver"),
        ("placed_for_adoption.csv", "events", "placed_for_adoption"),
        ("sw_episodes.csv", "events", "social_worker"),
    ],
)
@pytest.mark.parametrize("is_named", [True, False])
def test_public_903_samples_land(
    sender: Sender, name: str, holds: str, event_type: str | None, is_named: bool
) -> None:
    content = reference_file("ssda903", name).read_bytes()
    sender.declare("ssda903").put(name if is_named else "table7.csv", content)
    found = sender.one()
    assert (found.status, found.holds, found.unknown_columns) == ("landed", holds, None)
    n_records = len([line for line in content.splitlines()[1:] if line.strip()])
    assert found.n_read == n_records == len(sender.records(holds))
    assert found.n_refused_rows == 0
    if event_type:
        assert {event["event_type"] for event in sender.records(holds)} == {event_type}


def test_903_header_gives_children_and_missing_gives_two_events(sender: Sender) -> None:
    missing = "CHILD,DOB,MISSING,MIS_START,MIS_END\n201,06/05/2010,M,01/02/2022,\n"
    sender.declare("ssda903").put("header.csv", HEADER_903)
    sender.put("missing.csv", f"{missing}202,07/06/2011,A,03/02/2022,04/02/2022\n")
    sender.land()
    children = sender.records("children")
    assert [child["sex_code"] for child in children] == ["M", "F"]
    assert {child["date_formats"] for child in children} == {"dmy|iso"}
    events = [event["event_type"] for event in sender.records("events")]
    assert events == ["missing", "away_from_placement"]


# Annex A


@pytest.mark.parametrize(
    "names",
    [
        ["List 1", "List 3", "List 6", "List 7", "List 11"],
        ["List_1", "list_3", "LIST 6", "List 07", "List11"],
        ["1. Contacts", "3. Referrals", "6. CIN", "7 - CPP", "11 Adopters"],
        ["a", "b", "c", "d", "e"],  # told by their headers
    ],
)
@pytest.mark.parametrize("n_rows_above", [0, 4])
def test_annex_a_lands_however_its_sheets_are_named(
    sender: Sender, names: list[str], n_rows_above: int
) -> None:
    sheets = dict(zip(names, ANNEX_A.values(), strict=True))
    sender.declare("annex_a")
    write_workbook(sender.folder / "annex_a.xlsx", sheets, n_rows_above)
    outcomes = sender.land()
    landed = [found for found in outcomes.values() if found.status == "landed"]
    assert len(landed) == 8
    assert {found.n_read for found in landed} == {2}
    assert [found for found in landed if found.unknown_columns] == []
    (left_out,) = [found for found in outcomes.values() if found.status != "landed"]
    assert (left_out.status, names[4] in (left_out.reason or "")) == ("not_needed", True)
    assert [row["is_nfa"] for row in sender.records("episodes")] == ["0", "1"]
    assert [row["primary_need_code"] for row in sender.records("cin_spells")] == ["N1", "N4"]
    assert [row["initial_category_code"] for row in sender.records("cp_plans")] == ["NEG", "MUL"]
    assert [row["n_previous_cp_plans"] for row in sender.records("cp_plans")] == ["0", "1"]
    assert len(sender.records("cin_plans")) == 2
    children = sender.records("children")
    assert len(children) == 6  # lists 3, 6 and 7
    assert {child["sex_code"] for child in children} == {"M", "F"}
    assert {child["has_disability"] for child in children} == {"1", "0", None}


def test_annex_a_headers_are_spelt_many_ways(sender: Sender) -> None:
    referrals = dict(ANNEX_A["List 3"])
    for old, new in {
        "Child Unique ID": "Child ID",
        "Date of referral": " date of  Referral (dd/mm/yyyy)",
        "Referral NFA?": "Referral No Further Action",
        "Age of Child (Years)": "Age",
        "Date of Birth": "DOB",
    }.items():
        referrals = renamed(referrals, old, new)
    sender.declare("annex_a")
    sender.put("List 3.csv", referrals)
    outcomes = sender.land()
    assert {found.status for found in outcomes.values()} == {"landed"}
    assert {found.unknown_columns for found in outcomes.values()} == {None}
    assert [row["referral_date"] for row in sender.records("episodes")] == [
        "03/02/2022",
        "04/02/2022",
    ]


def test_two_headers_for_one_column_are_refused(sender: Sender) -> None:
    table = {"Child ID": ["1"], "Identifier": ["2"], "Date of Contact": ["01/02/2022"]}
    found = sender.declare("annex_a").put("List 1.csv", table).one()
    assert found.reason_code == "duplicate_header"
    assert "'Child ID' and 'Identifier'" in (found.reason or "")


def test_a_formula_gives_the_value_that_was_saved_with_it(sender: Sender) -> None:
    contacts = {"Child Unique ID": ["1", "2"], "Date of Contact": ["=A1", "=A2"]}
    path = sender.declare("annex_a").folder / "contacts.xlsx"
    write_workbook(path, {"List 1": contacts})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    assert sheet.count(b"<v></v>") + sheet.count(b"<v />") + sheet.count(b"<v/>") == 2
    for blank in (b"<v></v>", b"<v />", b"<v/>"):
        sheet = sheet.replace(blank, b"<v>44593</v>", 1)
    parts["xl/worksheets/sheet1.xml"] = sheet
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    sender.land()
    dates = [row["start_date"] for row in sender.records("events")]
    assert dates == ["44593", None]  # read with excel_serial; one that was never computed is blank


# Recognition


def test_recognition_says_why(sender: Sender, tmp_path: Path) -> None:
    ssd_csv(sender)
    found = recognise([sender.folder])
    assert found is not None
    assert found.format == "ssd"
    assert len(found.files) == len(SSD)
    assert "Standard Safeguarding Dataset" in found.because
    book = tmp_path / "book.xlsx"
    write_workbook(book, ANNEX_A, 2)
    assert getattr(recognise([book]), "format", None) == "annex_a"
    header = tmp_path / "x.csv"
    header.write_text(csv_text(HEADER_903))
    assert getattr(recognise([header]), "format", None) == "ssda903"
    other = tmp_path / "other.csv"
    other.write_text("one,two,three\n1,2,3\n")
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04nothing")
    assert recognise([other, broken]) is None


# Hostile and broken files


def parquet_bytes(table: pa.Table, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return sink.getvalue().to_pybytes()


def bomb() -> bytes:
    cells = pa.array([None], pa.string()).take(pa.array([0] * 3_000_000))
    return parquet_bytes(pa.table({"disa_person_id": cells, "disa_disability_code": cells}))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PAR1 not really PAR1", "parquet_unreadable"),
        (b"", "empty_file"),
        (
            parquet_bytes(pa.table({"disa_person_id": ["1"], "disa_disability_code": [["MOB"]]})),
            "unsupported_column_type",
        ),
        (
            parquet_bytes(pa.table({"disa_person_id": [b"\xff"], "disa_disability_code": ["M"]})),
            "unsupported_column_type",
        ),
        (
            parquet_bytes(pa.table({"disa_person_id": ["1\0"], "disa_disability_code": ["M"]})),
            "nul_character",
        ),
        (bomb(), "parquet_too_large"),
    ],
)
def test_hostile_parquet_is_refused(sender: Sender, content: bytes, code: str) -> None:
    sender.declare("ssd").put("ssd_disability.parquet", content)
    start = time.monotonic()
    found = sender.one()
    assert (found.status, found.reason_code) == ("refused", code)
    assert time.monotonic() - start < 2


def test_a_huge_row_group_is_refused_unread(sender: Sender, monkeypatch: Any) -> None:
    monkeypatch.setattr("csc_outcomes.landing.parquet_rows.MAX_ROW_GROUP_BYTES", 50)
    write_parquet(sender.declare("ssd").folder / "ssd_person.parquet", SSD["ssd_person"])
    assert sender.one().reason_code == "parquet_too_large"


def test_typed_parquet_lands_as_text(sender: Sender) -> None:
    table = pa.table(
        {
            "clae_person_id": pa.array([101, 102]),
            "clae_cla_episode_start_date": pa.array([1_650_000_000_000] * 2, pa.timestamp("ms")),
            "clae_cla_episode_start_reason": pa.array(["S", "S"]).dictionary_encode(),
            "clae_cla_episode_ceased_date": pa.array([19_100, None], pa.date32()),
            "clae_cla_episode_ceased_reason": pa.array([None, None], pa.string()),
            "clae_cla_id": pa.array([1.0, 2.0]),
        }
    )
    path = sender.declare("ssd").folder / "ssd_cla_episodes.parquet"
    pq.write_table(table, path)
    assert sender.one().status == "landed"
    rows = sender.records("care_episodes")
    assert [row["end_date"] for row in rows] == ["2022-04-18", None]
    assert rows[0]["start_date"] == "2022-04-15 05:20:00"
    assert all(row["care_period_id"] for row in rows)


@pytest.mark.parametrize("name", ["x.duckdb", "x.db", "x.sqlite"])
@pytest.mark.parametrize("content", [b"nothing at all", b"SQLite format 3\0 broken" * 50])
def test_broken_databases_are_refused(sender: Sender, name: str, content: bytes) -> None:
    found = sender.declare("ssd").put(name, content).one()
    assert (found.status, found.reason_code) == ("refused", "database_unreadable")


def test_a_database_is_only_read(sender: Sender) -> None:
    """Views are not read, for they can reach other files; nothing is written beside the file."""
    secret = sender.project.folder / "secret.csv"
    secret.write_text("pers_person_id,pers_dob\n7,2010-01-01\n")
    path = sender.declare("ssd").folder / "w.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create view ssd_person as select * from read_csv('{secret}')")
        connection.execute("create table ssd_family (fami_person_id text, fami_family_id text)")
        connection.execute("""create table "a""; drop table ssd_family; --" (x int)""")
    before = path.read_bytes()
    outcomes = sender.land()
    assert {found.status for found in outcomes.values()} == {"landed", "not_needed"}
    assert sender.records("children") == []
    assert path.read_bytes() == before
    assert sorted(file.name for file in sender.folder.iterdir()) == ["extract.yml", "w.duckdb"]


def test_an_open_database_is_refused(sender: Sender) -> None:
    ssd_sqlite(sender.declare("ssd"))
    (sender.folder / "warehouse.db-wal").write_bytes(b"changes")
    found = sender.land()["warehouse.db", None]
    assert found.reason_code == "database_open"


def test_a_link_out_of_the_folder_is_refused(sender: Sender) -> None:
    outside = sender.project.folder / "ssd_person.csv"
    outside.write_text(csv_text(SSD["ssd_person"]))
    (sender.declare("ssd").folder / "ssd_person.csv").symlink_to(outside)
    found = sender.one()
    assert (found.status, found.reason_code) == ("refused", "unsafe_file_name")


def test_a_broken_workbook_blocks_nothing(sender: Sender) -> None:
    sender.declare("annex_a").put("broken.xlsx", b"PK\x03\x04nothing")
    write_workbook(sender.folder / "good.xlsx", {"List 1": ANNEX_A["List 1"]})
    outcomes = sender.land()
    assert outcomes["broken.xlsx", None].reason_code == "workbook_unreadable"
    assert outcomes["good.xlsx/List 1", "events"].status == "landed"


def test_a_second_landing_reads_nothing_again(sender: Sender) -> None:
    ssd_csv(sender.declare("ssd"))
    first = sender.land()
    report = sender.project.land()
    assert report.n_unchanged == len(first) == len(report.outcomes)
