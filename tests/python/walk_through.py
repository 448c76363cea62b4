"""Runs the walk-throughs of a guide: writes the files it shows, runs the commands it shows."""

from __future__ import annotations

import contextlib
import csv
import io
import re
import shlex
from pathlib import Path

import openpyxl

from csc_outcomes.cli import main

# `<!-- file: ../returns/cases.csv -->` above a fenced block; `, sheet: NAME` makes a workbook.
SHOWN_FILE = re.compile(
    r"^<!-- file: (?P<path>[^,\n]+?)(?:, sheet: (?P<sheet>[^\n]+?))? -->\n"
    r"```\w*\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files_of(page: str, project: Path) -> list[Path]:
    """Writes all files that a page shows, relative to the project; their paths."""
    paths = []
    for match in SHOWN_FILE.finditer(page):
        path = project / match["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        if match["sheet"] is None:
            path.write_text(match["text"], encoding="utf-8")
        else:
            _add_sheet(path, match["sheet"], match["text"])
        paths.append(path)
    return paths


def _add_sheet(path: Path, name: str, text: str) -> None:
    book = openpyxl.load_workbook(path) if path.exists() else openpyxl.Workbook()
    if not path.exists():
        book.remove(book.active)
    sheet = book.create_sheet(name)
    for row in csv.reader(io.StringIO(text)):
        sheet.append(row)
    book.save(path)


def consoles(page: str) -> list[list[tuple[str, str]]]:
    """The console blocks of a page: (command, what it prints) each."""
    blocks = []
    for block in CONSOLE.findall(page):
        commands = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
        parts = [command.partition("\n") for command in commands]
        blocks.append([(command, output) for command, _, output in parts])
    return blocks


def run_console(command: str) -> str:
    """What `csc ...` prints, on both streams."""
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        main(shlex.split(command)[1:])
    return stream.getvalue()
