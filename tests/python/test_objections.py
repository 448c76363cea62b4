"""Objections are applied at the door: school data of the child never land, and who objects does."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csc_outcomes.landing import identifiers
from landing_project import DEMONSTRATION_KEY, HEADER, Project

NAME = "Zachary Quine"
CASES = f"{HEADER}\n007,k1,2019-01-02\nC2,,2019-01-03\n"
ABSENCES = "pupil,year,term,missed\n7.0,2018/19,autumn,3\n7,2018/19,spring,4\nc2,2018/19,autumn,5\n"
SCHOOL: dict[str, Any] = {
    "format": "study_files",
    "files": [
        {
            "name": "absences.csv",
            "holds": "school_absences",
            "columns": {
                "child_id": "pupil",
                "school_year": "year",
                "term": "term",
                "sessions_absent": "missed",
            },
        }
    ],
}
LANDED = "study_files__school_absences"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A case list and school data of two children."""
    project = Project(tmp_path / "project")
    project.deliver(CASES)
    deliver_absences(project, ABSENCES)
    return project


def deliver_absences(project: Project, content: str) -> None:
    project.deliver(content, delivery="2019-school", name="absences.csv", delivery_keys=SCHOOL)


def write(project: Project, name: str, content: str) -> None:
    (project.extracts / "alpha" / name).write_text(content)


def object_to(project: Project, content: str) -> None:
    write(project, "objections.csv", f"child_id,objects_to\n{content}")


def child(identifier: str, la_code: str = "S01") -> str:
    return identifiers.pseudonym(bytes.fromhex(DEMONSTRATION_KEY), la_code, "child", identifier)


def landed(project: Project) -> set[tuple[str, str, str]]:
    rows = pq.read_table(project.landing / "objections").to_pylist()
    assert len(rows) == len({tuple(row.values()) for row in rows})
    return {(row["la_code"], row["child_id"], row["objects_to"]) for row in rows}


def test_school_data_that_was_objected_to_never_land(project: Project) -> None:
    object_to(project, " 0007 , School_data\nC2,study\n")
    cases, school = project.land().outcomes
    assert (cases.n_read, cases.n_opted_out, len(project.rows())) == (2, 0, 2)
    assert (school.n_read, school.n_opted_out, school.n_refused_rows) == (3, 2, 0)
    assert [row["child_id"] for row in project.rows(LANDED)] == [child("C2")]
    assert landed(project) == {
        ("S01", child("7"), "school_data"),
        ("S01", child("C2"), "study"),
    }


def test_a_changed_list_makes_files_read_again(project: Project) -> None:
    first = project.land()
    assert (len(project.rows(LANDED)), landed(project)) == (3, set())
    object_to(project, "7,school_data\n")
    second = project.land()
    assert second.n_unchanged == 0
    assert {outcome.file_key for outcome in first.outcomes}.isdisjoint(
        outcome.file_key for outcome in second.outcomes
    )
    assert len(project.rows(LANDED)) == 1
    before = {path: path.stat().st_mtime_ns for path in project.files()}
    assert project.land().n_unchanged == 2
    assert {path: path.stat().st_mtime_ns for path in project.files()} == before
    (project.extracts / "alpha" / "objections.csv").unlink()
    project.land()
    assert (len(project.rows(LANDED)), landed(project)) == (3, set())


def test_what_a_landed_file_held_of_the_child_is_gone(project: Project) -> None:
    project.land()
    known = child("7").encode()

    def holding() -> set[str]:
        files = project.files()
        return {path.parent.name for path in files if known in path.read_bytes()}

    assert LANDED in holding()
    object_to(project, "7,school_data\n")
    project.land()
    assert holding() == {"case_list__cases", "objections"}


def test_merges_come_first(project: Project) -> None:
    write(project, "merge_map.csv", "from_child_id,to_child_id\n7,C8\nC8,C2\n")
    object_to(project, "c8,school_data\n7,school_data\n")
    school = project.land().outcomes[1]
    assert school.n_opted_out == 3
    assert landed(project) == {("S01", child("C2"), "school_data")}


def test_of_a_child_who_opted_out_nothing_lands(project: Project) -> None:
    write(project, "opt_outs.csv", "child_id\n7\n")
    object_to(project, "7,study\n7,school_data\nC2,study\n")
    report = project.land()
    assert [outcome.n_opted_out for outcome in report.outcomes] == [1, 2]
    assert report.notes == ()
    assert landed(project) == {("S01", child("C2"), "study")}
    assert child("7").encode() not in b"".join(path.read_bytes() for path in project.files())


def test_each_authority_has_its_own(project: Project) -> None:
    project.deliver(CASES, la="beta")
    object_to(project, "7,study\n")
    (project.extracts / "beta" / "objections.csv").write_text("child_id,objects_to\n7,study\n")
    project.land()
    assert landed(project) == {
        ("S01", child("7"), "study"),
        ("S02", child("7", "S02"), "study"),
    }


def test_objections_that_no_file_knows_are_told_every_time(project: Project) -> None:
    object_to(project, "C2,school_data\nQuine3,study\n7,study\nQuine3,school_data\n")
    write(project, "opt_outs.csv", "child_id\nC9\n")
    for _ in range(2):
        assert project.land().lines()[1:] == [
            "  note: alpha/opt_outs.csv: 1 of 1 id not found in any landed file "
            "(record 1 of the list); is each id written as the files write it?",
            "  note: alpha/objections.csv: 2 of 4 objections not found in any landed file "
            "(record 2, 4 of the list); is each id written as the files write it?",
        ]
    object_to(project, "C2,school_data\n7,study\n")
    write(project, "opt_outs.csv", "child_id\n")
    assert project.land().notes == ()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (f"child_id,objects_to\n{NAME},study\n", "record 1 holds no readable child id"),
        (",\n7,study\n", "the first line is blank or broken"),
        (f"child_id,objects_to\n7,study\nC2,{NAME}\n", "record 2 objects to something else than"),
        ("child_id,objects_to\n7,\n", "record 1 objects to something else than"),
        ("child_id,objects_to\n7\n", "record 1: "),
        (f"child_id;objects_to\n7;{NAME}\n", "the first line is another"),
        ("child_id\n7\n", "the first line is another"),
        ("", "it is empty"),
    ],
)
def test_a_list_that_cannot_be_understood_keeps_the_authority_out(
    project: Project, content: str, fault: str
) -> None:
    write(project, "objections.csv", content)
    project.deliver(CASES, la="beta")
    *alpha, beta = project.land().outcomes
    assert [outcome.reason_code for outcome in alpha] == ["objections_invalid"] * 2
    assert beta.status == "landed"
    reason = alpha[0].reason or ""
    assert reason.startswith(f"objections.csv of this authority: {fault}")
    assert "child_id,objects_to, then an id and school_data or study a line" in reason
    assert (NAME in reason, "extract.yml" in reason, landed(project)) == (False, False, set())


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(
    st.lists(st.integers(0, 6), max_size=15),
    st.sets(st.tuples(st.integers(0, 6), st.sampled_from(["school_data", "study"]))),
    st.sets(st.integers(0, 6)),
)
def test_every_record_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory,
    pupils: list[int],
    wishes: set[tuple[int, str]],
    opted_out: set[int],
) -> None:
    project = Project(tmp_path_factory.mktemp("objections") / "project")
    rows = "".join(f"{pupil},2018/19,autumn,1\n" for pupil in pupils)
    deliver_absences(project, f"pupil,year,term,missed\n{rows}ragged\n")
    object_to(project, "".join(f"{pupil},{use}\n" for pupil, use in sorted(wishes)))
    write(project, "opt_outs.csv", "child_id\n" + "".join(f"{n}\n" for n in sorted(opted_out)))
    outcome = project.land_one()
    out = opted_out | {pupil for pupil, use in wishes if use == "school_data"}
    assert outcome.n_read == len(pupils) + 1
    assert outcome.n_opted_out == sum(pupil in out for pupil in pupils)
    assert len(project.rows(LANDED)) == len(pupils) - outcome.n_opted_out
    assert {row[1:] for row in landed(project)} == {
        (child(str(pupil)), use) for pupil, use in wishes if pupil not in opted_out
    }
