"""A project folder that isn't there, or is none: each command says so in one line, makes nothing,
and never takes another project for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from csc_outcomes.cli import main

COMMANDS = (
    "land",
    "key new",
    "key rotate",
    "withdraw --la 331 --yes",
    "purge --yes",
    "add-extract cases.csv",
    "plan --study one",
    "report",
    "check-release",
    "spark-build",
    "summary",
)
WITH_OPTION = ("land", "key new", "key rotate", "spark-build")


@pytest.mark.parametrize("named", ["missing", "nothing", "file.txt"])
@pytest.mark.parametrize(
    ("command", "by_option"),
    [*((name, False) for name in COMMANDS), *((name, True) for name in WITH_OPTION)],
)
def test_a_project_that_is_not_there_is_told_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    by_option: bool,
    named: str,
) -> None:
    for name in ("CSC_PSEUDONYM_KEY", "CSC_PSEUDONYM_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "nothing").mkdir()
    (tmp_path / "file.txt").touch()
    other = tmp_path / "other"  # what a wrong name must not lead to
    other.mkdir()
    (other / "dbt_project.yml").touch()
    monkeypatch.chdir(other)
    folder = (other if named == "missing" else tmp_path) / named
    arguments = command.split()
    if by_option:
        monkeypatch.setenv("CSC_PROJECT_DIR", str(other))
        arguments += ["--project-dir", str(folder)]
    else:
        monkeypatch.setenv("CSC_PROJECT_DIR", str(folder))
    before = sorted(tmp_path.rglob("*"))
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert str(folder) in said.err
    assert ("no folder" in said.err) is (named != "nothing")
    assert sorted(tmp_path.rglob("*")) == before
