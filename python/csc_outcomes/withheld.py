"""Values stay out of what dbt tells of an error: DuckDB quotes the value that it could not cast,
and a Python model's exception may quote anything. dbt writes both to its output, its log and
`target/run_results.json`."""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from traceback import walk_tb
from typing import Any

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.environments.local import LocalEnvironment
from dbt_common.exceptions import DbtRuntimeError

from csc_outcomes.causes import cause_of

# What DuckDB raises over data; all other errors are about SQL, files or memory.
OVER_DATA = (
    duckdb.DataError,
    duckdb.IntegrityError,
    duckdb.InvalidInputException,
    duckdb.NotSupportedError,
)
MARK = "csc_withholds_values"
WITHHELD = "a value doesn't fit; it is withheld"
KIND = re.compile(r"[A-Z]\w*( \w+)* Error(?=:)")
COLUMN = re.compile(r"when casting from source column (\w+)")
SQL_LINE = re.compile(r"\nLINE \d+: (?P<sql>.*)(?:\n *\^)?\s*")
QUOTED = re.compile(r"""(["'])(.*)\1""", re.DOTALL)
# The product's own statements, whose messages are written without values; dbt puts a comment first.
OURS = re.compile(
    r"\s*(/\*((?!\*/).)*\*/)?\s*select "
    r"(csc_(land|forget_earlier_builds)\(\)|(csc_close_build_outcome|error)\('([^']|'')*'\));?\s*",
    re.DOTALL,
)
PYTHON_MODEL = "Python model failed:\n"
# Of Python models' exceptions this one's message is about a suite of expectations, never data.
TOLD = ("csc_outcomes.expectations.runner.ExpectationError",)

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
            except (*OVER_DATA, duckdb.IOException) as error:
                if OURS.fullmatch(sql) or _is_about_files(error, sql):
                    raise
                raise type(error)(told_of_sql(error, sql)) from None

    return exception_handler


def _told_without_values(submit: Callable[..., Any]) -> Any:
    def submit_python_job(*arguments: Any, **named: Any) -> Any:
        try:
            return submit(*arguments, **named)
        except DbtRuntimeError as error:  # its text has the model's exception, and so its message
            failure = error.__cause__ or error.__context__ or error
            raise DbtRuntimeError(PYTHON_MODEL + told_of_python(failure)) from None

    return submit_python_job


def _is_about_files(error: Exception, sql: str) -> bool:
    """Whether an error of reading or writing quotes, if anything, what stands in the SQL or a
    path."""
    quoted = QUOTED.search(str(error))
    path = Path(quoted[2]) if quoted and "\n" not in quoted[2] else None
    is_path = path is not None and path.is_absolute() and path.parent.is_dir()
    return isinstance(error, duckdb.IOException) and (quoted is None or quoted[2] in sql or is_path)


def told_of_sql(error: Exception, sql: str) -> str:
    """The kind of an error, its cause where the machine is at fault, the column it names and the
    line of SQL, as far as they stand in `sql`, without the value."""
    text = str(error)
    kind, cause = KIND.match(text), cause_of(text)
    head = f"{kind[0] if kind else 'Error'}: {cause or WITHHELD}"
    columns = [name for name in COLUMN.findall(text)[-1:] if name in sql]
    # A value may look like a line of SQL: DuckDB's own is the last, whose ends it may cut.
    start = text.rfind("\nLINE ")
    line = SQL_LINE.fullmatch(text, start) if start >= 0 else None
    is_in_sql = line is not None and line["sql"].removeprefix("...").removesuffix("...") in sql
    return "\n\n".join(
        [
            " ".join([head, *(f"when casting from source column {name}" for name in columns)]),
            *([line[0].strip()] if line and is_in_sql else []),
        ]
    )


def told_of_python(error: BaseException) -> str:
    """A Python model's failure as the stacks and the kinds of its exceptions, the first first."""
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    members = getattr(error, "exceptions", ())  # of a group
    parts = [*([earlier] if earlier else []), *members]
    return "\n".join([*(told_of_python(part) for part in parts), *_stack(error), _kind(error)])


def _stack(error: BaseException) -> Iterator[str]:
    """The code that was at work; dbt has deleted a model's file by now, not what is cached."""
    yield "Traceback (most recent call last):"
    for frame, number in walk_tb(error.__traceback__):
        name = frame.f_code.co_filename
        yield f'  File "{name}", line {number}, in {frame.f_code.co_name}'
        if code := linecache.getline(name, number).strip():
            yield f"    {code}"


def _kind(error: BaseException) -> str:
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    told = str(error) if kind in TOLD else cause_of(str(error)) or "its message is withheld"
    return f"{kind}: {told}"
