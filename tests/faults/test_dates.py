"""Dates are read as their file declares them: no day becomes a month, on any of 10,000 days."""

from __future__ import annotations

import contextlib
import random
from datetime import date, timedelta

import pytest

from builds import Clean, build
from projects import Project
from references import contract

N_DATES = 10_000
EXCEL_DAY_0 = date(1899, 12, 30)
WRITTEN = {
    "iso": lambda day: day.isoformat(),
    "dmy": lambda day: f"{day:%d/%m/%Y}",
    "mdy": lambda day: f"{day:%m/%d/%Y}",
    "dmony": lambda day: f"{day:%d-%b-%Y}",
    "excel_serial": lambda day: str((day - EXCEL_DAY_0).days),
}
DECLARED = (("iso",), ("dmy",), ("mdy",), ("dmy", "excel_serial"), ("iso", "dmony"))
NO_DATES = ("", "NULL", "1900-01-01", "01/01/1900", "31/12/9999")


@pytest.fixture(scope="module")
def days() -> dict[tuple[str, int], date | None]:
    """By delivery and record: the days that were meant, half of them with a day that could be a
    month; every 20th is no date."""
    chance = random.Random(4)
    start, n_each = date(1995, 1, 1), N_DATES // len(DECLARED)
    found: dict[tuple[str, int], date | None] = {}
    for number in range(len(DECLARED)):
        for record in range(1, n_each + 1):
            day = start + timedelta(chance.randrange(11_000))
            day = day.replace(day=chance.randint(1, 12)) if record % 2 else day
            found[f"d{number}", record] = None if record % 20 == 0 else day
    return found


@pytest.fixture(scope="module")
def read(
    days: dict[tuple[str, int], date | None],
    clean: Clean,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[tuple[str, int], date | None]:
    """What staging makes of them."""
    project = clean.pristine(tmp_path_factory.mktemp("dates") / "project")
    for number, formats in enumerate(DECLARED):
        _deliver(project, f"d{number}", formats, days)
    outcome = build(project, "--select", "+stg_case_list__cases")
    assert outcome.code == 0, outcome.said[-3000:]
    with contextlib.chdir(project.path), project.warehouse() as connection:
        rows = connection.execute(
            "select delivery, source_row_number, plan_start_date from stg_case_list__cases "
            "where la_code = 'S77'"
        ).fetchall()
    return {(delivery, number): day for delivery, number, day in rows}


def _deliver(
    project: Project,
    delivery: str,
    formats: tuple[str, ...],
    days: dict[tuple[str, int], date | None],
) -> None:
    """One file; where two formats are declared, they take turns."""
    lines = ["child,case,opened"]
    own = [(record, day) for (where, record), day in days.items() if where == delivery]
    for record, day in own:
        written = WRITTEN[formats[record // 2 % len(formats)]]
        text = NO_DATES[record // 20 % len(NO_DATES)] if day is None else written(day)
        lines.append(f"C{record},{delivery}x{record},{text}")
    columns = {"child_id": "child", "case_id": "case", "plan_start_date": "opened"}
    declared = contract("S77", columns=columns, date_formats=list(formats), codes={})
    content = "\n".join(lines).encode()
    project.add_delivery("dates", delivery, declared, {"cases.csv": content})


def wrong(
    days: dict[tuple[str, int], date | None], read: dict[tuple[str, int], date | None]
) -> list[tuple[str, int]]:
    """The records whose date is another than was meant."""
    assert days.keys() == read.keys()
    return [record for record, day in days.items() if read[record] != day]


def test_of_10_000_dates_none_is_swapped(
    days: dict[tuple[str, int], date | None],
    read: dict[tuple[str, int], date | None],
) -> None:
    assert len(days) == N_DATES
    assert wrong(days, read) == []
    print(f"{len(wrong(days, read))} of {len(days):,} dates are read wrongly")


def test_swapped_days_and_months_are_noticed(days: dict[tuple[str, int], date | None]) -> None:
    swapped = {
        record: day.replace(day=day.month, month=day.day) if day and day.day <= 12 else day
        for record, day in days.items()
    }
    assert len(wrong(days, swapped)) > N_DATES / 3
