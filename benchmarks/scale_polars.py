"""The work of the scale benchmark as a straightforward polars pipeline, from the same CSV files.

    python scale_polars.py PROJECT ANSWER.json

The rules are those of `scale_pandas.py`.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

import polars as pl

from csc_outcomes.synthetic.nation_facts import load_nation

ESCALATIONS = [
    *("first_cp_date_during", "first_cp_date_after"),
    *("first_lac_date_during", "first_lac_date_after"),
]
DATES = [
    *("birth_date", "referral_date", "plan_start_date", "closure_date", "programme_start_date"),
    *ESCALATIONS,
]
BINS = {
    "age": (3, 7, 13),
    "n_siblings_under_18": (1, 2, 3),
    "n_previous_referrals": (1, 3, 8),
}
CATEGORIES = {"sex_code": "F", "ethnicity_code": "WBRI", "nationality": "British"}
CALIPER = "6mo"


def main(project: str, answer: str) -> None:
    """Reads, works, and writes what `scale_checks.counts` finds in the warehouse."""
    seeds = Path(project) / "seeds" / "studies"
    cases = read(Path(project))
    studies = pl.read_csv(seeds / "studies.csv", infer_schema=False)
    parameters = pl.read_csv(seeds / "study_parameters.csv", infer_schema=False)
    pooled = set(parameters.filter(pl.col("value") == "study")["study_id"])
    found: dict[str, float] = {}
    for study in studies.to_dicts():
        counts = work(cases, study, study["study_id"] in pooled)
        found |= {f"{study['study_id']} {name}": float(value) for name, value in counts.items()}
    Path(answer).write_text(json.dumps(found, indent=1), encoding="utf-8")


def read(project: Path) -> pl.DataFrame:
    """The cases of all authorities under their canonical names."""
    headers = load_nation().columns
    types = {header: pl.Date if name in DATES else pl.String for name, header in headers.items()}
    numbers = [name for name in headers if name.startswith("n_")]
    types |= {headers[name]: pl.Int64 for name in numbers}
    return (
        pl.scan_csv(
            project / "extracts" / "*" / "*" / "cases.csv", schema=types, include_file_paths="path"
        )
        .rename({header: name for name, header in headers.items()})
        .with_columns(la_code=pl.col("path").str.extract(r"synthetic_(\w+)/").str.to_uppercase())
        .drop("path")
        .collect()
    )


def work(cases: pl.DataFrame, study: dict[str, str], is_pooled: bool) -> dict[str, float]:
    """Counts and sums of one study."""
    start = date.fromisoformat(study["study_start"])
    until = min(date.fromisoformat(study["study_end"]), load_nation().as_of_date)
    first, last = (
        date.fromisoformat(study[name]) for name in ("earliest_case_start", "latest_case_start")
    )
    if study["la_code"] != "*":
        cases = cases.filter(pl.col("la_code") == study["la_code"])
    opened, entry = pl.col("plan_start_date"), pl.col("entry_date")
    in_programme = pl.col("programme_id") == study["programme_id"]
    sample = (
        cases.with_columns(entry_date=pl.when(in_programme).then(pl.col("programme_start_date")))
        .filter(
            opened.is_between(first, last),
            pl.col("closure_date").is_null() | (pl.col("closure_date") >= start),
            entry.is_null() | ((opened < entry) & (entry <= until)),
        )
        .with_columns(is_treated=entry.is_not_null())
        .with_row_index("row")
    )
    matched = weights(strata(sample, is_pooled))
    comparators = matched.filter(~pl.col("is_treated"))["weight"]
    return {
        "eligible treated": sample["is_treated"].sum(),
        "eligible comparators": (~sample["is_treated"]).sum(),
        **outcomes(sample, start, until),
        "matched treated": matched["is_treated"].sum(),
        "matched comparators": len(comparators),
        "sum of weights": comparators.sum(),
        "sum of squared weights": (comparators**2).sum(),
    }


def outcomes(sample: pl.DataFrame, start: date, until: date) -> dict[str, float]:
    """Sums of the outcomes of eligible cases, and of how many they are known."""
    closure = pl.when(pl.col("closure_date") <= until).then(pl.col("closure_date"))
    later = pl.any_horizontal(
        ((pl.col(one) <= until) & (pl.col(one) >= closure)).fill_null(False) for one in ESCALATIONS
    )
    is_lasting = closure.is_not_null() & ~later
    again, referral = pl.col("rereferral_dates"), pl.col("referral_date")
    rereferred = (
        sample.select("row", referral, again.str.split(";"))
        .explode("rereferral_dates")
        .with_columns(again.str.to_date("%Y-%m-%d"))
        .filter(
            again > referral,
            again <= referral.dt.offset_by("12mo"),
            again.is_between(start, until),
        )
    )
    days = (pl.when(is_lasting).then(closure).otherwise(until) - pl.col("plan_start_date")).dt
    known = days.total_days() >= 0
    sums = sample.select(
        closed_recorded=closure.is_not_null().sum(),
        closed_without_later_escalation=is_lasting.sum(),
        known=referral.is_not_null().sum(),
        length=days.total_days().filter(known).sum(),
        censored=(~is_lasting & known).sum(),
    ).row(0, named=True)
    return {
        "closed_recorded": sums["closed_recorded"],
        "closed_without_later_escalation": sums["closed_without_later_escalation"],
        "rereferred_12m": rereferred["row"].n_unique(),
        "rereferred_12m known": sums["known"],
        "case_length_days": sums["length"],
        "case_length_days censored": sums["censored"],
    }


def strata(sample: pl.DataFrame, is_pooled: bool) -> pl.DataFrame:
    """The cases of which every bin can be told, with their bins."""
    born, opened = pl.col("birth_date").dt, pl.col("plan_start_date").dt
    had_birthday = (opened.month() > born.month()) | (
        (opened.month() == born.month()) & (opened.day() >= born.day())
    )
    age = opened.year() - born.year() - 1 + had_birthday.cast(pl.Int32)
    bins = [
        sum((pl.col(name) >= edge).cast(pl.Int8) for edge in edges).alias(f"bin_{name}")
        for name, edges in BINS.items()
    ]
    flags = [
        (pl.col(name) == value).fill_null(False).alias(f"is_{name}")
        for name, value in CATEGORIES.items()
    ]
    place = pl.lit("") if is_pooled else pl.col("la_code")
    binned = sample.with_columns(age=age).with_columns(*bins, *flags, place=place)
    return binned.drop_nulls([f"bin_{name}" for name in BINS])


def weights(sample: pl.DataFrame) -> pl.DataFrame:
    """The matched cases with their weights, stratum by stratum: all pairs, then the rules."""
    keys = ["place", *(f"bin_{name}" for name in BINS), *(f"is_{name}" for name in CATEGORIES)]
    opened, entry, closure = (
        pl.col(name) for name in ("plan_start_date_other", "entry_date", "closure_date_other")
    )
    found = [pl.DataFrame(schema={"is_treated": pl.Boolean, "weight": pl.Float64})]
    columns = ["row", "plan_start_date", "closure_date", "entry_date", "is_treated"]
    for stratum in sample.select(*keys, *columns).partition_by(keys):
        treated = stratum.filter("is_treated").select(columns[:4])
        treated = treated.with_columns(
            first=pl.col("plan_start_date").dt.offset_by(f"-{CALIPER}"),
            last=pl.col("plan_start_date").dt.offset_by(CALIPER),
        )
        others = stratum.filter(~pl.col("is_treated")).select(columns[:3])
        pairs = treated.join(others, how="cross", suffix="_other").filter(
            opened.is_between(pl.col("first"), pl.col("last")),
            opened <= entry,
            closure.is_null() | (closure >= entry),
        )
        shared = pairs.select("row", "row_other", weight=1 / pl.len().over("row"))
        weighed = shared.group_by("row_other").agg(pl.col("weight").sum())
        found.append(weighed.select(is_treated=pl.lit(False), weight="weight"))
        n_treated = pairs["row"].n_unique()
        found.append(pl.DataFrame({"is_treated": [True] * n_treated, "weight": [1.0] * n_treated}))
    return pl.concat(found)


if __name__ == "__main__":
    main(*sys.argv[1:])
