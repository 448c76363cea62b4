"""Landing as a whole: what lands, what is left alone, and that nothing blocks anything else."""

import os
import stat
from pathlib import Path
from typing import Any

import duckdb
import pytest

from csc_outcomes.landing import KeyMissing, LandingError, door, identifiers, land
from csc_outcomes.landing.columns import FORMATS
from csc_outcomes.landing.readers import open_parts
from csc_outcomes.landing.store import data_folder
from landing_project import COLUMNS, DEMONSTRATION_KEY, HEADER, Project

NAME = "Zachary Quine"
CONTENT = f"{HEADER}\n007,k1,2019-01-02\nC2,,2019-01-03\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("CSC_PSEUDONYM_KEY", raising=False)
    monkeypatch.delenv("CSC_PSEUDONYM_KEY_FILE", raising=False)
    return Project(tmp_path / "project")


def pseudonym(kind: str, identifier: str, la_code: str = "S01") -> str:
    return identifiers.pseudonym(bytes.fromhex(DEMONSTRATION_KEY), la_code, kind, identifier)


def real(**keys: Any) -> dict[str, Any]:
    return {"la_code": "331", "synthetic": False, **keys}


def test_a_case_list_lands_with_all_columns_and_pseudonyms(project: Project) -> None:
    path = project.deliver(
        f"{HEADER},sex,eth,flag,joined,extra\n"
        "007,k1,2019-01-02, f ,a) wbri,1,03/04/2018,x\n"
        "C2,,,3,,, ,x\n",
        columns={
            **COLUMNS,
            "sex_code": "sex",
            "ethnicity_code": "eth",
            "arm": "flag",
            "programme_start_date": "joined",
        },
        codes={"sex_code": {"F": "F"}, "arm": {"1": "treated"}},
        constants={"programme_id": "fact22"},
        date_formats=["iso", "dmy"],
    )
    outcome = project.land_one()
    assert (outcome.status, outcome.n_read, outcome.unknown_columns) == ("landed", 2, "extra")
    first, second = project.rows()
    assert first["child_id"] == pseudonym("child", "7")
    assert first["case_id"] == pseudonym("case", "K1")
    assert (first["sex_code"], first["sex_code_source"]) == ("F", " f ")
    assert (first["ethnicity_code"], first["ethnicity_code_source"]) == ("WBRI", "a) wbri")
    assert (first["arm"], first["arm_source"], first["programme_id"]) == ("treated", "1", "fact22")
    assert (first["plan_start_date"], first["programme_start_date"]) == ("2019-01-02", "03/04/2018")
    assert (first["date_formats"], first["list_separator"]) == ("iso|dmy", ";")
    assert (first["la_code"], first["delivery"], first["file_name"]) == (
        "S01",
        "2019-11",
        path.name,
    )
    assert first["extract_as_of_date"].isoformat() == "2019-11-22"
    assert (second["case_id"], second["plan_start_date"], second["arm"]) == (None, None, None)
    assert (second["sex_code"], second["ward"], second["id_flags"]) == ("3", None, None)
    assert first["record_hash"] != second["record_hash"]


def test_every_kind_has_a_zero_row_file_with_its_schema(project: Project) -> None:
    project.land()
    for format_name, kinds in FORMATS.items():
        for holds, columns in kinds.items():
            glob = f"{project.landing}/{data_folder(format_name, holds)}/*.parquet"
            relation = duckdb.sql(f"select * from read_parquet('{glob}')")
            assert set(relation.columns) >= {column.name for column in columns}
    for name in ("load_log", "refused_rows"):
        duckdb.sql(f"select * from read_parquet('{project.landing}/{name}/*.parquet')")


def test_bad_ids_are_flagged_and_still_hidden(project: Project) -> None:
    project.deliver(
        f"{HEADER}\n{NAME},K1,2019-01-02\n1.23E+05,K2,2019-01-02\n,K3,2019-01-02\n"
        f"C4,{NAME},2019-01-02\n"
    )
    assert project.land_one().n_read == 4
    assert [row["id_flags"] for row in project.rows()] == [
        "id_not_an_identifier",
        "id_digits_lost",
        "id_missing",
        "id_not_an_identifier",
    ]
    assert project.rows()[0]["child_id"] == pseudonym("child", NAME)
    assert project.rows()[2]["child_id"] is None
    assert NAME.encode() not in b"".join(path.read_bytes() for path in project.files())


def test_opted_out_children_are_counted_and_do_not_land(project: Project) -> None:
    project.deliver(CONTENT)
    (project.extracts / "alpha" / "opt_outs.csv").write_text("child_id\n 7.0\n")
    outcome = project.land_one()
    assert (outcome.n_read, outcome.n_opted_out) == (2, 1)
    assert [row["child_id"] for row in project.rows()] == [pseudonym("child", "C2")]
    assert [row["source_row_number"] for row in project.rows()] == [2]


def test_one_header_may_serve_two_columns(project: Project) -> None:
    columns = {**COLUMNS, "referral_date": COLUMNS["plan_start_date"]}
    project.deliver(CONTENT, columns=columns)
    assert project.land_one().unknown_columns is None
    starts = [(row["plan_start_date"], row["referral_date"]) for row in project.rows()]
    assert starts == [("2019-01-02", "2019-01-02"), ("2019-01-03", "2019-01-03")]


def test_the_merge_map_gives_one_child_one_id(project: Project) -> None:
    project.deliver(CONTENT)
    (project.extracts / "alpha" / "merge_map.csv").write_text(
        "from_child_id,to_child_id\n7,C8\nc8,C2\n"
    )
    project.land()
    assert {row["child_id"] for row in project.rows()} == {pseudonym("child", "C2")}


def test_an_opt_out_follows_a_merge(project: Project) -> None:
    project.deliver(CONTENT)
    la_folder = project.extracts / "alpha"
    (la_folder / "merge_map.csv").write_text("from_child_id,to_child_id\n7,C2\n")
    (la_folder / "opt_outs.csv").write_text("child_id\n007\n")
    assert project.land_one().n_opted_out == 2


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("opt_outs.csv", "child\nC2\n", "opt_outs_invalid"),
        ("opt_outs.csv", f"child_id\n{NAME}\n", "opt_outs_invalid"),
        ("opt_outs.csv", "child_id\nC2,C3\n", "opt_outs_invalid"),
        ("merge_map.csv", "from_child_id,to_child_id\nA,B\nB,A\n", "merge_map_invalid"),
        ("merge_map.csv", "from_child_id,to_child_id\nA,B\nA,C\n", "merge_map_invalid"),
    ],
)
def test_lists_that_cannot_be_understood_keep_the_authority_out(
    project: Project, name: str, content: str, code: str
) -> None:
    project.deliver(CONTENT)
    project.deliver(CONTENT, la="beta")
    (project.extracts / "alpha" / name).write_text(content)
    alpha, beta = project.land().outcomes
    assert (alpha.reason_code, beta.status) == (code, "landed")
    assert NAME not in (alpha.reason or "")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (f"child_id;note\n7;{NAME}\n", "the first line is another"),
        (f"child_id,7,{NAME},2019-01-02\n", "the first line holds more than headers"),
        ("", "it is empty"),
        ("child_id\n£7\n".encode("cp1252"), "it is not text in UTF-8"),
        (f"child_id\n{NAME}\n", "record 1 holds no readable child id"),
    ],
)
def test_what_is_wrong_with_a_list_is_said_of_the_list(
    project: Project, content: str | bytes, fault: str
) -> None:
    project.deliver(CONTENT)
    path = project.extracts / "alpha" / "opt_outs.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    reason = project.land_one().reason or ""
    assert reason.startswith(f"opt_outs.csv of this authority: {fault}")
    assert "the first line must be child_id, then one id a line; nothing of this" in reason
    assert "extract.yml" not in reason
    assert NAME not in reason


def test_a_merge_map_is_told_its_header(project: Project) -> None:
    project.deliver(CONTENT)
    (project.extracts / "alpha" / "merge_map.csv").write_text("from_child_id;to_child_id\n7;8\n")
    reason = project.land_one().reason or ""
    assert "must be from_child_id,to_child_id, then two ids a line, a comma between" in reason
    assert "extract.yml" not in reason


def test_an_opt_out_list_behind_a_dead_link_is_no_absent_list(project: Project) -> None:
    project.deliver(CONTENT)
    (project.extracts / "alpha" / "opt_outs.csv").symlink_to(project.folder / "unmounted.csv")
    assert project.land_one().reason_code == "opt_outs_invalid"


def test_one_broken_delivery_does_not_block_another(project: Project) -> None:
    broken = project.deliver(CONTENT, delivery="2019-10").with_name("extract.yml")
    broken.write_text("la_code: S01\nfiles: [\n")
    invalid = project.deliver(CONTENT, delivery="2019-11").with_name("extract.yml")
    invalid.write_text(invalid.read_text().replace("holds", "hold"))
    project.deliver(b"\x00", delivery="2019-12")
    project.deliver(CONTENT, delivery="2020-01")
    (project.extracts / "alpha" / "2020-02").mkdir()
    outcomes = project.land().outcomes
    assert [(outcome.delivery, outcome.reason_code) for outcome in outcomes] == [
        ("2019-10", "extract_yml_unreadable"),
        ("2019-11", "extract_yml_invalid"),
        ("2019-12", "nul_character"),
        ("2020-01", None),
        ("2020-02", "no_extract_yml"),
    ]
    assert outcomes[1].la_code == "S01"
    assert len(project.rows()) == 2
    assert len(project.rows("load_log")) == 5


def test_an_unexpected_error_is_told_and_tried_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(NAME)

    project.deliver(CONTENT)
    with monkeypatch.context() as patch:
        patch.setattr(door, "Canonicaliser", fail)
        outcome = project.land_one()
    assert outcome.reason_code == "unexpected_error"
    assert "ValueError in test_landing_door.py" in (outcome.reason or "")
    assert NAME not in (outcome.reason or "")
    assert project.land_one().status == "landed"
    assert len(project.rows("load_log")) == 1


def test_files_that_nobody_declared_are_told(project: Project) -> None:
    path = project.deliver(CONTENT)
    for place in (path.parent, path.parent.parent, project.extracts):
        (place / "new.csv").write_text(CONTENT)
        (place / "README.md").write_text("about")
        (place / ".DS_Store").write_text("")
    refused = project.land().refused
    assert [(outcome.delivery, outcome.reason_code) for outcome in refused] == [
        (None, "not_declared"),
        (None, "not_declared"),
        ("2019-11", "not_declared"),
    ]


def test_one_authority_has_one_folder(project: Project) -> None:
    project.deliver(CONTENT)
    project.deliver(CONTENT, la="beta", delivery_keys={"la_code": "S01"})
    codes = {outcome.reason_code for outcome in project.land().outcomes}
    assert codes == {"la_code_in_two_folders"}


def test_the_same_file_in_two_deliveries_lands_twice(project: Project) -> None:
    project.deliver(CONTENT, delivery="2019-10")
    project.deliver(CONTENT, delivery="2019-11")
    project.land()
    hashes = [row["record_hash"] for row in project.rows()]
    assert len(hashes) == 4
    assert len(set(hashes)) == 2


def test_one_file_may_hold_two_kinds(project: Project) -> None:
    enrolments = {
        "name": "cases.csv",
        "holds": "programme_enrolments",
        "columns": {"child_id": "child_ref", "start_date": "opened"},
        "constants": {"programme_id": "fact22", "arm": "treated"},
    }
    cases = {"name": "cases.csv", "holds": "cases", "columns": COLUMNS}
    project.deliver(CONTENT, delivery_keys={"files": [cases, enrolments]})
    assert [outcome.status for outcome in project.land().outcomes] == ["landed", "landed"]
    assert [row["arm"] for row in project.rows("case_list__programme_enrolments")] == [
        "treated"
    ] * 2


def test_no_key_no_landing(project: Project) -> None:
    project.deliver(CONTENT, delivery_keys=real())
    with pytest.raises(KeyMissing, match="csc key new"):
        project.land()
    assert not project.landing.exists()


def test_the_demonstration_key_is_no_key(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.deliver(CONTENT, delivery_keys=real())
    monkeypatch.setenv("CSC_PSEUDONYM_KEY", DEMONSTRATION_KEY)
    with pytest.raises(KeyMissing, match="demonstration"):
        project.land()


def test_synthetic_deliveries_need_their_key_too(project: Project) -> None:
    project.deliver(CONTENT)
    (project.extracts / "demonstration.key").unlink()
    with pytest.raises(KeyMissing, match=r"demonstration\.key"):
        project.land()


def test_another_key_makes_other_pseudonyms(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.deliver(CONTENT, delivery_keys=real())
    children = []
    for key in ("01" * 32, "02" * 32):
        monkeypatch.setenv("CSC_PSEUDONYM_KEY", key)
        project.land()
        children.append({row["child_id"] for row in project.rows()})
    assert len(children[0] | children[1]) == 4


def test_no_extracts_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LandingError, match="no extracts folder"):
        land(tmp_path)


def test_an_unchanged_file_is_not_read_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.deliver(CONTENT + "ragged\n", delivery="2019-10")
    project.deliver(b"\x00", delivery="2019-11")
    first = project.land()
    before = {path: path.stat().st_mtime_ns for path in project.files()}
    monkeypatch.setattr(door, "open_parts", None)
    second = project.land()
    assert second.outcomes == first.outcomes
    assert second.n_unchanged == 2
    assert {path: path.stat().st_mtime_ns for path in project.files()} == before


def test_of_many_deliveries_only_the_new_one_is_read(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    months = [f"{year}-{month:02}" for year in range(2018, 2021) for month in range(1, 13)]
    for month in months:
        project.deliver(CONTENT, delivery=month)
    first = project.land()
    before = {path: path.stat().st_mtime_ns for path in project.files()}
    read = []

    def noted(path: Path, *others: Any) -> Any:
        read.append(path.parent.name)
        return open_parts(path, *others)

    monkeypatch.setattr(door, "open_parts", noted)
    project.deliver(CONTENT.replace("C2", "C9"), delivery="2021-01")
    second = project.land()
    assert read == ["2021-01"]
    assert second.n_unchanged == len(months)
    assert second.outcomes[:-1] == first.outcomes
    after = {path: path.stat().st_mtime_ns for path in project.files()}
    assert before.items() < after.items()


def test_a_file_that_keeps_its_size_and_time_is_known_by_its_content(project: Project) -> None:
    path = project.deliver(CONTENT)
    project.land()
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_text(CONTENT.replace("C2", "C9"))
    os.utime(path, ns=times)
    assert project.land().n_unchanged == 0
    assert project.rows()[1]["child_id"] == pseudonym("child", "C9")


@pytest.mark.parametrize(
    "change", ["file", "contract", "opt_outs.csv", "objections.csv", "merge_map.csv", "key"]
)
def test_whatever_shapes_a_file_makes_it_land_anew(
    project: Project, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    path = project.deliver(CONTENT)
    before = project.land_one()
    if change == "file":
        path.write_text(CONTENT + "C3,K3,2019-01-02\n")
    elif change == "contract":
        project.deliver(CONTENT, list_separator="|")
    elif change == "opt_outs.csv":
        (path.parent.parent / change).write_text("child_id\nC2\n")
    elif change == "objections.csv":
        (path.parent.parent / change).write_text("child_id,objects_to\nC2,study\n")
    elif change == "merge_map.csv":
        (path.parent.parent / change).write_text("from_child_id,to_child_id\nC2,C3\n")
    else:
        (project.extracts / "demonstration.key").write_text("cd" * 32)
    report = project.land()
    assert report.n_unchanged == 0
    assert report.outcomes[0].file_key != before.file_key
    assert {row["file_key"] for row in project.rows()} == {report.outcomes[0].file_key}
    assert len(project.rows("load_log")) == 1


def test_what_nothing_refers_to_is_deleted_and_nothing_else(project: Project) -> None:
    path = project.deliver(CONTENT)
    key = project.land_one().file_key
    folder = project.landing / "case_list__cases"
    (folder / f"{key}.parquet.99.tmp").write_bytes(b"torn")
    (folder / f"{'0' * 64}.parquet").write_bytes(b"old")
    (folder / "notes.parquet").write_bytes(b"somebody else's")
    project.land()
    assert {path.name for path in folder.iterdir()} == {
        f"{key}.parquet",
        "_empty.parquet",
        "notes.parquet",
    }
    (folder / "notes.parquet").unlink()
    path.unlink()
    project.land()
    assert [path.name for path in folder.iterdir()] == ["_empty.parquet"]


def test_a_landed_file_that_was_lost_comes_back(project: Project) -> None:
    project.deliver(CONTENT)
    key = project.land_one().file_key
    lost = project.landing / "case_list__cases" / f"{key}.parquet"
    content = lost.read_bytes()
    lost.unlink()
    assert project.land().n_unchanged == 0
    assert lost.read_bytes() == content


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    contents = []
    for name in ("one", "two"):
        project = Project(tmp_path / name)
        project.deliver(CONTENT + "ragged\n")
        project.deliver(CONTENT, la="beta")
        project.land()
        contents.append(
            {path.relative_to(project.folder): path.read_bytes() for path in project.files()}
        )
    assert contents[0] == contents[1]


def test_everything_written_is_private(project: Project) -> None:
    project.deliver(CONTENT)
    project.land()
    places = [project.landing, *project.landing.rglob("*")]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in places if path.is_dir()}
    assert modes == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in project.files()} == {0o600}


def test_the_summary_counts(project: Project) -> None:
    project.deliver(CONTENT + "ragged\n")
    project.deliver(b"", la="beta")
    report = project.land()
    assert report.summary() == (
        "landing: 2 files, 1 landed and 1 refused (2 read now); 3 records, 1 refused, 0 opted out"
    )
    assert report.lines()[1].startswith("  refused: S02 2019-11 cases.csv [empty_file]: ")


def test_the_summary_says_what_is_new(project: Project) -> None:
    project.deliver(f"{HEADER}\nC1,K1,2019-01-02\n")
    assert (
        project.land()
        .summary()
        .startswith("landing: 1 file, 1 landed and 0 refused (1 read now); 1 record,")
    )
    project.deliver(CONTENT, la="beta")
    assert "2 landed and 0 refused (1 read now, 1 unchanged since last time)" in (
        project.land().summary()
    )
    assert "(2 unchanged since last time)" in project.land().summary()


def test_a_folder_without_contract_is_named_once(project: Project) -> None:
    folder = project.extracts / "alpha" / "2019-11"
    folder.mkdir(parents=True)
    (folder / "extract.yaml").write_text("")
    assert project.land().lines()[1] == (
        "  refused: [no_extract_yml] alpha/2019-11: no extract.yml; "
        "rename extract.yaml to extract.yml"
    )


def test_an_opt_out_that_no_file_knows_is_told_every_time(project: Project) -> None:
    project.deliver(CONTENT, delivery="2019-10")
    project.deliver(CONTENT.replace("C2", "C5"), delivery="2019-11")
    opt_outs = project.extracts / "alpha" / "opt_outs.csv"
    opt_outs.write_text("child_id\nc2\nC5\nQuine3\nC2\n")
    for _ in range(2):
        assert project.land().lines()[1:] == [
            "  note: alpha/opt_outs.csv: 1 of 3 ids not found in any landed file "
            "(record 3 of the list); is each id written as the files write it?"
        ]
    opt_outs.write_text("child_id\nC2\nC5\n")
    assert project.land().notes == ()


def test_a_torn_load_log_is_written_again(project: Project) -> None:
    project.deliver(CONTENT)
    key = project.land_one().file_key
    log = project.landing / "load_log" / f"{key}.parquet"
    content = log.read_bytes()
    log.write_bytes(content[:100])
    assert project.land().n_unchanged == 0
    assert log.read_bytes() == content
