"""What a build publishes, and what it leaves alone when it fails, is partial, or meets a broken
delivery."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from projects import Project, light_copy
from readers import read_once, reading
from references import COLUMNS, FIXTURES, LA_CODES, add_reference, contract


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with one small authority, built once."""
    project = light_copy(tmp_path_factory.mktemp("publishing"))
    add_reference(project, "edge_ties")
    result = project.dbt("build")
    assert result.returncode == 0, result.stdout[-5000:]
    return project


def published_bytes(project: Project) -> dict[str, str]:
    """Every published Parquet file's hash, and the folder the pointer leads to."""
    current = (project.path / "published" / "current").resolve()
    hashes = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((current / "analyst").glob("*.parquet"))
    }
    return {"current": current.name, **hashes}


@contextlib.contextmanager
def read_all_along(project: Project, folder: Path) -> Iterator[None]:
    """Reads what is published for as long as the block lasts: no read fails or meets another
    build."""
    with reading(project.path / "published", folder, pause=0.5) as reader:
        yield
    assert reader.errors == []
    assert reader.builds == [read_once(project.path / "published")]


def test_all_public_tables_carry_one_build_id(project: Project) -> None:
    with project.published() as tables:
        names = [
            row[0] for row in tables.execute("select table_name from duckdb_tables()").fetchall()
        ]
        ids = {
            tables.execute(f"select min(build_id), max(build_id) from {name}").fetchall()[0]
            for name in names
            if tables.execute(f"select count(*) from {name}").fetchall()[0][0]
        }
    assert len(names) >= 20
    assert len(ids) == 1
    low, high = ids.pop()
    assert low == high == published_bytes(project)["current"]


def test_published_files_are_for_their_owner_alone(project: Project) -> None:
    current = (project.path / "published" / "current").resolve()
    assert oct((current / "analyst").stat().st_mode & 0o777) == "0o700"
    assert {oct(p.stat().st_mode & 0o777) for p in (current / "analyst").iterdir()} == {"0o600"}


@pytest.mark.parametrize(
    "options",
    [
        ("--select", "code_sets"),
        ("--exclude-resource-type", "unit_test", "--select", "code_sets"),
    ],
)
def test_a_filtered_build_changes_nothing(project: Project, options: tuple[str, ...]) -> None:
    before = published_bytes(project)
    result = project.dbt("build", *options)
    assert result.returncode == 0
    assert "Not published" in result.stdout
    assert options[0] in result.stdout
    assert published_bytes(project) == before


def test_a_failing_model_changes_nothing(project: Project, tmp_path: Path) -> None:
    before = published_bytes(project)
    model = project.path / "models" / "marts" / "definitions" / "def_outcomes.sql"
    sound = model.read_text(encoding="utf-8")
    model.write_text(sound.replace("label,", "no_such_column as label,"), encoding="utf-8")
    try:
        with read_all_along(project, tmp_path):
            result = project.dbt("build")
    finally:
        model.write_text(sound, encoding="utf-8")
    assert result.returncode != 0
    assert "Not published" in result.stdout
    assert published_bytes(project) == before


@pytest.mark.parametrize(
    ("header", "replacement", "said"),
    [
        # a column that says something else: most cases close before they start
        (None, None, ["closure_date", "closed_before_start", "26 of 30"]),
        # a required column is gone: the file is refused by name
        ("cin_start_date", "start", ["cases.csv", "file is accepted", "cin_start_date"]),
    ],
    ids=["most rows broken", "required column missing"],
)
def test_a_broken_delivery_stops_the_build_before_the_marts(
    project: Project, header: str | None, replacement: str | None, said: list[str]
) -> None:
    before = published_bytes(project)
    text = (FIXTURES / "edge_ties.csv").read_text(encoding="utf-8")
    declared = dict(COLUMNS)
    if header is None:
        declared["closure_date"], declared["referral_date"] = (
            COLUMNS["referral_date"],
            COLUMNS["closure_date"],
        )
    else:
        text = text.replace(header, str(replacement), 1)
    broken = contract(LA_CODES["edge_ties"], columns=declared)
    project.add_delivery("edge_ties", "all", broken, {"cases.csv": text.encode()})
    try:
        result = project.dbt("build")
    finally:
        sound = contract(LA_CODES["edge_ties"])
        project.add_delivery("edge_ties", "all", sound, {"cases.csv": FIXTURES / "edge_ties.csv"})
    assert result.returncode != 0
    closing = result.stdout[result.stdout.index("Not published") :]
    for words in [LA_CODES["edge_ties"], "cases.csv", *said]:
        assert words in closing
    assert "K00" not in result.stdout
    with project.warehouse() as warehouse:
        statuses = warehouse.execute(
            "select 1 from fct_expectation_results where severity = 'critical'"
        )
        assert statuses.fetchall()
    assert published_bytes(project) == before


def test_a_build_killed_while_it_publishes_changes_nothing(
    project: Project, tmp_path: Path
) -> None:
    before, published = published_bytes(project), project.path / "published"
    command = [str(Path(sys.executable).parent / "dbt"), "build", "--no-use-colors"]
    with read_all_along(project, tmp_path), (tmp_path / "output").open("w") as output:
        process = subprocess.Popen(
            command, cwd=project.path, stdout=output, stderr=output, start_new_session=True
        )
        while not list(published.glob(".*.draft/analyst/*.parquet")):
            assert process.poll() is None, (tmp_path / "output").read_text()[-3000:]
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)
    assert published_bytes(project) == before
    assert list(published.glob(".*.draft"))


def test_a_rebuild_from_nothing_is_equal_to_the_byte(project: Project) -> None:
    before = published_bytes(project)
    for folder in ("landing", "warehouse", "target"):
        shutil.rmtree(project.path / folder)
    shutil.rmtree(project.path / "published")
    result = project.dbt("build")
    assert result.returncode == 0, result.stdout[-3000:]
    assert published_bytes(project) == before


def test_no_key_no_build(tmp_path: Path) -> None:
    project = light_copy(tmp_path)
    real = {**contract("301"), "la_name": "Anytown", "synthetic": False}
    project.add_delivery("anytown", "2020", real, {"cases.csv": FIXTURES / "edge_tiny.csv"})
    result = project.dbt("build")
    assert result.returncode != 0
    assert "csc key new" in result.stdout
    assert "Traceback" not in result.stdout
    assert not (project.path / "published").exists()


def test_a_build_tells_a_newcomer_nothing_to_wonder_about(built: Project) -> None:
    output = (built.path / "build_output.txt").read_text(encoding="utf-8")
    for word in ("WARN ", "Warning", "warning:", "Deprecat", "Traceback"):
        assert word not in output.replace("0 warnings", ""), word
