"""The rows of the survival marts: curves, summaries, tests, and the competing ends of a case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Protocol

import numpy as np
import pandas as pd

from csc_outcomes.estimators.competing_risks import (
    cumulative_incidence,
    gray_test,
    incidence_difference,
)
from csc_outcomes.estimators.design import (
    Design,
    build_design,
    cluster_codes,
    has_several_cases,
    usable_rows,
)
from csc_outcomes.estimators.proportional_hazards import TRANSFORMS, proportional_hazards_test
from csc_outcomes.estimators.result import (
    Coefficients,
    FloatArray,
    IntArray,
    NotEstimableError,
    check_events,
    critical_value,
    two_sided_p,
)
from csc_outcomes.estimators.survival import fit_cox, kaplan_meier, median_days, restricted_mean
from csc_outcomes.estimators.survival_contrasts import log_rank_test
from csc_outcomes.evaluation.clusters import (
    FAMILY,
    cluster_unit,
    parameter_value,
    with_families,
)
from csc_outcomes.evaluation.samples import UNWEIGHTED_SAMPLES, Evidence
from csc_outcomes.typed import COUNT, NUMBER, TEXT, typed_table, typed_tables

# Every case counts once there.
ENTRY_CLOCK = "programme_entry"
CAUSES = {"closure": 1, "escalation": 2}
ARMS = {"comparator": 0, "treated": 1}
CLUSTERED = "clustered_sample: the test takes cases for independent, and here some share a {unit}"
ONE_SIDED = (
    "one_sided: no or every {arm} case has ended so, which leaves no error of the difference"
)
_SETTING = ("study_id", "sample", "clock")
_STATUS = dict.fromkeys(("status", "status_reason"), TEXT)
CURVE_COLUMNS = {
    **dict.fromkeys((*_SETTING, "arm"), TEXT),
    "time_days": COUNT,
    **dict.fromkeys(("n_at_risk", "n_event", "survival", "ci_low", "ci_high"), NUMBER),
}
SUMMARY_COLUMNS = {
    **dict.fromkeys((*_SETTING, "arm"), TEXT),
    **dict.fromkeys(("n", "n_events"), COUNT),
    **dict.fromkeys(("median_days", "restricted_mean_days"), NUMBER),
    "horizon_days": COUNT,
    **_STATUS,
}
INCIDENCE_COLUMNS = {
    **dict.fromkeys((*_SETTING, "cause", "arm"), TEXT),
    "time_days": COUNT,
    **dict.fromkeys(("n_at_risk", "n_event", "incidence", "std_error"), NUMBER),
    **dict.fromkeys(("ci_low", "ci_high"), NUMBER),
}
DIFFERENCE_COLUMNS = {
    **dict.fromkeys((*_SETTING, "cause"), TEXT),
    "at_days": COUNT,
    **dict.fromkeys(("incidence_treated", "incidence_comparator", "difference"), NUMBER),
    **dict.fromkeys(("std_error", "ci_low", "ci_high", "p_value"), NUMBER),
    **dict.fromkeys(("n_treated", "n_comparator"), COUNT),
    **_STATUS,
}
TEST_COLUMNS = {
    **dict.fromkeys((*_SETTING, "test"), TEXT),
    "statistic": NUMBER,
    "df": COUNT,
    "p_value": NUMBER,
    "weighting": TEXT,
    **dict.fromkeys(("n_treated", "n_comparator"), COUNT),
    **_STATUS,
}


class ChiSquared(Protocol):
    """What every test of two arms hands back."""

    @property
    def statistic(self) -> float: ...

    @property
    def df(self) -> int: ...

    @property
    def p_value(self) -> float: ...


@dataclass(frozen=True)
class _Setting:
    """One clock of one sample: `lengths` (value, is_censored) and `ends` (value, cause).

    Both are frames of the cases at risk on the clock, with entry_days, arm, weight and clusters,
    which are children or families (`unit`).
    """

    study_id: str
    sample: str
    clock: str
    lengths: pd.DataFrame
    ends: pd.DataFrame
    unit: str

    @property
    def head(self) -> dict[str, Any]:
        return {"study_id": self.study_id, "sample": self.sample, "clock": self.clock}

    @property
    def is_weighted(self) -> bool:
        return self.sample not in UNWEIGHTED_SAMPLES

    @property
    def se_type(self) -> str:
        return f"cluster_{self.unit}"


@dataclass(frozen=True)
class _Test:
    """A test to be tried, its cases and their events, and whether it allows for clusters."""

    cases: pd.DataFrame
    n_events: int
    is_weighted: bool
    is_clustered: bool
    attempt: Callable[[], ChiSquared]


def survival_curves(evidence: Evidence, parameters: pd.DataFrame) -> pd.DataFrame:
    """One row per study, sample, clock, arm and time, as fct_survival_curves has them.

    `parameters` is def_study_parameters. Intervals are over cases, or over families in studies that
    allocate families.
    """
    tables = [
        _curve(cases, setting.unit).assign(**setting.head, arm=arm)
        for setting in _settings(evidence, parameters)
        for arm, cases in setting.lengths.groupby("arm", sort=True)
    ]
    return typed_tables(tables, CURVE_COLUMNS)


def survival_summaries(
    evidence: Evidence, analyses: pd.DataFrame, parameters: pd.DataFrame
) -> pd.DataFrame:
    """One row per study, sample, clock and arm, as fct_survival_summaries has them.

    `analyses` (study_id, sample) are samples that get rows even without cases, `parameters` is
    def_study_parameters. Means are restricted to `survival_horizon_days`.
    """
    rows = []
    for setting in _settings(evidence, parameters, analyses):
        horizon = _parameter(parameters, setting.study_id, "survival_horizon_days")
        for arm in ARMS:
            cases = setting.lengths[setting.lengths["arm"] == arm]
            rows.append({**setting.head, "arm": arm, **_summary(cases, arm, horizon, setting.unit)})
    return typed_table(rows, SUMMARY_COLUMNS)


def cumulative_incidences(
    evidence: Evidence, ends: pd.DataFrame, parameters: pd.DataFrame
) -> pd.DataFrame:
    """One row per study, sample, clock, cause, arm and time, as fct_cumulative_incidence has them.

    `ends` is int_competing_ends, `parameters` def_study_parameters. Matched samples are weighted,
    with errors by child. In a study that allocates families errors are by family wherever one has
    several cases. Other cases count alike, with the errors of R's cmprsk unless some are seen late.
    """
    tables = [
        _incidence(cases, code, _incidence_clusters(setting)).assign(
            **setting.head, cause=cause, arm=arm
        )
        for setting in _settings(evidence, parameters, ends=ends)
        for cause, code in CAUSES.items()
        for arm, cases in setting.ends.groupby("arm", sort=True)
    ]
    return typed_tables(tables, INCIDENCE_COLUMNS)


def incidence_differences(
    evidence: Evidence, ends: pd.DataFrame, analyses: pd.DataFrame, parameters: pd.DataFrame
) -> pd.DataFrame:
    """One row per study, sample, clock, cause and time, as fct_incidence_differences has them.

    Inputs as above. Times are `incidence_horizon_days` and `survival_horizon_days`; errors
    are by child, or by family in studies that allocate families. Fewer events than `fewest_events`
    by then, over both arms, give no difference; where an arm has none, or has nothing else, there
    is a difference without an error, for its own share of the error cannot be told from 0.
    """
    rows = []
    for setting in _settings(evidence, parameters, analyses, ends):
        fewest = _parameter(parameters, setting.study_id, "fewest_events")
        horizons = {
            _parameter(parameters, setting.study_id, name)
            for name in ("incidence_horizon_days", "survival_horizon_days")
        }
        for cause, code in CAUSES.items():
            rows += [
                {
                    **setting.head,
                    "cause": cause,
                    "at_days": at_days,
                    **_arm_sizes(setting.ends),
                    **_difference(setting, code, at_days, fewest),
                }
                for at_days in sorted(horizons)
            ]
    return typed_table(rows, DIFFERENCE_COLUMNS)


def survival_tests(
    evidence: Evidence, ends: pd.DataFrame, analyses: pd.DataFrame, parameters: pd.DataFrame
) -> pd.DataFrame:
    """One row per study, sample, clock and test, as fct_survival_tests has them.

    Inputs as above. The log-rank test of a matched sample is weighted and robust, by child; that of
    all eligible cases is the usual one, and `log_rank_clustered` beside it the robust one, by child
    or, in studies that allocate families, by family. Gray's test counts cases, whatever their
    weight. The test of proportional hazards is the score test of the Cox model of the arm alone.
    Tests that take cases for independent say so where they are not; on fewer events than
    `fewest_events` there is none, for all of them hold for many events only.
    """
    rows = []
    for setting in _settings(evidence, parameters, analyses, ends):
        fewest = _parameter(parameters, setting.study_id, "fewest_events")
        for name, test in _tests(setting).items():
            weighting = "weighted" if test.is_weighted else "unweighted"
            head = {**setting.head, "test": name, "weighting": weighting}
            found = _clusters_noted(test, setting.unit) | _attempted(test, fewest)
            rows.append(head | _arm_sizes(test.cases) | found)
    return typed_table(rows, TEST_COLUMNS)


def _settings(
    evidence: Evidence,
    parameters: pd.DataFrame,
    analyses: pd.DataFrame | None = None,
    ends: pd.DataFrame | None = None,
) -> Iterator[_Setting]:
    """Every clock of every sample there is, and of those that `analyses` ask for."""
    for study_id, sample, frame in evidence.samples(analyses):
        unit = cluster_unit(parameters, study_id)
        frame = with_families(frame)
        for clock in evidence.clock_names(study_id):
            timed = evidence.with_clock(frame, study_id, clock)
            if clock == ENTRY_CLOCK:
                timed = _with_entries_of_all(timed)
            watched = frame[frame["case_id"].isin(timed["case_id"])]
            lengths, ended = _at_risk(timed), _with_ends(watched, ends, study_id, clock)
            yield _Setting(study_id, sample, clock, lengths, ended, unit)


def _with_entries_of_all(timed: pd.DataFrame) -> pd.DataFrame:
    """The cases on a clock that starts at entry; without comparators where some have no entry.

    A comparator enters with the treated case it is matched to by caliper. In another sample only
    those that happen to be matched so would be watched, which are not its comparators.
    """
    is_comparator = timed["treated"] == 0
    if timed.loc[is_comparator, "value"].isna().any():
        return timed[~is_comparator]
    return timed


def _with_ends(
    frame: pd.DataFrame, ends: pd.DataFrame | None, study_id: str, clock: str
) -> pd.DataFrame:
    """`frame` with days to the first end as value and its cause, 0 where censored."""
    if ends is None:
        return frame
    own = ends[(ends["study_id"] == study_id) & (ends["clock"] == clock)]
    timed = own[["case_id", "time_days", "ended_by", "entry_days"]]
    timed = timed.assign(cause=timed["ended_by"].map(CAUSES).fillna(0).astype(np.int64))
    timed = timed.rename(columns={"time_days": "value"})
    return _at_risk(frame.merge(timed, on="case_id", how="inner", validate="one_to_one"))


def _at_risk(frame: pd.DataFrame) -> pd.DataFrame:
    """Cases that count and that are watched for a while: not those seen late that end by then."""
    used = usable_rows(frame)
    return used[(used["entry_days"] <= 0) | (used["entry_days"] < used["value"])]


def _curve(cases: pd.DataFrame, unit: str) -> pd.DataFrame:
    return kaplan_meier(
        _days(cases),
        _has_event(cases),
        cases["weight"].to_numpy(float),
        cluster_codes(cases, "family_id") if unit == FAMILY else None,
        entry_days=cases["entry_days"].to_numpy(float),
    )


def _summary(cases: pd.DataFrame, arm: str, horizon: int, unit: str) -> dict[str, Any]:
    events = _has_event(cases)
    row: dict[str, Any] = {"n": len(cases), "n_events": int(events.sum()), "horizon_days": horizon}
    try:
        _check_from_day_0(cases, arm)
        curve = _curve(cases, unit)
        row["median_days"] = median_days(curve)
        _check_watched(_days(cases), events, horizon)
        row["restricted_mean_days"] = restricted_mean(curve, horizon)
    except NotEstimableError as reason:
        return row | {"status": "not_estimable", "status_reason": str(reason)}
    return row | {"status": "ok"}


def _check_from_day_0(cases: pd.DataFrame, arm: str) -> None:
    if cases.empty:
        raise NotEstimableError(f"empty_arm: there is no {arm} case")
    if cases["entry_days"].min() > 0:
        raise NotEstimableError(f"late_watch: no {arm} case is watched from day 0")


def _check_watched(days: FloatArray, has_event: IntArray, horizon: int) -> None:
    last = days.max()
    if last < horizon and not has_event[days == last].all():
        raise NotEstimableError("short_follow_up: the arm is not watched up to the horizon")


def _incidence_clusters(setting: _Setting) -> str | None:
    """The column that errors are by, or None for those of cases that count alike."""
    column = f"{setting.unit}_id"
    is_family = setting.unit == FAMILY and has_several_cases(setting.ends, column)
    return column if setting.is_weighted or is_family else None


def _incidence(cases: pd.DataFrame, code: int, clusters: str | None) -> pd.DataFrame:
    days, cause, entry = _days(cases), cases["cause"].to_numpy(np.int64), _entry(cases)
    if clusters is not None:
        weights, groups = cases["weight"].to_numpy(float), cluster_codes(cases, clusters)
        return cumulative_incidence(days, cause, code, weights, groups, entry_days=entry)
    variance = "delta" if entry is None else "jackknife"
    return cumulative_incidence(days, cause, code, variance=variance, entry_days=entry)


def _difference(setting: _Setting, code: int, at_days: int, fewest: int) -> dict[str, Any]:
    try:
        design = build_design(setting.ends, (), setting.se_type)
        for arm, treated in ARMS.items():
            _check_from_day_0(design.rows[design.rows["treated"] == treated], arm)
        cause = design.rows["cause"].to_numpy(np.int64)
        check_events(int(np.sum((cause == code) & (design.outcome <= at_days))), fewest)
        fitted = incidence_difference(
            design.outcome,
            cause,
            code,
            design.treated,
            design.weights,
            at_days,
            design.groups,
            _entry(design.rows),
        )
        return _difference_row(fitted)
    except NotEstimableError as reason:
        return {"status": "not_estimable", "status_reason": str(reason)}


def _difference_row(fitted: Coefficients) -> dict[str, Any]:
    value, error = fitted.value("treated"), fitted.std_error("treated")
    incidence = {"comparator": fitted.combine((1.0, 0.0)), "treated": fitted.combine((1.0, 1.0))}
    if not error > 1e-12:
        raise NotEstimableError("no_variation: the data leave no spread to take an error from")
    row = {
        "incidence_treated": incidence["treated"][0],
        "incidence_comparator": incidence["comparator"][0],
        "difference": value,
        "status": "ok",
    }
    for arm, (share, _) in incidence.items():
        if share in (0.0, 1.0):
            return row | {"status_reason": ONE_SIDED.format(arm=arm)}
    half_width = critical_value(None) * error
    return row | {
        "std_error": error,
        "ci_low": value - half_width,
        "ci_high": value + half_width,
        "p_value": two_sided_p(value / error, None),
    }


def _tests(setting: _Setting) -> dict[str, _Test]:
    """Every test of the setting, by its name."""
    lengths, ends, is_weighted = setting.lengths, setting.ends, setting.is_weighted
    se_type, n_closed = setting.se_type, int(_has_event(lengths).sum())
    log_rank = {
        name: _Test(
            lengths, n_closed, is_weighted, by_cluster, partial(_log_rank, setting, by_cluster)
        )
        for name, by_cluster in (("log_rank", is_weighted), ("log_rank_clustered", True))
    }
    gray = {
        f"gray_{cause}": _Test(
            ends,
            int((ends["cause"] == code).sum()),
            False,
            False,
            partial(_gray, ends, code, se_type),
        )
        for cause, code in CAUSES.items()
    }
    cox = cache(partial(_cox, lengths, se_type))
    proportional_hazards = {
        f"proportional_hazards_{transform}": _Test(
            lengths, n_closed, is_weighted, False, partial(_proportional_hazards, cox, transform)
        )
        for transform in TRANSFORMS
    }
    return log_rank | gray | proportional_hazards


def _log_rank(setting: _Setting, by_cluster: bool) -> ChiSquared:
    design = build_design(setting.lengths, (), setting.se_type)
    return log_rank_test(
        design.outcome,
        _has_event(design.rows),
        design.treated,
        design.weights if setting.is_weighted else None,
        design.groups if by_cluster else None,
        _entry(design.rows),
    )


def _gray(ends: pd.DataFrame, code: int, se_type: str) -> ChiSquared:
    design = build_design(ends, (), se_type)
    if _entry(design.rows) is not None:
        raise NotEstimableError("late_watch: the test is for cases watched from day 0")
    cause = design.rows["cause"].to_numpy(np.int64)
    return gray_test(design.outcome, cause, code, design.treated)


def _cox(lengths: pd.DataFrame, se_type: str) -> tuple[Design, FloatArray]:
    """The Cox model of the arm alone; its error plays no part in the test.

    Where some are seen late, being seen from day 0 means after it: who ends that day drops out.
    """
    if _entry(lengths) is not None:
        lengths = lengths[lengths["value"] > 0]
    design = build_design(lengths, (), se_type)
    fitted = fit_cox(
        design.outcome,
        _has_event(design.rows),
        design.treated[:, None],
        ("treated",),
        design.weights,
        entry_days=_entry(design.rows),
    )
    return design, fitted.coef


def _proportional_hazards(
    cox: Callable[[], tuple[Design, FloatArray]], transform: str
) -> ChiSquared:
    design, coef = cox()
    return proportional_hazards_test(
        design.outcome,
        _has_event(design.rows),
        design.treated[:, None],
        design.weights,
        coef,
        transform,
        _entry(design.rows),
    )


def _attempted(test: _Test, fewest: int) -> dict[str, Any]:
    try:
        found = test.attempt()
        check_events(test.n_events, fewest)
    except NotEstimableError as reason:
        return {"status": "not_estimable", "status_reason": str(reason)}
    return {
        "statistic": found.statistic,
        "df": found.df,
        "p_value": found.p_value,
        "status": "ok",
    }


def _clusters_noted(test: _Test, unit: str) -> dict[str, str]:
    """A reason for a test that counts every case on its own where some share a cluster."""
    if test.is_clustered or not has_several_cases(test.cases, f"{unit}_id"):
        return {}
    return {"status_reason": CLUSTERED.format(unit=unit)}


def _arm_sizes(cases: pd.DataFrame) -> dict[str, int]:
    return {f"n_{arm}": int((cases["treated"] == value).sum()) for arm, value in ARMS.items()}


def _days(cases: pd.DataFrame) -> FloatArray:
    return cases["value"].to_numpy(float)


def _has_event(cases: pd.DataFrame) -> IntArray:
    return np.where(cases["is_censored"], 0, 1).astype(np.int64)


def _entry(cases: pd.DataFrame) -> FloatArray | None:
    """Entry days, or None where all are watched from day 0."""
    entry = cases["entry_days"].to_numpy(float)
    return entry if np.any(entry > 0) else None


def _parameter(parameters: pd.DataFrame, study_id: str, name: str) -> int:
    return int(parameter_value(parameters, study_id, name))
