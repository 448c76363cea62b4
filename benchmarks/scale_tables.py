"""The measurements of the scale benchmark as tables and a plot."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd

FLOOR = 1_000
TO_WEIGHTS = "landed files to weights"  # the whole run but for the gate
STAGES = (
    *("door", "staging and standard", "gate", "cohort", "matching and weights", "outcomes"),
    *("whole", TO_WEIGHTS, "dbt start", "parse and seeds", "tests", "csv scan", "parquet scan"),
    *("pandas", "polars", "R"),
)
PARTS = ("staging and standard", "cohort", "matching and weights", "outcomes")
DRAWN = ("door", "whole", "gate", TO_WEIGHTS, "csv scan", "parquet scan", "pandas", "polars", "R")
SCANS = {"csv scan": "csv scans", "parquet scan": "parquet scans"}
KEYS = ["cases", "memory"]


def summarised(rows: Iterable[Mapping[str, str]]) -> pd.DataFrame:
    """Medians, one row per cases, memory and stage, with how many scans of the same files under the
    same limit each stage costs, and its share that dbt takes by itself."""
    measured = pd.DataFrame(rows).astype(
        {"cases": int, "cpu": float, "wall": float, "peak_mb": float}
    )
    measured = measured[~measured["repeat"].str.startswith("small")]
    figures = ["cpu", "wall", "peak_mb"]
    table = measured.groupby([*KEYS, "stage"])[figures].median().reset_index()
    table["runs"] = measured.groupby([*KEYS, "stage"])["cpu"].size().to_numpy()
    table = pd.concat([table, _to_weights(table)], ignore_index=True)
    for stage, name in SCANS.items():
        scans = table[table["stage"] == stage].set_index(KEYS)["cpu"]
        # Other tools know no limit: theirs are held against the scan under the usual one.
        usual = scans.groupby("cases").median()
        own = scans.reindex(pd.MultiIndex.from_frame(table[KEYS])).to_numpy()
        scan = np.where(table["memory"] == "", usual.reindex(table["cases"]).to_numpy(), own)
        table[name] = table["cpu"] / scan
    floors = table.loc[table["cases"] == FLOOR].groupby("stage")["cpu"].median()
    floors = floors.reindex(table["stage"]).to_numpy()
    table["dbt share"] = np.where(table["cases"] == FLOOR, np.nan, floors / table["cpu"])
    place = {stage: number for number, stage in enumerate(STAGES)}
    order = table["stage"].map(place).fillna(len(place))
    return table.assign(order=order).sort_values([*KEYS, "order"]).drop(columns="order").round(3)


def _to_weights(table: pd.DataFrame) -> pd.DataFrame:
    """The whole run less its gate; its peak is the highest of its other parts."""
    by_stage = table.set_index([*KEYS, "stage"])[["cpu", "wall", "peak_mb"]].unstack()
    if not {"whole", "gate"} <= set(by_stage["cpu"]):
        return pd.DataFrame()
    rows = table[table["stage"] == "whole"].set_index(KEYS)
    by_stage = by_stage.reindex(rows.index)
    return rows.assign(
        stage=TO_WEIGHTS,
        cpu=rows["cpu"] - by_stage["cpu", "gate"].fillna(0),
        wall=rows["wall"] - by_stage["wall", "gate"].fillna(0),
        peak_mb=by_stage["peak_mb"].reindex(columns=list(PARTS)).max(axis=1),
    ).reset_index()


def exponents(table: pd.DataFrame) -> pd.DataFrame:
    """By memory and stage, the power of the number of cases that processor time grows with, over
    all sizes and over the two largest."""
    rows = []
    sized = table[(table["cases"] > FLOOR) & (table["cpu"] > 0)]
    for (memory, stage), own in sized.groupby(["memory", "stage"]):
        if own["cases"].nunique() < 2:
            continue
        logs = np.log(own.sort_values("cases")[["cases", "cpu"]].to_numpy())
        all_sizes, largest = (np.polyfit(*part.T, 1)[0] for part in (logs, logs[-2:]))
        rows.append((memory, stage, round(all_sizes, 2), round(largest, 2)))
    return pd.DataFrame(rows, columns=["memory", "stage", "all sizes", "two largest"])


def as_markdown(table: pd.DataFrame) -> str:
    """The tables, ratios first, and the machine."""
    parts = [f"Machine: {machine()}"]
    names = {"memory": "limit", "cpu": "CPU s", "wall": "wall s", "peak_mb": "peak MB"}
    for cases, own in table[table["cases"] > FLOOR].groupby("cases"):
        columns = [
            "memory",
            "stage",
            *SCANS.values(),
            "dbt share",
            "cpu",
            "wall",
            "peak_mb",
            "runs",
        ]
        parts.append(f"{cases:,} cases\n\n{_grid(own[columns].rename(columns=names))}")
    growth = exponents(table)
    if len(growth):
        parts.append(
            f"Processor time grows with the number of cases to the power of\n\n{_grid(growth)}"
        )
    return "\n\n".join(parts) + "\n"


def machine() -> str:
    """What the figures were observed on."""
    models = [
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    name = models[0] if models else platform.machine()
    return f"{name}, {os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}"


def draw(table: pd.DataFrame, path: Path) -> None:
    """Processor time and peak memory by number of cases, both on logarithmic scales, as SVG."""
    limit = table.loc[table["memory"] != "", "memory"].mode().max()  # the one measured most
    shown = table[(table["cases"] > FLOOR) & table["memory"].isin([limit, ""])]
    shown = shown[shown["stage"].isin(DRAWN)]
    base = (
        alt.Chart(shown)
        .mark_line(point=True)
        .encode(
            x=alt.X(
                "cases:Q",
                scale=alt.Scale(type="log"),
                axis=alt.Axis(values=sorted(map(int, shown["cases"].unique())), format=","),
                title="Cases",
            ),
            color=alt.Color("stage:N", sort=list(DRAWN), title=""),
            strokeDash=alt.StrokeDash("stage:N", sort=list(DRAWN), legend=None),
        )
    )
    panels = [
        base.encode(y=alt.Y(f"{column}:Q", scale=alt.Scale(type="log"), title=title))
        for column, title in (("cpu", "CPU seconds"), ("peak_mb", "Peak memory, MB"))
    ]
    title = f"Builds of a made-up nation, memory limit {limit}"
    alt.hconcat(*panels, title=title).save(str(path))


def _grid(table: pd.DataFrame) -> str:
    cells = [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    lines = [table.columns, ["---"] * len(table.columns), *cells]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:,.2f}" if value < 100 else f"{value:,.0f}"
    return str(value)
