"""The files of the two deliveries: their headers and what extract.yml says of them."""

from pathlib import Path

import pandas as pd
import yaml

from csc_outcomes.synthetic.trial.cases import LIST_SEPARATOR
from csc_outcomes.synthetic.trial.facts import TrialExtract

NOTICE = (
    "# Synthetic: made by `csc synthetic --mode trial`. No row describes a real child, family or"
    " member\n# of staff; figures may be those published of a real study, never a council's"
    " records.\n"
)
OBJECTIONS_FILE = "objections.csv"
CASE_COLUMNS = {
    "child_id": "child_ref",
    "case_id": "case_ref",
    "family_id": "family_ref",
    "birth_date": "dob",
    "sex_code": "gender",
    "ethnicity_code": "ethnicity",
    "referral_date": "referral_date",
    "plan_start_date": "referral_date",
    "closure_date": "close_date",
    "primary_need_code": "need_code",
    "first_cp_date": "first_cp_date",
    "rereferral_dates": "rereferral_dates",
    "earlier_support_dates": "prior_cin_dates",
    "is_index_child": "is_index",
    "has_disability": "disability",
    "is_outcome_known": "outcome_known",
}
STUDY_FILE_COLUMNS = {  # what a file holds: canonical column: header
    "allocations": {
        "child_id": "child_ref",
        "case_id": "case_ref",
        "family_id": "family_ref",
        "arm": "arm",
        "allocation_status": "status",
        "allocated_date": "randomised_on",
    },
    "sdq_answers": {
        "child_id": "child_ref",
        "wave": "wave",
        "form": "form",
        "informant": "informant",
        "item_number": "item",
        "score": "score",
        "answered_date": "answered_on",
    },
    "school_absences": {
        "child_id": "child_ref",
        "school_year": "school_year",
        "term": "term",
        "school_id": "school_ref",
        "sessions_possible": "sessions_possible",
        "sessions_absent": "sessions_missed",
    },
    "risk_codings": {
        "child_id": "child_ref",
        "case_id": "case_ref",
        "time_point": "timepoint",
        "factor_id": "factor",
        "is_present": "present",
        "engagement_level": "engagement_level",
        "coder_id": "coder",
        "coded_date": "coded_on",
    },
    "staff_stress": {
        "respondent_id": "respondent_ref",
        "organisation": "organisation",
        "role": "role",
        "survey_date": "surveyed_on",
        "stress_score": "score",
        "main_factor": "main_factor",
    },
    "workload_counts": {
        "respondent_id": "respondent_ref",
        "organisation": "organisation",
        "measure": "measure",
        "counted_date": "counted_on",
        "n_counted": "count",
    },
    "interviews": {
        "participant_id": "participant_ref",
        "participant_type": "participant_type",
        "organisation": "organisation",
        "interview_date": "interviewed_on",
        "case_number": "case_number",
        "case_outcome": "case_outcome",
        "topic": "topic",
    },
}
WITH_PROGRAMME = ("allocations", "staff_stress", "workload_counts", "interviews")
CODES = {
    "allocations": {"arm": {"programme": "treated", "usual_service": "comparator"}},
}
ARM_CODES = {arm: code for code, arm in CODES["allocations"]["arm"].items()}
IGNORED_CASE_COLUMNS = ("accommodation_status",)


def write_trial(tables: dict[str, pd.DataFrame], extract: TrialExtract, folder: Path) -> None:
    """Write both deliveries and the objections below `folder`; the same tables, the same bytes."""
    case_list, study_files = (
        folder / extract.cases_folder,
        folder / extract.study_files_folder,
    )
    for place in (case_list, study_files):
        place.mkdir(parents=True, exist_ok=True)
    for holds, table in tables.items():
        place = {"cases": case_list, "objections": folder}.get(holds, study_files)
        table.to_csv(place / f"{holds}.csv", index=False, lineterminator="\n", encoding="utf-8")
    _write_contract(case_list, extract, "case_list", [_cases_contract()])
    contracts = [study_file_contract(holds, extract) for holds in STUDY_FILE_COLUMNS]
    _write_contract(study_files, extract, "study_files", contracts)


def read_trial(folder: Path, extract: TrialExtract) -> dict[str, pd.DataFrame]:
    """The files below `folder` by what they hold, all text under their own headers."""
    places = {
        "cases": folder / extract.cases_folder,
        "objections": folder,
        **dict.fromkeys(STUDY_FILE_COLUMNS, folder / extract.study_files_folder),
    }
    return {
        holds: pd.read_csv(place / f"{holds}.csv", dtype=str, keep_default_na=False)
        for holds, place in places.items()
    }


def _cases_contract() -> dict[str, object]:
    return {
        "name": "cases.csv",
        "holds": "cases",
        "encoding": "utf-8",
        "date_formats": ["iso"],
        "list_separator": LIST_SEPARATOR,
        "columns": dict(CASE_COLUMNS),
        "codes": {"sex_code": {"F": "F", "M": "M"}},
        "ignored_columns": list(IGNORED_CASE_COLUMNS),
    }


def study_file_contract(holds: str, extract: TrialExtract) -> dict[str, object]:
    """What extract.yml says of one study file."""
    contract: dict[str, object] = {
        "name": f"{holds}.csv",
        "holds": holds,
        "encoding": "utf-8",
        "date_formats": ["iso"],
        "columns": dict(STUDY_FILE_COLUMNS[holds]),
    }
    if holds in CODES:
        contract["codes"] = {column: dict(codes) for column, codes in CODES[holds].items()}
    if holds in WITH_PROGRAMME:
        contract["constants"] = {"programme_id": extract.programme_id}
    return contract


def _write_contract(
    folder: Path, extract: TrialExtract, format_name: str, files: list[dict[str, object]]
) -> None:
    document: dict[str, object] = {
        "la_code": extract.la_code,
        "la_name": extract.la_name,
        "synthetic": True,
        "format": format_name,
        "as_of_date": extract.as_of_date,
    }
    if format_name == "case_list":
        document["window_start"] = extract.window_start
    text = yaml.safe_dump(
        {**document, "files": files}, sort_keys=False, allow_unicode=True, width=100
    )
    (folder / "extract.yml").write_text(NOTICE + text, encoding="utf-8", newline="\n")
