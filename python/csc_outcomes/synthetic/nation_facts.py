"""A made-up nation, read from the YAML beside this module: its authorities and its programmes."""

from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from string import ascii_uppercase
from typing import Any

import numpy as np
import yaml
from scipy.special import ndtri

from csc_outcomes.synthetic.days import day_number
from csc_outcomes.synthetic.facts import ExtractFacts

FACTS_FILE = "nation.yml"
FILE_NAME = "cases.csv"


@dataclass(frozen=True)
class Programme:
    """Where and when a programme ran, and which share of those who could join it did."""

    programme_id: str
    places: str | list[str]
    study_start: date
    study_end: date
    earliest_case_start: date
    latest_case_start: date
    entry_span_days: int
    share: float

    @property
    def is_national(self) -> bool:
        """Whether it ran in every authority."""
        return self.places == "all"


@dataclass(frozen=True)
class Authority:
    """One made-up authority; its cases depend on its place and the seed alone."""

    place: int
    la_code: str
    la_name: str
    n_cases: int
    programmes: tuple[Programme, ...]

    @property
    def folder(self) -> str:
        """Its delivery, under the landing zone."""
        return f"synthetic_{self.la_code.lower()}/2025-03"


@dataclass(frozen=True)
class Nation:
    """What all authorities have in common."""

    seed: int
    n_authorities: int
    size_spread: float
    as_of_date: date
    window_start: date
    columns: dict[str, str]
    programmes: tuple[Programme, ...]

    @property
    def first_day(self) -> int:
        """The first day on which a case opens, as a day number."""
        return day_number(self.window_start)

    @property
    def last_day(self) -> int:
        """The last day that anything is known of."""
        return day_number(self.as_of_date)

    def authorities(self, n_cases: int) -> list[Authority]:
        """All authorities; their sizes are log-normal, add up to `n_cases` and are never 0.

        Raises ValueError where there are fewer cases than authorities.
        """
        n = self.n_authorities
        if n_cases < n:
            raise ValueError(f"A nation of {n} authorities needs at least {n} cases.")
        # The order of sizes says nothing: 61 has no divisor in common with 152.
        rank = (np.arange(n) * 61) % n
        weights = np.exp(self.size_spread * ndtri((rank + 0.5) / n))
        until = np.floor(weights.cumsum() / weights.sum() * (n_cases - n) + 1e-6).astype(int)
        sizes = 1 + np.diff(until, prepend=0)
        by_rank = {int(one): place for place, one in enumerate(rank)}
        named = {"largest": by_rank[n - 1], "middle": by_rank[n // 2], "small": by_rank[n // 8]}
        return [
            Authority(
                place,
                code := f"S{ascii_uppercase[place // 10]}{place % 10}",
                f"Synthetic {code}",
                int(sizes[place]),
                tuple(
                    one
                    for one in self.programmes
                    if one.is_national or place in (named[name] for name in one.places)
                ),
            )
            for place in range(n)
        ]

    def extract(self, authority: Authority) -> ExtractFacts:
        """How an authority's delivery is named and laid out."""
        return ExtractFacts(
            la_code=authority.la_code,
            la_name=authority.la_name,
            folder=authority.folder,
            file_name=FILE_NAME,
            programme_id="",
            as_of_date=self.as_of_date,
            window_start=self.window_start,
            columns=self.columns,
        )


def load_nation() -> Nation:
    """The nation in the YAML file of this package."""
    text = files("csc_outcomes.synthetic").joinpath(FACTS_FILE).read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    programmes = tuple(Programme(**one) for one in content.pop("programmes"))
    return Nation(programmes=programmes, **content)
