"""From cases in day numbers to a delivery: a CSV file and its extract.yml."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from csc_outcomes.synthetic.days import NEVER, iso_dates
from csc_outcomes.synthetic.facts import ExtractFacts

LIST_SEPARATOR = ";"
FAMILY_COLUMN = {"family_id": "family_ref"}
NOTICE = (
    "# Synthetic: made by `python -m csc_outcomes.synthetic`. No row describes a real child;\n"
    "# figures may be those published of a real study, never a council's records.\n"
)


def as_extract(cases: pd.DataFrame, extract: ExtractFacts) -> pd.DataFrame:
    """Cases as text under the file's own headers; dates are ISO, what is missing is empty."""
    count = cases["is_undated"].astype(int)
    is_after = cases["is_after"]
    canonical = {
        "child_id": cases["child_ref"],
        "case_id": cases["case_ref"],
        "birth_date": iso_dates(cases["start"] - cases["age_days"]),
        "sex_code": np.where(cases["female"], "F", "M"),
        "ethnicity_code": cases["ethnicity"],
        "nationality": cases["nationality"],
        "ward": cases["ward"],
        "n_siblings_under_18": cases["siblings"],
        "n_previous_referrals": cases["referrals"],
        "referral_date": iso_dates(cases["referral"]),
        "plan_start_date": iso_dates(cases["start"]),
        "closure_date": iso_dates(cases["close"]),
        "primary_need_code": cases["need"],
        "arm": cases["treated"].astype(int),
        "programme_start_date": iso_dates(cases["entry"]),
        "programme_end_date": iso_dates(cases["service_end"]),
        "first_cp_date_during": iso_dates(cases["cp"].mask(is_after, NEVER)),
        "first_cp_date_after": iso_dates(cases["cp"].where(is_after, NEVER)),
        "first_lac_date_during": iso_dates(cases["lac"].mask(is_after, NEVER)),
        "first_lac_date_after": iso_dates(cases["lac"].where(is_after, NEVER)),
        "n_cp_escalations": (cases["cp"] != NEVER).astype(int) + count,
        "n_lac_escalations": (cases["lac"] != NEVER).astype(int),
        "rereferral_dates": _joined_dates(cases[["rereferral", "second_rereferral"]]),
    }
    if "family_id" in extract.columns:
        canonical["family_id"] = cases["family_ref"]
    frame = pd.DataFrame(
        {header: np.asarray(canonical[column]) for column, header in extract.columns.items()}
    )
    return frame.astype(str)


def with_families(extract: ExtractFacts) -> ExtractFacts:
    """The same extract with a column that names the family."""
    return replace(extract, columns=extract.columns | FAMILY_COLUMN)


def write_delivery(frame: pd.DataFrame, extract: ExtractFacts, folder: Path) -> None:
    """Write the CSV file and its extract.yml into `folder`; the same frame gives the same bytes."""
    write_contract(extract, folder)
    frame.to_csv(folder / extract.file_name, index=False, lineterminator="\n", encoding="utf-8")


def write_contract(extract: ExtractFacts, folder: Path) -> None:
    """Write the extract.yml of a case list into `folder`, which is made where it isn't there."""
    folder.mkdir(parents=True, exist_ok=True)
    contract = yaml.safe_dump(_contract(extract), sort_keys=False, allow_unicode=True, width=100)
    (folder / "extract.yml").write_text(NOTICE + contract, encoding="utf-8", newline="\n")


def _contract(extract: ExtractFacts) -> dict[str, object]:
    constants = {} if "programme_id" in extract.columns else {"programme_id": extract.programme_id}
    return {
        "la_code": extract.la_code,
        "la_name": extract.la_name,
        "synthetic": True,
        "format": "case_list",
        "as_of_date": extract.as_of_date,
        "window_start": extract.window_start,
        "files": [
            {
                "name": extract.file_name,
                "holds": "cases",
                "encoding": "utf-8",
                "date_formats": ["iso"],
                "list_separator": LIST_SEPARATOR,
                "columns": dict(extract.columns),
                "codes": {
                    "sex_code": {"F": "F", "M": "M"},
                    "arm": {"1": "treated", "0": "comparator"},
                },
                **({"constants": constants} if constants else {}),
            }
        ],
    }


def _joined_dates(days: pd.DataFrame) -> list[str]:
    columns = [iso_dates(days[column]) for column in days]
    return [
        LIST_SEPARATOR.join(sorted(filter(None, dates))) for dates in zip(*columns, strict=True)
    ]
