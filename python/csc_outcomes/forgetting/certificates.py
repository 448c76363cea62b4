"""Certificates of what was removed: for people, without ids, kept in `certificates/`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = "certificates"
NOT_REACHED = (
    "the authority's own files, at the authority and in `extracts/`, where the door leaves the "
    "child out: ask for a new extract, or have them destroyed",
    "backups and snapshots of these folders, and what a disk keeps of deleted files",
    "copies that people made, files they wrote elsewhere (`--output`, notebooks, BI tools), and "
    "release bundles that were sent: counts in them include the child",
    "programs that still have an old file open: close them",
    "interviews and surveys of staff or families: they name no child",
)
LAKE = (
    "a shared warehouse (DuckLake): see `docs/shared_warehouse.md`, When a child's records must go"
)


@dataclass(frozen=True)
class Certificate:
    """What a command removed; `name` is the file it is kept in, `facts` its first lines."""

    name: str
    title: str
    facts: Mapping[str, str]
    records: Mapping[str, int]  # kind of record -> how many were landed
    removed: Iterable[str]
    still_held: Iterable[str]  # files that hold a trace of it all the same
    not_reached: Iterable[str]

    def text(self) -> str:
        """The certificate as Markdown."""
        blocks = [
            f"# {self.title}",
            _list(f"{label}: {value}" for label, value in self.facts.items()),
            "## Records that were landed, and are no more",
            _list(f"{kind}: {n:,}" for kind, n in sorted(self.records.items()) if n) or "None.",
            "## Removed",
            _list(self.removed) or "Nothing else was there.",
            "## Searched for afterwards",
            _list(f"still held by `{path}`: delete it by hand" for path in self.still_held)
            or "Found in no file of the project, packed or not, but in `extracts/`.",
            "## Not reached by this command",
            _list(self.not_reached),
        ]
        return "\n\n".join(blocks) + "\n"


def write_certificate(project: Path, certificate: Certificate) -> Path:
    """Writes a certificate whole; where its name is taken, under the next free one."""
    names = (certificate.name, *(f"{certificate.name}_{n}" for n in range(2, 1000)))
    path = next(p for name in names if not (p := project / FOLDER / f"{name}.md").exists())
    write_whole(path, certificate.text())
    return path


def note(project: Path, name: str, records: Mapping[str, int]) -> dict[str, int]:
    """Notes what a removal is about to remove, until `forget_note`; with what an earlier attempt,
    which was interrupted, had noted, for it may have removed a part."""
    path = _note(project, name)
    earlier: dict[str, int] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    kinds = {*records, *earlier}
    noted = {kind: max(records.get(kind, 0), earlier.get(kind, 0)) for kind in kinds}
    write_whole(path, json.dumps(noted))
    return noted


def is_noted(project: Path, name: str) -> bool:
    """Whether a removal of that name was begun and never finished."""
    return _note(project, name).is_file()


def forget_note(project: Path, name: str) -> None:
    """The removal is done and certified."""
    _note(project, name).unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Writes a file for its owner's eyes alone, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _note(project: Path, name: str) -> Path:
    return project / FOLDER / f".{name}.unfinished.json"


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
