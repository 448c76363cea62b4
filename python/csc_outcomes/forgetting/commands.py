"""`csc withdraw` and `csc purge`."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from csc_outcomes.forgetting.places import ForgettingError, derived, shared_warehouse, shown
from csc_outcomes.landing.errors import LandingError
from csc_outcomes.project import ProjectNotFound, project_dir

if TYPE_CHECKING:
    from csc_outcomes.forgetting.purge import Overdue

WITHDRAW = """\
Removes a child's records from everything that builds made: landing/, the warehouse, all published
builds, reports/ with the release bundles in it, target/, logs/ and spark/. The child is added to
the authority's opt_outs.csv, so the door leaves its records out from now on. The child's id is
asked for, or read from standard input; it is never an argument, for those stand in the shell's
history.
"""
PURGE = """\
Removes the deliveries of studies whose data may be kept no longer, and everything that builds made
of them. All deliveries of these authorities go, also those that serve monitoring. Logs older than
the days that they may be kept go too.
"""


def add_forgetting_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `withdraw` and `purge` to the subcommands of a parser; each sets `run`."""
    for name, text, run, help_text in (
        ("withdraw", WITHDRAW, withdraw_command, "remove a child from everything that was built"),
        ("purge", PURGE, purge_command, "remove what may be kept no longer"),
    ):
        command = commands.add_parser(
            name,
            help=help_text,
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_argument("--yes", action="store_true", help="don't ask before removing")
        command.set_defaults(run=run)
        if name == "purge":
            command.add_argument(
                "--also-of-running-studies",
                action="store_true",
                help="deliveries go even where a study that isn't over needs them too",
            )
        else:
            command.add_argument("--la", required=True, metavar="CODE", help="the authority")


def withdraw_command(arguments: argparse.Namespace) -> int:
    """Withdraws a child; exit status 1 where a file still holds a trace of it or the authority's
    files were refused, 2 where nothing was done."""
    from csc_outcomes.forgetting.withdrawal import find_child, withdraw

    try:
        project = project_dir()
        child = find_child(project, arguments.la, _entered(arguments.la))
        everything = [*_said(project, derived(project)), "landing/ (written anew)"]
        if not _agreed(arguments, "Goes, with every build in it", everything):
            return 2
        done = withdraw(project, child)
    except (ProjectNotFound, ForgettingError, LandingError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Withdrawn. Certificate, without ids: {done.certificate.relative_to(project)}")
    _tell_of_shared(project)
    _list(
        "Still held by these files; delete them by hand, then run this again:",
        shown(project, done.still_held),
    )
    _list(
        "The id itself, or a word like it, stands in these files; look whether it's the child:",
        shown(project, done.mentions),
    )
    _list(
        f"Files of {arguments.la} that were refused, so no build has them until mended:",
        done.refused,
    )
    if done.still_held or done.refused:
        return 1
    print("Next: run `dbt build`; its results are without the child. Nothing is published until")
    print("then. What no command can reach stands at the end of the certificate.")
    return 0


def purge_command(arguments: argparse.Namespace) -> int:
    """Removes what may be kept no longer; exit status 2 where something was left."""
    from csc_outcomes.forgetting.purge import overdue, purge

    try:
        project = project_dir()
        due = overdue(project)
        if due.is_nothing:
            print("Nothing is past its last day.")
            return 0
        due.check(arguments.also_of_running_studies)
        if not _agreed(arguments, "Goes", _due(project, due)):
            return 2
        certificate = purge(project, due)
    except (ProjectNotFound, ForgettingError, LandingError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Purged. Certificate: {certificate.relative_to(project)}")
    if due.reasons:
        _tell_of_shared(project)
        print("Next: have the authority's own copies and all backups destroyed; then `dbt build`")
        print("builds what remains.")
    return 0


def _due(project: Path, due: Overdue) -> list[str]:
    """What `csc purge` is about to remove, and why."""
    return [
        *due.reasons,
        *_said(project, due.paths),
        *(["every delivery of these authorities, also for monitoring"] if due.studies else []),
    ]


def _tell_of_shared(project: Path) -> None:
    """One line where there is a shared warehouse, which no command here empties."""
    if shared := shared_warehouse(project):
        print(
            f"The shared warehouse in {shared} still holds the records: run `dbt build --target "
            "shared`, then `vacuumdb --full` (docs/shared_warehouse.md)."
        )


def _list(title: str, lines: list[str]) -> None:
    """Prints a title and its lines; nothing where there is none."""
    if lines:
        print("\n".join([title, *(f"  {line}" for line in lines)]))


def _said(project: Path, paths: Iterable[Path]) -> list[str]:
    """Paths, with what people may not expect in them."""
    return [f"{p} (release bundles too)" if p == "reports/" else p for p in shown(project, paths)]


def _entered(la_code: str) -> str:
    """The child's id, from a prompt that doesn't show it or from standard input."""
    with _nothing_changed():
        if sys.stdin.isatty():
            return getpass.getpass(f"Id of the child, as {la_code} writes it (it isn't shown): ")
        return sys.stdin.readline().strip()


def _agreed(arguments: argparse.Namespace, what: str, lines: list[str]) -> bool:
    """Whether the user goes on; without a terminal to ask at, --yes says so."""
    if arguments.yes:
        return True
    print(f"{what}:")
    print("\n".join(f"  {line}" for line in lines))
    if not sys.stdin.isatty():
        print("Nothing was removed: add --yes to go on.", file=sys.stderr)
        return False
    with _nothing_changed():
        if input("Remove all of this? [y/N] ").strip().casefold() in ("y", "yes"):
            return True
    print("Nothing was removed.")
    return False


@contextmanager
def _nothing_changed() -> Iterator[None]:
    """Turns an answer that never came, or is no text, into a ForgettingError."""
    try:
        yield
    except (KeyboardInterrupt, EOFError, UnicodeDecodeError):
        after_prompt = "\n" if sys.stdin.isatty() else ""
        message = f"{after_prompt}Nothing was changed: no answer that can be read."
        raise ForgettingError(message) from None
