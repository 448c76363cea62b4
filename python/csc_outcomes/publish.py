"""Publishing: after a complete, successful build the public tables are written whole, then a
pointer is replaced.

Readers always find one build's tables behind `published/current`; a failed, partial or filtered
build changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from csc_outcomes.causes import REMEDIES, system_error
from csc_outcomes.findings import critical_findings, warnings
from csc_outcomes.forgetting.wishes import whose_records
from csc_outcomes.generations import drop_old_generations, point_to, write_generation
from csc_outcomes.lake import mark_published
from csc_outcomes.reading import add_reading

GOOD_STATUSES = {"success", "pass", "warn"}
GATE = "no_critical_expectation_fails"
REMEDY = "Correct the files or their extract.yml and run `dbt build` again"
# What makes a build what it is, apart from the landed files: change any of these and the build_id
# changes.
CODE_AND_CONFIGURATION = (
    "dbt_project.yml",
    "requirements.txt",
    "expectations",
    "macros",
    "models",
    "plans",
    "python",
    "seeds",
)


@dataclass(frozen=True)
class Build:
    """What dbt says at the end of a run: the status of each node, which nodes a complete build
    has, the settings that shape what is published, where dbt wrote its manifest, and which failures
    lie in the machine."""

    filters: list[str]
    statuses: dict[str, str]
    paths: dict[str, str]
    expected: list[str]
    public_tables: list[str]
    settings: dict[str, Any]
    target: str = "target"
    causes: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> list[str]:
        return sorted(node for node, status in self.statuses.items() if status not in GOOD_STATUSES)

    @property
    def left_out(self) -> list[str]:
        return sorted(set(self.expected) - set(self.statuses))


def close_build(build: Build, project: Path, connection: duckdb.DuckDBPyConnection) -> str:
    """Publishes a complete build and says what came out; says why not, where and what next,
    otherwise."""
    if build.failed:
        return _why_failed(build, connection)
    if build.filters or build.left_out:
        return (
            f"Not published: this run left out a part of the project "
            f"({', '.join(build.filters) or f'{len(build.left_out)} models and tests'}). "
            "Run plain `dbt build` to publish; the tables published before are unchanged."
        )
    from csc_outcomes.summary import summary_text

    build_id = build_identity(project, build.settings)
    told: list[str] = []

    def read(whole: Path) -> None:
        withheld = critical_findings(connection)
        told.append(summary_text(whole))
        told.extend(_listed("Withheld, for a delivery failed its expectations:", withheld))
        told.extend([f"{REMEDY}."] if withheld else [])
        told.extend(_listed("Deliveries with warnings:", warnings(connection)))

    generation = publish(build, build_id, project, connection, read)
    return "\n".join(
        [
            *told,
            "",
            f"Published build {build_id} to published/current/analyst.",
            *mark_published(connection, build_id, whose_records(project)),
            *_where_to_look(generation),
        ]
    )


def publish(
    build: Build,
    build_id: str,
    project: Path,
    connection: duckdb.DuckDBPyConnection,
    read: Callable[[Path], None] = lambda whole: None,
) -> Path:
    """Writes a generation with all that people read, lets `read` read it, and then lets
    `published/current` lead to it: whatever spoils a build fails before."""
    manifest = project / build.target / "manifest.json"
    with_pages = bool(build.settings.get("pages", False))
    generation = write_generation(
        project / "published",
        build_id,
        build.public_tables,
        project,
        connection,
        lambda draft: add_reading(draft, build_id, manifest, with_pages),
    )
    read(generation)
    point_to(generation)
    try:
        drop_old_generations(generation)
    except OSError as error:
        print(f"An earlier build is still there: {system_error(error)}.", file=sys.stderr)
    return generation


def _where_to_look(generation: Path) -> list[str]:
    if not (generation / "index.html").is_file():
        return []
    return ["To look at it, open published/current/index.html in a browser."]


def _listed(title: str, lines: list[str]) -> list[str]:
    return ["", title, *(f"  - {line}" for line in lines)] if lines else []


def build_identity(project: Path, settings: dict[str, Any]) -> str:
    """16 hex digits over the landed files, the configuration and the code: equal for equal
    builds."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for path in _files(project, CODE_AND_CONFIGURATION):
        digest.update(str(path.relative_to(project).as_posix()).encode())
        digest.update(path.read_bytes())
    for path in sorted((project / "landing").rglob("*.parquet")):
        digest.update(path.relative_to(project / "landing").as_posix().encode())
    return digest.hexdigest()[:16]


def _files(project: Path, names: Iterable[str]) -> list[Path]:
    files: list[Path] = []
    for name in names:
        path = project / name
        files += [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sorted(p for p in files if "__pycache__" not in p.parts and ".egg-info" not in str(p))


def _why_failed(build: Build, connection: duckdb.DuckDBPyConnection) -> str:
    """The gate's findings by authority, file, column and rule, or the names of what failed."""
    lines = ["Not published: the tables published before are unchanged."]
    gate = [name for name in build.failed if GATE in name and build.statuses[name] == "fail"]
    if gate:
        lines.append("A delivery failed its expectations:")
        lines += [f"  - {line}" for line in critical_findings(connection)]
        lines.append(
            f"{REMEDY}; to build the other authorities without this one: "
            "dbt build --vars 'withhold_failing_la: true'"
        )
    broken = [n for n in build.failed if n not in gate and build.statuses[n] != "skipped"]
    lines += [
        f"  - {build.statuses[name]}: {name.split('.')[2]} ({build.paths[name]})"
        + (f": {build.causes[name]}" if name in build.causes else "")
        for name in broken
    ]
    lines += [
        f"{cause}: {REMEDIES[cause]}, then run `dbt build` again."
        for cause in sorted(set(build.causes.values()))
    ]
    if set(broken) - set(build.causes):
        lines.append("What is wrong with each stands below; mend it and run `dbt build` again.")
    return "\n".join(lines)
