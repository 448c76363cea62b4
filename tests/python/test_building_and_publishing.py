"""What a first build says. What disturbs builds, and what they leave alone then, is in
tests/faults."""

from __future__ import annotations

from pathlib import Path

from projects import Project, light_copy
from references import FIXTURES, contract


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
