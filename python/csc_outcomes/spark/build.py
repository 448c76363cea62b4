"""The build on two engines: the door lets extracts in, Spark builds SQL models, DuckDB fits Python
models over Spark's Parquet files, in turns, and DuckDB publishes."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml

from csc_outcomes.forgetting.wishes import noted_wishes
from csc_outcomes.progress import say
from csc_outcomes.project import FolderInUse
from csc_outcomes.publish import GOOD_STATUSES, Build, close_build
from csc_outcomes.published_statistics.landing import land_everything
from csc_outcomes.spark.exchange import described, hand_over, show_tables
from csc_outcomes.spark.rounds import Round, rounds

FOLDER = "spark"
MARKER = ".csc_outcomes"
SETTINGS = ("withhold_failing_la", "disclosure_profile", "outcomes_of", "pages")


class BuildStopped(Exception):
    """dbt itself gave up; it has said why."""


@dataclass
class SparkBuild:
    """One build of `project`, whose SQL runs on the dbt target `target`.

    `folder` is where both engines find the tables; `variables` are those of dbt's --vars. What a
    build left in the folder is deleted when the next begins.
    """

    project: Path
    target: str = "spark"
    variables: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    statuses: dict[str, str] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder = self.folder or self.project / FOLDER
        self.tables = self.folder / "tables"
        self.fitted = self.folder / "fitted"
        self.warehouse = self.folder / "csc_outcomes.duckdb"

    def run(self) -> bool:
        """Builds everything and publishes it; whether it did. Prints what came out, as a plain
        build does."""
        with noted_wishes(self.project):
            print(land_everything(self.project))
        self.take_turns()
        return self._close()

    def take_turns(self) -> None:
        """Builds what the door has landed, round by round, until all is built or something
        failed; `statuses` then says how each node of dbt's ended."""
        self._clear()
        with self._surroundings():
            self._parse()
            self._tell_of_sources()
            plan = rounds(self._spark_manifest)
            for number, turn in enumerate(plan, start=1):
                if turn.python:
                    say(f"round {number} of {len(plan)}: DuckDB fits {', '.join(turn.python)}")
                    self._fit(turn)
                if not self._failed:
                    say(f"round {number} of {len(plan)}: Spark builds what can be built")
                    self._build(turn)
                if self._failed:
                    break
            with duckdb.connect(str(self.warehouse)) as connection:
                show_tables(connection, self._models_of_spark(), self.tables)

    def claim_folder(self) -> None:
        """Makes the folder, or marks an empty one, as this build's; to be called before Spark
        starts. FolderInUse where it holds something that no build has made."""
        assert self.folder is not None
        is_own = self.folder.resolve() == (self.project / FOLDER).resolve()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not is_own and not (self.folder / MARKER).is_file() and any(self.folder.iterdir()):
            raise FolderInUse(
                f"{self.folder} holds something else, and a build deletes what it finds there: "
                "name a new or an empty folder with --folder"
            )
        (self.folder / MARKER).touch(mode=0o600)

    def _clear(self) -> None:
        """An empty folder that nobody else can read."""
        self.claim_folder()
        assert self.folder is not None
        self.folder.chmod(0o700)
        for place in (self.tables, self.fitted):
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(mode=0o700)
        for left_behind in self.folder.glob("*csc_outcomes.duckdb*"):
            left_behind.unlink()

    @contextmanager
    def _surroundings(self) -> Iterator[None]:
        """dbt runs in the project's folder, and the profile and macros read these variables."""
        before, place = dict(os.environ), Path.cwd()
        os.environ["CSC_SPARK_TABLES"] = self.tables.resolve().as_posix()
        os.environ["CSC_WAREHOUSE"] = str(self.warehouse)
        os.chdir(self.project)
        try:
            yield
        finally:
            os.chdir(place)
            os.environ.clear()
            os.environ.update(before)

    def _parse(self) -> None:
        """dbt's view of the project, once for each engine: tables have other full names there."""
        self._manifests = {
            target: self._dbt(target, "parse", manifest=None).result for target in self._targets
        }
        self._spark_manifest = self._read_manifest(self.target)

    @property
    def _targets(self) -> tuple[str, str]:
        return self.target, "local"

    def _target_path(self, target: str) -> Path:
        return Path("target") / ("spark" if target == self.target else "spark_duckdb")

    def _read_manifest(self, target: str) -> dict[str, Any]:
        path = self.project / self._target_path(target) / "manifest.json"
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return manifest

    def _dbt(self, target: str, *arguments: str, manifest: Any) -> Any:
        """Runs one dbt command in this process, so that all share one Spark session."""
        from dbt.cli.main import dbtRunner

        result = dbtRunner(manifest=manifest).invoke(
            [
                *arguments,
                "--target",
                target,
                "--target-path",
                str(self._target_path(target)),
                "--vars",
                json.dumps(dict(self.variables)),
            ]
        )
        if result.exception is not None:
            print(result.exception)
        if result.result is None and not result.success:
            raise BuildStopped(f"dbt {arguments[0]} could not run on the target {target}")
        return result

    def _tell_of_sources(self) -> None:
        landing = self.project / "landing"
        sources = self._spark_manifest["sources"].values()
        self._tell_spark([described(s["name"], s["schema"], landing / s["name"]) for s in sources])

    def _tell_spark(self, tables: Sequence[Mapping[str, Any]]) -> None:
        arguments = json.dumps({"tables": tables})
        result = self._dbt(
            self.target,
            "run-operation",
            "spark_know_tables",
            "--args",
            arguments,
            manifest=self._manifests[self.target],
        )
        if not result.success:
            raise BuildStopped("Spark could not be told of the tables that DuckDB wrote")

    def _fit(self, turn: Round) -> None:
        """Python models run over views of Spark's tables; Spark then sees what they made."""
        with duckdb.connect(str(self.warehouse)) as connection:
            show_tables(connection, self._models_of_spark(), self.tables)
        result = self._dbt(
            "local", "run", "--select", *turn.python, manifest=self._manifests["local"]
        )
        self._note(result)
        if self._failed:
            return
        with duckdb.connect(str(self.warehouse)) as connection:
            tables = hand_over(connection, turn.python, self.fitted)
        schema = self._schema()
        self._tell_spark([{**table, "schema": schema} for table in tables])

    def _models_of_spark(self) -> list[dict[str, Any]]:
        nodes = self._spark_manifest["nodes"].values()
        return [
            node
            for node in nodes
            if node["resource_type"] == "seed"
            or (node["resource_type"] == "model" and node["language"] == "sql")
        ]

    def _schema(self) -> str:
        return str(self._models_of_spark()[0]["schema"])

    def _build(self, turn: Round) -> None:
        self._note(
            self._dbt(self.target, "build", *turn.selection, manifest=self._manifests[self.target])
        )

    def _note(self, result: Any) -> None:
        """Keeps how each node ended."""
        for outcome in result.result.results if result.result is not None else ():
            if outcome.node.resource_type not in ("exposure", "operation"):
                self.statuses[outcome.node.unique_id] = str(outcome.status)
                self.paths[outcome.node.unique_id] = outcome.node.original_file_path

    @property
    def _failed(self) -> bool:
        return any(status not in GOOD_STATUSES for status in self.statuses.values())

    def _close(self) -> bool:
        """Publishes from views of Spark's tables what a plain build publishes from its own."""
        build = self._outcome()
        with duckdb.connect(str(self.warehouse)) as connection:
            print(close_build(build, self.project, connection))
        return not build.failed and not build.left_out

    def _outcome(self) -> Build:
        nodes = [n for n in self._spark_manifest["nodes"].values() if n["config"]["enabled"]]
        project = yaml.safe_load((self.project / "dbt_project.yml").read_text(encoding="utf-8"))
        variables = {**project["vars"], **self.variables}
        return Build(
            filters=[],
            statuses=self.statuses,
            paths=self.paths,
            expected=[
                n["unique_id"]
                for n in nodes
                if n["resource_type"] in ("model", "seed", "snapshot", "test")
            ],
            public_tables=[
                n["name"]
                for n in nodes
                if n["resource_type"] == "model" and n["config"]["access"] == "public"
            ],
            settings={name: variables[name] for name in SETTINGS},
            target=str(self._target_path("local")),
        )
