"""What happens to made-up children, and how much of it an authority knows on a given day."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

SCHOOL_AGE = 4  # from then on a child has a unique pupil number
PLACED_ON = "X1"  # reason a care episode ended: another one follows it without a gap


@dataclass(frozen=True, slots=True)
class Assessment:
    """An assessment of a referred child; factors are told once it is authorised."""

    start: date
    authorised: date | None
    factors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CinPlan:
    """A child in need plan."""

    start: date
    end: date | None


@dataclass(frozen=True, slots=True)
class Section47:
    """An enquiry; its conference is held, still to come, or not required."""

    start: date
    icpc_target: date
    icpc: date | None
    is_icpc_not_required: bool


@dataclass(frozen=True, slots=True)
class CpPlan:
    """A child protection plan; the category may change on the day of its first review."""

    start: date
    end: date | None
    initial_category: str
    latest_category: str
    n_previous: int
    reviews: tuple[date, ...]
    is_other_authority: bool = False


@dataclass(frozen=True, slots=True)
class Episode:
    """A referral and all that follows from it until the case is closed."""

    referral: date
    source: str | None
    is_nfa: bool | None
    need: str | None
    close: date | None
    close_reason: str | None
    transfer_icpc: date | None = None  # conference of a child who moved in with a plan
    assessments: tuple[Assessment, ...] = ()
    cin_plans: tuple[CinPlan, ...] = ()
    section_47s: tuple[Section47, ...] = ()
    cp_plans: tuple[CpPlan, ...] = ()


@dataclass(frozen=True, slots=True)
class CareEpisode:
    """One episode of a period of care: a placement under one legal status."""

    start: date
    start_reason: str
    legal_status: str
    need: str
    placement: str
    provider: str
    end: date | None
    end_reason: str | None


@dataclass(frozen=True, slots=True)
class CarePeriod:
    """An unbroken chain of care episodes that belongs to a referral."""

    referral: date
    episodes: tuple[CareEpisode, ...]

    @property
    def start(self) -> date:
        """The day the child came into care."""
        return self.episodes[0].start

    @property
    def end(self) -> date | None:
        """The day the child left care."""
        return self.episodes[-1].end


@dataclass(frozen=True, slots=True)
class Child:
    """A made-up child and its life with the authority."""

    child_id: str
    family_id: str
    upn: str
    birth: date | None
    expected_birth: date | None
    death: date | None
    sex: str
    ethnicity: str
    nationality: str
    disabilities: tuple[str, ...]
    episodes: tuple[Episode, ...]
    care: tuple[CarePeriod, ...]


def years_before(day: date, years: int) -> date:
    """The same day so many years earlier; 1 March for a 29 February that isn't there."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 3, 1)


def as_known(child: Child, day: date) -> Child | None:
    """The child as the authority knows it at the end of `day`; None before its first referral."""
    episodes = tuple(_episode_as_known(e, day) for e in child.episodes if e.referral <= day)
    if not episodes:
        return None
    birth = _by(child.birth, day)
    is_born = birth is not None
    return replace(
        child,
        birth=birth,
        expected_birth=None if is_born else child.expected_birth,
        death=_by(child.death, day),
        sex=child.sex if is_born else "U",
        disabilities=child.disabilities if is_born else (),
        upn=child.upn if birth is not None and birth <= years_before(day, SCHOOL_AGE) else "",
        episodes=episodes,
        care=tuple(_care_as_known(period, day) for period in child.care if period.start <= day),
    )


def cp_plans(child: Child) -> Iterator[tuple[Episode, CpPlan]]:
    """Every child protection plan with the episode it belongs to."""
    return ((episode, plan) for episode in child.episodes for plan in episode.cp_plans)


def _episode_as_known(episode: Episode, day: date) -> Episode:
    close = _by(episode.close, day)
    return Episode(
        episode.referral,
        episode.source,
        episode.is_nfa,
        episode.need,
        close,
        episode.close_reason if close else None,
        _by(episode.transfer_icpc, day),
        tuple(_assessment_as_known(a, day) for a in episode.assessments if a.start <= day),
        tuple(CinPlan(p.start, _by(p.end, day)) for p in episode.cin_plans if p.start <= day),
        tuple(
            Section47(s.start, s.icpc_target, _by(s.icpc, day), s.is_icpc_not_required)
            for s in episode.section_47s
            if s.start <= day
        ),
        tuple(_cp_plan_as_known(p, day) for p in episode.cp_plans if p.start <= day),
    )


def _assessment_as_known(assessment: Assessment, day: date) -> Assessment:
    authorised = _by(assessment.authorised, day)
    return Assessment(assessment.start, authorised, assessment.factors if authorised else ())


def _cp_plan_as_known(plan: CpPlan, day: date) -> CpPlan:
    reviews = tuple(review for review in plan.reviews if review <= day)
    return replace(
        plan,
        end=_by(plan.end, day),
        latest_category=plan.latest_category if reviews else plan.initial_category,
        reviews=reviews,
    )


def _care_as_known(period: CarePeriod, day: date) -> CarePeriod:
    known = []
    for episode in period.episodes:
        if episode.start <= day:
            end = _by(episode.end, day)
            reason = episode.end_reason if end else None
            known.append(replace(episode, end=end, end_reason=reason))
    return CarePeriod(period.referral, tuple(known))


def _by(day: date | None, today: date) -> date | None:
    return day if day is not None and day <= today else None
