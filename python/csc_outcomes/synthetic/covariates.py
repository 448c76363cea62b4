"""Draws of the covariates that treated cases and comparators share."""

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.days import YEAR_DAYS, IntArray
from csc_outcomes.synthetic.strata import is_fair_age

AGE_MEAN_YEARS, AGE_SD_YEARS = 8.0, 5.1


def negative_binomial(
    rng: np.random.Generator, mean: float, size: float, n: int, most: int | None = None
) -> IntArray:
    """Counts with this mean and size (variance mean + mean^2 / size), cut off at `most`."""
    counts = rng.negative_binomial(size, size / (size + mean), n)
    return counts if most is None else np.minimum(counts, most)


def draw_age_days(rng: np.random.Generator, n: int) -> IntArray:
    """Ages in days at plan start, a child's and clear of the edges of the bins."""
    ages = np.zeros(n, dtype=np.int64)
    is_bad = np.ones(n, dtype=bool)
    while is_bad.any():
        years = rng.normal(AGE_MEAN_YEARS, AGE_SD_YEARS, int(is_bad.sum()))
        ages[is_bad] = np.floor(years * YEAR_DAYS)
        is_bad = ~is_fair_age(ages)
    return ages


def shuffle_binaries(
    rng: np.random.Generator, n: int, *, white_british: int, british: int, female: int
) -> pd.DataFrame:
    """Exactly so many of each among `n` rows; White British children are British."""
    by_ethnicity, by_gender = rng.permutation(n), rng.permutation(n)
    return pd.DataFrame(
        {
            "white_british": by_ethnicity < white_british,
            "british": by_ethnicity < british,
            "female": by_gender < female,
        }
    )
