"""`csc allocate`: families to arms, and the check of an allocation."""

from __future__ import annotations

import argparse
import datetime
import os
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

from csc_outcomes.landing.errors import LandingError
from csc_outcomes.landing.keys import key_id, read_key
from csc_outcomes.randomisation.draws import Lots
from csc_outcomes.randomisation.errors import AllocationError
from csc_outcomes.randomisation.families import read_families
from csc_outcomes.randomisation.record import (
    ALLOCATIONS,
    AUDIT,
    SETTINGS,
    Replay,
    Settings,
    extended,
    lists_of,
    new_batch,
    read_settings,
    replay,
    verify,
    write,
)
from csc_outcomes.randomisation.rules import UNITS, WHEN_FULL, Allocation, Rules

BLOCK_SIZES = (10, 20)
DESCRIPTION = """\
Allocates recommended families to the programme or to usual services, by lot. All children of a
family get one arm. Families that the council hasn't approved are not drawn, and those for which the
programme has no place belong to neither arm. The same list, seed and key give the same files to the
byte.

FILE is a CSV with the headers family_id, child_id, recommended_date (2015-08-31), approved (yes or
no), and case_id where cases have ids.
"""
EXAMPLE = """\
examples:
  csc allocate recommended.csv --programme crewe --seed 20150801 --share-treated 0.7 --capacity 90
  csc allocate september.csv --continue recommended_allocation --output september_allocation
  csc allocate --verify september_allocation
"""
RULE_OPTIONS = (
    "seed",
    "share_treated",
    "programme",
    "block_sizes",
    "simple",
    "capacity_in",
    "when_full",
)


def fraction(text: str) -> Fraction:
    """0.7 or 2/3, exactly; ArgumentTypeError says what was expected."""
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(f"{text!r} is no share: write 0.7 or 2/3") from None


def sizes(text: str) -> tuple[int, ...]:
    """10,20 in ascending order; ArgumentTypeError says what was expected."""
    try:
        return tuple(sorted(int(size) for size in text.split(",")))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no size: write 10,20 or 10") from None


def day(text: str) -> datetime.date:
    """A day as 2015-08-31; ArgumentTypeError says what was expected."""
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: write 2015-08-31") from None


def add_allocate_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `allocate` to the subcommands of a parser; sets `run`."""
    allocating = commands.add_parser(
        "allocate",
        help="allocate families to a trial's arms by lot, or check such an allocation",
        description=DESCRIPTION,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = allocating.add_argument
    add("file", type=Path, nargs="?", metavar="FILE", help="the recommended cases")
    add("--programme", metavar="ID", help="programme_id of the allocations")
    add("--seed", type=int, metavar="N", help="a whole number; note it before anyone is drawn")
    add("--share-treated", type=fraction, metavar="SHARE", help="0.7 or 2/3")
    add(
        "--block-sizes",
        type=sizes,
        metavar="N,N",
        help="each block of families has exactly that share and, by lot, one of these sizes; "
        f"default: {','.join(map(str, BLOCK_SIZES))}",
    )
    add("--simple", action="store_true", default=None, help="draw each family by itself")
    add("--capacity", type=int, metavar="K", help="places of the programme; default: no limit")
    add("--capacity-in", choices=UNITS, help="what a place is for; default: families")
    add(
        "--when-full",
        choices=WHEN_FULL,
        help="stop: draw a family only while there is a place for it (default); draw: draw it all "
        "the same, and leave it out if it is for the programme",
    )
    add("--date", type=day, metavar="DAY", help="of allocation; default: last recommended_date")
    add("--continue", dest="earlier", type=Path, metavar="DIR", help="go on from an allocation")
    add("--output", type=Path, metavar="DIR", help="a new folder; default: <FILE>_allocation")
    add("--verify", type=Path, metavar="DIR", help="replay an allocation and compare")
    add("--project-dir", type=Path, default=Path(), metavar="DIR", help="where the key is found")
    allocating.set_defaults(run=allocate_command)


def allocate_command(arguments: argparse.Namespace) -> int:
    """Allocates or verifies; exit status 0 when it did or all is as replayed, 1 when a check found
    a difference, 2 when it could not."""
    try:
        if arguments.verify is not None:
            return _verify(arguments)
        print("\n".join(_allocate(arguments)))
    except (AllocationError, LandingError) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.strerror}: {error.filename}", file=sys.stderr)
        return 2
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    folder = _folder(arguments.verify)
    if arguments.file is not None or arguments.earlier is not None:
        raise AllocationError("--verify takes a folder alone, without FILE and --continue")
    found, faults = verify(folder, read_key(arguments.project_dir, os.environ))
    if found is None or faults:
        print(f"No: {folder} is not as its lists, its seed and this key give it:")
        print("\n".join(f"  - {fault}" for fault in faults))
        return 1
    print(
        f"Yes: all {len(found.allocation.steps)} lines of {AUDIT}, and {ALLOCATIONS}, come out the "
        f"same to the byte.\nLast link of the chain: {found.chain}"
    )
    return 0


def _allocate(arguments: argparse.Namespace) -> list[str]:
    if arguments.file is None:
        raise AllocationError("give the FILE of recommended cases, or --verify DIR")
    if arguments.capacity is not None and arguments.capacity < 0:
        raise AllocationError("--capacity can't be below 0")
    key = read_key(arguments.project_dir, os.environ)
    content = arguments.file.read_bytes()
    with tempfile.TemporaryDirectory() as place:
        # What is read is what is kept, even if somebody writes to the file meanwhile.
        copy = Path(place) / "list.csv"
        copy.write_bytes(content)
        families = read_families(copy, arguments.file.name)
        day = arguments.date or max(family.recommended for family in families)
        if arguments.earlier is None:
            earlier: Replay | None = None
            lists: list[Path] = []
            batch = new_batch(content, day, arguments.capacity)
            settings = Settings(_rules(arguments), key_id(key), (batch,))
        else:
            earlier, before, lists = _earlier(arguments, key)
            capacity = before.batches[-1].capacity
            capacity = capacity if arguments.capacity is None else arguments.capacity
            settings = extended(before, new_batch(content, day, capacity))
        found = replay(settings, [*lists, copy], key)
    if earlier is not None and not found.files[AUDIT].startswith(earlier.files[AUDIT]):
        raise AllocationError("the log doesn't go on from the earlier one; nothing was written")
    output = arguments.output or arguments.file.with_name(f"{arguments.file.stem}_allocation")
    is_new = write(output, found.files)
    return _report(arguments.file, output, found, len(settings.batches), is_new)


def _earlier(arguments: argparse.Namespace, key: bytes) -> tuple[Replay, Settings, list[Path]]:
    """The allocation to go on from, replayed: nothing goes on from one that was changed."""
    given = [name for name in RULE_OPTIONS if getattr(arguments, name) is not None]
    if given:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise AllocationError(f"{options}: an allocation goes on as it began; leave it out")
    folder = _folder(arguments.earlier)
    found, faults = verify(folder, key)
    if found is None or faults:
        raise AllocationError(
            f"the allocation in {folder} is not as its lists, its seed and this key give it "
            f"({'; '.join(faults)}), so nothing can go on from it"
        )
    settings = read_settings(folder)
    return found, settings, lists_of(folder, settings)


def _folder(path: Path) -> Path:
    """The folder of an allocation, also where one of its files is named."""
    return path.parent if path.name in (AUDIT, ALLOCATIONS, SETTINGS) else path


def _rules(arguments: argparse.Namespace) -> Rules:
    missing = [
        f"--{name.replace('_', '-')}"
        for name in ("programme", "seed", "share_treated")
        if getattr(arguments, name) is None
    ]
    if missing:
        raise AllocationError(f"a new allocation needs {', '.join(missing)}")
    if not arguments.programme.strip():
        raise AllocationError("--programme is empty")
    if arguments.simple and arguments.block_sizes is not None:
        raise AllocationError("--simple draws without blocks: leave out --block-sizes")
    block_sizes = () if arguments.simple else arguments.block_sizes or BLOCK_SIZES
    return Rules(
        programme_id=arguments.programme.strip(),
        lots=Lots(arguments.seed, arguments.share_treated, block_sizes),
        capacity_in=arguments.capacity_in or UNITS[0],
        when_full=arguments.when_full or WHEN_FULL[0],
    )


def _report(file: Path, output: Path, found: Replay, n_batches: int, is_new: bool) -> list[str]:
    batches = f"batch {n_batches}, all batches so far" if n_batches > 1 else "1 batch"
    wrote = "Wrote" if is_new else "Nothing to write, all of it is there already:"
    return [
        f"Allocated {file.name} ({batches}):",
        "",
        *_counts(found.allocation),
        "",
        f"{wrote} {output / ALLOCATIONS}, {AUDIT}, {SETTINGS} and copies of the lists.",
        "They hold ids of children: keep them as safe as the list itself.",
        f"Last link of the chain, to be noted where nobody can change it: {found.chain}",
        f"Whoever has the folder and the key can check it: csc allocate --verify {output}",
    ]


def _counts(allocation: Allocation) -> list[str]:
    lines = [f"{'':15}{'families':>9}{'children':>10}"]
    for state, n in allocation.counts().items():
        lines.append(f"{state.replace('_', ' '):15}{n['families']:>9}{n['children']:>10}")
    return lines
