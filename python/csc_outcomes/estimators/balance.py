"""How alike the two arms are, covariate by covariate."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from csc_outcomes.estimators.linear import fit_wls
from csc_outcomes.estimators.result import FloatArray, kish_ess, two_sided_p


def treated_deviations(frame: pd.DataFrame, covariates: Sequence[str]) -> dict[str, float]:
    """Standard deviation of each covariate among all treated rows, whatever their weight.

    This is the unit of the standardised mean difference before and after matching, so that losing
    treated cases cannot make a difference look smaller (cobalt's default for the effect on the
    treated). 0/1 covariates use sqrt(p (1 - p)).
    """
    treated = frame[frame["treated"] == 1]
    return {
        name: float(np.sqrt(_variance(values, np.ones(len(values)))))
        for name in covariates
        for values in [_present(treated, name)]
    }


def covariate_balance(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    deviations: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """How far the arms lie apart, one row per covariate.

    Columns mean_treated, mean_comparator, smd, variance_ratio, p_value, ess_comparator.
    `frame` has treated, weight and the covariates; rows of weight 0 or without the covariate do not
    count. Pass all eligible cases (weight 0 where unmatched) or the `deviations` of the unmatched
    treated: they standardise. The p-value is that of a weighted regression with HC1 errors; it
    falls with the sample's size, so lead with the smd. variance_ratio (treated over comparator) is
    missing for 0/1 covariates, and every figure is missing where the data cannot give it.
    """
    deviations = deviations if deviations is not None else treated_deviations(frame, covariates)
    rows = [_balance_row(frame, name, deviations[name]) for name in covariates]
    return pd.DataFrame(rows)


def _balance_row(frame: pd.DataFrame, name: str, deviation: float) -> dict[str, object]:
    used = frame[(frame["weight"] > 0) & frame[name].notna()]
    treated, comparator = used[used["treated"] == 1], used[used["treated"] == 0]
    means, variances = [], []
    for arm in (treated, comparator):
        values, weights = arm[name].to_numpy(float), arm["weight"].to_numpy(float)
        means.append(float(np.average(values, weights=weights)) if len(values) else np.nan)
        variances.append(_variance(values, weights))
    is_binary = bool(used[name].isin([0, 1]).all())
    return {
        "covariate": name,
        "mean_treated": means[0],
        "mean_comparator": means[1],
        "smd": _ratio(means[0] - means[1], deviation),
        "variance_ratio": np.nan if is_binary else _ratio(variances[0], variances[1]),
        "p_value": _difference_p(used, name),
        "ess_comparator": kish_ess(comparator["weight"].to_numpy(float)) or 0.0,
    }


def _present(frame: pd.DataFrame, name: str) -> FloatArray:
    return frame[name].dropna().to_numpy(float)


def _variance(values: FloatArray, weights: FloatArray) -> float:
    """Unbiased weighted variance for reliability weights; p (1 - p) for a 0/1 covariate."""
    if not len(values):
        return np.nan
    mean = np.average(values, weights=weights)
    if np.isin(values, (0, 1)).all():
        return float(mean * (1 - mean))
    total = weights.sum()
    freedom = total - np.sum(weights**2) / total
    return float(weights @ (values - mean) ** 2 / freedom) if freedom > 1e-12 else np.nan


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else np.nan


def _difference_p(used: pd.DataFrame, name: str) -> float:
    """p of the treated coefficient; missing without two arms, freedom and spread within an arm."""
    values, treated = used[name].to_numpy(float), used["treated"].to_numpy(float)
    within_spread = used.groupby("treated")[name].agg(lambda arm: arm.max() - arm.min())
    if len(used) < 3 or len(within_spread) < 2 or not (within_spread > 0).any():
        return np.nan
    design = np.column_stack([np.ones(len(used)), treated])
    weights = used["weight"].to_numpy(float)
    fit = fit_wls(values, design, ("constant", "treated"), weights, "hc1")
    return two_sided_p(fit.coef[1] / fit.std_error("treated"), fit.df)
