"""Who is at work in a project: builds share it, whoever removes or replaces something has it alone.

The lock is a file's, `.csc.lock` (flock), so it goes with its process, however that ends. Windows
has none of this kind: there DuckDB's own lock on the warehouse is all that keeps the two apart.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE = ".csc.lock"


class ProjectInUse(Exception):
    """Another process is at work in the project; the message, one line, names it."""


@contextmanager
def alone(project: Path) -> Iterator[None]:
    """Nobody else is at work in the project; ProjectInUse where somebody is."""
    handle = _taken(project, is_shared=False)
    try:
        yield
    finally:
        os.close(handle)


@contextmanager
def at_work(project: Path) -> Iterator[None]:
    """Others may be at work too, but nobody removes anything; ProjectInUse where somebody does."""
    handle = _taken(project, is_shared=True)
    try:
        yield
    finally:
        os.close(handle)


def at_work_with(owner: object, project: Path) -> None:
    """The same for as long as an object lives."""
    weakref.finalize(owner, os.close, _taken(project, is_shared=True))


def _taken(project: Path, is_shared: bool) -> int:
    """The open lock file, which names the last process that took it."""
    handle = os.open(project / FILE, os.O_RDWR | os.O_CREAT, 0o600)
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 200, 0).decode(errors="replace").strip()
            os.close(handle)
            raise ProjectInUse(
                f"Nothing was done: {holder or 'another process'} is at work in {project}. Wait "
                "until it is done, or end it, then run this again"
            ) from None
    os.ftruncate(handle, 0)
    os.write(handle, f"process {os.getpid()} ({Path(sys.argv[0]).name})\n".encode())
    return handle
