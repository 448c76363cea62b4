"""What may be kept no longer is removed: deliveries of studies that are over, all that was made of
them, and old logs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from csc_outcomes.forgetting.certificates import (
    NOT_REACHED,
    Certificate,
    forget_note,
    is_noted,
    not_in,
    note,
    write_certificate,
)
from csc_outcomes.forgetting.held import note_authorities
from csc_outcomes.forgetting.logs import empty_logs, log_days, logs_are_old
from csc_outcomes.forgetting.places import (
    ForgettingError,
    all_here,
    derived,
    nobody_builds,
    remove,
    shared_warehouse,
    shown,
)
from csc_outcomes.landing.deliveries import DeliveryFolder, open_deliveries
from csc_outcomes.landing.door import land
from csc_outcomes.landing.keys import keys_of
from csc_outcomes.landing.retention import LANDING, STUDIES, StudyData, current_day, study_data
from csc_outcomes.landing.store import LOAD_LOG, OBJECTIONS, REFUSED_ROWS, SCHEMAS

NAME = "purge"
RESULTS = Path("target") / "run_results.json"
NO_RECORDS = (LOAD_LOG, REFUSED_ROWS, OBJECTIONS)


@dataclass(frozen=True)
class Overdue:
    """What is past its last day: studies, folders and files."""

    project: Path
    studies: tuple[StudyData, ...]
    running: tuple[StudyData, ...]  # studies that aren't over and whose deliveries would go too
    paths: tuple[Path, ...]
    stays: tuple[DeliveryFolder, ...]  # deliveries that are landed again
    are_logs_old: bool
    is_begun: bool  # an earlier purge was interrupted

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is."""
        return not (self.studies or self.paths or self.are_logs_old or self.is_begun)

    @property
    def reasons(self) -> list[str]:
        """Why each study's data go."""
        return [f"data had to be destroyed of {study}" for study in self.studies]

    def check(self, also_of_running: bool) -> None:
        """ForgettingError where a study that isn't over would lose its deliveries unasked;
        KeyMissing where what stays couldn't be landed again."""
        if self.studies or self.is_begun:
            needed = {folder.delivery.is_synthetic for folder in self.stays if folder.delivery}
            keys_of(needed, self.project, self.project / "extracts")
        if self.running and not also_of_running:
            names = "; ".join(f"{s.study_id} ({s.places})" for s in self.running)
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
    folders = open_deliveries(extracts) if extracts.is_dir() else []
    _check_codes(project, folders)
    studies = study_data(project, folders)
    over = tuple(study for study in studies if study.is_over(today))
    gone = {code for study in over for code in study.la_codes}
    running = tuple(s for s in studies if not s.is_over(today) and gone.intersection(s.la_codes))
    is_begun = is_noted(project, NAME)
    paths = [project / place for place in sorted({p for study in over for p in study.folders})]
    if over or is_begun:
        copies = extracts.glob(".adding-*")  # of a `csc add-extract` that was killed
        landing = [project / LANDING] if os.path.lexists(project / LANDING) else []
        paths = all_here([*paths, *copies, *derived(project), *landing])
    elif _is_old(project / RESULTS, today, environment):
        paths = all_here([project / RESULTS.parent])
    return Overdue(
        project,
        over,
        running,
        tuple(paths),
        tuple(folder for folder in folders if folder.la_code not in gone),
        logs_are_old(project, environment),
        is_begun,
    )


def _check_codes(project: Path, folders: list[DeliveryFolder]) -> None:
    """ForgettingError where nobody can tell whose deliveries a folder holds."""
    known = {folder.path.parent for folder in folders if folder.la_code}
    unknown = sorted({f.path.parent for f in folders if not f.la_code} - known)
    if unknown and (project / STUDIES).is_file():
        raise ForgettingError(
            f"Nothing was removed: whose deliveries {', '.join(shown(project, unknown))} holds "
            "can't be told, for no extract.yml there names a la_code that can be read. Mend one, "
            "or move the folder away, then run this again"
        )


def purge(project: Path, due: Overdue) -> Path:
    """Removes what is overdue, lands again what remains, and certifies it; the certificate.

    Whatever interrupts it, running it again finishes it. ForgettingError while a build is at work.
    """
    with nobody_builds(project):
        codes = {code for study in due.studies for code in study.la_codes}
        records, facts = note(
            project,
            NAME,
            _landed(project, codes),
            {
                f"Study {study.study_id}": f"research ended on {study.research_end}, data could be "
                f"kept until {study.last_day}"
                for study in due.studies
            },
        )
        removed = shown(project, due.paths)
        remove(due.paths)
        if due.are_logs_old:
            empty_logs(project)
            removed.append(f"logs/: lines older than {log_days()} days")
        note_authorities(project, ())
        if due.stays and (due.studies or due.is_begun):
            land(project)
        certificate = Certificate(
            name=f"{current_day().isoformat()}_{NAME}",
            title="Purge of data that could be kept no longer",
            facts={"Day": current_day().isoformat(), **facts},
            records=records,
            removed=removed,
            still_held=None,
            not_reached=[*NOT_REACHED[1:], not_in(shared_warehouse(project))],
        )
        written = write_certificate(project, certificate)
        forget_note(project, NAME)
    return written


def _landed(project: Path, la_codes: Collection[str]) -> dict[str, int]:
    """How many records of each kind are landed of some authorities."""
    counts: Counter[str] = Counter()
    for kind in SCHEMAS.keys() - set(NO_RECORDS):
        for path in (project / LANDING / kind).glob("*.parquet"):
            codes = pq.read_table(path, columns=["la_code"])["la_code"]
            counts[kind] += sum(pc.sum(pc.equal(codes, code)).as_py() or 0 for code in la_codes)
    return {kind: n for kind, n in counts.items() if n}


def _is_old(path: Path, today: date, environment: Mapping[str, str]) -> bool:
    if not path.is_file():
        return False
    written = datetime.fromtimestamp(path.stat().st_mtime).date()
    return written + timedelta(days=log_days(environment)) < today
