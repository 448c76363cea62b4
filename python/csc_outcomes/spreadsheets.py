"""Text that a spreadsheet would run as a formula when it opens a file, and what keeps it text."""

from __future__ import annotations

# A tab or a line break falls away before the sign; the wide forms are read as the plain ones.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")  # noqa: RUF001


def opens_as_formula(text: str) -> bool:
    """Whether a spreadsheet takes the text for a formula, by its first character."""
    return text.startswith(FORMULA_STARTS)


def defused(text: str) -> str:
    """The text as a CSV may hold it: with an apostrophe before what would open as a formula."""
    return f"'{text}" if opens_as_formula(text) else text
