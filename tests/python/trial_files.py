"""The trial's files as a careless authority would write them, and what must come of every row.

Sound rows say the same as the committed ones, in another dialect: other headers, dates day first,
codes of the authority's own, ids in another spelling. Faulty rows follow them.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from csc_outcomes.synthetic.trial.facts import load_trial_facts
from csc_outcomes.synthetic.trial.layout import CASE_COLUMNS, read_trial, study_file_contract
from projects import ROOT, Project
from study_files import as_csv

CLEAN = ROOT / "extracts" / "synthetic_cheshire_east"
LA_CODE = "S74"
LA_NAME = "Dirty trial files"
FACTS = load_trial_facts()
ID_COLUMNS = ("child_ref", "case_ref", "family_ref", "respondent_ref", "participant_ref")
DATE_COLUMNS = {
    "allocations": ("randomised_on",),
    "sdq_answers": ("answered_on",),
    "school_absences": (),
    "risk_codings": ("coded_on",),
    "staff_stress": ("surveyed_on",),
    "workload_counts": ("counted_on",),
    "interviews": ("interviewed_on",),
}
CASE_DATES = (
    "dob",
    "referral_date",
    "close_date",
    "rereferral_dates",
    "prior_cin_dates",
    "first_cp_date",
)
# How the authority writes codes: canonical column: {its own word: the code}.
OWN_CODES: dict[str, dict[str, dict[str, str]]] = {
    "allocations": {
        "arm": {"PC": "treated", "CEC": "comparator"},
        "allocation_status": {
            "A": "allocated",
            "N": "not_approved",
            "O": "over_capacity",
            "R": "not_taken_up",
        },
    },
    "sdq_answers": {"form": {"2-4": "early_years", "4-17": "school_age"}},
    "school_absences": {"term": {"Aut": "autumn", "Spr": "spring", "Sum": "summer"}},
    "risk_codings": {"time_point": {"at start": "referral", "now": "latest"}},
    "staff_stress": {"organisation": {"Project": "programme", "Council": "authority"}},
    "workload_counts": {"organisation": {"Project": "programme", "Council": "authority"}},
    "interviews": {
        "organisation": {"Project": "programme", "Council": "authority"},
        "topic": {"E": "experience", "D": "delivery"},
    },
}
# The committed files' own words for two codes.
COMMITTED = {"programme": "treated", "usual_service": "comparator"}
LOADED, DUPLICATE, CONTRADICTING = "loaded", "duplicate", "contradicting_records"
Row = dict[str, str]
# Changes to the first sound row that can take them, with the fate of the row so changed.
FAULTS: dict[str, list[tuple[Row, str]]] = {
    "allocations": [
        ({"child_ref": "NEW1", "arm": "third arm"}, "arm_unknown"),
        ({"child_ref": "NEW2", "arm": ""}, "allocated_arm_missing"),
        ({"child_ref": "NEW3", "randomised_on": ""}, "allocated_date_missing"),
        ({"child_ref": "NEW4", "randomised_on": "in autumn"}, "unreadable_date"),
        ({"child_ref": "NEW5", "status": "N"}, "arm_without_allocation"),
        ({"child_ref": "NEW6", "status": "perhaps"}, "allocation_status_unknown"),
        ({"child_ref": ""}, "id_missing"),
        ({"child_ref": "NEW7", "family_ref": ""}, "id_missing"),
        ({"child_ref": "Jane Quill, moved"}, "id_not_an_identifier"),
        ({"child_ref": "1.23E+09"}, "id_digits_lost"),
        ({}, DUPLICATE),
    ],
    "sdq_answers": [
        ({"item": "1", "score": "3"}, "sdq_score_out_of_range"),
        ({"item": "1", "score": ""}, "sdq_score_out_of_range"),
        ({"item": "26"}, "sdq_item_unknown"),
        ({"item": "0"}, "sdq_item_unknown"),
        ({"wave": "first"}, "wave_unreadable"),
        ({"form": "adult"}, "sdq_form_unknown"),
        ({"child_ref": ""}, "id_missing"),
        ({}, DUPLICATE),
        ({"wave": "8", "score": "1"}, CONTRADICTING),
        ({"wave": "8", "score": "2"}, CONTRADICTING),
    ],
    "school_absences": [
        ({"sessions_missed": "143", "sessions_possible": "142"}, "sessions_implausible"),
        ({"sessions_missed": "-1"}, "sessions_implausible"),
        ({"sessions_missed": "a few"}, "sessions_unreadable"),
        ({"sessions_missed": ""}, "sessions_unreadable"),
        ({"term": "half term"}, "term_unknown"),
        ({"school_year": "2015-17"}, "school_year_unreadable"),
        ({"child_ref": ""}, "id_missing"),
        ({"child_ref": "", "school_year": "", "term": ""}, "id_missing"),  # a row of totals
        ({}, DUPLICATE),
        ({"school_ref": "P99", "sessions_missed": "3"}, CONTRADICTING),
        ({"school_ref": "P99", "sessions_missed": "4"}, CONTRADICTING),
    ],
    "risk_codings": [
        ({"timepoint": "half-way"}, "time_point_unknown"),
        ({"factor": "horoscope"}, "risk_factor_unknown"),
        ({"factor": "family_stress", "present": "perhaps"}, "presence_unknown"),
        ({"child_ref": "", "case_ref": ""}, "id_missing"),
        ({}, DUPLICATE),
    ],
    "staff_stress": [
        ({"respondent_ref": "X1", "organisation": "the ministry"}, "organisation_unknown"),
        ({"respondent_ref": "X2", "score": "very"}, "stress_score_unreadable"),
        ({"respondent_ref": "X3", "score": "", "main_factor": ""}, "stress_answer_missing"),
        ({"respondent_ref": ""}, "id_missing"),
        ({}, DUPLICATE),
    ],
    "workload_counts": [
        ({"respondent_ref": "X1", "measure": "phone_calls"}, "measure_unknown"),
        ({"respondent_ref": "X2", "count": "many"}, "count_unreadable"),
        ({"respondent_ref": "X3", "count": "-1"}, "count_unreadable"),
        ({"respondent_ref": "X4", "counted_on": ""}, "counted_date_missing"),
        ({"respondent_ref": "X5", "organisation": ""}, "organisation_unknown"),
        ({"respondent_ref": "", "count": "611"}, "id_missing"),  # a row of totals
        ({}, DUPLICATE),
    ],
    "interviews": [
        ({"participant_ref": "X1", "participant_type": ""}, "participant_type_missing"),
        ({"participant_ref": "X2", "interviewed_on": ""}, "interview_date_missing"),
        ({"participant_ref": "X3", "topic": "weather"}, "topic_unknown"),
        ({"participant_ref": "X4", "organisation": "nobody"}, "organisation_unknown"),
        ({"participant_ref": ""}, "id_missing"),
        ({}, DUPLICATE),
    ],
}


@dataclass(frozen=True)
class DirtyTwin:
    """`files` by name; `contract` of the study files; `quarantined` and `n_duplicates` by what a
    file holds: row numbers, counted from 1 without the header, and their reasons."""

    files: dict[str, bytes]
    contract: dict[str, Any]
    case_list: bytes
    case_contract: dict[str, Any]
    objections: bytes
    n_sound: dict[str, int]
    quarantined: dict[str, dict[int, str]]
    n_duplicates: dict[str, int]


def dirty_twin(clean: Path = CLEAN, split_family: bool = False) -> DirtyTwin:
    """The dirty delivery of the clean files below `clean`.

    With `split_family` one child of a family with several is in the other arm: no row is refused,
    and the expectation that a family is in one arm must fail.
    """
    tables = read_trial(clean, FACTS.extract)
    files, quarantined, n_duplicates, n_sound = {}, {}, {}, {}
    for holds, faults in FAULTS.items():
        rows = [_in_dialect(holds, row) for row in tables[holds].to_dict("records")]
        if holds == "allocations" and split_family:
            _split_a_family(rows)
        template = next(row for row in rows if _is_whole(holds, row))
        n_sound[holds] = len(rows)
        rows += [{**template, **changes} for changes, _ in faults]
        fates = enumerate((fate for _, fate in faults), n_sound[holds] + 1)
        quarantined[holds] = {
            number: fate for number, fate in fates if fate not in (LOADED, DUPLICATE)
        }
        n_duplicates[holds] = sum(fate == DUPLICATE for _, fate in faults)
        files[f"{holds}.csv"] = as_csv([_own_headers(row) for row in rows])
    cases = [_case_in_dialect(row) for row in tables["cases"].to_dict("records")]
    wishes = tables["objections"].to_dict("records")
    return DirtyTwin(
        files,
        _contract("study_files", [_file(holds) for holds in FAULTS]),
        as_csv([_own_headers(row) for row in cases]),
        _contract("case_list", [_cases_file()]),
        as_csv([{**_texts(row), "child_id": _id(row["child_id"])} for row in wishes]),
        n_sound,
        quarantined,
        n_duplicates,
    )


def add_trial_files(project: Project, split_family: bool = False) -> DirtyTwin:
    """Puts the dirty twin into the landing zone of a project."""
    twin = dirty_twin(split_family=split_family)
    project.add_delivery(
        "dirty_trial", "2018-12", twin.case_contract, {"cases.csv": twin.case_list}
    )
    project.add_delivery("dirty_trial", "2018-12-study-files", twin.contract, twin.files)
    folder = project.path / "extracts" / "dirty_trial"
    (folder / "objections.csv").write_bytes(twin.objections)
    return twin


def _texts(row: dict[Any, Any]) -> Row:
    return {str(name): str(value) for name, value in row.items()}


def _id(value: str) -> str:
    return f"  {value.lower()}" if value else ""


def _header(name: str) -> str:
    return f"{name.replace('_', ' ').title()} !"


def _own_headers(row: Row) -> Row:
    return {_header(name): value for name, value in row.items()} | {"Notes": ""}


def _day_first(value: str) -> str:
    days = (day.split("-") for day in value.split(";") if day)
    return ";".join(f" {day}/{month}/{year} 00:00" for year, month, day in days)


def _in_dialect(holds: str, row: dict[Any, Any]) -> Row:
    changed = _texts(row)
    for name in ID_COLUMNS:
        if name in changed:
            changed[name] = _id(changed[name])
    for name in DATE_COLUMNS[holds]:
        changed[name] = _day_first(changed[name])
    headers = study_file_contract(holds, FACTS.extract)["columns"]
    assert isinstance(headers, dict)
    for column, words in OWN_CODES[holds].items():
        own = {code: word for word, code in words.items()}
        value = changed[headers[column]]
        changed[headers[column]] = (
            own.get(COMMITTED.get(value, value), value)
            if holds in ("allocations",)
            else own.get(value, value)
        )
    return changed


def _case_in_dialect(row: dict[Any, Any]) -> Row:
    changed = _texts(row)
    for name in ("child_ref", "case_ref", "family_ref"):
        changed[name] = _id(changed[name])
    for name in CASE_DATES:
        changed[name] = _day_first(changed[name])
    changed["gender"] = {"F": "2", "M": "1"}[changed["gender"]]
    return changed


def _is_whole(holds: str, row: Row) -> bool:
    """A row in which the faults can be put: of an allocated child, of the trial's own terms."""
    if holds == "allocations":
        return row["status"] == "A"
    if holds == "risk_codings":
        return row["factor"] == "family_stress"
    return holds != "school_absences" or row["term"] == "Aut"


def _split_a_family(rows: list[Row]) -> None:
    allocated = [row for row in rows if row["status"] == "A"]
    families = [row["family_ref"] for row in allocated]
    row = next(row for row in allocated if families.count(row["family_ref"]) > 1)
    row["arm"] = "CEC" if row["arm"] == "PC" else "PC"


def _file(holds: str) -> dict[str, Any]:
    clean: dict[str, Any] = dict(study_file_contract(holds, FACTS.extract))
    return {
        **clean,
        "date_formats": ["dmy"],
        "columns": {name: _header(header) for name, header in clean["columns"].items()},
        "codes": OWN_CODES[holds],
        "ignored_columns": ["Notes"],
    }


def _cases_file() -> dict[str, Any]:
    return {
        "name": "cases.csv",
        "holds": "cases",
        "date_formats": ["dmy"],
        "columns": {name: _header(header) for name, header in CASE_COLUMNS.items()},
        "codes": {"sex_code": {"2": "F", "1": "M"}},
        "ignored_columns": ["Notes", _header("accommodation_status")],
    }


def _contract(format_name: str, files: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "la_code": LA_CODE,
        "la_name": LA_NAME,
        "synthetic": True,
        "format": format_name,
        "as_of_date": FACTS.extract.as_of_date.isoformat(),
        "files": files,
    }


def rows_of(content: bytes) -> list[Row]:
    """A file's rows under its own headers."""
    return list(csv.DictReader(content.decode("utf-8").splitlines()))
