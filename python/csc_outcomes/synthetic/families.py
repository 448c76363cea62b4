"""The family truth behind an extract that doesn't tell families: assumed, for tests of what that
hides.

Siblings are neighbours in plan start and closure, so dates and outcomes are alike within families,
as a service that works with whole families makes them.
"""

import numpy as np
import pandas as pd

TREATED_FAMILIES = 75
COMPARATORS_PER_FAMILY = 1.6
QUARTER_DAYS = 91


def draw_families(rng: np.random.Generator, cases: pd.DataFrame) -> pd.DataFrame:
    """case_ref and family_ref, one row per case; a child's cases share the family."""
    children = cases.drop_duplicates("child_ref")
    treated = children[children["treated"]]
    comparators = children[~children["treated"]]
    n_comparator_families = round(len(comparators) / COMPARATORS_PER_FAMILY)
    in_order = pd.concat([_neighbours(treated), _neighbours(comparators)])
    numbers = np.concatenate(
        [
            _cut(rng, len(treated), TREATED_FAMILIES),
            TREATED_FAMILIES + _cut(rng, len(comparators), n_comparator_families),
        ]
    )
    reference = dict(
        zip(in_order["child_ref"], (f"FM{10_001 + number}" for number in numbers), strict=True)
    )
    families = cases[["case_ref"]].assign(family_ref=cases["child_ref"].map(reference))
    return families.sort_values("case_ref", ignore_index=True)


def _neighbours(children: pd.DataFrame) -> pd.DataFrame:
    """In order of the quarter of plan start, then of closure."""
    return children.assign(quarter=children["start"] // QUARTER_DAYS).sort_values(
        ["quarter", "close", "start", "case_ref"]
    )


def _cut(rng: np.random.Generator, n_children: int, n_families: int) -> np.ndarray:
    """Family number of each child in a row of `n_children`, cut at random places."""
    first_children = 1 + rng.choice(n_children - 1, n_families - 1, replace=False)
    is_first = np.zeros(n_children, dtype=np.int64)
    is_first[first_children] = 1
    return np.cumsum(is_first)
