"""Where the project is: the folder that holds dbt_project.yml."""

from __future__ import annotations

import os
from pathlib import Path


class ProjectNotFound(Exception):
    """No dbt_project.yml here or above, or no such folder."""


class FolderInUse(Exception):
    """A folder that was named for results holds something else."""


def no_access(error: OSError) -> str:
    """What to tell where a file is missing, or can't be read or written, and what to do."""
    if error.filename is None:
        return str(error)
    return (
        f"no access to {error.filename}: {error.strerror}. Name a folder that can be written with "
        "--output; published files can be read by whoever built them alone"
    )


def project_dir(start: Path | None = None) -> Path:
    """The nearest folder with a dbt_project.yml, from `start`, CSC_PROJECT_DIR or here upwards;
    ProjectNotFound where there is none, or no such folder to start from."""
    start = Path(start or os.environ.get("CSC_PROJECT_DIR") or Path.cwd()).resolve()
    if not start.is_dir():
        raise ProjectNotFound(f"no folder {start}; name the project's, or run this from there")
    for folder in (start, *start.parents):
        if (folder / "dbt_project.yml").is_file():
            return folder
    raise ProjectNotFound(
        f"no dbt_project.yml in {start} or above; "
        "run this from the project's folder or set CSC_PROJECT_DIR"
    )
