"""seeds/studies/study_plans.csv: every version of every locked plan, to which rows are only
added."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from csc_outcomes.plan.errors import PlanError
from csc_outcomes.plan.items import PlanItem
from csc_outcomes.plan.texts import replace_text

LEDGER = Path("seeds", "studies", "study_plans.csv")
COLUMNS = ["study_id", "version", "locked_on", "reason", "kind", "item", "value", "plan_hash"]


class Version(NamedTuple):
    """One locked version of a study's plan; `reason` is empty in the first."""

    study_id: str
    number: int
    locked_on: str
    reason: str
    items: tuple[PlanItem, ...]
    plan_hash: str


def new_version(
    study_id: str, items: Iterable[PlanItem], earlier: list[Version], locked_on: str, reason: str
) -> Version:
    """The version after `earlier`, its items in order, hashed."""
    ordered = tuple(sorted(items))
    draft = Version(study_id, len(earlier) + 1, locked_on, reason, ordered, "")
    return draft._replace(plan_hash=plan_hash(draft, earlier[-1].plan_hash if earlier else ""))


def plan_hash(version: Version, hash_before: str) -> str:
    """32 hex digits over all rows of a version and the hash of the version before; the test
    locked_plans_are_whole computes the same in SQL."""
    head = [version.study_id, str(version.number), version.locked_on, version.reason, hash_before]
    text = "|".join([*head, *sorted("|".join(item) for item in version.items)])
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def locked_versions(project: Path, study_id: str) -> list[Version]:
    """All versions that a study has locked, from the first; raises PlanError where the rows aren't
    those that were locked."""
    path = project / LEDGER
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["study_id"] == study_id]
    versions: list[Version] = []
    rows.sort(key=lambda row: int(row["version"]))
    for number, group in groupby(rows, key=lambda row: int(row["version"])):
        own = list(group)
        first = own[0]
        items = tuple(PlanItem(row["kind"], row["item"], row["value"]) for row in own)
        version = Version(
            study_id, number, first["locked_on"], first["reason"], items, first["plan_hash"]
        )
        before = versions[-1].plan_hash if versions else ""
        alike = {(row["locked_on"], row["reason"], row["plan_hash"]) for row in own}
        if len(alike) > 1 or plan_hash(version, before) != version.plan_hash:
            raise PlanError(
                f"{path}: version {number} of the plan of {study_id} isn't as it was locked; "
                "bring its rows back from version control"
            )
        versions.append(version)
    return versions


def append(project: Path, version: Version) -> None:
    """Adds a version's rows below those that are there, which stay to the byte."""
    path = project / LEDGER
    there = path.read_text(encoding="utf-8")
    added = io.StringIO()
    writer = csv.DictWriter(added, COLUMNS, lineterminator="\n")
    for item in version.items:
        writer.writerow(
            {
                "study_id": version.study_id,
                "version": version.number,
                "locked_on": version.locked_on,
                "reason": version.reason,
                **item._asdict(),
                "plan_hash": version.plan_hash,
            }
        )
    replace_text(path, there.rstrip("\n") + "\n" + added.getvalue())
