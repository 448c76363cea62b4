"""The folder of an allocation: what was asked, what came of it, and the log that proves it.

A folder holds all that a replay needs but the key: a copy of each list, `allocation.json`,
`allocations.csv` and `allocation_audit.csv`. The log names families by a keyed pseudonym of this
allocation alone, which nothing else uses.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

from csc_outcomes.landing.identifiers import pseudonym
from csc_outcomes.landing.keys import key_id
from csc_outcomes.randomisation.draws import METHODS, SEVERAL_SIZES, Lots
from csc_outcomes.randomisation.errors import AllocationError
from csc_outcomes.randomisation.families import read_families
from csc_outcomes.randomisation.rules import (
    UNITS,
    WHEN_FULL,
    Allocation,
    Batch,
    Rules,
    Step,
    allocate,
)

SETTINGS, ALLOCATIONS, AUDIT = "allocation.json", "allocations.csv", "allocation_audit.csv"
ALLOCATION_COLUMNS = (
    "child_id",
    "case_id",
    "family_id",
    "programme_id",
    "arm",
    "allocation_status",
    "allocated_date",
)
AUDIT_COLUMNS = (
    "sequence",
    "batch",
    "family",
    "n_children",
    "event",
    "block",
    "position",
    "draw",
    "drawn_arm",
    "arm",
    "allocation_status",
    "chain",
)
# What `allocation.json` holds: from 2 on the counts of families and children too.
RECORD_VERSIONS = (1, 2)
UNREADABLE = f"{SETTINGS} is not as `csc allocate` writes it"


@dataclass(frozen=True)
class Listed:
    """One batch as it is recorded: the sha256 of its list and what was asked of it."""

    sha256: str
    allocated_on: datetime.date
    capacity: int | None
    library_version: str


@dataclass(frozen=True)
class Settings:
    """What an allocation was asked for: all that a replay needs but the lists and the key."""

    rules: Rules
    key_id: str
    batches: tuple[Listed, ...]
    record_version: int = RECORD_VERSIONS[-1]


@dataclass(frozen=True)
class Replay:
    """A folder's files as they must be, and what led to them."""

    allocation: Allocation
    files: Mapping[str, bytes]
    chain: str


def list_name(number: int) -> str:
    """The copy of a batch's list."""
    return f"recommended_{number}.csv"


def new_batch(content: bytes, allocated_on: datetime.date, capacity: int | None) -> Listed:
    """A batch that is allocated now, by this version of the library."""
    sha256 = hashlib.sha256(content).hexdigest()
    return Listed(sha256, allocated_on, capacity, version("csc-outcomes"))


def replay(settings: Settings, lists: Sequence[Path], key: bytes) -> Replay:
    """Allocates all batches from the first; `lists` in their order. Raises AllocationError where
    the key is another or a list can't be read."""
    if settings.key_id != key_id(key):
        raise AllocationError(
            "this allocation was made with another pseudonym key; set CSC_PSEUDONYM_KEY or "
            "CSC_PSEUDONYM_KEY_FILE to the one it was made with"
        )
    batches = [
        Batch(read_families(path, list_name(number)), batch.allocated_on, batch.capacity)
        for number, (batch, path) in enumerate(zip(settings.batches, lists, strict=True), 1)
    ]
    allocation = allocate(settings.rules, batches, key)
    audit, chain = _audit(settings, allocation.steps, key)
    rows = _allocations(settings.rules, allocation)
    files = {list_name(n): path.read_bytes() for n, path in enumerate(lists, 1)}
    files |= {ALLOCATIONS: rows, AUDIT: audit}
    files[SETTINGS] = _settings_text(settings, allocation, files, chain)
    return Replay(allocation, files, chain)


def _allocations(rules: Rules, allocation: Allocation) -> bytes:
    lines = [
        [
            child.child_id,
            child.case_id,
            child.family_id,
            rules.programme_id,
            standing.arm,
            standing.status,
            standing.allocated_on.isoformat() if standing.allocated_on else "",
        ]
        for child, standing in allocation.rows()
    ]
    return _csv([ALLOCATION_COLUMNS, *lines])


def _audit(settings: Settings, steps: Iterable[Step], key: bytes) -> tuple[bytes, str]:
    """The log, and the last link of its chain: each link is the SHA-256 of the one before and of
    its line; the first starts from the rules, and that of a batch holds the batch's facts too."""
    chain = _link("", _json(_rules_facts(settings)))
    lines, batch = [], 0
    for step in steps:
        if step.batch > batch:
            batch = step.batch
            chain = _link(chain, _json(_batch_facts(settings.batches[batch - 1])))
        cells = _audit_cells(settings.rules, step, key)
        chain = _link(chain, ",".join(cells))
        lines.append([*cells, chain])
    return _csv([audit_columns(settings.rules.lots), *lines]), chain


def audit_columns(lots: Lots) -> tuple[str, ...]:
    """The columns of the log: `block_size` after `position` where there are several sizes."""
    at = AUDIT_COLUMNS.index("draw") if lots.method == SEVERAL_SIZES else 0
    return (*AUDIT_COLUMNS[:at], *["block_size"] * (at > 0), *AUDIT_COLUMNS[at:])


def _audit_cells(rules: Rules, step: Step, key: bytes) -> list[str]:
    drawn = step.draw
    places: list[int | None] = [drawn.block, drawn.position] if drawn else [None, None]
    if rules.lots.method == SEVERAL_SIZES:
        places.append(drawn.block_size if drawn else None)
    cells = (
        step.sequence,
        step.batch,
        pseudonym(key, rules.programme_id, "allocated_family", step.family_key),
        step.n_children,
        step.event,
        *("" if place is None else place for place in places),
        drawn.digits if drawn else "",
        drawn.arm if drawn else "",
        step.arm,
        step.status,
    )
    return [str(cell) for cell in cells]


def _link(previous: str, text: str) -> str:
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def _csv(lines: Iterable[Sequence[str]]) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(lines)
    return stream.getvalue().encode("utf-8")


def _json(facts: Mapping[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=True, separators=(",", ":"), sort_keys=True)


# allocation.json


def _rules_facts(settings: Settings) -> dict[str, Any]:
    rules = settings.rules
    sizes = rules.lots.block_sizes
    return {
        "method": rules.lots.method,
        "programme_id": rules.programme_id,
        "seed": rules.lots.seed,
        "share_treated": str(rules.lots.share),
        **({"block_sizes": sizes} if len(sizes) > 1 else {"block_size": next(iter(sizes), None)}),
        "capacity_in": rules.capacity_in,
        "when_full": rules.when_full,
        "key_id": settings.key_id,
    }


def _batch_facts(batch: Listed) -> dict[str, Any]:
    return {
        "sha256": batch.sha256,
        "allocated_on": batch.allocated_on.isoformat(),
        "capacity": batch.capacity,
    }


def _settings_text(
    settings: Settings, allocation: Allocation, files: Mapping[str, bytes], chain: str
) -> bytes:
    is_counted = settings.record_version > 1
    facts = {
        **({"record_version": settings.record_version} if is_counted else {}),
        **_rules_facts(settings),
        "batches": [
            {
                "list": list_name(number),
                **_batch_facts(batch),
                "library_version": batch.library_version,
            }
            for number, batch in enumerate(settings.batches, 1)
        ],
        **({"counts": allocation.counts()} if is_counted else {}),
        "allocations_sha256": hashlib.sha256(files[ALLOCATIONS]).hexdigest(),
        "audit_sha256": hashlib.sha256(files[AUDIT]).hexdigest(),
        "chain": chain,
    }
    return (json.dumps(facts, indent=2) + "\n").encode("ascii")


def read_settings(folder: Path) -> Settings:
    """What the allocation in a folder was asked for; raises AllocationError."""
    try:
        facts = json.loads((folder / SETTINGS).read_text(encoding="ascii"))
        is_known = facts["method"] in METHODS and facts.get("record_version", 1) in RECORD_VERSIONS
        settings = _settings(facts) if is_known else None
    except FileNotFoundError:
        raise AllocationError(f"there is no {SETTINGS} in {folder}") from None
    except (AttributeError, KeyError, TypeError, ValueError):
        raise AllocationError(UNREADABLE) from None
    if settings is None:
        raise AllocationError(
            f"the allocation in {folder} was made by rules that this version doesn't have; it has "
            f"{' and '.join(METHODS)}"
        )
    return settings


def _settings(facts: Mapping[str, Any]) -> Settings:
    if facts["method"] == SEVERAL_SIZES:
        block_sizes = tuple(int(size) for size in facts["block_sizes"])
    else:
        block_sizes = () if facts["block_size"] is None else (int(facts["block_size"]),)
    batches = tuple(
        Listed(
            sha256=str(batch["sha256"]),
            allocated_on=datetime.date.fromisoformat(batch["allocated_on"]),
            capacity=None if batch["capacity"] is None else int(batch["capacity"]),
            library_version=str(batch["library_version"]),
        )
        for batch in facts["batches"]
    )
    if facts["capacity_in"] not in UNITS or facts["when_full"] not in WHEN_FULL or not batches:
        raise ValueError
    rules = Rules(
        programme_id=str(facts["programme_id"]),
        lots=Lots(
            seed=int(facts["seed"]),
            share=Fraction(facts["share_treated"]),
            block_sizes=block_sizes,
        ),
        capacity_in=facts["capacity_in"],
        when_full=facts["when_full"],
    )
    if rules.lots.method != facts["method"]:
        raise ValueError
    return Settings(rules, str(facts["key_id"]), batches, int(facts.get("record_version", 1)))


# The folder


def lists_of(folder: Path, settings: Settings) -> list[Path]:
    """The copies of the lists in a folder, in order."""
    return [folder / list_name(number) for number in range(1, len(settings.batches) + 1)]


def verify(folder: Path, key: bytes) -> tuple[Replay | None, list[str]]:
    """Replays a folder; what in it isn't as the replay gives it, nothing where all is.

    Raises AllocationError where the folder holds no allocation or the key is another.
    """
    settings = read_settings(folder)
    faults = []
    for path, batch in zip(lists_of(folder, settings), settings.batches, strict=True):
        if not path.is_file():
            faults.append(f"{path.name} is not there")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != batch.sha256:
            faults.append(f"{path.name} is not the list that was allocated")
    if faults:
        return None, faults
    found = replay(settings, lists_of(folder, settings), key)
    for name, content in found.files.items():
        path = folder / name
        there = path.read_bytes() if path.is_file() else None
        if there is None:
            faults.append(f"{name} is not there")
        elif there != content:
            faults.append(f"{name}, line {_first_difference(there, content)}")
    return found, faults


def _first_difference(one: bytes, other: bytes) -> int:
    lines = one.split(b"\n"), other.split(b"\n")
    pairs = zip(*lines, strict=False)
    return next((n for n, (a, b) in enumerate(pairs, 1) if a != b), min(map(len, lines)) + 1)


def extended(settings: Settings, batch: Listed) -> Settings:
    """The same allocation with one batch more, recorded as this version does."""
    batches = (*settings.batches, batch)
    return replace(settings, batches=batches, record_version=RECORD_VERSIONS[-1])


def write(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Writes a folder (0700, its files 0600) whole or not at all; False where it holds just these
    files already. Raises AllocationError where something else is there: nothing is overwritten."""
    if os.path.lexists(folder):
        if folder.is_dir() and _contents(folder) == dict(files):
            return False
        raise AllocationError(
            f"{folder} is there already and holds something else; nothing was changed. Give "
            "another --output"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, content in files.items():
            handle = os.open(draft / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return True


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
