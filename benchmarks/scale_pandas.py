"""The work of the scale benchmark as a straightforward pandas pipeline, from the same CSV files.

    python scale_pandas.py PROJECT ANSWER.json

For each study: who is eligible, four outcomes, strata, comparators within the caliper, weights. It
knows the nation's studies alone, the default of every parameter, and neither door nor gate.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.nation_facts import load_nation

ESCALATIONS = [
    *("first_cp_date_during", "first_cp_date_after"),
    *("first_lac_date_during", "first_lac_date_after"),
]
DATES = [
    *("birth_date", "referral_date", "plan_start_date", "closure_date", "programme_start_date"),
    *ESCALATIONS,
]
AGES, SIBLINGS, REFERRALS = (3, 7, 13), (1, 2, 3), (1, 3, 8)
CALIPER_MONTHS = 6


def main(project: str, answer: str) -> None:
    """Reads, works, and writes what `scale_checks.counts` finds in the warehouse."""
    cases = read(Path(project))
    studies = pd.read_csv(Path(project) / "seeds" / "studies" / "studies.csv", dtype=str)
    parameters = pd.read_csv(
        Path(project) / "seeds" / "studies" / "study_parameters.csv", dtype=str
    )
    pooled = set(parameters.loc[parameters["value"] == "study", "study_id"])
    found: dict[str, float] = {}
    for study in studies.to_dict("records"):
        counts = work(cases, study, study["study_id"] in pooled)
        found |= {f"{study['study_id']} {name}": float(value) for name, value in counts.items()}
    Path(answer).write_text(json.dumps(found, indent=1), encoding="utf-8")


def read(project: Path) -> pd.DataFrame:
    """The cases of all authorities under their canonical names."""
    names = {header: column for column, header in load_nation().columns.items()}
    parts = []
    for path in sorted((project / "extracts").glob("*/*/cases.csv")):
        part = pd.read_csv(path, dtype={"rereferral_dates": str, "programme": str})
        part = part.rename(columns=names)
        for column in DATES:
            part[column] = pd.to_datetime(part[column], format="%Y-%m-%d")
        parts.append(part.assign(la_code=path.parents[1].name.removeprefix("synthetic_").upper()))
    return pd.concat(parts, ignore_index=True)


def work(cases: pd.DataFrame, study: dict[str, str], is_pooled: bool) -> dict[str, float]:
    """Counts and sums of one study."""
    start, end = pd.Timestamp(study["study_start"]), pd.Timestamp(study["study_end"])
    until = min(end, pd.Timestamp(load_nation().as_of_date))
    if study["la_code"] != "*":
        cases = cases[cases["la_code"] == study["la_code"]]
    entry = cases["programme_start_date"].where(cases["programme_id"] == study["programme_id"])
    opened = cases["plan_start_date"]
    is_eligible = (
        (opened >= pd.Timestamp(study["earliest_case_start"]))
        & (opened <= pd.Timestamp(study["latest_case_start"]))
        & (cases["closure_date"].isna() | (cases["closure_date"] >= start))
        & (entry.isna() | ((opened < entry) & (entry <= until)))
    )
    sample = cases[is_eligible].assign(entry_date=entry[is_eligible])
    sample["is_treated"] = sample["entry_date"].notna()
    matched = weights(sample.assign(stratum=strata(sample, is_pooled)))
    comparators = matched[~matched["is_treated"]]
    return {
        "eligible treated": sample["is_treated"].sum(),
        "eligible comparators": (~sample["is_treated"]).sum(),
        **outcomes(sample, start, until),
        "matched treated": matched["is_treated"].sum(),
        "matched comparators": len(comparators),
        "sum of weights": comparators["weight"].sum(),
        "sum of squared weights": (comparators["weight"] ** 2).sum(),
    }


def outcomes(sample: pd.DataFrame, start: pd.Timestamp, until: pd.Timestamp) -> dict[str, float]:
    """Sums of the outcomes of eligible cases, and of how many they are known."""
    closure = sample["closure_date"].where(sample["closure_date"] <= until)
    later = pd.Series(False, sample.index)
    for column in ESCALATIONS:
        later |= (sample[column] <= until) & (sample[column] >= closure)
    is_lasting = closure.notna() & ~later
    again = sample["rereferral_dates"].dropna().str.split(";").explode()
    again = pd.to_datetime(again, format="%Y-%m-%d")
    referral = sample.loc[again.index, "referral_date"]
    counts = (
        (again > referral)
        & (again <= referral + pd.DateOffset(months=12))
        & again.between(start, until)
    )
    ended = closure.where(is_lasting, until)
    days = (ended - sample["plan_start_date"]).dt.days
    return {
        "closed_recorded": closure.notna().sum(),
        "closed_without_later_escalation": is_lasting.sum(),
        "rereferred_12m": counts[counts].index.nunique(),
        "rereferred_12m known": sample["referral_date"].notna().sum(),
        "case_length_days": days[days >= 0].sum(),
        "case_length_days censored": (~is_lasting & (days >= 0)).sum(),
    }


def strata(sample: pd.DataFrame, is_pooled: bool) -> pd.Series:
    """One number per combination of bins; missing where one of them can't be told."""
    born, opened = sample["birth_date"].dt, sample["plan_start_date"].dt
    had_birthday = (opened.month > born.month) | (
        (opened.month == born.month) & (opened.day >= born.day)
    )
    age = opened.year - born.year - 1 + had_birthday
    numbers = {"age": age, "siblings": sample["n_siblings_under_18"]}
    numbers["referrals"] = sample["n_previous_referrals"]
    bins = [
        np.searchsorted(edges, values, side="right")
        for edges, values in zip((AGES, SIBLINGS, REFERRALS), numbers.values(), strict=True)
    ]
    flags = [
        (sample[column] == value).astype(int)
        for column, value in (
            ("sex_code", "F"),
            ("ethnicity_code", "WBRI"),
            ("nationality", "British"),
        )
    ]
    place = 0 if is_pooled else pd.factorize(sample["la_code"])[0]
    code = place * 512 + np.ravel_multi_index([*bins, *flags], (4, 4, 4, 2, 2, 2))
    return pd.Series(code, sample.index).where(pd.DataFrame(numbers).notna().all(axis=1))


def weights(sample: pd.DataFrame) -> pd.DataFrame:
    """The matched cases with their weights, stratum by stratum: all pairs, then the rules."""
    found = []
    months = pd.DateOffset(months=CALIPER_MONTHS)
    columns = ["plan_start_date", "closure_date", "entry_date"]
    for _, stratum in sample.dropna(subset="stratum").groupby("stratum"):
        treated = stratum.loc[stratum["is_treated"], columns].rename_axis("treated").reset_index()
        others = stratum.loc[~stratum["is_treated"], columns[:2]].rename_axis("other").reset_index()
        treated["first"] = treated["plan_start_date"] - months
        treated["last"] = treated["plan_start_date"] + months
        pairs = treated[["treated", "entry_date", "first", "last"]].merge(others, how="cross")
        is_pair = (
            pairs["plan_start_date"].between(pairs["first"], pairs["last"])
            & (pairs["plan_start_date"] <= pairs["entry_date"])
            & (pairs["closure_date"].isna() | (pairs["closure_date"] >= pairs["entry_date"]))
        )
        pairs = pairs.loc[is_pair, ["treated", "other"]]
        share = 1 / pairs.groupby("treated")["other"].transform("size")
        weight = share.groupby(pairs["other"]).sum()
        found.append(pd.DataFrame({"is_treated": False, "weight": weight}))
        found.append(pd.DataFrame({"is_treated": True, "weight": 1.0}, pairs["treated"].unique()))
    return pd.concat(found)


if __name__ == "__main__":
    main(*sys.argv[1:])
