"""A project so small that it builds in seconds: one authority's case list through the product's own
door, standard tables, gate and publishing. Tables that only other formats or estimates fill are
there with their columns and without rows."""

from __future__ import annotations

import csv
import io
import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from projects import REFERENCE, Project, light_copy
from references import FIXTURES, LA_CODES, contract

NAME = "edge_ties"
# What is built as it is in the product, with all that it rests on.
REAL = (
    "fct_load_log",
    "fct_quarantined_rows",
    "fct_expectation_results",
    "fct_cin_cases",
    "dim_children",
    "dim_local_authorities",
    "def_studies",
    "def_public_tables",
    "code_sets",  # which a macro refers to
)
# What keeps its columns and loses its rows: returns, study files, and what the summary reads.
HOLLOW = (
    "std_returned_children",
    "std_return_cases",
    "fct_rule_scorecard",
    "fct_cin_episodes",
    "fct_effect_estimates",
    "fct_fitness_for_analysis",
    "fct_fitness_for_outcomes",
    "fct_group_outcomes",
    "fct_plan_deviations",
    "fct_published_comparison",
    "fct_study_diagnostics",
)
SUITES = ("std_cin_cases",)
RECORDS = ("std_cin_case_records",)


def small_copy(target: Path) -> Project:
    """The small project with version 0 of its delivery."""
    light_copy(target)
    _use_few_inputs(target)
    models = {path.stem: path for path in (target / "models").rglob("*.sql")}
    models |= {path.stem: path for path in (target / "python" / "models").glob("*.py")}
    for name in HOLLOW:
        models[name].write_text(_hollow(models[name]), encoding="utf-8")
    seeds = {path.stem: path for path in (target / "seeds").rglob("*.csv")}
    known, wanted = {**models, **seeds}, set[str]()
    found = {*REAL, *HOLLOW}
    while found := found - wanted:
        wanted |= found
        found = {name for one in found for name in _names(known[one]) if name in known}
    for name, path in known.items():
        if name not in wanted:
            path.unlink()
            path.with_suffix(".yml").unlink(missing_ok=True)
    _leave_out_properties(target, wanted)
    for path in (target / "tests" / "singular").glob("*.sql"):
        if not wanted.issuperset(REFERENCE.findall(path.read_text(encoding="utf-8"))):
            path.unlink()
    shutil.rmtree(target / "analyses")
    project = Project(target, alike="small")
    deliver(project, 0)
    return project


def deliver(project: Project, version: int) -> None:
    """Version n of the delivery holds n cases fewer than version 0: another build."""
    rows = list(csv.reader(io.StringIO((FIXTURES / f"{NAME}.csv").read_text(encoding="utf-8"))))
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows[: len(rows) - version])
    files = {"cases.csv": stream.getvalue().encode()}
    project.add_delivery(NAME, "all", contract(LA_CODES[NAME]), files)


def _use_few_inputs(target: Path) -> None:
    """One suite of expectations, and one table of records to account for."""
    for path in (target / "expectations").glob("*.json"):
        if path.stem not in SUITES:
            path.unlink()
    runner = target / "python" / "models" / "py_expectation_results.py"
    lines = runner.read_text(encoding="utf-8").splitlines(keepends=True)
    runner.write_text("".join(line for line in lines if _stays(line, SUITES)), encoding="utf-8")
    macros = target / "macros" / "standard.sql"
    before, rest = macros.read_text(encoding="utf-8").split("{% macro record_tables() -%}\n")
    tables, after = rest.split("    ]) }}", 1)
    kept = [
        line for line in tables.splitlines() if re.match(rf"\s+\('({'|'.join(RECORDS)})'", line)
    ]
    assert len(kept) == len(RECORDS)
    table_list = "    {{ return([\n" + ",\n".join(line.rstrip(",") for line in kept)
    macros.write_text(
        f"{before}{{% macro record_tables() -%}}\n{table_list}\n    ]) }}}}{after}",
        encoding="utf-8",
    )


def _stays(line: str, suites: tuple[str, ...]) -> bool:
    """All lines of the model that runs the suites but the references to other tables."""
    table = re.search(r'dbt\.ref\("(\w+)"\)', line)
    return table is None or table[1] in suites


def _hollow(path: Path) -> str:
    """SQL that has a model's columns and no row."""
    (model,) = _properties(path.with_suffix(".yml"))["models"]
    columns = ",\n    ".join(
        f"cast(null as {column['data_type']}) as {column['name']}" for column in model["columns"]
    )
    return f"select\n    {columns}\nwhere false\n"


def _properties(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


def _leave_out_properties(target: Path, wanted: set[str]) -> None:
    """Takes what isn't built out of property files that several models or seeds share."""
    for path in [*(target / "models").rglob("*.yml"), *(target / "seeds").rglob("*.yml")]:
        properties = _properties(path)
        for kind in ("models", "seeds"):
            kept = [one for one in properties.get(kind, []) if one["name"] in wanted]
            if kind in properties:
                properties[kind] = kept
        path.write_text(yaml.safe_dump(properties, sort_keys=False), encoding="utf-8")


def _names(path: Path) -> set[str]:
    """What a file may refer to: by ref(), or as the argument of a macro that does."""
    return set(re.findall(r"""['"](\w+)['"]""", path.read_text(encoding="utf-8")))
