"""What was built while other children were left out is not kept: a child who opted out since may be
in it."""

from __future__ import annotations

import hashlib
import hmac
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from csc_outcomes.encrypted import is_free
from csc_outcomes.forgetting.certificates import write_whole
from csc_outcomes.forgetting.held import note_authorities
from csc_outcomes.forgetting.places import (
    EMPTY,
    SPARK,
    files_of,
    known_warehouses,
    remove,
    shown,
    wishes_note,
)
from csc_outcomes.landing.errors import KeyMissing, LandingError
from csc_outcomes.landing.keys import find_demonstration_key, read_key
from csc_outcomes.landing.opt_outs import CHILD_LIST_FILES
from csc_outcomes.landing.retention import LANDING, landed_codes

NONE = "none"
NOTE = Path(LANDING) / ".wishes"


class WishesChanged(LandingError):
    """Whom a build should leave out changed after it had read the lists."""


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


@contextmanager
def noted_wishes(project: Path) -> Iterator[None]:
    """Around landing: notes the opt-outs, objections and key that it began under, for what is built
    of it is published under the same ones or not at all; and whose records there are."""
    wishes = wishes_digest(project)
    yield
    write_whole(project / NOTE, f"{wishes}\n")
    note_authorities(project, landed_codes(project))


def wishes_of_landing(project: Path) -> str:
    """The digest that was noted when the records landed; today's where none was."""
    told = _told(project / NOTE)
    return wishes_digest(project) if told is None else told


def whose_records(project: Path) -> str:
    """A digest of whose real records are landed: of which authorities, and who was left out."""
    facts = f"{wishes_of_landing(project)}|{','.join(sorted(landed_codes(project)))}"
    return hashlib.sha256(facts.encode()).hexdigest()[:32]


def drop_outdated_warehouse(project: Path, opened: Path | None = None) -> None:
    """Deletes every warehouse and the Spark folder that were built under other wishes or another
    key, and says so: a database file keeps the rows that were deleted from it. One in its usual
    place goes where nobody knows the wishes, too. Nobody may have `opened` open, which is about to
    be opened; another that is in use stays until then."""
    digest = wishes_digest(project)
    known = known_warehouses(project)
    opening = [opened.resolve()] if opened else []
    dropped = [
        path
        for path in sorted({*opening, *known})
        if _is_outdated(path, digest, is_ours=path in known)
    ]
    for path in dropped:
        remove(files_of(path))
    spark = project / SPARK
    if not any(spark in path.parents for path in opening) and any(
        _told(note) != digest for note in spark.glob(".*.wishes")
    ):
        remove([spark])
        dropped.append(spark)
    if dropped:
        print(
            "Who opted out or objects, or the key, has changed since these were built, or nobody "
            f"knows: deleted {', '.join(shown(project, dropped))}, which may hold what must go. "
            "`dbt build` makes the warehouse anew.",
            file=sys.stderr,
        )
    for path in opening:
        write_whole(wishes_note(path), f"{digest}\n")


def _is_outdated(warehouse: Path, digest: str, is_ours: bool) -> bool:
    """A file that holds something, and was built under other wishes, or perhaps was."""
    if not warehouse.is_file() or warehouse.stat().st_size <= EMPTY:
        return False
    told = _told(wishes_note(warehouse))
    return (is_ours if told is None else told != digest) and is_free(warehouse)


def _told(note: Path) -> str | None:
    return note.read_text("utf-8").strip() if note.is_file() else None


def _content(path: Path) -> bytes:
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:  # the door refuses the authority and says why
        return b"unreadable"
