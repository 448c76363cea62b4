"""`csc report`: a study's report from the published build, as one page with its files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from csc_outcomes.progress import say
from csc_outcomes.project import FolderInUse, ProjectNotFound, no_access, project_dir


def add_report_command(commands: Any) -> None:
    """Adds `csc report` to the command line."""
    report = commands.add_parser(
        "report",
        help="write a study's report: one page, its figures and its tables as files",
        description="Writes report.html, figures/*.svg and *.png and tables/*.csv of the published "
        "build. Without --study, the reports of all studies.",
    )
    report.add_argument(
        "--study", metavar="STUDY", help="study_id, as in seeds/studies/studies.csv"
    )
    report.add_argument(
        "--release",
        action="store_true",
        help="from the release tables, under the disclosure profile; else the analyst's view, "
        "which is not for release",
    )
    report.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="folder to write to; default reports/<study>, reports/<study>_release with --release",
    )
    report.set_defaults(run=report_command)


def report_command(arguments: argparse.Namespace) -> int:
    """Writes the reports and says where; exit status 2 with what to do when it can't."""
    from csc_outcomes.report.pages import studies, study_row, write_report
    from csc_outcomes.report.source import MissingTable, Source

    if arguments.output and not arguments.study:
        print("--output is one study's folder: name the study with --study", file=sys.stderr)
        return 2
    kind: Any = "release" if arguments.release else "analyst"
    try:
        project = project_dir()
        with Source((project / "published" / "current").resolve(), kind) as source:
            with_estimates = studies(source)
            if arguments.study:
                study_row(source, arguments.study)  # an unknown study is told with those there are
            if arguments.study and arguments.study not in with_estimates:
                print(
                    f"study {arguments.study} has no estimates in this build; "
                    "fct_fitness_for_analysis says why",
                    file=sys.stderr,
                )
                return 2
            for study in [arguments.study] if arguments.study else with_estimates:
                say(f"{study}: drawing the report")
                folder = study + ("_release" if arguments.release else "")
                output = arguments.output or project / "reports" / folder
                written = write_report(source, study, output)
                print(f"{study}: {written[0]} and {len(written) - 1} files beside it")
    except KeyError:
        raise  # a fault of ours, not a study that isn't there
    except (ProjectNotFound, FolderInUse, MissingTable, LookupError) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(no_access(error), file=sys.stderr)
        return 2
    return 0
