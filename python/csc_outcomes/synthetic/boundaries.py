"""Boundary rows: cases that lie exactly where a rule decides, found in an extract by what they are.

The generator puts them where no printed figure breaks: among ineligible or unmatched cases, or in
the matched sample, where a printed figure comes back only if the rule is read as recommended.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from csc_outcomes.synthetic.measured_study import CP_DATES, LAC_DATES, MeasuredStudy

Finder = Callable[[MeasuredStudy], pd.Series]
LEAST_ROWS = 2


@dataclass(frozen=True)
class Boundary:
    """How to find the rows of a boundary, and what the recommended reading makes of them."""

    find: Finder
    reading: str


def boundary_rows(study: MeasuredStudy) -> pd.DataFrame:
    """One row per boundary and case: boundary, reading, case_id, sample."""
    cases = study.cases
    found = [
        cases.loc[boundary.find(study), ["case_id"]].assign(boundary=name, reading=boundary.reading)
        for name, boundary in BOUNDARIES.items()
    ]
    rows = pd.concat(found)
    rows = rows.assign(sample=_sample(cases).loc[rows.index])
    return rows[["boundary", "reading", "sample", "case_id"]].sort_values(
        ["boundary", "sample", "case_id"]
    )


def _sample(cases: pd.DataFrame) -> pd.Series:
    arm = cases["treated"].map({True: "treated", False: "comparator"})
    kind = pd.Series("ineligible", cases.index).mask(cases["is_eligible"], "unmatched")
    return kind.mask(cases["weight"] > 0, "matched") + " " + arm


def _escalation_dates(study: MeasuredStudy) -> pd.DataFrame:
    return study.cases[[*CP_DATES, *LAC_DATES]]


def _rereferred(
    study: MeasuredStudy, is_date: Callable[[pd.Series, pd.Series], pd.Series]
) -> pd.Series:
    """Cases with a re-referral for which `is_date(date, original referral)`."""
    again = study.rereferrals
    original = study.cases.loc[again["row"], "referral_date"].reset_index(drop=True)
    rows = again.loc[is_date(again["date"], original), "row"]
    return pd.Series(study.cases.index.isin(rows), study.cases.index)


def _opens_and_closes_same_day(study: MeasuredStudy) -> pd.Series:
    return study.cases["closure_date"] == study.cases["plan_start_date"]


def _closes_on_study_start(study: MeasuredStudy) -> pd.Series:
    return study.cases["closure_date"] == study.calendar.start


def _rereferred_before_study_while_open(study: MeasuredStudy) -> pd.Series:
    is_early = _rereferred(study, lambda date, _: date < study.calendar.start)
    return is_early & study.cases["is_eligible"]


def _starts_on_entry_day(study: MeasuredStudy) -> pd.Series:
    return study.cases["plan_start_date"] == study.cases["programme_start_date"]


def _closes_after_study_end(study: MeasuredStudy) -> pd.Series:
    return study.cases["closure_date"] > study.calendar.end


def _escalates_after_study_end(study: MeasuredStudy) -> pd.Series:
    return (_escalation_dates(study) > study.calendar.end).any(axis=1)


def _escalates_on_closing_day(study: MeasuredStudy) -> pd.Series:
    return _escalation_dates(study).eq(study.cases["closure_date"], axis=0).any(axis=1)


def _closes_on_study_end(study: MeasuredStudy) -> pd.Series:
    return study.cases["closure_date"] == study.calendar.end


def _starts_on_caliper_edge(study: MeasuredStudy) -> pd.Series:
    links = study.links
    start = links["plan_start_date_comparator"]
    rows = links.loc[(start == links["earliest"]) | (start == links["latest"]), "row_comparator"]
    return pd.Series(study.cases.index.isin(rows), study.cases.index)


def _closes_on_entry_day(study: MeasuredStudy) -> pd.Series:
    links = study.links
    rows = links.loc[
        links["closure_date_comparator"] == links["programme_start_date"], "row_comparator"
    ]
    return pd.Series(study.cases.index.isin(rows), study.cases.index)


def _starts_on_birthday(years: int) -> Finder:
    def find(study: MeasuredStudy) -> pd.Series:
        birth, start = study.cases["birth_date"], study.cases["plan_start_date"]
        is_birthday = (birth.dt.month == start.dt.month) & (birth.dt.day == start.dt.day)
        return is_birthday & (study.cases["completed_years"] == years) & study.cases["is_eligible"]

    return find


def _has_referrals(number: int) -> Finder:
    return lambda study: (study.cases["referrals"] == number) & study.cases["is_eligible"]


def _rereferred_on_anniversary(study: MeasuredStudy) -> pd.Series:
    return _rereferred(study, lambda date, original: date == original + pd.DateOffset(months=12))


def _referred_on_leap_day(study: MeasuredStudy) -> pd.Series:
    referral = study.cases["referral_date"]
    return (
        (referral.dt.month == 2) & (referral.dt.day == 29) & (study.cases["rereferral_dates"] != "")
    )


def _opened_a_day_outside(study: MeasuredStudy) -> pd.Series:
    day = pd.Timedelta(days=1)
    start, calendar = study.cases["plan_start_date"], study.calendar
    return start.isin([calendar.earliest_plan_start - day, calendar.latest_plan_start + day])


def _closed_a_day_before_study(study: MeasuredStudy) -> pd.Series:
    return study.cases["closure_date"] == study.calendar.start - pd.Timedelta(days=1)


BOUNDARIES: dict[str, Boundary] = {
    "opens and closes on the same day": Boundary(_opens_and_closes_same_day, "a case of length 0"),
    "closes on the study start": Boundary(
        _closes_on_study_start, "was open in the study: eligible"
    ),
    "closes the day before the study start": Boundary(_closed_a_day_before_study, "not eligible"),
    "opens a day outside the window": Boundary(_opened_a_day_outside, "not eligible"),
    "re-referred before the study start while open": Boundary(
        _rereferred_before_study_while_open, "not a re-referral in the study"
    ),
    "starts on the day of programme entry": Boundary(_starts_on_entry_day, "not eligible"),
    "closes after the study end": Boundary(_closes_after_study_end, "still open"),
    "escalates after the study end": Boundary(_escalates_after_study_end, "not escalated"),
    "escalates on the closing day": Boundary(_escalates_on_closing_day, "a later escalation"),
    "closes on the study end": Boundary(_closes_on_study_end, "closed"),
    "starts exactly six months from a case it serves": Boundary(
        _starts_on_caliper_edge, "within the caliper"
    ),
    "closes on the day a case it serves enters": Boundary(_closes_on_entry_day, "open that day"),
    "starts on the 3rd birthday": Boundary(_starts_on_birthday(3), "aged 3: the second bin"),
    "starts on the 7th birthday": Boundary(_starts_on_birthday(7), "aged 7: the third bin"),
    "starts on the 13th birthday": Boundary(_starts_on_birthday(13), "aged 13: the last bin"),
    "has 7 previous referrals": Boundary(_has_referrals(7), "the third bin"),
    "has 8 previous referrals": Boundary(_has_referrals(8), "the last bin"),
    "re-referred on the first anniversary": Boundary(
        _rereferred_on_anniversary, "within 12 months"
    ),
    "referred on 29 February and again": Boundary(
        _referred_on_leap_day, "the anniversary is 28 February, and before the study start"
    ),
}
