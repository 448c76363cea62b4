"""One build for the whole suite: every reference table is an authority and a study of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import duckdb
import pytest

import authorities
from projects import Project, copy_project, share
from references import LA_CODES, add_reference, add_trial_reference

LONGEST_BUILD_SECONDS = 1800


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Orders files so that no worker waits while another builds: one that needs `built` comes
    first and makes it, then those that build projects of their own, then the others."""
    files = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
    builder = next((tests for tests in files if all(map(_needs_built, tests))), None)
    files.sort(
        key=lambda tests: (
            tests is not builder,
            not _builds(tests[0]),
            _needs_built(tests[0]),
        )
    )
    items[:] = [item for tests in files for item in tests]


def _needs_built(item: pytest.Item) -> bool:
    return "built" in getattr(item, "fixturenames", ())


def _builds(item: pytest.Item) -> bool:
    return not {"copy_project", "light_copy"}.isdisjoint(vars(getattr(item, "module", None) or ()))


@pytest.fixture(scope="session", autouse=True)
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all workers of this run have in common."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    share(folder)
    return folder


@pytest.fixture(scope="session")
def built(shared: Path) -> Project:
    """The project with the committed extract, all reference tables and the made-up authorities,
    built once for all workers: tests read it and change nothing in it."""
    path, outcome = shared / "built", shared / "built.txt"
    try:
        path.mkdir()
    except FileExistsError:
        _wait_for(outcome)
    else:
        _build(path, outcome)
    failure = outcome.read_text(encoding="utf-8")
    assert not failure, failure
    return Project(path)


def _build(path: Path, outcome: Path) -> None:
    """Builds, and writes what went wrong, or nothing, when it is done."""
    failure = "the build of the suite broke off"
    try:
        project = copy_project(path)
        for name in LA_CODES:
            add_reference(project, name)
        add_trial_reference(project)
        authorities.add_all(project)
        # not as one of many copies: a parse of its own says what dbt warns of
        result = Project(path).dbt("build")
        (path / "build_output.txt").write_text(result.stdout, encoding="utf-8")
        failure = "" if result.returncode == 0 else result.stdout[-5000:]
    finally:
        draft = outcome.with_suffix(".draft")
        draft.write_text(failure, encoding="utf-8")
        draft.replace(outcome)


def _wait_for(outcome: Path) -> None:
    until = time.monotonic() + LONGEST_BUILD_SECONDS
    while not outcome.is_file():
        assert time.monotonic() < until, "another worker's build doesn't end"
        time.sleep(0.5)


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
