"""Data are kept for so many months after the research ended; past that nothing is read any more."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from csc_outcomes.authorities import authorities_of
from csc_outcomes.forgetting.held import authorities_built
from csc_outcomes.landing.contract import SYNTHETIC_CODE
from csc_outcomes.landing.deliveries import DeliveryFolder
from csc_outcomes.landing.errors import LandingError, RetentionOver
from csc_outcomes.plan.errors import PlanError
from csc_outcomes.plan.seeds import load_seeds, rows

TODAY_VARIABLE = "CSC_TODAY"
STUDIES = Path("seeds") / "studies" / "studies.csv"
LANDING, LOADED = "landing", "load_log"
SEEDS = ("studies", "parameters", "study_parameters", "design_parameters")
PARAMETER = "retention_months"
# Last day on which the data of each study may be kept, null while its research goes on.
LAST_DAYS = """
    select
        studies.study_id,
        studies.la_code,
        studies.research_end,
        cast(
            studies.research_end + to_months(cast(
                coalesce(chosen.value, presets.value, parameters.default_value) as integer
            )) as date
        ) as last_day
    from studies
    inner join parameters on parameters.parameter_id = ?
    left join study_parameters as chosen using (study_id, parameter_id)
    left join design_parameters as presets
        on presets.design = studies.design and presets.parameter_id = parameters.parameter_id
    order by studies.study_id
"""


@dataclass(frozen=True)
class StudyData:
    """The authorities of one study whose data are here, the folders of their deliveries, and its
    research's last days; the days are None while the research goes on."""

    study_id: str
    la_codes: tuple[str, ...]
    folders: tuple[str, ...]  # none where only what was made of the deliveries is left
    research_end: date | None
    last_day: date | None

    def is_over(self, today: date) -> bool:
        """Whether its data had to be destroyed before `today`."""
        return self.last_day is not None and self.last_day < today

    @property
    def places(self) -> str:
        """Where its data are."""
        return ", ".join(self.folders) or "only what was made of deliveries"

    def __str__(self) -> str:
        return (
            f"{self.study_id} ({self.places}, research ended on {self.research_end}) "
            f"by {self.last_day}"
        )


def check_retention(
    project: Path, folders: list[DeliveryFolder], environment: Mapping[str, str] = os.environ
) -> None:
    """RetentionOver where a study's data had to be destroyed by now and a delivery of any of its
    authorities is still here.

    The last day is the research's end plus `retention_months`, clamped to the month's end; on that
    day data may still be read. Synthetic deliveries are nobody's data. LandingError where the seeds
    can't be read. A folder without seeds has no studies.
    """
    studies = study_data(project, folders)
    if not studies:
        return
    today = current_day(environment)
    over = [str(study) for study in studies if study.is_over(today)]
    if over:
        raise RetentionOver(
            f"nothing was read: data had to be destroyed of {'; '.join(over)}. Run `csc purge`, "
            "which removes the deliveries and all that was made of them, and have every other copy "
            "destroyed; or, if the research has been extended, correct research_end in "
            f"{STUDIES.as_posix()}"
        )


def study_data(project: Path, folders: list[DeliveryFolder]) -> list[StudyData]:
    """The studies of which real data of any of their authorities are here, as deliveries, landed or
    built, by study. Where something built is here and nobody knows whose it is, it may be that of
    every authority that a study names."""
    built, landing = authorities_built(project), project / LANDING
    # a file in the folder's place: the door tells of it
    is_unknown = built is None and not (landing / LOADED).is_dir() and not landing.is_file()
    here: dict[str, set[str]] = {code: set() for code in landed_codes(project) | (built or set())}
    for folder in folders:
        if folder.la_code and _is_real(folder.la_code):
            here.setdefault(folder.la_code, set()).add(f"extracts/{folder.path.parent.name}")
    if not (here or is_unknown) or not (project / STUDIES).is_file():
        return []
    found = []
    for study in _last_days(project):
        named = authorities_of(study["la_code"] or "", here)
        codes = [code for code in named if code in here or (is_unknown and _is_real(code))]
        if codes:
            places = dict.fromkeys(place for code in codes for place in sorted(here.get(code, ())))
            found.append(
                StudyData(
                    study["study_id"],
                    tuple(codes),
                    tuple(places),
                    study["research_end"],
                    study["last_day"],
                )
            )
    return found


def current_day(environment: Mapping[str, str] = os.environ) -> date:
    """Today, or the day that CSC_TODAY names (as 2026-03-31); LandingError where it names none."""
    text = environment.get(TODAY_VARIABLE)
    if not text:
        return date.today()
    try:
        return date.fromisoformat(text if len(text) == 10 else "")
    except ValueError:
        raise LandingError(f"{TODAY_VARIABLE} must be a day such as 2026-03-31") from None


def landed_codes(project: Path) -> set[str]:
    """The authorities whose real data are landed, also where their deliveries are gone."""
    codes: set[str | None] = set()
    for log in (project / LANDING / LOADED).glob("*.parquet"):
        with suppress(pa.ArrowException):  # torn, as after a power cut: the door writes it again
            codes.update(pq.read_table(log, columns=["la_code"])["la_code"].to_pylist())
    return {code for code in codes if code and _is_real(code)}


def _is_real(la_code: str) -> bool:
    return not re.fullmatch(SYNTHETIC_CODE, la_code)


def _last_days(project: Path) -> list[dict[str, Any]]:
    try:
        with load_seeds(project, SEEDS) as seeds:
            return rows(seeds, LAST_DAYS, PARAMETER)
    except (PlanError, duckdb.Error) as error:
        reason = str(error).splitlines()[0]
        raise LandingError(f"how long data may be kept can't be told: {reason}") from None
