"""One analysis of one sample: from frame to rows of estimates, or to the reason there are none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from csc_outcomes.estimators.bootstrap import draw_counts, with_bootstrap_errors
from csc_outcomes.estimators.censored_normal import fit_censored_normal
from csc_outcomes.estimators.design import (
    CLUSTER_COLUMNS,
    INTERACTION,
    SE_TYPES,
    Design,
    build_design,
    sample_size,
    usable_rows,
)
from csc_outcomes.estimators.exact import exact_odds_ratio
from csc_outcomes.estimators.linear import fit_wls
from csc_outcomes.estimators.logit import average_marginal_effect, fit_logit
from csc_outcomes.estimators.result import (
    Coefficients,
    Estimate,
    FloatArray,
    IntArray,
    NotEstimableError,
    check_events,
    estimated,
    kish_ess,
    not_estimable,
)
from csc_outcomes.estimators.survival import fit_cox
from csc_outcomes.estimators.survival_contrasts import (
    longest_horizon,
    restricted_mean_difference,
)
from csc_outcomes.estimators.weighting import doubly_robust, entropy_balance, odds_weights

DAYS_PER_WEEK = 7
NO_ERROR = 1e-12  # relative to the estimate: rounding, not a standard error
NO_MEAN_ERROR = 1e-8  # a sum's variance is a difference of larger ones, whose rounding is this big
UNITS = {
    "logit_ame": "proportion",
    "logit": "log_odds_ratio",
    "censored_normal": "weeks",
    "cox": "log_hazard_ratio",
    "rmst": "weeks",
    "fisher_exact": "odds_ratio",
}
LENGTHS = ("censored_normal", "cox", "rmst")
LEAST_SQUARES = ("wls", "ipw", "ebal")
BY_INFLUENCE = ("aipw", "rmst")
ON_TREATED = ("ipw", "ebal", "aipw")
ARM_MEANS = {"comparator_mean": 0.0, "treated_mean": 1.0}
EVENT_UNITS = ("proportion", "log_odds_ratio", "odds_ratio")
NO_SPREAD = "no_variation: the data leave no spread to take an error from"
NOT_BINARY = "not_binary: the outcome is not 0 or 1 for every case"


@dataclass(frozen=True)
class Analysis:
    """What to fit: estimator, covariate columns ('treated:x' for an interaction), standard errors.

    `unit` is the unit of the outcome for 'wls', 'ipw', 'ebal' and 'aipw' (lengths given in days
    come out in 'weeks'); the other estimators have their own. `is_on_treated` averages a marginal
    effect over the treated alone. `horizon_days` is for 'rmst'; None takes the longest that both
    arms allow. `n_draws` and `seed` are for the bootstrap. A 0/1 outcome (unit 'proportion') or a
    length with fewer than `fewest_events` events in both arms together is not
    estimated; 'fisher_exact' is for few events and takes any number.
    """

    estimator: str
    covariates: Sequence[str] = field(default_factory=tuple)
    se_type: str = "cluster_child"
    unit: str = "proportion"
    is_on_treated: bool = False
    horizon_days: float | None = None
    n_draws: int = 500
    seed: int = 1
    fewest_events: int = 0

    @property
    def estimate_unit(self) -> str:
        """Unit of the estimates."""
        return UNITS.get(self.estimator, self.unit)


def fit(frame: pd.DataFrame, analysis: Analysis) -> list[Estimate]:
    """Estimates of one analysis: 'treated', each 'treated:x', both arm means if there are any.

    With interactions 'treated' is the effect where every such x is 0. For an x of 0 and 1 there is
    'treated_if_x', the effect where x is 1 and every other 0, and where arms have means, predicted
    means for x = 1 (comparator_mean_if_x, treated_mean_if_x) and x = 0 (comparator_mean_unless_x,
    treated_mean_unless_x).

    `frame` has case_id, child_id, family_id, treated (0/1), weight, value (days for
    censored_normal, cox and rmst), is_censored and the covariates; for cox, `entry_days` gives
    delayed entry. Rows of weight 0 or without a value do not count. With covariates, arm means are
    predictions at the weighted covariate means (without, the comparator mean is the intercept).
    'fisher_exact' takes a 0/1 outcome, weights of 1 and no covariates, with se_type 'exact'.

    'ipw', 'ebal' and 'aipw' estimate the effect on the treated from all eligible cases: `weight` is
    where they start from (1, or a sampling weight), the covariates are what they balance, the
    comparator mean is the treated's without treatment. Errors of ipw and ebal take the weights as
    known; the bootstrap estimates them afresh.

    `se_type`: 'hc1' means Stata's robust for the likelihood models and aipw, every case a cluster
    of its own. 'cluster_cr2_child' and 'cluster_cr2_family' (wls, ipw, ebal) are Bell and
    McCaffrey's, for few clusters. 'influence' (aipw, rmst) is over cases without a factor; those
    two and the weighted ones have no 'classical'. 'bootstrap_child' and 'bootstrap_family' draw
    clusters; matching weights stay as they are, so this does not tell the uncertainty of matching.

    Data that cannot carry the estimate give one row 'treated' with status not_estimable and the
    reason; an unknown or unfitting estimator, covariate or se_type, a missing column or a length
    without is_censored raises ValueError.
    """
    _check_request(frame, analysis)
    if analysis.se_type.startswith("bootstrap"):
        return _fit_bootstrap(frame, analysis)
    frame, note = _seen_after_entry(frame, analysis)
    size = sample_size(usable_rows(frame), analysis.se_type)
    try:
        design = build_design(frame, analysis.covariates, analysis.se_type)
        design = replace(design, notes=(*note, *design.notes))
        size = design.size
        _check_events(design, analysis)
        return ESTIMATORS[analysis.estimator](design, analysis)
    except NotEstimableError as cause:
        unit = analysis.estimate_unit
        reason = str(cause)
        return [not_estimable("treated", reason, unit=unit, se_type=analysis.se_type, size=size)]


def cox_model(frame: pd.DataFrame, analysis: Analysis) -> tuple[Design, Coefficients]:
    """The design and the log hazard ratios behind the rows that `fit` gives for a 'cox' analysis.

    Raises what `fit` raises, and NotEstimableError where its row would be not_estimable.
    """
    if analysis.estimator != "cox":
        raise ValueError(f"{analysis.estimator!r} is no Cox model.")
    _check_request(frame, analysis)
    frame, _ = _seen_after_entry(frame, analysis)
    design = build_design(frame, analysis.covariates, analysis.se_type)
    _check_events(design, analysis)
    return design, _cox_coefficients(design)


def _check_request(frame: pd.DataFrame, analysis: Analysis) -> None:
    if analysis.estimator not in ESTIMATORS:
        raise ValueError(f"Unknown estimator {analysis.estimator!r}; one of {sorted(ESTIMATORS)}.")
    if analysis.se_type not in SE_TYPES:
        raise ValueError(f"Unknown se_type {analysis.se_type!r}; one of {SE_TYPES}.")
    if problem := _mismatch(frame, analysis):
        raise ValueError(f"{analysis.estimator!r} {problem}.")
    needed = {"child_id", "family_id", "treated", "weight", "value"}
    needed |= {name.removeprefix(INTERACTION) for name in analysis.covariates}
    if analysis.estimator in LENGTHS:
        needed.add("is_censored")
    if analysis.se_type.startswith("bootstrap"):
        needed.add("case_id")
    if missing := sorted(needed - set(frame.columns)):
        raise ValueError(f"The frame lacks the columns {missing}.")


def _mismatch(frame: pd.DataFrame, analysis: Analysis) -> str | None:
    """What the estimator cannot do of what is asked."""
    estimator, se_type = analysis.estimator, analysis.se_type
    is_interacting = any(name.startswith(INTERACTION) for name in analysis.covariates)
    if is_interacting and estimator in ON_TREATED:
        return "takes no interactions"
    if se_type.startswith("cluster_cr2") and estimator not in LEAST_SQUARES:
        return f"has no {se_type!r} errors; these are for {LEAST_SQUARES}"
    if "exact" in (se_type, estimator.removeprefix("fisher_")):
        return _exact_mismatch(analysis)
    if se_type == "influence" and estimator not in BY_INFLUENCE:
        return f"has no 'influence' errors; these are for {BY_INFLUENCE}"
    if se_type == "classical" and estimator in (*ON_TREATED, "rmst"):
        return "has no 'classical' errors: they would take weights for counts"
    if estimator != "rmst":
        return None
    if analysis.horizon_days is not None and not analysis.horizon_days > 0:
        return "needs a positive number of days as horizon_days"
    if analysis.covariates or "entry_days" in frame:
        return "takes neither covariates nor entry_days"
    if analysis.horizon_days is None and se_type.startswith("bootstrap"):
        return "needs horizon_days for the bootstrap, else every draw would have its own"
    return None


def _exact_mismatch(analysis: Analysis) -> str | None:
    if analysis.estimator != "fisher_exact":
        return "has no 'exact' intervals; these are for 'fisher_exact'"
    if analysis.se_type != "exact":
        return "has no standard errors; its se_type is 'exact'"
    return "takes no covariates" if analysis.covariates else None


def _fit_bootstrap(frame: pd.DataFrame, analysis: Analysis) -> list[Estimate]:
    """The estimates, then the same on every draw; a case drawn twice has twice its weight."""
    clustered = replace(analysis, se_type=analysis.se_type.replace("bootstrap", "cluster"))
    rows = fit(frame, clustered)
    if rows[0].status != "ok":
        return [replace(row, se_type=analysis.se_type) for row in rows]
    used = usable_rows(frame)
    # The quickest error there is, for it is not looked at.
    quick = replace(analysis, se_type="hc1", fewest_events=0)
    without = [replace(row, se_type=analysis.se_type) for row in rows if row.status != "ok"]
    return without + with_bootstrap_errors(
        [row for row in rows if row.status == "ok"],
        draw_counts(used, CLUSTER_COLUMNS[analysis.se_type], analysis.n_draws, analysis.seed),
        lambda counts: fit(used.assign(weight=used["weight"] * counts), quick),
        analysis.se_type,
    )


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


def _check_events(design: Design, analysis: Analysis) -> None:
    """Fewer events than the study asks for: those of a case count once, however often it stands."""
    if analysis.fewest_events <= 0 or analysis.estimator == "fisher_exact":
        return
    if analysis.estimator in LENGTHS:
        has_event = ~design.rows["is_censored"].astype(bool).to_numpy()
    elif analysis.estimate_unit in EVENT_UNITS and np.isin(design.outcome, (0, 1)).all():
        has_event = design.outcome == 1
    else:
        return
    cases = design.rows["case_id"] if "case_id" in design.rows else design.rows.index.to_series()
    check_events(int(cases[has_event].nunique()), analysis.fewest_events)


def _fit_wls(design: Design, analysis: Analysis) -> list[Estimate]:
    if len(design.outcome) <= design.matrix.shape[1]:
        raise NotEstimableError("too_few_cases: no more cases than coefficients")
    _check_spread(design)
    design = _with_one_sided_note(design)
    covariance = analysis.se_type.removesuffix("_child").removesuffix("_family")
    coefficients = fit_wls(
        _in_unit(design, analysis),
        design.matrix,
        design.names,
        design.weights,
        covariance=covariance,
        groups=design.groups if covariance.startswith("cluster") else None,
    )
    return _effects(coefficients, design, analysis) + _arm_means(coefficients, design, analysis)


def _in_unit(design: Design, analysis: Analysis) -> FloatArray:
    return design.outcome / (DAYS_PER_WEEK if analysis.unit == "weeks" else 1)


def _with_one_sided_note(design: Design) -> Design:
    for value, arm, other in ((1, "treated", "comparator"), (0, "comparator", "treated")):
        if np.ptp(design.outcome[design.treated == value]) == 0:
            note = (
                f"one_sided: all {arm} cases have the same outcome, "
                f"so the error is that of the {other} cases alone"
            )
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
        raise NotEstimableError(NOT_BINARY)
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
    return _effects(_cox_coefficients(design), design, analysis)


def _cox_coefficients(design: Design) -> Coefficients:
    has_entry = "entry_days" in design.rows
    return fit_cox(
        design.outcome,
        1 - _censored(design),
        design.matrix[:, 1:],
        design.names[1:],
        design.weights,
        design.groups,
        design.rows["entry_days"].to_numpy(float) if has_entry else None,
    )


def _fit_ipw(design: Design, analysis: Analysis) -> list[Estimate]:
    names, matrix = _without_treated(design)
    weights = odds_weights(design.treated, matrix, names, design.weights)
    return _fit_wls(_two_arms(design, weights), analysis)


def _fit_ebal(design: Design, analysis: Analysis) -> list[Estimate]:
    _, matrix = _without_treated(design)
    weights = entropy_balance(design.treated, matrix[:, 1:], design.weights)
    return _fit_wls(_two_arms(design, weights), analysis)


def _fit_aipw(design: Design, analysis: Analysis) -> list[Estimate]:
    _check_spread(design)
    names, matrix = _without_treated(design)
    effect = doubly_robust(
        _in_unit(design, analysis), design.treated, matrix, names, design.weights, design.groups
    )
    bare = _with_one_sided_note(_two_arms(design, design.weights))
    return _effects(effect, bare, analysis) + _arm_means(effect, bare, analysis)


def _without_treated(design: Design) -> tuple[tuple[str, ...], FloatArray]:
    """Constant and covariates."""
    names = (design.names[0], *design.names[2:])
    return names, np.delete(design.matrix, 1, axis=1)


def _two_arms(design: Design, weights: FloatArray) -> Design:
    """The design without covariates under other weights; the effective size is theirs."""
    ess = kish_ess(weights[design.treated == 0])
    size = replace(design.size, ess_comparator=ess)
    return replace(
        design, size=size, matrix=design.matrix[:, :2], names=design.names[:2], weights=weights
    )


def _fit_rmst(design: Design, analysis: Analysis) -> list[Estimate]:
    has_event = 1 - _censored(design)
    horizon = analysis.horizon_days or longest_horizon(design.outcome, has_event, design.treated)
    if horizon <= 0:
        raise NotEstimableError("short_follow_up: an arm is not watched for a single day")
    days = restricted_mean_difference(
        design.outcome, has_event, design.treated, design.weights, horizon, design.groups
    )
    weeks = replace(
        days, coef=days.coef / DAYS_PER_WEEK, covariance=days.covariance / DAYS_PER_WEEK**2
    )
    design = replace(design, notes=(*design.notes, f"horizon: {horizon:g} days"))
    return _effects(weeks, design, analysis) + _arm_means(weeks, design, analysis)


def _fit_fisher_exact(design: Design, analysis: Analysis) -> list[Estimate]:
    if not np.isin(design.outcome, (0, 1)).all():
        raise NotEstimableError(NOT_BINARY)
    if not np.all(design.weights == 1):
        raise NotEstimableError("weighted: exact tests count cases, and here cases have weights")
    counts = [
        [int(np.sum((design.treated == arm) & (design.outcome == value))) for value in (1, 0)]
        for arm in (1, 0)
    ]
    found = exact_odds_ratio(counts)
    size, unit, se_type = design.size, analysis.estimate_unit, analysis.se_type
    row = not_estimable("treated", "", unit=unit, se_type=se_type, size=size)
    return [
        replace(
            row,
            estimate=found.odds_ratio,
            ci_low=found.ci_low,
            ci_high=found.ci_high,
            p_value=found.p_value,
            status="ok",
            status_reason=design.note,
        )
    ]


ESTIMATORS: dict[str, Callable[[Design, Analysis], list[Estimate]]] = {
    "wls": _fit_wls,
    "logit": _fit_logit,
    "logit_ame": _fit_logit_ame,
    "censored_normal": _fit_censored_normal,
    "cox": _fit_cox,
    "ipw": _fit_ipw,
    "ebal": _fit_ebal,
    "aipw": _fit_aipw,
    "rmst": _fit_rmst,
    "fisher_exact": _fit_fisher_exact,
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
    """The treated coefficient and its interactions, and what they make where x is 1."""
    rows = []
    for term in ("treated", *design.interactions):
        value, error = coefficients.value(term), coefficients.std_error(term)
        rows.append(_row(term, value, error, coefficients.freedom_of(term), design, analysis))
    for term in design.interactions:
        if design.is_yes_or_no(term):
            contrast = [float(name in ("treated", term)) for name in coefficients.names]
            name = f"treated_if_{term.removeprefix(INTERACTION)}"
            rows.append(_contrast_row(name, np.array(contrast), coefficients, design, analysis))
    return rows


def _contrast_row(
    term: str,
    contrast: FloatArray,
    coefficients: Coefficients,
    design: Design,
    analysis: Analysis,
) -> Estimate:
    """The row of a contrast; not_estimable by itself, for the others may stand without it."""
    try:
        value, error = coefficients.combine(contrast)
        if error <= NO_MEAN_ERROR * (1 + abs(value)):
            raise NotEstimableError(NO_SPREAD)
        return _row(term, value, error, coefficients.freedom(contrast), design, analysis)
    except NotEstimableError as cause:
        return _without_number(term, cause, design, analysis)


def _without_number(
    term: str, cause: NotEstimableError, design: Design, analysis: Analysis
) -> Estimate:
    unit, se_type = analysis.estimate_unit, analysis.se_type
    return not_estimable(term, str(cause), unit=unit, se_type=se_type, size=design.size)


def _arm_means(coefficients: Coefficients, design: Design, analysis: Analysis) -> list[Estimate]:
    """Predicted means of both arms, and those where the x of an interaction is 1 and where 0."""
    rows = [
        _mean_row(term, design.mean_row(treatment), coefficients, design, analysis)
        for term, treatment in ARM_MEANS.items()
    ]
    for moderator in _moderators_with_means(design, analysis):
        for word, at in (("if", 1.0), ("unless", 0.0)):
            for arm, treatment in ARM_MEANS.items():
                term = f"{arm}_{word}_{moderator}"
                contrast = design.mean_row(treatment, {moderator: at})
                try:
                    row = _mean_row(term, contrast, coefficients, design, analysis)
                except NotEstimableError as cause:
                    row = _without_number(term, cause, design, analysis)
                rows.append(row)
    return rows


def _moderators_with_means(design: Design, analysis: Analysis) -> list[str]:
    """Each x of 0 and 1 that arms can be predicted for: not one that follows from the others."""
    names = [name.removeprefix(INTERACTION) for name in design.interactions]
    return [
        name
        for name in names
        if design.is_yes_or_no(INTERACTION + name)
        and (name in design.names or name not in analysis.covariates)
    ]


def _mean_row(
    term: str,
    contrast: FloatArray,
    coefficients: Coefficients,
    design: Design,
    analysis: Analysis,
) -> Estimate:
    """A predicted mean; without an error where all cases that bear on it are alike."""
    mean, error = coefficients.combine(contrast)
    is_exact = error <= NO_MEAN_ERROR * (1 + abs(mean))
    df = None if is_exact else coefficients.freedom(contrast)
    row = _row(term, mean, error, df, design, analysis, is_mean=True)
    if not is_exact:
        return row
    mean = 0.0 if abs(mean) < NO_MEAN_ERROR else mean
    return replace(row, estimate=mean, std_error=None, df=None, ci_low=None, ci_high=None)


def _row(
    term: str,
    value: float,
    std_error: float,
    df: float | None,
    design: Design,
    analysis: Analysis,
    is_mean: bool = False,
) -> Estimate:
    is_sound = np.isfinite(value) and np.isfinite(std_error)
    if not is_sound or (std_error <= NO_ERROR * (1 + abs(value)) and not is_mean):
        raise NotEstimableError(NO_SPREAD)
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
