"""Cluster bootstrap: the whole analysis again on clusters drawn with replacement."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from csc_outcomes.estimators.result import (
    Estimate,
    FloatArray,
    SampleSize,
    estimated,
    not_estimable,
)

FEWEST_DRAWS = 2
SHARE_NEEDED = 0.9
NO_ERROR = 1e-12


def draw_counts(frame: pd.DataFrame, column: str, n_draws: int, seed: int) -> Iterator[FloatArray]:
    """For each draw, how often every row's cluster was drawn (n), clusters being `column`.

    As many clusters are drawn as there are. A case without the id is its own cluster, by `case_id`.
    The draws hang on `seed` and on the order in which clusters come in the rows, never on an id,
    so that another key of the pseudonyms changes nothing: hand in rows in an order of content.
    One draw is held at a time, so memory doesn't grow with the draws; time does, a whole fit each.
    """
    alone = "\0" + frame["case_id"].astype(str)
    ids = frame[column].astype("string").fillna(alone)
    codes, clusters = pd.factorize(ids)
    even = np.full(len(clusters), 1 / len(clusters))
    generator = np.random.default_rng(seed)
    for _ in range(n_draws):
        yield generator.multinomial(len(clusters), even)[codes].astype(float)


def with_bootstrap_errors(
    rows: list[Estimate],
    draws: Iterable[FloatArray],
    refit: Callable[[FloatArray], list[Estimate]],
    se_type: str,
) -> list[Estimate]:
    """`rows` with the standard deviation over the draws as standard error, normal inference.

    `refit` gives the estimates of one draw from the counts per row. A draw that cannot be fitted
    is left out and counted in the note; below nine in ten the rows become one 'not_estimable'.
    """
    fitted, n_draws = [], 0
    for counts in draws:
        n_draws += 1
        values = {row.term: row.estimate for row in refit(counts)}
        if all(values.get(row.term) is not None for row in rows):
            fitted.append([values[row.term] for row in rows])
    first, n_fitted = rows[0], len(fitted)
    if n_fitted < max(FEWEST_DRAWS, SHARE_NEEDED * n_draws):
        reason = f"bootstrap_failed: only {n_fitted} of {n_draws} draws could be fitted"
        return [_without_error(first, reason, se_type)]
    spread = np.std(np.array(fitted, dtype=float), axis=0, ddof=1)
    if spread[0] <= NO_ERROR * (1 + abs(first.estimate or 0.0)):
        reason = "no_variation: the draws leave no spread to take an error from"
        return [_without_error(first, reason, se_type)]
    note = f"bootstrap: {n_fitted} of {n_draws} draws"
    return [
        _with_error(row, float(error), se_type, note)
        for row, error in zip(rows, spread, strict=True)
    ]


def _with_error(row: Estimate, error: float, se_type: str, note: str) -> Estimate:
    note = "; ".join(part for part in (row.status_reason, note) if part)
    if row.estimate is None or row.std_error is None or error <= NO_ERROR * (1 + abs(row.estimate)):
        return replace(
            row,
            se_type=se_type,
            status_reason=note,
            std_error=None,
            df=None,
            ci_low=None,
            ci_high=None,
            p_value=None,
        )
    return estimated(
        row.term,
        row.estimate,
        error,
        unit=row.unit,
        se_type=se_type,
        df=None,
        size=_size(row),
        is_tested=row.p_value is not None,
        note=note,
    )


def _without_error(row: Estimate, reason: str, se_type: str) -> Estimate:
    return not_estimable(row.term, reason, unit=row.unit, se_type=se_type, size=_size(row))


def _size(row: Estimate) -> SampleSize:
    return SampleSize(row.n_treated, row.n_comparator, row.ess_comparator, row.n_clusters)
