"""What readers are told about every table and column, and what BI may rely on, as dbt sees it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from projects import ROOT, Project, copy_project

Node = dict[str, Any]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A parsed copy; its output lies in parse.txt."""
    path = copy_project(tmp_path_factory.mktemp("documentation"), with_extracts=False).path
    project = Project(path)  # reads everything itself: what is read already warns of nothing
    result = project.dbt("parse", "--show-all-deprecations")
    assert result.returncode == 0, result.stdout[-3000:]
    (project.path / "parse.txt").write_text(result.stdout, encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def manifest(project: Project) -> dict[str, Any]:
    """dbt's manifest."""
    text = (project.path / "target" / "manifest.json").read_text(encoding="utf-8")
    manifest: dict[str, Any] = json.loads(text)
    return manifest


def nodes(manifest: dict[str, Any], resource_type: str) -> Iterator[Node]:
    """The project's own nodes of one type."""
    for node in manifest["nodes"].values():
        if node["resource_type"] == resource_type:
            yield node


def undescribed(node: Node) -> list[str]:
    """The node where it has no description, and its columns that have none."""
    missing = [] if node["description"].strip() else [node["name"]]
    return missing + [
        f"{node['name']}.{name}"
        for name, column in node["columns"].items()
        if not column["description"].strip()
    ]


def test_parsing_warns_of_nothing(project: Project) -> None:
    output = (project.path / "parse.txt").read_text(encoding="utf-8")
    assert not re.search(r"warn|deprecat", output, re.IGNORECASE), output


def test_every_model_and_column_is_described(manifest: dict[str, Any]) -> None:
    models = list(nodes(manifest, "model"))
    assert len(models) >= 60
    assert [name for model in models for name in undescribed(model)] == []
    assert [model["name"] for model in models if not model["columns"]] == []


def test_every_model_from_standard_up_has_a_property_file_of_its_own(
    manifest: dict[str, Any],
) -> None:
    for model in nodes(manifest, "model"):
        if model["fqn"][1] != "staging":
            own_file = Path(model["original_file_path"]).with_suffix(".yml").as_posix()
            assert (model["patch_path"] or "").endswith(f"//{own_file}"), model["name"]


def test_every_seed_is_described_column_by_column(manifest: dict[str, Any]) -> None:
    seeds = list(nodes(manifest, "seed"))
    assert [name for seed in seeds for name in undescribed(seed)] == []
    for seed in seeds:
        with (ROOT / seed["original_file_path"]).open(newline="", encoding="utf-8") as file:
            header = next(csv.reader(file))
        assert list(seed["columns"]) == header, seed["name"]
        assert list(seed["config"]["column_types"]) == header, seed["name"]


def test_every_source_is_described(manifest: dict[str, Any]) -> None:
    sources = list(manifest["sources"].values())
    assert sources
    assert all(s["description"] and s["source_description"] for s in sources)


def test_contracts_hold_wherever_formats_meet_and_bi_reads(manifest: dict[str, Any]) -> None:
    for model in nodes(manifest, "model"):
        if model["fqn"][1] == "standard" or model["access"] == "public":
            assert model["config"]["contract"]["enforced"], model["name"]
            assert model["config"]["meta"]["grain"], model["name"]


def test_every_public_table_has_its_grain_tested(manifest: dict[str, Any]) -> None:
    tested = {
        test["attached_node"]: test["test_metadata"]["kwargs"]["columns"]
        for test in nodes(manifest, "test")
        if (test.get("test_metadata") or {}).get("name") == "unique_columns"
    }
    for model in nodes(manifest, "model"):
        if model["access"] == "public" or model["fqn"][1] == "standard":
            assert tested[model["unique_id"]] == model["config"]["meta"]["grain"], model["name"]


def test_no_doc_block_is_left_over(manifest: dict[str, Any]) -> None:
    used = {block for node in manifest["nodes"].values() for block in node.get("doc_blocks", [])}
    used |= {
        block
        for node in manifest["nodes"].values()
        for column in node.get("columns", {}).values()
        for block in column.get("doc_blocks", [])
    }
    ours = {key for key in manifest["docs"] if key.startswith("doc.csc_outcomes.")}
    assert ours - used == {"doc.csc_outcomes.__overview__"}


def test_every_parameter_is_read_by_a_rule(manifest: dict[str, Any]) -> None:
    with (ROOT / "seeds/parameters/parameters.csv").open(newline="", encoding="utf-8") as file:
        parameters = {row["parameter_id"] for row in csv.DictReader(file)}
    code = "\n".join(
        model["raw_code"]
        for model in nodes(manifest, "model")
        if model["name"] != "int_study_parameters"
    )
    library = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "python/csc_outcomes").rglob("*.py")
    )
    unread = {name for name in parameters if f".{name}" not in code}
    assert {name for name in unread if f'"{name}"' not in library} == set()


def test_the_overview_is_ours(manifest: dict[str, Any]) -> None:
    overview = manifest["docs"]["doc.csc_outcomes.__overview__"]["block_contents"]
    tables = set(re.findall(r"`((?:dim|fct|def|rpt)_\w+)`", overview))
    assert len(tables) >= 10
    assert tables <= {model["name"] for model in nodes(manifest, "model")}
