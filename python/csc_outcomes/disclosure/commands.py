"""`csc check-release`: may this go out, and if so, as what."""

from __future__ import annotations

import argparse
import sys
import textwrap
from pathlib import Path

from csc_outcomes.disclosure.profiles import DisclosureError
from csc_outcomes.project import FolderInUse, ProjectNotFound, no_access, project_dir

DESCRIPTION = """\
Checks every output of the published build's release (tables, pages, workbook) and says which may
go out: ok, needs review or blocked, with the reason and what to do. What isn't blocked is written
into a folder with hashes, the disclosure profile and empty fields for whoever approves it.
"""


def add_check_release_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
) -> None:
    """Adds `check-release` to the subcommands of a parser; sets `run`."""
    check = commands.add_parser(
        "check-release",
        help="check what would be released, and bundle what may go out",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="folder of the bundle; default reports/release_<build_id>",
    )
    check.add_argument("--study", metavar="STUDY", help="one study's rows and pages alone")
    check.set_defaults(run=check_release_command)


def check_release_command(arguments: argparse.Namespace) -> int:
    """Prints the outputs and writes the bundle; exit status 1 where one is blocked, 2 where
    nothing could be checked, else 0."""
    from csc_outcomes.disclosure.bundle import write_bundle
    from csc_outcomes.disclosure.check import checked, read_release
    from csc_outcomes.disclosure.outputs import BLOCKED, REVIEW

    try:
        project = project_dir()
        release = read_release((project / "published" / "current").resolve())
        known = (
            sorted(release.tables["rpt_studies"].study_id)
            if "rpt_studies" in release.tables
            else []
        )
        if arguments.study and arguments.study not in known:
            told = ", ".join(known) or "none"
            print(f"no study {arguments.study} in this build; it has {told}", file=sys.stderr)
            return 2
        outputs = checked(release, arguments.study, project / "warehouse" / "csc_outcomes.duckdb")
        name = "_".join(
            ["release", *([arguments.study] if arguments.study else []), release.build_id]
        )
        folder = arguments.output or project / "reports" / name
        files = write_bundle(release, outputs, arguments.study, folder, project)
    except (ProjectNotFound, DisclosureError, FolderInUse) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(no_access(error), file=sys.stderr)
        return 2
    print(f"Release of build {release.build_id} under {release.profile.title}")
    if release.is_synthetic:
        print("The data are synthetic.")
    for output in outputs:
        print(f"  {output.status:12}  {output.kind:8}  {output.name}")
        for label, text in (("why", output.reason), ("do", output.what_to_do)):
            if text:
                print(
                    textwrap.fill(
                        f"{label}: {text}", 96, initial_indent=" " * 16, subsequent_indent=" " * 20
                    )
                )
    tally = {s: sum(o.status == s for o in outputs) for s in (BLOCKED, REVIEW)}
    print(f"{len(outputs)} outputs: {tally[BLOCKED]} blocked, {tally[REVIEW]} need review")
    print(f"Bundle of {len(files)} files: {folder}")
    if tally[BLOCKED]:
        print("Blocked outputs are not in it. Mend them before anything goes out.")
        return 1
    print("Next: have it approved (fields of the approver in manifest.json), then send the folder.")
    return 0
