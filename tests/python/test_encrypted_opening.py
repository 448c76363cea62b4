"""Why an encrypted warehouse can't be opened: each reason has its own sentence."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import duckdb
import pytest

from csc_outcomes import encrypted

KEY = "1f" * 32


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (f"IO Error: Could not set lock on file, key {KEY}", "is in use"),
        (f"Invalid Input Error: Wrong encryption key {KEY}", "isn't the key"),
    ],
)
def test_a_lock_is_no_wrong_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, told: str
) -> None:
    monkeypatch.setattr(encrypted, "extension_file", lambda package, _: tmp_path / package)
    connection = Mock()
    connection.execute.side_effect = duckdb.Error(said)
    with pytest.raises(RuntimeError, match=told) as failure:
        encrypted.open_encrypted(
            connection, tmp_path / "encrypted.duckdb", {encrypted.KEY_VARIABLE: KEY}
        )
    assert KEY not in str(failure.value)
    assert ("delete it" in str(failure.value)) == (told == "isn't the key")


def test_a_folder_that_is_missing_is_no_wrong_key(tmp_path: Path) -> None:
    warehouse = tmp_path / "no_such_folder" / "encrypted.duckdb"
    with pytest.raises(RuntimeError, match=r"There is no folder .*no_such_folder"):
        encrypted.open_encrypted(Mock(), warehouse, {encrypted.KEY_VARIABLE: KEY})
