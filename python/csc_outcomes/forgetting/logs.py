"""Logs are kept for so many days. dbt's log tells the time of a line and not its day, so the day on
which it was begun is kept beside it, and all of it goes when that is too long ago."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

from csc_outcomes.landing.errors import LandingError
from csc_outcomes.landing.retention import current_day

DAYS_VARIABLE, DAYS = "CSC_LOG_DAYS", 30
LOGS, BEGUN, CURRENT = "logs", ".begun", "dbt.log"
# dbt writes such a line when a run begins.
RUN = re.compile(rb"^={10,} [0-9:.]+ \| [0-9a-f-]+ =+$", re.MULTILINE)


def log_days(environment: Mapping[str, str] = os.environ) -> int:
    """For how many days logs are kept; LandingError where CSC_LOG_DAYS is no number of days."""
    text = environment.get(DAYS_VARIABLE, str(DAYS))
    if not re.fullmatch("[0-9]{1,5}", text):
        raise LandingError(f"{DAYS_VARIABLE} must be a number of days such as {DAYS}")
    return int(text)


def logs_are_old(project: Path, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the first line may be older than that; a log of unknown age begins today. A folder
    that is a link to another is its owner's to look after."""
    folder = project / LOGS
    if folder.is_symlink() or not folder.is_dir():
        return False
    begun = folder / BEGUN
    today = current_day(environment)
    if not begun.is_file():
        _begin(begun, today)
        return False
    return date.fromisoformat(begun.read_text().strip()) + timedelta(log_days(environment)) < today


def empty_logs(project: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Removes all of dbt's logs but what the run that is at work has written."""
    folder = project / LOGS
    for path in folder.glob(f"{CURRENT}.*"):
        path.unlink()
    current = folder / CURRENT
    if current.is_file():
        with current.open("r+b") as stream:  # the same file: dbt has it open
            text = stream.read()
            runs = [match.start() for match in RUN.finditer(text)]
            stream.seek(0)
            stream.write(text[runs[-1] :] if runs else b"")
            stream.truncate()
    _begin(folder / BEGUN, current_day(environment))


def _begin(begun: Path, day: date) -> None:
    begun.write_text(f"{day.isoformat()}\n", encoding="utf-8")
