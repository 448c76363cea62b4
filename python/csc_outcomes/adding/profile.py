"""What the columns of a table hold: shapes and counts, by all of their values, and none of them.

A profile keeps the values of a coded column to match them with known codes; they are never shown
or written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from csc_outcomes.adding.layout import Table
from csc_outcomes.landing.columns import YES_NO, YES_NO_WORDS
from csc_outcomes.landing.csv_rows import BadRow
from csc_outcomes.landing.identifiers import ID_SHAPE, NO_ID, normalise_id

MAX_CODES = 200  # distinct values of a coded column
MAX_CODE_CHARS = 80
MAX_DISTINCT = 1_000_000  # counted no further
SEPARATORS = (";", "|", ",", "\n")  # of several dates in one cell
SERIAL_DAYS = range(15_000, 60_000)  # Excel's day numbers of 1941 to 2064
FORMS = {  # how a date is written: what a profile calls it
    "iso": "yyyy-mm-dd",
    "dmy": "dd/mm/yyyy",
    "mdy": "mm/dd/yyyy",
    "dmy_or_mdy": "dd/mm or mm/dd",
    "dmony": "dd-mon-yyyy",
    "mony": "mon-yyyy",
    "excel_serial": "Excel day number",
    "unread": "an unread form",
}
TIME_OF_DAY = re.compile(r"[ T]\d{2}:\d{2}.*$")
ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/\d{4}")
DAY_MONTH_NAME = re.compile(r"\d{1,2}-[A-Za-z]{3}-(\d{4}|\d{2})")
MONTH_NAME = re.compile(r"[A-Za-z]{3}-(\d{4}|\d{2})")
SERIAL = re.compile(r"(\d{5})(\.0)?")
OTHER_DATE = re.compile(
    r"\d{1,2}[-. ]\d{1,2}[-. ]\d{4}|\d{1,2}[-./]\d{1,2}[-./]\d{2}|\d{4}[/.]\d{1,2}[/.]\d{1,2}"
    r"|(19|20)\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])|\d{1,2}[ -/]?[A-Za-z]{3,9}[ -/]?\d{4}"
)
NUMBER = re.compile(r"[-+]?£?[-+]?[\d,]*\.?\d+%?")


@dataclass
class ColumnProfile:
    """Counts of one column; `values` are kept while they are few, to be matched with codes."""

    n_records: int = 0
    n_filled: int = 0
    dates: Counter[str] = field(default_factory=Counter)  # form -> values
    separators: Counter[str] = field(default_factory=Counter)  # of cells with several dates
    n_dated: int = 0  # cells with one date or several, day numbers aside
    n_numbers: int = 0
    n_ids: int = 0
    n_unreadable_ids: int = 0
    values: Counter[str] | None = field(default_factory=Counter)
    seen: set[int] = field(default_factory=set, repr=False)

    def add(self, cells: Iterable[str]) -> None:
        """Counts a batch of cells."""
        counts = Counter(cell.strip() for cell in cells)
        self.n_records += counts.total()
        for text, n_times in counts.items():
            if text.upper() in NO_ID and text.upper() != "NONE":
                continue
            self._add(text, n_times)

    def _add(self, text: str, n_times: int) -> None:
        self.n_filled += n_times
        if len(self.seen) < MAX_DISTINCT:
            self.seen.add(hash(text))
        if self.values is not None:
            self.values[text] += n_times
            if len(self.values) > MAX_CODES or len(text) > MAX_CODE_CHARS:
                self.values = None
        self._add_dates(text, n_times)
        self.n_numbers += n_times * bool(NUMBER.fullmatch(text))
        self.n_ids += n_times * bool(ID_SHAPE.fullmatch(text) and re.search(r"\d", text))
        self.n_unreadable_ids += n_times * (normalise_id(text)[1] is not None)

    def _add_dates(self, text: str, n_times: int) -> None:
        form = date_form(text)
        if form is not None:
            self.dates[form] += n_times
            self.n_dated += n_times * (form != "excel_serial")
            return
        for separator in SEPARATORS:
            parts = [part for part in text.split(separator) if part.strip()]
            forms = [date_form(part.strip()) for part in parts]
            if len(parts) > 1 and None not in forms:
                self.separators[separator] += n_times
                self.n_dated += n_times
                self.dates.update({form: n_times * forms.count(form) for form in {*forms} if form})
                return

    @property
    def n_distinct(self) -> int:
        """Distinct values, up to MAX_DISTINCT."""
        return len(self.seen)

    @property
    def date_share(self) -> float:
        """Share of the filled cells that are dates; of day numbers where there are only such."""
        n_dates = self.n_dated + self.dates["excel_serial"]
        return n_dates / self.n_filled if self.n_filled else 0.0

    def looks_like(self) -> str:
        """What the column seems to hold, in a few words and without a value."""
        if not self.n_filled:
            return "empty"
        if self.n_dated > 0.5 * self.n_filled:
            forms = [FORMS[form] for form, _ in self.dates.most_common(3)]
            what = "dates" if self.separators else "date"
            return f"{what}: {' and '.join(forms)}"
        if self.values is not None and all(is_yes_no(value) for value in self.values):
            return "yes or no"
        if self.n_numbers >= 0.95 * self.n_filled:
            is_key = self.n_distinct > 0.5 * self.n_filled and self.n_distinct > MAX_CODES
            return "id or number" if is_key else "number"
        if self.values is not None and (len(self.values) <= 12 or self._repeats()):
            return "codes"
        if self.n_ids >= 0.95 * self.n_filled:
            return "id"
        return "text"

    def _repeats(self) -> bool:
        return self.n_distinct <= 0.2 * self.n_filled


def date_form(text: str) -> str | None:
    """How a date is written, one of FORMS; None for what is no date. By the shape and, of dates
    with slashes, by which of the two numbers can be a month."""
    day = TIME_OF_DAY.sub("", text)
    if ISO.fullmatch(day):
        return "iso" if _is_day(day) else "unread"
    if match := SLASHED.fullmatch(day):
        first, second = int(match[1]), int(match[2])
        if first <= 12 and second <= 12:
            return "dmy_or_mdy"
        return "dmy" if second <= 12 else "mdy" if first <= 12 else "unread"
    if DAY_MONTH_NAME.fullmatch(day):
        return "dmony"
    if MONTH_NAME.fullmatch(day):
        return "mony"
    if match := SERIAL.fullmatch(day):
        return "excel_serial" if int(match[1]) in SERIAL_DAYS else None
    return "unread" if OTHER_DATE.fullmatch(day) else None


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_yes_no(value: str) -> bool:
    """Whether a value is a way to say yes or no."""
    return value.casefold() in {*YES_NO, *YES_NO_WORDS}


@dataclass(frozen=True)
class TableProfile:
    """All columns of a table, in order, with the number of records and of those that are broken."""

    columns: tuple[ColumnProfile, ...]
    n_records: int
    n_bad: int


def profile_table(table: Table) -> TableProfile:
    """Reads a table once; rows with another number of cells than the header count as bad."""
    width = len(table.headers)
    columns = tuple(ColumnProfile() for _ in range(width))
    is_workbook = table.path.suffix.lower() == ".xlsx"
    n_records = n_bad = 0
    batch: list[list[str]] = []
    for row in table.records():
        n_records += 1
        if not isinstance(row, BadRow) and is_workbook and not "".join(row[width:]).strip():
            row = row[:width] + [""] * (width - len(row))
        if isinstance(row, BadRow) or len(row) != width:
            n_bad += 1
            continue
        batch.append(row)
        if len(batch) == 20_000:
            _add(columns, batch)
    _add(columns, batch)
    return TableProfile(columns, n_records, n_bad)


def _add(columns: tuple[ColumnProfile, ...], batch: list[list[str]]) -> None:
    for column, cells in zip(columns, zip(*batch, strict=True), strict=bool(batch)):
        column.add(cells)
    batch.clear()
