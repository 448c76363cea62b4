"""What is known of one output of a release: may it go out, why not, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

OK, REVIEW, BLOCKED = "ok", "needs review", "blocked"
_ORDER = (OK, REVIEW, BLOCKED)


@dataclass(frozen=True)
class Finding:
    """One thing that was found wrong, and what mends it. It never tells a count."""

    status: str
    reason: str
    what_to_do: str


@dataclass(frozen=True)
class Output:
    """A table, page or workbook of a release, with the worst that was found."""

    name: str
    kind: str
    status: str
    reason: str
    what_to_do: str


def judged(name: str, kind: str, findings: Iterable[Finding]) -> Output:
    """An output with all its findings; their worst status is its status."""
    found = list(findings)
    status = max((f.status for f in found), key=_ORDER.index, default=OK)
    reasons = dict.fromkeys(finding.reason for finding in found)
    actions = dict.fromkeys(finding.what_to_do for finding in found)
    return Output(name, kind, status, "; ".join(reasons), "; ".join(actions))
