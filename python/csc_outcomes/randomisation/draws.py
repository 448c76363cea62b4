"""The draws: SHA-256 of the seed and the place of a draw, so every computer draws the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction

from csc_outcomes.randomisation.errors import AllocationError

METHOD = "csc_allocate_1"  # another way of drawing would be another method
DRAW_DIGITS = 16
TREATED, COMPARATOR = "treated", "comparator"


@dataclass(frozen=True)
class Lots:
    """How families are drawn: `share` of each block of `block_size` is treated, or without blocks
    each family by itself with that probability. Raises AllocationError where a block can't have
    that share."""

    seed: int
    share: Fraction
    block_size: int | None

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise AllocationError("the seed must be a whole number from 0 on")
        if not 0 < self.share < 1:
            raise AllocationError("the share treated must lie between 0 and 1, without either")
        if self.block_size is None:
            return
        if self.block_size < 2 or (self.share * self.block_size).denominator > 1:
            least = self.share.denominator
            fitting = " or ".join(str(least * k) for k in range(1, 4))
            raise AllocationError(
                f"a share of {self.share} is no whole number of a block of {self.block_size}; "
                f"take a block size of {fitting}, write the share as a fraction such as 2/3, or "
                "draw without blocks (--simple)"
            )


@dataclass(frozen=True)
class Draw:
    """One draw: its block and place (from 1; both None without blocks), 64 bits, and the arm."""

    block: int | None
    position: int | None
    digits: str
    arm: str


def draw(lots: Lots, number: int) -> Draw:
    """The draw of the `number`th family that is drawn, from 0.

    In a block the smallest draws are treated, which makes every order of the block equally likely;
    without blocks a draw below the share of 2^64 is.
    """
    if lots.block_size is None:
        digits = _digits(lots.seed, 0, number + 1)
        is_treated = int(digits, 16) < lots.share * 16**DRAW_DIGITS
        return Draw(None, None, digits, TREATED if is_treated else COMPARATOR)
    block, position = number // lots.block_size + 1, number % lots.block_size + 1
    places = range(1, lots.block_size + 1)
    ranked = sorted(places, key=lambda place: (_digits(lots.seed, block, place), place))
    treated = ranked[: int(lots.share * lots.block_size)]
    arm = TREATED if position in treated else COMPARATOR
    return Draw(block, position, _digits(lots.seed, block, position), arm)


def _digits(seed: int, block: int, position: int) -> str:
    text = f"{METHOD}|draw|{seed}|{block}|{position}"
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:DRAW_DIGITS]
