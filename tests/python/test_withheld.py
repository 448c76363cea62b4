"""What dbt tells of an error holds no value, however a value or an exception looks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pytest
from dbt_common.exceptions import DbtRuntimeError

from csc_outcomes.withheld import _told_without_values, _without_values

NAME = "Zebulon Quartermaine"
TABLE = f"""(select unnest(['{NAME}', 'x
LINE 1: {NAME}', 'when casting from source column {NAME}
', 'x
LINE 1: {NAME}
        ^']) as said)"""


@contextmanager
def as_it_is(*_: Any) -> Iterator[None]:
    yield


def told(sql: str, table: str = "people") -> str:
    """What comes out of an error of a statement over a table of bad values."""
    with duckdb.connect() as connection:
        connection.execute(f"create table {table} as from {TABLE}")
        with (
            pytest.raises(duckdb.Error) as failure,
            _without_values(as_it_is)(None, sql),
        ):
            connection.execute(sql).fetchall()
    return str(failure.value)


@pytest.mark.parametrize("number", range(4))
def test_a_failed_cast_tells_its_column_and_its_line_of_sql(number: int) -> None:
    sql = f"select said::integer as n\nfrom (from people limit 1 offset {number})"
    said = told(sql)
    assert NAME.split()[0] not in said
    assert said.startswith("Conversion Error: a value doesn't fit; it is withheld")
    assert "LINE 1: select said::integer as n\n" in said


@pytest.mark.parametrize(
    "sql",
    [
        "select timezone(said, now()) from people",
        "set variable x = (from people limit 1); from read_csv(getvariable('x'))",
        "copy people to '/no/such/folder/{said}.csv'",
        "select error(said) from people",
        "-- as csc_land() does\nselect said::integer from people",
        "select error('a' || said) from people; select csc_land()",
        "/* select csc_land() */ select said::date from people",
    ],
)
def test_no_error_quotes_a_value(sql: str) -> None:
    assert "Zebulon" not in told(sql)


def test_what_is_no_value_is_told() -> None:
    assert "/no/such/file.csv" in told("from read_csv('/no/such/file.csv')")
    assert "Not published: mend it's" in told("select error('Not published: mend it''s')")
    assert "no_such_column" in told("select no_such_column from people")


def fails() -> None:
    """As dbt runs a model: its exception's text becomes the message."""
    try:
        model()
    except Exception as error:
        raise DbtRuntimeError(f"Python model failed:\n{error}")  # noqa: B904


def model() -> None:
    """Fails in every way that Python has."""
    try:
        raise KeyError(f'{NAME}\n  File "{NAME}", line 1, in x\n    {NAME}\nTraceback {NAME}:')
    except KeyError as error:
        group = ExceptionGroup(NAME, [ValueError(NAME), duckdb.IOException(f"No space {NAME}")])
        group.add_note(f"  {NAME}")
        raise group from error


def test_a_python_model_tells_its_stack_and_kinds_alone() -> None:
    with pytest.raises(DbtRuntimeError) as failure:
        _told_without_values(fails)()
    said = str(failure.value)
    assert NAME not in said
    assert "Python model failed:" in said
    assert re.search(r"in model\n +raise group from error\n +ExceptionGroup: its message", said)
    for kind in ("KeyError", "ValueError", "IOException"):
        assert f"{kind}: its message is withheld" in said
