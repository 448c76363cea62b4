"""Small pieces of markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], body: Iterable[Sequence[str | None]]) -> str:
    """A table; a bar inside a cell doesn't end it."""
    head, *others = (
        "| " + " | ".join(_escaped(cell) for cell in line) + " |" for line in (header, *body)
    )
    return "\n".join([head, "|" + "---|" * len(header), *others])


def _escaped(cell: str | None) -> str:
    return " ".join((cell or "").replace("|", r"\|").split())


def sentence(parts: Iterable[str]) -> str:
    """a, b and c; 'nothing' where there are none."""
    *others, last = list(parts) or ["nothing"]
    return f"{', '.join(others)} and {last}" if others else last
