"""Made-up children as CIN census returns: one XML file per collection year, child by child.

A return tells of the episodes open at any time in its year, and of the assessments, plans and
conferences that fall in it. Sex replaces GenderCurrent from 2024-25, plan dates came in 2021-22.
Source: DfE CIN census schemas 2017-2024; the year's window by validation rules 8620, 8696, 8715,
8736, 8740, 8930 and 4013. Even years write reviews as one block with all dates and booleans as 1
and 0, odd years one block per date and words: public samples do either.
"""

from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

from lxml import etree

from csc_outcomes.synthetic.returns.lives import (
    Assessment,
    Child,
    CpPlan,
    Episode,
    as_known,
)

FIRST_YEAR_OF_PLANS = 2022
FIRST_YEAR_OF_SEX = 2025
GENDERS = {"M": "1", "F": "2", "U": "0"}
NOTICE = " Synthetic: made by `csc synthetic`. No element describes a real child. "
NOT_OF_SCHOOL_AGE, NO_ACTION = "UN1", "UN7"


def first_day(year: int) -> date:
    """The day on which the collection year that ends in `year` begins."""
    return date(year - 1, 4, 1)


def last_day(year: int) -> date:
    """The reference date of a collection year."""
    return date(year, 3, 31)


def child_of_year(child: Child, year: int) -> Child | None:
    """What the return of a collection year tells of a child; None where it isn't in it."""
    known = as_known(child, last_day(year))
    if known is None:
        return None
    since = first_day(year)
    episodes = tuple(
        _within(episode, since, year >= FIRST_YEAR_OF_PLANS)
        for episode in known.episodes
        if is_in_window(episode, since)
    )
    return replace(known, episodes=episodes, care=()) if episodes else None


def is_in_window(episode: Episode, since: date) -> bool:
    """Whether an episode is open from `since` on; a referral without action is of its day."""
    if episode.is_nfa:
        return episode.referral >= since
    return episode.close is None or episode.close >= since


def _within(episode: Episode, since: date, has_plans: bool) -> Episode:
    icpc = episode.transfer_icpc
    return replace(
        episode,
        transfer_icpc=icpc if icpc and icpc >= since else None,
        assessments=tuple(a for a in episode.assessments if (a.authorised or a.start) >= since),
        cin_plans=tuple(
            p for p in episode.cin_plans if has_plans and (p.end is None or p.end >= since)
        ),
        section_47s=tuple(s for s in episode.section_47s if (s.icpc or s.start) >= since),
        cp_plans=tuple(
            replace(p, reviews=tuple(day for day in p.reviews if day >= since))
            for p in episode.cp_plans
            if not p.is_other_authority and (p.end is None or p.end >= since)
        ),
    )


class CensusReturn:
    """The return of one authority and year, written as children are added."""

    def __init__(self, path: Path, la_code: str, year: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._year = year
        self._stack = ExitStack()
        self._file = self._stack.enter_context(etree.xmlfile(str(path), encoding="utf-8"))
        self._file.write_declaration()
        self._file.write(etree.Comment(NOTICE))
        self._stack.enter_context(self._file.element("Message"))
        self._write(_header(la_code, year))
        self._stack.enter_context(self._file.element("Children"))

    def add(self, child: Child) -> None:
        """Writes a child that has an episode in the year."""
        told = child_of_year(child, self._year)
        if told is not None:
            self._write(_child_element(told, self._year))

    def close(self) -> None:
        """Ends the file."""
        self._stack.close()

    def _write(self, element: etree._Element) -> None:
        etree.indent(element, space="")
        element.tail = "\n"
        self._file.write(element)


def _header(la_code: str, year: int) -> etree._Element:
    header = etree.Element("Header")
    collection = _block(header, "CollectionDetails")
    _texts(
        collection,
        ("Collection", "CIN"),
        ("Year", str(year)),
        ("ReferenceDate", last_day(year)),
    )
    source = _block(header, "Source")
    _texts(
        source,
        ("SourceLevel", "L"),
        ("LEA", la_code),
        ("SoftwareCode", "Synthetic"),
        ("SerialNo", "001"),
        ("DateTime", f"{year}-06-30T12:00:00"),
    )
    return header


def _child_element(child: Child, year: int) -> etree._Element:
    element = etree.Element("Child")
    _texts(
        _block(element, "ChildIdentifiers"),
        ("LAchildID", child.child_id),
        ("UPN", child.upn),
        ("UPNunknown", _why_no_upn(child)),
        ("PersonBirthDate", child.birth),
        ("ExpectedPersonBirthDate", child.expected_birth),
        _sex(child, year),
        ("PersonDeathDate", child.death),
    )
    characteristics = _block(element, "ChildCharacteristics")
    _texts(characteristics, ("Ethnicity", child.ethnicity))
    if child.disabilities:
        disabilities = _block(characteristics, "Disabilities")
        _texts(disabilities, *(("Disability", code) for code in child.disabilities))
    for episode in child.episodes:
        _add_episode(element, episode, year)
    return element


def _sex(child: Child, year: int) -> tuple[str, str]:
    if year >= FIRST_YEAR_OF_SEX:
        return "Sex", child.sex
    return "GenderCurrent", GENDERS[child.sex]


def _why_no_upn(child: Child) -> str | None:
    if child.upn:
        return None
    return NO_ACTION if all(episode.is_nfa for episode in child.episodes) else NOT_OF_SCHOOL_AGE


def _add_episode(child: etree._Element, e: Episode, year: int) -> None:
    details = _block(child, "CINdetails")
    _texts(
        details,
        ("CINreferralDate", e.referral),
        ("ReferralSource", e.source),
        ("PrimaryNeedCode", e.need),
        ("CINclosureDate", e.close),
        ("ReasonForClosure", e.close_reason),
        ("DateOfInitialCPC", e.transfer_icpc),
    )
    for assessment in e.assessments:
        _add_assessment(details, assessment)
    for plan in e.cin_plans:
        _texts(
            _block(details, "CINPlanDates"),
            ("CINPlanStartDate", plan.start),
            ("CINPlanEndDate", plan.end),
        )
    for enquiry in e.section_47s:
        _texts(
            _block(details, "Section47"),
            ("S47ActualStartDate", enquiry.start),
            ("InitialCPCtarget", enquiry.icpc_target),
            ("DateOfInitialCPC", enquiry.icpc),
            ("ICPCnotRequired", _said(enquiry.is_icpc_not_required, year)),
        )
    _texts(details, ("ReferralNFA", _said(e.is_nfa, year)))
    for protection in e.cp_plans:
        _add_cp_plan(details, protection, year)


def _add_assessment(details: etree._Element, assessment: Assessment) -> None:
    block = _block(details, "Assessments")
    _texts(
        block,
        ("AssessmentActualStartDate", assessment.start),
        ("AssessmentAuthorisationDate", assessment.authorised),
    )
    if assessment.factors:
        factors = _block(block, "FactorsIdentifiedAtAssessment")
        _texts(factors, *(("AssessmentFactors", code) for code in assessment.factors))


def _add_cp_plan(details: etree._Element, plan: CpPlan, year: int) -> None:
    block = _block(details, "ChildProtectionPlans")
    _texts(
        block,
        ("CPPstartDate", plan.start),
        ("CPPendDate", plan.end),
        ("InitialCategoryOfAbuse", plan.initial_category),
        ("LatestCategoryOfAbuse", plan.latest_category),
        ("NumberOfPreviousCPP", str(plan.n_previous)),
    )
    reviews = [("CPPreviewDate", day) for day in plan.reviews]
    if year % 2 == 0 and reviews:
        _texts(_block(block, "Reviews"), *reviews)
    elif year % 2:
        for review in reviews:
            _texts(_block(block, "Reviews"), review)


def _said(flag: bool | None, year: int) -> str:
    return str(int(bool(flag))) if year % 2 == 0 else str(bool(flag)).lower()


def _block(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, name)


def _texts(parent: etree._Element, *fields: tuple[str, str | date | None]) -> None:
    """Elements with text; a field without a value is left out."""
    for name, value in fields:
        if value:
            etree.SubElement(parent, name).text = str(value)
