"""Made-up children as SSDA903 sets: one per collection year, of children in care alone.

A set tells of the care episodes open at any time in its year. Dates are dd/mm/yyyy. Source: the
columns of SocialFinanceDigitalLabs/liia-tools, SSDA903_schema_2024.
"""

from dataclasses import replace
from datetime import date
from pathlib import Path

from csc_outcomes.synthetic.returns.census import first_day, last_day
from csc_outcomes.synthetic.returns.files import CsvTables
from csc_outcomes.synthetic.returns.lives import CarePeriod, Child, as_known

TABLES: dict[str, tuple[str, ...]] = {
    "Header": ("CHILD", "SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB"),
    "Episodes": (
        *("CHILD", "DECOM", "RNE", "LS", "CIN", "PLACE", "PLACE_PROVIDER", "DEC", "REC"),
        *("REASON_PLACE_CHANGE", "HOME_POST", "PL_POST", "URN"),
    ),
    "Reviews": ("CHILD", "DOB", "REVIEW", "REVIEW_CODE"),
}
SEXES = {"M": "1", "F": "2", "U": ""}
NO_UPN = "UN1"
CHANGE_REASON = "CARPL"


def child_of_year(child: Child, year: int) -> Child | None:
    """The child with its care episodes of a collection year; None where it has none."""
    known = as_known(child, last_day(year))
    since = first_day(year)
    if known is None:
        return None
    chains = [
        tuple(e for e in period.episodes if e.end is None or e.end >= since)
        for period in known.care
    ]
    care = tuple(
        CarePeriod(period.referral, chain)
        for period, chain in zip(known.care, chains, strict=True)
        if chain
    )
    return replace(known, care=care) if care else None


class CareReturn:
    """The set of one authority and year, written as children are added."""

    def __init__(self, folder: Path, year: int) -> None:
        self._year = year
        self._tables = CsvTables(folder, TABLES)

    def add(self, child: Child) -> None:
        """Writes a child that was in care in the year."""
        told = child_of_year(child, self._year)
        if told is None:
            return
        birth = _day(told.birth)
        upn = told.upn or NO_UPN
        self._tables.write(
            "Header", told.child_id, SEXES[told.sex], birth, told.ethnicity, upn, "", ""
        )
        for period in told.care:
            self._add_period(told.child_id, period)
            for review in _reviews(period, self._year):
                self._tables.write("Reviews", told.child_id, birth, _day(review), "PN1")

    def close(self) -> None:
        """Ends the files."""
        self._tables.close()

    def _add_period(self, child_id: str, period: CarePeriod) -> None:
        for e in period.episodes:
            is_moved = e.end_reason == "X1"
            self._tables.write(
                "Episodes",
                child_id,
                _day(e.start),
                e.start_reason,
                e.legal_status,
                e.need,
                e.placement,
                e.provider,
                _day(e.end),
                e.end_reason,
                CHANGE_REASON if is_moved else "",
                "",
                "",
                "",
            )


def _reviews(period: CarePeriod, year: int) -> list[date]:
    """A review every half year from the twentieth day of the period, within the year."""
    last = period.end or last_day(year)
    days = [date.fromordinal(day) for day in range(period.start.toordinal() + 20, 9**7, 182)[:40]]
    return [day for day in days if first_day(year) <= day <= min(last, last_day(year))]


def _day(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""
