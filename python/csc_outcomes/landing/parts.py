"""What a reader gives the door: the records of a file, kind by kind and column by column."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from csc_outcomes.landing.csv_rows import BadRow


@dataclass(frozen=True)
class Batch:
    """Some records of one kind, in the order of the file."""

    part: int  # which of the file's specs they belong to
    cells: Mapping[str, pa.Array]  # canonical column -> its cell in each record: text, never null
    # Of each record among all of its kind in the file, from 1.
    row_numbers: Sequence[int] | npt.NDArray[np.int64]
    bad: Sequence[tuple[int, BadRow]] = ()  # numbers of what can't be a record, and why


class Parts(Protocol):
    """A file that is being read; Refused, at any moment, where it can't be trusted as a whole."""

    def batches(self) -> Iterator[Batch]:
        """All records of all kinds, once."""

    def unknown(self) -> tuple[str, ...]:
        """What nobody declared and nothing was read of; complete once all batches were taken."""
