"""The trial as its rules see it, worked out again from the files alone."""

from dataclasses import dataclass, replace

import pandas as pd

from csc_outcomes.synthetic.days import add_months, iso_dates
from csc_outcomes.synthetic.trial.cases import LIST_SEPARATOR
from csc_outcomes.synthetic.trial.facts import TrialFacts
from csc_outcomes.synthetic.trial.layout import CASE_COLUMNS, CODES, STUDY_FILE_COLUMNS

DATES = ("birth_date", "referral_date", "closure_date", "first_cp_date")
FLAGS = ("is_index_child", "has_disability", "is_outcome_known")


@dataclass(frozen=True)
class TrialFrame:
    """`files` under canonical names; `cases` all cases typed; `study` those of allocated children,
    with what the trial's rules make of them; `analysed` the index cases whose outcome is known."""

    files: dict[str, pd.DataFrame]
    cases: pd.DataFrame
    study: pd.DataFrame
    analysed: pd.DataFrame


def frame_trial(tables: dict[str, pd.DataFrame], facts: TrialFacts) -> TrialFrame:
    """From the files as text under their own headers."""
    files = _canonical(tables)
    cases = pd.DataFrame({name: tables["cases"][header] for name, header in CASE_COLUMNS.items()})
    for name in DATES:
        cases[name] = pd.to_datetime(cases[name])
    for name in FLAGS:
        cases[name] = cases[name] == "1"
    study = _study(cases, files["allocations"], facts)
    analysed = study[study["is_index_child"] & study["is_outcome_known"]].reset_index(drop=True)
    return TrialFrame(files, cases, study, analysed)


def with_files(frame: TrialFrame, tables: dict[str, pd.DataFrame]) -> TrialFrame:
    """The frame with other study files beside the same cases and allocations."""
    return replace(frame, files={**frame.files, **_canonical(tables)})


def _canonical(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The study files among `tables` under canonical names, objections as they are."""
    files = {
        holds: table.rename(
            columns={header: name for name, header in STUDY_FILE_COLUMNS.get(holds, {}).items()}
        )
        for holds, table in tables.items()
        if holds != "cases"
    }
    if "allocations" in files:
        files["allocations"] = files["allocations"].replace({"arm": CODES["allocations"]["arm"]})
    return files


def _study(cases: pd.DataFrame, allocations: pd.DataFrame, facts: TrialFacts) -> pd.DataFrame:
    start, end = (pd.Timestamp(day, unit="D") for day in (facts.days.start, facts.days.end))
    allocated = allocations[allocations["allocation_status"] == "allocated"]
    study = cases.merge(allocated[["case_id", "arm", "allocated_date"]], on="case_id")
    treated = (study["arm"] == "treated").astype(int)
    again = _first_after(study, end)
    is_closed = study["closure_date"] <= end
    closed = is_closed & again.isna()
    recoded = study["referral_date"].where(study["referral_date"] >= start, start)
    study = study.assign(
        treated=treated,
        female=(study["sex_code"] == "F").astype(int),
        disability=study["has_disability"].astype(int),
        age=completed_years(study),
        history=study["family_id"].isin(_supported(cases, start, with_open=True)).astype(int),
        history_told=study["family_id"].isin(_supported(cases, start, with_open=False)),
        was_open=study["referral_date"] < start,
        closed=closed.astype(int),
        rereferred=is_closed & again.notna(),
        escalated=study["first_cp_date"].between(start, end),
    )
    ends = study["closure_date"].where(closed, end)
    return study.assign(days_open=(ends - recoded).dt.days)


def completed_years(cases: pd.DataFrame) -> pd.Series:
    """Age in completed years on the day of referral."""
    start, birth = cases["referral_date"], cases["birth_date"]
    before_birthday = (start.dt.month * 100 + start.dt.day) < (birth.dt.month * 100 + birth.dt.day)
    return start.dt.year - birth.dt.year - before_birthday


def _first_after(cases: pd.DataFrame, end: pd.Timestamp) -> pd.Series:
    """The first re-referral on or after closure and by `end`."""
    dates = cases["rereferral_dates"].map(_dates)
    firsts = [
        min((day for day in days if pd.notna(close) and close <= day <= end), default=pd.NaT)
        for days, close in zip(dates, cases["closure_date"], strict=True)
    ]
    return pd.Series(firsts, index=cases.index, dtype="datetime64[ns]")


def _dates(cell: str) -> list[pd.Timestamp]:
    return [pd.Timestamp(day) for day in cell.split(LIST_SEPARATOR) if day]


def _supported(cases: pd.DataFrame, start: pd.Timestamp, with_open: bool) -> set[str]:
    """Families with support before `start`: an earlier start that a row tells of, or a case of the
    family; one that was still open counts `with_open` alone."""
    is_told = cases["earlier_support_dates"].map(
        lambda cell: any(day < start for day in _dates(cell))
    )
    is_case = cases["referral_date"] < start
    if not with_open:
        is_case &= cases["closure_date"] < start
    return set(cases.loc[is_told | is_case, "family_id"])


def boundary_counts(frame: TrialFrame, facts: TrialFacts) -> dict[str, int]:
    """How many cases lie on each edge of the rules."""
    start, end, after = (
        pd.Timestamp(day, unit="D")
        for day in (facts.days.start, facts.days.end, facts.days.end + 1)
    )
    cases = frame.cases
    close, referral = cases["closure_date"], cases["referral_date"]
    again = _first_after(cases, end)
    told_on_start = cases["earlier_support_dates"].map(lambda cell: start in _dates(cell))
    year = int(add_months(facts.days.end, 12))
    immature = close > pd.Timestamp(str(iso_dates([year - 365])[0]))
    edges = {
        "referred on the study's first day": referral == start,
        "referred on the day before": referral == start - pd.Timedelta(days=1),
        "earlier support from the study's first day": told_on_start,
        "closed on the study's last day": close == end,
        "closed on the day after": close == after,
        "re-referred on the day of closure": again == close,
        "re-referred on the day after closure": again == close + pd.Timedelta(days=1),
        "re-referred on the study's last day": again == end,
        "closed less than a year before a year after the study": immature,
    }
    return {name: int(is_edge.sum()) for name, is_edge in edges.items()}
