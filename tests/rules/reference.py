"""The outcome rules in plain Python, each from the sentence it is documented by.

Nothing here is taken from the SQL: a rule reads the rows of one case and its study's parameters.
Sentences are those of the rules' definitions: the FACT22 report (F), the Project Crewe report (C),
and the labels and meanings in the seeds `outcome_definitions` and `parameters`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

from episodes import PROGRAMME, Case, Extract, months_on
from rule_studies import CLOCKS, Study

DAY = timedelta(days=1)
# The documented defaults of the parameters that rules read.
DEFAULTS = {
    "case_unit": "child",
    "opened_before_entry": "strict",
    "objection_scope": "school_data",
    "comparator_rule": "matched",
    "comparator_may_join_later": "false",
    "survival_entry": "none",
    "length_origin": "plan_start",
    "length_ends_with": "closure_without_later_escalation",
    "closed_length_base": "closure_without_later_escalation",
    "closure_by_study_end_inclusive": "true",
    "later_escalation_inclusive": "true",
    "censor_at": "study_end",
    "escalation_from": "study_start",
    "index_date_of_comparator": "earliest",
    "rereferral_anchor": "original_referral",
    "rereferral_months": "12",
    "rereferral_from": "study_start",
    "year_mode": "calendar",
    "eligibility_closure_inclusive": "true",
    "open_at_entry_inclusive": "true",
    "caliper_length": "6",
    "caliper_unit": "months",
    "caliper_anchor": "treated",
    "strata_within": "authority",
    "links_kept_up_to": "1000000",
    "undated_escalation": "assume_before",
    "closure_reasons_counted": "all",
    "competing_escalation": "any",
    "absence_school_year": "",
    "absence_terms": "autumn|spring",
    "log_mode": "log1p",
    "earliest_plan_start": "",
}
# A trial's own: it compares its arms as they were allocated.
TRIAL_DEFAULTS = {"opened_before_entry": "any"}


class Outcome(NamedTuple):
    """What became of a case: the columns of `fct_case_outcomes` that rules decide."""

    name: str
    value: float | None
    event: date | None
    origin: date | None
    is_censored: bool
    observed_until: date


class Ending(NamedTuple):
    """How a case ended on a survival clock, counted in days from the clock's origin."""

    clock: str
    entry_days: int
    time_days: int
    is_censored: bool
    ended_by: str | None
    ended_on: int | None


class Judged(NamedTuple):
    """A case of a study: its arm, why it is not eligible, and all that follows from the rules."""

    case: Case
    arm: str
    entry: date | None
    ineligible_reason: str | None
    outcomes: list[Outcome]
    endings: list[Ending]
    at_risk_days: int
    closed_at_risk_days: int
    is_date_assumed: bool
    is_undated: bool
    comparators: list[Case]
    rereferred_on: date | None


@dataclass(frozen=True)
class View:
    """A study as one authority's data show it: its parameters, and the days that can be seen."""

    study: Study
    study_id: str
    parameters: Mapping[str, str]
    observed_until: date
    followed_until: date

    def says(self, parameter: str, value: str = "true") -> bool:
        return self.parameters[parameter] == value

    @property
    def start(self) -> date:
        return self.study.calendar.start


@dataclass
class Record:
    """A case with what other files say of it."""

    case: Case
    rereferrals: list[date]
    arm: str = "comparator"
    entry: date | None = None
    index_day: date | None = None
    links: tuple[tuple[date, float], ...] = ()
    comparators: tuple[Case, ...] = ()

    @property
    def cp(self) -> set[date]:
        return {day for day in self.case.cp_days if day}

    @property
    def lac(self) -> set[date]:
        return {day for day in self.case.lac_days if day}

    @property
    def escalations(self) -> set[date]:
        return self.cp | self.lac

    @property
    def has_undated(self) -> bool:
        """F appendix 2, Data: "the counts exceed the recorded dates", of either kind."""
        return (self.case.n_cp or 0) > len(self.cp) or (self.case.n_lac or 0) > len(self.lac)


# What can be seen


def views(study: Study, la_as_of: date) -> Iterator[View]:
    """ "Everything observable ends at least(study_end, extract_as_of_date)", and at a data cut.

    What follows a closure is seen beyond the study's end.
    """
    defaults = DEFAULTS | (TRIAL_DEFAULTS if study.is_trial else {})
    parameters = defaults | study.parameters
    end = study.calendar.end
    yield View(study, study.study_id, parameters, min(end, la_as_of), la_as_of)
    for cut in study.cuts:
        seen = min(cut, la_as_of)
        yield View(study, f"{study.study_id}~as_of_{cut}", parameters, min(end, seen), seen)
    for reading, changes in study.readings.items():
        yield View(
            study,
            f"{study.study_id}~{reading}",
            parameters | changes,
            min(end, la_as_of),
            la_as_of,
        )


def window_end(day: date, months: int, view: View) -> date:
    """A6b: "d <= anchor + 1 year" by the calendar, or so many years of 365 days."""
    if view.says("year_mode", "365d"):
        return day + math.floor(months * 365 / 12 + 0.5) * DAY
    return months_on(day, months)


# Arms


def entry_of_trial(
    extract: Extract, cases_of_child: Mapping[str, list[Case]]
) -> dict[str, tuple[str, date]]:
    """E6: randomised; an allocated case is in the arm it was allocated to, whatever followed."""
    found: dict[str, list[tuple[date, str]]] = defaultdict(list)
    for row in extract.allocations:
        if row.status == "allocated" and row.day and row.arm:
            case = chosen_case(cases_of_child[row.child], row.case, row.day)
            found[case.name].append((row.day, row.arm))
    return {name: (min(rows)[1], min(rows)[0]) for name, rows in found.items()}


def entry_of_programme(
    extract: Extract, cases_of_child: Mapping[str, list[Case]]
) -> dict[str, tuple[str, date]]:
    """The entry of each enrolled case; "of several of a case the first counts". A row that calls
    itself a comparator's enrols nobody."""
    found: dict[str, list[date]] = defaultdict(list)
    for case in extract.cases:
        if case.programme_start and case.arm != "comparator":
            found[case.name].append(case.programme_start)
    for row in extract.enrolments:
        if row.programme != PROGRAMME or row.arm == "comparator":
            continue
        case = chosen_case(cases_of_child[row.child], row.case, row.start)
        found[case.name].append(row.start)
    return {name: ("treated", min(days)) for name, days in found.items()}


def chosen_case(cases: Iterable[Case], named: str | None, day: date) -> Case:
    """ "The one that names the case, else the child's case that was open on that day, else the
    case that started nearest to it"; of several the nearest, the earlier, the one further up."""

    def preference(case: Case) -> tuple[bool, int, date, int]:
        is_open = case.start <= day and (case.closure is None or case.closure >= day)
        return (not is_open, abs((case.start - day).days), case.start, case.row)

    return min((c for c in cases if named in (None, c.name)), key=preference)


def rereferrals_of(extract: Extract) -> dict[str, list[date]]:
    """Days in the case's own row and in a file of re-referrals: one that names only the child is
    counted for every case of the child that was referred before it."""
    days: dict[str, set[date]] = {case.name: set(case.rereferrals) for case in extract.cases}
    of_child: dict[str, list[Case]] = defaultdict(list)
    for case in extract.cases:
        of_child[case.child].append(case)
    for row in extract.referrals:
        if row.case:
            days[row.case].add(row.day)
            continue
        for case in of_child[row.child]:
            if case.referral and case.referral < row.day:
                days[case.name].add(row.day)
    return {name: sorted(found) for name, found in days.items()}


def undated_flags(record: Record, view: View) -> tuple[bool, bool]:
    """Section 3: "all recorded dates are before study start and the counts exceed the recorded
    dates" => assumed; "counts > 0 with no date" => undated."""
    if not record.has_undated:
        return False, False
    days = record.escalations
    return bool(days) and max(days) < view.start, not days


# Eligibility


def ineligible_reason(record: Record, view: View, objections: set[str]) -> str | None:
    """E2 and what studies may add; the first reason that fails."""
    case, calendar = record.case, view.study.calendar
    earliest = calendar.earliest if view.study.has_start_window else None
    if view.parameters["earliest_plan_start"]:
        earliest = date.fromisoformat(view.parameters["earliest_plan_start"])
    # "opened on or after 10 April 2014", "open at some point in 12 Apr 2018 - 5 Aug 2019"
    if view.study.has_start_window and case.start > calendar.latest:
        return "opened_after_window"
    if earliest and case.start < earliest:
        return "opened_before_window"
    if case.closure:
        first_day_counts = view.says("eligibility_closure_inclusive")
        open_until = case.closure if first_day_counts else case.closure - DAY
        if open_until < calendar.start:
            return "closed_before_study"
    # "FACT22 cases: open strictly before joining FACT22"
    if record.entry and not view.says("opened_before_entry", "any"):
        if case.start > record.entry:
            return "joined_before_opening"
        if case.start == record.entry and view.says("opened_before_entry", "strict"):
            return "joined_before_opening"
    if record.entry and record.entry > view.observed_until:
        return "joined_after_study"
    # section 3: "counts > 0 with no date: P: undated_escalation = exclude"
    undated = record.has_undated and not record.escalations
    if undated and view.says("undated_escalation", "exclude"):
        return "undated_escalation"
    # consent: an objection to the study, or to school data where the study takes it for both
    if "study" in objections or (objections and view.says("objection_scope", "study")):
        return "objected"
    if view.says("case_unit", "index_child") and not case.is_index_child:
        return "not_index_child"
    if case.is_outcome_known is False:
        return "outcome_incomplete"
    # E4: "comparators open 6+ months" on the study's first day
    is_app3 = view.says("comparator_rule", "app3") and record.arm == "comparator"
    if is_app3 and case.start > months_on(calendar.start, -6):
        return "not_open_long_enough"
    return None


# Matching, for the day from which a comparator can be compared


def completed_years(case: Case) -> float | None:
    """Ages by the birthday where there is a birth date, else as the source gives them; none for a
    child that was born after the plan's start."""
    if case.birth is None:
        return None if case.age is None else math.floor(case.age)
    if case.birth > case.start:
        return None
    had = (case.start.month, case.start.day) >= (case.birth.month, case.birth.day)
    return case.start.year - case.birth.year - (0 if had else 1)


def stratum(case: Case) -> tuple[int, ...] | None:
    """Section 5, CEM bins: age <=2, 3-6, 7-12, >=13; siblings 0, 1, 2, >2; earlier referrals 0,
    1-2, 3-7, >7; gender, ethnicity and nationality against all others, the unknown among them."""
    age, siblings, referrals = completed_years(case), case.siblings, case.earlier_referrals
    if age is None or siblings is None or referrals is None:
        return None
    return (
        sum(age >= edge for edge in (3, 7, 13)),
        min(siblings, 3),
        sum(referrals >= edge for edge in (1, 3, 8)),
        case.sex == "F",
        case.ethnicity == "WBRI",
        (case.nationality or "").lower() == "british",
    )


def is_comparable(treated: Record, comparator: Record, view: View) -> bool:
    """Section 5: "comparator start between treated start - 6 months and + 6 months", and E3:
    "c.open <= t.entry and (c.close null or >= t.entry)"."""
    first, second = treated.case.start, comparator.case.start
    length = float(view.parameters["caliper_length"])
    if view.says("caliper_unit", "days"):
        if abs((first - second).days) > length:
            return False
    else:
        months = int(length)
        if not months_on(first, -months) <= second <= months_on(first, months):
            return False
        is_within = months_on(second, -months) <= first <= months_on(second, months)
        if view.says("caliper_anchor", "symmetric") and not is_within:
            return False
    assert treated.entry is not None
    if second > treated.entry:
        return False
    closure = comparator.case.closure
    if closure is None or closure > treated.entry:
        return True
    return closure == treated.entry and view.says("open_at_entry_inclusive")


def link(records: Iterable[Record], view: View) -> None:
    """Gives each record the day it is compared from: a treated case's entry; for a comparator
    "the earliest entry among the treated cases it is matched to", and each of its links with its
    weight, of which a treated case shares one equally."""
    pools: dict[tuple, tuple[list[Record], list[Record]]] = defaultdict(lambda: ([], []))
    for record in records:
        record.index_day, record.links, record.comparators = record.entry, (), ()
        found = stratum(record.case)
        if found is not None:
            pool = record.case.la_code if view.says("strata_within", "authority") else ""
            pools[(pool, found)][record.arm == "comparator"].append(record)
    linked: dict[int, list[tuple[date, float]]] = defaultdict(list)
    owner: dict[int, Record] = {}
    for treated, comparators in pools.values():
        for one in treated:
            mine = [other for other in comparators if is_comparable(one, other, view)]
            one.comparators = tuple(other.case for other in mine)
            for other in mine:
                assert one.entry is not None
                linked[id(other)].append((one.entry, 1 / len(mine)))
                owner[id(other)] = other
    for key, links in linked.items():
        owner[key].index_day = min(day for day, _ in links)
        owner[key].links = tuple(links)


# Closures


def is_counted(case: Case, view: View) -> bool:
    """`closure_reasons_counted`: "unknown reasons count when all do"."""
    counted = view.parameters["closure_reasons_counted"]
    return counted == "all" or case.closure_reason in counted.split("|")


def recorded_closure(case: Case, view: View) -> date | None:
    """O2: "closure date recorded by study end, whatever followed"; A3: "by" or "before"."""
    day = case.closure
    if day is None or day > view.observed_until or not is_counted(case, view):
        return None
    if day == view.study.calendar.end and not view.says("closure_by_study_end_inclusive"):
        return None
    return day


def later_escalation(record: Record, closure: date | None, until: date, view: View) -> date | None:
    """O1: the first CP or LAC escalation "on or after that closure date, up to study end"."""
    if closure is None:
        return None
    first = closure if view.says("later_escalation_inclusive") else closure + DAY
    return min((day for day in record.escalations if first <= day <= until), default=None)


def rereferral_after(record: Record, closure: date | None, until: date) -> date | None:
    """O10: "closed and then re-referred": not on the day of closure itself."""
    if closure is None:
        return None
    return next((day for day in record.rereferrals if closure < day <= until), None)


# Escalations


def first_escalation(days: Iterable[date], since: date | None, view: View) -> date | None:
    """O5: "any CP or LAC escalation dated inside the study period"."""
    if since is None:
        return None
    return min((day for day in days if since <= day <= view.observed_until), default=None)


def escalations_count_from(record: Record, view: View) -> date | None:
    """A5: `escalation_from` is the study's start, the plan's start or the programme's."""
    choice = view.parameters["escalation_from"]
    if choice == "case_open":
        return record.case.start
    return record.index_day if choice == "programme_entry" else view.start


def share_escalated(record: Record, days: set[date], view: View) -> float | None:
    """`each_link`: "from each of these entries as a share of its links", by weight."""
    if not record.links:
        return None
    total = math.fsum(weight for _, weight in record.links)
    hit = math.fsum(
        weight for since, weight in record.links if first_escalation(days, since, view) is not None
    )
    return hit / total


def escalated_before_study(record: Record, view: View) -> tuple[float | None, date | None]:
    """ "A child protection plan or care period starts on or after the plan start and before the
    study start"; untold of a case that started later, that had entered the programme by then, or
    whose undated escalations may lie in those days."""
    case = record.case
    if case.start >= view.start or (record.entry is not None and record.entry < view.start):
        return None, None
    until = min(view.start - DAY, view.observed_until)
    day = min((d for d in record.escalations if case.start <= d <= until), default=None)
    if day:
        return 1.0, day
    return (None if record.has_undated else 0.0), None


# Re-referrals


def rereferrals_in_study(record: Record, view: View) -> list[date]:
    """O7: "any further referral within the study period": after the case's own first one."""
    first = view.start if view.says("rereferral_from", "study_start") else date.min
    original = record.case.referral or date.min
    return [d for d in record.rereferrals if first <= d <= view.observed_until and d > original]


def anchor_of(day: date, record: Record, closure: date | None, view: View) -> date | None:
    """A6: the original referral, the referral before this one, or the closure."""
    anchor, original = view.parameters["rereferral_anchor"], record.case.referral
    if anchor == "closure":
        return closure
    if anchor == "original_referral":
        return original
    before = [d for d in record.rereferrals if d < day] + ([original] if original else [])
    return max(before, default=None)


def rereferral_in_window(record: Record, closure: date | None, view: View) -> date | None:
    """O6: "within 1 year of the original referral AND during the study period"."""
    months = int(view.parameters["rereferral_months"])
    for day in rereferrals_in_study(record, view):
        anchor = anchor_of(day, record, closure, view)
        if anchor and anchor < day <= window_end(anchor, months, view):
            return day
    return None


def days_at_risk(record: Record, closure: date | None, view: View) -> tuple[int, int]:
    """A6: `at_risk_days_in_window`: the days on which a re-referral would count, and those of
    them after the closure."""
    original = record.case.referral
    anchors = [closure if view.says("rereferral_anchor", "closure") else original]
    if view.says("rereferral_anchor", "previous_referral") and original:
        anchors += [day for day in record.rereferrals if day > original]
    known = [day for day in anchors if day]
    months, in_all, closed = int(view.parameters["rereferral_months"]), 0, 0
    for place, anchor in enumerate(known):
        first = anchor + DAY
        if view.says("rereferral_from", "study_start"):
            first = max(first, view.start)
        last = min(window_end(anchor, months, view), view.observed_until)
        if place + 1 < len(known):
            last = min(last, known[place + 1])
        in_all += max((last - first).days + 1, 0)
        if closure:
            closed += max((last - max(first, closure + DAY)).days + 1, 0)
    return in_all, closed


# Lengths


def ends_length(choice: str, closure: date | None, escalated: bool, rereferred: bool) -> bool:
    """O4, O13 and A45: which closure ends a case's length."""
    if closure is None:
        return False
    if choice == "first_closure":
        return True
    return not (rereferred if choice == "closure_without_rereferral" else escalated)


def length_origin(case: Case, view: View) -> date | None:
    """O4: the plan's start; O13: the recoded referral, O11: greatest(referral, study start)."""
    origin = view.parameters["length_origin"]
    if origin == "plan_start":
        return case.start
    if case.referral is None or origin == "referral":
        return case.referral
    return max(case.referral, view.start)


def length_end(record: Record, closure: date | None, is_ended: bool, view: View) -> date:
    """O4: "else right-censored": at the study's end or, by A4, at the closure; a case that ended
    for a reason that isn't counted at that end."""
    ended = record.case.closure
    if closure is not None:
        at_closure = is_ended or view.says("censor_at", "closure_date")
        return closure if at_closure else view.observed_until
    return min(ended or view.observed_until, view.observed_until)


# What became of one case


def of_case(record: Record, view: View) -> Iterator[Outcome]:
    """Every outcome that the rules know, for one case."""
    case, seen = record.case, view.observed_until
    closure = recorded_closure(case, view)
    later = later_escalation(record, closure, seen, view)
    again = rereferral_after(record, closure, seen)
    is_known = case.is_outcome_known is not False

    def told(
        name: str,
        value: float | bool | None,
        event: date | None = None,
        origin: date | None = None,
        until: date = seen,
    ) -> Outcome:
        """Of a case whose outcome isn't completely recorded nothing is known."""
        known = None if value is None or not is_known else float(value)
        happened = event if known == 1 else None
        return Outcome(name, known, happened, origin or case.start, False, until)

    lasted = closure is not None and later is None
    yield told("closed_recorded", closure is not None, closure)
    yield told("closed_without_later_escalation", lasted, closure)
    yield told("escalated_after_closure", None if closure is None else later is not None, later)
    since = escalations_count_from(record, view)
    by_link = view.says("index_date_of_comparator", "each_link")
    by_link = by_link and view.says("escalation_from", "programme_entry")
    for name, days in (
        ("escalated", record.escalations),
        ("escalated_cp", record.cp),
        ("escalated_lac", record.lac),
    ):
        first = first_escalation(days, since, view)
        outcome = told(name, None if since is None else first is not None, first, since)
        share = share_escalated(record, days, view) if by_link and is_known else None
        yield outcome if share is None else outcome._replace(value=share)
    value, day = escalated_before_study(record, view)
    yield told("escalated_before_study", value, day)
    in_window = rereferral_in_window(record, closure, view)
    can_tell = case.referral is not None or view.says("rereferral_anchor", "closure")
    yield told(
        "rereferred_12m", in_window is not None if can_tell else None, in_window, case.referral
    )
    further = rereferrals_in_study(record, view)
    yield told("rereferred_any", bool(further), further[0] if further else None, case.referral)
    short = None
    if case.referral:
        # O8: "original referral < 12 months before study end"
        end = window_end(case.referral, int(view.parameters["rereferral_months"]), view)
        short = end > seen
    yield told("short_observation", short, None, case.referral)
    yield told("closed_without_rereferral", closure is not None and again is None, closure)
    yield told("rereferred_after_closure", again is not None, again, closure)
    yield from followed(record, closure, view, told)
    yield from lengths(record, closure, later, again, view)


def is_followed(view: View) -> bool:
    """Readings other than the study's own don't follow closures."""
    return bool(view.study.follows) and "~" not in view.study_id.replace("~as_of_", "")


def followed(record: Record, closure: date | None, view: View, told) -> Iterator[Outcome]:  # type: ignore[no-untyped-def]
    """What follows a closure within 12 and 24 months, known once these have passed, "beyond the
    study's end too"."""
    until = view.followed_until
    asks = is_followed(view)
    again = rereferral_after(record, closure, until)
    escalated = later_escalation(record, closure, until, view)
    for months in (12, 24):
        # "no for a case that didn't close"
        stayed: bool | None = False if asks else None
        if closure and asks:
            end = window_end(closure, months, view)
            has_passed = end <= until
            for name, day in (("rereferred", again), ("escalated", escalated)):
                value = (day is not None and day <= end) if has_passed else None
                yield told(f"{name}_{months}m_after_closure", value, day, closure, until)
            stayed = (again is None or again > end) if has_passed else None
        yield told(f"closed_for_{months}m", stayed, closure)


def lengths(
    record: Record, closure: date | None, later: date | None, again: date | None, view: View
) -> Iterator[Outcome]:
    """O4, O13: days from the case's origin to the closure that ends it. A case that started after
    the last day, or whose outcome isn't known, has no length."""
    found = length(record, closure, later, again, view)
    if found is None:
        return
    origin, end, is_ended = found
    event = end if is_ended else None
    days = float((end - origin).days)
    yield Outcome("case_length_days", days, event, origin, not is_ended, end)
    base = view.parameters["closed_length_base"]
    in_base = ends_length(base, closure, later is not None, again is not None)
    if closure and in_base and closure >= origin:
        days = float((closure - origin).days)
        yield Outcome("closed_case_length_days", days, closure, origin, False, closure)


def length(
    record: Record, closure: date | None, later: date | None, again: date | None, view: View
) -> tuple[date, date, bool] | None:
    """Origin and end of a case's length, and whether its end was seen."""
    choice = view.parameters["length_ends_with"]
    is_ended = ends_length(choice, closure, later is not None, again is not None)
    origin = length_origin(record.case, view)
    end = length_end(record, closure, is_ended, view)
    if origin is None or origin > end or record.case.is_outcome_known is False:
        return None
    return origin, end, is_ended


# Survival clocks


def clock_origins(record: Record, view: View) -> dict[str, date | None]:
    """A2: `survival_origin = cin_start | study_start | max(cin_start, study_start) |
    service_entry`, and for trials the referral or the recoded one."""
    start, referral = record.case.start, record.case.referral
    origins = {
        "plan_start": start,
        "study_start": view.start,
        "later_of_both": max(start, view.start),
        "programme_entry": record.index_day,
        "referral": referral,
        "recoded_referral": max(referral, view.start) if referral else None,
    }
    asked = {*view.study.clocks, *(() if view.study.is_trial else CLOCKS)}
    return {clock: origins[clock] for clock in asked}


def endings(record: Record, view: View) -> Iterator[Ending]:
    """A2b: how long a case was watched on each clock, with delayed entry where a study asks for
    it, and what ended it when closure and escalation compete: whichever comes first, an escalation
    on the day of a closure that counts second."""
    if "~" in view.study_id.replace("~as_of_", ""):
        return
    closure = recorded_closure(record.case, view)
    later = later_escalation(record, closure, view.observed_until, view)
    again = rereferral_after(record, closure, view.observed_until)
    found = length(record, closure, later, again, view)
    if found is None:
        return
    _, end, is_ended = found
    kinds = {"any": record.escalations, "cp": record.cp, "lac": record.lac}
    rivals = kinds[view.parameters["competing_escalation"]]
    last = end - DAY if is_ended else end
    rival = min((d for d in rivals if record.case.start <= d <= last), default=None)
    # what the observed days allow; an end is never later than the last of them
    rival = rival if rival and rival <= view.observed_until else None
    stopped = rival or end
    for clock, origin in clock_origins(record, view).items():
        watched: date | None = record.case.start
        if "referral" in clock and record.case.referral:
            watched = min(record.case.start, record.case.referral)
        if view.says("survival_entry", "programme_entry"):
            watched = record.index_day
        if origin is None or watched is None or origin > end or watched > end:
            continue
        entry = max((watched - origin).days, 0)
        time = (end - origin).days
        ended = (stopped - origin).days
        cause = "escalation" if rival else "closure" if is_ended else "censored"
        is_on = entry <= ended
        yield Ending(
            clock,
            entry,
            time,
            not is_ended,
            cause if is_on else None,
            ended if is_on else None,
        )


# School records


def absences(extract: Extract, cases: list[Case], view: View) -> dict[str, list[Outcome]]:
    """O14: "total absent days over autumn + spring", "days = sessions/2", at the child's first
    case; nobody's before the terms have ended. A27: log(1 + days), or without those of nought."""
    year = view.parameters["absence_school_year"]
    terms = view.parameters["absence_terms"].split("|")
    if not year:
        return {}
    first = int(year[:4])
    ends = {
        "autumn": date(first, 12, 31),
        "spring": date(first + 1, 4, 30),
        "summer": date(first + 1, 7, 31),
    }
    if view.followed_until < max(ends[term] for term in terms):
        return {}
    left_out = {child for child, use in extract.objections if use == "school_data"}
    missed: dict[str, int] = defaultdict(int)
    for row in extract.absences:
        if row.year == year and row.term in terms and row.child not in left_out:
            missed[row.child] += row.sessions
    counted: dict[str, Case] = {}
    for case in cases:
        other = counted.get(case.child)
        if other is None or (case.start, case.row) < (other.start, other.row):
            counted[case.child] = case
    found = {}
    for child, sessions in missed.items():
        if child not in counted:
            continue
        case, days = counted[child], sessions / 2
        if view.says("log_mode", "log1p"):
            logarithm = math.log(1 + days)
        else:
            logarithm = math.log(days) if days > 0 else None
        found[case.name] = [
            Outcome("absence_days", days, None, case.start, False, view.observed_until),
            Outcome("log_absence_days", logarithm, None, case.start, False, view.observed_until),
        ]
    return found


# Everything


def judge(study: Study, extracts: Mapping[str, Extract]) -> Iterator[tuple[str, Judged]]:
    """Every case of a study in each of its views, under the view's study id."""
    by_view: dict[str, list[tuple[View, Extract, list[Record]]]] = defaultdict(list)
    for la_code in study.la_codes:
        extract = extracts[la_code]
        records = [
            Record(case, rereferrals)
            for case, rereferrals in zip(extract.cases, rereferrals_of_cases(extract), strict=True)
        ]
        of_child: dict[str, list[Case]] = defaultdict(list)
        for case in extract.cases:
            of_child[case.child].append(case)
        find = entry_of_trial if study.is_trial else entry_of_programme
        entries = find(extract, of_child)
        for view in views(study, extract.as_of):
            mine = [replace(record) for record in in_study(records, entries, view)]
            by_view[view.study_id].append((view, extract, mine))
    for study_id, parts in by_view.items():
        yield from ((study_id, judged) for judged in judge_parts(parts))


def rereferrals_of_cases(extract: Extract) -> list[list[date]]:
    found = rereferrals_of(extract)
    return [found[case.name] for case in extract.cases]


def in_study(
    records: list[Record], entries: Mapping[str, tuple[str, date]], view: View
) -> Iterator[Record]:
    """By enrolment every case, treated or comparator; by allocation only those allocated. One that
    was enrolled after the last day "may serve as a comparator"."""
    for record in records:
        arm, entry = entries.get(record.case.name, ("comparator", None))
        if view.study.is_trial and entry is None:
            continue
        joins_later = entry is not None and entry > view.observed_until
        if joins_later and not view.study.is_trial and view.says("comparator_may_join_later"):
            arm, entry = "comparator", None
        yield replace(record, arm=arm, entry=entry)


def judge_parts(parts: list[tuple[View, Extract, list[Record]]]) -> Iterator[Judged]:
    reasons: dict[int, str | None] = {}
    matched = not parts[0][0].study.is_trial and parts[0][0].says("comparator_rule", "matched")
    eligible: list[Record] = []
    for view, extract, records in parts:
        objections: dict[str, set[str]] = defaultdict(set)
        for child, use in extract.objections:
            objections[child].add(use)
        for record in records:
            record.index_day = record.entry
            reason = ineligible_reason(record, view, objections[record.case.child])
            reasons[id(record)] = reason
            if reason is None and matched:
                eligible.append(record)
    link(eligible, parts[0][0])
    # "one that would have more takes its weights from counts"
    kept = int(parts[0][0].parameters["links_kept_up_to"])
    has_links = sum(len(record.comparators) for record in eligible) <= kept
    for view, extract, records in parts:
        at_school = absences(extract, [record.case for record in records], view)
        for record in records:
            closure = recorded_closure(record.case, view)
            outcomes = [*of_case(record, view), *at_school.get(record.case.name, [])]
            at_risk, closed = days_at_risk(record, closure, view)
            yield Judged(
                record.case,
                record.arm,
                record.entry,
                reasons[id(record)],
                outcomes,
                list(endings(record, view)),
                at_risk,
                closed,
                *undated_flags(record, view),
                list(record.comparators) if has_links else [],
                rereferral_after(record, closure, view.observed_until),
            )
