"""Disclosure profiles: the rules by which numbers may leave. They are rows of
`seeds/disclosure/disclosure_profiles.csv`; nothing here knows any of their figures."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from csc_outcomes.project import project_dir

SYMBOLS = {
    "c": "Hidden: a small count, or one that would give a small count away",
    "z": "Not applicable",
    "x": "Not available",
    "k": "Rounds to 0 but is not 0",
    "u": "Too unreliable to publish",
}
SHOWN = "shown"
LEVELS = ("authority", "region")


class DisclosureError(ValueError):
    """What is wrong and what to do. It names cells and relations, never a count."""


@dataclass(frozen=True)
class Profile:
    """One row of the seed `disclosure_profiles`; its columns are described there."""

    profile: str
    profile_version: int
    title: str
    smallest_count: int
    authority_rounding: int
    region_rounding: int
    smallest_n: int
    smallest_residual_df: int
    largest_share: float
    true_zero_shown: bool
    rates_from_rounded: bool
    source: str

    def rounding(self, level: str) -> int:
        """The multiple to which counts of a level (`authority` or `region`) go."""
        return self.authority_rounding if level == "authority" else self.region_rounding


def profile_from(profiles: pd.DataFrame, name: str) -> Profile:
    """The profile of that name among the rows of the seed; DisclosureError names what there is."""
    row = profiles.loc[profiles.profile == name]
    if len(row) != 1:
        known = ", ".join(sorted(profiles.profile))
        raise DisclosureError(
            f"profile_unknown: the variable disclosure_profile of dbt_project.yml says {name!r}; "
            f"seeds/disclosure/disclosure_profiles.csv has {known}"
        )
    values = row.iloc[0]
    found = Profile(
        profile=str(values.profile),
        profile_version=int(values.profile_version),
        title=str(values.title),
        smallest_count=int(values.smallest_count),
        authority_rounding=int(values.authority_rounding),
        region_rounding=int(values.region_rounding),
        smallest_n=int(values.smallest_n),
        smallest_residual_df=int(values.smallest_residual_df),
        largest_share=float(values.largest_share),
        true_zero_shown=bool(values.true_zero_shown),
        rates_from_rounded=bool(values.rates_from_rounded),
        source=str(values.source),
    )
    smallest = (found.smallest_count, found.authority_rounding, found.region_rounding)
    if min(smallest) < 1 or not found.true_zero_shown:
        raise DisclosureError(
            f"profile_invalid: profile {name!r} of seeds/disclosure/disclosure_profiles.csv needs "
            f"a smallest_count and roundings of at least 1, and true_zero_shown true"
        )
    return found


def read_profile(name: str) -> Profile:
    """The profile of that name, from the project's seed."""
    path = project_dir() / "seeds" / "disclosure" / "disclosure_profiles.csv"
    return profile_from(pd.read_csv(path), name)
