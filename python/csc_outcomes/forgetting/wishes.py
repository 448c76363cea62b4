"""What was built while other children were left out is not kept: a child who opted out since may be
in it."""

from __future__ import annotations

import hashlib
import hmac
import os
import sys
from pathlib import Path

from csc_outcomes.landing.errors import KeyMissing
from csc_outcomes.landing.keys import find_demonstration_key, read_key
from csc_outcomes.landing.opt_outs import CHILD_LIST_FILES

NONE = "none"
ENDINGS = ("", ".wal")


def wishes_digest(project: Path) -> str:
    """A keyed digest of who is left out and what is objected to, by authority, and of the key
    itself; `none` where nobody said anything and there is no key. It gives no id away."""
    extracts = project / "extracts"
    try:
        key = read_key(project)
    except KeyMissing:
        key = find_demonstration_key(extracts) or b""
    digest = hmac.new(key, b"wishes|", hashlib.sha256)
    for path in sorted(extracts.glob("*/*.csv")):
        if path.name in CHILD_LIST_FILES:
            digest.update(f"{path.parent.name}/{path.name}|".encode())
            digest.update(_content(path))
    return digest.hexdigest()[:32] if extracts.is_dir() else NONE


def drop_outdated_warehouse(project: Path, warehouse: Path) -> None:
    """Deletes a warehouse that was built under other wishes or another key, and says so: a
    database file keeps the rows that were deleted from it. Nobody may have it open."""
    told = warehouse.with_name(f".{warehouse.name}.wishes")
    digest = wishes_digest(project)
    known = told.read_text("utf-8").strip() if told.is_file() else None
    if known == digest:
        return
    if warehouse.is_file() and known is not None:
        for ending in ENDINGS:
            warehouse.with_name(warehouse.name + ending).unlink(missing_ok=True)
        print(
            "Who opted out or objects, or the key, has changed: the warehouse, which may hold what "
            "must go, was deleted. `dbt build` makes it anew.",
            file=sys.stderr,
        )
    draft = told.with_name(f"{told.name}.{os.getpid()}.draft")
    draft.write_text(f"{digest}\n", encoding="utf-8")
    draft.replace(told)


def _content(path: Path) -> bytes:
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:  # the door refuses the authority and says why
        return b"unreadable"
