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
FOUND_NOWHERE = "The pseudonyms were found in no file of the project that was searched."


def not_in(shared: str | None) -> str:
    """What to say of a shared warehouse, which is in `shared` where it is known."""
    where = "`docs/shared_warehouse.md`, When a child's records must go"
    if shared is None:
        return f"a shared warehouse (DuckLake), where there is one: see {where}"
    return (
        f"the shared warehouse in {shared}: it holds these records until `dbt build --target "
        f"shared` has published and `vacuumdb --full` has run; see {where}"
    )


@dataclass(frozen=True)
class Certificate:
    """What a command removed; `name` is the file it is kept in, `facts` its first lines."""

    name: str
    title: str
    facts: Mapping[str, str]
    records: Mapping[str, int]  # kind of record -> how many were landed
    removed: Iterable[str]
    still_held: Iterable[str] | None  # files that hold a trace all the same; None: not searched
    not_reached: Iterable[str]
    mentions: Iterable[str] = ()  # files in which the child's own id stands, or a word like it

    def text(self) -> str:
        """The certificate as Markdown."""
        blocks = [
            f"# {self.title}",
            _list(f"{label}: {value}" for label, value in self.facts.items()),
            "## Records that were landed, and are no more",
            _list(f"{kind}: {n:,}" for kind, n in sorted(self.records.items()) if n) or "None.",
            "## Removed",
            _list(self.removed) or "Nothing else was there.",
            *self._search(),
            "## Not reached by this command",
            _list(self.not_reached),
        ]
        return "\n\n".join(blocks) + "\n"

    def _search(self) -> list[str]:
        if self.still_held is None:
            return []
        held = _list(f"still held by `{path}`: delete it by hand" for path in self.still_held)
        meant = _list(
            f"the id itself stands in `{path}`: look whether it means this child, and if so delete "
            "it by hand"
            for path in self.mentions
        )
        found = [block for block in (held or FOUND_NOWHERE, meant) if block]
        return ["## Searched for afterwards", *found]


def write_certificate(project: Path, certificate: Certificate) -> Path:
    """Writes a certificate whole; where its name is taken, under the next free one."""
    names = (certificate.name, *(f"{certificate.name}_{n}" for n in range(2, 1000)))
    path = next(p for name in names if not (p := project / FOLDER / f"{name}.md").exists())
    write_whole(path, certificate.text())
    return path


def note(
    project: Path, name: str, records: Mapping[str, int], facts: Mapping[str, str] | None = None
) -> tuple[dict[str, int], dict[str, str]]:
    """Notes what a removal is about to remove and why, until `forget_note`; with what an earlier
    attempt, which was interrupted, had noted, for it may have removed a part."""
    path = _note(project, name)
    earlier = (
        json.loads(path.read_text("utf-8")) if path.is_file() else {"records": {}, "facts": {}}
    )
    before: dict[str, int] = earlier["records"]
    counts = {k: max(records.get(k, 0), before.get(k, 0)) for k in {*records, *before}}
    all_facts: dict[str, str] = {**earlier["facts"], **(facts or {})}
    write_whole(path, json.dumps({"records": counts, "facts": all_facts}))
    return counts, all_facts


def is_noted(project: Path, name: str) -> bool:
    """Whether a removal of that name was begun and never finished."""
    return _note(project, name).is_file()


def forget_note(project: Path, name: str) -> None:
    """The removal is done and certified."""
    _note(project, name).unlink(missing_ok=True)


def write_whole(path: Path, text: str, encoding: str = "utf-8", mode: int = 0o600) -> None:
    """Writes a file whole or not at all, for its owner's eyes alone unless `mode` says more; drafts
    of writers that were killed go. One process at a time."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in path.parent.glob(f".{path.name}.*.draft"):
        left.unlink()
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode(encoding))
            stream.flush()
            os.fsync(stream.fileno())
        draft.chmod(mode)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _note(project: Path, name: str) -> Path:
    return project / FOLDER / f".{name}.unfinished.json"


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
