"""How alike the members of a cluster are."""

from dataclasses import dataclass

import numpy as np

from csc_outcomes.estimators.result import FloatArray, IntArray, NotEstimableError


@dataclass(frozen=True)
class IntraclusterCorrelation:
    """The correlation of two members of a cluster and the cluster size that counts."""

    value: float
    cluster_size: float


def anova_icc(values: FloatArray, groups: IntArray) -> IntraclusterCorrelation:
    """Intracluster correlation by one-way analysis of variance, `groups` being codes 0..G-1.

    (B - W) / (B + (m0 - 1) W), where B and W are the mean squares between and within clusters and
    m0 = (n - sum m^2 / n) / (G - 1) is the cluster size that counts (Donner and Koval 1980,
    Biometrics 36, 19-25). It may be below 0. Values in any unit, 0/1 too. Raises NotEstimableError
    with fewer than two clusters, without a cluster of two, or where no value differs.
    """
    sizes = np.bincount(groups).astype(float)
    n, n_groups = len(values), len(sizes)
    if n_groups < 2:
        raise NotEstimableError("too_few_clusters: fewer than two clusters")
    if n == n_groups:
        raise NotEstimableError("too_few_cases: every cluster has only one case")
    means = np.bincount(groups, values) / sizes
    between = float(sizes @ (means - values.mean()) ** 2) / (n_groups - 1)
    within = float(np.sum((values - means[groups]) ** 2)) / (n - n_groups)
    size = (n - float(sizes @ sizes) / n) / (n_groups - 1)
    total = between + (size - 1) * within
    if not total > 0:
        raise NotEstimableError("no_variation: every case has the same value")
    return IntraclusterCorrelation((between - within) / total, size)
