"""Who is at work in a project: builds share it, whoever removes or replaces something has it alone.

The lock is a file's, `.csc.lock` (flock), so it goes with its process, however that ends. Windows
has none of this kind: there DuckDB's own lock on the warehouse is all that keeps the two apart.
"""

from __future__ import annotations

import os
import re
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FILE = ".csc.lock"
NAME = re.compile(r"process (\d+) ")


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
    """The open lock file, which names those who took it, a line each, the first first."""
    handle = os.open(project / FILE, os.O_RDWR | os.O_CREAT, 0o600)
    others: list[str] = []
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = next(_still_at_work(handle), "another process")
            os.close(handle)
            raise ProjectInUse(
                f"Nothing was done: {holder} is at work in {project}. Wait until it is done, or "
                "end it, then run this again"
            ) from None
        own = f"process {os.getpid()} "
        others = [name for name in _still_at_work(handle) if not name.startswith(own)]
    names = [*others, f"process {os.getpid()} ({Path(sys.argv[0]).name})"]
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, "".join(f"{name}\n" for name in names).encode())
    return handle


def _still_at_work(handle: int) -> Iterator[str]:
    """Those in the lock file whose process hasn't ended."""
    for name in os.pread(handle, 4000, 0).decode(errors="replace").splitlines():
        if found := NAME.match(name):
            with suppress(ProcessLookupError):
                with suppress(PermissionError):  # another user's
                    os.kill(int(found[1]), 0)
                yield name
