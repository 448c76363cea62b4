"""Who the cases are and how children and staff fare: needs, behaviour, stress."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from csc_outcomes.report.blocks import Column, Figure
from csc_outcomes.report.drawing import COMPARATOR, INK, TREATED
from csc_outcomes.report.figures.common import (
    ARMS,
    QUIET,
    amount,
    arm_legend,
    broken,
    figure,
    group_scale,
    group_shape,
    hidden_note,
    joined,
    known,
    label_axis,
    legend_from_edge,
    notes,
    share_ticks,
    symbol_of,
    text_mark,
    tidy,
    words,
)

ORGANISATIONS = {"programme": "Programme", "authority": "Authority"}
SCALES = {
    "total": "Total difficulties",
    "emotional": "Emotional",
    "conduct": "Conduct",
    "hyperactivity": "Hyperactivity",
    "peer": "Peers",
    "prosocial": "Prosocial (more is better)",
}


def primary_needs(needs: pd.DataFrame) -> Figure | None:
    """Shares of each primary need among the study's cases and in England; None where no share of
    the study's own cases is known or may be shown.

    `needs` is of one study, as `primary_needs`: a series for each arm and one for England.
    """
    rows = needs.copy()
    if not rows.loc[rows["series"].isin(list(ARMS)), "share"].notna().any():
        return None
    national = [one for one in rows["series"].unique() if one not in ARMS]
    names = {**ARMS, **{one: words(one) for one in sorted(national)}}
    rows["group"] = rows["series"].map(names)
    rows = rows.sort_values(["need_code", "series"]).reset_index(drop=True)
    shown = [name for key, name in names.items() if (rows["series"] == key).any()]
    drawn = rows.dropna(subset=["share"])
    parts = []
    for name in shown:
        own = drawn[drawn["group"] == name]
        if len(own):
            top = own.sort_values("share", kind="stable").iloc[-1]
            parts.append(
                f"{name}: most often {str(top['label']).lower()}, "
                f"{amount(top['share'], 'proportion')}"
            )
    day = rows["as_of_date"].dropna() if "as_of_date" in rows else pd.Series(dtype="object")
    when = f" England is as of {pd.Timestamp(day.iloc[0]):%-d %B %Y}." if len(day) else ""
    return figure(
        id="primary_needs",
        title="Why children are in need: the study's cases and England",
        alt=". ".join(parts) + ".",
        chart=lambda width: _needs_chart(rows, shown, width),
        data=rows,
        columns=(
            Column("need_code", "Code"),
            Column("label", "Primary need"),
            Column("group", "Series"),
            Column("n", "Cases", "integer"),
            Column("share", "Share", "percent", 1),
            Column("counted_by", "Counted by"),
        ),
        note=notes(f"Shares of the cases of each series.{when}", hidden_note(rows, "share")),
    )


def sdq_ranges(sdq: pd.DataFrame) -> Figure | None:
    """Medians and middle halves of the questionnaire's scales in both arms; None without one.

    `sdq` is of one study, as `sdq_comparison`.
    """
    if not len(sdq):
        return None
    rows = sdq.copy()
    order = {name: number for number, name in enumerate(SCALES)}
    rows["place"] = rows["scale"].map(lambda one: order.get(one, len(order)))
    rows = rows.sort_values(["place", "scale"]).drop(columns="place")
    rows["label"] = rows["scale"].map(lambda one: SCALES.get(one, words(one)))
    parts = [
        pd.DataFrame(
            {
                "label": rows["label"],
                "group": name,
                "low": rows[f"lower_quartile_{arm}"],
                "median": rows[f"median_{arm}"],
                "high": rows[f"upper_quartile_{arm}"],
            }
        )
        for arm, name in ARMS.items()
    ]
    long = pd.concat(parts, ignore_index=True).dropna(subset=["median"])
    if not len(long):
        return None
    return figure(
        id="sdq",
        title="Strengths and difficulties: medians and middle halves",
        alt=" ".join(_scale_alt(row) for _, row in rows.iterrows()),
        chart=lambda width: _sdq_chart(long, width),
        data=rows,
        columns=(
            Column("label", "Scale"),
            Column("n_treated", "Programme children", "integer"),
            Column("n_comparator", "Comparison children", "integer"),
            Column("median_treated", "Programme median", "number", 1),
            Column("lower_quartile_treated", "from", "number", 2),
            Column("upper_quartile_treated", "to", "number", 2),
            Column("median_comparator", "Comparison median", "number", 1),
            Column("lower_quartile_comparator", "from", "number", 2),
            Column("upper_quartile_comparator", "to", "number", 2),
            Column("u_statistic", "U", "number", 1),
            Column("p_value", "p", "p_value"),
        ),
        note=notes(
            "Marks are medians, lines the middle half of the children. On all scales but the "
            "prosocial one a lower score is better. p-values are of the rank test in the table.",
            hidden_note(rows, "median_treated", "median_comparator"),
        ),
    )


def stress_distribution(distribution: pd.DataFrame) -> Figure | None:
    """Shares of staff in each band of the stress score; None where no share may be shown.

    `distribution` is of one study, as `staff_stress_distribution`; bands too small to be shown have
    their symbol.
    """
    if not len(distribution):
        return None
    rows = distribution.dropna(subset=["score_from"]).copy()
    if not len(rows) or not rows["share"].notna().any():
        return None
    rows["group"] = rows["organisation"].map(lambda one: ORGANISATIONS.get(one, words(one)))
    rows["band"] = [
        f"{low:g} to under {high:g}"
        for low, high in zip(rows["score_from"], rows["score_below"], strict=True)
    ]
    rows = rows.sort_values(["score_from", "group"], ascending=[True, False])
    parts = []
    for name, own in rows.groupby("group", sort=True):
        said = joined(
            f"{row['band']} {_staff(row)}" for _, row in own.sort_values("score_from").iterrows()
        )
        parts.append(f"{name} staff by score: {said}.")
    return figure(
        id="staff_stress",
        title="How stressed staff say they are",
        alt=" ".join(parts),
        chart=lambda width: _pairs(
            rows.assign(name=rows["band"], value=rows["share"].astype("float64")),
            [_staff(row) for _, row in rows.iterrows()],
            "Stress score",
            width,
        ),
        data=rows,
        columns=(
            Column("group", "Staff"),
            Column("survey_month", "Month", "date"),
            Column("band", "Score"),
            Column("n_respondents", "Answered", "integer"),
            Column("n", "In the band", "integer"),
            Column("share", "Share", "percent", 1),
        ),
        note=notes(
            "[c] marks bands of too few staff to be shown, or that would give others away."
            if rows["share"].isna().any()
            else "",
            hidden_note(rows, "share"),
        ),
    )


def stress_means(stress: pd.DataFrame) -> Figure | None:
    """Mean stress by scale of programme and authority staff, all roles; None without one.

    `stress` is of one study, as `staff_stress`.
    """
    if not len(stress):
        return None
    rows = stress[stress["role"].eq("all")].copy()
    if not rows["mean_score"].notna().any():
        return None
    rows["group"] = rows["organisation"].map(lambda one: ORGANISATIONS.get(one, words(one)))
    rows["label"] = rows["scale"].map(lambda one: "All scales" if one == "all" else words(one))
    rows["first"] = rows["scale"].ne("all")
    rows = rows.sort_values(["first", "scale", "group"], ascending=[True, True, False])
    rows = rows.drop(columns="first")
    least = list(rows["score_direction"].dropna().unique()) if "score_direction" in rows else []
    parts = []
    for label, part in rows.groupby("label", sort=False):
        said = joined(
            f"{row['group'].lower()} "
            + (tidy(row["mean_score"], 2) if known(row["mean_score"]) else _withheld(row))
            for _, row in part.iterrows()
        )
        parts.append(f"{label}: {said}.")
    return figure(
        id="staff_stress_means",
        title="Mean scores of the stress survey",
        alt=" ".join(parts),
        chart=lambda width: _pairs(
            rows.assign(name=rows["label"], value=rows["mean_score"].astype("float64")),
            [
                tidy(row["mean_score"], 2) if known(row["mean_score"]) else _withheld(row)
                for _, row in rows.iterrows()
            ],
            "Mean score",
            width,
            share=False,
        ),
        data=rows,
        columns=(
            Column("label", "Scale"),
            Column("group", "Staff"),
            Column("n_respondents", "Answered", "integer"),
            Column("n_answers", "Answers", "integer"),
            Column("mean_score", "Mean score", "number", 2),
        ),
        note=notes(
            f"{words(least[0])}." if len(least) == 1 else "", hidden_note(rows, "mean_score")
        ),
    )


def _staff(row: Any) -> str:
    return amount(row["share"], "proportion") if known(row["share"]) else _withheld(row)


def _withheld(row: Any) -> str:
    """A staff group too small to be shown is confidential in the analyst's tables too."""
    suppressed = row.get("is_suppressed")
    return "[c]" if known(suppressed) and bool(suppressed) else symbol_of(row)


def _scale_alt(row: Any) -> str:
    said = joined(
        f"{name.lower()} median "
        + (tidy(row[f"median_{arm}"]) if known(row[f"median_{arm}"]) else symbol_of(row))
        for arm, name in ARMS.items()
    )
    p = f", p = {tidy(row['p_value'], 2)}" if known(row["p_value"]) else ""
    return f"{row['label']}: {said}{p}."


def _needs_chart(rows: pd.DataFrame, shown: Sequence[str], width: int) -> Any:
    left = 158 if width < 500 else 230
    drawn = rows.dropna(subset=["share"])
    drawn = drawn.assign(name=[broken(label, left - 8) for label in drawn["label"]])
    order = list(dict.fromkeys(drawn["name"]))
    row = max(34, 8 + 16 * max(name.count("|") + 1 for name in order))
    looks = {"Programme": (TREATED, "circle"), "Comparison": (COMPARATOR, "diamond")}
    colours = [looks.get(name, (QUIET, "square"))[0] for name in shown]
    shapes = [looks.get(name, (QUIET, "square"))[1] for name in shown]
    legend = legend_from_edge(left, len(shown), width, symbolSize=90)
    reach = float(drawn["share"].max())
    across = alt.X(
        "share:Q",
        scale=alt.Scale(domain=[0, min(reach * 1.06 + 0.01, 1)], nice=False),
        axis=alt.Axis(title=None, format="~%", domain=False, **share_ticks(reach, 4)),
    )
    points = (
        alt.Chart(drawn[["name", "group", "share"]])
        .mark_point(filled=True, size=85, opacity=1, stroke="#ffffff", strokeWidth=0.8)
        .encode(
            x=across,
            y=alt.Y("name:N", sort=order, axis=label_axis(left, grid=True)),
            color=alt.Color(
                "group:N", scale=alt.Scale(domain=list(shown), range=colours), legend=legend
            ),
            shape=alt.Shape(
                "group:N", scale=alt.Scale(domain=list(shown), range=shapes), legend=legend
            ),
        )
    )
    return points.properties(width=width - left - 16, height=row * len(order))


def _sdq_chart(long: pd.DataFrame, width: int) -> Any:
    left = 118 if width < 500 else 200
    drawn = long.assign(name=[broken(label, left - 8) for label in long["label"]])
    place = {
        "y": alt.Y("name:N", sort=list(dict.fromkeys(drawn["name"])), axis=label_axis(left)),
        "yOffset": alt.YOffset("group:N", sort=list(ARMS.values())),
    }
    axis = alt.Axis(title="Score", tickCount=6, format="~f", domain=False)
    base = alt.Chart()
    colour = alt.Color("group:N", scale=group_scale(), legend=arm_legend())
    return alt.layer(
        base.mark_rule(strokeWidth=3).encode(
            x=alt.X("low:Q", axis=axis, scale=alt.Scale(zero=True)),
            x2=alt.X2("high:Q"),
            color=colour,
            **place,
        ),
        base.mark_point(filled=True, size=110, opacity=1, stroke="#ffffff", strokeWidth=1).encode(
            x=alt.X("median:Q"), color=colour, shape=group_shape(arm_legend()), **place
        ),
        data=drawn[["name", "group", "low", "median", "high"]],
    ).properties(width=width - left - 16, height=46 * drawn["name"].nunique())


def _pairs(
    rows: pd.DataFrame, texts: Sequence[str], title: str, width: int, *, share: bool = True
) -> Any:
    """Lying bars of two groups with what they say at their ends, `[c]` where they have none."""
    left = 112 if width < 500 else 170
    drawn = rows.assign(text=list(texts), end=rows["value"].fillna(0.0))
    drawn = drawn.assign(name=[broken(name, left - 8) for name in drawn["name"]])
    groups = [one for one in (*ORGANISATIONS.values(),) if (drawn["group"] == one).any()]
    groups += sorted(set(drawn["group"]) - set(groups))
    colours = [TREATED, COMPARATOR, QUIET, INK][: len(groups)]
    reach = float(drawn["end"].max()) or 1.0
    ticks = share_ticks(reach) if share else {"tickCount": 5}
    place = {
        "y": alt.Y(
            "name:N",
            sort=list(dict.fromkeys(drawn["name"])),
            axis=label_axis(left),
            scale=alt.Scale(paddingInner=0.25, paddingOuter=0.1),
        ),
        "yOffset": alt.YOffset("group:N", sort=groups),
    }
    across = alt.X(
        "value:Q",
        scale=alt.Scale(domain=[0, reach * (1.3 if width < 500 else 1.12)], nice=False),
        axis=alt.Axis(
            title=None if share else title,
            format="~%" if share else "~f",
            domain=False,
            **ticks,
        ),
    )
    base = alt.Chart()
    return alt.layer(
        base.mark_bar().encode(
            x=across,
            color=alt.Color(
                "group:N", scale=alt.Scale(domain=groups, range=colours), legend=arm_legend()
            ),
            **place,
        ),
        base.mark_text(**text_mark(13), dx=5, align="left").encode(
            x=alt.X("end:Q"), text=alt.Text("text:N"), **place
        ),
        data=drawn[["name", "group", "value", "end", "text"]],
    ).properties(width=width - left - 14, height=52 * drawn["name"].nunique())
