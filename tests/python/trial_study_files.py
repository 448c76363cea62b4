"""A made-up authority's study files of a trial, in words of its own and with dirt, and what must
come of every row."""

from __future__ import annotations

from typing import Any

from projects import Project
from study_files import Judged, Row, as_csv

LA_CODE = "S72"
PROGRAMME = "made_up_trial"
OPTED_OUT = "K19"
N_CHILDREN = 20
N_OTHERS = 300  # sound rows of another programme, so that the dirt is a small share


def answer(**changes: str) -> Row:
    """An answer to one item of the questionnaire."""
    same = {"child": "K1", "wave": "1", "form": "school age", "who": "Parent", "item": "1"}
    return {**same, "score": "1", "on": "16/11/2015", **changes}


def absence(**changes: str) -> Row:
    """The absence of a pupil in a term."""
    same = {"child": "K1", "year": "2015/16", "term": "Autumn", "school": "A", "open": "140"}
    return {**same, "missed": "7", **changes}


def stress(**changes: str) -> Row:
    """A respondent's stress score and what it is due to."""
    same = {"programme": PROGRAMME, "person": "P1", "employer": "Trial", "role": "practitioner"}
    return {**same, "on": "16/11/2015", "score": "20", "reason": "Work load", **changes}


def count(**changes: str) -> Row:
    """Visits that a family of the programme had in a month."""
    same = {"programme": PROGRAMME, "person": "F1", "employer": "Trial", "what": "Visits"}
    return {**same, "on": "30/11/2015", "number": "11", **changes}


def interview(**changes: str) -> Row:
    """An interview of a parent about a case study."""
    same = {"programme": PROGRAMME, "person": "I1", "kind": "parent", "employer": "Trial"}
    about = {"case": "1", "outcome": "ongoing", "topic": "experience"}
    return {**same, "on": "16/11/2015", **about, **changes}


ANSWERS: Judged = [
    (answer(child="K2", item="26"), "sdq_item_unknown"),
    (answer(child="K2", item="0"), "sdq_item_unknown"),
    (answer(child="K2", item="2.5"), "sdq_item_unknown"),
    (answer(child="K2", wave="first"), "wave_unreadable"),
    (answer(child="K2", wave="4", form="grown up"), "sdq_form_unknown"),
    (answer(child="K2", wave="4", score="3"), "sdq_score_out_of_range"),
    (answer(child="K2", wave="4", score=""), "sdq_score_out_of_range"),
    (answer(child=""), "id_missing"),
    (answer(on="autumn"), "duplicate"),  # a day spoils nothing
    (answer(child="K3", wave="2", score="0"), "contradicting_records"),
    (answer(child="K3", wave="2", score="2"), "contradicting_records"),
    (answer(who="Teacher", score="2", form="", on=""), "loaded"),
    (answer(wave="2.0", score="0.0"), "loaded"),
]
ABSENCES: Judged = [
    (absence(child="K2", term="Easter"), "term_unknown"),
    (absence(child="K2", year="2015"), "school_year_unreadable"),
    (absence(child="K2", year="2015/17"), "school_year_unreadable"),
    (absence(child="K2", school="B", missed=""), "sessions_unreadable"),
    (absence(child="K2", school="B", missed="3.5"), "sessions_unreadable"),
    (absence(child="K2", school="B", open="many"), "sessions_unreadable"),
    (absence(child="K2", school="B", missed="-1"), "sessions_implausible"),
    (absence(child="K2", school="B", missed="141"), "sessions_implausible"),
    (absence(child="K2", school="Mary Quill's"), "id_not_an_identifier"),
    (absence(child="K3", school="C", missed="2"), "contradicting_records"),
    (absence(child="K3", school="C", missed="4"), "contradicting_records"),
    (absence(year="2015-16", missed="7.0"), "duplicate"),
    (absence(school="B", missed="3"), "loaded"),  # another school
    (absence(year="201516", term="spring", open="", missed="200"), "loaded"),
]
SCORES: Judged = [
    (stress(person="P50", employer="the ministry"), "organisation_unknown"),
    (stress(person="P50", score="high"), "stress_score_unreadable"),
    (stress(person="P50", score="", reason=""), "stress_answer_missing"),
    (stress(person="P50", on="in autumn"), "unreadable_date"),
    (stress(person=""), "id_missing"),
    (stress(), "duplicate"),
    (stress(person="P51", score="5"), "contradicting_records"),
    (stress(person="P51", score="6"), "contradicting_records"),
    (stress(on="18/04/2016", score="35.5"), "loaded"),  # another wave
]
COUNTS: Judged = [
    (count(person="F50", what="miles"), "measure_unknown"),
    (count(person="F50", number="often"), "count_unreadable"),
    (count(person="F50", number="-1"), "count_unreadable"),
    (count(person="F50", number="2.5"), "count_unreadable"),
    (count(person="F50", on=""), "counted_date_missing"),
    (count(person="F50", on="in autumn"), "unreadable_date"),
    (count(person="F50", employer=""), "organisation_unknown"),
    (count(person="F51", number="1"), "contradicting_records"),
    (count(person="F51", number="2"), "contradicting_records"),
    (count(), "duplicate"),
]
INTERVIEWS: Judged = [
    (interview(person="I50", kind=""), "participant_type_missing"),
    (interview(person="I50", on=""), "interview_date_missing"),
    (interview(person="I50", on="in autumn"), "unreadable_date"),
    (interview(person="I50", employer="the ministry"), "organisation_unknown"),
    (interview(person="I50", topic="weather"), "topic_unknown"),
    (interview(person="Jane Quill"), "id_not_an_identifier"),
    (interview(), "duplicate"),
    (interview(person="I51", outcome="closed"), "contradicting_records"),
    (interview(person="I51", outcome="escalated"), "contradicting_records"),
]
JUDGED: dict[str, Judged] = {
    "sdq_answers": ANSWERS,
    "school_absences": ABSENCES,
    "staff_stress": SCORES,
    "workload_counts": COUNTS,
    "interviews": INTERVIEWS,
}


def _stress() -> list[Row]:
    """Nineteen of the programme, nine of the authority, three in a wave of the next spring."""
    reasons = ["Work load"] * 6 + ["complex cases"] * 6 + ["working with the authority"] * 5
    programme = [
        stress(person=f"P{n}", score=str(19 + n % 2), reason=reason)
        for n, reason in enumerate([*reasons, "other", ""], 1)
    ]
    authority = [
        stress(person=f"S{n}", employer="Council", score=str(20 + n), reason=reason)
        for n, reason in enumerate(["workload"] * 8 + ["complex cases"], 1)
    ]
    later = [stress(person=f"P{n}", on="18/04/2016") for n in (2, 3)]
    others = [stress(person=f"O{n}", programme="others") for n in range(N_OTHERS)]
    return [*programme, *authority, *later, *others]


def _counts() -> list[Row]:
    """Five families of each organisation in autumn, five and four in spring, and five workers."""
    numbers = {"F": ("11", "10", "10", "12", "12"), "G": ("2", "3", "4", "5", "6")}
    autumn = [
        count(person=f"{letter}{n}", employer=employer, number=number)
        for letter, employer in (("F", "Trial"), ("G", "Council"))
        for n, number in enumerate(numbers[letter], 1)
    ]
    spring = [count(person=f"F{n}", on="30/04/2016", number="9") for n in range(1, 6)]
    few = [count(person=f"G{n}", employer="Council", on="30/04/2016") for n in range(1, 5)]
    held = [count(person=f"W{n}", what="cases held", number="7") for n in range(5)]
    others = [count(person=f"O{n}", programme="others") for n in range(N_OTHERS)]
    return [*autumn, *spring, *few, *held, *others]


SOUND: dict[str, list[Row]] = {
    "sdq_answers": [
        answer(child=f"K{n}", item=str(item)) for n in range(N_CHILDREN) for item in range(1, 26)
    ],
    "school_absences": [
        absence(child=f"K{n}", term=term)
        for n in range(N_CHILDREN)
        for term in ("Autumn", "Summer")
    ]
    + [
        absence(child=f"K{n}", year=f"20{year:02d}/{year + 1:02d}")
        for n in range(N_CHILDREN)
        for year in range(1, 15)
    ],
    "staff_stress": _stress(),
    "workload_counts": _counts(),
    "interviews": [
        interview(),
        interview(on="18/04/2016", outcome="closed"),
        interview(person="I2", kind="practitioner", on="18/04/2016", outcome="closed"),
        interview(person="I3", case="2", outcome="no change", employer="Council"),
        interview(
            person="I2", kind="practitioner", on="19/04/2016", case="", outcome="", topic="delivery"
        ),
        *(interview(person=f"O{n}", programme="others") for n in range(N_OTHERS)),
    ],
}
EMPLOYERS = {"Trial": "programme", "Council": "authority"}
COLUMNS = {
    "sdq_answers": {
        "child_id": "child",
        "wave": "wave",
        "form": "form",
        "informant": "who",
        "item_number": "item",
        "score": "score",
        "answered_date": "on",
    },
    "school_absences": {
        "child_id": "child",
        "school_year": "year",
        "term": "term",
        "school_id": "school",
        "sessions_possible": "open",
        "sessions_absent": "missed",
    },
    "staff_stress": {
        "programme_id": "programme",
        "respondent_id": "person",
        "organisation": "employer",
        "role": "role",
        "survey_date": "on",
        "stress_score": "score",
        "main_factor": "reason",
    },
    "workload_counts": {
        "programme_id": "programme",
        "respondent_id": "person",
        "organisation": "employer",
        "measure": "what",
        "counted_date": "on",
        "n_counted": "number",
    },
    "interviews": {
        "programme_id": "programme",
        "participant_id": "person",
        "participant_type": "kind",
        "organisation": "employer",
        "interview_date": "on",
        "case_number": "case",
        "case_outcome": "outcome",
        "topic": "topic",
    },
}
CODES: dict[str, dict[str, dict[str, str]]] = {
    "sdq_answers": {"form": {"school age": "school_age"}},
    "staff_stress": {
        "organisation": EMPLOYERS,
        "main_factor": {
            "work load": "workload",
            "complex cases": "complex_cases",
            "working with the authority": "working_with_authority",
        },
    },
    "workload_counts": {
        "organisation": EMPLOYERS,
        "measure": {"Visits": "visits_in_month", "cases held": "cases_held"},
    },
    "interviews": {"organisation": EMPLOYERS},
}


def _file(holds: str) -> dict[str, Any]:
    return {
        "name": f"{holds}.csv",
        "holds": holds,
        "date_formats": ["dmy"],
        "columns": COLUMNS[holds],
        "codes": CODES.get(holds, {}),
    }


def add_trial_study_files(project: Project) -> None:
    """The children's cases, the study files, and two studies: one of the programme, one of another
    that has no files."""
    shared = {"la_code": LA_CODE, "la_name": "Made-up trial", "synthetic": True}
    cases = [{"child": f"K{n}", "case": f"D{n}", "start": "2015-08-03"} for n in range(N_CHILDREN)]
    columns = {"child_id": "child", "case_id": "case", "plan_start_date": "start"}
    case_list = {"name": "cases.csv", "holds": "cases", "date_formats": ["iso"], "columns": columns}
    project.add_delivery(
        "made_up_trial",
        "2016-11-cases",
        {**shared, "format": "case_list", "as_of_date": "2016-11-30", "files": [case_list]},
        {"cases.csv": as_csv(cases)},
    )
    files = [_file(holds) for holds in SOUND]
    project.add_delivery(
        "made_up_trial",
        "2016-11",
        {**shared, "format": "study_files", "as_of_date": "2016-11-30", "files": files},
        {
            f"{holds}.csv": as_csv([*SOUND[holds], *(row for row, _ in JUDGED[holds])])
            for holds in SOUND
        },
    )
    opt_outs = project.path / "extracts" / "made_up_trial" / "opt_outs.csv"
    opt_outs.write_text(f"child_id\n{OPTED_OUT}\n")
    project.add_study("trial", la_code=LA_CODE, programme_id=PROGRAMME)
    project.add_study("other", la_code=LA_CODE, programme_id="another_programme")
