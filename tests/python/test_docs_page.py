"""The documentation page: one file, offline, with what readers need and nothing else."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import browsers
from csc_outcomes.docs_page import UnknownPage, docs_page, slim_manifest
from projects import copy_project

PUBLIC = "fct_effect_estimates"
LARGEST = 3_000_000


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """dbt's manifest of the project, parsed where the path holds words to look for."""
    project = copy_project(tmp_path_factory.mktemp("canary_path"), with_extracts=False)
    result = project.dbt("parse", "--vars", "canary: canary_variable")
    assert result.returncode == 0, result.stdout[-3000:]
    found: dict[str, Any] = json.loads((project.path / "target" / "manifest.json").read_text())
    return found


@pytest.fixture(scope="module")
def types(manifest: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Column types as publishing finds them: contracts are enforced, so they are the declared."""
    return {
        node["name"]: {
            **{name: column["data_type"] for name, column in node["columns"].items()},
            "build_id": "varchar",
        }
        for node in manifest["nodes"].values()
        if node.get("access") == "public"
    }


@pytest.fixture(scope="module")
def page(manifest: dict[str, Any], types: dict[str, dict[str, str]]) -> str:
    return docs_page(manifest, types)


def unpacked(page: str) -> dict[str, Any]:
    """The data that the page carries."""
    (packed,) = re.findall(r'id="dbt-docs-data">([^<]+)<', page)
    found: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(packed)))
    return found


def test_the_page_is_small_and_names_no_other_address(page: str) -> None:
    assert len(page.encode()) < LARGEST
    assert "default-src 'none'" in page
    assert not re.findall(r"<(?:script|link|img|iframe|source)[^>]+(?:src|href)=.https?://", page)


def test_every_public_table_is_there_with_its_columns_described(page: str) -> None:
    data = unpacked(page)
    nodes = data["manifest"]["nodes"].values()
    public = [node for node in nodes if node.get("access") == "public"]
    assert len(public) > 80
    for node in public:
        assert node["description"], node["name"]
        assert node["raw_code"], node["name"]
        assert all(column["description"] for column in node["columns"].values()), node["name"]
        columns = data["catalog"]["nodes"][node["unique_id"]]["columns"]
        assert all(column["type"] for column in columns.values()), node["name"]
        assert list(columns)[-1] == "build_id" or "build_id" in columns


def test_everything_that_public_tables_are_made_from_is_there(page: str) -> None:
    data = unpacked(page)["manifest"]
    known = {**data["nodes"], **data["sources"]}
    for node in [*known.values(), *data["exposures"].values()]:
        assert set(node["depends_on"]["nodes"]) <= set(known), node["name"]
    assert {name.split("_")[0] for node in known.values() for name in [node["name"]]} > {
        "stg",
        "std",
    }


def test_nothing_of_the_machine_or_the_run_is_in_it(page: str, manifest: dict[str, Any]) -> None:
    text = json.dumps(unpacked(page))
    run = manifest["metadata"]
    for word in (
        "canary",
        run["invocation_id"],
        run["generated_at"],
        "compiled_code",
        "created_at",
    ):
        assert word not in text
    assert "/tmp/" not in text
    assert "macro_sql" not in text


def test_equal_projects_give_equal_pages(
    page: str, manifest: dict[str, Any], types: dict[str, dict[str, str]]
) -> None:
    later = json.loads(json.dumps(manifest))
    later["metadata"].update(generated_at="2031-01-01T00:00:00Z", invocation_id="another")
    for node in later["nodes"].values():
        node["created_at"] = 1.0
    later["nodes"] = dict(reversed(later["nodes"].items()))
    assert docs_page(later, types) == page


def test_tests_of_columns_come_without_their_code(manifest: dict[str, Any]) -> None:
    tests = [n for n in slim_manifest(manifest)["nodes"].values() if n["resource_type"] == "test"]
    assert any(test["test_metadata"]["name"] == "accepted_values" for test in tests)
    assert not any("raw_code" in test or "compiled_code" in test for test in tests)


def test_another_page_of_dbt_is_not_guessed_at(
    manifest: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("csc_outcomes.docs_page.bundled_page", lambda: "<html></html>")
    with pytest.raises(UnknownPage):
        docs_page(manifest, {})


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium, the one that is installed."""
    with browsers.browser() as chromium:
        yield chromium


def test_a_browser_shows_the_overview_and_a_model(browser: Any, page: str, tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    path.write_text(page, encoding="utf-8")
    messages: list[str] = []
    requests: list[str] = []
    tab = browser.new_page()
    tab.on("console", lambda message: messages.append(message.text))
    tab.on("pageerror", lambda error: messages.append(str(error)))
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(path.as_uri())
    tab.get_by_text("Which table answers which question?").wait_for()
    tab.goto(f"{path.as_uri()}#!/model/model.csc_outcomes.{PUBLIC}")
    tab.get_by_role("heading", name=PUBLIC).wait_for()
    shown = tab.inner_text("body")
    for words in ("study_id", "ci_low", "double", "build_id", "what the programme changed"):
        assert words.lower() in shown.lower(), words
    assert messages == []
    assert requests == [path.as_uri()]
    tab.close()
