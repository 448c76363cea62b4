"""The target `encrypted`: nothing in the warehouse can be read at rest without its key."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

from canaries import BIRTH_DATES
from csc_outcomes.encrypted import KEY_VARIABLE, PACKAGE, open_encrypted
from long_form import IS_LONG
from test_privacy import Planted, Said, plant, run

pytestmark = [
    pytest.mark.skipif(find_spec(PACKAGE) is None, reason=f"the option's package {PACKAGE}"),
    pytest.mark.skipif(not IS_LONG, reason="takes minutes: CSC_LONG=1 runs it"),
]
KEY = "1f" * 32


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Planted, Said]:
    """The planted project, built into an encrypted warehouse."""
    planted = plant(tmp_path_factory.mktemp("encrypted") / "project")
    os.environ[KEY_VARIABLE] = KEY
    try:
        return planted, run(planted, "dbt", "build", "--target", "encrypted")
    finally:
        del os.environ[KEY_VARIABLE]


def words(planted: Planted) -> list[bytes]:
    """What stands in a plain warehouse: names of tables and columns, pseudonyms, words of codes."""
    with planted.project.published() as tables:
        found = tables.execute("select distinct child_id from fct_cin_cases").fetchall()
    return [b"birth_date", b"fct_cin_cases", b"British", *(text.encode() for (text,) in found)]


def test_nothing_in_the_warehouse_is_readable_at_rest(built: tuple[Planted, Said]) -> None:
    planted, said = built
    assert said.code == 0, said.text[-3000:]
    files = [path for path in (planted.path / "warehouse").iterdir() if path.is_file()]
    assert "encrypted.duckdb" in [path.name for path in files]
    for path in files:
        raw = path.read_bytes()
        assert not any(word in raw for word in words(planted)), path
        assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(duckdb.Error, match="without a key"):
        duckdb.connect(str(planted.path / "warehouse" / "encrypted.duckdb"), read_only=True)


def test_the_key_is_nowhere_and_opens_it(built: tuple[Planted, Said]) -> None:
    planted, said = built
    assert KEY not in said.text
    for path in planted.path.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path
    with duckdb.connect() as connection:
        place = planted.path / "warehouse" / "encrypted.duckdb"
        open_encrypted(connection, place, {KEY_VARIABLE: KEY})
        days = connection.execute("select birth_date from std_cin_case_records").fetchall()
        assert BIRTH_DATES[0] in {day for (day,) in days}


def test_a_plain_build_shows_that_the_words_are_looked_for(
    built: tuple[Planted, Said], tmp_path: Path
) -> None:
    plain = Planted(type(built[0].project)(tmp_path / "plain"))
    shutil.copytree(built[0].path, plain.path, symlinks=True)
    assert run(plain, "dbt", "build").code == 0
    raw = (plain.path / "warehouse" / "csc_outcomes.duckdb").read_bytes()
    assert any(word in raw for word in words(plain))


@pytest.mark.parametrize(
    ("key", "told"),
    [("", "needs its key"), ("short", "needs its key"), ("2f" * 32, "isn't the key")],
)
def test_another_key_or_none_is_told_in_a_line(
    built: tuple[Planted, Said], monkeypatch: pytest.MonkeyPatch, key: str, told: str
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, key)
    said = run(built[0], "dbt", "build", "--target", "encrypted")
    assert said.code != 0
    assert told in said.text
    assert "Traceback" not in said.text
    assert not key or key not in said.text
