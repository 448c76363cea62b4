"""One analysis of one sample: from frame to rows of estimates, or to the reason there are none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from csc_outcomes.estimators.censored_normal import fit_censored_normal
from csc_outcomes.estimators.design import (
    INTERACTION,
    SE_TYPES,
    Design,
    build_design,
    sample_size,
    usable_rows,
)
from csc_outcomes.estimators.linear import fit_wls
from csc_outcomes.estimators.logit import average_marginal_effect, fit_logit
from csc_outcomes.estimators.result import (
    Coefficients,
    Estimate,
    IntArray,
    NotEstimableError,
    estimated,
    not_estimable,
)
from csc_outcomes.estimators.survival import fit_cox

DAYS_PER_WEEK = 7
NO_ERROR = 1e-12  # relative to the estimate: rounding, not a standard error
UNITS = {
    "logit_ame": "proportion",
    "logit": "log_odds_ratio",
    "censored_normal": "weeks",
    "cox": "log_hazard_ratio",
}
ARM_MEANS = {"comparator_mean": 0.0, "treated_mean": 1.0}


@dataclass(frozen=True)
class Analysis:
    """What to fit: estimator, covariate columns ('treated:x' for an interaction), standard errors.

    `unit` is the unit of the outcome for 'wls' (lengths given in days come out in 'weeks'); the
    other estimators have their own. `is_on_treated` averages a marginal effect over the treated
    alone.
    """

    estimator: str
    covariates: Sequence[str] = field(default_factory=tuple)
    se_type: str = "cluster_child"
    unit: str = "proportion"
    is_on_treated: bool = False

    @property
    def estimate_unit(self) -> str:
        """Unit of the estimates."""
        return UNITS.get(self.estimator, self.unit)


def fit(frame: pd.DataFrame, analysis: Analysis) -> list[Estimate]:
    """Estimates of one analysis: 'treated', each 'treated:x', both arm means if there are any.

    `frame` has case_id, child_id, family_id, treated (0/1), weight, value (days for censored_normal
    and cox), is_censored and the covariates; for cox, `entry_days` gives delayed entry. Rows of
    weight 0 or without a value do not count. With covariates, arm means are predictions at the
    weighted covariate means (without, the comparator mean is the intercept). `se_type` 'hc1' means
    Stata's robust for the likelihood models: every case a cluster of its own. Data that cannot
    carry the estimate give one row 'treated' with status not_estimable and the reason; an unknown
    estimator or se_type, a missing column or a length without is_censored raises ValueError.
    """
    _check_request(frame, analysis)
    frame, note = _seen_after_entry(frame, analysis)
    size = sample_size(usable_rows(frame), analysis.se_type)
    try:
        design = build_design(frame, analysis.covariates, analysis.se_type)
        design = replace(design, notes=(*note, *design.notes))
        size = design.size
        return ESTIMATORS[analysis.estimator](design, analysis)
    except NotEstimableError as cause:
        unit = analysis.estimate_unit
        reason = str(cause)
        return [not_estimable("treated", reason, unit=unit, se_type=analysis.se_type, size=size)]


def _check_request(frame: pd.DataFrame, analysis: Analysis) -> None:
    if analysis.estimator not in ESTIMATORS:
        raise ValueError(f"Unknown estimator {analysis.estimator!r}; one of {sorted(ESTIMATORS)}.")
    if analysis.se_type not in SE_TYPES:
        raise ValueError(f"Unknown se_type {analysis.se_type!r}; one of {SE_TYPES}.")
    needed = {"child_id", "family_id", "treated", "weight", "value"}
    needed |= {name.removeprefix(INTERACTION) for name in analysis.covariates}
    if analysis.estimator in ("censored_normal", "cox"):
        needed.add("is_censored")
    if missing := sorted(needed - set(frame.columns)):
        raise ValueError(f"The frame lacks the columns {missing}.")


def _seen_after_entry(
    frame: pd.DataFrame, analysis: Analysis
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Leave out, with a note, cases that ended by their delayed entry: they were never at risk."""
    if analysis.estimator != "cox" or "entry_days" not in frame:
        return frame, ()
    is_seen = frame["entry_days"] < frame["value"]
    n_unseen = int((~is_seen & (frame["weight"] > 0) & frame["value"].notna()).sum())
    note = (f"never_at_risk: {n_unseen} cases that ended by their entry left out",)
    return frame[is_seen], note if n_unseen else ()


def _fit_wls(design: Design, analysis: Analysis) -> list[Estimate]:
    if len(design.outcome) <= design.matrix.shape[1]:
        raise NotEstimableError("too_few_cases: no more cases than coefficients")
    _check_spread(design)
    design = _with_one_sided_note(design)
    outcome = design.outcome / (DAYS_PER_WEEK if analysis.unit == "weeks" else 1)
    is_clustered = analysis.se_type.startswith("cluster")
    coefficients = fit_wls(
        outcome,
        design.matrix,
        design.names,
        design.weights,
        covariance="cluster" if is_clustered else analysis.se_type,
        groups=design.groups if is_clustered else None,
    )
    return _effects(coefficients, design, analysis) + _arm_means(coefficients, design, analysis)


def _with_one_sided_note(design: Design) -> Design:
    for value, arm, other in ((1, "treated", "comparator"), (0, "comparator", "treated")):
        if np.ptp(design.outcome[design.treated == value]) == 0:
            note = f"one_sided: all {arm} cases have the same outcome, so the error is that of the {other} cases alone"
            return replace(design, notes=(*design.notes, note))
    return design


def _fit_logit(design: Design, analysis: Analysis) -> list[Estimate]:
    return _effects(_logit_coefficients(design), design, analysis)


def _fit_logit_ame(design: Design, analysis: Analysis) -> list[Estimate]:
    chosen = design.treated == 1 if analysis.is_on_treated else design.treated >= 0
    effect = average_marginal_effect(
        _logit_coefficients(design),
        design.with_treatment(1)[chosen],
        design.with_treatment(0)[chosen],
        design.weights[chosen],
    )
    return [_row("treated", effect.estimate, effect.std_error, None, design, analysis)]


def _logit_coefficients(design: Design) -> Coefficients:
    if not np.isin(design.outcome, (0, 1)).all():
        raise NotEstimableError("not_binary: the outcome is not 0 or 1 for every case")
    for value, arm in ((1, "treated"), (0, "comparator")):
        events = design.outcome[design.treated == value]
        if events.min() == events.max():
            amount = "every" if events.min() == 1 else "no"
            raise NotEstimableError(f"separation: {amount} {arm} case has the event")
    return fit_logit(design.outcome, design.matrix, design.names, design.weights, design.groups)


def _fit_censored_normal(design: Design, analysis: Analysis) -> list[Estimate]:
    fitted = fit_censored_normal(
        design.outcome / DAYS_PER_WEEK,
        _censored(design),
        design.matrix,
        design.names,
        design.weights,
        design.groups,
    ).coefficients
    return _effects(fitted, design, analysis) + _arm_means(fitted, design, analysis)


def _fit_cox(design: Design, analysis: Analysis) -> list[Estimate]:
    has_entry = "entry_days" in design.rows
    coefficients = fit_cox(
        design.outcome,
        1 - _censored(design),
        design.matrix[:, 1:],
        design.names[1:],
        design.weights,
        design.groups,
        design.rows["entry_days"].to_numpy(float) if has_entry else None,
    )
    return _effects(coefficients, design, analysis)


ESTIMATORS: dict[str, Callable[[Design, Analysis], list[Estimate]]] = {
    "wls": _fit_wls,
    "logit": _fit_logit,
    "logit_ame": _fit_logit_ame,
    "censored_normal": _fit_censored_normal,
    "cox": _fit_cox,
}


def _censored(design: Design) -> IntArray:
    """1 where the length is a censor point; an arm in which nothing ended has no effect."""
    n_unknown = int(design.rows["is_censored"].isna().sum())
    if n_unknown:
        raise ValueError(f"is_censored is missing for {n_unknown} cases that have a length.")
    if design.outcome.min() < 0:
        raise NotEstimableError("negative_length: a case has fewer than 0 days")
    censored = design.rows["is_censored"].astype(bool).to_numpy().astype(np.int64)
    if censored.all():
        raise NotEstimableError("all_censored: no case ended within the time observed")
    for value, arm in ((1, "treated"), (0, "comparator")):
        if censored[design.treated == value].all():
            raise NotEstimableError(f"all_censored: no {arm} case ended within the time observed")
    return censored


def _check_spread(design: Design) -> None:
    """Without spread around the fitted values the error is 0 and every p-value nonsense."""
    if np.ptp(design.outcome) == 0:
        raise NotEstimableError("no_variation: every case has the same outcome")
    if all(np.ptp(design.outcome[design.treated == value]) == 0 for value in (0, 1)):
        raise NotEstimableError("separation: the outcome is the same throughout each arm")
    root = np.sqrt(design.weights)
    scaled = design.matrix * root[:, None]
    target = (design.outcome - design.outcome.mean()) * root
    best, *_ = np.linalg.lstsq(scaled, target, rcond=None)
    if np.sum((target - scaled @ best) ** 2) < 1e-18 * np.sum(target**2):
        raise NotEstimableError("no_variation: the covariates leave nothing unexplained")


def _effects(coefficients: Coefficients, design: Design, analysis: Analysis) -> list[Estimate]:
    """The treated coefficient and its interactions."""
    rows = []
    for term in ("treated", *design.interactions):
        value, error = coefficients.value(term), coefficients.std_error(term)
        rows.append(_row(term, value, error, coefficients.df, design, analysis))
    return rows


def _arm_means(coefficients: Coefficients, design: Design, analysis: Analysis) -> list[Estimate]:
    """Predicted means of both arms; without an error where all cases of an arm are alike."""
    rows = []
    for term, treatment in ARM_MEANS.items():
        mean, error = coefficients.combine(design.mean_row(treatment))
        row = _row(term, mean, error, coefficients.df, design, analysis)
        if error <= NO_ERROR * (1 + abs(mean)):
            mean = 0.0 if abs(mean) < NO_ERROR else mean
            row = replace(row, estimate=mean, std_error=None, df=None, ci_low=None, ci_high=None)
        rows.append(row)
    return rows


def _row(
    term: str,
    value: float,
    std_error: float,
    df: float | None,
    design: Design,
    analysis: Analysis,
) -> Estimate:
    is_mean = term in ARM_MEANS
    is_sound = np.isfinite(value) and np.isfinite(std_error)
    if not is_sound or (std_error <= NO_ERROR * (1 + abs(value)) and not is_mean):
        raise NotEstimableError("no_variation: the data leave no spread to take an error from")
    return estimated(
        term,
        value,
        std_error,
        unit=analysis.estimate_unit,
        se_type=analysis.se_type,
        df=df,
        size=design.size,
        is_tested=not is_mean,
        note=design.note,
    )
