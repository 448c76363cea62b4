"""What the names in study_analyses mean, for readers of a plan."""

from __future__ import annotations

from collections.abc import Mapping

DESIGNS = {
    "matched_comparison": "matched comparison of cases with and without the programme",
    "rct": "randomised trial: families allocated to an arm by lot, compared as they were allocated",
}
SAMPLES = {
    "unmatched": "every eligible case, each counted once",
    "cem_caliper": (
        "cases of both arms in the same stratum, the comparator's plan started within the caliper "
        "and was open when the treated case entered; a treated case counts once and shares one "
        "unit of weight among its comparators"
    ),
    "psm_3nn": "for each treated case the three comparators nearest in propensity score",
    "psm_3nn_unique": (
        "for each treated case the three comparators nearest in propensity score, none used twice"
    ),
    "allocated_children": (
        "every child that was allocated and takes part, whether or not its family is counted by it"
    ),
}
ESTIMATORS = {
    "wls": "weighted least squares; for a rate, the difference of proportions",
    "logit": "logistic regression, in log odds",
    "logit_ame": "logistic regression, as average marginal effect in proportions",
    "censored_normal": "normal regression of lengths, each open case with its own censoring",
    "cox": "proportional hazards of closing",
    "cox_stacked": "proportional hazards of closing, watched from the treated case's entry",
    "rmst": "restricted mean length",
    "ipw": "inverse-probability weights for the effect on the treated",
    "ebal": "entropy balancing for the effect on the treated",
    "aipw": "doubly robust, for the effect on the treated",
    "nearest_neighbours": "mean difference from the nearest comparators in propensity score",
    "fisher_exact": "odds ratio of a rate with Fisher's exact test, for few events",
}
ADJUSTMENTS = {
    "none": "the arm alone",
    "matching": "the covariates that are adjusted for, too",
}
SE_TYPES = {
    "hc1": "robust to unequal variances, cases as independent",
    "cluster_child": "cases of one child may be alike",
    "cluster_family": "cases of one family may be alike",
    "cluster_cr2_child": "cases of one child may be alike; bias-reduced, for few clusters",
    "cluster_cr2_family": "cases of one family may be alike; bias-reduced, for few clusters",
    "influence": "from the estimator's influence function",
    "bootstrap_child": "from resampling children",
    "bootstrap_family": "from resampling families",
    "abadie_imbens": "Abadie and Imbens' for matching",
    "exact": "none: an exact interval",
}


def words(meanings: Mapping[str, str], name: str) -> str:
    """The meaning of a name; the name in plain spelling where none is given."""
    return meanings.get(name) or name.replace("_", " ")
