"""What each format can carry of a child: the child as someone knows it who has those files alone.

Written from what the formats are said to hold, not from how they are written here, so that a test
can compare the two.
"""

from dataclasses import replace
from datetime import date

from csc_outcomes.synthetic.returns.annex_a import cin_start, since
from csc_outcomes.synthetic.returns.census import FIRST_YEAR_OF_PLANS, first_day, last_day
from csc_outcomes.synthetic.returns.lives import (
    CarePeriod,
    Child,
    CinPlan,
    Episode,
    as_known,
)

# Columns of the standard tables that a format has nothing for, beyond records that it lacks.
NOT_CARRIED: dict[str, dict[str, tuple[str, ...]]] = {
    "records": {},
    "cin_census": {"cp_plans": ("is_other_authority",)},
    "ssd": {"people": ("upn",), "cp_plans": ("n_previous_cp_plans",)},
    "ssda903": {},
    "annex_a": {
        "care_periods": ("n_episodes",),
        "cp_plans": ("referral_date", "is_other_authority"),
        "assessments": ("referral_date",),
        "section_47s": ("referral_date",),
        "cin_plans": ("referral_date",),
    },
}
# Tables that it has nothing for, though what else it tells of a child would seem to fill them:
# Annex A says whether there is a disability, and of a plan's reviews the latest.
TABLES_NOT_CARRIED = {"annex_a": ("child_disabilities", "cp_reviews")}


def carried(format_name: str, child: Child, first_year: int, last_year: int) -> Child | None:
    """The child as told by a format's files of the collection years; None where none tells of it.

    Yearly formats tell of a child what was known in the last year that has it; the others are one
    extract on the last day of the last year.
    """
    if format_name == "cin_census":
        return _by_census(child, first_year, last_year)
    if format_name == "ssda903":
        return _by_903(child, first_year, last_year)
    known = as_known(child, last_day(last_year))
    if known is None or format_name in ("records", "ssd"):
        return known
    return _by_annex_a(known, last_day(last_year))


def _by_census(child: Child, first_year: int, last_year: int) -> Child | None:
    start = first_day(first_year)
    plans_from = max(start, first_day(FIRST_YEAR_OF_PLANS))
    years = [y for y in range(first_year, last_year + 1) if _has_episode(child, y)]
    told = as_known(child, last_day(years[-1])) if years else None
    known = as_known(child, last_day(last_year))
    if told is None or known is None:
        return None
    episodes = tuple(
        replace(
            e,
            assessments=tuple(a for a in e.assessments if _lasts(a.authorised or a.start, start)),
            cin_plans=tuple(p for p in e.cin_plans if _lasts(p.end, plans_from)),
            section_47s=tuple(s for s in e.section_47s if _lasts(s.icpc or s.start, start)),
            cp_plans=tuple(
                replace(p, reviews=tuple(r for r in p.reviews if r >= start))
                for p in e.cp_plans
                if not p.is_other_authority and _lasts(p.end, start)
            ),
        )
        for e in known.episodes
        if (e.referral >= start if e.is_nfa else _lasts(e.close, start))
    )
    return replace(told, family_id="", nationality="", episodes=episodes, care=())


def _has_episode(child: Child, year: int) -> bool:
    """Whether a referral is made, or a case open, in a collection year."""
    return any(
        first_day(year) <= e.referral <= last_day(year)
        or (not e.is_nfa and e.referral < first_day(year) and _lasts(e.close, first_day(year)))
        for e in child.episodes
    )


def _by_903(child: Child, first_year: int, last_year: int) -> Child | None:
    start = first_day(first_year)
    known = as_known(child, last_day(last_year))
    if known is None:
        return None
    care = tuple(
        CarePeriod(period.referral, tuple(e for e in period.episodes if _lasts(e.end, start)))
        for period in known.care
        if _lasts(period.end, start)
    )
    if not care:
        return None
    ends = [period.end or last_day(last_year) for period in care]
    year = max(end.year + (end.month >= 4) for end in ends)
    told = as_known(child, last_day(min(year, last_year))) or known
    return replace(
        told,
        expected_birth=None,
        death=None,
        nationality="",
        family_id="",
        disabilities=(),
        episodes=(),
        care=care,
    )


def _by_annex_a(known: Child, as_of: date) -> Child | None:
    half_year, year = since(as_of, 6), since(as_of, 12)
    episodes = tuple(
        _seen_by_annex_a(e, half_year, year)
        for e in known.episodes
        if e.referral >= year or (not e.is_nfa and _lasts(e.close, half_year))
    )
    care = tuple(period for period in known.care if _lasts(period.end, half_year))
    if not episodes and not care:
        return None
    is_disability_told = bool(care) or any(
        e.assessments or e.cin_plans or e.section_47s or e.cp_plans for e in episodes
    )
    return replace(
        known,
        expected_birth=None,
        death=None,
        upn="",
        nationality="",
        family_id="",
        disabilities=known.disabilities if is_disability_told else (),
        episodes=episodes,
        care=care,
    )


def _seen_by_annex_a(e: Episode, half_year: date, year: date) -> Episode:
    """An episode as its referral (List 3) and its need and closure (List 6) are told, or not. The
    start that List 6 tells is that of a plan; it is the start of all where the referral isn't."""
    is_referral_told = e.referral >= year
    is_listed = not e.is_nfa and _lasts(e.close, half_year)
    return replace(
        e,
        referral=e.referral if is_referral_told else cin_start(e),
        source=e.source if is_referral_told else None,
        is_nfa=e.is_nfa if is_referral_told else None,
        need=e.need if is_listed else None,
        close=e.close if is_listed else None,
        close_reason=e.close_reason if is_listed else None,
        transfer_icpc=None,
        assessments=tuple(
            replace(a, factors=()) for a in e.assessments if _lasts(a.authorised, half_year)
        ),
        cin_plans=(CinPlan(cin_start(e), None),) if is_listed else (),
        section_47s=tuple(s for s in e.section_47s if s.start >= half_year),
        cp_plans=tuple(
            p for p in e.cp_plans if not p.is_other_authority and _lasts(p.end, half_year)
        ),
    )


def _lasts(end: date | None, start: date) -> bool:
    """Whether what ends on a day, if at all, is still there on `start`."""
    return end is None or end >= start
