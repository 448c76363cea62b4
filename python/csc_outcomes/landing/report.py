"""What became of every file: the rows of the load log."""

from dataclasses import dataclass, replace
from datetime import date

from csc_outcomes.landing.errors import Refused


@dataclass(frozen=True)
class FileOutcome:
    """One row of the load log; n_read = records landed + n_refused_rows + n_opted_out."""

    delivery: str | None
    file_name: str
    la_code: str | None = None
    la_name: str | None = None
    is_synthetic: bool | None = None
    format: str | None = None
    holds: str | None = None
    file_key: str = ""
    sha256: str | None = None
    extract_as_of_date: date | None = None
    extract_window_start: date | None = None
    n_read: int = 0
    n_refused_rows: int = 0
    n_opted_out: int = 0
    status: str = "landed"
    reason_code: str | None = None
    reason: str | None = None
    unknown_columns: str | None = None

    def refused(self, refusal: Refused) -> "FileOutcome":
        """The same file, refused."""
        return replace(self, status="refused", reason_code=refusal.code, reason=refusal.reason)


@dataclass(frozen=True)
class LandingReport:
    """All files, in the order they were met; `n_unchanged` of them were not read again."""

    outcomes: tuple[FileOutcome, ...]
    n_unchanged: int

    @property
    def refused(self) -> tuple[FileOutcome, ...]:
        """The files that were refused."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "refused")

    def summary(self) -> str:
        """One line of counts."""
        n_landed = len(self.outcomes) - len(self.refused)
        return (
            f"landing: {n_landed} files landed, {len(self.refused)} refused "
            f"({self.n_unchanged} unchanged); "
            f"{sum(outcome.n_read for outcome in self.outcomes):,} records read, "
            f"{sum(outcome.n_refused_rows for outcome in self.outcomes):,} refused, "
            f"{sum(outcome.n_opted_out for outcome in self.outcomes):,} opted out"
        )

    def lines(self) -> list[str]:
        """The summary, then a line for every refused file."""
        return [
            self.summary(),
            *(
                f"  refused: {outcome.la_code or '???'} {outcome.delivery or '-'} "
                f"{outcome.file_name} [{outcome.reason_code}]: {outcome.reason}"
                for outcome in self.refused
            ),
        ]
