"""Causes of failure that lie in the machine and not in the data, each with what mends it."""

from __future__ import annotations

import os

# What the system or DuckDB says, and what to do about it. None of these says a value.
REMEDIES = {
    "No space left on device": "make room on that disk",
    "Disk quota exceeded": "make room on that disk",
    "Out of Memory": "close other programs, or raise memory_limit where profiles.yml sets it",
    "Permission denied": "see that whoever builds owns it and may write to it",
    "Operation not permitted": "see that whoever builds owns it and may write to it",
    "Read-only file system": "build where files can be written",
    "File exists": "something else lies in its place: move that away",
    "Not a directory": "something else lies in its place: move that away",
    "Is a directory": "something else lies in its place: move that away",
}


def is_locked(error: Exception) -> bool:
    """Whether DuckDB couldn't open a file because another process has it open."""
    return "set lock on" in str(error)


def cause_of(said: str) -> str | None:
    """Which of the known causes an error names, if any."""
    return next((cause for cause in REMEDIES if cause in said), None)


def with_remedy(said: str) -> str:
    """The first line of what an error says, its cause, and what to do where that is known."""
    cause = cause_of(said)
    first = said.strip().splitlines()[0].strip()
    if cause is None:
        return first
    told = first if cause in first else f"{first} {cause}"
    return f"{told}; {REMEDIES[cause]}, then run this again"


def system_error(error: OSError) -> str:
    """What the system refused, where, and what to do: one line."""
    what = error.strerror or os.strerror(error.errno or 0)
    place = error.filename2 or error.filename
    return with_remedy(f"{what}: {place}" if place else what)
