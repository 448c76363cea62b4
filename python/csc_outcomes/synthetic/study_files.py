"""The delivery of study files beside the case list: codings of case notes, staff survey, returns.

The files are made from the committed case list, from the seeds that the warehouse reads them with
(items, price index) and from the YAML file beside this module, so that the same project gives the
same bytes.
"""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from csc_outcomes.synthetic.facts import ExtractFacts, StudyFacts
from csc_outcomes.synthetic.financial_returns import (
    ReturnFacts,
    financial_return_rows,
    months_of_study,
)
from csc_outcomes.synthetic.risk_codings import risk_codings_rows
from csc_outcomes.synthetic.staff_survey import SurveyFacts, staff_survey_rows

FACTS_FILE = "study_files.yml"
NOTICE = (
    "# Synthetic: no row describes a real child or member of staff; figures may be those published"
    " of a\n# real study, never a council's records.\n"
)
COLUMNS = {  # what a file holds: canonical column: header
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
    "staff_survey": {
        "respondent_id": "respondent_ref",
        "organisation": "organisation",
        "role": "role",
        "item_number": "item",
        "score": "score",
        "survey_date": "surveyed_on",
    },
    "financial_returns": {
        "month": "month",
        "cost_category": "category",
        "line_id": "line",
        "amount": "amount_gbp",
    },
}
DATE_FORMATS = {"financial_returns": "mony"}  # elsewhere ISO
WITHOUT_PROGRAMME = ("risk_codings",)


@dataclass(frozen=True)
class StudyFileFacts:
    """What the survey and the returns have to bring back, as in the YAML file of this package."""

    seed: int
    staff_survey: SurveyFacts
    financial_returns: ReturnFacts


def load_study_file_facts() -> StudyFileFacts:
    """The facts in the YAML file of this package."""
    text = files("csc_outcomes.synthetic").joinpath(FACTS_FILE).read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return StudyFileFacts(
        content["seed"],
        SurveyFacts.read(content["staff_survey"]),
        ReturnFacts(**content["financial_returns"]),
    )


def make_study_files(
    cases: pd.DataFrame, facts: StudyFacts, wanted: StudyFileFacts, seeds: Path
) -> dict[str, pd.DataFrame]:
    """The rows of each file by what it holds, text under the file's own headers.

    `cases` is the case list as text under its own headers, `seeds` the project's folder of seeds.
    Raises OutOfLuckError where a printed figure can't be had.
    """
    survey_rng, returns_rng = np.random.default_rng(wanted.seed).spawn(2)
    items = pd.read_csv(seeds / "stress" / "stress_items.csv").sort_values("item_number")
    return {
        "risk_codings": risk_codings_rows(cases, facts),
        "staff_survey": staff_survey_rows(
            survey_rng, wanted.staff_survey, items["is_reversed"].tolist()
        ),
        "financial_returns": _returns(returns_rng, facts, wanted.financial_returns, seeds),
    }


def write_study_files(tables: dict[str, pd.DataFrame], extract: ExtractFacts, folder: Path) -> None:
    """Write the CSV files and their extract.yml; the same tables give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for holds, table in tables.items():
        table.to_csv(folder / f"{holds}.csv", index=False, lineterminator="\n", encoding="utf-8")
    contract = yaml.safe_dump(_contract(extract), sort_keys=False, allow_unicode=True, width=100)
    (folder / "extract.yml").write_text(NOTICE + contract, encoding="utf-8", newline="\n")


def _returns(
    rng: np.random.Generator, facts: StudyFacts, returns: ReturnFacts, seeds: Path
) -> pd.DataFrame:
    index = pd.read_csv(seeds / "unit_costs" / "cpih.csv")
    values = {
        frequency: dict(zip(rows["period_start_date"], rows["index_value"], strict=True))
        for frequency, rows in index.groupby("frequency")
    }
    start, end = (pd.Timestamp(day, unit="D") for day in (facts.days.start, facts.days.end))
    base = values["year"][f"{returns.price_base_year}-01-01"]
    months = months_of_study(start, end, values["month"], base)
    n_cases = facts.samples["eligible_treated"].cases
    return financial_return_rows(rng, returns, months, n_cases, facts.case_weeks_in_service)


def _contract(extract: ExtractFacts) -> dict[str, object]:
    return {
        "la_code": extract.la_code,
        "la_name": extract.la_name,
        "synthetic": True,
        "format": "study_files",
        "as_of_date": extract.as_of_date,
        "files": [_file_contract(holds, extract.programme_id) for holds in COLUMNS],
    }


def _file_contract(holds: str, programme_id: str) -> dict[str, object]:
    contract: dict[str, object] = {
        "name": f"{holds}.csv",
        "holds": holds,
        "encoding": "utf-8",
        "date_formats": [DATE_FORMATS.get(holds, "iso")],
        "columns": dict(COLUMNS[holds]),
    }
    if holds not in WITHOUT_PROGRAMME:
        contract["constants"] = {"programme_id": programme_id}
    return contract
