"""Weighted least squares with the standard errors the studies use."""

from typing import Any

from csc_outcomes.estimators.cluster_cr2 import cr2_covariance
from csc_outcomes.estimators.result import Coefficients, FloatArray, IntArray

COVARIANCES = ("classical", "hc1", "cluster", "cluster_cr2")


def fit_wls(
    outcome: FloatArray,
    design: FloatArray,
    names: tuple[str, ...],
    weights: FloatArray,
    covariance: str,
    groups: IntArray | None = None,
) -> Coefficients:
    """Weighted least squares of `outcome` (n) on `design` (n x k, constant included).

    covariance: 'classical' and 'hc1' test against t(n - k); 'cluster' is CR1, Stata's factor
    G/(G-1) x (n-1)/(n-k), against t(G - 1) and needs `groups`, codes 0..G-1; 'cluster_cr2' (needs
    them too) is Bell and McCaffrey's against t with Satterthwaite's df of each contrast.
    Raises ValueError for an unknown covariance or missing groups.
    """
    import statsmodels.api as sm

    if covariance not in COVARIANCES:
        raise ValueError(f"Unknown covariance {covariance!r}; choose one of {COVARIANCES}.")
    options: dict[str, Any] = {"use_t": True}
    if covariance == "hc1":
        options["cov_type"] = "HC1"
    elif covariance.startswith("cluster") and groups is None:
        raise ValueError("Clustered standard errors need the cluster of every row.")
    elif covariance == "cluster":
        options |= {"cov_type": "cluster", "cov_kwds": {"groups": groups, "use_correction": True}}

    fitted = sm.WLS(outcome, design, weights=weights).fit(**options)
    if covariance == "cluster_cr2" and groups is not None:
        matrix, freedom = cr2_covariance(design, weights, fitted.resid, groups)
        return Coefficients(names, fitted.params, matrix, None, freedom)
    # statsmodels keeps n - k for the printed model, but tests clustered fits against G - 1.
    df = int(groups.max()) if covariance == "cluster" and groups is not None else fitted.df_resid
    return Coefficients(names, fitted.params, fitted.cov_params(), float(df))
