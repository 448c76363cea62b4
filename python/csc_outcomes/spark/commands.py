"""`csc spark-build`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from csc_outcomes.landing.errors import LandingError
from csc_outcomes.lock import ProjectInUse, at_work
from csc_outcomes.project import FolderInUse, ProjectNotFound, project_dir


def add_spark_build_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
) -> None:
    """Adds `spark-build` to the subcommands of a parser; it sets `run`."""
    command = commands.add_parser(
        "spark-build",
        help="build with Spark for SQL and DuckDB for Python, and publish; see docs/spark.md",
    )
    command.add_argument("--project-dir", type=Path)
    command.add_argument("--target", default="spark", help="the dbt target of Spark")
    command.add_argument(
        "--folder", type=Path, help="where both engines keep the tables; default: spark"
    )
    command.add_argument("--vars", default="{}", help="as of dbt, such as 'pages: false'")
    command.add_argument(
        "--conf",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the local Spark session, such as spark.master=local[8]; may be repeated",
    )
    command.set_defaults(run=spark_build_command)


def spark_build_command(arguments: argparse.Namespace) -> int:
    """Builds and publishes; exit status 0 when it did, 1 when something failed, else 2."""
    from csc_outcomes.spark.build import FOLDER, BuildStopped, SparkBuild
    from csc_outcomes.spark.exchange import NotExchangeable
    from csc_outcomes.spark.session import SparkMissing, check_packages, start_session

    try:
        project = project_dir(arguments.project_dir)
        settings = dict(_setting(text) for text in arguments.conf)
        variables = yaml.safe_load(arguments.vars) or {}
        folder = (arguments.folder or project / FOLDER).resolve()
        check_packages()
        build = SparkBuild(project, arguments.target, variables, folder)
        build.claim_folder()
        if is_session(project, arguments.target):
            start_session(folder, settings)
        with at_work(project):
            built = build.run()
    except (
        BuildStopped,
        FolderInUse,
        LandingError,
        NotExchangeable,
        ProjectInUse,
        ProjectNotFound,
        SparkMissing,
    ) as error:
        print(error, file=sys.stderr)
        return 2
    except (ValueError, yaml.YAMLError):
        print("--conf takes NAME=VALUE, --vars what dbt takes; see --help", file=sys.stderr)
        return 2
    return 0 if built else 1


def _setting(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise ValueError(text)
    return name, value


def is_session(project: Path, target: str) -> bool:
    """Whether the target runs Spark in this process, and not on a cluster that dbt connects to."""
    profiles: Mapping[str, Any] = yaml.safe_load(
        (project / "profiles.yml").read_text(encoding="utf-8")
    )
    outputs = next(iter(profiles.values()))["outputs"]
    return bool(outputs.get(target, {}).get("method") == "session")
