"""Spark and DuckDB take turns: the order of the rounds, and a small project built in three."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from csc_outcomes.spark import session
from csc_outcomes.spark.build import SparkBuild
from csc_outcomes.spark.commands import is_session, spark_build_command
from csc_outcomes.spark.exchange import NotExchangeable, described
from csc_outcomes.spark.rounds import Round, rounds
from projects import ROOT
from spark_project import needs_spark

MACROS = ("spark.sql", "build.sql", "public_tables.sql")
RUN = """
import json, sys
from pathlib import Path
from csc_outcomes.spark.build import SparkBuild
from csc_outcomes.spark.session import start_session
project = Path.cwd()
start_session(project / "spark", {})
build = SparkBuild(project)
build.take_turns()
print(json.dumps(build.statuses), file=sys.stderr)
"""
FILES = {
    "dbt_project.yml": """
name: csc_outcomes
version: "1.0.0"
profile: csc_outcomes
model-paths: [models, python/models]
macro-paths: [macros, tests/generic]
test-paths: [tests/singular]
vars: {landing_dir: landing}
flags: {send_anonymous_usage_stats: false}
on-run-start: "{{ land_extracts() }}"
on-run-end: "{{ close_build(results) }}"
models: {csc_outcomes: {+materialized: table}}
""",
    "seeds/gaps.csv": """id,label,day,amount
1,"a 'quoted', \\d word",2020-02-29,1.5
2,,,
3,None,2021-12-31,2
""",
    "models/models.yml": """
sources:
  - name: landing
    config:
      meta:
        external_location: >-
          read_parquet('{{ var('landing_dir') }}/{name}/*.parquet', union_by_name = true)
    tables: [{name: records}]
models:
  - name: stg
    config: {materialized: view}
  - name: std
    description: It's a "table".
    config: {contract: {enforced: true}, access: public}
    columns:
      - {name: n, data_type: integer, description: how many}
      - {name: id, data_type: varchar, description: "an id, 'quoted'", data_tests: [not_null]}
      - {name: label, data_type: varchar}
  - name: py_first
    data_tests: [{unique_columns: {arguments: {columns: [id]}}}]
  - name: last
    config: {contract: {enforced: true}}
    columns: [{name: id, data_type: varchar}, {name: doubled, data_type: bigint}]
unit_tests:
  - name: counts
    model: std
    given:
      - {input: ref('stg'), rows: [{id: a, added: null}, {id: a, added: b}]}
      - {input: ref('gaps'), rows: []}
    expect: {rows: [{id: a, n: 2, label: null}]}
""",
    "models/stg.sql": "select id, added from {{ source('landing', 'records') }}",
    "models/std.sql": """
select stg.id, gaps.label, count(*) as n
from {{ ref('stg') }} as stg
left join {{ ref('gaps') }} as gaps on cast(gaps.id as string) = stg.id
group by stg.id, gaps.label
""",
    "models/middle.sql": "select id, doubled from {{ ref('py_first') }}",
    "models/last.sql": "select id, doubled from {{ ref('py_second') }}",
    "python/models/py_first.py": """
def model(dbt, session):
    frame = dbt.ref("std").df()
    frame["doubled"] = frame["n"] * 2
    return frame[["id", "doubled"]]
""",
    "python/models/py_second.py": """
def model(dbt, session):
    return dbt.ref("middle").df()
""",
}


def _node(name: str, language: str = "sql", kind: str = "model") -> dict[str, Any]:
    return {"name": name, "resource_type": kind, "language": language}


def test_a_python_model_waits_for_those_before_it() -> None:
    names = {
        "std": "sql",
        "py_gate": "python",
        "fct": "sql",
        "py_fit": "python",
        "py_also": "python",
    }
    manifest = {
        "nodes": {name: _node(name, language) for name, language in names.items()},
        "parent_map": {
            "std": ["source"],
            "py_gate": ["std"],
            "fct": ["py_gate"],
            "py_fit": ["fct", "std"],
            "py_also": ["std"],
        },
    }
    found = rounds(manifest)
    assert found == [
        Round((), ("py_also", "py_fit", "py_gate")),
        Round(("py_also", "py_gate"), ("py_fit",)),
        Round(("py_fit",), ()),
    ]
    assert found[0].selection == ["--exclude", "py_also+", "py_fit+", "py_gate+"]
    assert found[1].selection == ["--select", "py_also+", "py_gate+", "--exclude", "py_fit+"]
    assert found[2].selection == ["--select", "py_fit+"]


def test_a_missing_or_old_java_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(session.SparkMissing, match=r"no Java found by JAVA_HOME; .* Java 17"):
        session.check_java()
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o700)
    with pytest.raises(session.SparkMissing, match="Java 11 is what JAVA_HOME leads to"):
        session.check_java()
    java.write_text("#!/bin/sh\necho 'openjdk version \"21\"' >&2\n")
    session.check_java()


def test_missing_packages_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(session, "PACKAGES", {"no_such_module": "no-such-package"})
    arguments = type("Arguments", (), {"project_dir": ROOT, "conf": [], "vars": "", "folder": None})
    assert spark_build_command(arguments()) == 2
    assert "not installed: no-such-package" in capsys.readouterr().err


def test_a_folder_that_holds_something_else_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = tmp_path / "mine" / "tables" / "notes.txt"
    foreign.parent.mkdir(parents=True)
    foreign.touch()
    (tmp_path / "mine").chmod(0o755)
    monkeypatch.setattr(session, "PACKAGES", {})
    (tmp_path / "dbt_project.yml").touch()
    monkeypatch.delenv("CSC_PROJECT_DIR", raising=False)
    facts = {"project_dir": tmp_path, "conf": [], "vars": "", "target": "spark"}
    arguments = type("Arguments", (), {**facts, "folder": tmp_path / "mine"})
    assert spark_build_command(arguments()) == 2
    assert "holds something else" in capsys.readouterr().err
    assert foreign.is_file()
    assert (tmp_path / "mine").stat().st_mode & 0o777 == 0o755


def test_a_folder_that_was_empty_serves_again_and_again(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    for _ in range(2):
        build = SparkBuild(tmp_path, folder=folder)
        build.claim_folder()
        build._clear()
        (folder / "tables" / "left.parquet").touch()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_profile_has_a_spark_of_its_own_process() -> None:
    assert is_session(ROOT, "spark")
    assert not is_session(ROOT, "local")


def test_a_type_that_spark_lacks_is_told(tmp_path: Path) -> None:
    duckdb.sql(f"copy (select 1::utinyint as n) to '{tmp_path}/a.parquet'")
    with pytest.raises(NotExchangeable, match=r"wide\.n is UTINYINT"):
        described("wide", "main", tmp_path)


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A small project with two Python models, one behind the other, built by both engines; how
    each node ended."""
    needs_spark()
    project = tmp_path_factory.mktemp("turns")
    for name, text in FILES.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    shutil.copy2(ROOT / "profiles.yml", project)
    shutil.copytree(ROOT / "tests" / "generic", project / "tests" / "generic")
    (project / "macros").mkdir()
    for macro in MACROS:
        shutil.copy2(ROOT / "macros" / macro, project / "macros")
    records = project / "landing" / "records"
    records.mkdir(parents=True)
    duckdb.sql(
        f"copy (select '1' as id, 'x' as added union all select '7', null) to '{records}/a.parquet'"
    )
    duckdb.sql(f"copy (select '1' as id) to '{records}/b.parquet'")
    # columns that no file has are told by an empty one, which Spark wouldn't see
    duckdb.sql(f"copy (select '' as id, '' as added where false) to '{records}/_empty.parquet'")
    result = subprocess.run(
        [sys.executable, "-c", RUN], cwd=project, text=True, capture_output=True, check=False
    )
    assert result.returncode == 0, (result.stdout + result.stderr)[-3000:]
    return project, json.loads(result.stderr.splitlines()[-1])


def test_every_node_runs_once_its_turn_comes(turned: tuple[Path, dict[str, str]]) -> None:
    _, statuses = turned
    kinds = [name.split(".")[0] for name in statuses]
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == {
        "model": 6,
        "seed": 1,
        "test": 2,
        "unit_test": 1,
    }
    assert set(statuses.values()) == {"success", "pass"}


def test_both_engines_see_the_same_tables(turned: tuple[Path, dict[str, str]]) -> None:
    with duckdb.connect(str(turned[0] / "spark" / "csc_outcomes.duckdb")) as warehouse:
        gaps = warehouse.sql("select label, day is null, amount from gaps order by id").fetchall()
        assert gaps == [
            ("a 'quoted', \\d word", False, 1.5),
            (None, True, None),
            ("None", False, 2),
        ]
        assert warehouse.sql("from std order by id").fetchall() == [
            (2, "1", "a 'quoted', \\d word"),
            (1, "7", None),
        ]
        assert warehouse.sql("from last order by id").fetchall() == [("1", 4), ("7", 2)]
        types = warehouse.sql("select column_type from (describe std)").fetchall()
        assert types == [("INTEGER",), ("VARCHAR",), ("VARCHAR",)]
        comments = "select comment from duckdb_views() where view_name = 'std'"
        assert warehouse.sql(comments).fetchall() == [('It\'s a "table".',)]


def test_nobody_else_can_read_the_folder(turned: tuple[Path, dict[str, str]]) -> None:
    folder = turned[0] / "spark"
    assert folder.stat().st_mode & 0o077 == 0
    files = [path for path in (folder / "tables").rglob("*") if path.is_file()]
    assert files
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)
