"""`csc power`: what a trial could find, or how many families it needs."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction

from csc_outcomes.power.designs import WORDS, Design, PowerError
from csc_outcomes.power.formulas import FORMULAS

DESCRIPTION = """\
What a trial that allots whole families could find, before it is run.

With --families: the smallest true difference that would be found.
With --difference: how many families it takes to find it.
With both: the probability that it is found.
"""
EXAMPLE = """\
example:
  csc power --baseline 22.6% --icc 0.36 1 --children-per-family 3 --families 322 --share-treated 2/3

Shares may be written as 0.226, 22.6% or 2/3.
"""


def share(text: str) -> float:
    """0.226, 22.6% or 2/3 as a number; ArgumentTypeError says what was expected."""
    try:
        whole = 100 if text.endswith("%") else 1
        value = Fraction(text.removesuffix("%").strip()) / whole
    except (ValueError, ZeroDivisionError):
        value = Fraction(-1)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share: write 0.226, 22.6% or 2/3")
    return float(value)


def add_power_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `power` to the subcommands of a parser; sets `run`."""
    power = commands.add_parser(
        "power",
        help="what a trial of families could find, or how many families it needs",
        description=DESCRIPTION,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = power.add_argument
    add("--baseline", type=share, required=True, metavar="RATE", help="without the programme")
    add(
        "--icc",
        type=share,
        nargs="+",
        required=True,
        help="how alike children of one family are, 0 to 1; several make a table",
    )
    add("--children-per-family", type=float, required=True, metavar="M", help="on average")
    add("--families", type=int, metavar="N", help="in both arms together")
    add("--difference", type=share, metavar="D", help="a true difference of rates: 0.1 or 10%%")
    add("--share-treated", type=share, default=0.5, metavar="SHARE", help="default: 1/2")
    add("--alpha", type=share, default=0.05, help="two-sided; default: 0.05")
    add("--power", type=share, default=0.8, help="default: 0.8")
    add("--direction", choices=sorted(WORDS, reverse=True), help="default: both")
    add("--formula", choices=FORMULAS, default="arcsine", help="default: arcsine")
    add(
        "--family-size-cv",
        type=float,
        default=0.0,
        metavar="CV",
        help="deviation of family sizes, as a multiple of their mean; default: 0, all equal",
    )
    power.set_defaults(run=power_command)


def power_command(arguments: argparse.Namespace) -> int:
    """Prints a table; exit status 0 when every cell has a figure, 1 when one has none, else 2."""
    try:
        lines, is_complete = report(arguments)
    except PowerError as error:
        print(_sentence(error), file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0 if is_complete else 1


def report(arguments: argparse.Namespace) -> tuple[list[str], bool]:
    """The lines to print, and whether every question has an answer; raises PowerError where the
    design itself can't be."""
    families, difference = arguments.families, arguments.difference
    if families is None and difference is None:
        raise PowerError(
            "nothing_asked: give --families (what could be found), --difference (how many families "
            "it takes), or both (how likely it is found)"
        )
    if families is not None and families < 2:
        raise PowerError("design_invalid: a trial has at least 2 families, one in each arm")
    directions = [arguments.direction] if arguments.direction else list(WORDS)
    designs = [_design(arguments, icc, way) for icc in arguments.icc for way in directions]
    lines, answers = [_assumptions(designs[0], families), ""], []
    if difference is None:
        lines.append("The smallest true difference that would be found:")
        head, answer = ["points", "rate", "of baseline"], _difference_cells(families)
    elif families is None:
        points = f"{100 * difference:.1f} percentage points"
        lines.append(f"Families it takes to find a true difference of {points}:")
        head, answer = ["rate", "families", "children"], _families_cells(difference)
    else:
        points = f"{100 * difference:.1f} percentage points"
        lines.append(f"How often a true difference of {points} would be found:")
        head, answer = ["rate", "power"], _power_cells(families, difference)
    notes: list[str] = []
    for design in designs:
        start = [f"{design.icc:g}", WORDS[design.direction], f"{design.design_effect:.2f}"]
        if families is not None:
            start.append(f"{design.effective_children(families):.1f}")
        try:
            answers.append([*start, *answer(design)])
        except PowerError as error:
            answers.append([*start, *["-"] * len(head)])
            note = f"ICC {design.icc:g}, {WORDS[design.direction]}: {_sentence(error)}"
            notes.append(note)
    titles = ["ICC", "change", "design effect"]
    titles += ["worth children"] if families is not None else []
    lines += ["", *_aligned([[*titles, *head], *answers])]
    if notes:
        lines += ["", *notes]
    return [*lines, "", *_meaning(arguments)], not notes


def _design(arguments: argparse.Namespace, icc: float, direction: str) -> Design:
    return Design(
        baseline=arguments.baseline,
        icc=icc,
        children_per_family=arguments.children_per_family,
        share_treated=arguments.share_treated,
        alpha=arguments.alpha,
        power=arguments.power,
        direction=direction,
        formula=arguments.formula,
        family_size_cv=arguments.family_size_cv,
    )


def _assumptions(design: Design, families: int | None) -> str:
    sizes = f"{design.children_per_family:g} children each"
    if design.family_size_cv:
        sizes += f" on average (their sizes vary by {design.family_size_cv:g} times that)"
    if families is not None:
        sizes += f", {families * design.children_per_family:.0f} children"
    return (
        f"{'Families' if families is None else f'{families} families'} of {sizes}; "
        f"{design.share_treated:.3g} of them treated.\n"
        f"Rate without the programme {design.baseline:.1%}; two-sided {design.alpha:.3g}, power "
        f"{design.power:.3g}, {design.formula} formula."
    )


def _difference_cells(families: int) -> Callable[[Design], list[str]]:
    def cells(design: Design) -> list[str]:
        found = design.detectable_difference(families)
        rate = design.rate_after(found)
        return [f"{100 * found:.1f}", f"{rate:.1%}", f"{found / design.baseline:.0%}"]

    return cells


def _families_cells(difference: float) -> Callable[[Design], list[str]]:
    def cells(design: Design) -> list[str]:
        families = design.families_needed(difference)
        children = math.ceil(families * design.children_per_family)
        return [f"{design.rate_after(difference):.1%}", f"{families:,}", f"{children:,}"]

    return cells


def _power_cells(families: int, difference: float) -> Callable[[Design], list[str]]:
    def cells(design: Design) -> list[str]:
        found = design.power_at(families, difference)
        return [f"{design.rate_after(difference):.1%}", f"{found:.0%}"]

    return cells


def _meaning(arguments: argparse.Namespace) -> list[str]:
    if arguments.difference is not None and arguments.families is not None:
        return ["Where it isn't found, that is no sign that there is none."]
    return [
        f"Found means: a true difference of that size comes out as significant in "
        f"{arguments.power:.0%} of such trials.",
        "A smaller one may be there and be missed; finding nothing doesn't rule it out.",
    ]


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return [
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    ]


def _sentence(error: PowerError) -> str:
    return str(error).partition(": ")[2]
