"""Made-up yearly returns of children in need whose days lie at the edges of what makes a case.

An authority's children have episodes of need, plans and times of protection; each year's return
tells of them what was known by then, and some tell it wrongly: a closure is forgotten, a record is
missing or stands twice, a day can't be read. Nothing here describes a real child.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from typing import Any

from episodes import (
    FACT22,
    LEAP,
    PROGRAMME,
    Allocation,
    Enrolment,
    months_on,
)

DAY = timedelta(days=1)
NEW_REASON = date(2022, 4, 1)  # RC9 came with the collection year 2022-23
NOT_A_DAY = "2019-02-29"


@dataclass(frozen=True)
class Record:
    """What one record says of a child; days are None where they are missing and text where they
    can't be read. What a subclass lists in `KEY` makes records of several returns the same one, and
    `NOT_SAID` is no part of what it says."""

    child: str

    KEY = ("child",)
    NOT_SAID = ()
    FIRST, LAST = "", ""

    @property
    def key(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.KEY)

    @property
    def content(self) -> tuple[Any, ...]:
        """What it says; a day that can't be read says nothing."""
        said = (getattr(self, f.name) for f in fields(self) if f.name not in self.NOT_SAID)
        return tuple(None if value == NOT_A_DAY else value for value in said)


@dataclass(frozen=True)
class Episode(Record):
    """A referral and what came of it."""

    referral_id: str | None
    referral_date: date | str | None
    is_nfa: bool | None
    primary_need_code: str | None
    close_date: date | str | None
    close_reason_code: str | None

    NOT_SAID = ("referral_id",)
    FIRST, LAST = "referral_date", "close_date"

    @property
    def key(self) -> tuple[Any, ...]:
        """Two referrals of a day are two where nothing followed one of them."""
        return self.child, self.referral_date, self.is_nfa is True


@dataclass(frozen=True)
class Plan(Record):
    """A child in need plan; it names its referral by its day, by an id, or not at all."""

    referral_id: str | None
    referral_date: date | None
    start_date: date
    end_date: date | str | None

    KEY = ("child", "start_date")
    NOT_SAID = ("referral_id",)
    FIRST, LAST = "start_date", "end_date"


@dataclass(frozen=True)
class Protection(Record):
    """A child protection plan."""

    referral_date: date | None
    start_date: date
    end_date: date | None
    is_other_authority: bool | None

    KEY = ("child", "start_date")
    FIRST, LAST = "start_date", "end_date"


@dataclass(frozen=True)
class Care(Record):
    """An episode of care: the first of a period, or one that continues the last."""

    start_date: date
    start_reason_code: str
    end_date: date | None
    end_reason_code: str | None
    legal_status_code: str | None

    KEY = ("child", "start_date")
    FIRST, LAST = "start_date", "end_date"


@dataclass(frozen=True)
class Spell(Record):
    """A time as a child in need, told apart from referrals."""

    start_date: date
    close_date: date | None
    close_reason_code: str | None
    primary_need_code: str | None

    KEY = ("child", "start_date")
    FIRST, LAST = "start_date", "close_date"


@dataclass(frozen=True)
class Family(Record):
    """A family that a child belongs to."""

    family_id: str

    KEY = ("child", "family_id")


KINDS: dict[str, type[Record]] = {
    "episodes": Episode,
    "cin_plans": Plan,
    "cp_plans": Protection,
    "care_episodes": Care,
    "cin_spells": Spell,
    "families": Family,
}


@dataclass(frozen=True)
class Delivery:
    """One return as it was sent: of which day, and which submission of it."""

    name: str
    as_of: date
    submission: int
    is_census: bool
    records: dict[str, list[Record]]


@dataclass(frozen=True)
class Authority:
    """All returns of one authority, as CIN census files or as tables of its own, and what its
    studies know of the children besides."""

    la_code: str
    is_census: bool
    deliveries: list[Delivery] = field(default_factory=list)
    enrolments: list[Enrolment] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)

    @property
    def as_of(self) -> date:
        return max(delivery.as_of for delivery in self.deliveries)


@dataclass
class Life:
    """What really happened to a child."""

    episodes: list[Episode] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    protections: list[Protection] = field(default_factory=list)
    care: list[Care] = field(default_factory=list)
    spells: list[Spell] = field(default_factory=list)
    families: list[Family] = field(default_factory=list)


YEARS = (2017, 2018, 2019, 2020)
YEAR_EDGES = [date(year, 3, 31) for year in YEARS] + [date(year, 4, 1) for year in YEARS]
EDGES = [
    *YEAR_EDGES,
    *(date(2016, 2, 29), date(2017, 2, 28), date(2018, 2, 28), date(2020, 2, 29)),
    *(FACT22.start, FACT22.end, FACT22.latest, LEAP.start, LEAP.end),
]


class Maker:
    """Draws an authority. `told_by` is `census`, `plans` (tables with plans), `episodes` (tables
    without) or `spells` (tables whose last delivery tells of spells and of no closures)."""

    def __init__(self, la_code: str, told_by: str, n_children: int, seed: int) -> None:
        self.random = random.Random(f"{la_code}|{seed}|returns")
        self.told_by = told_by
        self.n_children = n_children
        self.authority = Authority(la_code, told_by == "census")

    def make(self) -> Authority:
        lives = {f"R{n}": self._life(f"R{n}") for n in range(1, self.n_children + 1)}
        years = [*YEARS, *((2023,) if self.told_by == "episodes" else ())]
        for year in years:
            as_of = date(year, 3, 31)
            self._deliver(f"return_{year}_b", as_of, 1, lives)
            if year == 2019:  # sent again, and an older one that lay about comes late
                self._deliver(f"return_{year}_a", as_of, 2, lives)
                self._deliver(f"return_{year}_c", as_of, 1, lives)
        if self.authority.is_census:  # the same day in tables too
            self._deliver("return_2020_a", date(2020, 3, 31), 1, lives, is_census=False)
        if self.told_by == "spells":
            for name, days in (("return_2020_y", 180), ("return_2023_b", 200)):
                self._deliver(name, FACT22.end + days * DAY, 1, lives, tells_closures=False)
        for child, life in lives.items():
            self._studies(child, life)
        return self.authority

    # days

    def near(self, days: Sequence[date | None], first: date | None = None) -> date:
        """One of the days, or the day before or after it; none before the first."""
        known = [day for day in days if day is not None]
        day = self.random.choice(known) + self.random.choice((-1, 0, 0, 1)) * DAY
        return max(day, first) if first else day

    def after(self, day: date, most: int) -> date:
        return day + self.random.randint(0, most) * DAY

    # lives

    def _life(self, child: str) -> Life:
        pick, draw = self.random.choice, self.random.random
        life = Life()
        for number in range(pick((1, 1, 2, 2, 3, 4))):
            referral = self.near(EDGES) if draw() < 0.5 else self.after(date(2016, 6, 1), 1300)
            if life.episodes and draw() < 0.7:
                last = life.episodes[-1]
                edges = [last.referral_date, last.close_date, last.close_date]
                for day in (last.referral_date, last.close_date or last.referral_date):
                    assert isinstance(day, date)
                    edges += [months_on(day, 12), day + 365 * DAY, months_on(day, 24)]
                    edges += [day + 183 * DAY, months_on(day, 6)]
                referral = self.near(edges)  # type: ignore[arg-type]
            if any(e.referral_date == referral for e in life.episodes) and draw() < 0.5:
                continue
            self._episode(life, child, f"{child}-{number}", referral)
        if draw() < 0.2:
            self._protection(life, child, None, EDGES)
        if self.told_by == "spells" and draw() < 0.2:  # of referrals that nobody recorded
            for _ in range(pick((1, 2))):
                start = self.near((date(2016, 2, 29), date(2016, 5, 1), date(2017, 4, 1)))
                end = self.after(start, 90) if draw() < 0.5 else None
                self._spell(life, Spell(child, start, end, "RC7" if end else None, "N2"))
        if not self.authority.is_census:
            if draw() < 0.25:
                self._care(life, child)
            names = pick(((), ("F1",), ("F1",), ("F1", "F2")))
            life.families = [Family(child, f"{name}{child}") for name in names]
        return life

    def _episode(self, life: Life, child: str, number: str, referral: date) -> None:
        pick, draw = self.random.choice, self.random.random
        is_nfa: bool | None = draw() < 0.15
        if not is_nfa and not self.authority.is_census and draw() < 0.2:
            is_nfa = None
        closure = None
        if draw() < 0.75:
            edges = [referral, referral, *(d for d in EDGES if d > referral)]
            edges += [months_on(referral, 6), months_on(referral, 12)]
            if self.told_by == "episodes":
                edges += [NEW_REASON, NEW_REASON]
            closure = self.near(edges, referral) if draw() < 0.6 else self.after(referral, 600)
        reasons = ("RC1", "RC7", "RC7", "RC8", None)
        if closure and closure >= NEW_REASON - DAY:
            reasons = ("RC7", "RC9")
        reason = pick(reasons) if closure or draw() < 0.05 else None
        need = pick(("N1", "N4", None))
        life.episodes.append(Episode(child, number, referral, is_nfa, need, closure, reason))
        if any(e.key == life.episodes[-1].key for e in life.episodes[:-1]):
            life.episodes.pop()
            return
        if self.told_by == "spells" and draw() < 0.5:
            start = self.near([referral, referral, closure], referral - DAY)
            end = self.near([start, closure, *EDGES], start) if draw() < 0.5 else None
            reason = pick(("RC7", None)) if end else None
            self._spell(life, Spell(child, start, end, reason, pick(("N2", None))))
        edges = [referral, closure]
        for _ in range(0 if self.told_by == "episodes" or is_nfa else pick((0, 1, 1, 2, 3))):
            start = self.near(edges) if draw() < 0.7 else self.after(referral, 300)
            if self.authority.is_census and start < referral - DAY:
                continue
            end = self.near([start, closure, *EDGES], start) if draw() < 0.6 else None
            if draw() < 0.3:
                end = self.after(start, 200)
            by_id, by_day = pick(((number, None), (None, referral), (None, None)))
            if self.authority.is_census:
                by_id, by_day = None, referral
            plan = Plan(child, by_id, by_day, start, end)
            if all(p.start_date != start for p in life.plans):
                life.plans.append(plan)
            edges += [end, end, start]
        if draw() < 0.45:
            self._protection(life, child, referral, edges)

    @staticmethod
    def _spell(life: Life, spell: Spell) -> None:
        life.spells = [s for s in life.spells if s.key != spell.key] + [spell]

    def _protection(
        self, life: Life, child: str, referral: date | None, edges: Sequence[date | None]
    ) -> None:
        """One that starts where a plan does, where it ends, or a day or two later."""
        pick, draw = self.random.choice, self.random.random
        if self.authority.is_census and referral is None:
            return
        start = self.near([day + pick((0, 1)) * DAY for day in edges if day])
        end = None
        if draw() < 0.6:
            ends = [start, *(p.end_date for p in life.plans)]
            ends += [e.close_date for e in life.episodes]
            end = self.near([day for day in ends if isinstance(day, date)], start)
        is_other = None if self.authority.is_census else pick((None, False, False, True))
        by_day = referral if self.authority.is_census else None
        if all(p.start_date != start for p in life.protections):
            life.protections.append(Protection(child, by_day, start, end, is_other))

    def _care(self, life: Life, child: str) -> None:
        """Up to two periods of care that lie well apart, of up to three episodes; some are short
        breaks, or begin as one."""
        pick, draw = self.random.choice, self.random.random
        edges = [*(p.end_date for p in life.plans), *(e.referral_date for e in life.episodes)]
        start = self.near([day for day in [*edges, FACT22.start] if isinstance(day, date)])
        for _ in range(pick((1, 1, 2))):
            reason, n_episodes = "S", pick((1, 1, 2, 3))
            for number in range(1, n_episodes + 1):
                is_open = number == n_episodes and draw() < 0.6
                end = None if is_open else self.after(start + DAY, 100)
                if n_episodes == 1 and draw() < 0.15:  # over on its day
                    life.care.append(Care(child, start, "S", start, "E8", pick(("C2", "V4"))))
                    return
                ended = None if is_open else "X1" if number < n_episodes else "E8"
                status = pick(("C2", "V2", "V3", "V4", "V4", None))
                life.care.append(Care(child, start, reason, end, ended, status))
                if end is None:
                    return
                start, reason = end, "L"
            start = self.after(start, 0 if draw() < 0.5 else 300)

    # what is told of them

    def _deliver(
        self,
        name: str,
        as_of: date,
        submission: int,
        lives: Mapping[str, Life],
        tells_closures: bool = True,
        is_census: bool | None = None,
    ) -> None:
        told: dict[str, list[Record]] = {kind: [] for kind in KINDS}
        since = date(as_of.year - 1, 4, 1)
        for life in lives.values():
            for kind, records in self._told(life, as_of, since, tells_closures).items():
                told[kind] += records
        form = self.authority.is_census if is_census is None else is_census
        self.authority.deliveries.append(Delivery(name, as_of, submission, form, told))

    def _told(
        self, life: Life, as_of: date, since: date, tells_closures: bool
    ) -> dict[str, list[Record]]:
        """What a return of a day tells of a child: what was open in its year."""
        draw = self.random.random
        if draw() < 0.04:
            return {}
        told: dict[str, list[Record]] = defaultdict(list)
        for episode in sorted(life.episodes, key=lambda e: str(e.referral_date)):
            known = known_by(episode, as_of, since if draw() < 0.9 else date.min)
            if known is None:
                continue
            told["episodes"] += self._distorted_episode(known, tells_closures)
        days = {e.referral_date for e in told["episodes"]}
        kinds = [("cin_plans", life.plans), ("cp_plans", life.protections)]
        if not self.authority.is_census:
            kinds += [("care_episodes", life.care)]
        if not tells_closures:
            kinds = [("cin_spells", life.spells), ("cp_plans", life.protections)]
        for kind, records in kinds:
            for record in records:
                is_whole = isinstance(record, Care) or draw() > 0.9
                known = known_by(record, as_of, date.min if is_whole else since)
                if known is None:
                    continue
                if self.authority.is_census and known.referral_date not in days:
                    continue
                told[kind] += self._distorted(known)
        if not self.authority.is_census and tells_closures:
            told["families"] += life.families
        return self._in_order(told) if self.authority.is_census else told

    def _distorted_episode(self, episode: Episode, tells_closures: bool) -> list[Episode]:
        draw = self.random.random
        closure = episode.close_date
        if not tells_closures:
            return [
                replace(episode, close_date=None, close_reason_code=None, primary_need_code=None)
            ]
        if draw() > 0.3:
            return [episode]
        assert isinstance(episode.referral_date, date)
        fault = draw()
        if fault < 0.15:
            return []
        if fault < 0.35:  # the closure is forgotten
            return [replace(episode, close_date=None, close_reason_code=None)]
        if fault < 0.43 and isinstance(closure, date) and closure > episode.referral_date:
            return [replace(episode, close_date=closure - DAY)]
        if fault < 0.5:
            return [replace(episode, primary_need_code=None)]
        if fault < 0.58:
            return [episode, episode]
        if fault < 0.68:  # two records that say different things
            return [episode, replace(episode, primary_need_code="N3")]
        if fault < 0.75 and closure:
            return [episode, replace(episode, close_date=episode.referral_date)]
        if fault < 0.79:
            return [replace(episode, close_date=episode.referral_date - DAY)]
        if fault < 0.82:
            return [replace(episode, close_date=NOT_A_DAY)]
        if fault < 0.94:  # the other of two referrals of a day
            over = episode.referral_date if closure else None
            other = replace(episode, primary_need_code="N6", close_date=over)
            return [episode, replace(other, is_nfa=not episode.is_nfa)]
        return [replace(episode, is_nfa=not episode.is_nfa)]

    def _distorted(self, record: Any) -> list[Any]:
        """A plan, a time of protection or care, or a spell as a return has it."""
        draw = self.random.random
        if draw() > 0.2 or isinstance(record, Care):
            return [record]
        fault = draw()
        if isinstance(record, Spell):
            if fault < 0.5:
                return [replace(record, close_date=None, close_reason_code=None)]
            return [record, replace(record, primary_need_code="N5")]
        if fault < 0.3:
            return []
        if fault < 0.5:
            return [replace(record, end_date=None)]
        if fault < 0.6:
            return [record, record]
        if fault < 0.8:
            return [record, replace(record, end_date=record.start_date + 3 * DAY)]
        if fault < 0.9:
            return [replace(record, end_date=record.start_date - DAY)]
        return [record]

    @staticmethod
    def _in_order(told: dict[str, list[Any]]) -> dict[str, list[Record]]:
        """What stands within a referral in the order of the referrals of the child."""
        days: list[Any] = [e.referral_date for e in told["episodes"]]
        for kind in ("cin_plans", "cp_plans"):
            told[kind].sort(key=lambda record: days.index(record.referral_date))
        return told

    # what studies know besides

    def _studies(self, child: str, life: Life) -> None:
        pick, draw = self.random.choice, self.random.random
        la_code = self.authority.la_code
        days = [p.start_date for p in life.plans]
        days += [e.referral_date for e in life.episodes if isinstance(e.referral_date, date)]
        edges = [*days, FACT22.start, FACT22.end]
        if draw() < 0.3:
            day = self.near(edges)
            self.authority.enrolments.append(
                Enrolment(la_code, PROGRAMME, "treated", child, None, day, None)
            )
        if draw() < 0.3:
            arm = pick(("treated", "comparator"))
            self.authority.allocations.append(
                Allocation(la_code, child, None, f"G{child}", arm, "allocated", self.near(edges))
            )


def known_by(record: Any, as_of: date, since: date) -> Any:
    """A record as it was known on a day; None where it hadn't begun or was over long before."""
    first, last = getattr(record, record.FIRST), getattr(record, record.LAST)
    if first > as_of or (last is not None and last < since):
        return None
    if isinstance(record, Episode) and record.is_nfa and first < since:
        return None
    if last is None or last <= as_of:
        return record
    without = {record.LAST: None}
    for reason in ("close_reason_code", "end_reason_code"):
        if hasattr(record, reason):
            without[reason] = None
    return replace(record, **without)


TOLD_BY = {"S81": "census", "S82": "episodes", "S83": "plans", "S84": "spells"}


def make(n_children: int, seed: int = 1) -> dict[str, Authority]:
    """The made-up authorities with so many children each."""
    return {la: Maker(la, told_by, n_children, seed).make() for la, told_by in TOLD_BY.items()}


# Reading them


def by_child(delivery: Delivery) -> dict[str, dict[str, list[Any]]]:
    found: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for kind, records in delivery.records.items():
        for record in records:
            found[record.child][kind].append(record)
    return found


def each_record(authority: Authority) -> Iterator[tuple[Delivery, str, int, Record]]:
    """Every record with its delivery, kind and place in its file, from 1 up."""
    for delivery in authority.deliveries:
        for kind, records in delivery.records.items():
            for place, record in enumerate(records, 1):
                yield delivery, kind, place, record
