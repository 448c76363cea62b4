"""The command line: `csc land`, `csc add-extract`, `csc key`, `csc withdraw`, `csc purge`,
`csc power`, `csc allocate`, `csc plan`, `csc report`, `csc check-release`, `csc spark-build`,
`csc summary`, `csc synthetic`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import duckdb

from csc_outcomes.adding.commands import add_extract_command
from csc_outcomes.disclosure.commands import add_check_release_command
from csc_outcomes.forgetting.commands import add_forgetting_commands
from csc_outcomes.landing.commands import add_landing_commands
from csc_outcomes.plan.commands import add_plan_command
from csc_outcomes.power.commands import add_power_command
from csc_outcomes.project import ProjectNotFound, project_dir
from csc_outcomes.randomisation.commands import add_allocate_command
from csc_outcomes.report.commands import add_report_command
from csc_outcomes.spark.commands import add_spark_build_command


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; exit status 0 when it did what it says, 2 when it could not."""
    parser = argparse.ArgumentParser(
        prog="csc", description="Children's social care extracts in, outcomes and estimates out."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    add_landing_commands(commands)
    add_forgetting_commands(commands)
    add_extract_command(commands)
    add_power_command(commands)
    add_allocate_command(commands)
    add_plan_command(commands)
    add_report_command(commands)
    add_check_release_command(commands)
    add_spark_build_command(commands)
    summary = commands.add_parser(
        "summary", help="print the primary outcomes of the published build"
    )
    summary.set_defaults(run=summary_command)
    synthetic = commands.add_parser(
        "synthetic", help="generate synthetic extracts; see csc synthetic --help", add_help=False
    )
    synthetic.set_defaults(run=synthetic_command)
    known, rest = parser.parse_known_args(arguments)
    known.rest = rest
    if rest and known.run is not synthetic_command:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return _ended(known)


def _ended(known: argparse.Namespace) -> int:
    """Runs the command, whose files are their owner's alone; what the system refuses, such as a
    missing file, is told in one line."""
    umask = os.umask(0o077)
    try:
        status = int(known.run(known))
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        print(f"{error.strerror}{place}; nothing more was done", file=sys.stderr)
        return 2
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        print(
            "The published tables are not those that this release of csc_outcomes reads: run "
            f"`dbt build` to make them anew, then this again. {str(error).splitlines()[0]}",
            file=sys.stderr,
        )
        return 2
    finally:
        os.umask(umask)
    return status


def summary_command(_: argparse.Namespace) -> int:
    """Prints the summary that ended the published build."""
    from csc_outcomes.summary import summary_text

    try:
        current = project_dir() / "published" / "current"
    except ProjectNotFound as error:
        print(error, file=sys.stderr)
        return 2
    if not current.exists():
        print(f"nothing published yet at {current}: run `dbt build` first", file=sys.stderr)
        return 2
    print(summary_text(current.resolve()))
    return 0


def synthetic_command(arguments: argparse.Namespace) -> int:
    """Hands over to the generator's own command line."""
    from csc_outcomes.synthetic.__main__ import main as generate

    return int(generate(arguments.rest) or 0)
