"""The check of a release before it goes out: every output with status, reason and what to do."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from csc_outcomes.disclosure.audit import attacked
from csc_outcomes.disclosure.outputs import BLOCKED, REVIEW, Finding, Output, judged
from csc_outcomes.disclosure.profiles import DisclosureError, Profile, read_profile
from csc_outcomes.disclosure.tables import table_findings
from csc_outcomes.hashes import file_sha256
from csc_outcomes.progress import say, tracked

REBUILD = "run `dbt build` and check what it publishes"
ANALYSTS = "analyst's view. not for release"
ATTACK = "all counts together"
_OUTSIDE = re.compile(r"""(?:src|href)\s*=\s*["']?\s*(?:https?:)?//|url\(\s*["']?https?:""", re.I)
_ATTACK_TABLES = ("int_release_cells", "int_release_relations", "py_release_decisions")


@dataclass(frozen=True)
class Release:
    """What a published build would release: its tables by name, and where its files are."""

    folder: Path
    build_id: str
    profile: Profile
    is_synthetic: bool
    tables: dict[str, pd.DataFrame]
    manifest: dict[str, Any]


def read_release(generation: Path) -> Release:
    """The release of a published build; `generation` is its folder.

    FileNotFoundError where there is none, DisclosureError where its profile isn't known."""
    database = generation / "release" / "csc_outcomes.duckdb"
    if not database.is_file():
        raise FileNotFoundError(f"no release tables at {database}: run `dbt build` first")
    with duckdb.connect(str(database), read_only=True) as connection:
        names = [name for (name,) in connection.execute("show tables").fetchall()]
        tables = {name: connection.sql(f'from "{name}"').df() for name in sorted(names)}
    if "rpt_release" not in tables or len(tables["rpt_release"]) != 1:
        raise DisclosureError(f"release_unnamed: rpt_release of {database} has no row: {REBUILD}")
    told = tables["rpt_release"].iloc[0]
    profile = read_profile(str(told.profile))
    if profile.profile_version != told.profile_version:
        raise DisclosureError(
            f"profile_changed: the release follows version {told.profile_version} of profile "
            f"{told.profile}, seeds/disclosure/disclosure_profiles.csv has version "
            f"{profile.profile_version}: {REBUILD}"
        )
    manifest = json.loads((generation / "manifest.json").read_text(encoding="utf-8"))
    synthetic = pd.isna(told.is_synthetic) or bool(told.is_synthetic)
    folder = generation / "release"
    return Release(folder, str(manifest["build_id"]), profile, synthetic, tables, manifest)


def checked(release: Release, study_id: str | None, warehouse: Path) -> list[Output]:
    """Every output of a release, or of one study of it, in order of kind and name.

    `warehouse` is the database of the build: with its relations among counts, an attack on those
    that are hidden."""
    outputs = []
    estimates = release.tables.get("rpt_effect_estimates", pd.DataFrame())
    analyses = set(estimates.analysis_id.dropna()) if "df" in estimates else set()
    for name in tracked("checking release tables", release.tables, "tables"):
        findings = table_findings(name, release.tables[name], analyses, release.profile)
        changed = _changed(release, f"{name}.parquet")
        outputs.append(judged(name, "table", [*findings, *changed]))
    say("attacking the hidden counts")
    outputs.append(judged(ATTACK, "counts", _attack(release, warehouse)))
    for page in pages(release, study_id):
        outputs.append(judged(page.name, "page", [*_page(release, page)]))
    workbook = release.folder / "csc_outcomes.xlsx"
    if workbook.is_file() and study_id is None:
        findings = [*_workbook(workbook), *_changed(release, workbook.name)]
        outputs.append(judged(workbook.name, "workbook", findings))
    return outputs


def pages(release: Release, study_id: str | None) -> list[Path]:
    """The pages of a release, or the report of one study."""
    pattern = "*.html" if study_id is None else f"report_{study_id}.html"
    return sorted(release.folder.glob(pattern))


def _changed(release: Release, file: str) -> Iterator[Finding]:
    """Whether a file is as the build left it."""
    path, told = release.folder / file, release.manifest.get("files", {}).get(f"release/{file}")
    if not path.is_file():
        yield Finding(BLOCKED, f"release/{file} is gone", REBUILD)
    elif told is not None and told != file_sha256(path):
        yield Finding(BLOCKED, f"release/{file} was changed after it was published", REBUILD)


def _page(release: Release, page: Path) -> Iterator[Finding]:
    yield from _changed(release, page.name)
    text = page.read_text(encoding="utf-8")
    if ANALYSTS in _body(text):
        yield Finding(BLOCKED, "is the analyst's view", "release the page in release/ instead")
    if release.build_id not in text:
        yield Finding(BLOCKED, "doesn't name the build it shows", REBUILD)
    if _OUTSIDE.search(re.sub(r"<a\b[^>]*>", "", text)):
        yield Finding(REVIEW, "loads something from elsewhere", "see that no reader is told on")


def _body(text: str) -> str:
    visible = re.sub(r"<(style|script)\b.*?</\1>", " ", text, flags=re.S | re.I)
    return visible.lower().replace("&#39;", "'")


def _workbook(path: Path) -> Iterator[Finding]:
    try:
        with zipfile.ZipFile(path) as book:
            sheets = [n for n in book.namelist() if n.startswith("xl/worksheets/sheet")]
            live = [n for n in sheets if re.search(rb"<f[ >]", book.read(n))]
            if live:
                reason = f"{len(live)} sheets hold live formulas"
                yield Finding(BLOCKED, reason, REBUILD)
            if any(n.startswith("xl/externalLinks") for n in book.namelist()):
                yield Finding(BLOCKED, "links to other workbooks", REBUILD)
    except zipfile.BadZipFile:
        yield Finding(BLOCKED, "isn't a workbook that can be opened", REBUILD)


def _attack(release: Release, warehouse: Path) -> Iterator[Finding]:
    """What can be worked out about hidden counts once all relations among counts are used."""
    what_to_do = "run `csc check-release` beside the warehouse that made this build"
    try:
        cells, relations, decisions = _universe(release, warehouse)
    except (duckdb.Error, FileNotFoundError, LookupError) as error:
        reason = f"the counts weren't attacked: {_told(error)}"
        yield Finding(REVIEW, reason, what_to_do)
        return
    found = attacked(decisions, relations, cells, release.profile)
    n = cells.merge(found, on=["scope", "cell_id"])
    known = n[n.recovered & n.n.between(1, release.profile.smallest_count - 1)]
    if len(known):
        reason = f"{len(known)} small counts can be worked out from what is shown"
        yield Finding(BLOCKED, reason, "report it to the maintainers; don't release this build")


def _told(error: Exception) -> str:
    if isinstance(error, duckdb.Error):
        return "the warehouse can't be read now (is a build running?)"
    return str(error.args[0])


def _universe(release: Release, warehouse: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    if not warehouse.is_file():
        raise FileNotFoundError(f"there is no {warehouse.parent.name}/{warehouse.name}")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        there = {name for (name,) in connection.execute("show tables").fetchall()}
        if missing := sorted(({*_ATTACK_TABLES, *release.tables}) - there):
            raise LookupError(f"the warehouse has no {missing[0]}")
        shipped = str(release.folder / "csc_outcomes.duckdb").replace("'", "''")
        connection.execute(f"attach '{shipped}' as shipped (read_only)")
        for name in release.tables:
            if not _equal(connection, f'"{name}"', f'shipped.main."{name}"'):
                raise LookupError(f"the warehouse holds another build ({name} differs)")
        cells, relations, decisions = (connection.sql(f"from {t}").df() for t in _ATTACK_TABLES)
    return cells, relations, decisions


def _equal(connection: duckdb.DuckDBPyConnection, own: str, shipped: str) -> bool:
    """Whether two tables hold the same rows, the build_id of the shipped one aside."""
    columns = [name for name, *_ in connection.execute(f"describe {shipped}").fetchall()]
    names = ", ".join(f'"{name}"' for name in columns if name != "build_id")
    one, other = (f"select {names} from {table}" for table in (own, shipped))
    differing = f"(({one}) except all ({other})) union all (({other}) except all ({one}))"
    return connection.execute(f"select count(*) from ({differing})").fetchall()[0][0] == 0
