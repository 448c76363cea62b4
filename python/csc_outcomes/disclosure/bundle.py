"""The bundle of a release: everything that may go out, in one folder, with a list to sign."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd

from csc_outcomes.authorities import authorities_of
from csc_outcomes.disclosure.check import ATTACK, Release, pages
from csc_outcomes.disclosure.outputs import BLOCKED, Output
from csc_outcomes.disclosure.tables import text_columns
from csc_outcomes.hashes import file_sha256
from csc_outcomes.progress import tracked
from csc_outcomes.project import FolderInUse
from csc_outcomes.spreadsheets import defused

MANIFEST = "manifest.json"


def write_bundle(
    release: Release, outputs: list[Output], study_id: str | None, folder: Path, project: Path
) -> list[Path]:
    """Writes what isn't blocked into a folder: tables as csv, pages, figures and the workbook, and
    manifest.json with hashes and the approver's empty fields. A bundle that was there before is
    replaced, but one that somebody has signed; FolderInUse for that and for other files. Returns
    the files."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise FolderInUse(
            f"{folder} holds other files and no {MANIFEST} of a bundle: give --output a new folder"
        )
    if _is_signed(folder / MANIFEST):
        raise FolderInUse(
            f"{folder} has the fields of its approver filled in: give --output a new folder"
        )
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "tables").mkdir(mode=0o700, parents=True)
    free = {output.name for output in outputs if output.status != BLOCKED}
    for name, table in release.tables.items():
        if name in free:
            _write_csv(_of_study(release, table, study_id), folder / "tables" / f"{name}.csv")
    for page in [page for page in pages(release, study_id) if page.name in free]:
        shutil.copyfile(page, folder / page.name)
    if "csc_outcomes.xlsx" in free:
        shutil.copyfile(release.folder / "csc_outcomes.xlsx", folder / "csc_outcomes.xlsx")
    _write_figures(release, study_id, folder, free)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    content = _manifest(release, outputs, study_id, project)
    content["files"] = {path.relative_to(folder).as_posix(): file_sha256(path) for path in files}
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o700 if path.is_dir() else 0o600)
    return [*files, folder / MANIFEST]


def _is_signed(manifest: Path) -> bool:
    """Whether somebody has filled in a field of the approver, or made the file unreadable."""
    if not manifest.is_file():
        return False
    try:
        return any(json.loads(manifest.read_text(encoding="utf-8"))["approver"].values())
    except (ValueError, LookupError, AttributeError, TypeError):
        return True


def _manifest(
    release: Release, outputs: list[Output], study_id: str | None, project: Path
) -> dict[str, Any]:
    return {
        "build_id": release.build_id,
        "study": study_id,
        "profile": release.profile.profile,
        "profile_version": release.profile.profile_version,
        "profile_title": release.profile.title,
        "is_synthetic": release.is_synthetic,
        **_code(project),
        "outputs": [vars(output) for output in outputs],
        "approver": {"name": "", "date": "", "decision": ""},
    }


def _code(project: Path) -> dict[str, Any]:
    """The commit of the project's code; null where it isn't under git."""

    def git(*arguments: str) -> str | None:
        command = ["git", "-C", str(project), *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip()

    changes = git("status", "--porcelain")
    return {
        "commit": git("rev-parse", "HEAD"),
        "has_uncommitted_changes": None if changes is None else bool(changes),
    }


def _of_study(release: Release, table: pd.DataFrame, study_id: str | None) -> pd.DataFrame:
    """The rows of a study, or of its authorities in a table of authorities; of a table of neither,
    all rows."""
    if study_id is None:
        return table
    if "study_id" in table:
        return table[table.study_id == study_id]
    if "la_code" in table:
        studies = release.tables["rpt_studies"]
        own = studies.la_code[studies.study_id == study_id]
        codes = [code for text in own for code in authorities_of(text, table.la_code.dropna())]
        return table[table.la_code.isin(codes)]
    return table


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    """RFC 4180 in UTF-8; a text that would open as a formula gets an apostrophe before it."""
    safe = table.copy()
    for name in text_columns(safe):
        safe[name] = safe[name].map(defused, na_action="ignore")
    safe.to_csv(path, index=False, lineterminator="\r\n", encoding="utf-8")


def _write_figures(release: Release, study_id: str | None, folder: Path, free: set[str]) -> None:
    """The figures of each study's page, drawn from the release tables."""
    from csc_outcomes.report.pages import studies, write_report
    from csc_outcomes.report.source import Source

    if any(o not in free for o in release.tables) or ATTACK not in free:
        return  # a figure could show what is blocked
    if not any(page.name.startswith("report_") for page in pages(release, study_id)):
        return
    with Source(release.folder.parent, "release") as source:
        wanted = [s for s in studies(source) if study_id in (None, s)]
        for study in tracked("drawing figures", wanted, "studies"):
            if f"report_{study}.html" in free:
                draft = folder / ".draft"
                write_report(source, study, draft)
                target = folder / "figures" / study
                target.mkdir(mode=0o700, parents=True)
                for picture in sorted((draft / "figures").glob("*.png")):
                    shutil.move(picture, target / picture.name)
                shutil.rmtree(draft)
