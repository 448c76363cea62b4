"""Made-up cases whose days lie on, just before and just after every edge that a rule knows.

Nothing here describes a real child: every value is drawn by a seeded generator.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, timedelta
from typing import Any

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Case:
    """One row of a case list; `row` is its place in its file, from 1 up."""

    la_code: str
    row: int
    child: str
    family: str | None
    name: str
    referral: date | None
    start: date
    closure: date | None
    closure_reason: str | None
    birth: date | None
    age: float | None
    siblings: int | None
    earlier_referrals: int | None
    sex: str | None
    ethnicity: str | None
    nationality: str | None
    is_index_child: bool | None
    is_outcome_known: bool | None
    # the days in the columns plain, during and after
    cp_days: tuple[date | None, ...]
    lac_days: tuple[date | None, ...]
    n_cp: int | None
    n_lac: int | None
    rereferrals: frozenset[date]
    arm: str | None
    programme_start: date | None


@dataclass(frozen=True)
class Enrolment:
    """A row of an enrolment file: a child and, perhaps, one of its cases."""

    la_code: str
    programme: str
    arm: str | None
    child: str
    case: str | None
    start: date
    end: date | None


@dataclass(frozen=True)
class Allocation:
    """A row of a trial's allocation list."""

    la_code: str
    child: str
    case: str | None
    family: str | None
    arm: str | None
    status: str
    day: date | None


@dataclass(frozen=True)
class Referral:
    """A row of a file of re-referrals: a child and, perhaps, the case it is counted for."""

    la_code: str
    child: str
    case: str | None
    day: date


@dataclass(frozen=True)
class Absence:
    """A row of a file of school absences."""

    la_code: str
    child: str
    year: str
    term: str
    school: str
    sessions: int


@dataclass(frozen=True)
class Extract:
    """Everything that one authority delivers, as of a day; the first `n_older` of its cases came in
    an earlier delivery and in no later one. Of cases that `is_returned` no source gives an id."""

    la_code: str
    as_of: date
    n_older: int = 0
    is_returned: bool = False
    cases: list[Case] = field(default_factory=list)
    enrolments: list[Enrolment] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)
    referrals: list[Referral] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    objections: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Calendar:
    """The days of one study."""

    start: date
    end: date
    earliest: date
    latest: date


FACT22 = Calendar(date(2018, 4, 12), date(2019, 11, 22), date(2014, 4, 10), date(2019, 8, 5))
LEAP = Calendar(date(2016, 2, 29), date(2019, 2, 28), date(2014, 8, 31), date(2018, 11, 30))
TRIAL = Calendar(date(2015, 8, 1), date(2016, 11, 1), date(2014, 1, 1), date(2016, 8, 31))
CALENDARS = (FACT22, LEAP, TRIAL)
AS_OF = {"S61": date(2020, 12, 31), "S62": date(2019, 11, 12), "S63": date(2019, 11, 22)}
MONTH_ENDS = (date(2016, 2, 29), date(2015, 8, 31), date(2018, 2, 28), date(2017, 12, 31))
REASONS = ("RC1", "RC2", "RC7", "RC7", "RC8", None)
SCHOOL_YEARS = ("2015/16", "2016/17")
TERMS = ("autumn", "spring", "summer")
WINDOWS = (3, 6, 12, 18, 24)
PROGRAMME, TRIAL_PROGRAMME = "programme", "trial"
# Days from which, or to which, the caliper of six months or of 183 days is laid.
PAIR_STARTS = (date(2018, 8, 31), date(2018, 2, 28), date(2017, 3, 31), date(2018, 4, 12))
PAIR_ENTRIES = (date(2018, 9, 3), date(2019, 3, 1), date(2018, 4, 12))


def months_on(day: date, months: int) -> date:
    """The same day of another month, or that month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise ValueError(months)


class Maker:
    """Draws the extract of one authority."""

    def __init__(self, la_code: str, n_cases: int, seed: int) -> None:
        self.random = random.Random(f"{la_code}|{seed}")
        self.extract = Extract(la_code, AS_OF[la_code])
        self.n_cases = n_cases
        self.n_children = 0

    def make(self) -> Extract:
        """The whole extract: cases child by child, then what stands in files of its own."""
        while len(self.extract.cases) < self.n_cases:
            self._child()
        if self.extract.la_code != "S61":
            return self.extract
        cases = self.extract.cases
        last = cases[self.n_cases // 5].child
        n_older = next(n for n, case in enumerate(cases) if case.child == last)
        return replace(self.extract, n_older=n_older)

    # days

    def near(self, days: Sequence[date | None]) -> date:
        """One of the days, or the day before or after it."""
        known = [day for day in days if day is not None]
        return self.random.choice(known) + self.random.choice((-1, 0, 0, 1)) * DAY

    def maybe(self, share: float, days: Sequence[date | None]) -> date | None:
        """Such a day for a share of all; None for the others."""
        return self.near(days) if self.random.random() < share else None

    def after(self, day: date, most: int) -> date:
        return day + self.random.randint(0, most) * DAY

    def window_ends(self, day: date) -> Iterator[date]:
        """Where windows that start on a day end, by the calendar and by years of 365 days."""
        for months in WINDOWS:
            yield months_on(day, months)
            yield day + (months * 365 + 6) // 12 * DAY

    def _start(self, calendar: Calendar) -> date:
        edges = [calendar.start, calendar.end, calendar.earliest, calendar.latest]
        edges += [months_on(calendar.start, -6), *MONTH_ENDS]
        if self.random.random() < 0.4:
            day = self.near(edges)
        else:
            day = self.after(calendar.start - 700 * DAY, 1200)
        last = self.extract.as_of + (1 if self.random.random() < 0.005 else 0) * DAY
        return min(day, last)

    def _referral(self, start: date, calendar: Calendar) -> date | None:
        draw = self.random.random()
        if draw < 0.08:
            return None
        if draw < 0.5:
            return start - self.random.choice((0, 0, 1, 14, 30, 200)) * DAY
        if draw < 0.6:
            return start + DAY  # written down late
        return self.near([start, calendar.start, months_on(calendar.end, -12), *MONTH_ENDS])

    def _closure(self, start: date, entry: date | None, calendar: Calendar) -> date | None:
        if self.random.random() < 0.25:
            return None
        if self.random.random() < 0.6:
            edges = [start, calendar.start, calendar.end, self.extract.as_of, entry, *MONTH_ENDS]
            edges += [months_on(self.extract.as_of, -12), months_on(self.extract.as_of, -24)]
            return max(start, self.near(edges))
        return self.after(start, 900)

    # people

    def _child(self) -> None:
        self.n_children += 1
        child = f"K{self.n_children}"
        calendar = self.random.choice(CALENDARS)
        n_cases = self.random.choice((1, 1, 1, 1, 2, 3))
        family = None if self.random.random() < 0.3 else f"F{self.n_children // 3}"
        described = self._description()
        mine: list[Case] = []
        for _ in range(n_cases):
            mine.append(self._case(child, family, calendar, described, mine))
        self.extract.cases.extend(mine)
        self._beside(child, family, mine, calendar)

    def _description(self) -> dict[str, str | int | float | date | None]:
        """What cases are matched by; most lack something, so that few find comparators."""
        pick = self.random.choice
        draw = self.random.random()
        if draw < 0.2:
            return self._pairable()
        if draw < 0.8:
            return dict.fromkeys(
                ("birth", "age", "siblings", "earlier_referrals", "sex", "ethnicity", "nationality")
            )
        return {
            "age": pick((0.0, 2.9, 3.0, 6.9, 7.0, 12.9, 13.0, 17.5)),
            "siblings": pick((0, 1, 2, 3)),
            "earlier_referrals": pick((0, 1, 2, 3, 7, 8)),
            "sex": pick(("F", "F", "M", None)),
            "ethnicity": pick(("WBRI", "WBRI", "WIRI")),
            "nationality": pick(("British", "British", "british", None)),
            "birth": None,
        }

    def _pairable(self) -> dict[str, str | int | float | date | None]:
        """What the cases of one stratum of a few have in common."""
        group = self.random.randrange(-(-self.n_cases // 130)) % 512
        return {
            "age": (1.0, 4.0, 9.0, 15.0)[group % 4],
            "siblings": group // 4 % 4,
            "earlier_referrals": (0, 2, 5, 9)[group // 16 % 4],
            "sex": ("F", "M")[group // 64 % 2],
            "ethnicity": ("WBRI", "WIRI")[group // 128 % 2],
            "nationality": ("British", None)[group // 256 % 2],
            "birth": None,
            "is_pairable": True,
        }

    def _pair_days(self) -> tuple[date, date | None, date | None]:
        """Start, closure and entry of a case that lies at the edge of being another's pair."""
        pick, draw = self.random.choice, self.random.random
        first = pick(PAIR_STARTS)
        ends = [first, months_on(first, 6), months_on(first, -6), first + 183 * DAY]
        start = self.near([*ends, first - 183 * DAY, *PAIR_ENTRIES])
        if draw() < 0.3:
            start = pick((date(2018, 8, 31), date(2018, 2, 28)))  # six months one way only
        closure = max(start, self.near(PAIR_ENTRIES)) if draw() < 0.4 else None
        if draw() < 0.2:
            closure = self.after(start, 900)
        entry = self.near(PAIR_ENTRIES) if draw() < 0.4 else None
        return start, closure, entry

    def _case(
        self,
        child: str,
        family: str | None,
        calendar: Calendar,
        described: dict[str, str | int | float | date | None],
        earlier: list[Case],
    ) -> Case:
        pick, draw = self.random.choice, self.random.random
        number = len(self.extract.cases) + len(earlier) + 1
        start = self._start(calendar)
        if earlier and draw() < 0.3:
            start = min(self.near([earlier[-1].start]), self.extract.as_of)
        entry = None
        if draw() < 0.12:
            edges = [start, calendar.start, calendar.end, self.extract.as_of]
            entry = self.near(edges) if draw() < 0.5 else self.after(start, 400)
        closure = self._closure(start, entry, calendar)
        is_pairable = "is_pairable" in described
        if is_pairable:
            start, closure, entry = self._pair_days()
        referral = self._referral(start, calendar)
        edges = [start, calendar.start, calendar.end, self.extract.as_of, closure, closure, entry]
        edges += self.window_ends(closure) if closure else []
        edges += PAIR_ENTRIES * 3 if is_pairable else ()
        cp_days = tuple(self.maybe(share, edges) for share in (0.12, 0.1, 0.1))
        lac_days = tuple(self.maybe(share, edges) for share in (0.08, 0.06, 0.08))
        edges = [calendar.start, calendar.end, self.extract.as_of, closure, closure, referral]
        for origin in (referral, referral, closure):
            edges += self.window_ends(origin) if origin else []
        rereferrals: set[date] = set()
        while draw() < 0.4:
            day = self.near(edges)
            rereferrals.add(day)
            edges += [*self.window_ends(day), day]
        birth = None
        age = described["age"]
        if age is not None and not is_pairable and draw() < 0.4:
            # by the birthday, 29 February among them, or after the plan's start
            birthday = pick((start, start + DAY, start - DAY, date(2016, 2, 29), start + 20 * DAY))
            birth = min(months_on(birthday, -12 * pick((0, 3, 7, 13))), start + 30 * DAY)
        dated = [day for day in (*cp_days, *lac_days) if day]
        if birth and any(day < birth for day in dated):
            birth = None
        return Case(
            la_code=self.extract.la_code,
            row=number,
            child=child,
            family=family,
            name=f"C{number}",
            referral=referral,
            start=start,
            closure=closure,
            closure_reason=pick(REASONS) if closure else None,
            birth=birth,
            age=age,  # type: ignore[arg-type]
            siblings=described["siblings"],  # type: ignore[arg-type]
            earlier_referrals=described["earlier_referrals"],  # type: ignore[arg-type]
            sex=described["sex"],  # type: ignore[arg-type]
            ethnicity=described["ethnicity"],  # type: ignore[arg-type]
            nationality=described["nationality"],  # type: ignore[arg-type]
            is_index_child=pick((True, True, False, None)),
            is_outcome_known=pick((True,) * 15 + (False, None)),
            cp_days=cp_days,
            lac_days=lac_days,
            n_cp=pick((None, 0, 1, 2, 3)),
            n_lac=pick((None, None, 0, 1, 2)),
            rereferrals=frozenset(rereferrals),
            arm=pick(("treated", None, None, "comparator") if entry else (None, "comparator")),
            programme_start=entry,
        )

    def _beside(
        self, child: str, family: str | None, cases: list[Case], calendar: Calendar
    ) -> None:
        pick, draw, la_code = self.random.choice, self.random.random, self.extract.la_code
        one = pick(cases)
        edges = [one.start, one.closure, calendar.start, calendar.end, self.extract.as_of]
        enrolled: list[Enrolment] = []
        while draw() < 0.08:
            named = pick((one.name, None, None))
            day = self.near(edges)
            end = pick((None, day, day + 30 * DAY))
            programme = pick((PROGRAMME,) * 8 + (TRIAL_PROGRAMME, "other"))
            arm = pick((None, "treated", "treated", "comparator"))
            row = Enrolment(la_code, programme, arm, child, named, day, end)
            if all((e.programme, e.case, e.start) != (programme, named, day) for e in enrolled):
                enrolled.append(row)
            if programme == "other" and not enrolled[:-1]:
                enrolled.append(replace(row, programme=PROGRAMME))
        self.extract.enrolments.extend(enrolled)
        for case in cases:
            if draw() < 0.1:
                day = self.near([case.referral or case.start, *self.window_ends(case.start)])
                named = pick((case.name, None, None))
                referral = Referral(la_code, child, named, day)
                if referral not in self.extract.referrals[-9:]:
                    self.extract.referrals.append(referral)
            elif case.rereferrals and case.row % 9 == 0:  # told in both files
                again = Referral(la_code, child, case.name, min(case.rereferrals))
                self.extract.referrals.append(again)
        if draw() < 0.3:
            group = family or child
            arm = "treated" if random.Random(group).random() < 0.6 else "comparator"
            status = "allocated"
            if random.Random(f"{group}?").random() < 0.1:
                arm, status = None, pick(("not_approved", "over_capacity", "not_taken_up"))
            day = self.near(edges) if arm else None
            named = pick((one.name, None, None))
            own = family or f"G{child[1:]}"
            self.extract.allocations.append(
                Allocation(la_code, child, named, own, arm, status, day)
            )
        objects = draw()
        if objects < 0.03:
            self.extract.objections.append((child, "study"))
        elif objects < 0.06:
            self.extract.objections.append((child, "school_data"))
        if objects < 0.03:
            return
        for year in SCHOOL_YEARS:
            for term in TERMS:
                for school in ("A", "B")[: pick((0, 0, 0, 1, 2))]:
                    missed = pick((0, 0, 1, 7, 40))
                    self.extract.absences.append(
                        Absence(la_code, child, year, term, school, missed)
                    )


def make(n_cases: int, seed: int = 1) -> dict[str, Extract]:
    """Extracts of the made-up authorities with so many cases in all, at least."""
    share = -(-n_cases // len(AS_OF))
    return {la_code: Maker(la_code, share, seed).make() for la_code in AS_OF}


def rearranged(extract: Extract, seed: int) -> Extract:
    """The same records in another order, child by child: of two cases of a child that nothing else
    tells apart the one further up in its file comes first."""
    shuffled = random.Random(seed)

    def mixed(rows: list[Any]) -> list[Any]:
        return shuffled.sample(rows, len(rows))

    by_child: dict[str, list[Case]] = {}
    for case in extract.cases:
        by_child.setdefault(case.child, []).append(case)
    cases = [case for child in mixed(list(by_child)) for case in by_child[child]]
    return replace(
        extract,
        n_older=0,
        cases=[replace(case, row=row) for row, case in enumerate(cases, 1)],
        enrolments=mixed(extract.enrolments),
        allocations=mixed(extract.allocations),
        referrals=mixed(extract.referrals),
        absences=mixed(extract.absences),
    )


def renamed(extract: Extract, la_code: str) -> Extract:
    """The same records of another authority."""
    return replace(
        extract,
        la_code=la_code,
        **{
            rows: [replace(row, la_code=la_code) for row in getattr(extract, rows)]
            for rows in ("cases", "enrolments", "allocations", "referrals", "absences")
        },
    )


def with_another_child(extract: Extract) -> Extract:
    """The same records and those of one child more, whom nothing is known of to match by."""
    like = next(case for case in extract.cases if case.age is None and case.closure)
    number = len(extract.cases) + 1
    more = replace(like, row=number, name=f"C{number}", child="K0", family=None)
    return replace(extract, cases=[*extract.cases, more])


def moved(value: Any, days: int) -> Any:
    """The same with every day in it so many days later."""
    if isinstance(value, date):
        return value + days * DAY
    if isinstance(value, tuple | list | frozenset):
        return type(value)(moved(part, days) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        changes = {one.name: moved(getattr(value, one.name), days) for one in fields(value)}
        return replace(value, **changes)
    return value
