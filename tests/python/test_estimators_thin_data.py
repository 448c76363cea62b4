"""Data too thin for an estimate give a reason: no exception, no number that means nothing."""

import math
import re
import warnings
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csc_outcomes.estimators.analyses import ESTIMATORS, Analysis, fit
from csc_outcomes.estimators.design import SE_TYPES
from csc_outcomes.estimators.groups import group_outcome
from csc_outcomes.estimators.result import Estimate
from estimator_fixtures import outcome_frame

REASON = re.compile(r"^[a-z_0-9]+: .+")
NUMBERS = ("estimate", "std_error", "ci_low", "ci_high", "p_value", "df")
LENGTHS = ("censored_normal", "cox", "rmst")
ON_TREATED = ("ipw", "ebal", "aipw")
CLUSTERED = sorted(set(ESTIMATORS) - {"fisher_exact"})


def small_frame(
    treated: Iterable[int], value: Iterable[float | None], **columns: Iterable[object]
) -> pd.DataFrame:
    treated = list(treated)
    frame = pd.DataFrame({"treated": treated, "value": list(value)})
    n = len(treated)
    defaults: dict[str, object] = {
        "case_id": [f"case {i}" for i in range(n)],
        "child_id": [f"child {i}" for i in range(n)],
        "family_id": [None] * n,
        "weight": 1.0,
        "is_censored": 0,
    }
    return frame.assign(**defaults | columns)


def is_sound(row: Estimate) -> bool:
    """Every row is either a finite estimate or a reason without numbers."""
    numbers = [getattr(row, name) for name in NUMBERS]
    if row.status == "not_estimable":
        return numbers == [None] * len(numbers) and bool(REASON.match(row.status_reason or ""))
    finite = all(number is None or math.isfinite(number) for number in numbers)
    if "_mean" in row.term:
        return finite and row.estimate is not None
    if row.se_type == "exact":
        limits = (0.0, row.ci_low, row.estimate, row.ci_high)
        return finite and row.std_error is None and list(limits) == sorted(limits)
    return finite and row.std_error > 0 and row.ci_low < row.estimate < row.ci_high


def only_reason(frame: pd.DataFrame, estimator: str, *covariates: str, **options: str) -> str:
    rows = fit(frame, Analysis(estimator, covariates, **options))
    assert [row.term for row in rows] == ["treated"]
    assert rows[0].status == "not_estimable"
    assert is_sound(rows[0])
    return rows[0].status_reason or ""


@pytest.mark.parametrize("estimator", CLUSTERED)
def test_one_treated_case(estimator: str) -> None:
    reason = only_reason(
        outcome_frame("edge_tiny", "closed_no_esc").assign(is_censored=0), estimator
    )
    assert reason == "too_few_clusters: only one treated child"


@pytest.mark.parametrize("estimator", CLUSTERED)
def test_two_cases_of_one_treated_child(estimator: str) -> None:
    children = ["child 0", "child 0", *(f"child {i}" for i in range(2, 6))]
    frame = small_frame([1, 1, 0, 0, 0, 0], [0, 1, 1, 0, 1, 1], child_id=children)
    assert only_reason(frame, estimator) == "too_few_clusters: only one treated child"
    reason = only_reason(frame, estimator, se_type="cluster_family")
    assert reason == "no_cluster: no case has a family_id"


@pytest.mark.parametrize("estimator", CLUSTERED)
@pytest.mark.parametrize(("arm", "name"), [(0, "treated"), (1, "comparator")])
def test_an_empty_arm(estimator: str, arm: int, name: str) -> None:
    frame = small_frame([arm] * 4, [0, 1, 1, 0])
    assert only_reason(frame, estimator) == f"empty_arm: there is no {name} case"


@pytest.mark.parametrize("estimator", CLUSTERED)
def test_no_case_at_all_and_no_weight(estimator: str) -> None:
    frame = small_frame([1, 1, 0, 0], [0, 1, 1, 0])
    for nothing in (frame.iloc[:0], frame.assign(weight=0.0), frame.assign(value=np.nan)):
        assert only_reason(nothing, estimator) == "empty_arm: there is no treated case"


def test_a_constant_outcome() -> None:
    frame = small_frame([1, 1, 0, 0], [1, 1, 1, 1])
    assert only_reason(frame, "wls") == "no_variation: every case has the same outcome"
    assert only_reason(frame, "logit") == "separation: every treated case has the event"


@pytest.mark.parametrize("table", ["edge_ties", "edge_age_bins"])
def test_reference_tables_in_which_every_case_closed(table: str) -> None:
    frame = outcome_frame(table, "closed_no_esc")
    assert only_reason(frame, "wls") == "no_variation: every case has the same outcome"
    assert only_reason(frame, "logit_ame") == "separation: every treated case has the event"


def test_reference_table_in_which_no_treated_and_every_comparator_case_closed() -> None:
    frame = outcome_frame("edge_separation", "closed_no_esc")
    same = "separation: the outcome is the same throughout each arm"
    assert only_reason(frame, "wls") == same
    assert only_reason(frame, "logit") == "separation: no treated case has the event"
    frame = outcome_frame("edge_separation", "length_days")
    for estimator in LENGTHS:
        reason = only_reason(frame, estimator)
        assert reason == "all_censored: no treated case ended within the time observed"


@pytest.mark.parametrize("estimator", LENGTHS)
def test_nothing_ended(estimator: str) -> None:
    frame = small_frame([1, 1, 0, 0], [10, 20, 15, 30], is_censored=1)
    reason = only_reason(frame, estimator)
    assert reason == "all_censored: no case ended within the time observed"


@pytest.mark.parametrize("estimator", LENGTHS)
def test_a_length_below_zero(estimator: str) -> None:
    frame = small_frame([1, 1, 0, 0], [-1, 20, 15, 30])
    assert only_reason(frame, estimator).startswith("negative_length: ")


def test_a_hazard_ratio_without_a_finite_value() -> None:
    frame = small_frame([1, 1, 1, 0, 0, 0], [1, 2, 3, 11, 12, 13])
    assert only_reason(frame, "cox").split(":")[0] in ("separation", "not_converged")


def test_no_more_cases_than_coefficients() -> None:
    frame = small_frame([1, 1, 0, 0], [0, 1, 1, 0], a=[1, 2, 3, 5], b=[2, 1, 2, 5])
    assert only_reason(frame, "wls", "a", "b").startswith("too_few_cases: ")


def test_one_sided_outcomes_keep_least_squares_and_say_so() -> None:
    rows = {
        row.term: row for row in fit(outcome_frame("fact22_a", "rereferred_12m"), Analysis("wls"))
    }
    assert rows["treated"].status == "ok"
    assert rows["treated"].status_reason.startswith("one_sided: all treated cases")
    assert rows["treated_mean"].estimate == 0
    assert rows["treated_mean"].std_error is rows["treated_mean"].ci_low is None


@pytest.mark.parametrize("estimator", sorted(set(CLUSTERED) - {"rmst"}))
def test_useless_covariates_are_dropped_with_a_note(estimator: str) -> None:
    outcome = "length_days" if estimator in LENGTHS else "closed_no_esc"
    frame = outcome_frame("fact22_a", outcome).assign(
        always_one=1, age_in_months=lambda rows: 12 * rows["age_at_cin_start"]
    )
    noted = fit(frame, Analysis(estimator, ["always_one", "age_at_cin_start", "age_in_months"]))[0]
    plain = fit(frame, Analysis(estimator, ["age_at_cin_start"]))[0]
    assert noted.status_reason == (
        "dropped_covariate: always_one (constant), age_in_months (collinear)"
    )
    assert noted.estimate == pytest.approx(plain.estimate, abs=1e-12)
    assert noted.std_error == pytest.approx(plain.std_error, abs=1e-12)


def test_covariates_that_decide_who_is_treated() -> None:
    frame = outcome_frame("fact22_a", "closed_no_esc").assign(
        untreated=lambda rows: 1 - rows["treated"]
    )
    assert only_reason(frame, "wls", "untreated").startswith("collinear: ")


def test_cases_without_a_covariate_are_counted_out() -> None:
    frame = outcome_frame("fact22_a", "closed_no_esc")
    used = frame.index[frame["weight"] > 0][:3]
    frame.loc[used, "age_at_cin_start"] = np.nan
    (treated, *_) = fit(frame, Analysis("wls", ["age_at_cin_start"]))
    assert treated.status_reason == "missing_covariate: 3 cases left out"
    assert treated.n_treated + treated.n_comparator == 643


def test_mistakes_of_configuration_are_errors() -> None:
    frame = small_frame([1, 0], [1, 0])
    with pytest.raises(ValueError, match="Unknown estimator 'magic'"):
        fit(frame, Analysis("magic"))
    with pytest.raises(ValueError, match="Unknown se_type 'hc9'"):
        fit(frame, Analysis("wls", se_type="hc9"))
    with pytest.raises(ValueError, match=r"lacks the columns \['age'\]"):
        fit(frame, Analysis("wls", ["age"]))


cases = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from([0.0, 0.25, 1 / 3, 1.0]),
        st.sampled_from([0.0, 1.0, 1.0, 2.0, None, 90.0, 400.0]),
        st.booleans(),
        st.integers(0, 8),
        st.sampled_from([None, 0.0, 1.0, 3.5]),
    ),
    max_size=14,
)


def error_types(estimator: str) -> list[str]:
    """Those an estimator has, by analyses' own rules."""
    frame = small_frame([1, 0], [1, 0])
    found = []
    for se_type in SE_TYPES:
        try:
            fit(frame, Analysis(estimator, se_type=se_type, horizon_days=1, n_draws=1))
        except ValueError:
            continue
        found.append(se_type)
    return found


FITTING = [(estimator, se_type) for estimator in ESTIMATORS for se_type in error_types(estimator)]


def test_every_estimator_has_clustered_and_drawn_errors() -> None:
    for estimator in CLUSTERED:
        assert (estimator, "cluster_child") in FITTING
        assert (estimator, "bootstrap_family") in FITTING
    assert len(FITTING) == 59


@settings(max_examples=400, deadline=None)
@given(cases, st.sampled_from(FITTING), st.booleans(), st.booleans())
def test_no_small_frame_breaks_an_estimator(
    rows: list[tuple], fitting: tuple[str, str], has_covariate: bool, is_binary: bool
) -> None:
    estimator, se_type = fitting
    columns = ["treated", "weight", "value", "is_censored", "child_id", "covariate"]
    frame = pd.DataFrame(rows, columns=columns).assign(case_id=range(len(rows)))
    frame["family_id"] = frame["child_id"] // 2
    frame["value"] = pd.to_numeric(frame["value"])
    frame["covariate"] = pd.to_numeric(frame["covariate"])
    if is_binary and estimator not in LENGTHS:
        frame["value"] = frame["value"].clip(upper=1)
    covariates = ["covariate", "treated:covariate"] if has_covariate else []
    n_allowed = {"rmst": 0, "fisher_exact": 0} | dict.fromkeys(ON_TREATED, 1)
    covariates = covariates[: n_allowed.get(estimator, 2)]
    options = {"horizon_days": 90.0, "n_draws": 4} if se_type.startswith("bootstrap") else {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimates = fit(frame, Analysis(estimator, covariates, se_type, **options))
        groups = group_outcome(frame, *(("binary",) if is_binary else ("number", "days")))
    assert all(is_sound(row) for row in estimates)
    assert [group.arm for group in groups] == ["treated", "comparator"]


def test_group_outcomes_are_weighted_and_stay_within_bounds() -> None:
    treated, comparator = group_outcome(outcome_frame("fact22_a", "rereferred_12m"))
    assert (treated.n, treated.value, treated.ci_low) == (139, 0.0, 0.0)
    assert 0.02 < treated.ci_high < 0.04
    assert comparator.value == pytest.approx(0.0116851972966888)
    assert comparator.n_weighted == pytest.approx(139)
    assert comparator.ess == pytest.approx(297.519564196502)
    assert 0 < comparator.ci_low < comparator.value < comparator.ci_high < 0.04
    # Exact intervals count cases, and here some have other weights than 1.
    assert (treated.n_events, treated.exact_ci_low, treated.exact_ci_high) == (0, None, None)
    assert comparator.n_events > 0
    assert comparator.exact_ci_low is comparator.exact_ci_high is None


def test_group_lengths_are_latent_means_in_weeks() -> None:
    frame = outcome_frame("fact22_a", "length_days")
    treated, comparator = group_outcome(frame, "length", "weeks")
    assert comparator.value == pytest.approx(68.4201103021173, abs=1e-6)
    assert treated.value - comparator.value == pytest.approx(9.72635847096312, abs=1e-6)
    assert comparator.ci_low < comparator.value < comparator.ci_high


def test_groups_of_thin_data_have_counts_and_no_figures() -> None:
    treated, comparator = group_outcome(small_frame([0], [1]))
    assert (treated.n, treated.value, treated.ci_low) == (0, None, None)
    assert (comparator.n, comparator.value, comparator.ci_low) == (1, 1.0, None)
    treated, comparator = group_outcome(small_frame([0, 0], [10, 20]), "length", "weeks")
    assert comparator.n == 2
    assert comparator.value is None
