"""Made-up children with several years of referrals, plans and care, family by family.

A child depends on the seed and its family's number alone, so a larger draw begins with the same
children. What the validation rules of the census forbid doesn't happen: plans don't overlap, a
conference falls on no weekend, nothing goes on after a case is closed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import count, pairwise

from csc_outcomes.synthetic.returns.draws import Draws, Weighted, weekday
from csc_outcomes.synthetic.returns.lives import (
    PLACED_ON,
    Assessment,
    CareEpisode,
    CarePeriod,
    Child,
    CinPlan,
    CpPlan,
    Episode,
    Section47,
    years_before,
)

DAY = timedelta(days=1)
LEAD_IN = timedelta(days=150)  # cases that are open when the first year begins
MAX_REFERRALS = 5
FAMILY_SIZES = Weighted({1: 0.5, 2: 0.3, 3: 0.14, 4: 0.06})
ETHNICITIES = Weighted(
    {"WBRI": 0.6, "WOTH": 0.08, "MWBC": 0.05, "MWAS": 0.03, "APKN": 0.06, "AIND": 0.03}
    | {"ABAN": 0.03, "BAFR": 0.06, "BCRB": 0.03, "CHNE": 0.01, "NOBT": 0.02}
)
NATIONALITIES = Weighted({"British": 0.9, "Polish": 0.04, "Romanian": 0.03, "Nigerian": 0.03})
DISABILITIES = ("MOB", "HAND", "PC", "INC", "COMM", "LD", "HEAR", "VIS", "BEH", "CON", "AUT", "DDA")
SOURCES = Weighted(
    {"1A": 0.08, "1C": 0.03, "1D": 0.03, "2A": 0.18, "2B": 0.03, "3A": 0.03, "3B": 0.04}
    | {"3E": 0.06, "4": 0.02, "5A": 0.06, "5B": 0.08, "6": 0.28, "7": 0.04, "9": 0.02, "10": 0.02}
)
EARLY_HELP_SOURCE = "5D", date(2022, 4, 1)
NEEDS = Weighted(
    {"N1": 0.57, "N2": 0.1, "N3": 0.04, "N4": 0.09, "N5": 0.14, "N6": 0.03, "N8": 0.03}
)
CATEGORIES = Weighted({"NEG": 0.48, "EMO": 0.37, "PHY": 0.07, "SAB": 0.04, "MUL": 0.04})
FACTORS = (
    *("1B", "2B", "3A", "3B", "4A", "4B", "5A", "6B", "7A"),
    *("10A", "11A", "13A", "14A", "15A", "16A", "17A", "20"),
)
FACTORS_OF_YEARS = (  # factor, first and last day of the collection years that know it
    ("18A", date.min, date(2020, 3, 31)),
    ("18B", date(2020, 4, 1), date.max),
    ("19C", date(2020, 4, 1), date.max),
    ("24A", date(2021, 4, 1), date.max),
)
NO_FACTORS, OTHER_FACTOR = ("21",), ("20",)
EARLY_HELP_CLOSURE = "RC9", date(2022, 4, 1)
PATHS = Weighted(
    {"assessed": 0.3, "support": 0.06, "cin": 0.32, "cp": 0.12, "cin_to_cp": 0.08}
    | {"care": 0.06, "cp_to_care": 0.03, "transfer": 0.03}
)
CARE_ENDS = Weighted(  # reason care ceased and the episode closed with it
    {("E4A", "RC7"): 0.5, ("E8", "RC7"): 0.15, ("E45", "RC4"): 0.15, ("E12", "RC1"): 0.1}
    | {("E41", "RC3"): 0.1}
)
CHANGES = Weighted({"P": 0.5, "T": 0.15, "B": 0.15, "U": 0.1, "L": 0.1})
CHANGES_OF_PLACEMENT, CHANGES_OF_STATUS = "PTBU", "BUL"
LEGAL_STATUSES = "V2", "C2"
PLACEMENTS = ("U1", "PR1"), ("U6", "PR4"), ("K2", "PR4"), ("H5", "PR4")


@dataclass(frozen=True)
class Span:
    """The days between which referrals are made."""

    first: date
    last: date


@dataclass
class _Story:
    """An episode in the making; `now` is how far its services have come."""

    referral: date
    need: str
    now: date
    assessments: list[Assessment] = field(default_factory=list)
    cin_plans: list[CinPlan] = field(default_factory=list)
    section_47s: list[Section47] = field(default_factory=list)
    cp_plans: list[CpPlan] = field(default_factory=list)
    care: list[CarePeriod] = field(default_factory=list)
    transfer_icpc: date | None = None
    close_reason: str = "RC7"


def make_children(n_children: int, span: Span, seed: int) -> Iterator[Child]:
    """`n_children` made-up children referred by the end of the span, in the order of their ids;
    what is told of them goes on after it."""
    n_made = 0
    for family in count(1):
        draws = Draws(seed, family)
        first = _first_referral(draws, span)
        size = draws.weighted(FAMILY_SIZES)
        for place in range(size):
            if n_made == n_children:
                return
            child = _child(draws, family, place, first, span)
            if child and child.episodes and child.episodes[0].referral <= span.last:
                n_made += 1
                yield child


def _first_referral(draws: Draws, span: Span) -> date:
    least = span.first - (LEAD_IN if draws.chance(0.08) else timedelta())
    return least + draws.days(0, (span.last - least).days)


def _child(draws: Draws, family: int, place: int, first: date, span: Span) -> Child | None:
    referral = first if place == 0 or draws.chance(0.75) else first + draws.days(20, 400)
    is_unborn = place == 0 and draws.chance(0.06)
    birth = referral + (draws.days(20, 190) if is_unborn else -draws.days(1, 17 * 365))
    expected = birth + draws.days(-12, 12) if is_unborn else None
    episodes, care = _career(draws, referral, birth, span)
    if not episodes:  # referred after the span
        return None
    number = family * 10 + place
    child = Child(
        child_id=f"A{100_000 + number}",
        family_id=f"F{100_000 + family}",
        upn=upn(number),
        birth=birth,
        expected_birth=expected,
        death=None,
        sex="M" if draws.chance(0.52) else "F",
        ethnicity=draws.weighted(ETHNICITIES),
        nationality=draws.weighted(NATIONALITIES),
        disabilities=draws.some(DISABILITIES, 1, 3) if draws.chance(0.13) else ("NONE",),
        episodes=episodes,
        care=care,
    )
    if is_unborn:
        return _born_in_sight(child, birth)
    adulthood = years_before(birth, -18)
    if any(e.close is None or e.close >= adulthood for e in episodes if not e.is_nfa):
        return _ended(child, adulthood, "RC6", "E7")
    if draws.chance(0.004):
        return _died(child, draws)
    return child


def upn(number: int) -> str:
    """A unique pupil number of no real school, with the right check letter."""
    digits = f"999{number:08d}1"
    place = sum(weight * int(digit) for weight, digit in enumerate(digits, 2)) % 23
    return "ABCDEFGHJKLMNPQRTUVWXYZ"[place] + digits


def _career(
    draws: Draws, referral: date, birth: date, span: Span
) -> tuple[tuple[Episode, ...], tuple[CarePeriod, ...]]:
    episodes: list[Episode] = []
    care: list[CarePeriod] = []
    while referral <= span.last and len(episodes) < MAX_REFERRALS:
        if referral >= years_before(birth, -18) - 90 * DAY:
            break
        is_first = not episodes
        episode, periods = _episode(draws, referral, episodes, span, is_first and birth > referral)
        episodes.append(episode)
        care += periods
        if not draws.chance(0.4) or episode.close_reason == "RC1":
            break
        referral = (episode.close or episode.referral) + draws.days(10, 800)
    return tuple(episodes), tuple(care)


def _episode(
    draws: Draws, referral: date, earlier: list[Episode], span: Span, is_unborn: bool
) -> tuple[Episode, list[CarePeriod]]:
    source = draws.weighted(SOURCES)
    if referral >= EARLY_HELP_SOURCE[1] and draws.chance(0.05):
        source = EARLY_HELP_SOURCE[0]
    if not is_unborn and draws.chance(0.12):
        return Episode(referral, source, True, None, None, None), []
    story = _Story(referral, draws.weighted(NEEDS), referral)
    path = draws.weighted(PATHS)
    start = referral + draws.days(0, 4)
    _assess(story, draws, start, path)
    n_previous = sum(
        not plan.is_other_authority for episode in earlier for plan in episode.cp_plans
    )
    if path == "assessed":
        story.now += draws.days(0, 4)
        story.close_reason = "RC8"
        if story.now >= EARLY_HELP_CLOSURE[1] and draws.chance(0.35):
            story.close_reason = EARLY_HELP_CLOSURE[0]
    else:
        _serve(story, draws, path, n_previous, span)
        _assess_again(story, draws)
        story.now += draws.days(0, 12)
    return Episode(
        referral,
        source,
        False,
        story.need,
        story.now,
        story.close_reason,
        story.transfer_icpc,
        tuple(story.assessments),
        tuple(story.cin_plans),
        tuple(story.section_47s),
        tuple(story.cp_plans),
    ), story.care


def _serve(story: _Story, draws: Draws, path: str, n_previous: int, span: Span) -> None:
    """The services of one path, from the end of the assessment on."""
    if path == "support":
        if draws.chance(0.2):  # a plan of another authority, told to this one
            end = story.now + draws.days(5, 20)
            story.cp_plans.append(CpPlan(story.now, end, "NEG", "NEG", 0, (), True))
        story.now += draws.days(20, 120)
    elif path == "cin":
        if draws.chance(0.12):
            _enquire(story, draws, story.referral + draws.days(0, 6), None)
        _cin_plan(story, draws, story.now + draws.days(0, 10))
    elif path == "cin_to_cp":
        _cin_plan(story, draws, story.now + draws.days(0, 10))
        _cp_after(story, draws, n_previous)
    elif path in ("cp", "cp_to_care"):
        enquiry = story.referral + draws.days(0, 8)
        conference = weekday(enquiry + draws.days(5, 13))
        _enquire(story, draws, enquiry, conference)
        _cp_plan(story, draws, conference, n_previous)
    elif path == "transfer":
        story.transfer_icpc = weekday(story.referral + draws.days(5, 13))
        _cp_plan(story, draws, story.transfer_icpc, n_previous + 1)
    elif draws.chance(0.5):
        _cin_plan(story, draws, story.now + draws.days(0, 10), 60)
    if path in ("care", "cp_to_care"):
        _care(story, draws, span)
    elif path != "support" and story.cp_plans and draws.chance(0.6):
        _cin_plan(story, draws, story.cp_plans[-1].end or story.now)
    elif draws.chance(0.06):
        story.close_reason = "RC5"


def _assess(story: _Story, draws: Draws, start: date, path: str = "") -> None:
    authorised = start + draws.days(8, 50)
    factors = draws.some(FACTORS, 1, 5)
    is_of_one_year = _collection_year(start) == _collection_year(authorised)
    for factor, first, last in FACTORS_OF_YEARS:
        if is_of_one_year and first <= start <= last and draws.chance(0.08):
            factors = (*factors, factor)
    if path == "assessed" and draws.chance(0.15):
        factors = NO_FACTORS
    story.assessments.append(Assessment(start, authorised, factors))
    story.now = max(story.now, authorised)


def _assess_again(story: _Story, draws: Draws) -> None:
    """A second assessment within the services, where they are long."""
    first_end = story.assessments[0].authorised or story.now
    if (story.now - first_end).days > 250 and draws.chance(0.5):
        _assess(story, draws, first_end + draws.days(90, 180))


def _enquire(story: _Story, draws: Draws, start: date, conference: date | None) -> None:
    target = weekday(start + 21 * DAY)  # 15 working days
    story.section_47s.append(Section47(start, target, conference, conference is None))
    story.now = max(story.now, conference or start)


def _cin_plan(story: _Story, draws: Draws, start: date, most: int = 0) -> None:
    end = start + draws.days(25, most or (800 if draws.chance(0.08) else 300))
    story.cin_plans.append(CinPlan(start, end))
    story.now = max(story.now, end)


def _cp_after(story: _Story, draws: Draws, n_previous: int) -> None:
    """A CIN plan that becomes a CP plan: it ends on the day of the conference."""
    plan = story.cin_plans.pop()
    enquiry = plan.end or plan.start
    conference = weekday(enquiry + draws.days(5, 13))
    _enquire(story, draws, enquiry, conference)
    story.cin_plans.append(CinPlan(plan.start, conference))
    _cp_plan(story, draws, conference, n_previous)


def _cp_plan(story: _Story, draws: Draws, start: date, n_previous: int) -> None:
    end = start + draws.days(40, 460)
    review = start + draws.days(60, 90)
    reviews = []
    while review < end:
        reviews.append(weekday(review))
        review += draws.days(140, 180)
    category = draws.weighted(CATEGORIES)
    latest = draws.weighted(CATEGORIES) if reviews and draws.chance(0.2) else category
    reviews = [review for review in reviews if review <= end]
    story.cp_plans.append(
        CpPlan(start, end, category, latest if reviews else category, n_previous, tuple(reviews))
    )
    story.now = max(story.now, end)


def _care(story: _Story, draws: Draws, span: Span) -> None:
    """A period of care from the end of the plan on (a CP plan may go on for some weeks)."""
    start = story.now
    if story.cp_plans:
        plan = story.cp_plans[-1]
        start = max(plan.start + DAY, (plan.end or plan.start) - draws.days(0, 20))
    end = start + draws.days(20, 700)
    reason, story.close_reason = draws.weighted(CARE_ENDS)
    days = sorted({start + draws.days(15, 500) for _ in range(int(draws.uniform() * 4))})
    days = [day for day in days if max(start, span.first) < day < end]
    status, place = draws.some(LEGAL_STATUSES, 1, 1)[0], draws.some(PLACEMENTS, 1, 1)[0]
    chain = []
    change = "S"
    for first, last in pairwise([start, *days, end]):
        if change in CHANGES_OF_STATUS:
            status = next(other for other in LEGAL_STATUSES if other != status)
        if change in CHANGES_OF_PLACEMENT:
            place = draws.some([other for other in PLACEMENTS if other != place], 1, 1)[0]
        why = reason if last == end else PLACED_ON
        chain.append(CareEpisode(first, change, status, story.need, *place, last, why))
        change = draws.weighted(CHANGES)
    story.care.append(CarePeriod(story.referral, tuple(chain)))
    story.now = max(story.now, end)
    if story.close_reason == "RC7" and draws.chance(0.3):
        _cin_plan(story, draws, end, 200)


def _born_in_sight(child: Child, birth: date) -> Child | None:
    """An unborn child of whose birth the authority learns; none that was in care before."""
    close = child.episodes[0].close
    is_seen = close is None or close >= birth
    is_in_care_unborn = any(period.start < birth for period in child.care)
    return child if is_seen and not is_in_care_unborn else None


def _died(child: Child, draws: Draws) -> Child:
    """The child dies while its last case is open, if it is."""
    last = child.episodes[-1]
    if last.is_nfa or last.close is None or (last.close - last.referral).days < 30:
        return child
    day = last.referral + draws.days(20, (last.close - last.referral).days)
    return replace(_ended(child, day, "RC2", "E2"), death=day)


def _ended(child: Child, day: date, close_reason: str, care_reason: str) -> Child:
    """The child whose open services all end on `day`; what would come later doesn't happen."""
    episodes = [
        _episode_ended(episode, day, close_reason)
        for episode in child.episodes
        if episode.referral < day
    ]
    care = []
    for period in child.care:
        chain = [episode for episode in period.episodes if episode.start < day]
        if chain and chain[-1].end and chain[-1].end >= day:
            chain[-1] = replace(chain[-1], end=day, end_reason=care_reason)
        if chain:
            care.append(CarePeriod(period.referral, tuple(chain)))
    return replace(child, episodes=tuple(episodes), care=tuple(care))


def _episode_ended(episode: Episode, day: date, reason: str) -> Episode:
    if episode.is_nfa or episode.close is None or episode.close < day:
        return episode
    assessments = [
        Assessment(
            a.start,
            min(a.authorised or day, day),
            OTHER_FACTOR if a.factors == NO_FACTORS else a.factors,
        )
        for a in episode.assessments
    ]
    enquiries = [
        s if s.icpc is None or s.icpc < day else replace(s, icpc=None, is_icpc_not_required=True)
        for s in episode.section_47s
    ]
    plans = [
        replace(p, end=min(p.end or day, day), reviews=tuple(r for r in p.reviews if r <= day))
        for p in episode.cp_plans
        if p.start < day
    ]
    transfer = episode.transfer_icpc
    return replace(
        episode,
        close=day,
        close_reason=reason,
        transfer_icpc=transfer if transfer and transfer < day else None,
        assessments=tuple(a for a in assessments if a.start < day),
        cin_plans=tuple(
            CinPlan(p.start, min(p.end or day, day)) for p in episode.cin_plans if p.start < day
        ),
        section_47s=tuple(s for s in enquiries if s.start < day),
        cp_plans=tuple(plans),
    )


def _collection_year(day: date) -> int:
    """The year in which the financial year of a day ends."""
    return day.year + (day.month >= 4)
