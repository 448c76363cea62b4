"""Publishing: after a complete, successful build the public tables are written whole, then a
pointer is replaced.

Readers always find one build's tables behind `published/current`; a failed, partial or filtered
build changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from csc_outcomes.plan.texts import copy_plans

GOOD_STATUSES = {"success", "pass", "warn"}
GENERATIONS_KEPT = 3
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
    """What dbt says at the end of a run: the status of each node, and which nodes a complete
    build has."""

    filters: list[str]
    statuses: dict[str, str]
    paths: dict[str, str]
    expected: list[str]
    public_tables: list[str]
    settings: dict[str, Any]

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
    generation = _write_generation(build, build_id, project, connection)
    _point_to(generation)
    _drop_old_generations(generation)
    withheld = critical_findings(connection)
    return "\n".join(
        [
            summary_text(generation),
            *_listed("Withheld, for a delivery failed its expectations:", withheld),
            *([f"{REMEDY}."] if withheld else []),
            *_listed("Deliveries with warnings:", warnings(connection)),
            "",
            f"Published build {build_id} to published/current/analyst.",
        ]
    )


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


def _write_generation(
    build: Build, build_id: str, project: Path, connection: duckdb.DuckDBPyConnection
) -> Path:
    """A folder with every public table as DuckDB and Parquet and the plans of the studies, complete
    before anyone can see it."""
    published = project / "published"
    generation = published / build_id
    draft = published / f".{build_id}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    analyst = draft / "analyst"
    for folder in (published, draft, analyst):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    tables = sorted(build.public_tables)
    connection.execute(f"attach {_quoted(analyst / 'csc_outcomes.duckdb')} as published_build")
    try:
        manifest = {t: _write_table(connection, t, build_id, analyst) for t in tables}
    finally:
        connection.execute("detach published_build")
    content = {
        "build_id": build_id,
        "tables": manifest,
        "plans": copy_plans(project, draft / "plans"),
    }
    text = json.dumps(content, indent=2, sort_keys=True)
    (draft / "manifest.json").write_text(text + "\n", encoding="utf-8")
    for path in draft.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    if _manifest(generation) == _manifest(draft):
        shutil.rmtree(draft)  # the same build again: what is there stays, and so do its readers
    else:
        shutil.rmtree(generation, ignore_errors=True)
        draft.rename(generation)
    return generation


def _write_table(
    connection: duckdb.DuckDBPyConnection, table: str, build_id: str, folder: Path
) -> dict[str, Any]:
    """Rows in a fixed order, so that equal builds are equal to the byte."""
    connection.execute(
        f"create table published_build.{table} as "
        f"select *, '{build_id}' as build_id from {table} order by all"
    )
    parquet = folder / f"{table}.parquet"
    connection.execute(f"copy published_build.{table} to {_quoted(parquet)} (format parquet)")
    n_rows = connection.execute(f"select count(*) from published_build.{table}").fetchall()[0][0]
    return {"n_rows": n_rows, "sha256": hashlib.sha256(parquet.read_bytes()).hexdigest()}


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _manifest(generation: Path) -> str | None:
    path = generation / "manifest.json"
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _point_to(generation: Path) -> None:
    """`current` becomes the new generation in one step; where links need a privilege, a junction
    stands in."""
    current = generation.parent / "current"
    link = generation.parent / ".current.draft"
    link.unlink(missing_ok=True)
    if os.name == "nt":  # symbolic links need a privilege there, junctions don't
        import _winapi

        if current.exists():
            current.rmdir()
        _winapi.CreateJunction(str(generation), str(current))  # type: ignore[attr-defined]
        return
    link.symlink_to(generation.name, target_is_directory=True)
    link.replace(current)


def _drop_old_generations(newest: Path) -> None:
    generations = sorted(
        (
            p
            for p in newest.parent.iterdir()
            if p.is_dir() and not p.is_symlink() and p.name[0] != "."
        ),
        key=lambda p: p.stat().st_mtime,
        reverse=True,
    )
    for old in generations[GENERATIONS_KEPT:]:
        if old != newest:
            shutil.rmtree(old)


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
        f"  - {build.statuses[name]}: {name.split('.')[2]} ({build.paths[name]})" for name in broken
    ]
    return "\n".join(lines)


def critical_findings(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """One line per critical failure: authority, files, column, rule and count."""
    rows = connection.execute(
        """
        select
            results.la_code, files.la_name, results.file_names, results.column_name,
            results.suite, results.expectation, results.unexpected_count, results.element_count,
            coalesce(refused.reason, results.what_to_do) as what_next
        from fct_expectation_results as results
        left join (select la_code, max(la_name) as la_name from fct_load_log group by la_code) as
        files
            using (la_code)
        left join fct_load_log as refused
            on results.expectation = 'file is accepted' and refused.la_code = results.la_code
            and coalesce(refused.delivery || '/', '') || refused.file_name = results.file_names
            and refused.status = 'refused'
        where results.severity = 'critical' and not results.success
        order by all
        """
    ).fetchall()
    return [
        f"{la} {name}, {file or 'no file'}, {column or 'whole file'}: "
        f"{suite}: {rule}: {_how_often(suite, n_bad, n_all)}"
        + (f". {what_next}" if what_next else "")
        for la, name, file, column, suite, rule, n_bad, n_all, what_next in rows
    ]


def _how_often(suite: str, n_bad: int, n_all: int) -> str:
    if suite == "delivery":
        return "not so"
    return (
        f"{n_bad} of {n_all} records" if suite == "quarantine" else f"not so in {n_bad} of {n_all}"
    )


def warnings(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """One line per authority whose delivery passed with warnings: how many, and where to look."""
    rows = connection.execute(
        """
        select
            results.la_code, max(files.la_name), max(files.n_quarantined), max(files.n_read),
            count(*)
        from fct_expectation_results as results
        inner join (
            select
                la_code, max(la_name) as la_name, sum(n_quarantined) as n_quarantined,
                sum(n_read) as n_read
            from fct_load_log
            group by la_code
        ) as files using (la_code)
        where results.severity = 'warning' and not results.success
        group by results.la_code
        order by results.la_code
        """
    ).fetchall()
    return [
        f"{la} {name}: {n_warnings} expectation{'' if n_warnings == 1 else 's'} not met, "
        f"{n_quarantined} of {n_read} records quarantined; see fct_expectation_results and "
        "fct_quarantined_rows"
        for la, name, n_quarantined, n_read, n_warnings in rows
    ]
