"""What a test of Spark needs: whether it can run here, and data that engines disagree about."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import yaml

from authorities import add_dirty
from csc_outcomes.spark.session import SparkMissing, check_java, check_packages
from csc_outcomes.synthetic.returns.deliver import Authority, returned_children, write_returns
from projects import ROOT, Project, copy_project, without_tests
from references import COLUMNS, FIXTURES, add_reference, contract
from study_files import add_study_files
from trial_files import add_trial_files
from trial_study_files import add_trial_study_files

FIRST_YEAR, LAST_YEAR = 2023, 2024
N_CHILDREN = 60  # those on the edges of the rules come first
RETURNS = {"records": "S81", "cin_census": "S82", "ssd": "S83", "ssda903": "S84", "annex_a": "S85"}
# Ties, the ends of months and of calipers, birthdays on leap days, next to no data.
REFERENCES = ("edge_ties", "edge_caliper_dates", "edge_age_bins", "edge_tiny")
LEAPING, LEAP_DAY = "S86", date(2016, 2, 29)
# What a date of a return becomes in one row of eleven, so few that the gate lets them through.
BAD_DATES = ("2024-02-30", "31/02/2024", "", "soon", "1900-01-01", "9999-12-31", "2023-02-29")
DATES = ("date", "dob", "birth")
ISO_DATE = re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b")


def needs_spark() -> None:
    """Skips a test, and says what to install, where Spark can't run."""
    try:
        check_packages()
        check_java()
    except SparkMissing as error:
        pytest.skip(str(error))


def contrary_project(path: Path) -> Project:
    """A copy of the project without dbt's generic tests, whose only data are those that engines
    read differently: nulls, ties, ends of months, leap days and bad values, in every format."""
    project = copy_project(path, with_extracts=False)
    readings = project.path / "seeds" / "studies" / "study_readings.csv"
    header = readings.read_text(encoding="utf-8").splitlines()[0]
    readings.write_text(header + "\n", encoding="utf-8")
    for file in _properties(project.path):
        properties = without_tests(yaml.safe_load(file.read_text(encoding="utf-8")))
        file.write_text(yaml.safe_dump(properties, sort_keys=False), encoding="utf-8")
    for name in REFERENCES:
        add_reference(project, name)
    _add_leap_days(project)
    add_dirty(project)
    add_study_files(project)
    add_trial_files(project)
    add_trial_study_files(project)
    for name, la_code in RETURNS.items():
        folder = project.path / "extracts" / f"spoilt_{name}"
        children = returned_children(N_CHILDREN, FIRST_YEAR, LAST_YEAR)
        authority = Authority(la_code, f"Synthetic {la_code}")
        write_returns(children, [name], authority, FIRST_YEAR, LAST_YEAR, folder)
        for file in sorted(folder.rglob("*.csv")):
            file.write_bytes(_spoilt(file.read_bytes()))
    return Project(path)


def _add_leap_days(project: Project) -> None:
    """One of the references with all its dates moved, so that its first case starts on a leap
    day, and a study of it that looks as far ahead as the preset does."""
    text = (FIXTURES / f"{REFERENCES[0]}.csv").read_text(encoding="utf-8")
    first = next(csv.DictReader(io.StringIO(text)))[COLUMNS["plan_start_date"]]
    moved = LEAP_DAY - date.fromisoformat(first)
    text = ISO_DATE.sub(lambda day: str(date.fromisoformat(day[0]) + moved), text)
    project.add_delivery("leap_days", "all", contract(LEAPING), {"cases.csv": text.encode()})
    project.add_study("leap_days", la_code=LEAPING)


def _spoilt(content: bytes) -> bytes:
    """A CSV file, one record of eleven of which has a bad date in its first column of dates."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    header = [name.lower() for name in rows[0]]
    column = next((i for i, n in enumerate(header) if any(word in n for word in DATES)), None)
    if column is not None:
        for number, row in enumerate(rows[11::11]):
            row[column] = BAD_DATES[number % len(BAD_DATES)]
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()


def with_all_tests(project: Project, path: Path) -> Project:
    """A copy of what dbt reads of a project, with all the tests that other copies lack."""
    top = str(project.path)
    made = ("target", "logs", "landing", "warehouse", "published")
    shutil.copytree(project.path, path, ignore=lambda folder, _: made if folder == top else ())
    for file in _properties(ROOT):
        shutil.copy2(file, path / file.relative_to(ROOT))
    return Project(path)


def _properties(project: Path) -> list[Path]:
    return [
        file for part in ("models", "seeds") for file in sorted((project / part).rglob("*.yml"))
    ]


def spark_build(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `csc spark-build` in a project."""
    environment = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    environment.pop("CSC_PROJECT_DIR", None)
    return subprocess.run(
        [str(Path(sys.executable).parent / "csc"), "spark-build", *arguments],
        cwd=project.path,
        env=environment,
        text=True,
        capture_output=True,
        check=False,
    )
