"""A made-up authority whose study files are dirty, and what must come of every row."""

from __future__ import annotations

import csv
import io
from typing import Any

from projects import ROOT, Project

LA_CODE = "S71"
PROGRAMME = "dirty_programme"
OPTED_OUT = "K7"
N_CASES = 30
MONTHS = [f"{month}-18" for month in ("Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov")]

Row = dict[str, str]
# Rows that follow the sound ones, each with its quarantine reason, or its fate where it has none.
Judged = list[tuple[Row, str]]


def coding(**changes: str) -> Row:
    """The coding of a factor that is present at referral, in the file's own words."""
    same = {"child": "K1", "case": "D1", "when": "At referral", "factor": "parent_mental_health"}
    return {**same, "present": "yes", "level": "", "coder": "C1", "coded": "03/09/2019", **changes}


def answer(**changes: str) -> Row:
    """An answer of a member of the programme's own staff."""
    same = {"person": "P1", "employer": "Programme", "role": "family practitioner", "item": "1"}
    return {**same, "score": "3", "when": "14-Oct-19", **changes}


def line(**changes: str) -> Row:
    """A line of the financial return."""
    return {"month": "Apr-18", "category": "Staff", "line": "L1", "amount": "£1,000.00", **changes}


def _factors() -> list[Row]:
    path = next((ROOT / "seeds").rglob("risk_factors.csv"))
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _sound_codings() -> list[Row]:
    engaged = {"present": "", "level": "Compliant"}
    return [
        coding(
            child=f"K{case}",
            case=f"D{case}",
            when=when,
            factor=factor["factor_id"].upper(),
            **(engaged if factor["class"] == "engagement" else {}),
        )
        for case in range(N_CASES)
        for when in ("At referral", "latest")
        for factor in _factors()
    ]


SECOND = {"coder": "C2", "coded": "05/09/2019"}
BLANK = {"child": "K99", "case": "D99"}  # nothing else is coded of this case
CODINGS: Judged = [
    (coding(factor="horoscope"), "risk_factor_unknown"),
    (coding(factor=""), "risk_factor_unknown"),
    (coding(when="half-way"), "time_point_unknown"),
    (coding(when=""), "time_point_unknown"),
    (coding(present="perhaps"), "presence_unknown"),
    (coding(factor="parent_engagement", level="keen"), "engagement_level_unknown"),
    (coding(child=""), "id_missing"),
    (coding(case=""), "duplicate"),  # the child alone tells the case, and it was coded already
    (coding(coder="Jane Quill"), "id_not_an_identifier"),
    (coding(factor="family_stress", **BLANK), "loaded"),
    (coding(factor="family_stress", **BLANK, **SECOND), "duplicate"),
    (coding(factor="parent_empathy", **BLANK), "contradicting_records"),
    (coding(factor="parent_empathy", present="no", **BLANK, **SECOND), "contradicting_records"),
    (coding(factor="cin_excluded", coded="last week", present="no", **BLANK), "loaded"),
    (coding(factor="cin_engagement", level="dissent", **BLANK), "loaded"),
    (coding(factor="family_young_children", present="", level="keen", **BLANK), "loaded"),
]
ANSWERS: Judged = [
    (answer(score="6"), "score_out_of_range"),
    (answer(score="0"), "score_out_of_range"),
    (answer(score="3.5"), "score_out_of_range"),
    (answer(score=""), "score_out_of_range"),
    (answer(item="36"), "survey_item_unknown"),
    (answer(item="0"), "survey_item_unknown"),
    (answer(item="1.5"), "survey_item_unknown"),
    (answer(employer="the ministry"), "organisation_unknown"),
    (answer(person=""), "id_missing"),
    (answer(when="in autumn"), "unreadable_date"),
    (answer(), "duplicate"),
    (answer(person="P90", score="2"), "contradicting_records"),
    (answer(person="P90", score="5"), "contradicting_records"),
    (answer(when="21-Nov-2019"), "loaded"),  # another wave
]
# How an amount may be written, and what it is.
AMOUNTS = {
    "£1,234.50": 1234.5,
    " 1 234.50 ": 1234.5,
    "1234.5": 1234.5,
    "£ 12": 12.0,
    ".50": 0.5,
    "0": 0.0,
    "-£12.00": -12.0,
    "£-12.00": -12.0,
    "(12.00)": -12.0,
    "(£1,200.00)": -1200.0,
    "12.00-": -12.0,
    "-1,234,567.89": -1234567.89,
}
UNREADABLE_AMOUNTS = ("twelve", "12,50", "1,23", "(-12)", "-", "£", "12.3.4", "1E+05")
LINES: Judged = [
    *((line(category=text, amount=text), "loaded") for text in AMOUNTS),
    *((line(line="U", amount=text), "amount_unreadable") for text in UNREADABLE_AMOUNTS),
    (line(line="U", amount=""), "amount_missing"),
    (line(line="U", month=""), "month_missing"),
    (line(line="U", month="Smarch-18"), "unreadable_date"),
    (line(line="U", month="30/06/18"), "unreadable_date"),
    (line(line="U", category=""), "cost_category_missing"),
    (line(line="J1", month="Apr-2018", amount="(£250.00)"), "loaded"),
    (line(category="once", line="", month="Jun-18", amount="10"), "loaded"),
    (line(category="once", line="", month="30/06/2018", amount="£10.00"), "duplicate"),
    (line(category="twice", line="", amount="10"), "contradicting_records"),
    (line(category="twice", line="", amount="11"), "contradicting_records"),
    (line(category="Total", line="", month=""), "totals_row"),
    (line(category="", line="", month="Grand total:"), "totals_row"),
]
SOUND = {
    "risk_codings": _sound_codings(),
    "staff_survey": [
        answer(person=f"P{person}", item=str(item)) for person in range(5) for item in range(1, 36)
    ],
    "financial_returns": [
        line(month=month, line=f"L{number}") for month in MONTHS for number in range(1, 41)
    ],
}
JUDGED = {"risk_codings": CODINGS, "staff_survey": ANSWERS, "financial_returns": LINES}

FILES: list[dict[str, Any]] = [
    {
        "name": "risk_codings.csv",
        "holds": "risk_codings",
        "date_formats": ["dmy"],
        "columns": {
            "child_id": "child",
            "case_id": "case",
            "time_point": "when",
            "factor_id": "factor",
            "is_present": "present",
            "engagement_level": "level",
            "coder_id": "coder",
            "coded_date": "coded",
        },
        "codes": {
            "time_point": {"at referral": "referral"},
            "is_present": {"yes": "1", "no": "0"},
        },
    },
    {
        "name": "staff_survey.csv",
        "holds": "staff_survey",
        "date_formats": ["dmony"],
        "columns": {
            "respondent_id": "person",
            "organisation": "employer",
            "role": "role",
            "item_number": "item",
            "score": "score",
            "survey_date": "when",
        },
        "constants": {"programme_id": PROGRAMME},
    },
    {
        "name": "financial_returns.csv",
        "holds": "financial_returns",
        "date_formats": ["mony", "dmy"],
        "columns": {
            "month": "month",
            "cost_category": "category",
            "line_id": "line",
            "amount": "amount",
        },
        "constants": {"programme_id": PROGRAMME},
    },
]
# What an earlier delivery said: the same, otherwise, of a line since dropped, of another month.
EARLIER = [
    line(month="01/05/2018", amount="1000"),
    line(month="01/06/2018", amount="900"),
    line(month="01/06/2018", line="dropped", amount="700"),
    line(month="01/03/2018", amount="800"),
]


def as_csv(rows: list[Row]) -> bytes:
    """Rows as a CSV file."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


def contract(format_name: str, as_of_date: str, files: list[dict[str, Any]]) -> dict[str, Any]:
    """The extract.yml of one of the authority's deliveries."""
    return {
        "la_code": LA_CODE,
        "la_name": "Dirty study files",
        "synthetic": True,
        "format": format_name,
        "as_of_date": as_of_date,
        "files": files,
    }


def add_study_files(project: Project) -> None:
    """The cases, the study files, and an earlier financial return."""
    cases = [
        {"child": f"K{n}", "case": f"D{n}", "start": "01-Jun-18"} for n in (*range(N_CASES), 99)
    ]
    columns = {"child_id": "child", "case_id": "case", "plan_start_date": "start"}
    case_list = {
        "name": "cases.csv",
        "holds": "cases",
        "date_formats": ["dmony"],
        "columns": columns,
    }
    project.add_delivery(
        "dirty_study_files",
        "2019-11-cases",
        contract("case_list", "2019-11-30", [case_list]),
        {"cases.csv": as_csv(cases)},
    )
    project.add_delivery(
        "dirty_study_files",
        "2019-11",
        contract("study_files", "2019-11-30", FILES),
        {
            f"{holds}.csv": as_csv([*SOUND[holds], *(row for row, _ in JUDGED[holds])])
            for holds in SOUND
        },
    )
    project.add_delivery(
        "dirty_study_files",
        "2019-05",
        contract("study_files", "2019-05-31", FILES[2:]),
        {"financial_returns.csv": as_csv(EARLIER)},
    )
    opt_outs = project.path / "extracts" / "dirty_study_files" / "opt_outs.csv"
    opt_outs.write_text(f"child_id\n{OPTED_OUT}\n")
