"""`csc land`, `csc key new` and `csc key rotate`."""

import argparse
import os
import sys
from pathlib import Path

from csc_outcomes.landing.door import land
from csc_outcomes.landing.errors import KeyMissing, LandingError
from csc_outcomes.landing.keys import key_path, new_key, rotate_key
from csc_outcomes.lock import ProjectInUse, alone, at_work
from csc_outcomes.project import ProjectNotFound, project_dir

PROJECT_HELP = "default: CSC_PROJECT_DIR, or the folder with dbt_project.yml from here upwards"


def add_landing_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `land`, `key new` and `key rotate` to the subcommands of a parser; each sets `run`."""
    landing = commands.add_parser("land", help="land all extracts without building anything")
    landing.add_argument("--project-dir", type=Path, help=PROJECT_HELP)
    landing.add_argument("--extracts-dir", type=Path)
    landing.add_argument("--landing-dir", type=Path)
    landing.set_defaults(run=land_command)
    key = commands.add_parser("key", help="the key that pseudonyms are made with")
    keys = key.add_subparsers(required=True)
    new = keys.add_parser("new", help="make a new key file")
    new.add_argument("path", type=Path, nargs="?", help="default: keys/pseudonym.key")
    new.add_argument("--project-dir", type=Path, help=PROJECT_HELP)
    new.set_defaults(run=key_command)
    rotate = keys.add_parser(
        "rotate",
        help="replace the key file by a new one; the next build makes all pseudonyms anew",
    )
    rotate.add_argument("--project-dir", type=Path, help=PROJECT_HELP)
    rotate.set_defaults(run=rotate_command)


def land_command(arguments: argparse.Namespace) -> int:
    """Lands everything; exit status 0 where all files landed, 1 where some were refused, else 2."""
    try:
        project = project_dir(arguments.project_dir)
        with at_work(project):
            report = land(project, arguments.extracts_dir, arguments.landing_dir)
    except (LandingError, ProjectInUse, ProjectNotFound) as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(report.lines()))
    return 1 if report.refused else 0


def key_command(arguments: argparse.Namespace) -> int:
    """Makes a key file; exit status 2 where there is one already, for it must not be lost."""
    try:
        path = arguments.path or key_path(project_dir(arguments.project_dir), os.environ)
        new_key(path)
    except ProjectNotFound as error:
        print(error, file=sys.stderr)
        return 2
    except FileExistsError:
        print(f"{path} is there already; a new key would make other pseudonyms", file=sys.stderr)
        return 2
    print(f"New key in {path}. Keep a copy in a safe place, apart from the data.")
    return 0


def rotate_command(arguments: argparse.Namespace) -> int:
    """Replaces the key file; exit status 2 where there is none."""
    try:
        project = project_dir(arguments.project_dir)
        with alone(project):
            path = rotate_key(project)
    except (KeyMissing, ProjectInUse, ProjectNotFound) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"New key in {path}; the old one is gone. Keep a copy in a safe place, apart from the")
    print("data. Next: `dbt build` reads all extracts again, makes every pseudonym anew and drops")
    print("the builds with the old ones.")
    return 0
