"""From one row per replicate and analysis to performance measures with Monte Carlo errors.

Measures and errors: Morris, White and Crowther, "Using simulation studies to evaluate statistical
methods", Statistics in Medicine 38 (2019), table 6. Errors of shares are taken at the Agresti-Coull
share (two successes and two failures added), so that a share of 0 or 1 has one too.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

LEVEL = 0.05
MEASURES = ("bias", "coverage", "rejected", "error_ratio")


def summarise(replicates: pd.DataFrame) -> pd.DataFrame:
    """One row per scenario and analysis.

    `replicates` has scenario, analysis, truth (NaN where there is no single one), estimate,
    std_error, ci_low, ci_high, p_value and status. Columns out: n and n_estimable; mean truth and
    estimate; bias; coverage of the 95 % intervals; rejected, the share with p < 0.05; error_ratio,
    the root mean square standard error over the standard deviation of estimate - truth; each of
    the four with its Monte Carlo error under `<measure>_mcse`.
    """
    groups = replicates.groupby(["scenario", "analysis"], sort=False)
    return groups.apply(_performance).reset_index()


def _performance(rows: pd.DataFrame) -> pd.Series:
    found = rows[rows["status"] == "ok"]
    truth = found["truth"].astype(float)
    miss = found["estimate"].astype(float) - truth
    is_covered = (found["ci_low"] <= truth) & (truth <= found["ci_high"])
    has_truth = bool(truth.notna().any())
    coverage = _share(is_covered) if has_truth else (np.nan, np.nan)
    rejected = _share(found["p_value"].astype(float) < LEVEL)
    ratio = _error_ratio(found["std_error"].astype(float), found["estimate"] - truth.fillna(0))
    return pd.Series(
        {
            "n": len(rows),
            "n_estimable": len(found),
            "truth": truth.mean(),
            "estimate": found["estimate"].mean(),
            "bias": miss.mean(),
            "bias_mcse": miss.std() / np.sqrt(max(len(found), 1)),
            "coverage": coverage[0],
            "coverage_mcse": coverage[1],
            "rejected": rejected[0],
            "rejected_mcse": rejected[1],
            "error_ratio": ratio[0],
            "error_ratio_mcse": ratio[1],
        }
    )


def _share(is_so: pd.Series) -> tuple[float, float]:
    n = len(is_so)
    if n == 0:
        return np.nan, np.nan
    steadied = (is_so.sum() + 2) / (n + 4)
    return float(is_so.mean()), float(np.sqrt(steadied * (1 - steadied) / (n + 4)))


def _error_ratio(std_errors: pd.Series, miss: pd.Series) -> tuple[float, float]:
    n = len(miss)
    if n < 2 or miss.std() == 0:
        return np.nan, np.nan
    variance = (std_errors**2).mean()
    ratio = np.sqrt(variance) / miss.std()
    spread = (std_errors**2).var() / (4 * n * variance**2) + 1 / (2 * (n - 1))
    return float(ratio), float(ratio * np.sqrt(spread))
