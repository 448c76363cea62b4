"""The text of an extract.yml, and the delivery's folder: there as a whole, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from csc_outcomes.adding.propose import Proposal
from csc_outcomes.adding.return_files import ReturnFile
from csc_outcomes.landing.columns import FORMATS
from csc_outcomes.landing.contract import counted, parse_delivery
from csc_outcomes.landing.deliveries import CONTRACT_FILE
from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.store import data_folder

UNDECIDED = "# UNDECIDED"
ANY_FILE = {
    "name": "any.csv",
    "holds": "referrals",
    "columns": {"child_id": "child", "referral_date": "referred"},
}


@dataclass(frozen=True)
class About:
    """What extract.yml says of the delivery as a whole."""

    la_code: str
    la_name: str
    format: str
    as_of_date: date | None  # None: the return says it itself
    is_synthetic: bool = False
    window_start: date | None = None
    submission: int | None = None

    def lines(self) -> list[str]:
        """The keys, one line each."""
        lines = [f"la_code: {scalar(self.la_code)}", f"la_name: {scalar(self.la_name)}"]
        lines += ["synthetic: true"] if self.is_synthetic else []
        lines.append(f"format: {self.format}")
        lines += [f"as_of_date: {self.as_of_date}"] if self.as_of_date else []
        lines += [f"window_start: {self.window_start}"] if self.window_start else []
        lines += [f"submission: {self.submission}"] if self.submission else []
        return lines

    def check(self) -> None:
        """Refused where the door would refuse what is said here, whatever the files are."""
        document = yaml.load("\n".join(self.lines()), Loader=yaml.BaseLoader)
        day = document.get("as_of_date", "9999-12-31")
        parse_delivery({**document, "as_of_date": day, "format": "case_list", "files": [ANY_FILE]})


def preset_text(about: About, files: Sequence[ReturnFile]) -> str:
    """extract.yml of a format whose columns are known: mostly the files' names are all it takes."""
    lines = [*about.lines(), "files:", *entry_lines(files)]
    return "\n".join(lines) + "\n"


def entry_lines(files: Sequence[ReturnFile]) -> Iterator[str]:
    """What stands under `files:` of a return."""
    for file in files:
        yield f"  - name: {scalar(file.path.name)}"
        if file.encoding:
            yield f"    encoding: {file.encoding}"
        if file.sheet:
            yield f"    sheet: {scalar(file.sheet)}"
        if file.columns:
            pairs = ", ".join(f"{name}: {_quoted(text)}" for name, text in file.columns.items())
            yield f"    columns: {{{pairs}}}"


def flat_text(about: About, proposals: Sequence[Proposal]) -> str:
    """extract.yml of mapped files; what is undecided stands there as a comment."""
    lines = [*about.lines(), "files:"]
    for proposal in proposals:
        lines += _file_lines(about, proposal)
    return "\n".join(lines) + "\n"


def _file_lines(about: About, proposal: Proposal) -> Iterator[str]:
    layout = proposal.table.layout
    yield f"  - name: {scalar(proposal.table.path.name)}"
    yield f"    holds: {proposal.holds}"
    if layout.encoding not in (None, "utf-8"):
        yield f"    encoding: {layout.encoding}"
    if layout.delimiter != ",":
        yield f"    delimiter: {scalar(layout.delimiter)}"
    if layout.header_row != 1:
        yield f"    header_row: {layout.header_row}"
    if layout.sheet is not None:
        yield f"    sheet: {scalar(layout.sheet)}"
    for sentence in proposal.undecided:
        yield f"    {UNDECIDED} {sentence}"
    if proposal.date_formats and proposal.date_formats != ("iso",):
        yield f"    date_formats: [{', '.join(proposal.date_formats)}]"
    if proposal.list_separator not in (None, ";"):
        yield f"    list_separator: {_quoted(proposal.list_separator)}"
    yield from _column_lines(proposal)
    yield from _code_lines(about, proposal)
    constants = [f"{name}: {scalar(value)}" for name, value in proposal.constants.items()]
    if constants:
        yield f"    constants: {{{', '.join(constants)}}}"
    for name, value in proposal.likely_constants.items():
        yield f"    # constants: {{{name}: {scalar(value)}}}  # likely, with the columns above"
    if proposal.ignored:
        yield f"    ignored_columns: [{', '.join(map(_quoted, proposal.ignored))}]"
    if proposal.unmapped and not proposal.table.has_doubt:
        listed = ", ".join(_quoted(header) for header in proposal.unmapped)
        yield "    # Nothing was found for these; take away the '#' where they aren't needed:"
        yield f"    # ignored_columns: [{listed}]"


def _column_lines(proposal: Proposal) -> Iterator[str]:
    order = [column.name for column in FORMATS[proposal.format][proposal.holds]]
    matches = sorted(proposal.matches, key=lambda match: order.index(match.column))
    yield "    columns:"
    for match in matches:
        mark, note = ("", "") if match.is_sure else ("# ", "  # likely: take away the first '#'")
        yield f"      {mark}{match.column}: {scalar(match.header)}{note}"


def _code_lines(about: About, proposal: Proposal) -> Iterator[str]:
    sure = proposal.mapped
    codes = {name: {**match.codes} for name, match in proposal.codes.items()}
    for name, mapping in proposal.declared_codes.items():
        codes[name] = {**codes.get(name, {}), **mapping}
    codes = {name: mapping for name, mapping in codes.items() if mapping}
    if codes:
        yield "    codes:" if set(codes) & set(sure) else "    # codes:"
    for name, mapping in codes.items():
        pairs = ", ".join(f"{_quoted(value)}: {_quoted(c)}" for value, c in mapping.items())
        yield f"      {'' if name in sure else '# '}{name}: {{{pairs}}}"
    for name, match in proposal.codes.items():
        if match.n_unmatched_values and name in sure:
            yield from _look_up(about, proposal, name)


def _look_up(about: About, proposal: Proposal, name: str) -> Iterator[str]:
    """How to see the values that nobody knows, on one's own screen and nowhere else."""
    match = proposal.codes[name]
    folder = data_folder(proposal.format, proposal.holds)
    known = ", ".join(f"'{code}'" for code in sorted({*match.known_codes}))
    number = counted(match.n_unmatched_values, "value")
    yield f"    # {name}: {number} unmatched ({counted(match.n_unmatched_records, 'record')})."
    yield "    # To see them on your own screen, after `csc land`, and add them under codes:"
    yield (
        "    #   python -c \"import duckdb; duckdb.sql('''select "
        f"{name}_source, count(*) from 'landing/{folder}/*.parquet' "
        f"where la_code = '{about.la_code}' and {name} not in ({known}) "
        "group by 1''').show(max_rows=1000)\""
    )


def scalar(text: str) -> str:
    """A text as YAML on one line, in quotes where it would be read as something else."""
    line = " ".join(text.split())
    dumped = yaml.safe_dump(line, width=10_000, allow_unicode=True).strip().removesuffix("...")
    return dumped.strip()


def _quoted(text: str | None) -> str:
    """As `scalar`, and fit to stand in a list or mapping on one line."""
    line = scalar(text or "")
    if line[:1] in "\"'" or not set(line) & set(",[]{}:#"):
        return line
    return "'" + line.replace("'", "''") + "'"


@contextmanager
def staged(
    extracts: Path, slug: str, delivery: str, files: Sequence[Path], text: str
) -> Iterator[tuple[Path, Path]]:
    """(an extracts folder with this delivery alone, the delivery's folder in it), to be checked
    and moved. Hidden beside the others, where the door doesn't look, and gone afterwards."""
    root = Path(tempfile.mkdtemp(prefix=".adding-", dir=extracts))
    try:
        folder = root / slug / delivery
        folder.mkdir(mode=0o700, parents=True)
        for path in files:
            copy = folder / path.name
            shutil.copyfile(path, copy)
            copy.chmod(0o600)
        write_private(folder / CONTRACT_FILE, text)
        yield root, folder
    finally:
        shutil.rmtree(root, ignore_errors=True)


def write_private(path: Path, text: str) -> None:
    """Writes a text that only its owner may read, as a whole."""
    temporary = path.with_name(f".{path.name}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    temporary.chmod(0o600)
    temporary.replace(path)


def is_there(target: Path, text: str, files: Sequence[Path]) -> bool:
    """Whether the delivery lies there just as it would be written."""
    contract = target / CONTRACT_FILE
    if not contract.is_file() or contract.read_text(encoding="utf-8") != text:
        return False
    return all(_is_same(path, target / path.name) for path in files)


def check_free(target: Path, files: Sequence[Path], is_forced: bool) -> None:
    """Refused where something else would be written over."""
    if is_forced:
        return
    where = f"{target.parent.name}/{target.name}"
    if (target / CONTRACT_FILE).exists():
        raise Refused(
            "already_there",
            f"{where}/{CONTRACT_FILE} is there already and says something else. --check compares "
            "it with the files, --delivery NAME makes another delivery, --force replaces it",
        )
    for path in files:
        other = target / path.name
        if other.exists() and not _is_same(path, other):
            raise Refused(
                "already_there",
                f"{where}/{path.name} is there already and differs; --force replaces it",
            )


def _is_same(path: Path, other: Path) -> bool:
    if not other.is_file():
        return False
    return path.samefile(other) or path.read_bytes() == other.read_bytes()


def put(folder: Path, target: Path) -> None:
    """Moves a staged delivery to its place: 0700 folders, 0600 files, extract.yml last."""
    for place in (target.parent, target):
        place.mkdir(mode=0o700, exist_ok=True)
        place.chmod(0o700)
    for path in sorted(folder.iterdir(), key=lambda path: path.name == CONTRACT_FILE):
        path.replace(target / path.name)


def remove_moved(files: Sequence[Path], target: Path) -> None:
    """Removes the originals of files that now lie in the delivery."""
    for path in files:
        if _is_same(path, target / path.name) and not path.samefile(target / path.name):
            path.unlink()
