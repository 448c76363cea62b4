"""Made-up children as an Annex A workbook: eleven lists of one day, each with its look-back.

Referrals of twelve months, all other activity of six; codes with a letter before them. Source:
Ofsted's Annex A (inspection of local authority children's services) as its columns stand in
liia-tools (MIT).
"""

from datetime import date, timedelta
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from csc_outcomes.synthetic.returns.lives import (
    CarePeriod,
    Child,
    CpPlan,
    Episode,
    Section47,
    years_before,
)

LISTS: dict[str, list[str]] = yaml.safe_load(
    (files("csc_outcomes.synthetic.returns") / "annex_a.yml").read_text(encoding="utf-8")
)
CONTACTS, REFERRALS, ASSESSMENTS, SECTION_47S = "List 1", "List 3", "List 4", "List 5"
CHILDREN_IN_NEED, CP_PLANS, IN_CARE = "List 6", "List 7", "List 8"
GENDERS = {"M": "a) Male", "F": "b) Female", "U": "c) Not stated/recorded (or unborn)"}
CATEGORIES = {
    "NEG": "a) Neglect",
    "PHY": "b) Physical abuse",
    "SAB": "c) Sexual abuse",
    "EMO": "d) Emotional abuse",
    "MUL": "e) Multiple",
}
NO_WRITER = (
    "an Annex A workbook needs openpyxl, which is among the development requirements: "
    "pip install openpyxl"
)


class OpenpyxlMissing(Exception):
    """The library that writes workbooks isn't there."""


class AnnexA:
    """One workbook, written as children are added; OpenpyxlMissing without its library."""

    def __init__(self, path: Path, as_of: date) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._book = import_module("openpyxl").Workbook(write_only=True)
        except ModuleNotFoundError:
            raise OpenpyxlMissing(NO_WRITER) from None
        self._path, self._as_of = path, as_of
        self._since = {months: since(as_of, months) for months in (6, 12)}
        self._sheets = {name: self._book.create_sheet(name) for name in LISTS}
        for name, headers in LISTS.items():
            self._sheets[name].append(headers)

    def add(self, child: Child) -> None:
        """Writes the rows of a child."""
        half_year, year = self._since[6], self._since[12]
        for e in child.episodes:
            if e.referral >= half_year:
                self._contact(child, e)
            if e.referral >= year:
                self._referral(child, e, year)
            for a in e.assessments:
                if a.authorised is None or a.authorised >= half_year:
                    self._assessment(child, a.start, a.authorised)
            for s in e.section_47s:
                if s.start >= half_year:
                    self._section_47(child, e, s)
            if not e.is_nfa and (e.close is None or e.close >= half_year):
                self._child_in_need(child, e)
            for p in e.cp_plans:
                if not p.is_other_authority and (p.end is None or p.end >= half_year):
                    self._cp_plan(child, p)
        for period in child.care:
            if period.end is None or period.end >= half_year:
                self._in_care(child, period)

    def close(self) -> None:
        """Saves the workbook."""
        self._book.save(self._path)

    def _contact(self, child: Child, e: Episode) -> None:
        cells = {"Date of Contact": e.referral, "Contact Source": f"a) {e.source}"}
        self._write(CONTACTS, child, cells)

    def _referral(self, child: Child, e: Episode, year: date) -> None:
        since = [f for f in child.episodes if year <= f.referral <= e.referral]
        self._write(
            REFERRALS,
            child,
            {
                "Date of referral": e.referral,
                "Referral Source": f"a) {e.source}",
                "Referral NFA?": _yes(e.is_nfa),
                "Number of Referrals in Last 12 Months": len(since),
            },
        )

    def _assessment(self, child: Child, start: date, authorised: date | None) -> None:
        self._write(
            ASSESSMENTS,
            child,
            {
                "Continuous Assessment Start Date": start,
                "Child Seen During Continuous Assessment": _yes(True),
                "Continuous Assessment Date of Authorisation": authorised,
            },
        )

    def _section_47(self, child: Child, e: Episode, s: Section47) -> None:
        leads_to_plan = any(plan.start == s.icpc for plan in e.cp_plans)
        self._write(
            SECTION_47S,
            child,
            {
                "Strategy discussion initiating Section 47 Enquiry Start Date": s.start,
                "Was an Initial Child Protection Conference deemed unnecessary?": _yes(
                    s.is_icpc_not_required
                ),
                "Date of Initial Child Protection Conference": s.icpc,
                "Did the Initial Child Protection Conference Result in a Child Protection Plan": (
                    _yes(leads_to_plan) if s.icpc else None
                ),
                "Number of Section 47 Enquiries in the last 12 months": 1,
                "Number of ICPCs in the last 12 months": int(s.icpc is not None),
            },
        )

    def _child_in_need(self, child: Child, e: Episode) -> None:
        self._write(
            CHILDREN_IN_NEED,
            child,
            {
                "CIN Start Date": cin_start(e),
                "Primary Need Code": f"a) {e.need}",
                "CIN Closure Date": e.close,
                "Reason for Closure": f"a) {e.close_reason}" if e.close_reason else None,
                "Case Status": "e) Closed episode" if e.close else "c) Child in need plan",
            },
        )

    def _cp_plan(self, child: Child, p: CpPlan) -> None:
        self._write(
            CP_PLANS,
            child,
            {
                "Child Protection Plan Start Date": p.start,
                "Initial Category of Abuse": CATEGORIES[p.initial_category],
                "Latest Category of Abuse": CATEGORIES[p.latest_category],
                "Date of latest review conference": p.reviews[-1] if p.reviews else None,
                "Child Protection Plan End Date": p.end,
                "Number of Previous Child Protection Plans": p.n_previous,
            },
        )

    def _in_care(self, child: Child, period: CarePeriod) -> None:
        last = period.episodes[-1]
        self._write(
            IN_CARE,
            child,
            {
                "Date Started to be Looked After": period.start,
                "Child's Category of Need": f"a) {last.need}",
                "Start date of current legal status": last.start,
                "Child's Legal Status": f"a) {last.legal_status}",
                "Number of Placements in the Last 12 months": len(period.episodes),
                "Date Ceased to be Looked After": period.end,
                "Reason Ceased to be Looked After": (
                    f"a) {last.end_reason}" if last.end_reason else None
                ),
                "Start Date of Most Recent Placement": last.start,
                "Placement Type": f"a) {last.placement}",
                "Placement Provider": f"a) {last.provider}",
            },
        )

    def _write(self, name: str, child: Child, cells: dict[str, Any]) -> None:
        disability = None
        if child.disabilities:
            disability = _yes(child.disabilities != ("NONE",))
        person: dict[str, Any] = {
            "Child Unique ID": child.child_id,
            "Gender": GENDERS[child.sex],
            "Ethnicity": f"a) {child.ethnicity}",
            "Date of Birth": child.birth,
            "Age of Child (Years)": _age(child.birth, self._as_of),
            "Does the Child have a Disability": disability,
        }
        row = person | cells
        self._sheets[name].append([row.get(header) for header in LISTS[name]])


def cin_start(e: Episode) -> date:
    """The day from which List 6 calls a child in need: of its latest plan, else of the referral."""
    return e.cin_plans[-1].start if e.cin_plans else e.referral


def since(as_of: date, months: int) -> date:
    """The first day of the months that end with `as_of`, the last day of a month."""
    first_after = as_of + timedelta(days=1)
    place = first_after.year * 12 + first_after.month - 1 - months
    return date(place // 12, place % 12 + 1, 1)


def _age(birth: date | None, as_of: date) -> int | None:
    if birth is None:
        return None
    return next(years for years in range(26) if years_before(as_of, years + 1) < birth)


def _yes(flag: bool | None) -> str:
    return "a) Yes" if flag else "b) No"
