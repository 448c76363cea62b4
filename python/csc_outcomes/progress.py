"""Progress of long steps, on standard error: what, and how many of how many."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

Item = TypeVar("Item")
SILENT_SECONDS = 2.0


class Progress:
    """Says `publishing: 20 of 131 tables (fct_areas)` when a step has been silent for two seconds:
    a short step says nothing."""

    def __init__(self, what: str, total: int | None, unit: str) -> None:
        """`what` names the step; `total` is None where nobody knows how many there will be."""
        self._what, self._total, self._unit = what, total, unit
        self._done, self._spoke = 0, time.monotonic()

    def step(self, item: str = "", n: int = 1) -> None:
        """One more is about to be done, or `n` more; `item` is the name of a file or table, never a
        value."""
        self._done += n
        if time.monotonic() - self._spoke >= SILENT_SECONDS:
            self._spoke = time.monotonic()
            of_how_many = "" if self._total is None else f" of {self._total:,}"
            name = f" ({item})" if item else ""
            say(f"{self._what}: {self._done:,}{of_how_many} {self._unit}{name}")


def tracked(
    what: str, items: Iterable[Item], unit: str, total: int | None = None
) -> Iterator[Item]:
    """The items, with progress; named by themselves where they are text. `total` says how many
    there are where the items can't."""
    if total is None and isinstance(items, Sized):
        total = len(items)
    progress = Progress(what, total, unit)
    for item in items:
        progress.step(item if isinstance(item, str) else "")
        yield item


def say(line: str) -> None:
    """One line of progress; a closed standard error stops nothing."""
    try:
        print(line, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        return
