"""Draws declared charts as SVG and PNG, with one theme, no browser and no network."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import vl_convert

WIDE, NARROW = 720, 340
# Two arms that stay apart in greyscale and for colour-blind readers; each has at least 3:1 against
# white (8.6 and 4.0), and text has at least 4.5:1.
TREATED, COMPARATOR, INK, RULE, INTERVAL = "#003078", "#c8560b", "#0b0c0c", "#b1b4b6", "#0b0c0c"
ARM_COLOURS = {"treated": TREATED, "comparator": COMPARATOR}
FONT = "Arial, Helvetica, sans-serif"

THEME: dict[str, Any] = {
    "aria": False,  # the picture's text alternative speaks for all of it
    "background": "#ffffff",
    "font": FONT,
    "padding": 4,
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 13,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "gridColor": "#e3e5e6",
        "domainColor": "#6f777b",
        "tickColor": "#6f777b",
        "labelLimit": 320,
    },
    "legend": {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 13,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "orient": "top",
        "labelLimit": 320,
    },
    "header": {"labelColor": INK, "titleColor": INK, "labelFontSize": 13, "titleFontSize": 13},
    "title": {"color": INK, "fontSize": 15, "anchor": "start", "font": FONT},
    "text": {"color": INK, "fontSize": 13, "font": FONT},
    "range": {"category": [TREATED, COMPARATOR, "#00703c", "#6f3f8c", "#505a5f"]},
    "view": {"stroke": None},
    "bar": {"color": TREATED},
    "point": {"color": TREATED, "filled": True, "size": 60},
    "line": {"strokeWidth": 2.5},
    "rule": {"color": INTERVAL},
}


def svg(chart: Any) -> str:
    """The chart as an SVG document, to a hundredth of a pixel; equal for equal charts."""
    drawn = str(vl_convert.vegalite_to_svg(_specification(chart)))
    short = re.sub(r"(\d\.\d{2})\d+", r"\1", drawn)
    # clip paths are numbered by a counter of the process: here from 0, in their order
    numbers = {n: str(i) for i, n in enumerate(dict.fromkeys(re.findall(r'id="clip(\d+)"', short)))}
    return re.sub(r"(?<=[\"#]clip)\d+", lambda n: numbers.get(n[0], n[0]), short)


def png(chart: Any, scale: float = 2.0) -> bytes:
    """The chart as a PNG, `scale` times the size in pixels."""
    return bytes(vl_convert.vegalite_to_png(_specification(chart), scale=scale))


def data_uri(picture: str) -> str:
    """An SVG document as an address that a page can hold."""
    return "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode()


def _specification(chart: Any) -> dict[str, Any]:
    """The chart's declaration with the theme beneath its own settings."""
    declared: dict[str, Any] = json.loads(chart.to_json())
    declared["config"] = _merged(THEME, declared.get("config", {}))
    return declared


def _merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """`own` over `base`, folder by folder; Altair's own view size stays out of the theme."""
    merged = dict(base)
    for key, value in own.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else value
    return merged
