"""Which build, which tables and which profile the page was made from."""

from __future__ import annotations

import json

import pandas as pd

from csc_outcomes.report.blocks import Block, Column, Facts, Section, Table
from csc_outcomes.report.source import Source

COLUMNS = [
    Column("table_name", "Table"),
    Column("n_rows", "Rows", "integer"),
    Column("sha256", "SHA-256 of its Parquet file"),
]


def section(source: Source, study_id: str) -> Section | None:
    """The build, the profile and the hash of each table that the build published."""
    facts = [("Build", source.build_id)]
    release = source.table_or_empty("release")
    if source.is_release and len(release):
        row = release.iloc[0]
        facts.append(("Disclosure profile", f"{row['profile']}, version {row['profile_version']}"))
        facts += [("What it does", str(row["title"]))] if "title" in row else []
    hashes = sorted(
        set(source.table("effect_estimates", study_id=study_id).get("parameter_hash", []))
    )
    facts.append(("Sets of parameters", f"{len(hashes)} among the estimates, each with its hash"))
    blocks: list[Block] = [Facts([(name, value) for name, value in facts if value])]
    tables = _hashes(source)
    if len(tables):
        blocks.append(
            Table("table_hashes", "Tables of this build", tables, COLUMNS, is_folded=True)
        )
    return Section("provenance", "Where the numbers come from", blocks)


def _hashes(source: Source) -> pd.DataFrame:
    """The manifest's rows and hashes of this kind's tables; none where it isn't written yet."""
    path = source.folder / "manifest.json"
    if not path.is_file():
        return pd.DataFrame()
    tables = json.loads(path.read_text(encoding="utf-8")).get("tables", {})
    rows = [
        {"table_name": name, "n_rows": entry["n_rows"], "sha256": entry["sha256"]}
        for name, entry in sorted(tables.items())
        if name.startswith("rpt_") == source.is_release
    ]
    return pd.DataFrame(rows)
