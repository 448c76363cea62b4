"""Treated cases beside their own comparators, watched from the day of entry, against R."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from csc_outcomes.estimators.analyses import Analysis
from csc_outcomes.estimators.stacked import fit_stacked, stack_links
from estimator_fixtures import ORACLE, answers, outcome_frame

KEYS = {"plan_start": "delayed_entry", "programme_entry": "time_since_index"}


def links() -> pd.DataFrame:
    columns = {"treated_case": "treated_case_id", "comp_case": "comparator_case_id", "w": "weight"}
    return pd.read_csv(ORACLE / "fact22_a_links.csv").rename(columns=columns)


def cases() -> pd.DataFrame:
    frame = outcome_frame("fact22_a", "length_days")
    return frame.assign(
        start_date=pd.to_datetime(frame["cin_start_date"]),
        entry_date=pd.to_datetime(frame["treatment_entry_date"]),
    )


@pytest.mark.parametrize("clock", KEYS)
def test_hazard_ratios_equal_r(clock: str) -> None:
    expected = answers("fact22_a")["cox_stacked"]
    assert len(stack_links(links(), cases(), clock)) == expected["rows"]
    (treated,) = fit_stacked(links(), cases(), clock)
    assert treated.estimate == pytest.approx(expected[KEYS[clock]]["coef"], abs=1e-6)
    assert treated.std_error == pytest.approx(expected[KEYS[clock]]["se_robust"], rel=1e-8)
    assert treated.status_reason is None


def test_sizes_count_cases_not_rows() -> None:
    (treated,) = fit_stacked(links(), cases())
    assert (treated.n_treated, treated.n_comparator) == (139, 507)
    assert treated.ess_comparator == pytest.approx(297.519564196502, abs=1e-9)
    assert treated.n_clusters == 636


def small() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two treated cases; c2 serves both, c3 starts after the entry, c1 ends on the day of it."""
    pairs = [("t1", "c1"), ("t1", "c2"), ("t2", "c2"), ("t2", "c3")]
    linked = pd.DataFrame(pairs, columns=["treated_case_id", "comparator_case_id"])
    frame = pd.DataFrame(
        {
            "case_id": ["t1", "t2", "c1", "c2", "c3"],
            "child_id": ["a", "b", "c", None, "e"],
            "family_id": None,
            "start_date": pd.to_datetime(
                ["2018-01-01", "2018-02-01", "2018-01-11", "2018-01-21", "2018-06-11"]
            ),
            "entry_date": pd.to_datetime(["2018-03-02", "2018-06-01", None, None, None]),
            "value": [100.0, 300.0, 50.0, 200.0, 80.0],
            "is_censored": [False, False, False, True, False],
            "weight": 9.0,
        }
    )
    return linked.assign(weight=0.5), frame


def test_stack_by_hand() -> None:
    stacked = stack_links(*small()).set_index(["treated_case_id", "case_id"])
    assert stacked["weight"].to_dict() == {
        ("t1", "t1"): 1.0,
        ("t2", "t2"): 1.0,
        ("t1", "c1"): 0.5,
        ("t1", "c2"): 0.5,
        ("t2", "c2"): 0.5,
        ("t2", "c3"): 0.5,
    }
    assert stacked["entry_days"].tolist() == [60, 120, 50, 40, 131, 0]
    assert stacked["value"].tolist() == [100, 300, 50, 200, 200, 80]
    assert stacked["child_id"].tolist() == ["a", "b", "c", "c2", "c2", "e"]


def test_clock_from_entry_by_hand() -> None:
    stacked = stack_links(*small(), "programme_entry")
    assert stacked["value"].tolist() == [40, 180, 0, 160, 69, 90]
    assert stacked["entry_days"].tolist() == [0, 0, 0, 0, 0, 10]


def test_a_case_that_ended_by_the_entry_is_not_watched() -> None:
    for clock in KEYS:
        (row,) = fit_stacked(*small(), clock, Analysis("cox", se_type="hc1"))
        assert row.n_comparator == 2
        assert "never_at_risk: 1 cases" in (row.status_reason or "")


def test_thin_data_have_a_reason() -> None:
    linked, frame = small()
    (row,) = fit_stacked(linked.iloc[:2], frame)
    assert row.status_reason == "too_few_clusters: only one treated child"
    (row,) = fit_stacked(linked.iloc[:0], frame)
    assert row.status_reason == "empty_arm: there is no treated case"
    assert (row.n_treated, row.n_comparator) == (0, 0)
    for clock in KEYS:
        (row,) = fit_stacked(linked.iloc[:0], frame.iloc[:0], clock)
        assert row.status_reason == "empty_arm: there is no treated case"
    (row,) = fit_stacked(linked, frame.assign(is_censored=True))
    assert row.status_reason.startswith("all_censored: ")
    (row,) = fit_stacked(linked, frame, analysis=Analysis("cox", se_type="cluster_family"))
    assert row.status_reason == "no_cluster: no case has a family_id"
    assert replace(row, status_reason=None).estimate is None


def test_order_of_links_does_not_matter() -> None:
    (one,), (other,) = (fit_stacked(rows, cases()) for rows in (links(), links().iloc[::-1]))
    assert one.estimate == pytest.approx(other.estimate, abs=1e-9)
    assert one.std_error == pytest.approx(other.std_error, rel=1e-9)


def test_mistakes_are_errors() -> None:
    linked, frame = small()
    with pytest.raises(ValueError, match="Unknown clock 'study_start'"):
        stack_links(linked, frame, "study_start")
    with pytest.raises(ValueError, match=r"lack the columns \['entry_date'\]"):
        stack_links(linked, frame.drop(columns="entry_date"))
    with pytest.raises(ValueError, match="1 linked cases are not among the cases"):
        stack_links(linked, frame[frame["case_id"] != "c1"])
    with pytest.raises(ValueError, match="1 treated cases have no entry_date"):
        stack_links(
            linked,
            frame.assign(
                entry_date=frame["entry_date"].replace(pd.Timestamp("2018-03-02"), pd.NaT)
            ),
        )


def test_covariates_come_along() -> None:
    frame = cases().assign(noise=lambda rows: np.arange(len(rows)) % 5)
    (treated,) = fit_stacked(links(), frame, analysis=Analysis("cox", ["noise"]))
    assert treated.status == "ok"
