"""A third, made-up programme: seed rows and an extract alone, with everything set differently.

Each rule has an edge of its own: cases are matched within their ethnicity (an exact category), so
that the cases of one edge can't be compared with those of another. A bulk of other cases gives the
estimates something to rest on.
"""

from __future__ import annotations

import csv
import io
from typing import Any

from projects import STUDY_SEEDS, Project

SLUG, LA_CODE, PROGRAMME = "third", "S58", "third_way"
STUDY, BY_LINK = "third", "third_by_link"
START, END, AS_OF = "2021-03-01", "2022-02-28", "2022-08-31"
FIRST_OPEN, LAST_OPEN = "2020-06-01", "2022-01-31"
PARAMETERS = {
    "caliper_length": "30",
    "caliper_unit": "days",
    "length_origin": "referral",
    "survival_origin": "referral",
    "open_at_entry_inclusive": "false",
    "later_escalation_inclusive": "false",
    "escalation_from": "programme_entry",
    "rereferral_anchor": "closure",
    "rereferral_months": "6",
}
FIELDS = (
    "case",
    "family",
    "ethnicity",
    "age",
    "start",
    "referred",
    "closed",
    "entered",
    "cp",
    "lac",
    "again",
)
# case, family, ethnicity, age, start, referral, closure, entry, CP, LAC, re-referrals
EDGES = [
    # The caliper is 30 days either side.
    ("Tcal", "F1", "WBRI", "5", "2021-01-31", "2021-01-20", "", "2021-06-01", "", "", ""),
    ("before30", "F2", "WBRI", "5", "2021-01-01", "2021-01-01", "2021-08-01", "", "", "", ""),
    ("after30", "F3", "WBRI", "5", "2021-03-02", "2021-02-20", "2022-02-28", "", "", "", ""),
    ("before31", "F4", "WBRI", "5", "2020-12-31", "2020-12-20", "", "", "", "", ""),
    ("after31", "F5", "WBRI", "5", "2021-03-03", "2021-03-01", "", "", "", "", ""),
    # Bins of age end at 9.5 in completed years: nobody of nine or less may serve Tbin.
    ("Tbin", "F6", "WIRT", "10", "2021-01-31", "2021-01-20", "", "2021-06-01", "", "", ""),
    ("aged9", "F7", "WIRT", "9.9", "2021-01-31", "2021-01-20", "", "", "", "", ""),
    ("aged17", "F8", "WIRT", "17", "2021-01-31", "2021-01-20", "", "", "", "", ""),
    # Closing on the day of entry isn't open then.
    ("Topen", "F9", "WIRI", "5", "2021-02-01", "2021-01-20", "", "2021-06-01", "", "", ""),
    ("closes_on", "F10", "WIRI", "5", "2021-02-01", "2021-01-20", "2021-06-01", "", "", "", ""),
    ("closes_after", "F11", "WIRI", "5", "2021-02-01", "2021-01-20", "2021-06-02", "", "", "", ""),
    # An escalation on the day of closure isn't later; one after the study's end isn't seen.
    (
        *("Tlater", "F12", "WOTH", "5", "2021-02-01", "2021-01-20", "2021-09-01", "2021-06-01"),
        *("2021-09-01", "", ""),
    ),
    (
        *("day_after", "F13", "WOTH", "5", "2021-02-01", "2021-01-20", "2021-09-01", ""),
        *("2021-09-02", "", ""),
    ),
    (
        *("after_end", "F14", "WOTH", "5", "2021-02-01", "2021-01-20", "2021-09-01", ""),
        *("", "2022-03-01", ""),
    ),
    (
        *("closed_after_end", "F15", "WOTH", "5", "2021-02-01", "2021-01-20", "2022-03-01", ""),
        *("", "", ""),
    ),
    # Escalations count from entry; a comparator's from the earliest of those it serves, or link by
    # link.
    (
        *("Tearly", "F16", "MWBC", "5", "2021-02-01", "2021-01-20", "", "2021-06-01"),
        *("2021-06-01", "", ""),
    ),
    (
        *("Tlate", "F17", "MWBC", "5", "2021-02-01", "2021-01-20", "", "2021-09-01"),
        *("2021-08-31", "", ""),
    ),
    ("cp_before", "F18", "MWBC", "5", "2021-02-01", "2021-01-20", "", "", "2021-05-31", "", ""),
    ("cp_on", "F19", "MWBC", "5", "2021-02-01", "2021-01-20", "", "", "2021-06-01", "", ""),
    ("lac_between", "F20", "MWBC", "5", "2021-02-01", "2021-01-20", "", "", "", "2021-08-31", ""),
    ("lac_on_late", "F21", "MWBC", "5", "2021-02-01", "2021-01-20", "", "", "", "2021-09-01", ""),
    # Re-referral within 6 months of closure, by the calendar.
    (
        *("Tagain", "F22", "AIND", "5", "2021-02-01", "2021-01-20", "2021-08-31", "2021-06-01"),
        *("", "", "2022-02-28"),
    ),
    (
        *("last_day", "F23", "AIND", "5", "2021-02-01", "2021-01-20", "2021-06-30", ""),
        *("", "", "2021-12-30"),
    ),
    (
        *("too_late", "F24", "AIND", "5", "2021-02-01", "2021-01-20", "2021-06-30", ""),
        *("", "", "2021-12-31"),
    ),
    (
        *("on_closing", "F25", "AIND", "5", "2021-02-01", "2021-01-20", "2021-06-30", ""),
        *("", "", "2021-06-30"),
    ),
    (
        *("while_open", "F26", "AIND", "5", "2021-02-01", "2021-01-20", "2021-11-30", ""),
        *("", "", "2021-07-01"),
    ),
    (
        *("past_the_end", "F27", "AIND", "5", "2021-02-01", "2021-01-20", "2021-10-01", ""),
        *("", "", "2022-03-01"),
    ),
    # The sixth month ends on 1 January by the calendar, a day after 183 days.
    (
        *("new_year", "F29", "AIND", "5", "2021-02-01", "2021-01-20", "2021-07-01", ""),
        *("", "", "2022-01-01"),
    ),
    # Starts in months: 28 February is within a month of 31 March, and not the other way round.
    ("Tmonth", "F30", "OOTH", "5", "2021-03-31", "2021-01-20", "", "2021-06-01", "", "", ""),
    ("february", "F31", "OOTH", "5", "2021-02-28", "2021-01-20", "", "", "", "", ""),
    ("march", "F32", "OOTH", "5", "2021-03-15", "2021-01-20", "", "", "", "", ""),
    # Nobody to compare with: closed before the study or on its first day, escalated on a day that
    # isn't known.
    (
        *("too_early", "F33", "BCRB", "5", "2020-07-01", "2020-06-20", "2020-12-01", ""),
        *("", "", "2021-02-01"),
    ),
    ("first_day", "F34", "BCRB", "5", "2021-02-01", "2021-01-20", START, "", "", "", ""),
    ("undated", "F35", "BCRB", "5", "2021-02-01", "2021-01-20", "", "", "", "", ""),
    # Nobody joins the programme after the study's end and counts.
    ("Tafter", "F28", "BCRB", "5", "2021-02-01", "2021-01-20", "", "2022-03-01", "", "", ""),
]


# Closed for a reason of its own, and escalated without a date.
MOVED, UNDATED = {"before30"}, {"undated"}


def rows() -> list[dict[str, str]]:
    """The whole list, edges first."""
    return [dict(zip(FIELDS, edge, strict=True)) for edge in EDGES] + _bulk()


def _bulk() -> list[dict[str, str]]:
    """Forty-eight cases of 32 families in four strata, every fourth of them treated."""
    found = []
    for n in range(48):
        month, day = 1 + n % 4, 1 + (n * 5) % 27
        closed = f"2021-{7 + n % 6:02d}-{1 + (n * 7) % 28:02d}" if n % 3 else ""
        again = ""
        if closed and n % 7 == 1:
            again = f"2022-0{1 + n % 2}-{1 + (n * 3) % 27:02d}"
        found.append(
            {
                "case": f"B{n}",
                "family": f"G{n // 2 if n % 4 < 2 else 100 + n}",
                "ethnicity": ("CHNE", "BAFR")[n % 8 // 4],
                "age": f"{4 + (n * 3) % 13}",
                "start": f"2021-{month:02d}-{day:02d}",
                "referred": f"2021-{month:02d}-01",
                "closed": closed,
                "entered": f"2021-0{5 + n % 2}-{10 + n % 9}" if n % 4 == 1 else "",
                "cp": f"2021-{6 + n % 7:02d}-{2 + n % 20:02d}" if n % 5 == 2 else "",
                "lac": f"2021-{5 + n % 8:02d}-{3 + n % 20:02d}" if n % 9 == 4 else "",
                "again": again,
            }
        )
    return found


COLUMNS = {
    "child_id": "case",
    "case_id": "case",
    "family_id": "family",
    "ethnicity_code": "ethnicity",
    "age_at_plan_start": "age",
    "plan_start_date": "start",
    "referral_date": "referred",
    "closure_date": "closed",
    "programme_start_date": "entered",
    "first_cp_date": "cp",
    "first_lac_date": "lac",
    "rereferral_dates": "again",
    "sex_code": "sex",
    "arm": "arm",
    "n_siblings_under_18": "siblings",
    "closure_reason_code": "reason",
    "n_cp_escalations": "n_cp",
}
COVARIATES = (
    # name, attribute, kind, category, in_strata, in_balance, in_adjustment
    ("ethnicity", "ethnicity_code", "exact", "", "true", "false", "false"),
    ("age", "age_at_plan_start", "number", "", "true", "true", "true"),
    ("siblings", "n_siblings_under_18", "number", "", "false", "true", "true"),
)
BINS = (("age", "0-9", "", "9.5"), ("age", "10+", "9.5", ""))
OUTCOMES = (
    ("closed_without_later_escalation", "proportion", "binary", "true"),
    ("escalated", "proportion", "binary", "true"),
    ("rereferred_12m", "proportion", "binary", "true"),
    ("case_length_days", "weeks", "length", "true"),
    ("escalated_lac", "proportion", "binary", "false"),
    ("closed_case_length_days", "weeks", "number", "false"),
)
ANALYSIS_COLUMNS = ("analysis_id", "outcome", "estimator", "covariates", "se_type")
ANALYSES = (
    # id, outcome, estimator, covariates, standard errors
    ("closure", "closed_without_later_escalation", "wls", "none", "cluster_family"),
    ("closure_adjusted", "closed_without_later_escalation", "wls", "matching", "cluster_family"),
    ("closure_bootstrap", "closed_without_later_escalation", "wls", "none", "bootstrap_family"),
    ("escalation", "escalated", "wls", "none", "cluster_family"),
    ("escalation_logit", "escalated", "logit_ame", "none", "cluster_family"),
    ("rereferral", "rereferred_12m", "wls", "none", "cluster_family"),
    ("time_to_closure", "case_length_days", "cox", "none", "cluster_family"),
)


def add(project: Project) -> None:
    """Lands the extract and adds the study, once as it is set and once counting link by link."""
    listed = [
        {
            **row,
            "sex": "F",
            "arm": "T" if row["entered"] else "C",
            "siblings": "1",
            "reason": ("RC5" if row["case"] in MOVED else "RC7") if row["closed"] else "",
            "n_cp": "1" if row["case"] in UNDATED else "",
        }
        for row in rows()
    ]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(listed[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(listed)
    contract: dict[str, Any] = {
        "la_code": LA_CODE,
        "la_name": "Third authority",
        "synthetic": True,
        "format": "case_list",
        "as_of_date": AS_OF,
        "files": [
            {
                "name": "list.csv",
                "holds": "cases",
                "date_formats": ["iso"],
                "columns": COLUMNS,
                "codes": {"arm": {"T": "treated", "C": "comparator"}},
                "constants": {"programme_id": PROGRAMME},
            }
        ],
    }
    project.add_delivery(SLUG, "2022", contract, {"list.csv": buffer.getvalue().encode()})
    for seed, seed_rows in seed_rows_of_study().items():
        project.add_seed_rows(seed, seed_rows)
    project.add_study(BY_LINK, like=STUDY, parameters={"index_date_of_comparator": "each_link"})


def seed_rows_of_study() -> dict[str, list[dict[str, str]]]:
    """The study in rows, by seed."""
    names = ("covariate", "attribute", "kind", "category", "in_strata", "in_balance")
    found: dict[str, list[dict[str, str]]] = {seed: [] for seed in STUDY_SEEDS}
    found["studies"] = [
        {
            "study_name": "A third programme",
            "design": "matched_comparison",
            "la_code": LA_CODE,
            "programme_id": PROGRAMME,
            "study_start": START,
            "study_end": END,
            "earliest_case_start": FIRST_OPEN,
            "latest_case_start": LAST_OPEN,
        }
    ]
    found["study_parameters"] = [
        {"parameter_id": parameter, "value": value} for parameter, value in PARAMETERS.items()
    ]
    found["study_covariates"] = [
        {
            **dict(zip((*names, "in_adjustment"), row, strict=True)),
            "covariate_order": str(order),
            "label": row[0],
        }
        for order, row in enumerate(COVARIATES, 1)
    ]
    found["study_covariate_bins"] = [
        dict(zip(("covariate", "bin", "lower_bound", "upper_bound"), row, strict=True))
        for row in BINS
    ]
    found["study_outcomes"] = [
        {
            **dict(zip(("outcome", "unit", "kind", "is_primary"), row, strict=True)),
            "outcome_order": str(order),
            "role": "outcome",
        }
        for order, row in enumerate(OUTCOMES, 1)
    ]
    found["study_analyses"] = [
        {
            **dict(zip(ANALYSIS_COLUMNS, row, strict=True)),
            "sample": "cem_caliper",
            "is_primary": "false",
            "in_curve": "false",
        }
        for row in ANALYSES
    ]
    return {seed: [{"study_id": STUDY, **row} for row in rows] for seed, rows in found.items()}
