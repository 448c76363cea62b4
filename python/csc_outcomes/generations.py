"""Generations: each build's published folder, written whole as a draft and then put in place.

`published/current` leads to the newest. A reader that resolves `current` once reads one build, and
may go on reading it until three more builds have been published.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from typing import Any

import duckdb

from csc_outcomes.bi.comments import copy_comments
from csc_outcomes.forgetting.wishes import WishesChanged, wishes_digest, wishes_of_landing
from csc_outcomes.hashes import file_sha256
from csc_outcomes.plan.texts import copy_plans
from csc_outcomes.progress import tracked

GENERATIONS_KEPT = 3
RELEASE_PREFIX = "rpt_"
# Of equal tables DuckDB writes other bytes each time; the Parquet files beside tell them apart.
NEVER_TWICE_THE_SAME = ".duckdb"
# What a build is called, and what its folder is called while it is being written or deleted.
BUILD = re.compile(r"[0-9a-f]{16}(-\d+)?")
HIDDEN = re.compile(rf"\.{BUILD.pattern}\.(draft|dropped)")


def write_generation(
    published: Path,
    build_id: str,
    tables: Iterable[str],
    project: Path,
    connection: duckdb.DuckDBPyConnection,
    add_pages: Callable[[Path], None],
) -> Path:
    """A folder with every public table as DuckDB and Parquet, the plans of the studies and what
    `add_pages` writes, complete before anyone can see it.

    Where the same build was published before, what is there stays, and so do its readers. No
    folder that a reader may be reading is ever written to. WishesChanged where a list or the key
    isn't what it was when the records landed.
    """
    wishes = wishes_of_landing(project)
    draft = published / f".{build_id}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    for folder in (published, draft):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        content = {
            "build_id": build_id,
            "tables": _write_tables(connection, tables, build_id, draft),
            "plans": copy_plans(project, draft / "plans"),
            "wishes": wishes,
        }
        add_pages(draft)
        _write_manifest(draft, content)
        if wishes_digest(project) != wishes:
            raise WishesChanged(
                "Not published: who opted out or objects, or the key, changed while the build ran. "
                "Run `dbt build` again; it leaves out who is to be left out now"
            )
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return _put_in_place(draft, published, build_id)


def _put_in_place(draft: Path, published: Path, build_id: str) -> Path:
    """The folder of an equal build, or the draft under a name that nobody uses."""
    names = (build_id if n == 1 else f"{build_id}-{n}" for n in count(1))
    for name in names:
        generation = published / name
        if not generation.exists():
            draft.rename(generation)
            return generation
        if _told(generation) == _told(draft) and _is_whole(generation):
            shutil.rmtree(draft)
            os.utime(generation)
            return generation
    raise AssertionError("names never end")


def _write_tables(
    connection: duckdb.DuckDBPyConnection, tables: Iterable[str], build_id: str, draft: Path
) -> dict[str, Any]:
    """Release tables into `release/`, all others into `analyst/`; rows and hash of each."""
    names = sorted(tables)
    kinds = {
        "analyst": [name for name in names if not name.startswith(RELEASE_PREFIX)],
        "release": [name for name in names if name.startswith(RELEASE_PREFIX)],
    }
    written: dict[str, Any] = {}
    for kind, own in kinds.items():
        if own:
            folder = draft / kind
            folder.mkdir(mode=0o700)
            database = _quoted(folder / "csc_outcomes.duckdb")
            connection.execute(f"attach {database} as published_build")
            try:
                for table in tracked(f"publishing {kind} tables", own, "tables"):
                    written[table] = _write_table(connection, table, build_id, folder)
                copy_comments(connection, own, "published_build")
            finally:
                connection.execute("detach published_build")
    return written


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
    return {"n_rows": n_rows, "sha256": file_sha256(parquet)}


def _write_manifest(draft: Path, content: dict[str, Any]) -> None:
    """manifest.json lists every file with its hash; files and folders are their owner's alone."""
    files = sorted(path for path in draft.rglob("*") if path.is_file())
    hashes = {path.relative_to(draft).as_posix(): file_sha256(path) for path in files}
    text = json.dumps({**content, "files": hashes}, indent=2, sort_keys=True)
    (draft / "manifest.json").write_text(text + "\n", encoding="utf-8")
    for path in draft.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _told(generation: Path) -> dict[str, Any] | None:
    """What a manifest says, without the files that equal builds write differently; None where it
    is missing, torn or no manifest of a build."""
    try:
        content: dict[str, Any] = json.loads((generation / "manifest.json").read_bytes())
        files = content["files"].items()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    same = {name: sha for name, sha in files if not name.endswith(NEVER_TWICE_THE_SAME)}
    return {**content, "files": same}


def _is_whole(generation: Path) -> bool:
    """Whether every file that its manifest lists is there as it was written, and no log of changes
    lies beside a database."""
    files = json.loads((generation / "manifest.json").read_bytes())["files"]
    return not list(generation.rglob("*.wal")) and all(
        (generation / name).is_file() and file_sha256(generation / name) == sha256
        for name, sha256 in files.items()
    )


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def point_to(generation: Path) -> None:
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


def drop_old_generations(newest: Path) -> None:
    """Deletes all but the newest generations, those built while other children were left out, and
    what builds that were killed left behind; a folder is hidden before it goes, so that nobody
    finds half of one. What no build made stays."""
    folders = [p for p in newest.parent.iterdir() if p.is_dir() and not p.is_symlink()]
    for left_behind in (p for p in folders if HIDDEN.fullmatch(p.name)):
        shutil.rmtree(left_behind)
    generations = sorted(
        (p for p in folders if p != newest and _is_generation(p)),
        key=lambda p: p.stat().st_mtime,
        reverse=True,
    )
    wishes = (_told(newest) or {}).get("wishes")
    alike = [old for old in generations if (_told(old) or {}).get("wishes") == wishes]
    for old in set(generations) - set(alike[: GENERATIONS_KEPT - 1]):
        shutil.rmtree(old.rename(old.with_name(f".{old.name}.dropped")))


def _is_generation(folder: Path) -> bool:
    """Whether a build made a folder: its name says so where the manifest is torn."""
    return bool(BUILD.fullmatch(folder.name) or (_told(folder) or {}).get("build_id"))
