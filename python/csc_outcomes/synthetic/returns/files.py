"""Tables of one delivery, written row by row as CSV files."""

import csv
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

from csc_outcomes.synthetic.returns.lives import Child


class Delivery(Protocol):
    """Files of one delivery in the making: children are told one after the other."""

    def add(self, child: Child) -> None:
        """Writes what the delivery tells of a child."""

    def close(self) -> None:
        """Ends the files."""


class CsvTables:
    """CSV files in `folder`, one per name, each with its own header."""

    def __init__(self, folder: Path, columns: Mapping[str, tuple[str, ...]]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._stack = ExitStack()
        self._writers = {}
        for name, header in columns.items():
            path = folder / f"{name}.csv"
            file = self._stack.enter_context(path.open("w", newline="", encoding="utf-8"))
            self._writers[name] = csv.writer(file, lineterminator="\n")
            self._writers[name].writerow(header)

    def write(self, name: str, *cells: Any) -> None:
        """One row; None is an empty cell, a date its ISO text."""
        self._writers[name].writerow(cells)

    def close(self) -> None:
        """Closes all files."""
        self._stack.close()
