"""One build for the whole suite: every reference table is an authority and a study of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import authorities
from projects import Project, copy_project
from references import LA_CODES, add_reference, add_trial_reference


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with the committed extract, all reference tables and the made-up authorities,
    built once."""
    project = copy_project(tmp_path_factory.mktemp("built"))
    for name in LA_CODES:
        add_reference(project, name)
    add_trial_reference(project)
    authorities.add_all(project)
    result = project.dbt("build")
    assert result.returncode == 0, result.stdout[-5000:]
    (project.path / "build_output.txt").write_text(result.stdout, encoding="utf-8")
    return project


@pytest.fixture(scope="session")
def tables(built: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published tables of that build."""
    with built.published() as connection:
        yield connection


@pytest.fixture(scope="session")
def key() -> bytes:
    """The key of synthetic deliveries."""
    from csc_outcomes.landing.keys import find_demonstration_key

    found = find_demonstration_key(Path(__file__).parents[2] / "extracts")
    assert found is not None
    return found
