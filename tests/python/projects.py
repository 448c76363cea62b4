"""Copies of the project in which a test can land its own extracts and add its own studies."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "dbt_project.yml",
    "profiles.yml",
    "requirements.txt",
    "models",
    "macros",
    "seeds",
    "plans",
    "expectations",
    "python/models",
    "tests/generic",
    "tests/singular",
    "docs",
    "analyses",
)
STUDY_SEEDS = (
    "studies",
    "study_parameters",
    "study_covariates",
    "study_covariate_bins",
    "study_outcomes",
    "study_subgroups",
    "study_analyses",
)
# What light copies leave out, with all that rests on it: nothing that fails in a build fails there
# in a way of its own, and tests of release tables have builds of their own.
RELEASE = ("models/intermediate/release", "models/marts/reporting", "models/semantic")
REFERENCE = re.compile(r"""ref\(\s*['"](\w+)['"]""")
# The unit tests of a property file: from their key to the next one or the end.
UNIT_TESTS = re.compile(r"^unit_tests:\n.*?(?=^[^\s#-]|\Z)", re.MULTILINE | re.DOTALL)
# What all copies of one run have in common; None outside a run of pytest.
_shared: Path | None = None
# The parse that each copy holds.
_parsed: dict[Path, str] = {}


def share(folder: Path) -> None:
    """Keeps in `folder` what every copy would make again alike: light copies, and dbt's reading of
    the project. Workers may share the folder."""
    global _shared
    _shared = folder


@dataclass(frozen=True)
class Project:
    """One copy of the project; copies that are `alike` read each other's parse, of which dbt
    takes what is the same and reads again what has changed."""

    path: Path
    alike: str | None = None

    def dbt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs dbt in the copy as an analyst would, and gives back exit code and output."""
        environment = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        environment.pop("CSC_PROJECT_DIR", None)
        parse = self._parse(arguments)
        if parse and parse.is_file() and _parsed.get(self.path) != parse.name:
            environment["DBT_PARTIAL_PARSE_FILE_PATH"] = str(parse)
        result = subprocess.run(
            [str(Path(sys.executable).parent / "dbt"), *arguments],
            cwd=self.path,
            env=environment,
            text=True,
            capture_output=True,
            check=False,
        )
        own = self.path / "target" / "partial_parse.msgpack"
        if parse and own.is_file():
            _parsed[self.path] = parse.name
            if not parse.exists():
                draft = parse.with_suffix(f".{os.getpid()}")
                shutil.copy2(own, draft)
                draft.replace(parse)
        return result

    def _parse(self, arguments: tuple[str, ...]) -> Path | None:
        """Where copies like this one keep their parse; dbt has one for each choice of vars."""
        if _shared is None or self.alike is None:
            return None
        given = arguments[arguments.index("--vars") + 1] if "--vars" in arguments else ""
        name = f"{self.alike}-{hashlib.sha256(given.encode()).hexdigest()[:8]}"
        return _shared / f"{name}.msgpack"

    def published(self) -> duckdb.DuckDBPyConnection:
        """The published analyst tables, read-only."""
        current = (self.path / "published" / "current").resolve()
        return duckdb.connect(str(current / "analyst" / "csc_outcomes.duckdb"), read_only=True)

    def warehouse(self) -> duckdb.DuckDBPyConnection:
        """The warehouse behind the published tables, read-only."""
        return duckdb.connect(str(self.path / "warehouse" / "csc_outcomes.duckdb"), read_only=True)

    def add_delivery(
        self,
        slug: str,
        delivery: str,
        contract: Mapping[str, Any],
        files: Mapping[str, bytes | Path],
    ) -> Path:
        """Puts files and their extract.yml into the landing zone."""
        folder = self.path / "extracts" / slug / delivery
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "extract.yml").write_text(
            yaml.safe_dump(dict(contract), sort_keys=False), encoding="utf-8"
        )
        for name, content in files.items():
            (folder / name).write_bytes(
                content.read_bytes() if isinstance(content, Path) else content
            )
        return folder

    def add_study(
        self,
        study_id: str,
        like: str = "fact22",
        parameters: Mapping[str, str | None] | None = None,
        **facts: str,
    ) -> None:
        """Adds a study by seed rows alone: another study's rows under a new id, with facts and
        parameters changed; a parameter that is None is left unset."""
        for seed in STUDY_SEEDS:
            rows = [row for row in self._seed_rows(seed) if row["study_id"] == like]
            if seed == "study_parameters":
                own = {row["parameter_id"]: row["value"] for row in rows} | dict(parameters or {})
                rows = [
                    {"study_id": study_id, "parameter_id": p, "value": v}
                    for p, v in own.items()
                    if v is not None
                ]
            changes = facts if seed == "studies" else {}
            self.add_seed_rows(seed, ({**row, "study_id": study_id, **changes} for row in rows))

    def copy_seed_rows(
        self, seed: str, like: str, study_id: str, is_kept: Callable[[dict[str, str]], bool]
    ) -> None:
        """Appends another study's rows of a seed under a new id, those that are kept."""
        rows = [row for row in self._seed_rows(seed) if row["study_id"] == like and is_kept(row)]
        self.add_seed_rows(seed, ({**row, "study_id": study_id} for row in rows))

    def add_seed_rows(self, seed: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Appends rows to a seed file."""
        with self._seed(seed).open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self._seed_columns(seed), lineterminator="\n")
            writer.writerows(rows)

    def _seed(self, seed: str) -> Path:
        return next((self.path / "seeds").rglob(f"{seed}.csv"))

    def _seed_columns(self, seed: str) -> list[str]:
        with self._seed(seed).open(newline="", encoding="utf-8") as file:
            return next(csv.reader(file))

    def _seed_rows(self, seed: str) -> list[dict[str, str]]:
        with self._seed(seed).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


def light_copy(target: Path, with_release: bool = False) -> Project:
    """A copy without extracts, readings, the tests in property files and, unless asked for, release
    tables: for tests of what a build leaves behind, which build many times."""
    name = "light_with_release" if with_release else "light"
    if _shared is None:
        _lighten(target, with_release)
    else:
        kept = _shared / name
        if not kept.is_dir():
            draft = Path(tempfile.mkdtemp(dir=_shared)) / name
            _lighten(draft, with_release)
            with contextlib.suppress(OSError):  # another worker was first
                draft.rename(kept)
        shutil.copytree(kept, target, dirs_exist_ok=True)
    return Project(target, alike=name)


def _lighten(target: Path, with_release: bool) -> None:
    copy_project(target, with_extracts=False)
    if not with_release:
        _leave_out_release(target)
    for path in [*(target / "models").rglob("*.yml"), *(target / "seeds").rglob("*.yml")]:
        properties = without_tests(yaml.safe_load(path.read_text(encoding="utf-8")))
        path.write_text(yaml.safe_dump(properties, sort_keys=False), encoding="utf-8")
    readings = target / "seeds" / "studies" / "study_readings.csv"
    header = readings.read_text(encoding="utf-8").splitlines()[0]
    readings.write_text(header + "\n", encoding="utf-8")


def _leave_out_release(target: Path) -> None:
    for folder in RELEASE:
        shutil.rmtree(target / folder)
    (target / "models" / "exposures.yml").unlink()
    there = [*(target / "models").rglob("*.sql"), *(target / "python" / "models").glob("*.py")]
    there += [*(target / "tests" / "singular").glob("*.sql"), *(target / "analyses").rglob("*.sql")]
    known = {path.stem for path in [*there, *(target / "seeds").rglob("*.csv")]}
    while lost := [path for path in there if not known.issuperset(_references(path))]:
        for path in lost:
            path.unlink()
            path.with_suffix(".yml").unlink(missing_ok=True)
        known -= {path.stem for path in lost}
        there = [path for path in there if path not in lost]


def _references(path: Path) -> list[str]:
    return REFERENCE.findall(path.read_text(encoding="utf-8"))


def without_tests(properties: Any) -> Any:
    """What a property file says, but for its tests."""
    if isinstance(properties, dict):
        kept = {k: v for k, v in properties.items() if k not in ("unit_tests", "data_tests")}
        return {key: without_tests(value) for key, value in kept.items()}
    if isinstance(properties, list):
        return [without_tests(value) for value in properties]
    return properties


def copy_project(target: Path, with_extracts: bool = True) -> Project:
    """A copy of everything dbt reads; the library stays the installed one. It publishes no pages,
    for drawing those of two dozen studies takes minutes, and has no unit tests of dbt, which read
    no extract: `make build` runs them."""
    for part in PARTS:
        source, copy = ROOT / part, target / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            shutil.copy2(source, copy)
    settings = target / "dbt_project.yml"
    text = settings.read_text(encoding="utf-8")
    assert "  pages: true\n" in text
    settings.write_text(text.replace("  pages: true\n", "  pages: false\n"), encoding="utf-8")
    for path in (target / "models").rglob("*.yml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(UNIT_TESTS.sub("", text), encoding="utf-8")
    (target / "extracts").mkdir()
    shutil.copy2(ROOT / "extracts" / "demonstration.key", target / "extracts")
    if with_extracts:
        for folder in (ROOT / "extracts").glob("synthetic_*"):
            shutil.copytree(folder, target / "extracts" / folder.name)
    return Project(target, alike="whole")
