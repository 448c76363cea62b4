"""What the macros of casts, texts, dates and numbers make of made-up awkward values, on DuckDB and
on Spark: the same.

The engines' own casts differ (blanks, 1d, 1_000, year 2020 as a date, 2.5 as a whole number), and
so do their months and roundings; the committed data are too clean to show it. No value here is
anybody's.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest

MACROS = Path(__file__).parents[2] / "macros"
FILES = ("texts.sql", "casts.sql", "dates.sql", "numbers.sql", "costs.sql")

SPACES = [" ", "\u00a0", "\u2009", "\u3000", "\t", "\n", "\r\n"]
NUMBERS = [
    "12", "-3", "+5", "1e3", "1E3", "-1e-2", ".5", "5.", "2.5", "-2.5", "0.5", "1.0", "-0", "007",
    "1_000", "1__0", "_1", "1_", "1d", "1f", "0x1p3", "1,000", "--1", "+-1", "1e", "1e+", "1e400",
    "+-.5", "++1", "-+1", "+-inf", "infinity", "epoch",
    "99999999999", "99999999999999999999", "inf", "-Infinity", "NaN", "nan", "infinit",
    "\u0661", "\uff11", "½", "∞", "true", "one", "-", "+", ".", "1.5.2", "1 2", "12%",
]  # fmt: skip
AMOUNTS = [
    "£1,234.50", "-£5", "£-5", "12.00-", "(12.00)", "( £ 1 234 )", "£\u00a01\u00a0234", "12,50",
    "1,23,456", "£", "(", "-", "1234567", "12345678.9", "0.001", ".5", "£.5-", "$5", "5p", "1,234,",
    "100000000000000000", "9999999999999998", "10000000000000000", "123456789012345678901",
    "0.00005", "0.000000125", "0.0001", "0", "(-5)", "£ +7", "12\n",
]  # fmt: skip
DATES = [
    "2018-04-05", "2018-4-5", "18-04-05", "0018-04-05", "12018-04-05", "+2018-04-05", "2018-04",
    "2018", "2018-02-29", "2020-02-29", "2018-02-30", "2018-13-01", "2018-00-05", "2018-04-00",
    "2018-004-05", "2018- 4-05", "2018/04/05", "2018-04-05T00:00:00", "2018-04-05 10:00",
    "2018-04-05 10:00:00.123+01:00", "2018-04-05 1:00", "2018-04-05T10:00\nx", "5/4/2018",
    "05/04/2018", "31/04/2018", "29/02/2020", "29/02/2019", "13/12/2018", "12/13/2018", "1/2/18",
    "1/ 2/2018", "001/2/2018", "05-Apr-2018", "5-APR-18", "5-apr-69", "5-Apr-68", "5-Apr-8",
    "5-April-2018", "5-Sept-2018", "5-Sep-2018", "31-Feb-2018", "Apr-2018", "apr-18", "Apr-018",
    "Apr-8", "April-2018", "43195", "43195.0", "43195.5", "00001", "4319", "431950", "1900-01-01",
    "1900-01-01 00:00:00", "9999-12-31", "01/01/1900", "1/1/1900 00:00", "31/12/9999", "N/A", "na",
    "#MULTIVALUE", "Not known", "unknown", "-1", "tomorrow",
    "\uff12018-04-05", "\u0662\u0660\u0661\u0668-\u0660\u0664-\u0660\u0665",
    "2018-04-05;2018-04-06", "2018-04-05;tomorrow", ";", "NA;2018-04-05",
]  # fmt: skip
LABELS = [
    "2015/16", "2015-16", "2015/2016", "201516", "2015/17", "1999/00", "2099/00", "2015//16",
    "2015/1", "Total", "Grand total", "SUB-TOTAL:", "Sub total", "totals : ", "Totally", "subtotal",
    "a|b||c", "a.b|c", "[a]|\\E|b", "É", "ß", "İ", "'", "\\", "\\d", "%", "$1",
]  # fmt: skip
# The ends of months and what is next to them, in leap years and others.
DAYS = [
    "2018-01-30", "2018-01-31", "2018-02-28", "2018-03-01", "2018-08-31", "2018-11-30",
    "2018-12-31", "2019-02-28", "2019-03-31", "2020-02-28", "2020-02-29", "2020-03-01",
    "2020-08-30", "2020-12-31", "2021-02-28", "2024-02-29", "2100-02-28",
]  # fmt: skip
MONTHS = [-12, -6, -1, 0, 1, 6, 11, 12, 13, 24, 48]
# Halves, doubles that lie a little beside them, and both signs.
DOUBLES = [
    0.285, 2.675, 1.005, 0.5, 1.5, 2.5, -0.5, -2.5, 12345.65, 0.125, -0.285, 1e-7, 99.995, 1e15,
    0.1 + 0.2, 33.333333333333336, -0.0, None,
]  # fmt: skip
FORMATS = ["iso|dmy", "mdy|mony", "dmony|excel_serial"]


def texts() -> list[str | None]:
    """Every text as it is, some of each kind with spaces of every width about them, and none."""
    plain = [*NUMBERS, *AMOUNTS, *DATES, *LABELS, ""]
    sample = ["12", "2.5", "£5", "2018-04-05", "5/4/2018", "NA", "43195", "2015/16", "Total", ""]
    padded = [f"{space}{text}{space}" for space in SPACES for text in sample]
    return [None, *dict.fromkeys([*plain, *padded])]


def macros(engine: str) -> Any:
    """The project's macros as dbt would take them for an engine."""
    source = "\n".join((MACROS / name).read_text() for name in FILES)

    class Adapter:
        def dispatch(self, name: str) -> Any:
            return getattr(module, f"{engine}__{name}", None) or getattr(module, f"default__{name}")

    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    # What a macro returns is all that it would have printed.
    environment.globals |= {"adapter": Adapter(), "return": lambda value: value}
    module = environment.from_string(source).module
    return module


def expressions(engine: str) -> dict[str, str]:
    """Column name to SQL over the columns `text` and `date_formats`."""
    macro = macros(engine)
    columns = {
        "number": macro.try_number("text", "double"),
        "integer": macro.try_number("text", "integer"),
        "whole_number": macro.try_whole_number("text"),
        "amount": macro.try_amount("text"),
        "amount_text": macro.number_text(macro.try_amount("text")),
        "school_year": macro.try_school_year("text"),
        "is_total": macro.is_total("text"),
        "is_no_date": macro.is_no_date("text"),
        "stated": macro.stated("text"),
        "any_item": macro.any_item("text", "';'", macro.is_no_date("item")),
    }
    for place, formats in enumerate(FORMATS):
        columns[f"date_{place}"] = macro.typed_date("text", f"'{formats}'")
    return columns


def query(columns: dict[str, str], table: str) -> str:
    listed = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
    return f"select place, {listed} from {table} order by place"


def date_expressions(engine: str) -> dict[str, str]:
    """Column name to SQL over the columns `first_day`, `second_day` and `months`."""
    macro = macros(engine)
    days = "first_day", "second_day"
    return {
        "days": macro.days_between(*days),
        "later": macro.add_months("first_day", "months"),
        "earlier": macro.add_months("first_day", "-months"),
        "months_apart": macro.completed_months(*days),
        "years_apart": macro.completed_years(*days),
        "is_near": macro.within_months(*days, "6"),
    }


def number_expressions(engine: str) -> dict[str, str]:
    """Column name to SQL over the column `number`. Nothing tells -0.0 from 0.0 in a table: 0.0 is
    added to make them one."""
    macro = macros(engine)
    places = {"tens": -1, "whole": 0, "tenths": 1, "hundredths": 2, "ten_decimals": 10}
    columns = {name: f"{macro.rounded('number', place)} + 0e0" for name, place in places.items()}
    return {**columns, "text": macro.number_text("number")}


def differences(
    spark: Any, types: str, rows: list[tuple[Any, ...]], columns: Callable[[str], dict[str, str]]
) -> list[tuple[Any, ...]]:
    """The rows, columns and values in which the engines differ. `types` names the rows' columns,
    after their `place`, in words that both engines know."""
    placed = [(place, *row) for place, row in enumerate(rows)]
    connection = duckdb.connect()
    connection.execute(f"create table awkward (place int, {types})")
    marks = ", ".join("?" * len(placed[0]))
    connection.executemany(f"insert into awkward values ({marks})", placed)
    cursor = connection.execute(query(columns("duckdb"), "awkward"))
    names = [column[0] for column in cursor.description]
    expected = cursor.fetchall()
    spark.createDataFrame(placed, f"place int, {types}").createOrReplaceTempView("awkward")
    found = [tuple(row) for row in spark.sql(query(columns("spark"), "awkward")).collect()]
    return [
        (rows[ours[0]], name, left, right)
        for ours, theirs in zip(expected, found, strict=True)
        for name, left, right in zip(names, ours, theirs, strict=True)
        if written(left) != written(right)
    ]


def written(value: Any) -> str:
    """A value so that NaN is like NaN, and -0.0 unlike 0.0."""
    return "nan" if isinstance(value, float) and math.isnan(value) else repr(value)


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    sql = pytest.importorskip("pyspark.sql", reason="pyspark isn't installed: the Spark extra")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17")
    session = (
        sql.SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.mark.parametrize("ansi", ["true", "false"])
def test_casts_read_awkward_texts_alike_on_both_engines(spark: Any, ansi: str) -> None:
    spark.conf.set("spark.sql.ansi.enabled", ansi)
    assert not differences(spark, "text string", [(text,) for text in texts()], expressions)


def test_calendars_are_alike_on_both_engines(spark: Any) -> None:
    days = [date.fromisoformat(day) for day in DAYS]
    rows = [(a, b, MONTHS[n % len(MONTHS)]) for n, (a, b) in enumerate(product(days, days))]
    types = "first_day date, second_day date, months int"
    assert not differences(spark, types, [*rows, (None, days[0], 1)], date_expressions)


def test_numbers_are_rounded_and_written_alike_on_both_engines(spark: Any) -> None:
    assert not differences(spark, "number double", [(n,) for n in DOUBLES], number_expressions)
