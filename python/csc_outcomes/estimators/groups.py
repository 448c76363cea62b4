"""What became of each arm, before any comparison."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from csc_outcomes.estimators.analyses import DAYS_PER_WEEK, Analysis, fit
from csc_outcomes.estimators.design import cluster_codes, has_several_cases, usable_rows
from csc_outcomes.estimators.exact import exact_share_interval
from csc_outcomes.estimators.linear import fit_wls
from csc_outcomes.estimators.result import Estimate, FloatArray, critical_value, kish_ess

EMPTY_ARM = "empty_arm: the arm has no case with this outcome"


@dataclass(frozen=True)
class GroupOutcome:
    """One arm's outcome: a weighted mean, or for lengths the latent mean in weeks.

    `n_events` counts cases of a 0/1 outcome whatever their weight; the exact interval is there
    where every case of the sample has the weight 1 and is a cluster of its own.
    """

    arm: str
    n: int
    n_weighted: float
    ess: float | None
    value: float | None
    ci_low: float | None
    ci_high: float | None
    n_events: int | None
    exact_ci_low: float | None
    exact_ci_high: float | None
    unit: str
    status: str
    status_reason: str | None


def group_outcome(
    frame: pd.DataFrame, kind: str = "binary", unit: str = "proportion", cluster: str = "child"
) -> list[GroupOutcome]:
    """Treated and comparator arm of a frame as `analyses.fit` takes it.

    `kind` is 'binary', 'length' (censored, days; comes out in weeks) or 'number', whose values
    come out as they are unless `unit` is 'weeks': those are days. Intervals (95 %) are clustered by
    `cluster`, 'child' or 'family'. A mean's is t-based; a proportion's is Wilson's at the effective
    size p (1 - p) / se^2 (where nobody or everybody has the event Kish's, or the clusters if these
    are fewer), so that it stays within 0 and 1, and beside it stands that of Clopper and Pearson
    where every weight is 1 and no cluster has several cases. A latent mean comes from the model
    that gives the effect. Value and interval are None where they cannot be had; an arm without a
    value is not_estimable for the reason that stands beside it.
    """
    if kind == "number" and unit == "weeks":
        frame = frame.assign(value=frame["value"] / DAYS_PER_WEEK)
    rows = usable_rows(frame)
    arms = {"treated": rows[rows["treated"] == 1], "comparator": rows[rows["treated"] == 0]}
    if kind == "length":
        analysis = Analysis("censored_normal", se_type=f"cluster_{cluster}")
        estimates = {row.term: row for row in fit(frame, analysis)}
        return [_latent_group(arm, cases, estimates) for arm, cases in arms.items()]
    column = f"{cluster}_id"
    groups = [_mean_group(arm, cases, kind, unit, column) for arm, cases in arms.items()]
    is_plain = np.all(rows["weight"] == 1) and not has_several_cases(rows, column)
    if kind != "binary" or not is_plain:
        return groups
    return [_with_exact_interval(group) for group in groups]


def _latent_group(arm: str, cases: pd.DataFrame, estimates: Mapping[str, Estimate]) -> GroupOutcome:
    mean = estimates.get(f"{arm}_mean")
    reason = None if mean else next(iter(estimates.values())).status_reason
    weights = cases["weight"].to_numpy(float)
    return GroupOutcome(
        arm=arm,
        n=len(cases),
        n_weighted=float(weights.sum()),
        ess=kish_ess(weights),
        value=mean.estimate if mean else None,
        ci_low=mean.ci_low if mean else None,
        ci_high=mean.ci_high if mean else None,
        n_events=None,
        exact_ci_low=None,
        exact_ci_high=None,
        unit="weeks",
        status="ok" if mean else "not_estimable",
        status_reason=reason if len(cases) else EMPTY_ARM,
    )


def _mean_group(arm: str, cases: pd.DataFrame, kind: str, unit: str, cluster: str) -> GroupOutcome:
    values, weights = cases["value"].to_numpy(float), cases["weight"].to_numpy(float)
    mean = float(np.average(values, weights=weights)) if len(cases) else None
    low, high = _interval(cases, values, weights, kind == "binary", cluster)
    return GroupOutcome(
        arm=arm,
        n=len(cases),
        n_weighted=float(weights.sum()),
        ess=kish_ess(weights),
        value=mean,
        ci_low=low,
        ci_high=high,
        n_events=int(np.sum(values == 1)) if kind == "binary" else None,
        exact_ci_low=None,
        exact_ci_high=None,
        unit=unit,
        status="ok" if len(cases) else "not_estimable",
        status_reason=None if len(cases) else EMPTY_ARM,
    )


def _with_exact_interval(group: GroupOutcome) -> GroupOutcome:
    if not group.n or group.n_events is None:
        return group
    low, high = exact_share_interval(group.n_events, group.n)
    return replace(group, exact_ci_low=low, exact_ci_high=high)


def _interval(
    cases: pd.DataFrame, values: FloatArray, weights: FloatArray, is_share: bool, cluster: str
) -> tuple[float | None, float | None]:
    if not len(cases):
        return None, None
    groups = cluster_codes(cases, cluster)
    if groups.max() == 0:
        return None, None
    constant = np.ones((len(values), 1))
    fitted = fit_wls(values, constant, ("constant",), weights, "cluster", groups)
    mean, error = fitted.value("constant"), fitted.std_error("constant")
    if is_share:
        size = min(kish_ess(weights) or 0.0, float(groups.max()) + 1)
        return _wilson(float(np.clip(mean, 0, 1)), error, size)
    if np.ptp(values) == 0:
        return None, None
    half_width = critical_value(fitted.df) * error
    return mean - half_width, mean + half_width


def _wilson(share: float, error: float, ess: float) -> tuple[float, float]:
    from statsmodels.stats.proportion import proportion_confint

    variance = share * (1 - share)
    size = variance / error**2 if variance > 1e-12 else ess
    low, high = proportion_confint(share * size, size, method="wilson")
    # At a share of exactly 0 or 1 rounding leaves the bound a hair inside.
    return 0.0 if share == 0 else float(low), 1.0 if share == 1 else float(high)
