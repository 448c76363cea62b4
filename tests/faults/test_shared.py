"""A child goes from a warehouse that a team shares with the first build after the withdrawal."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from csc_outcomes.forgetting.search import holders
from csc_outcomes.forgetting.withdrawal import find_child
from long_form import IS_LONG
from postgres import server
from references import LA_CODES
from small_project import NAME, small_copy

for package in ("duckdb_extension_ducklake", "duckdb_extension_postgres_scanner"):
    pytest.importorskip(package, reason="pip install --requirement requirements-shared.txt")

BIN = Path(sys.executable).parent


@pytest.mark.skipif(not IS_LONG, reason="two builds on DuckLake; CSC_LONG=1 makes them")
def test_the_build_after_a_withdrawal_leaves_nothing_of_the_child(tmp_path: Path) -> None:
    project, lake = small_copy(tmp_path / "project"), tmp_path / "lake"
    delivery = project.path / "extracts" / NAME / "all"
    (cases,) = yaml.safe_load((delivery / "extract.yml").read_text())["files"]
    with (delivery / "cases.csv").open(newline="") as file:
        child_id = next(csv.DictReader(file))[cases["columns"]["child_id"]]
    pseudonyms = find_child(project.path, LA_CODES[NAME], child_id).pseudonyms
    with server() as postgres:
        environment = {**os.environ, **postgres.environment, "CSC_LAKE_DATA": str(lake)}
        environment.pop("CSC_PROJECT_DIR", None)

        def run(program: str, *arguments: str, entered: str = "") -> str:
            result = subprocess.run(
                [BIN / program, *arguments],
                cwd=project.path,
                env=environment,
                input=entered,
                capture_output=True,
                text=True,
                check=False,
            )
            assert result.returncode == 0, result.stdout[-4000:] + result.stderr
            return result.stdout

        first = run("dbt", "build", "--target", "shared")
        assert "has changed since" not in first
        said = run("csc", "withdraw", "--la", LA_CODES[NAME], "--yes", entered=f"{child_id}\n")
        assert f"The shared warehouse in {lake} still holds the records" in said
        assert holders(lake, pseudonyms)
        assert "Now run `vacuumdb --full`" in run("dbt", "build", "--target", "shared")
        assert holders(lake, pseudonyms) == []
        postgres.run("vacuumdb", "--full", "--quiet")
        assert holders(postgres.folder / "data" / "base", pseudonyms) == []
