"""The plugin that dbt-duckdb loads: it opens a shared warehouse, and gives SQL the functions that
frame a build, csc_land and csc_close_build, and the one that deletes earlier builds.

DuckDB adds Python stack lines to whatever a Python function raises. So the function behind each SQL
name never raises: it returns text marked as done or failed, and a temporary macro turns a failure
into DuckDB's own error, whose message is one plain sentence.
"""

import json
import logging
import re
from collections.abc import Callable
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin

from csc_outcomes.causes import cause_of, is_locked, system_error, with_remedy
from csc_outcomes.encrypted import encrypted_file, is_free, open_encrypted
from csc_outcomes.forgetting.opening import open_privately, open_shared
from csc_outcomes.forgetting.wishes import WishesChanged, noted_wishes
from csc_outcomes.lake import (
    LakeInUse,
    forget_earlier_builds,
    hold_lake,
    is_lake,
    lake_data,
    open_lake,
)
from csc_outcomes.landing.door import where_raised
from csc_outcomes.landing.errors import LandingError
from csc_outcomes.lock import ProjectInUse, at_work_with
from csc_outcomes.project import ProjectNotFound, project_dir
from csc_outcomes.publish import Build, close_build
from csc_outcomes.published_statistics.landing import land_everything
from csc_outcomes.reading import ReadingFailed
from csc_outcomes.withheld import withhold_values

DONE, FAILED = "+", "!"


class SqlFunction(NamedTuple):
    """A function for SQL: text arguments in, text out; `call` also gets a cursor of the connection,
    first, for the connection itself is at work.

    Of the errors in `told` the message comes out, of any other only its kind and place.
    """

    call: Callable[..., str]
    parameters: tuple[str, ...] = ()
    told: tuple[type[Exception], ...] = (LandingError,)


def csc_land(conn: duckdb.DuckDBPyConnection) -> str:
    """Lands the extracts of the project that dbt runs in, and the published statistics that lie
    beside them; a one-line summary."""
    hold_lake(conn)
    project = project_dir()
    with noted_wishes(project):
        return land_everything(project)


def csc_close_build(conn: duckdb.DuckDBPyConnection, build: str) -> str:
    """Publishes the build that `build` (JSON) describes, if it is complete; what came out, or why
    not."""
    return close_build(Build(**json.loads(build)), project_dir(), conn)


FUNCTIONS = {
    "csc_land": SqlFunction(csc_land, told=(LakeInUse, LandingError, ProjectNotFound)),
    "csc_close_build": SqlFunction(
        csc_close_build,
        ("build",),
        told=(duckdb.IOException, duckdb.OutOfMemoryException, ReadingFailed, WishesChanged),
    ),
    "csc_forget_earlier_builds": SqlFunction(forget_earlier_builds, told=(LakeInUse,)),
}


class Plugin(BasePlugin):
    """Makes the warehouse folder or opens the shared warehouse, explains a lock on it, registers
    the functions."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        withhold_values()
        logging.raiseExceptions = False  # on a full disk each line of the log would show a stack
        if self.creds is not None and self.creds.path != ":memory:":
            try:
                Path(self.creds.path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise RuntimeError(system_error(error)) from None

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        try:
            self._begin_work()
            if creds.path != ":memory:":
                check_lock(Path(creds.path), config)
                open_privately(Path(creds.path))
            elif warehouse := encrypted_file(creds):
                warehouse.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                if not is_free(warehouse):
                    raise RuntimeError(_in_use(warehouse, ""))
                open_privately(warehouse)
            else:
                open_shared(lake_data(creds))
        except OSError as error:
            raise RuntimeError(system_error(error)) from None

    def _begin_work(self) -> None:
        """Nobody may remove anything of the project until the plugin has ended."""
        try:
            at_work_with(self, project_dir())
        except ProjectNotFound:  # then there is nothing to remove
            return
        except ProjectInUse as error:
            raise RuntimeError(f"{error}.") from None

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        if self.creds is not None and is_lake(self.creds):
            open_lake(conn, self.creds)
        elif self.creds is not None and (warehouse := encrypted_file(self.creds)):
            open_encrypted(conn, warehouse)
        register(conn, FUNCTIONS)

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        if self.creds is not None and (is_lake(self.creds) or encrypted_file(self.creds)):
            cursor.execute(f"use {self.creds.database}")
        create_macros(cursor, FUNCTIONS)


def check_lock(warehouse: Path, config: dict[str, Any]) -> None:
    """RuntimeError, in one line that says who holds it or what is wrong with it, where the
    warehouse can't be opened."""
    try:
        duckdb.connect(str(warehouse), config=config).close()
        warehouse.chmod(0o600)
    except duckdb.Error as error:
        said = str(error)
        raise RuntimeError(
            _in_use(warehouse, said) if is_locked(error) else _damaged(warehouse, said)
        ) from None


def _in_use(warehouse: Path, said: str) -> str:
    holder = re.search(r"held in (.+?) \(PID (\d+)\)|PID (\d+)", said)
    process = f"process {holder[2] or holder[3]}" if holder else "another process"
    program = f" ({Path(holder[1]).name})" if holder and holder[1] else ""
    return (
        f"The warehouse {warehouse} is in use by {process}{program}: wait until it is done, or "
        "close it (another dbt run, a BI tool or a DuckDB shell), then run this again."
    )


def _damaged(warehouse: Path, said: str) -> str:
    if cause_of(said):
        return f"The warehouse {warehouse} can't be opened: {with_remedy(said)}."
    return (
        f"The warehouse {warehouse} is damaged, or of another version of DuckDB: delete it and "
        f"{warehouse.name}.wal, where there is one, and run `dbt build`, which makes it anew from "
        f"the extracts. What is published stays. DuckDB says: {with_remedy(said)}"
    )


def register(conn: duckdb.DuckDBPyConnection, functions: dict[str, SqlFunction]) -> None:
    """Makes `functions` callable on a connection; cursors of it need `create_macros` as well."""
    [(database,)] = conn.execute("select current_database()").fetchall()
    for name, function in functions.items():
        types: list[Any] = ["VARCHAR"] * len(function.parameters)
        conn.create_function(
            f"{name}_outcome",
            _guarded(function, conn, database),
            types,
            "VARCHAR",
            side_effects=True,
        )
    create_macros(conn, functions)


def create_macros(conn: duckdb.DuckDBPyConnection, functions: dict[str, SqlFunction]) -> None:
    """Gives `functions` their SQL names on this connection or cursor."""
    for name, function in functions.items():
        parameters = ", ".join(function.parameters)
        conn.execute(
            f"create or replace temporary macro {name}({parameters}) as "
            f"list_transform([{name}_outcome({parameters})], lambda outcome: "
            f"case when outcome[1] = '{FAILED}' then error(outcome[2:]) else outcome[2:] end)[1]"
        )


def _guarded(
    function: SqlFunction, conn: duckdb.DuckDBPyConnection, database: str
) -> Callable[..., str]:
    def outcome(*arguments: str) -> str:
        try:
            cursor = conn.cursor()
            cursor.execute(f'use "{database}"')  # a cursor of its own accord looks elsewhere
            return DONE + function.call(cursor, *arguments)
        except function.told as error:
            return f"{FAILED}{with_remedy(str(error)) if cause_of(str(error)) else error}"
        except OSError as error:
            return f"{FAILED}{system_error(error)}"
        except Exception as error:  # its message may hold a value
            return f"{FAILED}unexpected {where_raised(error)}"

    # DuckDB counts the parameters
    parameters = [Parameter(name, Parameter.POSITIONAL_ONLY) for name in function.parameters]
    outcome.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return outcome
