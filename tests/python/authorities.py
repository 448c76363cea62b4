"""Made-up authorities whose lists look different, or are dirty, and what must come of them."""

from __future__ import annotations

import csv
import io
from typing import Any

import third_programme
from projects import Project
from references import COLUMNS, FIXTURES, PARAMETERS, contract
from study_files import add_study_files

# The twin of the reference table S41 in another dialect: other headers and order, dd/mm/yyyy with
# times, other
# codes, Windows-1252, semicolons, ids in another spelling, and a header row below a title.
DIALECT = "S52"
DIALECT_HEADERS = {
    "child_id": "Child N°",
    "case_id": "Case",
    "arm": "On programme?",
    "sex_code": "Sex",
    "ethnicity_code": "Ethnic group",
    "nationality": "Nationality £",
    "plan_start_date": "CIN Start Date",
    "closure_date": "CIN Closure Date",
}
DIALECT_SEX = {"F": "2", "M": "1", "U": "9"}
DATES = (
    "plan_start_date",
    "closure_date",
    "referral_date",
    "programme_start_date",
    "first_cp_date",
    "first_lac_date",
    "rereferral_dates",
)

# The same small list written three ways; the marts must not tell them apart.
PLAIN, WIDE, WORKBOOK = "S53", "S54", "S55"

# A hundred sound rows and, after them, one row for each fault.
DIRTY = "S56"


# Nobody had the programme.
NOBODY = "S57"


def add_all(project: Project) -> None:
    """Lands every authority and gives those that are compared a study."""
    add_dialect(project)
    add_small_lists(project)
    add_dirty(project)
    add_nobody_treated(project)
    add_study_files(project)
    add_rows_to_a_study(project)
    third_programme.add(project)


def add_dialect(project: Project) -> None:
    """fact22_a as another authority would write it."""
    with (FIXTURES / "fact22_a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    headers = {name: DIALECT_HEADERS.get(name, f"{source} !") for name, source in COLUMNS.items()}
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow(["Export of cases: “all wards”, £ and °"])
    writer.writerow([*headers.values(), "Notes"])
    for row in rows:
        values = {name: row[source] for name, source in COLUMNS.items()}
        writer.writerow([*_in_dialect(values).values(), ""])
    project.add_delivery(
        "dialect",
        "2020",
        {
            **contract(DIALECT),
            "files": [
                {
                    "name": "cases (all wards).csv",
                    "holds": "cases",
                    "encoding": "windows-1252",
                    "delimiter": ";",
                    "header_row": 2,
                    "date_formats": ["dmy"],
                    "columns": headers,
                    "ignored_columns": ["Notes"],
                    "codes": {
                        "arm": {"Yes": "treated", "No": "comparator"},
                        "sex_code": {code: sex for sex, code in DIALECT_SEX.items()},
                    },
                    "constants": {"programme_id": "fact22"},
                }
            ],
        },
        {"cases (all wards).csv": buffer.getvalue().encode("windows-1252")},
    )
    project.add_study(
        "dialect",
        la_code=DIALECT,
        parameters=PARAMETERS,
    )


def _in_dialect(values: dict[str, str]) -> dict[str, str]:
    changed = dict(values)
    for name in DATES:
        if changed[name]:
            year, month, day = changed[name].split("-")
            changed[name] = f" {day}/{month}/{year} 00:00"
    changed["child_id"] = f"  {changed['child_id'].lower()}"
    changed["arm"] = "Yes" if values["arm"] == "1" else "no"
    changed["sex_code"] = DIALECT_SEX[values["sex_code"]]
    changed["ethnicity_code"] = f"a) {values['ethnicity_code'].lower()}"
    changed["nationality"] = values["nationality"].upper()
    return changed


# child, case, birth date, start, closure, referral, entry, CP during, LAC after, n_cp, n_lac,
# re-referrals
SMALL_LIST = [
    ("101", "1", "2010-03-01", "2018-05-01", "", "2018-04-20", "2018-09-01", "", "", 0, 0, ""),
    (
        *("102", "2", "2010-03-02", "2018-05-10", "2019-01-10", "2018-04-25", "", "", ""),
        *(0, 0, "2019-03-01"),
    ),
    (
        *("103", "3", "2011-07-15", "2018-03-01", "2019-05-05", "2018-02-01", "", "2018-11-11", ""),
        *(1, 0, ""),
    ),
    (
        *("104", "4", "2009-12-31", "2018-06-15", "2019-02-02", "2018-06-01", "", "", "2019-06-06"),
        *(0, 1, ""),
    ),
    (
        *("105", "5", "2010-10-10", "2018-04-30", "", "2018-04-01", "2018-10-15", "2018-12-01", ""),
        *(2, 0, ""),
    ),
    (
        *("106", "6", "2011-01-01", "2018-07-07", "2019-07-07", "2018-07-01", "", "", ""),
        *(0, 0, "2019-06-30;2019-08-01"),
    ),
]
SMALL_FIELDS = (
    "child_id",
    "case_id",
    "birth_date",
    "plan_start_date",
    "closure_date",
    "referral_date",
    "programme_start_date",
    "first_cp_date_during",
    "first_lac_date_after",
    "n_cp_escalations",
    "n_lac_escalations",
    "rereferral_dates",
)
SAME_FOR_ALL = {
    "sex_code": "F",
    "ethnicity_code": "WBRI",
    "nationality": "British",
    "n_siblings_under_18": "1",
    "n_previous_referrals": "0",
}


def add_small_lists(project: Project) -> None:
    """One list with everything in the row, one in three files, one as a workbook."""
    rows = [dict(zip(SMALL_FIELDS, row, strict=True)) for row in SMALL_LIST]
    for row in rows:
        row["arm"] = "treated" if row["programme_start_date"] else "comparator"
    fields = [*SMALL_FIELDS, "arm", *SAME_FOR_ALL]
    rows = [{**row, **SAME_FOR_ALL} for row in rows]
    together = {
        "holds": "cases",
        "date_formats": ["iso"],
        "columns": {field: field for field in fields},
        "constants": {"programme_id": "fact22"},
    }
    plain = {**contract(PLAIN), "files": [{"name": "cases.csv", **together}]}
    for delivery in ("1", "2"):  # the same file twice: nothing may come of the second
        project.add_delivery("plain", delivery, plain, {"cases.csv": _csv(fields, rows)})

    in_row = [f for f in fields if f not in ("arm", "programme_start_date", "rereferral_dates")]
    enrolments = [row for row in rows if row["programme_start_date"]]
    rereferrals = [
        {"child_id": row["child_id"], "referral_date": day}
        for row in rows
        for day in row["rereferral_dates"].split(";")
        if day
    ]
    wide = {
        **contract(WIDE),
        "files": [
            {
                "name": "cases.csv",
                "holds": "cases",
                "date_formats": ["iso"],
                "columns": {field: field for field in in_row},
            },
            {
                "name": "programme.csv",
                "holds": "programme_enrolments",
                "date_formats": ["iso"],
                "columns": {"child_id": "child_id", "start_date": "programme_start_date"},
                "constants": {"programme_id": "fact22"},
            },
            {
                "name": "rereferrals.csv",
                "holds": "referrals",
                "date_formats": ["iso"],
                "columns": {"child_id": "child_id", "referral_date": "referral_date"},
            },
        ],
    }
    project.add_delivery(
        "wide",
        "1",
        wide,
        {
            "cases.csv": _csv(in_row, rows),
            "programme.csv": _csv(["child_id", "programme_start_date"], enrolments),
            "rereferrals.csv": _csv(["child_id", "referral_date"], rereferrals),
        },
    )

    workbook = {
        **contract(WORKBOOK),
        "files": [{"name": "cases.xlsx", "sheet": "Cases", **together}],
    }
    project.add_delivery("workbook", "1", workbook, {"cases.xlsx": _xlsx(fields, rows)})
    for name, la_code in (("plain", PLAIN), ("wide", WIDE), ("workbook", WORKBOOK)):
        project.add_study(name, la_code=la_code, parameters={"balance_origin": None})


def _csv(fields: list[str], rows: list[dict[str, Any]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fields, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


def _xlsx(fields: list[str], rows: list[dict[str, Any]]) -> bytes:
    """A workbook whose dates are dates and whose ids are numbers, as Excel keeps them."""
    from datetime import date

    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.create_sheet("Cases", 0)
    sheet.append(fields)
    for row in rows:
        sheet.append(
            [
                date.fromisoformat(row[f])
                if f.endswith("_date") and row[f]
                else int(row[f])
                if f in ("child_id", "case_id")
                else row[f] or None
                for f in fields
            ]
        )
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _sound_row(n: int) -> dict[str, str]:
    return {
        "child_id": f"K{n}",
        "case_id": f"D{n}",
        "plan_start_date": "2018-06-01",
        "closure_date": "2019-01-01",
        "referral_date": "2018-05-20",
        "birth_date": "2010-01-01",
        "sex_code": "F",
        "ethnicity_code": "WBRI",
        "n_siblings_under_18": "1",
        "first_cp_date": "",
        "arm": "comparator",
        "programme_start_date": "",
    }


# What each fault must come to: a quarantine reason, or what the loaded row then says.
FAULTS: list[tuple[dict[str, str], str]] = [
    ({"child_id": ""}, "id_missing"),
    ({"child_id": "Mary Smith, moved"}, "id_not_an_identifier"),
    ({"child_id": "1.23E+09"}, "id_digits_lost"),
    ({"plan_start_date": ""}, "plan_start_missing"),
    ({"plan_start_date": "01/01/1900"}, "plan_start_missing"),
    ({"plan_start_date": "31/06/2018"}, "unreadable_date"),
    ({"closure_date": "soon"}, "unreadable_date"),
    ({"closure_date": "06/07/2018"}, "unreadable_date"),
    ({"closure_date": "2018-05-31"}, "closed_before_start"),
    ({"arm": "maybe"}, "arm_unknown"),
    ({"arm": "treated"}, "programme_start_missing"),
    ({"first_cp_date": "2009-12-31"}, "escalated_before_birth"),
]
# Faults that don't refuse the row: the value becomes null, a code UNMAPPED.
BLEMISHES: list[tuple[dict[str, str], str, Any]] = [
    ({"closure_date": "31/12/9999"}, "closure_date", None),
    ({"closure_date": "#N/A"}, "closure_date", None),
    ({"n_siblings_under_18": "99"}, "n_siblings_under_18", None),
    ({"n_siblings_under_18": "two"}, "n_siblings_under_18", None),
    ({"ethnicity_code": "MARTIAN"}, "ethnicity_code", "UNMAPPED"),
    ({"ethnicity_code": ""}, "ethnicity_code", None),
    ({"birth_date": "about 2010"}, "age_at_plan_start", None),
]
N_SOUND = 1500


def add_dirty(project: Project) -> None:
    """Sound rows, faulty rows, blemished rows, a ragged row, duplicates and a row that an older
    delivery had otherwise."""
    sound = [_sound_row(n) for n in range(N_SOUND)]
    fields = list(sound[0])
    faulty = [{**_sound_row(N_SOUND + i), **change} for i, (change, _) in enumerate(FAULTS)]
    start = N_SOUND + len(FAULTS)
    blemished = [{**_sound_row(start + i), **change} for i, (change, _, _) in enumerate(BLEMISHES)]
    contradicting = [
        {**_sound_row(9000), "case_id": "TWICE"},
        {**_sound_row(9000), "case_id": "TWICE", "closure_date": "2019-02-02"},
    ]
    rows = [*sound, *faulty, *blemished, *contradicting, sound[3], sound[3]]
    newest = _csv(fields, rows) + b"ragged,row\n"
    older = _csv(fields, [{**_sound_row(0), "closure_date": ""}, _sound_row(1)])
    base = contract(DIRTY, columns={field: field for field in fields}, codes={})
    project.add_delivery("dirty", "2020-12", base, {"cases.csv": newest})
    project.add_delivery(
        "dirty", "2020-06", {**base, "as_of_date": "2020-06-30"}, {"cases.csv": older}
    )
    (project.path / "extracts" / "dirty" / "opt_outs.csv").write_text("child_id\nK7\n")


def add_nobody_treated(project: Project) -> None:
    """An authority whose study has no treated case at all."""
    rows = [_sound_row(n) for n in range(12)]
    fields = list(rows[0])
    nobody = contract(NOBODY, columns={field: field for field in fields}, codes={})
    project.add_delivery("nobody", "1", nobody, {"cases.csv": _csv(fields, rows)})
    project.add_study("nobody", la_code=NOBODY)


# One row each: what a study that is like another one has beside.
OWN_COVARIATE = {
    "covariate": "siblings",
    "covariate_order": 8,
    "label": "Siblings, once more",
    "attribute": "n_siblings_under_18",
    "kind": "number",
    "in_strata": "false",
    "in_balance": "true",
    "in_adjustment": "false",
}
OWN_OUTCOME = {
    "outcome": "escalated_lac",
    "outcome_order": 2,
    "is_primary": "false",
    "unit": "proportion",
    "kind": "binary",
    "role": "outcome",
}
OWN_ANALYSIS = {
    "analysis_id": "care_by_weighting",
    "outcome": "escalated_lac",
    "sample": "unmatched",
    "estimator": "ebal",
    "covariates": "matching",
    "se_type": "hc1",
    "is_primary": "false",
    "in_curve": "false",
}


def add_rows_to_a_study(project: Project) -> None:
    """A study of the dialect's authority with one primary outcome, and one covariate, one outcome
    and one analysis of its own: a row in a seed for each."""
    for seed, kept in {
        "studies": lambda row: True,
        "study_covariates": lambda row: True,
        "study_covariate_bins": lambda row: True,
        "study_outcomes": lambda row: row["outcome"] == "escalated",
        "study_analyses": lambda row: row["analysis_id"] == "escalation_main",
    }.items():
        project.copy_seed_rows(seed, "dialect", "rows_of_its_own", kept)
    for seed, row in {
        "study_covariates": OWN_COVARIATE,
        "study_outcomes": OWN_OUTCOME,
        "study_analyses": OWN_ANALYSIS,
    }.items():
        project.add_seed_rows(seed, [{"study_id": "rows_of_its_own", **row}])
