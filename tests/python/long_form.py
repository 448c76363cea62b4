"""Tests that draw many cases: few of them in every run, all of them with CSC_LONG=1."""

from __future__ import annotations

import os

IS_LONG = os.environ.get("CSC_LONG") == "1"


def times(short: int, long: int) -> int:
    """How many cases to draw: `short`, or `long` where CSC_LONG=1 asks for it."""
    return long if IS_LONG else short
