"""How alike the two arms are, covariate by covariate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csc_outcomes.estimators.linear import fit_wls
from csc_outcomes.estimators.result import FloatArray, kish_ess, two_sided_p

REGRESSIONS = {"wls_hc1": "hc1", "wls_classical": "classical"}
T_TESTS = ("welch_effective_n", "pooled_rows", "pooled_unweighted", "welch_unweighted")
BALANCE_TESTS = (*REGRESSIONS, *T_TESTS)


@dataclass(frozen=True)
class _Arm:
    values: FloatArray
    weights: FloatArray

    @property
    def mean(self) -> float:
        return float(np.average(self.values, weights=self.weights)) if len(self.values) else np.nan

    @property
    def ess(self) -> float:
        return kish_ess(self.weights) or 0.0

    @property
    def unweighted(self) -> "_Arm":
        return _Arm(self.values, np.ones(len(self.values)))


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
    test: str = "wls_hc1",
) -> pd.DataFrame:
    """How far the arms lie apart, one row per covariate.

    Columns mean_treated, mean_comparator, smd, variance_ratio, ks, p_value, n_treated,
    n_comparator, ess_comparator. `frame` has treated, weight and the covariates; rows of weight 0
    or without the covariate do not count. Pass all eligible cases (weight 0 where unmatched) or the
    `deviations` of the unmatched treated: they standardise. `ks` is the largest distance between
    the weighted distributions (Kolmogorov-Smirnov, as cobalt has it): for a 0/1 covariate that of
    the two shares. variance_ratio (treated over comparator) is missing for 0/1 covariates, and
    every figure is missing where the data cannot give it.

    The p-value falls with the sample's size, so lead with the smd. `test`, one of BALANCE_TESTS:
    'wls_hc1' and 'wls_classical' are weighted regressions with robust and classical errors; the
    others are t-tests. 'welch_effective_n' takes weighted means and variances and Kish's effective
    numbers of cases, 'pooled_rows' the same with every row as a case of its own and one variance
    for both arms, 'pooled_unweighted' and 'welch_unweighted' leave the weights out. Raises
    ValueError for another name.
    """
    if test not in BALANCE_TESTS:
        raise ValueError(f"Unknown test {test!r}; choose one of {BALANCE_TESTS}.")
    deviations = deviations if deviations is not None else treated_deviations(frame, covariates)
    rows = [_balance_row(frame, name, deviations[name], test) for name in covariates]
    return pd.DataFrame(rows)


def _balance_row(frame: pd.DataFrame, name: str, deviation: float, test: str) -> dict[str, object]:
    used = frame[(frame["weight"] > 0) & frame[name].notna()]
    treated, comparator = (
        _Arm(cases[name].to_numpy(float), cases["weight"].to_numpy(float))
        for cases in (used[used["treated"] == 1], used[used["treated"] == 0])
    )
    is_binary = bool(used[name].isin([0, 1]).all())
    spread = _variance(treated.values, treated.weights)
    other_spread = _variance(comparator.values, comparator.weights)
    return {
        "covariate": name,
        "mean_treated": treated.mean,
        "mean_comparator": comparator.mean,
        "smd": _ratio(treated.mean - comparator.mean, deviation),
        "variance_ratio": np.nan if is_binary else _ratio(spread, other_spread),
        "ks": _largest_distance(treated, comparator),
        "p_value": _difference_p(treated, comparator, test),
        "n_treated": len(treated.values),
        "n_comparator": len(comparator.values),
        "ess_comparator": comparator.ess,
    }


def _present(frame: pd.DataFrame, name: str) -> FloatArray:
    return frame[name].dropna().to_numpy(float)


def _variance(values: FloatArray, weights: FloatArray) -> float:
    """Unbiased weighted variance for reliability weights; p (1 - p) for a 0/1 covariate."""
    if not len(values):
        return np.nan
    if np.isin(values, (0, 1)).all():
        mean = np.average(values, weights=weights)
        return float(mean * (1 - mean))
    return _unbiased_variance(values, weights)


def _unbiased_variance(values: FloatArray, weights: FloatArray) -> float:
    mean = np.average(values, weights=weights)
    total = weights.sum()
    freedom = total - np.sum(weights**2) / total
    return float(weights @ (values - mean) ** 2 / freedom) if freedom > 1e-12 else np.nan


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else np.nan


def _largest_distance(treated: _Arm, comparator: _Arm) -> float:
    """Kolmogorov-Smirnov distance of the two weighted distribution functions."""
    if not len(treated.values) or not len(comparator.values):
        return np.nan
    values = np.concatenate([treated.values, comparator.values])
    steps = np.concatenate(
        [
            treated.weights / treated.weights.sum(),
            -comparator.weights / comparator.weights.sum(),
        ]
    )
    distances = pd.Series(steps).groupby(values).sum().cumsum()
    return float(distances.abs().max())


def _difference_p(treated: _Arm, comparator: _Arm, test: str) -> float:
    """p of the difference; missing without two arms, freedom and spread within an arm."""
    arms = (treated, comparator)
    if any(not len(arm.values) for arm in arms) or len(treated.values) + len(comparator.values) < 3:
        return np.nan
    if not any(np.ptp(arm.values) > 0 for arm in arms):
        return np.nan
    if test in REGRESSIONS:
        return _regression_p(treated, comparator, REGRESSIONS[test])
    return _t_test_p(treated, comparator, test)


def _regression_p(treated: _Arm, comparator: _Arm, covariance: str) -> float:
    values = np.concatenate([treated.values, comparator.values])
    weights = np.concatenate([treated.weights, comparator.weights])
    is_treated = np.repeat([1.0, 0.0], [len(treated.values), len(comparator.values)])
    design = np.column_stack([np.ones(len(values)), is_treated])
    fit = fit_wls(values, design, ("constant", "treated"), weights, covariance)
    return two_sided_p(fit.coef[1] / fit.std_error("treated"), fit.df)


def _t_test_p(treated: _Arm, comparator: _Arm, test: str) -> float:
    from scipy.stats import ttest_ind_from_stats

    arms = [treated, comparator]
    if test.endswith("_unweighted"):
        arms = [arm.unweighted for arm in arms]
    is_effective = test == "welch_effective_n"
    moments = [
        part
        for arm in arms
        for part in (
            arm.mean,
            np.sqrt(_unbiased_variance(arm.values, arm.weights)),
            arm.ess if is_effective else len(arm.values),
        )
    ]
    if any(size <= 1 for size in moments[2::3]):
        return np.nan
    return float(ttest_ind_from_stats(*moments, equal_var=test.startswith("pooled")).pvalue)
