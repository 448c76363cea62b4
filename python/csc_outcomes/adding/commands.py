"""`csc add-extract`: from files as they came to a delivery that the door lands."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from csc_outcomes.adding.add import add, check
from csc_outcomes.adding.known import FLAT_FORMATS
from csc_outcomes.landing.contract import DATE_FORMATS, PRESET_FORMATS, XML_FORMATS
from csc_outcomes.landing.door import where_raised
from csc_outcomes.landing.errors import Refused
from csc_outcomes.project import ProjectNotFound, project_dir

DESCRIPTION = """\
Looks at a file or a folder, says which format it is and why, proposes the mapping, and writes
extracts/<authority>/<delivery>/ with its extract.yml. Prints headers, shapes and counts, never a
value. Asks nothing: what it can't decide it lists, and flags decide it.
"""
EXAMPLE = """\
examples:
  csc add-extract ~/Downloads/cases.csv
  csc add-extract ~/Downloads/cases.csv --la-code 331 --la-name Coventry --as-of 2024-03-31
  csc add-extract --check extracts/coventry/2024-09

exit status: 0 all is decided, 1 written but something is undecided, 2 refused
"""


def add_extract_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `add-extract` to the subcommands of a parser; sets `run`."""
    command = commands.add_parser(
        "add-extract",
        help="look at files, say what they are, and write their extract.yml",
        description=DESCRIPTION,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_to = command.add_argument
    add_to("path", type=Path, metavar="PATH", help="a file, or a folder of files")
    add_to("--check", action="store_true", help="compare a delivery with its extract.yml, no more")
    add_to("--la-code", metavar="CODE", help="three digits; known of an authority that is there")
    add_to("--la-name", metavar="NAME")
    add_to("--as-of", type=_day, metavar="DAY", help="the day of the extract, as 2024-03-31")
    add_to("--window-start", type=_day, metavar="DAY", help="the first day that it covers")
    add_to("--delivery", metavar="NAME", help="name of its folder; default: the month of --as-of")
    add_to("--submission", type=int, metavar="N", help="2 for a return that was sent again")
    add_to("--synthetic", action="store_true", help="made-up data, with a code such as S01")
    formats = (*XML_FORMATS, *PRESET_FORMATS, *FLAT_FORMATS)
    add_to("--format", choices=formats, help="where it can't be told")
    add_to("--holds", metavar="KIND", help="what the file holds, where it can't be told")
    add_to("--map", action=_Pairs, metavar="COLUMN=HEADER", help="decide one column; repeatable")
    add_to("--constant", action=_Pairs, metavar="COLUMN=VALUE", help="one value for all rows")
    add_to("--ignore", action="append", default=[], metavar="HEADER", help="known, not needed")
    add_to("--date-format", action="append", default=[], choices=DATE_FORMATS)
    add_to("--encoding", choices=("utf-8", "utf-16", "utf-16-le", "utf-16-be", "windows-1252"))
    add_to("--delimiter", choices=(",", ";", "|", "tab"))
    add_to("--header-row", type=int, metavar="N", help="the row of the headers, from 1")
    add_to("--sheet", metavar="NAME", help="the sheet of a workbook")
    add_to("--yes", action="store_true", help="take what is only likely as decided")
    add_to("--move", action="store_true", help="move the files instead of copying them")
    add_to("--force", action="store_true", help="replace an extract.yml that is there")
    add_to("--extracts-dir", type=Path, help=argparse.SUPPRESS)
    command.set_defaults(run=extract_command)


def extract_command(arguments: argparse.Namespace) -> int:
    """Writes or checks a delivery; exit status 0 when all is decided, 1 when something isn't, 2
    when it was refused."""
    try:
        project = project_dir()
        extracts = project / (arguments.extracts_dir or "extracts")
        if arguments.check:
            lines, status = check(project, extracts, arguments)
        else:
            lines, status = add(project, extracts, arguments)
    except ProjectNotFound as error:
        print(error, file=sys.stderr)
        return 2
    except Refused as refusal:
        print(f"Refused [{refusal.code}]: {refusal.reason}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.strerror}: {error.filename}", file=sys.stderr)
        return 2
    except Exception as error:  # its message may hold a value
        print(f"Refused [unexpected_error]: {where_raised(error)}", file=sys.stderr)
        return 2
    print("\n".join(lines))
    return status


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text if len(text) == 10 else "")
    except ValueError:
        raise argparse.ArgumentTypeError("write a day as 2024-03-31") from None


class _Pairs(argparse.Action):
    """Collects NAME=VALUE pairs in a dictionary."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[str] | None,
        option_string: str | None = None,
    ) -> None:
        name, mark, value = str(values).partition("=")
        if not mark or not name.strip() or not value.strip():
            parser.error(f"{option_string}: write NAME=VALUE")
        pairs = dict(getattr(namespace, self.dest) or {})
        setattr(namespace, self.dest, {**pairs, name.strip(): value.strip()})
