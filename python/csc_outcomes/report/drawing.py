"""Draws declared charts as SVG and PNG, with one theme, no browser and no network."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import as_file, files
from typing import Any

import vl_convert
from altair.utils.schemapi import debug_mode

WIDE, NARROW = 720, 340
# Two arms that stay apart in greyscale and for colour-blind readers; each has at least 3:1 against
# white (8.6 and 4.0), and text has at least 4.5:1.
TREATED, COMPARATOR, INK, INTERVAL = "#003078", "#c8560b", "#0b0c0c", "#0b0c0c"
ARM_COLOURS = {"treated": TREATED, "comparator": COMPARATOR}
FONT = "Arial, Helvetica, sans-serif"
FONTCONFIG = "FONTCONFIG_FILE"
PICTURES_KEPT = 256

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
    """The chart as an SVG document, to a hundredth of a pixel; equal for equal charts, which are
    drawn once."""
    return _svg(_specification(chart))


@lru_cache(maxsize=PICTURES_KEPT)
def _svg(specification: str) -> str:
    with _own_fonts():
        drawn = str(vl_convert.vegalite_to_svg(specification))
    short = re.sub(r"(\d\.\d{2})\d+", r"\1", drawn)
    # clip paths are numbered by a counter of the process: here from 0, in their order
    numbers = {n: str(i) for i, n in enumerate(dict.fromkeys(re.findall(r'id="clip(\d+)"', short)))}
    return re.sub(r"(?<=[\"#]clip)\d+", lambda n: numbers.get(n[0], n[0]), short)


def png(chart: Any, scale: float = 2.0) -> bytes:
    """The chart as a PNG, `scale` times the size in pixels."""
    with _own_fonts():
        return bytes(vl_convert.vegalite_to_png(_specification(chart), scale=scale))


@contextlib.contextmanager
def _own_fonts() -> Iterator[None]:
    """Lets texts be measured and drawn with the fonts that vl-convert brings, and no others.

    The machine's own make pictures differ from one machine to the next, and each text takes twice
    as long. vl-convert looks for fonts when it draws its first picture.
    """
    before = os.environ.get(FONTCONFIG)
    with as_file(files("csc_outcomes.report") / "static" / "no_fonts.conf") as path:
        os.environ[FONTCONFIG] = str(path)
        try:
            yield
        finally:
            if before is None:
                del os.environ[FONTCONFIG]
            else:
                os.environ[FONTCONFIG] = before


def data_uri(picture: str) -> str:
    """An SVG document as an address that a page can hold."""
    return "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode()


def _specification(chart: Any) -> str:
    """The chart's declaration as JSON, with the theme beneath its own settings.

    Not validated: the charts are ours and tests validate them, which takes as long as drawing.
    """
    with debug_mode(False):
        declared: dict[str, Any] = chart.to_dict(validate=False)
    declared["config"] = _merged(THEME, declared.get("config", {}))
    return json.dumps(declared, sort_keys=True)


def _merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """`own` over `base`, folder by folder; Altair's own view size stays out of the theme."""
    merged = dict(base)
    for key, value in own.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else value
    return merged
