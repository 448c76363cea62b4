"""The draws: SHA-256 of the seed and the place of a draw, so every computer draws the same."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

from csc_outcomes.randomisation.errors import AllocationError

# The ways of drawing there have been; what was drawn by one is replayed by it for ever.
ONE_SIZE, SEVERAL_SIZES = METHODS = "csc_allocate_1", "csc_allocate_2"
DRAW_DIGITS = 16
TREATED, COMPARATOR = "treated", "comparator"


@dataclass(frozen=True)
class Lots:
    """How families are drawn: `share` of each block is treated, and a block is as long as one of
    `block_sizes`, each as likely, says by lot; without sizes each family is drawn by itself with
    that probability. Raises AllocationError where a block can't have that share."""

    seed: int
    share: Fraction
    block_sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise AllocationError("the seed must be a whole number from 0 on")
        if not 0 < self.share < 1:
            raise AllocationError("the share treated must lie between 0 and 1, without either")
        for size, times in Counter(self.block_sizes).items():
            if times > 1:
                raise AllocationError(f"the block size {size} stands there twice")
            if size < 2 or (self.share * size).denominator > 1:
                least = self.share.denominator
                fitting = " or ".join(str(least * k) for k in range(1, 4))
                raise AllocationError(
                    f"a share of {self.share} is no whole number of a block of {size}; "
                    f"take a block size of {fitting}, write the share as a fraction such as 2/3, "
                    "or draw without blocks (--simple)"
                )

    @property
    def method(self) -> str:
        """The name of the way of drawing, which every draw is derived from."""
        return SEVERAL_SIZES if len(self.block_sizes) > 1 else ONE_SIZE


@dataclass(frozen=True)
class Draw:
    """One draw: its block, place (from 1) and the size of that block, all None without blocks; 64
    bits, and the arm."""

    block: int | None
    position: int | None
    block_size: int | None
    digits: str
    arm: str


def draw(lots: Lots, number: int) -> Draw:
    """The draw of the `number`th family that is drawn, from 0.

    In a block the smallest draws are treated, which makes every order of the block equally likely;
    without blocks a draw below the share of 2^64 is.
    """
    if not lots.block_sizes:
        digits = _draw_digits(lots, 0, number + 1)
        is_treated = int(digits, 16) < lots.share * 16**DRAW_DIGITS
        return Draw(None, None, None, digits, TREATED if is_treated else COMPARATOR)
    block, position, size = _place(lots, number)
    places = range(1, size + 1)
    ranked = sorted(places, key=lambda place: (_draw_digits(lots, block, place), place))
    arm = TREATED if position in ranked[: int(lots.share * size)] else COMPARATOR
    return Draw(block, position, size, _draw_digits(lots, block, position), arm)


def _place(lots: Lots, number: int) -> tuple[int, int, int]:
    """Block and position, from 1, of the `number`th family, from 0, and the size of the block."""
    if len(lots.block_sizes) == 1:
        (size,) = lots.block_sizes
        return number // size + 1, number % size + 1, size
    block, before = 1, 0
    while before + (size := _size(lots, block)) <= number:
        block, before = block + 1, before + size
    return block, number - before + 1, size


def _size(lots: Lots, block: int) -> int:
    """The size of a block: its draw says which of the sizes, in their order."""
    digits = _digits(f"{lots.method}|block_size|{lots.seed}|{block}")
    return lots.block_sizes[int(digits, 16) * len(lots.block_sizes) // 16**DRAW_DIGITS]


def _draw_digits(lots: Lots, block: int, position: int) -> str:
    return _digits(f"{lots.method}|draw|{lots.seed}|{block}|{position}")


def _digits(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:DRAW_DIGITS]
