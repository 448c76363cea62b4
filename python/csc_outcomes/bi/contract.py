"""The contract of the public tables: what may change under which version.

`contracts/public_tables.yml` holds every public table as it was last promised: version, grain,
columns and types. A table's version is `contract_version` in the meta of its property file, "1.0"
where that doesn't say. Adding a column raises the second number at least; removing, renaming or
retyping one, or another grain, raises the first.

    python -m csc_outcomes.bi.contract           says what breaks the contract
    python -m csc_outcomes.bi.contract --accept  writes the file anew, if nothing does

Both read target/manifest.json, so run `dbt parse` before.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from csc_outcomes.project import project_dir

CONTRACT = Path("contracts") / "public_tables.yml"
FIRST_VERSION = "1.0"
HEADER = """\
# Every public table as it was last promised to those who read it: version, grain, columns, types.
# Written by `dbt parse && python -m csc_outcomes.bi.contract --accept`; the rule is in
# docs/connect.md. A table's version is contract_version in the meta of its property file.
"""

Table = dict[str, Any]  # version, grain, columns (name to type)
Contract = dict[str, Table]  # by name of the table


def contract_of(manifest: Mapping[str, Any]) -> Contract:
    """What dbt's manifest promises of each public model."""
    models = sorted(manifest["nodes"].values(), key=lambda node: node["name"])
    return {
        model["name"]: {
            "version": str(model["config"]["meta"].get("contract_version", FIRST_VERSION)),
            "grain": list(model["config"]["meta"].get("grain", [])),
            "columns": {
                name: column["data_type"] for name, column in sorted(model["columns"].items())
            },
        }
        for model in models
        if model["resource_type"] == "model" and model["config"]["access"] == "public"
    }


def breaches(promised: Contract, offered: Contract, removed: Sequence[str] = ()) -> list[str]:
    """One line for each table whose change its version doesn't say, and what to do.

    `removed` names tables that are taken away on purpose.
    """
    lines = []
    for name in sorted({*promised, *offered}):
        if name not in offered:
            if name not in removed:
                lines.append(
                    f"{name} is gone, and dashboards may read it: keep it, or accept with "
                    f"--removed {name}"
                )
        elif name in promised:
            lines += _breach(name, promised[name], offered[name])
    return lines


def _breach(name: str, old: Table, new: Table) -> list[str]:
    breaking, adding = changes(old, new)
    before, now = _numbers(name, old["version"]), _numbers(name, new["version"])
    if breaking:
        needed, least = now[0] > before[0], f"{before[0] + 1}.0"
    elif adding:
        needed, least = now > before, f"{before[0]}.{before[1] + 1}"
    else:
        needed, least = now >= before, old["version"]
    if needed:
        return []
    what = "; ".join(breaking + adding) or "the version fell"
    return [f"{name} {old['version']}: {what}: contract_version must be {least} or higher"]


def changes(old: Table, new: Table) -> tuple[list[str], list[str]]:
    """What breaks readers of the table, and what only adds to it."""
    was, now = old["columns"], new["columns"]
    breaking = [f"column {column} is gone" for column in was if column not in now]
    breaking += [
        f"column {column} was {was[column]} and is {now[column]}"
        for column in was
        if column in now and was[column] != now[column]
    ]
    if old["grain"] != new["grain"]:
        breaking.append(f"the grain was {', '.join(old['grain'])}")
    return breaking, [f"column {column} is new" for column in now if column not in was]


def _numbers(name: str, version: str) -> tuple[int, int]:
    """`1.10` as (1, 10); ValueError for anything else."""
    parts = version.split(".")
    if len(parts) != 2 or not all(part.isdigit() for part in parts):
        raise ValueError(f"{name}: contract_version {version!r} isn't two numbers such as '1.0'")
    return int(parts[0]), int(parts[1])


def read_contract(path: Path) -> Contract:
    """The contract as committed; empty where there is none yet."""
    if not path.is_file():
        return {}
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


def contract_text(contract: Contract) -> str:
    """The committed form: tables and columns in the order of their names."""
    return HEADER + yaml.safe_dump(contract, sort_keys=False, width=100)


def main(arguments: Sequence[str] | None = None) -> int:
    """Says what breaks the contract, or writes it anew; 1 where something breaks it."""
    parser = argparse.ArgumentParser(prog="python -m csc_outcomes.bi.contract")
    parser.add_argument("--accept", action="store_true", help="write the contract as it is now")
    parser.add_argument("--removed", nargs="*", default=[], help="tables taken away on purpose")
    options = parser.parse_args(arguments)
    project = project_dir()
    manifest = project / "target" / "manifest.json"
    if not manifest.is_file():
        print(f"no {manifest}: run `dbt parse` first", file=sys.stderr)
        return 1
    path = project / CONTRACT
    promised = read_contract(path)
    offered = contract_of(json.loads(manifest.read_text(encoding="utf-8")))
    broken = breaches(promised, offered, options.removed)
    if broken:
        print("\n".join(broken), file=sys.stderr)
        return 1
    if options.accept:
        path.parent.mkdir(exist_ok=True)
        path.write_text(contract_text(offered), encoding="utf-8")
    elif promised != offered:
        print(f"{CONTRACT} is behind: run this again with --accept", file=sys.stderr)
        return 1
    print(f"{len(offered)} public tables keep their contract")
    return 0


if __name__ == "__main__":
    sys.exit(main())
