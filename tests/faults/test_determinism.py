"""Equal inputs and code give equal tables to the byte, and the same build_id: on any number of
threads, with files written in any order, and in another checkout."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from builds import build, contents
from csc_outcomes.landing import land
from csc_outcomes.publish import build_identity
from long_form import IS_LONG
from projects import ROOT, Project, light_copy
from references import add_reference

AUTHORITIES = ("edge_ties", "edge_separation")
THREADS = (1, 2, 4)


@pytest.mark.skipif(not IS_LONG, reason="three builds of all tables; CSC_LONG=1 makes them")
def test_threads_and_the_order_of_files_change_no_byte(tmp_path: Path) -> None:
    """Every public table but that of the simulation's pages, release tables included."""
    found = {}
    for threads in THREADS:
        project = light_copy(tmp_path / str(threads), with_release=True)
        for name in AUTHORITIES:
            add_reference(project, name)
        _written_anew(project, seed=threads)
        _with_threads(project, threads)
        outcome = build(project, "--threads", str(threads))
        assert outcome.code == 0, outcome.said[-4000:]
        found[threads] = contents(project)
        for folder in ("warehouse", "target", "landing"):
            shutil.rmtree(project.path / folder)
    first = found[1]
    differ = {
        (threads, table)
        for threads, tables in found.items()
        for table in first
        if tables[table] != first[table]
    }
    assert differ == set()
    assert len(first) > 80
    print(f"{len(first) - 1} tables equal on {THREADS} threads; build {first['build_id']}")


def _written_anew(project: Project, seed: int) -> None:
    """The extracts, their files written in another order than before."""
    extracts = project.path / "extracts"
    aside = extracts.with_name("aside")
    extracts.rename(aside)
    files = sorted(path for path in aside.rglob("*") if path.is_file())
    for path in random.Random(seed).sample(files, len(files)):
        copy = extracts / path.relative_to(aside)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def _with_threads(project: Project, threads: int) -> None:
    """DuckDB's own threads; what dbt does at once is told on its command line. Neither is a
    setting that makes another build."""
    profiles = project.path / "profiles.yml"
    text, n = re.subn(
        r"^      threads: 1\b",
        f"      settings: {{threads: {threads}}}\n      threads: {threads}",
        profiles.read_text(encoding="utf-8"),
        count=1,
        flags=re.MULTILINE,
    )
    assert n == 1
    profiles.write_text(text, encoding="utf-8")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no checkout")
def test_another_checkout_of_the_same_commit_is_the_same_build(tmp_path: Path) -> None:
    settings = {"pages": True}
    identities = []
    for name in ("here", "elsewhere/with a longer name"):
        checkout = tmp_path / name
        command = ["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(checkout)]
        subprocess.run(command, check=True)
        land(checkout)
        identities.append(build_identity(checkout, settings))
    assert identities[0] == identities[1]
    rule = next((checkout / "models").rglob("*.sql"))
    rule.write_text(rule.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert build_identity(checkout, settings) != identities[0]
    print(f"build_id {identities[0]} in both checkouts")
