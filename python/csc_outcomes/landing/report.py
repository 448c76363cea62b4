"""What became of every file: the rows of the load log."""

from dataclasses import dataclass, replace
from datetime import date

from csc_outcomes.landing.contract import Aside, counted
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
    submission: int | None = None
    n_read: int = 0
    n_refused_rows: int = 0
    n_opted_out: int = 0
    status: str = "landed"
    reason_code: str | None = None
    reason: str | None = None
    unknown_columns: str | None = None
    opt_outs_met: str | None = None  # records of opt_outs.csv whose child is here: '1|4'
    objections_met: str | None = None  # the same of objections.csv

    def refused(self, refusal: Refused) -> "FileOutcome":
        """The same file, refused."""
        return replace(self, status="refused", reason_code=refusal.code, reason=refusal.reason)

    def set_aside(self, aside: Aside) -> "FileOutcome":
        """The same file, of which nothing lands."""
        status = "refused" if aside.is_refused else "not_needed"
        return replace(self, status=status, reason_code=aside.code, reason=aside.reason)


@dataclass(frozen=True)
class LandingReport:
    """All files, in the order they were met; `n_unchanged` of them were not read again."""

    outcomes: tuple[FileOutcome, ...]
    n_unchanged: int
    notes: tuple[str, ...] = ()  # what is no reason to refuse a file, but to look again

    @property
    def refused(self) -> tuple[FileOutcome, ...]:
        """The files that were refused."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "refused")

    def summary(self) -> str:
        """One line of counts."""
        n_files, n_refused = len(self.outcomes), len(self.refused)
        n_not_needed = sum(outcome.status == "not_needed" for outcome in self.outcomes)
        not_needed = f", {n_not_needed} not needed" if n_not_needed else ""
        return (
            f"landing: {counted(n_files, 'file')}, {n_files - n_refused - n_not_needed} landed and "
            f"{n_refused} refused{not_needed} ({self._freshness()}); "
            f"{counted(sum(outcome.n_read for outcome in self.outcomes), 'record')}, "
            f"{sum(outcome.n_refused_rows for outcome in self.outcomes):,} refused, "
            f"{sum(outcome.n_opted_out for outcome in self.outcomes):,} opted out"
        )

    def _freshness(self) -> str:
        n_read = len(self.outcomes) - self.n_unchanged
        parts = [f"{n_read} read now"] if n_read or not self.outcomes else []
        parts += [f"{self.n_unchanged} unchanged since last time"] if self.n_unchanged else []
        return ", ".join(parts)

    def lines(self) -> list[str]:
        """The summary, then a line for every refused file and every note."""
        return [
            self.summary(),
            *(f"  refused: {_refusal_line(outcome)}" for outcome in self.refused),
            *(f"  note: {note}" for note in self.notes),
        ]


def _refusal_line(outcome: FileOutcome) -> str:
    if outcome.la_code is None:  # then the reason itself names the place
        return f"[{outcome.reason_code}] {outcome.reason}"
    return (
        f"{outcome.la_code} {outcome.delivery} {outcome.file_name} [{outcome.reason_code}]: "
        f"{outcome.reason}"
    )
