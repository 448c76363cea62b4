"""The study as it can be read off an extract: cohort, links, weights and outcomes from the file's
text alone.

Written in pandas, apart from the generator and from the warehouse's SQL, so that each can check the
others.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.days import YEAR_DAYS
from csc_outcomes.synthetic.facts import StudyFacts

DATES = (
    "birth_date",
    "referral_date",
    "plan_start_date",
    "closure_date",
    "programme_start_date",
    "programme_end_date",
    "first_cp_date_during",
    "first_cp_date_after",
    "first_lac_date_during",
    "first_lac_date_after",
)
COUNTS = ("n_siblings_under_18", "n_previous_referrals", "n_cp_escalations", "n_lac_escalations")
CP_DATES = ("first_cp_date_during", "first_cp_date_after")
LAC_DATES = ("first_lac_date_during", "first_lac_date_after")
BINARIES = ("female", "white_british", "british")
STRATUM = ("age_bin", "sibling_bin", "referral_bin", *BINARIES)


@dataclass(frozen=True)
class Calendar:
    """The study's dates as pandas timestamps."""

    start: pd.Timestamp
    end: pd.Timestamp
    earliest_plan_start: pd.Timestamp
    latest_plan_start: pd.Timestamp
    balance_origin: pd.Timestamp


@dataclass(frozen=True)
class MeasuredStudy:
    """One row per record in `cases`, per treated case and comparator that serves it in `links`."""

    cases: pd.DataFrame
    links: pd.DataFrame
    rereferrals: pd.DataFrame
    calendar: Calendar


def measure_study(extract: pd.DataFrame, facts: StudyFacts) -> MeasuredStudy:
    """Read an extract (all text, the file's own headers) and work the study out from it."""
    days = facts.days
    calendar = Calendar(
        *(
            pd.Timestamp(number, unit="D")
            for number in (
                days.start,
                days.end,
                days.earliest_plan_start,
                days.latest_plan_start,
                days.balance_origin,
            )
        )
    )
    cases = read_cases(extract, facts)
    cases = cases.assign(is_eligible=is_eligible(cases, calendar), **covariates(cases, calendar))
    links = matched_links(cases[cases["is_eligible"]], facts.days.caliper_months)
    rereferrals = rereferral_rows(cases)
    cases = cases.assign(
        weight=link_weights(cases, links), **outcomes(cases, rereferrals, calendar)
    )
    return MeasuredStudy(cases, links, rereferrals, calendar)


def read_cases(extract: pd.DataFrame, facts: StudyFacts) -> pd.DataFrame:
    """Canonical names, dates and counts; nothing else is changed."""
    columns = {header: column for column, header in facts.extract.columns.items()}
    cases = extract.rename(columns=columns)
    for column in DATES:
        cases[column] = pd.to_datetime(cases[column].replace("", None), format="%Y-%m-%d")
    for column in COUNTS:
        cases[column] = cases[column].astype(int)
    return cases.assign(treated=cases["arm"] == "1")


def is_eligible(cases: pd.DataFrame, calendar: Calendar) -> pd.Series:
    """Opened in the window, not closed before the study; treated cases opened before entry."""
    start, entry = cases["plan_start_date"], cases["programme_start_date"]
    opened_in_window = start.between(calendar.earliest_plan_start, calendar.latest_plan_start)
    was_open = ~(cases["closure_date"] < calendar.start)
    return opened_in_window & was_open & (~cases["treated"] | (start < entry))


def covariates(cases: pd.DataFrame, calendar: Calendar) -> dict[str, pd.Series]:
    """The seven of the balance table and the bins of six of them; age bins count birthdays."""
    birth, start = cases["birth_date"], cases["plan_start_date"]
    siblings, referrals = cases["n_siblings_under_18"], cases["n_previous_referrals"]
    return {
        "years": (start - calendar.balance_origin).dt.days / YEAR_DAYS,
        "age": (start - birth).dt.days / YEAR_DAYS,
        "siblings": siblings,
        "referrals": referrals,
        "female": cases["sex_code"] == "F",
        "white_british": cases["ethnicity_code"] == "WBRI",
        "british": cases["nationality"] == "British",
        "completed_years": completed_years(birth, start),
        "age_bin": pd.cut(completed_years(birth, start), [-1, 2, 6, 12, 99], labels=False),
        "sibling_bin": siblings.clip(upper=3),
        "referral_bin": pd.cut(referrals, [-1, 0, 2, 7, 999], labels=False),
    }


def completed_years(birth: pd.Series, on: pd.Series) -> pd.Series:
    """Birthdays had by a day."""
    birthday = on.dt.month * 100 + on.dt.day >= birth.dt.month * 100 + birth.dt.day
    return on.dt.year - birth.dt.year - (~birthday).astype(int)


def matched_links(eligible: pd.DataFrame, caliper_months: int) -> pd.DataFrame:
    """One row per treated case and comparator that serves it: row labels, starts, entry."""
    caliper = pd.DateOffset(months=caliper_months)
    columns = ["plan_start_date", "closure_date", *STRATUM]
    treated = (
        eligible.loc[eligible["treated"], [*columns, "programme_start_date"]]
        .rename_axis("row")
        .reset_index()
    )
    comparators = eligible.loc[~eligible["treated"], columns].rename_axis("row").reset_index()
    treated = treated.assign(
        earliest=treated["plan_start_date"] - caliper, latest=treated["plan_start_date"] + caliper
    )
    pairs = treated.merge(comparators, on=list(STRATUM), suffixes=("_treated", "_comparator"))
    start, entry = pairs["plan_start_date_comparator"], pairs["programme_start_date"]
    is_linked = (
        start.between(pairs["earliest"], pairs["latest"])
        & (start <= entry)
        & ~(pairs["closure_date_comparator"] < entry)
    )
    return pairs[is_linked].reset_index(drop=True)


def link_weights(cases: pd.DataFrame, links: pd.DataFrame) -> pd.Series:
    """1 for a matched treated case; a comparator sums 1 / comparators over the cases it serves."""
    share = 1 / links.groupby("row_treated")["row_comparator"].transform("size")
    by_comparator = share.groupby(links["row_comparator"]).sum()
    treated = pd.Series(1.0, index=links["row_treated"].unique())
    return pd.concat([by_comparator, treated]).reindex(cases.index, fill_value=0.0)


def rereferral_rows(cases: pd.DataFrame) -> pd.DataFrame:
    """One row per re-referral: `row` of its case, and the date."""
    texts = cases["rereferral_dates"].str.split(";").explode()
    dates = pd.to_datetime(texts[texts != ""], format="%Y-%m-%d")
    return dates.rename("date").rename_axis("row").reset_index()


def outcomes(
    cases: pd.DataFrame, rereferrals: pd.DataFrame, calendar: Calendar
) -> dict[str, pd.Series]:
    """Outcomes and lengths with every bound inclusive; nothing after the study end is seen."""
    closure = cases["closure_date"].where(cases["closure_date"] <= calendar.end)
    dates = cases[[*CP_DATES, *LAC_DATES]]
    in_study = dates.apply(lambda column: column.between(calendar.start, calendar.end))
    after_closure = dates.apply(lambda column: column.between(closure, calendar.end))
    escalated_after = after_closure.any(axis=1)
    closed_well = closure.notna() & ~escalated_after
    until = closure.where(closed_well, calendar.end)
    n_dated = dates.notna().sum(axis=1)
    n_counted = cases["n_cp_escalations"] + cases["n_lac_escalations"]
    return {
        "closed_recorded": closure.notna(),
        "closed_well": closed_well,
        "escalated_after": escalated_after,
        "escalated": in_study.any(axis=1),
        "escalated_lac": in_study[list(LAC_DATES)].any(axis=1),
        "length_weeks": (until - cases["plan_start_date"]).dt.days / 7,
        "short_observation": cases["referral_date"] + pd.DateOffset(months=12) > calendar.end,
        "undated": (n_counted > n_dated) & ~(dates >= calendar.start).any(axis=1),
        **_rereferred(cases, rereferrals, calendar),
    }


def _rereferred(
    cases: pd.DataFrame, rereferrals: pd.DataFrame, calendar: Calendar
) -> dict[str, pd.Series]:
    original = cases.loc[rereferrals["row"], "referral_date"].to_numpy()
    in_study = rereferrals["date"].between(calendar.start, calendar.end)
    within_year = rereferrals["date"] <= pd.Series(original) + pd.DateOffset(months=12)
    rows = rereferrals["row"]
    return {
        "rereferred_12m": pd.Series(cases.index.isin(rows[in_study & within_year]), cases.index),
        "rereferred_any": pd.Series(cases.index.isin(rows[in_study]), cases.index),
    }


def largest_share_gap(matched: pd.DataFrame) -> float:
    """Largest difference between the arms in a weighted share that matching makes equal."""
    weight = matched["weight"].to_numpy()
    treated = matched["treated"].to_numpy()
    gaps = []
    for name in BINARIES:
        has = matched[name].to_numpy(float)
        shares = [np.average(has[arm], weights=weight[arm]) for arm in (treated, ~treated)]
        gaps.append(abs(shares[0] - shares[1]))
    return float(max(gaps))
