"""Who stands together: in a trial that allocates families every error is by family."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from csc_outcomes.estimators.competing_risks import (
    cumulative_incidence,
    gray_test,
    incidence_difference,
)
from csc_outcomes.estimators.exact import exact_share_interval
from csc_outcomes.estimators.groups import group_outcome
from csc_outcomes.estimators.linear import fit_wls
from csc_outcomes.estimators.survival import kaplan_meier
from csc_outcomes.estimators.survival_contrasts import log_rank_test
from csc_outcomes.evaluation.clusters import cluster_unit, with_families
from csc_outcomes.evaluation.followup_tables import FEWEST_AT_RISK, followups
from csc_outcomes.evaluation.samples import Evidence
from csc_outcomes.evaluation.survival_tables import (
    cumulative_incidences,
    incidence_differences,
    survival_curves,
    survival_tests,
)
from csc_outcomes.evaluation.tables import group_outcomes
from estimator_fixtures import answers
from test_trial_reference import evidence as trial_evidence
from test_trial_reference import trial

ARMS = {"comparator": 0, "treated": 1}
ASKED = pd.DataFrame({"study_id": ["trial"], "sample": ["unmatched"]})
FIGURES = ["statistic", "df", "p_value", "status", "status_reason"]


def parameters(arm_source: str = "allocation", fewest_events: int = 0) -> pd.DataFrame:
    """def_study_parameters, as far as the tables ask."""
    values = {
        "arm_source": arm_source,
        "fewest_events": str(fewest_events),
        "incidence_horizon_days": "320",
        "survival_horizon_days": "440",
    }
    rows = pd.DataFrame({"parameter_id": list(values), "value": list(values.values())})
    return rows.assign(study_id="trial")


def children() -> pd.DataFrame:
    """The trial's children with the end of each: every fourth that did not close escalated."""
    rows = trial()
    is_escalated = (rows["closed"] == 0) & (np.arange(len(rows)) % 4 == 0)
    return rows.assign(cause=np.where(rows["closed"] == 1, 1, np.where(is_escalated, 2, 0)))


def ends_of(rows: pd.DataFrame) -> pd.DataFrame:
    """int_competing_ends."""
    ended_by = rows["cause"].map({0: "censored", 1: "closure", 2: "escalation"})
    return pd.DataFrame(
        {
            "study_id": "trial",
            "clock": "referral",
            "case_id": rows["case_id"],
            "time_days": rows["days_open"],
            "ended_by": ended_by,
            "entry_days": 0,
        }
    )


def one_per_family() -> Evidence:
    made = trial_evidence()
    first = made.study_cases.drop_duplicates("family_id")["case_id"]
    chosen = made.sample_cases[made.sample_cases["case_id"].isin(first)]
    return Evidence(
        chosen,
        made.study_cases,
        made.case_outcomes,
        made.covariate_values,
        made.covariates,
        made.clocks,
    )


def arrays(rows: pd.DataFrame) -> tuple[Any, ...]:
    return (
        rows["days_open"].to_numpy(float),
        rows["cause"].to_numpy(np.int64),
        rows["treated"].to_numpy(float),
        np.ones(len(rows)),
        pd.factorize(rows["family_id"])[0].astype(np.int64),
    )


def test_the_unit_is_what_was_allocated() -> None:
    assert cluster_unit(parameters("allocation"), "trial") == "family"
    assert cluster_unit(parameters("enrolment"), "trial") == "child"
    frame = pd.DataFrame({"child_id": ["a", "b", "b"], "family_id": ["f", None, None]})
    assert with_families(frame)["family_id"].tolist() == ["f", "b", "b"]


@pytest.mark.parametrize("arm", ARMS)
def test_curves_are_by_family(arm: str) -> None:
    rows = children()
    own = rows[rows["treated"] == ARMS[arm]]
    days, cause, _, weights, families = arrays(own)
    made = trial_evidence()
    expected = kaplan_meier(days, (cause == 1).astype(np.int64), weights, families)
    curve = survival_curves(made, parameters())
    got = curve[curve["arm"] == arm]
    for column in ("ci_low", "ci_high"):
        np.testing.assert_allclose(got[column].astype(float), expected[column], rtol=1e-12)
    by_case = survival_curves(made, parameters("enrolment"))
    assert not np.allclose(by_case["ci_low"].dropna(), curve["ci_low"].dropna())

    expected = cumulative_incidence(days, cause, 2, weights, families)
    table = cumulative_incidences(made, ends_of(rows), parameters())
    got = table[(table["arm"] == arm) & (table["cause"] == "escalation")]
    np.testing.assert_allclose(got["std_error"].astype(float), expected["std_error"], rtol=1e-12)


def test_differences_are_by_family() -> None:
    rows = children()
    days, cause, treated, weights, families = arrays(rows)
    table = incidence_differences(trial_evidence(), ends_of(rows), ASKED, parameters())
    got = table.set_index(["cause", "at_days"])
    for name, code in (("closure", 1), ("escalation", 2)):
        fitted = incidence_difference(days, cause, code, treated, weights, 320, families)
        by_child = incidence_difference(days, cause, code, treated, weights, 320)
        assert got.loc[(name, 320), "std_error"] == pytest.approx(fitted.std_error("treated"))
        assert fitted.std_error("treated") != pytest.approx(by_child.std_error("treated"))


def test_the_plain_tests_stand_and_say_that_siblings_are_in_them() -> None:
    rows = children()
    days, cause, treated, weights, families = arrays(rows)
    closed = (cause == 1).astype(np.int64)
    tests = survival_tests(trial_evidence(), ends_of(rows), ASKED, parameters()).set_index("test")
    expected = answers("crewe_a")["logrank"]
    assert tests.loc["log_rank", "statistic"] == pytest.approx(expected["chisq"], abs=1e-9)
    robust = log_rank_test(days, closed, treated, None, families)
    assert tests.loc["log_rank_clustered", "statistic"] == pytest.approx(robust.statistic)
    assert robust.statistic != pytest.approx(
        log_rank_test(days, closed, treated, weights).statistic
    )
    gray = gray_test(days, cause, 1, treated)
    assert tests.loc["gray_closure", "statistic"] == pytest.approx(gray.statistic)
    assert (tests["status"] == "ok").all()
    assert set(tests["weighting"]) == {"unweighted"}
    reasons = tests["status_reason"]
    assert pd.isna(reasons["log_rank_clustered"])
    others = reasons.drop("log_rank_clustered")
    assert others.str.match("clustered_sample: .* share a family", na=False).all()
    # The same children under enrolment are each their own.
    by_child = survival_tests(trial_evidence(), ends_of(rows), ASKED, parameters("enrolment"))
    assert by_child["status_reason"].isna().all()


def test_one_case_of_each_family_is_as_ever() -> None:
    rows, made = children(), one_per_family()
    pairs = [
        [make(parameters(source)) for source in ("allocation", "enrolment")]
        for make in (
            lambda p: survival_curves(made, p),
            lambda p: cumulative_incidences(made, ends_of(rows), p),
            lambda p: incidence_differences(made, ends_of(rows), ASKED, p),
            lambda p: survival_tests(made, ends_of(rows), ASKED, p),
        )
    ]
    for by_family, by_child in pairs:
        pd.testing.assert_frame_equal(by_family, by_child, rtol=1e-12)
    assert pairs[3][0]["status_reason"].isna().all()
    variance = cumulative_incidence(*arrays(rows)[:2], 1, variance="delta")["std_error"]
    assert variance.notna().all()


def test_few_ends_give_no_difference() -> None:
    rows = children()
    by_320 = int(((rows["cause"] == 2) & (rows["days_open"] <= 320)).sum())
    by_440 = int(((rows["cause"] == 2) & (rows["days_open"] <= 440)).sum())
    assert by_320 > 0
    enough = incidence_differences(
        trial_evidence(), ends_of(rows), ASKED, parameters(fewest_events=by_320)
    )
    assert (enough["status"] == "ok").all()
    asked = parameters(fewest_events=by_440 + 1)
    table = incidence_differences(trial_evidence(), ends_of(rows), ASKED, asked)
    got = table.set_index(["cause", "at_days"])
    assert (got.loc["closure", "status"] == "ok").all()
    thin = got.loc["escalation"]
    assert thin["status_reason"].str.startswith("too_few_events: ", na=False).all()
    assert thin[["difference", "std_error", "ci_low", "p_value"]].isna().all(axis=None)


def test_few_ends_give_no_test() -> None:
    rows = children()
    n_escalated = int((rows["cause"] == 2).sum())
    for fewest, status in ((n_escalated, "ok"), (n_escalated + 1, "not_estimable")):
        asked = parameters(fewest_events=fewest)
        tests = survival_tests(trial_evidence(), ends_of(rows), ASKED, asked).set_index("test")
        assert tests.loc["gray_escalation", "status"] == status
        assert (tests["status"].drop("gray_escalation") == "ok").all()
    thin = tests.loc["gray_escalation"]
    assert thin["status_reason"].startswith("too_few_events: ")
    assert thin[["statistic", "df", "p_value"]].isna().all()
    n_closed = int((rows["cause"] == 1).sum())
    asked = parameters(fewest_events=n_closed + 1)
    tests = survival_tests(trial_evidence(), ends_of(rows), ASKED, asked)
    assert tests["status_reason"].str.startswith("too_few_events: ", na=False).all()


def test_an_arm_without_an_end_has_no_interval() -> None:
    rows = children()
    rows.loc[(rows["cause"] == 2) & (rows["treated"] == 0), "cause"] = 0
    table = incidence_differences(trial_evidence(), ends_of(rows), ASKED, parameters())
    for row in table[table["cause"] == "escalation"].to_dict("records"):
        assert row["difference"] == row["incidence_treated"] > row["incidence_comparator"] == 0
        assert row["status"] == "ok"
        assert row["status_reason"].startswith("one_sided: no or every comparator case")
        assert all(pd.isna(row[name]) for name in ("std_error", "ci_low", "ci_high", "p_value"))


def test_shares_and_lengths_of_the_arms_are_by_family() -> None:
    outcomes = pd.DataFrame(
        [{"study_id": "trial", "outcome": "closed", "kind": "binary", "unit": "proportion"}]
    )
    rows = trial()
    for made, has_several in ((trial_evidence(), True), (one_per_family(), False)):
        tables = {
            source: group_outcomes(made, outcomes, ASKED, parameters(source)).set_index("arm")
            for source in ("allocation", "enrolment")
        }
        got = tables["allocation"]
        assert got[["exact_ci_low", "exact_ci_high"]].isna().all(axis=None) == has_several
        assert tables["enrolment"]["exact_ci_low"].notna().all()
        for arm in ARMS:
            same = got.loc[arm, "ci_low"] == pytest.approx(tables["enrolment"].loc[arm, "ci_low"])
            assert same != has_several
    for arm, code in ARMS.items():
        own = rows[rows["treated"] == code]
        _, families = np.unique(own["family_id"], return_inverse=True)
        ones = np.ones(len(own))
        share = own["closed"].to_numpy(float)
        fitted = fit_wls(share, ones[:, None], ("constant",), ones, "cluster", families)
        value, error = fitted.value("constant"), fitted.std_error("constant")
        size = value * (1 - value) / error**2
        centre = (value + 1.96**2 / 2 / size) / (1 + 1.96**2 / size)
        got = group_outcomes(trial_evidence(), outcomes, ASKED, parameters()).set_index("arm")
        assert (got.loc[arm, "ci_low"] + got.loc[arm, "ci_high"]) / 2 == pytest.approx(
            centre, abs=1e-4
        )


def test_where_nobody_has_the_event_families_are_counted() -> None:
    rows = trial().assign(value=0.0)
    own, n_families = rows[rows["treated"] == 1], rows["family_id"][rows["treated"] == 1].nunique()
    by_family = group_outcome(rows, cluster="family")[0]
    assert by_family.ci_high == pytest.approx(1.96**2 / (n_families + 1.96**2), abs=1e-4)
    by_child = group_outcome(rows)[0]
    assert by_child.ci_high == pytest.approx(1.96**2 / (len(own) + 1.96**2), abs=1e-4)
    lengths = rows.assign(value=rows["days_open"])
    family, child = (
        group_outcome(lengths, "length", cluster=name)[0] for name in ("family", "child")
    )
    assert family.value == pytest.approx(child.value)
    assert family.ci_low != pytest.approx(child.ci_low, abs=1e-6)


START = dt.date(2016, 1, 1)


def followed(closures: list[tuple[int, int | None]], until: int) -> dict[str, Any]:
    """The 12 months' row of the treated: the day of each closure and of what followed it, in days
    since START, seen until `until`."""
    closed = pd.DataFrame(closures, columns=["closed", "event"], dtype=object)
    day = [START + dt.timedelta(days=int(number)) for number in closed["closed"]]
    names = [f"case {i}" for i in range(len(closed))]
    event = [
        None if pd.isna(number) else START + dt.timedelta(days=int(number))
        for number in closed["event"]
    ]
    table = pd.DataFrame(
        {
            "study_id": "trial",
            "case_id": names,
            "event": "rereferred",
            "closure_date": day,
            "event_date": pd.to_datetime(pd.Series(event, dtype="object")),
            "followed_until": START + dt.timedelta(days=until),
            "ends_12m_date": [date + dt.timedelta(days=365) for date in day],
            "ends_24m_date": [date + dt.timedelta(days=730) for date in day],
        }
    )
    ids = {"study_id": "trial", "case_id": names}
    arms = pd.DataFrame({**ids, "arm": "treated"})
    cases = pd.DataFrame({**ids, "child_id": names, "family_id": None})
    rows = followups(table, arms, cases)
    chosen = (rows["arm"] == "treated") & (rows["months"] == 12) & (rows["event"] == "rereferred")
    (row,) = rows[chosen].to_dict("records")
    return dict(row)


def test_a_share_does_not_rest_on_the_last_few_who_are_watched() -> None:
    early, late = [(0, None)], [(300, None), (300, 350)]
    row = followed(early * FEWEST_AT_RISK + [(0, 100)] + late * 5, until=400)
    assert (row["n_matured"], row["n_at_risk_end"]) == (FEWEST_AT_RISK + 1, FEWEST_AT_RISK)
    assert (row["status"], row["n_closed"]) == ("ok", 2 * 5 + FEWEST_AT_RISK + 1)
    assert 0 < row["ci_low"] < row["incidence"] < row["ci_high"] < 1
    row = followed(early * (FEWEST_AT_RISK - 1) + [(0, 100)] + late * 5, until=400)
    # Five windows have passed, but one of the five had the event before the end.
    assert (row["n_matured"], row["n_at_risk_end"]) == (FEWEST_AT_RISK, FEWEST_AT_RISK - 1)
    assert row["status_reason"].startswith("too_few_at_risk: 4 ")
    assert all(pd.isna(row[name]) for name in ("incidence", "ci_low", "ci_high"))
    assert row["share_of_matured"] == pytest.approx(1 / FEWEST_AT_RISK)
    # Where every window has passed, events leave few at risk and the share is whole all the same.
    row = followed([(0, 100)] * 6 + early * 2, until=400)
    assert (row["n_at_risk_end"], row["incidence"]) == (2, pytest.approx(0.75))
    assert followed(early * 4, until=400)["status_reason"].startswith("too_few_at_risk: 4 ")
    assert followed(early * 9, until=300)["status_reason"].startswith("too_short: ")


def test_nobody_or_everybody_has_an_exact_interval() -> None:
    row = followed([(0, None)] * 30, until=400)
    assert (row["incidence"], row["ci_low"]) == (0, 0)
    assert row["ci_high"] == pytest.approx(1 - 0.025 ** (1 / 30))
    # Only windows that have passed count.
    row = followed([(0, None)] * 30 + [(300, None)] * 30, until=400)
    assert row["ci_high"] == pytest.approx(exact_share_interval(0, 30)[1])
    row = followed([(0, 10)] * 30, until=400)
    assert (row["incidence"], row["ci_high"]) == (1, 1)
    assert row["ci_low"] == pytest.approx(0.025 ** (1 / 30))
