"""The reference tables with answers computed in R, delivered as case lists of made-up
authorities."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from projects import Project

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "oracle"
# Each table is one authority and one study, all in one build: a build each would cost minutes.
LA_CODES = {
    "fact22_a": "S41",
    "edge_ties": "S42",
    "edge_caliper_dates": "S43",
    "edge_age_bins": "S44",
    "edge_tiny": "S45",
    "edge_separation": "S46",
}
# What to set to reproduce the answers: see the conventions beside them.
PARAMETERS = {
    "balance_origin": "2014-04-10",
    "rereferral_from": "none",
    "competing_escalation": "cp",
    "psm_weight_scale": "matchit",
}
# The readings of "6 months" and of "open at entry" for which there are weights.
CALIPERS: dict[str, dict[str, str]] = {
    "days183": {"caliper_length": "183", "caliper_unit": "days"},
    "days182_625": {"caliper_length": "182.625", "caliper_unit": "days"},
    "days180": {"caliper_length": "180", "caliper_unit": "days"},
    "calendar6m_from_treated": {"caliper_anchor": "treated"},
    "calendar6m_symmetric": {"caliper_anchor": "symmetric"},
}
READINGS = {
    f"{caliper}.{bound}": {**parameters, "open_at_entry_inclusive": is_inclusive}
    for caliper, parameters in CALIPERS.items()
    for bound, is_inclusive in {"inclusive": "true", "exclusive": "false"}.items()
}
COLUMNS = {
    "case_id": "case_id",
    "child_id": "child_id",
    "arm": "treated",
    "age_at_plan_start": "age_at_cin_start",
    "n_siblings_under_18": "n_siblings_u18",
    "n_previous_referrals": "n_prev_referrals",
    "sex_code": "gender",
    "ethnicity_code": "ethnicity",
    "nationality": "nationality",
    "referral_date": "referral_date",
    "plan_start_date": "cin_start_date",
    "programme_start_date": "treatment_entry_date",
    "closure_date": "closure_date",
    "first_cp_date": "first_cp_date",
    "first_lac_date": "first_lac_date",
    "rereferral_dates": "rereferral_date",
}


def contract(la_code: str, **changes: Any) -> dict[str, Any]:
    """extract.yml of a reference table."""
    file = {
        "name": "cases.csv",
        "holds": "cases",
        "date_formats": ["iso"],
        "columns": COLUMNS,
        "codes": {"arm": {"1": "treated", "0": "comparator"}},
        "constants": {"programme_id": "fact22"},
    }
    return {
        "la_code": la_code,
        "la_name": f"Reference table {la_code}",
        "synthetic": True,
        "format": "case_list",
        "as_of_date": "2020-12-31",
        "files": [{**file, **changes}],
    }


def add_reference(project: Project, name: str, **parameters: str) -> None:
    """Lands one reference table and adds a study of the same name for it."""
    la_code = LA_CODES[name]
    project.add_delivery(name, "all", contract(la_code), {"cases.csv": FIXTURES / f"{name}.csv"})
    project.add_study(name, la_code=la_code, parameters={**PARAMETERS, **parameters})
    if name == "fact22_a":
        project.add_seed_rows(
            "study_readings",
            (
                {"study_id": name, "reading": reading, "parameter_id": parameter, "value": value}
                for reading, changes in READINGS.items()
                for parameter, value in changes.items()
            ),
        )


def case_ids(name: str) -> list[str]:
    """The source's case ids in file order: row n of the landed file is row n here."""
    text = (FIXTURES / f"{name}.csv").read_text(encoding="utf-8")
    return [row["case_id"] for row in csv.DictReader(io.StringIO(text))]


TRIAL = "crewe_a"
TRIAL_LA_CODE = "S47"
DAY_OF_HISTORY = "2014-06-30"


def add_trial_reference(project: Project) -> None:
    """Lands the reference table of a trial and adds a study for it: every child counts, age is a
    number, and whether the family had support before is told by a date."""
    rows = trial_rows()
    cases = [
        {
            "child": row["child_id"],
            "family": row["family_id"],
            "sex": "F" if row["female"] == "1" else "M",
            "disability": row["disability"],
            "age": row["age"],
            "referred": row["referral_date"],
            "closed": row["closure_date"],
            "earlier": DAY_OF_HISTORY if row["history"] == "1" else "",
        }
        for row in rows
    ]
    allocations = [
        {
            "child": row["child_id"],
            "family": row["family_id"],
            "arm": "treated" if row["treated"] == "1" else "comparator",
            "status": "allocated",
            "day": row["referral_date"],
        }
        for row in rows
    ]
    facts = {"la_code": TRIAL_LA_CODE, "la_name": "Reference trial", "synthetic": True}
    facts["as_of_date"] = "2016-11-01"
    columns = {
        "child_id": "child",
        "case_id": "child",
        "family_id": "family",
        "sex_code": "sex",
        "has_disability": "disability",
        "age_at_plan_start": "age",
        "referral_date": "referred",
        "plan_start_date": "referred",
        "closure_date": "closed",
        "earlier_support_dates": "earlier",
    }
    files = [{"name": "cases.csv", "holds": "cases", "date_formats": ["iso"], "columns": columns}]
    project.add_delivery(
        TRIAL,
        "cases",
        {**facts, "format": "case_list", "files": files},
        {"cases.csv": as_csv(cases)},
    )
    columns = {
        "child_id": "child",
        "family_id": "family",
        "arm": "arm",
        "allocation_status": "status",
        "allocated_date": "day",
    }
    file = {"name": "allocations.csv", "holds": "allocations", "date_formats": ["iso"]}
    files = [{**file, "columns": columns, "constants": {"programme_id": "trial"}}]
    project.add_delivery(
        TRIAL,
        "allocations",
        {**facts, "format": "study_files", "files": files},
        {"allocations.csv": as_csv(allocations)},
    )
    project.add_study(
        TRIAL,
        like="crewe",
        la_code=TRIAL_LA_CODE,
        programme_id="trial",
        parameters={"case_unit": "child"},
    )
    seed = next((project.path / "seeds").rglob("study_covariates.csv"))
    text = seed.read_text(encoding="utf-8")
    levels = f"{TRIAL},age_in_years,"
    lines = (
        line.replace(",levels,", ",number,") if line.startswith(levels) else line
        for line in text.splitlines(keepends=True)
    )
    seed.write_text("".join(lines), encoding="utf-8")


def trial_rows() -> list[dict[str, str]]:
    """The rows of the reference table of a trial."""
    text = (FIXTURES / f"{TRIAL}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def as_csv(rows: list[dict[str, str]]) -> bytes:
    """Rows as the bytes of a CSV file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
