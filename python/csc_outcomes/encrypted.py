"""A warehouse file that is encrypted at rest (AES-GCM, by DuckDB): the target `encrypted`.
docs/privacy.md says how to use one and what stays readable."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from csc_outcomes.causes import is_locked
from csc_outcomes.lake import extension_file

if TYPE_CHECKING:
    from dbt.adapters.duckdb.credentials import DuckDBCredentials

ALIAS = "encrypted"
KEY_VARIABLE = "CSC_WAREHOUSE_KEY"
KEY = re.compile("[0-9A-Fa-f]{64,}")
# Without it DuckDB 1.5 reads encrypted files and writes none.
PACKAGE = "duckdb_extension_httpfs"


def encrypted_file(creds: DuckDBCredentials) -> Path | None:
    """The target's encrypted warehouse; None where the target has none."""
    return next((Path(a.path) for a in creds.attach or [] if a.alias == ALIAS), None)


def is_free(warehouse: Path) -> bool:
    """Whether no other process has the file open."""
    if not warehouse.exists():
        return True
    try:
        duckdb.connect(str(warehouse)).close()
    except duckdb.Error as error:  # mostly: it is encrypted, so nobody has it locked
        return not is_locked(error)
    return True


def open_encrypted(
    conn: duckdb.DuckDBPyConnection, warehouse: Path, environment: Mapping[str, str] = os.environ
) -> None:
    """Attaches the warehouse with the key from the environment; what DuckDB puts aside on disk for
    want of memory is encrypted too. RuntimeError, in one line, where that can't be."""
    key = environment.get(KEY_VARIABLE, "")
    if not KEY.fullmatch(key):
        raise RuntimeError(
            f"The encrypted warehouse needs its key: set {KEY_VARIABLE} to at least 64 hexadecimal "
            "digits, such as `openssl rand -hex 32` prints (docs/privacy.md)."
        )
    if not warehouse.parent.is_dir():
        raise RuntimeError(f"There is no folder {warehouse.parent} for the encrypted warehouse.")
    conn.load_extension(str(extension_file(PACKAGE, ALIAS)))
    place, aside = (str(path).replace("'", "''") for path in (warehouse, _aside(warehouse)))
    try:
        conn.execute(f"attach '{place}' as {ALIAS} (encryption_key '{key}')")
    except duckdb.Error as error:  # its message is not worth the risk of a key in it
        if is_locked(error):
            raise RuntimeError(
                f"The encrypted warehouse {warehouse} is in use: wait until the other process is "
                "done, or close it, then run this again."
            ) from None
        raise RuntimeError(
            f"The encrypted warehouse {warehouse} can't be opened: {KEY_VARIABLE} isn't the key "
            "that it was made with, or it is damaged. With the key lost, delete it and run "
            "`dbt build --target encrypted`, which makes it anew from the extracts."
        ) from None
    shutil.rmtree(_aside(warehouse), ignore_errors=True)  # of a build that was killed
    conn.execute(f"set temp_directory = '{aside}'")
    conn.execute("set temp_file_encryption = true")
    conn.execute(f"use {ALIAS}")


def _aside(warehouse: Path) -> Path:
    """Where DuckDB puts aside what doesn't fit into memory."""
    return warehouse.with_name(f"{warehouse.name}.tmp")
