"""docs/connect.md: its programs in R run on a published build, wherever their packages are
installed, and what it says of symbols, folders and metrics is so. Its Python runs in test_docs."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from csc_outcomes.bi.workbook import SYMBOLS
from projects import ROOT, Project
from test_docs import blocks

PAGE = ROOT / "docs" / "connect.md"


def r_programs() -> list[Any]:
    """The page's programs in R, each named by its first package."""
    programs = blocks(PAGE, "r")
    return [pytest.param(program, id=packages(program)[0]) for program in programs]


def packages(program: str) -> list[str]:
    """The packages that a program in R needs."""
    return re.findall(r"library\((\w+)\)", program) + re.findall(r"(\w+)::", program)


@cache
def has_packages(*names: str) -> bool:
    """Whether R is there and can load them."""
    if shutil.which("Rscript") is None:
        return False
    asked = " && ".join(f"requireNamespace('{name}', quietly = TRUE)" for name in names)
    answer = run_r(f"cat({asked})", Path.cwd())
    return answer.stdout.strip() == "TRUE"


def run_r(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a program in R in a folder."""
    return subprocess.run(
        ["Rscript", "--vanilla", "-e", program],
        cwd=folder,
        text=True,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("program", r_programs())
def test_a_program_in_r_runs_as_it_stands(built: Project, program: str) -> None:
    if not has_packages(*packages(program)):
        pytest.skip(f"R with {', '.join(packages(program))} isn't installed")
    run = run_r(program, built.path)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()


def test_r_reads_of_the_workbook_what_the_table_holds(built: Project, tmp_path: Path) -> None:
    if not has_packages("readxl"):
        pytest.skip("R with readxl isn't installed")
    (program,) = [p for p in blocks(PAGE, "r") if "readxl" in packages(p)]
    out = tmp_path / "outcomes.csv"
    run = run_r(f"{program}\nwrite.csv(outcomes, '{out}', row.names = FALSE, na = '')", built.path)
    assert run.returncode == 0, run.stderr
    build = (built.path / "published" / "current").resolve()
    table = pd.read_parquet(build / "release" / "rpt_group_outcomes.parquet")
    in_r = pd.read_csv(out, keep_default_na=False, na_values=[""])
    assert list(in_r) == list(table)
    for column in table:
        pd.testing.assert_series_equal(
            in_r[column], table[column], check_dtype=False, check_exact=False, rtol=1e-9
        )


def test_the_workbook_has_every_release_table_and_no_formula(built: Project) -> None:
    release = (built.path / "published" / "current").resolve() / "release"
    sheets = pd.ExcelFile(release / "csc_outcomes.xlsx", engine="calamine").sheet_names
    tables = sorted(path.stem for path in release.glob("*.parquet"))
    assert sheets == ["notes", "columns", *tables]
    assert (release / "csc_outcomes.xlsx").stat().st_size < 5_000_000


def test_what_the_page_says_of_symbols_and_metrics_is_so() -> None:
    text = PAGE.read_text(encoding="utf-8")
    (trap,) = re.findall(r"^- \*\*An empty cell isn't 0.*?(?=^- )", text, re.MULTILINE | re.DOTALL)
    symbols = set(re.findall(r"`([a-z])`", trap))
    assert symbols == set(SYMBOLS) - {"shown"}
    metrics = {
        metric["name"]
        for path in (ROOT / "models" / "semantic").glob("*.yml")
        for metric in yaml.safe_load(path.read_text(encoding="utf-8")).get("metrics", [])
    }
    asked = set(",".join(re.findall(r"--metrics (\S+)", text)).split(","))
    assert asked
    assert asked <= metrics
