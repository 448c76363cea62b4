"""csc_land() in SQL, the lock message, and the commands."""

import argparse
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.credentials import DuckDBCredentials

from csc_outcomes.dbt_plugin import Plugin, SqlFunction, create_macros, register
from csc_outcomes.landing.commands import add_landing_commands
from csc_outcomes.landing.errors import LandingError
from landing_project import HEADER, Project

NAME = "Zachary Quine"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    project = Project(tmp_path / "project")
    project.deliver(f"{HEADER}\nC1,K1,2019-01-02\n")
    (project.folder / "dbt_project.yml").write_text("name: test\n")
    monkeypatch.setenv("CSC_PROJECT_DIR", str(project.folder))
    return project


def plugin(path: Path) -> Plugin:
    return Plugin("door", {}, DuckDBCredentials(path=str(path)))


def test_csc_land_lands_the_project_once(project: Project, tmp_path: Path) -> None:
    door = plugin(tmp_path / "warehouse" / "w.duckdb")
    assert stat.S_IMODE((tmp_path / "warehouse").stat().st_mode) == 0o700
    with duckdb.connect() as connection:
        door.configure_connection(connection)
        cursor = connection.cursor()
        door.configure_cursor(cursor)
        (summary,) = cursor.execute("select csc_land()").fetchone() or ("",)
    assert summary.startswith("landing: 1 file, 1 landed and 0 refused (1 read now); 1 record,")
    assert len(project.rows()) == 1


def test_a_failure_comes_out_as_one_plain_sentence(project: Project, tmp_path: Path) -> None:
    (project.extracts / "demonstration.key").unlink()
    with duckdb.connect() as connection:
        plugin(tmp_path / "w.duckdb").configure_connection(connection)
        with pytest.raises(duckdb.Error) as error:
            connection.execute("select csc_land()")
    assert str(error.value).startswith("Invalid Input Error: no demonstration.key")
    assert "\n" not in str(error.value)


def test_other_functions_get_their_arguments_and_hide_values() -> None:
    def joined(_: object, first: str, second: str) -> str:
        if first == second:
            raise LandingError("both are the same")
        return f"{first}-{int(second)}"

    functions = {"csc_join": SqlFunction(joined, ("first", "second"))}
    with duckdb.connect() as connection:
        register(connection, functions)
        cursor = connection.cursor()
        create_macros(cursor, functions)
        assert cursor.execute("select csc_join('a', '1')").fetchone() == ("a-1",)
        with pytest.raises(duckdb.Error, match="both are the same"):
            cursor.execute("select csc_join('a', 'a')").fetchone()
        with pytest.raises(duckdb.Error, match="unexpected ValueError in") as error:
            cursor.execute("select csc_join('a', ?)", [NAME]).fetchone()
        assert NAME not in str(error.value)


def test_a_held_lock_is_explained(tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"
    hold = (
        f"import duckdb; c = duckdb.connect({str(warehouse)!r}); print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        door = plugin(warehouse)
        with pytest.raises(RuntimeError) as error:
            door.update_connection_config(door.creds, {})
        holder.communicate(b"\n")
    assert f"is in use by process {holder.pid} (python" in str(error.value)
    assert "\n" not in str(error.value)
    door.update_connection_config(door.creds, {})
    assert stat.S_IMODE(warehouse.stat().st_mode) == 0o600


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_landing_commands(parser.add_subparsers(required=True))
    parsed = parser.parse_args(arguments)
    status: int = parsed.run(parsed)
    return status


def test_the_land_command(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    folder = f"--project-dir={project.folder}"
    (project.folder / "dbt_project.yml").touch()
    assert run("land", folder) == 0
    project.deliver(b"", la="beta")
    assert run("land", folder) == 1
    assert "[empty_file]" in capsys.readouterr().out
    (project.extracts / "demonstration.key").unlink()
    assert run("land", folder) == 2
    assert "demonstration.key" in capsys.readouterr().err


def test_the_key_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CSC_PSEUDONYM_KEY_FILE", raising=False)
    (tmp_path / "dbt_project.yml").touch()
    assert run("key", "new", f"--project-dir={tmp_path}") == 0
    key = (tmp_path / "keys" / "pseudonym.key").read_text().splitlines()[-1]
    assert run("key", "new", f"--project-dir={tmp_path}") == 2
    output = capsys.readouterr()
    assert "is there already" in output.err
    assert key not in output.out + output.err
    assert len(list((tmp_path / "keys").iterdir())) == 1
