"""Whose records may be in what was built, also where neither deliveries nor the landing folder are
here any more."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from csc_outcomes.forgetting.certificates import FOLDER, write_whole
from csc_outcomes.forgetting.places import EMPTY, SPARK, known_warehouses

# Beside the certificates, for nothing else outlives all that builds make.
NOTE = Path(FOLDER) / ".authorities"
HOLDERS = ("published", "reports", SPARK)


def note_authorities(project: Path, la_codes: Iterable[str]) -> None:
    """Remembers whose records are built from now on, and whose are in what was built before."""
    codes = {*la_codes, *(authorities_built(project) or ())}
    if codes or (project / NOTE).is_file():
        write_whole(project / NOTE, "".join(f"{code}\n" for code in sorted(codes)))


def authorities_built(project: Path) -> set[str] | None:
    """The authorities whose records may be in a warehouse, a published build, a report or Spark's
    folder: none where nothing of the kind is here, None where nobody noted whose it is."""
    if not is_anything_built(project):
        return set()
    note = project / NOTE
    return set(note.read_text("utf-8").split()) if note.is_file() else None


def is_anything_built(project: Path) -> bool:
    """Whether there is a warehouse that holds something, or a file in one of the folders."""
    return any(
        path.is_file() and path.stat().st_size > EMPTY for path in known_warehouses(project)
    ) or any(path.is_file() for name in HOLDERS for path in (project / name).rglob("*"))
