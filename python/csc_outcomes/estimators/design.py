"""From one sample's frame to the arrays an estimator takes, with what was left out on record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csc_outcomes.estimators.result import (
    FloatArray,
    IntArray,
    NotEstimableError,
    SampleSize,
    kish_ess,
)

CLUSTER_COLUMNS = {
    f"{method}_{unit}": f"{unit}_id"
    for method in ("cluster", "cluster_cr2", "bootstrap")
    for unit in ("child", "family")
}
SE_TYPES = ("classical", "hc1", "influence", "exact", *CLUSTER_COLUMNS)
FEWEST_CLUSTERS_PER_ARM = 2
INTERACTION = "treated:"


@dataclass(frozen=True)
class Design:
    """Rows in use, as a frame and as arrays.

    `matrix` is n x k, its first columns the constant and treated. `groups` holds cluster codes
    0..G-1, or None for model-based errors. `interactions` maps each column treated:x to the values
    of x.
    """

    rows: pd.DataFrame
    size: SampleSize
    outcome: FloatArray
    matrix: FloatArray
    names: tuple[str, ...]
    weights: FloatArray
    groups: IntArray | None
    interactions: dict[str, FloatArray]
    notes: tuple[str, ...]

    @property
    def treated(self) -> FloatArray:
        """0/1 per row."""
        return self.matrix[:, 1]

    def with_treatment(self, value: float) -> FloatArray:
        """The matrix as if every row had treated = `value`."""
        matrix = self.matrix.copy()
        matrix[:, 1] = value
        for name, moderator in self.interactions.items():
            matrix[:, self.names.index(name)] = value * moderator
        return matrix

    def mean_row(self, value: float, held: Mapping[str, float] | None = None) -> FloatArray:
        """The weighted mean row with treated = `value`: where the mean of an arm is predicted.

        `held` sets covariates, and their products with treated, to a value in place of their mean.
        """
        row = np.asarray(np.average(self.with_treatment(value), axis=0, weights=self.weights))
        for name, at in (held or {}).items():
            for column, product in ((name, at), (INTERACTION + name, value * at)):
                if column in self.names:
                    row[self.names.index(column)] = product
        return row

    def is_yes_or_no(self, interaction: str) -> bool:
        """Whether the covariate of this treated:x is 0 or 1 in every row."""
        return bool(np.isin(self.interactions[interaction], (0, 1)).all())

    @property
    def note(self) -> str | None:
        """Notes joined for status_reason."""
        return "; ".join(self.notes) or None


def usable_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows with a positive weight and an outcome (others would change the small-sample factors)."""
    return frame[(frame["weight"] > 0) & frame["value"].notna()]


def sample_size(rows: pd.DataFrame, se_type: str) -> SampleSize:
    """Cases per arm, Kish size of the comparators and, for clustered errors, the clusters."""
    is_treated = rows["treated"] == 1
    column = CLUSTER_COLUMNS.get(se_type)
    clusters = None
    if column is not None and column in rows and len(rows):
        clusters = int(cluster_codes(rows, column).max()) + 1
    return SampleSize(
        n_treated=int(is_treated.sum()),
        n_comparator=int((~is_treated).sum()),
        ess_comparator=kish_ess(rows.loc[~is_treated, "weight"].to_numpy(float)),
        n_clusters=clusters,
    )


def build_design(frame: pd.DataFrame, covariates: Sequence[str], se_type: str) -> Design:
    """Design of outcome on constant, treated and `covariates` over usable rows.

    Text covariates become indicators of their levels, the first in alphabetical order (or in that
    of an ordered categorical) left out; 'treated:x' is the product with covariate x.
    A covariate that is constant or follows from the others is dropped, a row without a covariate
    left out; both are noted. Raises NotEstimableError when an arm is empty or too thin, or when the
    covariates determine the treatment.
    """
    rows, notes = _complete_rows(frame, covariates)
    _check_arms(rows, se_type)
    plain = [name for name in covariates if not name.startswith(INTERACTION)]
    treated = rows["treated"].to_numpy(float)
    columns = {"constant": np.ones(len(rows)), "treated": treated} | _covariate_columns(rows, plain)
    moderators = {}
    for name in covariates:
        if name.startswith(INTERACTION):
            moderators[name] = rows[name.removeprefix(INTERACTION)].to_numpy(float)
            columns[name] = treated * moderators[name]
    kept, dropped = independent_columns(columns)
    if dropped:
        notes.append("dropped_covariate: " + ", ".join(dropped))
    if rows["treated"].nunique() == 2 and _is_determined_by_others(columns):
        raise NotEstimableError("collinear: the covariates determine who is treated")
    return Design(
        rows=rows,
        size=sample_size(rows, se_type),
        outcome=rows["value"].to_numpy(float),
        matrix=np.column_stack([columns[name] for name in kept]),
        names=tuple(kept),
        weights=rows["weight"].to_numpy(float),
        groups=_groups(rows, se_type),
        interactions={name: moderators[name] for name in kept if name in moderators},
        notes=tuple(notes),
    )


def _complete_rows(
    frame: pd.DataFrame, covariates: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    rows = usable_rows(frame)
    columns = sorted({name.removeprefix(INTERACTION) for name in covariates})
    complete = rows[rows[columns].notna().all(axis=1)] if columns else rows
    n_left_out = len(rows) - len(complete)
    notes = [f"missing_covariate: {n_left_out} cases left out"] if n_left_out else []
    return complete, notes


def _check_arms(rows: pd.DataFrame, se_type: str) -> None:
    column = CLUSTER_COLUMNS.get(se_type)
    if column is not None and len(rows) and rows[column].isna().all():
        raise NotEstimableError(f"no_cluster: no case has a {column}")
    for value, arm in ((1, "treated"), (0, "comparator")):
        cases = rows[rows["treated"] == value]
        if cases.empty:
            raise NotEstimableError(f"empty_arm: there is no {arm} case")
        units = len(cases) if column is None else cluster_codes(cases, column).max() + 1
        what = "case" if column is None else column.removesuffix("_id")
        if units < FEWEST_CLUSTERS_PER_ARM:
            raise NotEstimableError(f"too_few_clusters: only one {arm} {what}")


def cluster_codes(rows: pd.DataFrame, column: str) -> IntArray:
    """Codes 0..G-1 of `column`; a case without the id is a cluster of its own."""
    codes, known = pd.factorize(rows[column])
    codes = codes.astype(np.int64)
    missing = codes < 0
    codes[missing] = len(known) + np.arange(missing.sum())
    return codes


def has_several_cases(rows: pd.DataFrame, column: str) -> bool:
    """Whether some cluster of `column` holds more than one of the rows."""
    return bool(len(rows)) and int(cluster_codes(rows, column).max()) + 1 < len(rows)


def _groups(rows: pd.DataFrame, se_type: str) -> IntArray | None:
    if se_type in ("classical", "influence", "exact"):
        return None
    if se_type == "hc1":
        return np.arange(len(rows))
    return cluster_codes(rows, CLUSTER_COLUMNS[se_type])


def _covariate_columns(rows: pd.DataFrame, names: Sequence[str]) -> dict[str, FloatArray]:
    columns: dict[str, FloatArray] = {}
    for name in names:
        if pd.api.types.infer_dtype(rows[name]) not in ("string", "categorical"):
            columns[name] = rows[name].to_numpy(float)
            continue
        texts = rows[name].astype(str)
        for level in _levels(rows[name])[1:]:
            columns[f"{name}={level}"] = np.asarray(texts == level, dtype=float)
    return columns


def _levels(values: pd.Series) -> list[str]:
    """The levels that occur: in the order of an ordered categorical, else in the alphabet's."""
    if isinstance(values.dtype, pd.CategoricalDtype) and values.dtype.ordered:
        return [str(level) for level in values.cat.remove_unused_categories().cat.categories]
    return sorted(values.astype(str).unique())


def independent_columns(columns: dict[str, FloatArray]) -> tuple[list[str], list[str]]:
    """Names kept and, with the cause, dropped; earlier columns win over later ones."""
    kept: list[str] = []
    dropped: list[str] = []
    basis = np.empty((len(columns["constant"]), 0))
    for name, values in columns.items():
        scale = np.linalg.norm(values)
        rest = values - basis @ (basis.T @ values)
        rest = rest - basis @ (basis.T @ rest)
        if scale > 0 and np.linalg.norm(rest) > 1e-9 * scale:
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
            kept.append(name)
        else:
            cause = "constant" if np.ptp(values) == 0 else "collinear"
            dropped.append(f"{name} ({cause})")
    return kept, dropped


def _is_determined_by_others(columns: dict[str, FloatArray]) -> bool:
    others = {
        name: values
        for name, values in columns.items()
        if name != "treated" and not name.startswith(INTERACTION)
    }
    return "treated" not in independent_columns(others | {"treated": columns["treated"]})[0]
