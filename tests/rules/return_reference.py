"""How returns become cases, referrals and escalations, in plain Python, each rule from the sentence
it is documented by: docs/add_an_extract.md, docs/monitoring.md, docs/add_a_case_list.md ("What
happens to bad records"), and what the tables of docs say they hold. Nothing is taken from the SQL.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from episodes import Case, Extract, months_on
from projects import ROOT
from returns import NEW_REASON, Authority, Care, Delivery, Episode, Record, each_record

DAY = timedelta(days=1)
NOT_IN_NEED = ("RC8", "RC9")
SHORT_BREAKS = ("V3", "V4")


# What becomes of each record


@dataclass
class Told:
    """A record with the delivery that told it, and its fate."""

    delivery: Delivery
    kind: str
    place: int
    record: Any
    fault: str | None
    is_replaced: bool
    is_contradicted: bool = False
    fate: str = ""

    @property
    def is_usable(self) -> bool:
        return not (self.fault or self.is_replaced or self.is_contradicted)

    @property
    def recency(self) -> tuple[date, str]:
        """ "The latest return wins"."""
        return self.delivery.as_of, self.delivery.name


def replaced_deliveries(deliveries: Iterable[Delivery]) -> set[str]:
    """ "A return that is sent again replaces the earlier submission of the same authority, format
    and day, whole ... The newest is the one with the highest submission, then the last by name"."""
    newest: dict[tuple[bool, date], tuple[int, str]] = {}
    for one in deliveries:
        period, own = (one.is_census, one.as_of), (one.submission, one.name)
        newest[period] = max(newest.get(period, own), own)
    kept = {name for _, name in newest.values()}
    return {one.name for one in deliveries} - kept


def fault_of(record: Record) -> str | None:
    """Why a record can't be used."""
    if not record.FIRST:
        return None
    first, last = getattr(record, record.FIRST), getattr(record, record.LAST)
    if isinstance(first, str) or isinstance(last, str):
        return "unreadable_date"
    if first is None:
        return f"{record.FIRST}_missing"
    return "ended_before_start" if last is not None and last < first else None


def judged(authority: Authority) -> list[Told]:
    """Every record and its fate: of those with one key the newest that can be used is loaded; what
    says the same is a duplicate, what says something else is superseded. Several records of one
    delivery that say different things tell nothing."""
    gone = replaced_deliveries(authority.deliveries)
    every = [
        Told(delivery, kind, place, record, fault_of(record), delivery.name in gone)
        for delivery, kind, place, record in each_record(authority)
    ]
    by_key: dict[tuple, list[Told]] = defaultdict(list)
    for told in every:
        by_key[told.kind, told.record.key].append(told)
    for same in by_key.values():
        _give_fates(same)
    return every


def _give_fates(same: list[Told]) -> None:
    said: dict[str, set[tuple]] = defaultdict(set)
    for told in same:
        if told.is_usable:
            said[told.delivery.name].add(told.record.content)
    for told in same:
        told.is_contradicted = len(said[told.delivery.name]) > 1
    # of several alike in one delivery the first counts
    ordered = sorted(same, key=lambda t: t.place)
    ordered.sort(key=lambda t: t.recency, reverse=True)
    winner = next((told for told in ordered if told.is_usable), None)
    for place, told in enumerate(ordered):
        is_newer = winner is None or place < ordered.index(winner)
        if told is winner:
            told.fate = "loaded"
        elif not told.is_replaced and (told.fault or (told.is_contradicted and is_newer)):
            told.fate = "quarantined"
        elif winner and told.record.content == winner.record.content:
            told.fate = "duplicate"
        else:
            told.fate = "superseded"


# Episodes of need


@dataclass
class Need:
    """An episode of need: from a referral, or from the day the child was in need, to its end."""

    child: str
    day: date
    is_assumed: bool
    is_nfa: bool | None
    need: str | None
    closure: date | None
    reason: str | None
    source: Told

    @property
    def as_of(self) -> date:
        return self.source.delivery.as_of


def episodes_of(every: Iterable[Told]) -> dict[str, list[Need]]:
    """Each child's episodes in their order."""
    every = list(every)
    needs = {(n.child, n.day): n for n in _referrals(every)}
    of_child: dict[str, list[Need]] = defaultdict(list)
    for need in sorted(needs.values(), key=lambda n: n.day):
        of_child[need.child].append(need)
    _add_spells(every, of_child)
    for mine in of_child.values():
        mine.sort(key=lambda n: n.day)
    return of_child


def _referrals(every: list[Told]) -> Iterator[Need]:
    told = [t for t in every if t.kind == "episodes" and t.fault is None]
    usable = [t for t in told if not t.is_replaced and not t.is_contradicted]
    tells_closures = {t.delivery.name for t in usable if t.record.close_date}
    tells_needs = {t.delivery.name for t in usable if t.record.primary_need_code}
    by_day: dict[tuple[str, date], list[Told]] = defaultdict(list)
    for one in usable:
        by_day[one.record.child, one.record.referral_date].append(one)
    for (child, day), records in by_day.items():
        # "Of two referrals on one day the one that was acted on is the episode", of the latest
        records.sort(key=lambda t: t.delivery.name, reverse=True)
        records.sort(key=lambda t: (t.delivery.as_of, not t.record.is_nfa), reverse=True)
        latest = records[0]
        # "Where the delivery that tells of a referral last tells of no closures or needs at all,
        # those that another delivery told last count"
        closed = next((t.record for t in records if t.delivery.name in tells_closures), None)
        needed = next((t.record for t in records if t.delivery.name in tells_needs), None)
        yield Need(
            child,
            day,
            False,
            latest.record.is_nfa,
            needed.primary_need_code if needed else None,
            closed.close_date if closed else None,
            reason_of(closed) if closed else None,
            latest,
        )


def reason_of(closed: Episode) -> str | None:
    """A code counts from the collection year that brought it; nobody knows what it said before."""
    reason, day = closed.close_reason_code, closed.close_date
    is_early = isinstance(day, date) and day < NEW_REASON
    return "UNMAPPED" if reason == "RC9" and is_early else reason


def _add_spells(every: list[Told], of_child: dict[str, list[Need]]) -> None:
    """A child in need told apart from its referral is "the latest referral by then; with no
    referral it starts with the child in need"; "of two spells of one referral the later one tells;
    a closure in the referral's own record comes first"."""
    spells = [t for t in every if t.kind == "cin_spells" and t.fate == "loaded"]
    latest: dict[int, Told] = {}
    owner: dict[int, Need] = {}
    alone: dict[str, list[Need]] = defaultdict(list)
    for told in sorted(spells, key=lambda t: t.record.start_date):
        spell = told.record
        need = latest_by(of_child.get(spell.child, []), spell.start_date)
        if need is None:
            alone[spell.child].append(
                Need(
                    spell.child,
                    spell.start_date,
                    True,
                    None,
                    spell.primary_need_code,
                    spell.close_date,
                    spell.close_reason_code,
                    told,
                )
            )
            continue
        latest[id(need)], owner[id(need)] = told, need
    for key, told in latest.items():
        need, spell = owner[key], told.record
        need.need = need.need or spell.primary_need_code
        need.reason = need.reason or spell.close_reason_code
        need.closure = need.closure or spell.close_date
    for child, needs in alone.items():
        of_child[child] = [*of_child.get(child, []), *needs]


def latest_by(needs: Iterable[Need], day: date) -> Need | None:
    """The child's latest episode that had begun by a day."""
    return max((n for n in needs if n.day <= day), key=lambda n: n.day, default=None)


# Escalations


@dataclass(frozen=True)
class Start:
    """The day a child protection plan or a period of care started, and the day it was over."""

    kind: str
    day: date
    end: date | None


def starts_of(every: Iterable[Told]) -> dict[str, list[Start]]:
    """Plans of another authority are no escalation, and planned short breaks neither: "a period
    counts from its first episode that is none"."""
    found: dict[str, list[Start]] = defaultdict(list)
    care: dict[str, list[Care]] = defaultdict(list)
    for told in every:
        record = told.record
        if told.fate != "loaded":
            continue
        if told.kind == "cp_plans" and not record.is_other_authority:
            found[record.child].append(Start("cp", record.start_date, record.end_date))
        if isinstance(record, Care):
            care[record.child].append(record)
    for child, episodes in care.items():
        for period in periods_of(episodes):
            counted = [e for e in period if e.legal_status_code not in SHORT_BREAKS]
            if counted:
                found[child].append(Start("lac", counted[0].start_date, period[-1].end_date))
    return found


def periods_of(episodes: Iterable[Care]) -> list[list[Care]]:
    """ "Episodes are building blocks that make up a continuous period of care": one starts with
    S, and the others continue it."""
    periods: list[list[Care]] = []
    for episode in sorted(episodes, key=lambda e: e.start_date):
        if episode.start_reason_code == "S":
            periods.append([])
        periods[-1].append(episode)
    return periods


# Cases


@dataclass
class ReturnCase:
    """A case that returns make."""

    child: str
    start: date
    episode: Need | None
    closure: date | None
    made_of: str
    escalated: date | None
    as_of: date
    source: Told
    rereferrals: list[date] = field(default_factory=list)
    n_earlier: int | None = None
    is_outcome_known: bool | None = None
    family: str | None = None
    n_plans: int = 0
    plans_end: date | None = None

    @property
    def reason(self) -> str | None:
        return self.episode.reason if self.episode and self.closure else None

    @property
    def referral(self) -> date | None:
        return self.episode.day if self.episode else None


@dataclass(frozen=True)
class Returned:
    """All that an authority's returns make."""

    authority: Authority
    records: list[Told]
    needs: dict[str, list[Need]]
    starts: dict[str, list[Start]]
    cases: list[ReturnCase]


def read(authority: Authority) -> Returned:
    every = judged(authority)
    needs, starts = episodes_of(every), starts_of(every)
    plans = [t for t in every if t.kind == "cin_plans" and t.fate == "loaded"]
    made = chain_cases(every, plans, needs, starts) if plans else episode_cases(needs)
    cases = list(made)
    newest = max(n.as_of for mine in needs.values() for n in mine)
    families: dict[str, set[str]] = defaultdict(set)
    for told in every:
        if told.kind == "families" and told.fate == "loaded":
            families[told.record.child].add(told.record.family_id)
    for case in cases:
        describe(case, needs[case.child], newest)
        # "a family is sure only where there is one"
        mine = families[case.child]
        case.family = next(iter(mine)) if len(mine) == 1 else None
    cases.sort(key=lambda c: (c.child, c.start))
    return Returned(authority, every, needs, starts, cases)


def describe(case: ReturnCase, needs: list[Need], newest: date) -> None:
    """Earlier and later referrals of the child, and whether its end is known."""
    if case.episode:
        case.n_earlier = sum(need.day < case.episode.day for need in needs)
        # a referral "is counted for every case of the child that was referred before it"
        case.rereferrals = [need.day for need in needs if need.day > case.episode.day]
    # "An episode that is open in one year and missing from the next has an unknown end"
    told_last = max(case.as_of, case.episode.as_of) if case.episode else case.as_of
    is_open = case.closure is None and case.escalated is None
    closed_before = bool(
        case.episode and case.episode.closure and case.episode.closure < case.start
    )
    if is_open and (told_last < newest or closed_before):
        case.is_outcome_known = False


def episode_cases(needs: dict[str, list[Need]]) -> Iterator[ReturnCase]:
    """Where a format has no plans the episode is the case, "unless nothing was needed"."""
    for mine in needs.values():
        for need in mine:
            if not need.is_nfa and need.reason not in NOT_IN_NEED:
                closure = need.closure
                told = (need.as_of, need.source)
                yield ReturnCase(need.child, need.day, need, closure, "episode", None, *told)


def episode_of_plan(plan: Told, ids: dict[tuple, date], needs: list[Need]) -> Need | None:
    """ "A referral is named by its day, or by the id it has in the same delivery", else the plan
    belongs to the child's latest that began by then."""
    record = plan.record
    named = record.referral_date or ids.get((plan.delivery.name, record.referral_id))
    own = next((need for need in needs if need.day == named), None)
    return own or latest_by(needs, record.start_date)


def chain_cases(
    every: list[Told],
    plans: list[Told],
    needs: dict[str, list[Need]],
    starts: dict[str, list[Start]],
) -> Iterator[ReturnCase]:
    """ "A chain of CIN plans of one child within one referral": those before, between and after
    the days on which the child's need escalated are chains of their own."""
    ids: dict[tuple, date] = {}
    for told in every:
        if isinstance(told.record, Episode) and told.record.referral_id:
            ids[told.delivery.name, told.record.referral_id] = told.record.referral_date
    chains: dict[tuple, list[tuple[Told, Need | None]]] = defaultdict(list)
    for plan in plans:
        child, first = plan.record.child, plan.record.start_date
        need = episode_of_plan(plan, ids, needs.get(child, []))
        # "one on the first day of a plan came before it"
        n_before = sum(start.day <= first for start in starts[child])
        chains[child, need.day if need else None, n_before].append((plan, need))
    for (child, _, _), links in chains.items():
        links.sort(key=lambda link: link[0].record.start_date)
        need, last = links[0][1], links[-1][0].record
        first = links[0][0].record.start_date
        end = last.end_date or (need.closure if need else None)
        escalated = escalation_that_ends(first, end, starts[child])
        # an episode that closed before its plan began says nothing of when the case did
        closure = None if escalated or (end and end < first) else end
        as_of = max(plan.delivery.as_of for plan, _ in links)
        source = links[0][0]
        case = ReturnCase(child, first, need, closure, "plans", escalated, as_of, source)
        case.n_plans, case.plans_end = len(links), last.end_date
        yield case


def escalation_that_ends(first: date, end: date | None, starts: list[Start]) -> date | None:
    """ "The first escalation while the chain ran, or on the day after it ended"; "one that was over
    when the chain ended is not what ended it"."""
    ending = [
        start.day
        for start in starts
        if start.day > first
        and (end is None or (start.day <= end + DAY and (start.end is None or start.end > end)))
    ]
    return min(ending, default=None)


def extract_of(returned: Returned) -> Extract:
    """The cases as those of a case list, for the rules of outcomes; they were watched until the day
    of the newest return that any of them comes from."""
    authority = returned.authority
    observed_until = max(case.as_of for case in returned.cases)
    cases = [
        _as_listed(authority.la_code, row, case, returned.starts[case.child])
        for row, case in enumerate(returned.cases, 1)
    ]
    with_cases = {case.child for case in cases}
    return replace(
        Extract(authority.la_code, observed_until, is_returned=True, cases=cases),
        enrolments=[e for e in authority.enrolments if e.child in with_cases],
        allocations=[a for a in authority.allocations if a.child in with_cases],
    )


def _as_listed(la_code: str, row: int, case: ReturnCase, starts: list[Start]) -> Case:
    """ "A return gives every start: it counts for each case of the child that had begun"."""
    days = {
        kind: tuple(s.day for s in starts if s.kind == kind and s.day >= case.start)
        for kind in ("cp", "lac")
    }
    return Case(
        la_code=la_code,
        row=row,
        child=case.child,
        family=case.family,
        name=f"{case.child}|{case.start}",
        referral=case.referral,
        start=case.start,
        closure=case.closure,
        closure_reason=case.reason,
        birth=None,
        age=None,
        siblings=None,
        earlier_referrals=case.n_earlier,
        sex=None,
        ethnicity=None,
        nationality=None,
        is_index_child=None,
        is_outcome_known=case.is_outcome_known,
        cp_days=days["cp"],
        lac_days=days["lac"],
        n_cp=None,
        n_lac=None,
        rereferrals=frozenset(case.rereferrals),
        arm=None,
        programme_start=None,
    )


# Re-referrals as official statistics count them


@dataclass(frozen=True)
class Rereferral:
    """Whether a referral is a re-referral under one definition, and the day its clock started."""

    need: Need
    preset: str
    clock: date | None
    is_rereferral: bool


def rereferrals(needs: list[Need]) -> Iterator[Rereferral]:
    """ "A referral within 12 months of the child's previous referral. ... Twelve months are those
    of the calendar and the anniversary is in". Other definitions run from the last closure. "A day
    that stands in for a referral nobody recorded is no referral and starts no clock"."""
    path = ROOT / "seeds" / "monitoring" / "rereferral_presets.csv"
    with path.open(newline="", encoding="utf-8") as file:
        presets = list(csv.DictReader(file))
    for need in needs:
        earlier = [other for other in needs if other.day < need.day]
        referred = max((o.day for o in earlier if not o.is_assumed), default=None)
        # what nothing followed was over on its day
        over = [o.closure or (o.day if o.is_nfa else None) for o in earlier]
        closed = max((day for day in over if day and day <= need.day), default=None)
        for preset in presets:
            clock = referred if preset["clock_from"] == "referral" else closed
            length = int(preset["window_length"])
            within = False
            if clock:
                is_months = preset["window_unit"] == "month"
                last = months_on(clock, length) if is_months else clock + length * DAY
                within = need.day <= last
            yield Rereferral(need, preset["preset"], clock, within)
