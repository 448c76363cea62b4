"""plans/<study>.md: where the text of a plan lies, and how it gets into a published build."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

FOLDER = "plans"


def plan_path(project: Path, study_id: str) -> Path:
    """The text of a study's plan."""
    return project / FOLDER / f"{study_id}.md"


def replace_text(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    draft = path.with_name(f".{path.name}.draft")
    draft.parent.mkdir(parents=True, exist_ok=True)
    draft.write_text(text, encoding="utf-8", newline="\n")
    draft.replace(path)


def copy_plans(project: Path, folder: Path) -> dict[str, str]:
    """Copies all plans into `folder` of a published build; sha256 by file name. A plan holds
    configuration and sizes of samples, nothing of a child."""
    hashes = {}
    for source in sorted((project / FOLDER).glob("*.md")):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(source, folder / source.name)
        hashes[source.name] = hashlib.sha256(source.read_bytes()).hexdigest()
    return hashes
