"""The figures of the quality page."""

from __future__ import annotations

import altair as alt
import pandas as pd

from csc_outcomes.report.drawing import NARROW, TREATED

# Dark to light, so that they stay apart in greyscale.
VERDICT_COLOURS = {"cannot": "#8a2f00", "with caution": "#f3a46a", "can run": TREATED}
LABEL_WIDTH = {True: 190, False: 300}


def quarantine_chart(data: pd.DataFrame, width: int) -> alt.Chart:
    """Bars by authority; `data` has la_code, la_name, share_quarantined (a proportion)."""
    shown = data.assign(authority=data["la_code"] + " " + data["la_name"])
    return (
        alt.Chart(shown)
        .mark_bar()
        .encode(
            x=alt.X(
                "share_quarantined:Q", title="Records quarantined", axis=alt.Axis(format=".1%")
            ),
            y=alt.Y("authority:N", title=None, sort="-x"),
        )
        .properties(width=_plot(width))
    )


def outcomes_chart(data: pd.DataFrame, width: int) -> alt.Chart:
    """Stacked bars by outcome; `data` has label, verdict, n_authorities."""
    is_narrow = width <= NARROW
    return (
        alt.Chart(data)
        .mark_bar(stroke="#ffffff")
        .encode(
            x=alt.X("n_authorities:Q", title="Authorities", axis=alt.Axis(tickMinStep=1)),
            y=alt.Y(
                "label:N", title=None, axis=alt.Axis(labelLimit=LABEL_WIDTH[is_narrow]), sort=None
            ),
            color=alt.Color(
                "verdict:N",
                title=None,
                scale=alt.Scale(domain=list(VERDICT_COLOURS), range=list(VERDICT_COLOURS.values())),
            ),
            order=alt.Order("verdict:N"),
        )
        .properties(width=_plot(width))
    )


def _plot(width: int) -> int:
    """The width of the plot itself, without the labels on its left."""
    return width - LABEL_WIDTH[width <= NARROW] - 20
