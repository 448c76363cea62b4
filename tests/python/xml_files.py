"""Small CIN census returns of any collection year, element by element."""

from collections.abc import Iterable, Mapping
from typing import Any
from xml.sax.saxutils import escape

FIRST_YEAR, LAST_YEAR = 2017, 2026  # collection years: the year the return is of ends in
CIN_PLANS_SINCE, SEX_SINCE, PRE_PROCEEDINGS_SINCE = 2022, 2025, 2026

# A block is a mapping of element to text, to a block or to a list of these.
Block = Mapping[str, Any]


def element(name: str, content: Any, depth: int = 0) -> str:
    """One element, or one for each item of a list; none where the content is None."""
    margin = "    " * depth
    if content is None:
        return ""
    if isinstance(content, list):
        return "".join(element(name, item, depth) for item in content)
    if isinstance(content, Mapping):
        inner = "".join(element(key, value, depth + 1) for key, value in content.items())
        return f"{margin}<{name}>\n{inner}{margin}</{name}>\n"
    return f"{margin}<{name}>{escape(str(content))}</{name}>\n"


def header(year: int = 2024, la_code: str = "S01", **changes: Any) -> Block:
    """The header of the return of a collection year."""
    collection = {"Collection": "CIN", "Year": year, "ReferenceDate": f"{year}-03-31"}
    source = {"SourceLevel": "L", "LEA": la_code, "SoftwareCode": "Maker", "SerialNo": "001"}
    return {
        "CollectionDetails": {k: changes.get(k, v) for k, v in collection.items()},
        "Source": {k: changes.get(k, v) for k, v in source.items()},
    }


def child(number: int = 1, year: int = 2024) -> dict[str, Any]:
    """A child with one record of every kind that the collection year knows."""
    day = f"{year - 1}-{(number - 1) % 12 + 1:02d}"
    sex = {"Sex": "F"} if year >= SEX_SINCE else {"GenderCurrent": "2"}
    episode: dict[str, Any] = {
        "CINreferralDate": f"{day}-01",
        "ReferralSource": "1A",
        "PrimaryNeedCode": "N4",
        "CINclosureDate": f"{day}-28",
        "ReasonForClosure": "RC7",
        "Assessments": {
            "AssessmentActualStartDate": f"{day}-02",
            "AssessmentAuthorisationDate": f"{day}-09",
            "FactorsIdentifiedAtAssessment": {"AssessmentFactors": ["2A", "3B"]},
        },
        "CINPlanDates": {"CINPlanStartDate": f"{day}-10", "CINPlanEndDate": f"{day}-15"},
        "Section47": {
            "S47ActualStartDate": f"{day}-11",
            "InitialCPCtarget": f"{day}-25",
            "DateOfInitialCPC": f"{day}-16",
            "ICPCnotRequired": "false",
        },
        "ReferralNFA": "0",
        "ChildProtectionPlans": {
            "CPPstartDate": f"{day}-16",
            "CPPendDate": f"{day}-27",
            "InitialCategoryOfAbuse": "NEG",
            "LatestCategoryOfAbuse": "EMO",
            "NumberOfPreviousCPP": "1",
            "Reviews": {"CPPreviewDate": [f"{day}-20", f"{day}-26"]},
        },
    }
    if year < CIN_PLANS_SINCE:
        del episode["CINPlanDates"]
    if year >= PRE_PROCEEDINGS_SINCE:
        episode["PreProceedingsandFGDM"] = {"PPStartDate": f"{day}-12", "PPOutcome": "X"}
    return {
        "ChildIdentifiers": {
            "LAchildID": f"C{number}",
            "UPN": f"A{number:012d}",
            "PersonBirthDate": "2012-05-06",
            **sex,
        },
        "ChildCharacteristics": {"Ethnicity": "WBRI", "Disabilities": {"Disability": ["NONE"]}},
        "CINdetails": episode,
    }


def census(children: Iterable[Block], head: Block | None = None) -> str:
    """A whole return."""
    content = {"Header": head or header(), "Children": {"Child": list(children)}}
    return f'<?xml version="1.0" encoding="utf-8"?>\n{element("Message", content)}'
