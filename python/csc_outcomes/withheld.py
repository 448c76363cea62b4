"""Values stay out of what dbt tells of an error: DuckDB quotes the value that it could not cast,
and a Python model's exception may quote anything. dbt writes both to its output, its log and
`target/run_results.json`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.environments.local import LocalEnvironment
from dbt_common.exceptions import DbtRuntimeError

# What DuckDB raises over data; all other errors are about SQL, files or memory.
OVER_DATA = (duckdb.DataError, duckdb.IntegrityError, duckdb.InvalidInputException)
MARK = "csc_withholds_values"
WITHHELD = "a value doesn't fit; it is withheld"
COLUMN = re.compile(r"when casting from source column \w+")
SQL_LINE = re.compile(r"^LINE \d+: .*", re.MULTILINE | re.DOTALL)
# Errors of the product's own, whose messages are written without values.
OURS = re.compile(r"\bcsc_\w+\(|^\s*(/\*.*?\*/)?\s*select\s+error\(", re.DOTALL)
PYTHON_MODEL = "Python model failed:\n"
# Lines of a stack that show code, and messages of this package, which are written without values.
STACK = re.compile(r"^(Traceback|  |csc_outcomes\.|The above exception|During handling|$)")
KIND = re.compile(r"^[\w.]+(?=:|$)")

Handler = Callable[..., AbstractContextManager[None]]


def withhold_values() -> None:
    """From here on dbt's DuckDB connections tell errors without values; harmless if repeated."""
    if hasattr(DuckDBConnectionManager, MARK):
        return
    setattr(DuckDBConnectionManager, MARK, True)
    handler = DuckDBConnectionManager.exception_handler
    DuckDBConnectionManager.exception_handler = _without_values(handler)
    LocalEnvironment.submit_python_job = _told_without_values(LocalEnvironment.submit_python_job)


def _without_values(handler: Handler) -> Any:
    @contextmanager
    def exception_handler(self: Any, sql: str, connection_name: str = "master") -> Iterator[None]:
        with handler(self, sql, connection_name):
            try:
                yield
            except OVER_DATA as error:
                if OURS.search(sql):
                    raise
                raise type(error)(told_of_sql(error)) from None

    return exception_handler


def _told_without_values(submit: Callable[..., Any]) -> Any:
    def submit_python_job(*arguments: Any, **named: Any) -> Any:
        try:
            return submit(*arguments, **named)
        except DbtRuntimeError as error:
            raise DbtRuntimeError(told_of_python(str(error.msg))) from None

    return submit_python_job


def told_of_sql(error: Exception) -> str:
    """The kind of an error, the column it names and the line of SQL, without the value."""
    text = str(error)
    kind = text.partition(":")[0] if text[:1].isupper() else "Error"
    column, line = COLUMN.search(text), SQL_LINE.search(text)
    head = " ".join([f"{kind}: {WITHHELD}", *([column[0]] if column else [])])
    return f"{head}\n\n{line[0]}" if line else head


def told_of_python(text: str) -> str:
    """A Python model's failure as its stack and the kinds of its exceptions."""
    lines = text.removeprefix(PYTHON_MODEL).splitlines()
    return PYTHON_MODEL + "\n".join(filter(None, map(_told_line, lines)))


def _told_line(line: str) -> str:
    if STACK.match(line):
        return line
    kind = KIND.match(line)
    is_exception = kind and (kind[0][:1].isupper() or "." in kind[0])
    return f"{kind[0]}: its message is withheld" if kind and is_exception else ""
