"""`csc report` and `csc check-release` say what is wrong and what to do, and how far they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from csc_outcomes import progress
from csc_outcomes.cli import main
from projects import Project

COMMANDS = (["report"], ["report", "--release"], ["check-release"])


@pytest.fixture
def here(built: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project of the published build, as the one that commands find."""
    monkeypatch.setenv("CSC_PROJECT_DIR", str(built.path))
    return built


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_study_is_told_with_those_there_are(
    here: Project, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--study", "nowhere"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("no study nowhere in this build; it has ")
    assert "crewe" in told
    assert "fact22" in told


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_published_build_the_next_step_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "dbt_project.yml").touch()
    monkeypatch.setenv("CSC_PROJECT_DIR", str(tmp_path))
    assert main(command) == 2
    kind = "analyst" if command == ["report"] else "release"
    told = capsys.readouterr().err
    assert told.startswith(f"no {kind} tables at {tmp_path}")
    assert told.endswith(": run `dbt build` first\n")
    monkeypatch.setenv("CSC_PROJECT_DIR", str(tmp_path.parent))
    assert main(command) == 2
    assert "run this from the project's folder" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_named(
    here: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file, where a folder should be", encoding="utf-8")
    assert main(["report", "--study", "crewe", "--output", str(taken)]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "crewe: drawing the report"
    assert told[-1].startswith(f"no access to {taken}: File exists. Name a folder that can be")


def test_a_release_report_keeps_nothing_of_the_analysts(
    here: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "report"
    (folder / "tables").mkdir(parents=True)
    leftover = folder / "tables" / "all_of_it.csv"
    leftover.write_text("n\n1\n", encoding="utf-8")
    command = ["report", "--study", "crewe", "--release", "--output", str(folder)]
    assert main(command) == 2
    assert "give --output a new folder" in capsys.readouterr().err
    (folder / "report.html").write_text("an earlier report", encoding="utf-8")
    assert main(command) == 0
    assert not leftover.exists()
    assert "Release view" in (folder / "report.html").read_text(encoding="utf-8")


def test_output_is_the_folder_of_one_study(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--output", "anywhere"]) == 2
    assert "name the study with --study" in capsys.readouterr().err


def test_long_steps_say_how_far_they_are_and_short_ones_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    making = ["synthetic", "--mode", "returns", "--format", "records", "--children", "12"]
    assert main([*making, "--out", str(tmp_path / "quick")]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress, "SILENT_SECONDS", 0.0)
    assert main([*making, "--out", str(tmp_path / "slow")]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"writing returns: {n} of 12 children" for n in range(1, 13)]
