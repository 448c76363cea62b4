"""What may be kept no longer is removed: deliveries of studies that are over, all that was made of
them, and old logs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from csc_outcomes.forgetting.certificates import (
    LAKE,
    NOT_REACHED,
    Certificate,
    forget_note,
    is_noted,
    note,
    write_certificate,
)
from csc_outcomes.forgetting.logs import empty_logs, log_days, logs_are_old
from csc_outcomes.forgetting.places import (
    LAKE_VARIABLE,
    ForgettingError,
    derived,
    nobody_builds,
    remove,
    shown,
)
from csc_outcomes.landing.deliveries import open_deliveries
from csc_outcomes.landing.door import land
from csc_outcomes.landing.retention import StudyData, current_day, study_data

NAME = "purge"
RESULTS = Path("target") / "run_results.json"


@dataclass(frozen=True)
class Overdue:
    """What is past its last day: studies, folders and files."""

    project: Path
    studies: tuple[StudyData, ...]
    running: tuple[StudyData, ...]  # studies that aren't over and whose deliveries would go too
    paths: tuple[Path, ...]
    are_logs_old: bool

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is."""
        return not (self.studies or self.paths or self.are_logs_old)

    @property
    def reasons(self) -> list[str]:
        """Why each study's data go."""
        return [f"data had to be destroyed of {study}" for study in self.studies]

    def check(self, also_of_running: bool) -> None:
        """ForgettingError where a study that isn't over would lose its deliveries unasked."""
        if self.running and not also_of_running:
            names = "; ".join(f"{s.study_id} ({', '.join(s.folders)})" for s in self.running)
            raise ForgettingError(
                f"Nothing was removed: studies that aren't over would lose deliveries: {names}. "
                "Agree with the authority what may stay, and set research_end of the study that "
                "is over accordingly; or add --also-of-running-studies"
            )


def overdue(project: Path, environment: Mapping[str, str] = os.environ) -> Overdue:
    """What is past its last day today (or on CSC_TODAY), and what of a purge that was interrupted
    is left. LandingError where it can't be told."""
    today = current_day(environment)
    extracts = project / "extracts"
    studies = study_data(project, open_deliveries(extracts) if extracts.is_dir() else [])
    over = tuple(study for study in studies if study.is_over(today))
    gone = {folder for study in over for folder in study.folders}
    running = tuple(s for s in studies if not s.is_over(today) and gone.intersection(s.folders))
    paths = [project / folder for folder in sorted(gone)]
    if gone or is_noted(project, NAME):
        paths += [p for p in (*derived(project), project / "landing") if p.exists()]
    elif _is_old(project / RESULTS, today, environment):
        paths.append(project / RESULTS.parent)
    return Overdue(project, over, running, tuple(paths), logs_are_old(project, environment))


def purge(project: Path, due: Overdue) -> Path:
    """Removes what is overdue, lands again what remains, and certifies it; the certificate.

    Whatever interrupts it, running it again finishes it. ForgettingError while a build is at work.
    """
    with nobody_builds(project):
        records = note(project, NAME, _landed(project) if due.studies else {})
        removed = shown(project, due.paths)
        remove(due.paths)
        if due.are_logs_old:
            empty_logs(project)
            removed.append(f"logs/: lines older than {log_days()} days")
        extracts = project / "extracts"
        if records and extracts.is_dir() and open_deliveries(extracts):
            land(project)
        left = [path for path in due.paths if path.exists() and path.name != "landing"]
        facts = {"Day": current_day().isoformat()}
        facts |= {
            f"Study {study.study_id}": f"research ended on {study.research_end}, data could be "
            f"kept until {study.last_day}"
            for study in due.studies
        }
        certificate = Certificate(
            name=f"{current_day().isoformat()}_{NAME}",
            title="Purge of data that could be kept no longer",
            facts=facts,
            records=records,
            removed=removed,
            still_held=shown(project, left),
            not_reached=[*NOT_REACHED[1:], *([LAKE] if LAKE_VARIABLE in os.environ else [])],
        )
        written = write_certificate(project, certificate)
        forget_note(project, NAME)
    return written


def _landed(project: Path) -> dict[str, int]:
    """How many records of each kind are landed."""
    counts: Counter[str] = Counter()
    for path in (project / "landing").glob("*/*.parquet"):
        counts[path.parent.name] += pq.read_metadata(path).num_rows
    return dict(counts)


def _is_old(path: Path, today: date, environment: Mapping[str, str]) -> bool:
    if not path.is_file():
        return False
    written = datetime.fromtimestamp(path.stat().st_mtime).date()
    return written + timedelta(days=log_days(environment)) < today
