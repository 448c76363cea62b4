"""What is seen to whenever dbt opens a warehouse: private files, no old logs, no outdated file."""

from __future__ import annotations

import os
from pathlib import Path

from csc_outcomes.forgetting.logs import empty_logs, logs_are_old
from csc_outcomes.forgetting.places import note_shared_warehouse, note_warehouse
from csc_outcomes.forgetting.wishes import drop_outdated_warehouse
from csc_outcomes.project import ProjectNotFound, project_dir

# What dbt writes before it opens a warehouse, too early for the umask.
WRITTEN_BY_DBT = ("logs", "target")
OTHERS = 0o077


def open_privately(warehouse: Path) -> None:
    """From here on every file of this process is its owner's alone. Old logs go, and so does a
    warehouse that was built under other opt-outs; nobody may have it open."""
    os.umask(OTHERS)
    if project := _looked_after():
        note_warehouse(project, warehouse)
        drop_outdated_warehouse(project, warehouse)


def open_shared(data: str) -> None:
    """The same where the target keeps its tables in no file here, but in a lake whose files are in
    `data`; the modes of new files stay as the user's umask says, for a group reads them."""
    if project := _looked_after():
        if data:
            note_shared_warehouse(project, data)
        drop_outdated_warehouse(project)


def _looked_after() -> Path | None:
    """The project, once its old logs are gone and what dbt wrote is private."""
    try:
        project = project_dir()
    except ProjectNotFound:  # then there are neither logs nor extracts to look after
        return None
    if logs_are_old(project):
        empty_logs(project)
    for name in WRITTEN_BY_DBT:
        keep_private(project / name)
    return project


def keep_private(folder: Path) -> None:
    """Takes a folder and all in it away from everybody but its owner; links stay as they are, and
    so does what they lead to."""
    if folder.is_symlink():
        return
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink() and path.exists() and path.stat().st_mode & OTHERS:
            path.chmod(path.stat().st_mode & ~OTHERS)
