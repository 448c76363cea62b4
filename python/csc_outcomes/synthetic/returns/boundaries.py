"""Children who stand on the edges of the rules: the ones that a draw would rarely make."""

from datetime import date, timedelta

from csc_outcomes.synthetic.returns.draws import weekday
from csc_outcomes.synthetic.returns.histories import Span, upn
from csc_outcomes.synthetic.returns.lives import (
    Assessment,
    CareEpisode,
    CarePeriod,
    Child,
    CinPlan,
    CpPlan,
    Episode,
    Section47,
)

Made = tuple[tuple[Episode, ...], tuple[CarePeriod, ...]]


def boundary_children(span: Span) -> list[Child]:
    """One child per edge, in the last two years of the span."""
    year = span.last.year
    made: dict[str, Made] = {
        "twelve_months": _referred_twice(date(year - 1, 5, 10), year),
        "twelve_months_and_a_day": _referred_twice(date(year - 1, 5, 11), year),
        "closed_last_day": ((_planned(date(year - 2, 11, 7), date(year - 1, 3, 31)),), ()),
        "closed_first_day": ((_planned(date(year - 2, 11, 8), date(year - 1, 4, 1)),), ()),
        "referred_last_day": ((Episode(span.last, "2A", False, "N1", None, None),), ()),
        "no_action_twice": (
            (_no_action(date(year - 1, 3, 31)), _no_action(date(year - 1, 4, 1))),
            (),
        ),
        "no_action_then_case": (
            (_no_action(date(year - 1, 6, 1)), _planned(date(year - 1, 6, 2), None)),
            (),
        ),
        "stepped_up_and_down": ((_stepped(year),), ()),
        "protected_twice": ((_protected_twice(year),), ()),
        "moved_in_care": _moved_in_care(year),
    }
    children = [
        _child(number, birth=date(year - 9, 2, 28), episodes=episodes, care=care)
        for number, (episodes, care) in enumerate(made.values())
    ]
    unborn = _unborn(year)
    born_last_day = (_planned(date(year, 1, 9), None),)
    children += [
        _child(90, birth=None, expected=date(year, 5, 2), episodes=unborn),
        _child(91, birth=span.last, expected=date(year, 4, 4), episodes=born_last_day),
        _child(92, birth=date(year, 4, 1), expected=date(year, 4, 4), episodes=born_last_day),
    ]
    return children


def _child(
    number: int,
    birth: date | None,
    episodes: tuple[Episode, ...],
    care: tuple[CarePeriod, ...] = (),
    expected: date | None = None,
) -> Child:
    return Child(
        child_id=f"B{number:02d}",
        family_id=f"FB{number:02d}",
        upn=upn(99_000_000 + number),
        birth=birth,
        expected_birth=expected,
        death=None,
        sex="F" if number % 2 else "M",
        ethnicity="WBRI",
        nationality="British",
        disabilities=("NONE",) if number else ("AUT", "LD"),
        episodes=episodes,
        care=care,
    )


def _assessed(referral: date, days: int = 30) -> tuple[Assessment, ...]:
    return (Assessment(referral, referral + timedelta(days=days), ("3B", "4B")),)


def _planned(referral: date, close: date | None) -> Episode:
    """A case with a CIN plan from the end of its assessment to its closure."""
    start = referral + timedelta(days=30)
    reason = None if close is None else "RC7"
    plan = (CinPlan(start, close),)
    return Episode(referral, "6", False, "N5", close, reason, None, _assessed(referral), plan)


def _no_action(referral: date) -> Episode:
    return Episode(referral, "1D", True, None, None, None)


def _referred_twice(second: date, year: int) -> Made:
    """A case closed in summer and a referral about twelve months after its own referral."""
    first = _planned(date(year - 2, 5, 10), date(year - 2, 8, 20))
    return (first, _planned(second, date(year - 1, 9, 29))), ()


def _stepped(year: int) -> Episode:
    """CIN plan, CP plan from its last day, CIN plan from the last day of that."""
    referral, enquiry = date(year - 2, 6, 1), date(year - 2, 9, 12)
    conference = weekday(date(year - 2, 9, 23))
    down, close = date(year - 1, 7, 14), date(year - 1, 12, 1)
    reviews = (date(year - 2, 12, 9), date(year - 1, 5, 19))
    return Episode(
        referral,
        "2A",
        False,
        "N1",
        close,
        "RC7",
        None,
        _assessed(referral),
        (CinPlan(date(year - 2, 7, 4), conference), CinPlan(down, close)),
        (Section47(enquiry, weekday(enquiry + timedelta(days=21)), conference, False),),
        (CpPlan(conference, down, "EMO", "NEG", 0, reviews),),
    )


def _protected_twice(year: int) -> Episode:
    """Two CP plans in one episode, the second open."""
    referral = date(year - 2, 4, 1)
    first, second = weekday(date(year - 2, 4, 20)), weekday(date(year - 1, 10, 11))
    enquiries = [day - timedelta(days=10) for day in (first, second)]
    targets = [weekday(day + timedelta(days=21)) for day in enquiries]
    return Episode(
        referral,
        "3E",
        False,
        "N1",
        None,
        None,
        None,
        _assessed(referral),
        (),
        (
            Section47(enquiries[0], targets[0], first, False),
            Section47(enquiries[1], targets[1], second, False),
        ),
        (
            CpPlan(first, date(year - 1, 2, 1), "PHY", "PHY", 0, (date(year - 2, 7, 11),)),
            CpPlan(second, None, "NEG", "MUL", 1, (weekday(date(year, 1, 6)),)),
        ),
    )


def _moved_in_care(year: int) -> Made:
    """A period of care over two years: every kind of change, then home; the case goes on."""
    referral, start = date(year - 2, 5, 3), date(year - 2, 6, 20)
    days = [start, date(year - 2, 8, 1), date(year - 1, 1, 10), date(year - 1, 3, 31)]
    days += [date(year - 1, 4, 1), date(year - 1, 8, 15), date(year - 1, 11, 2)]
    changes = zip("SPTBUL", days, days[1:], strict=False)
    chain = [
        CareEpisode(
            first,
            change,
            "C2" if change in "BL" else "V2",
            "N1",
            "U1" if change in "SL" else "U6",
            "PR4",
            last,
            "E4A" if last == days[-1] else "X1",
        )
        for change, first, last in changes
    ]
    episode = _planned(referral, None)
    plans = (CinPlan(days[-1], None),)
    return (
        (Episode(referral, "6", False, "N1", None, None, None, episode.assessments, plans),),
        (CarePeriod(referral, tuple(chain)),),
    )


def _unborn(year: int) -> tuple[Episode, ...]:
    """The case of an unborn child that closes before the birth."""
    referral = date(year, 1, 4)
    close = date(year, 3, 10)
    return (Episode(referral, "3A", False, "N3", close, "RC8", None, _assessed(referral)),)
