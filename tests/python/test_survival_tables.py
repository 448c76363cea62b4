"""The survival marts: against R through the build, and the rows of a sample made by hand."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from csc_outcomes.estimators.competing_risks import incidence_difference
from csc_outcomes.estimators.proportional_hazards import TRANSFORMS
from csc_outcomes.evaluation.samples import ROW_ORDER, Evidence
from csc_outcomes.evaluation.survival_tables import (
    DIFFERENCE_COLUMNS,
    INCIDENCE_COLUMNS,
    SUMMARY_COLUMNS,
    TEST_COLUMNS,
    cumulative_incidences,
    incidence_differences,
    survival_curves,
    survival_summaries,
    survival_tests,
)
from estimator_fixtures import answers
from test_estimators_competing_risks import TIMES, arrays, first_ends

CLOCKS = ("later_of_both", "plan_start", "programme_entry", "study_start")
ARMS = {"0": "comparator", "1": "treated"}
CAUSES = {"1": "closure", "2": "escalation"}
TESTS = {"log_rank", "log_rank_clustered", "gray_closure", "gray_escalation"} | {
    f"proportional_hazards_{transform}" for transform in TRANSFORMS
}


def rows(tables: duckdb.DuckDBPyConnection, table: str, **values: Any) -> pd.DataFrame:
    """Rows of one table by the values of some columns."""
    condition = " and ".join(f"{column} = ?" for column in values)
    return tables.execute(
        f"select * from {table} where {condition}", list(values.values())
    ).fetchdf()


def main_rows(tables: duckdb.DuckDBPyConnection, table: str, **values: Any) -> pd.DataFrame:
    """Rows of the matched reference study from plan start."""
    setting = {"study_id": "fact22_a", "sample": "cem_caliper", "clock": "plan_start"}
    return rows(tables, table, **setting | values)


def test_every_step_of_the_curve_equals_r(tables: duckdb.DuckDBPyConnection) -> None:
    expected = pd.DataFrame(answers("fact22_a")["km"]["full"])
    for arm, steps in expected.groupby("strata"):
        name = ARMS[str(arm)[-1]]
        curve = main_rows(tables, "fct_survival_curves", arm=name).set_index("time_days")
        got = curve.loc[steps["time"]]
        for ours, theirs in (("survival", "surv"), ("n_at_risk", "n_risk"), ("n_event", "n_event")):
            assert got[ours].to_numpy() == pytest.approx(steps[theirs].to_numpy(), abs=1e-10)


def test_medians_and_restricted_means_equal_r(tables: duckdb.DuckDBPyConnection) -> None:
    expected = answers("fact22_a")["km"]
    for code, arm in ARMS.items():
        (got,) = main_rows(tables, "fct_survival_summaries", arm=arm).to_dict("records")
        assert got["median_days"] == expected["median"][f"treated={code}"]
        assert got["restricted_mean_days"] == pytest.approx(
            expected["rmst500"][f"treated={code}"], abs=1e-10
        )
        assert (got["horizon_days"], got["status"]) == (500, "ok")
    assert (got["n"], got["n_events"]) == (139, 61)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_proportional_hazards_equal_r(tables: duckdb.DuckDBPyConnection, transform: str) -> None:
    expected = answers("fact22_a")["cox"]["efron"]["zph"][transform]
    (got,) = main_rows(
        tables, "fct_survival_tests", test=f"proportional_hazards_{transform}"
    ).to_dict("records")
    assert got["statistic"] == pytest.approx(expected["chisq"], rel=1e-5)
    assert got["p_value"] == pytest.approx(expected["p"], abs=1e-6)
    assert (got["df"], got["weighting"]) == (expected["df"], "weighted")


@pytest.mark.parametrize("cause", CAUSES)
def test_cumulative_incidence_equals_r(tables: duckdb.DuckDBPyConnection, cause: str) -> None:
    expected = answers("fact22_a")["cuminc_unweighted"]
    for code, arm in ARMS.items():
        curve = main_rows(
            tables, "fct_cumulative_incidence", sample="unmatched", cause=CAUSES[cause], arm=arm
        ).sort_values("time_days")
        at = [curve[curve["time_days"] <= day].iloc[-1] for day in TIMES]
        shares = np.array([row["incidence"] for row in at])
        errors = np.array([row["std_error"] for row in at])
        assert shares == pytest.approx(expected["est"][f"{code} {cause}"], abs=1e-10)
        assert errors**2 == pytest.approx(expected["var"][f"{code} {cause}"], rel=1e-9)


@pytest.mark.parametrize("cause", CAUSES)
def test_grays_test_equals_r(tables: duckdb.DuckDBPyConnection, cause: str) -> None:
    expected = answers("fact22_a")["cuminc_unweighted"]["tests"][int(cause) - 1]
    (got,) = main_rows(
        tables, "fct_survival_tests", sample="unmatched", test=f"gray_{CAUSES[cause]}"
    ).to_dict("records")
    assert got["statistic"] == pytest.approx(expected["stat"], abs=1e-9)
    assert got["p_value"] == pytest.approx(expected["pv"], abs=1e-9)
    assert (got["df"], got["weighting"]) == (expected["df"], "unweighted")
    (matched,) = main_rows(tables, "fct_survival_tests", test=f"gray_{CAUSES[cause]}").to_dict(
        "records"
    )
    assert matched["weighting"] == "unweighted"
    assert matched["statistic"] != got["statistic"]


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("at_days", [365, 500])
def test_differences_are_weighted_and_clustered_by_child(
    tables: duckdb.DuckDBPyConnection, cause: str, at_days: int
) -> None:
    cases = first_ends()
    cases = cases[cases["weight"] > 0]
    days, causes, treated, weights = arrays(cases)
    groups = pd.factorize(cases["child_id"])[0]
    fitted = incidence_difference(days, causes, int(cause), treated, weights, at_days, groups)
    (got,) = main_rows(
        tables, "fct_incidence_differences", cause=CAUSES[cause], at_days=at_days
    ).to_dict("records")
    assert got["difference"] == pytest.approx(fitted.value("treated"), abs=1e-10)
    assert got["std_error"] == pytest.approx(fitted.std_error("treated"), rel=1e-9)
    assert got["incidence_treated"] - got["incidence_comparator"] == pytest.approx(
        got["difference"]
    )
    assert got["ci_high"] - got["ci_low"] == pytest.approx(2 * 1.959964 * got["std_error"])
    assert (got["n_treated"], got["n_comparator"], got["status"]) == (139, 507, "ok")
    for arm in ARMS.values():
        curve = main_rows(tables, "fct_cumulative_incidence", cause=CAUSES[cause], arm=arm)
        until = curve[curve["time_days"] <= at_days].sort_values("time_days")
        assert until["incidence"].iloc[-1] == pytest.approx(got[f"incidence_{arm}"], abs=1e-12)


@pytest.mark.filterwarnings("ignore:Starting with pandas version 4.0")
def test_log_rank_test_of_all_eligible_cases_is_the_usual_one(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    from lifelines.statistics import logrank_test

    cases = first_ends()
    parts = [cases[cases["treated"] == arm] for arm in (1, 0)]
    usual = logrank_test(
        parts[0]["length_days"],
        parts[1]["length_days"],
        parts[0]["closed_no_esc"],
        parts[1]["closed_no_esc"],
    )
    (got,) = main_rows(tables, "fct_survival_tests", sample="unmatched", test="log_rank").to_dict(
        "records"
    )
    assert got["statistic"] == pytest.approx(usual.test_statistic, rel=1e-9)
    assert got["weighting"] == "unweighted"


def test_every_sample_and_clock_has_every_row(tables: duckdb.DuckDBPyConnection) -> None:
    tests = rows(tables, "fct_survival_tests", study_id="fact22_a")
    for _, group in tests.groupby(["sample", "clock"]):
        assert set(group["test"]) == TESTS
    assert set(tests["clock"]) == set(CLOCKS)
    late = tests[(tests["clock"] == "study_start") & tests["test"].str.startswith("gray")]
    assert late["status_reason"].str.startswith("late_watch: ").all()
    differences = rows(tables, "fct_incidence_differences", study_id="fact22_a")
    for table in (tests.drop(late.index), differences):
        # Only comparators matched by caliper have a day of entry.
        is_entry = table["clock"] == "programme_entry"
        has_no_entry = is_entry & (table["sample"] != "cem_caliper")
        assert (table.loc[~has_no_entry, "status"] == "ok").all()
        assert (table.loc[has_no_entry, "status"] == "not_estimable").all()
        assert table.loc[has_no_entry, "status_reason"].str.startswith("empty_arm: ").all()
    assert set(differences["clock"]) == set(CLOCKS)
    studies = tables.execute("select study_id from def_studies").fetchdf()["study_id"]
    for table in ("fct_survival_tests", "fct_incidence_differences", "fct_cumulative_incidence"):
        found = tables.execute(f"select distinct study_id from {table}").fetchdf()["study_id"]
        assert set(found) <= set(studies)


@pytest.mark.parametrize("table", ["fct_survival_tests", "fct_incidence_differences"])
@pytest.mark.parametrize(("study", "reason"), [("edge_tiny", "too_few_clusters"),
                                               ("nobody", "empty_arm")])  # fmt: skip
def test_too_few_cases_give_a_reason_and_no_number(
    tables: duckdb.DuckDBPyConnection, table: str, study: str, reason: str
) -> None:
    found = rows(tables, table, study_id=study)
    assert len(found) > 0
    assert set(found["status"]) == {"not_estimable"}
    codes = found["status_reason"].str.split(":").str[0]
    assert set(codes[found["sample"] == "cem_caliper"]) == {reason}
    assert set(codes) <= {reason, "empty_arm"}
    assert found["p_value"].isna().all()


def test_separated_arms_give_a_reason_where_there_is_no_answer(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    tests = rows(tables, "fct_survival_tests", study_id="edge_separation", clock="plan_start")
    reasons = tests.set_index(["sample", "test"])["status_reason"]["cem_caliper"]
    for transform in TRANSFORMS:
        reason = reasons[f"proportional_hazards_{transform}"]
        assert reason.split(":")[0] in ("separation", "not_converged")
    assert reasons["gray_escalation"].startswith("no_events: ")
    assert reasons[["log_rank", "gray_closure"]].isna().all()
    found = rows(
        tables,
        "fct_incidence_differences",
        study_id="edge_separation",
        sample="cem_caliper",
        clock="plan_start",
    ).set_index(["cause", "at_days"])
    one_sided = found.loc[("closure", 365)]
    assert one_sided["status_reason"].startswith("one_sided: ")
    assert one_sided[["std_error", "ci_low", "ci_high", "p_value"]].isna().all()
    assert one_sided[["difference", "incidence_treated"]].notna().all()
    assert found.loc[("closure", 500), "status_reason"].startswith("no_variation: ")
    assert found.loc["escalation", "difference"].isna().all()


def evidence(ended: list[tuple[str, int, str, int]]) -> tuple[Evidence, pd.DataFrame]:
    """A study of one sample and clock: arm, days, how it ended and entry of every case; beside it
    another reading of the study that no mart may show."""
    frame = pd.DataFrame(ended, columns=["arm", "time_days", "ended_by", "entry_days"])
    frame = frame.assign(
        study_id="s", case_id=[f"case {i}" for i in range(len(frame))], clock="plan_start"
    )
    study_cases = frame[["study_id", "case_id", "arm"]].assign(
        **dict.fromkeys(ROW_ORDER[1:-1]),
        child_id=frame["case_id"],
        family_id=None,
    )
    sample_cases = frame[["study_id", "case_id"]].assign(method="cem_caliper", weight=1.0)
    clocks = frame.assign(is_censored=frame["ended_by"] != "closure")
    readings = [clocks.assign(study_id=study_id) for study_id in ("s", "s~another")]
    both = pd.concat(readings, ignore_index=True)
    nothing = pd.DataFrame(columns=["study_id", "case_id", "covariate", "value"], dtype=object)
    return Evidence(sample_cases, study_cases, nothing, nothing, nothing, both), both


def asked_for() -> tuple[pd.DataFrame, pd.DataFrame]:
    analyses = pd.DataFrame({"study_id": ["s"], "sample": ["cem_caliper"]})
    values = {
        "incidence_horizon_days": "5",
        "survival_horizon_days": "8",
        "arm_source": "enrolment",
        "fewest_events": "0",
    }
    parameters = pd.DataFrame({"parameter_id": list(values), "value": list(values.values())})
    return analyses, parameters.assign(study_id="s")


SMALL = [
    ("comparator", 2, "closure", 0), ("comparator", 4, "escalation", 0),
    ("comparator", 6, "closure", 0), ("comparator", 9, "censored", 0),
    ("treated", 3, "escalation", 0), ("treated", 5, "closure", 0),
    ("treated", 7, "censored", 0), ("treated", 7, "closure", 0),
]  # fmt: skip


def test_by_hand() -> None:
    made, ends = evidence(SMALL)
    analyses, parameters = asked_for()
    curves = cumulative_incidences(made, ends, parameters)
    assert set(curves["study_id"]) == {"s"}
    treated = curves[(curves["arm"] == "treated") & (curves["cause"] == "closure")]
    assert treated["time_days"].tolist() == [0, 3, 5, 7]
    assert treated["incidence"].tolist() == pytest.approx([0, 0, 1 / 4, 1 / 2])
    differences = incidence_differences(made, ends, analyses, parameters)
    at_5 = differences.set_index(["cause", "at_days"])["difference"]
    assert at_5["closure", 5] == pytest.approx(0)
    assert at_5["escalation", 5] == pytest.approx(0)
    reasons = differences.set_index(["cause", "at_days"])["status_reason"]
    assert reasons["closure", 8].startswith("short_follow_up: ")
    summaries = survival_summaries(made, analyses, parameters).set_index("arm")
    # Escalation does not end a case there: of four, two close, at 2 and at 6.
    assert summaries.loc["comparator", "restricted_mean_days"] == pytest.approx(
        2 + 4 * 0.75 + 2 * 0.375
    )
    assert summaries.loc["comparator", "median_days"] == 6
    assert summaries.loc["treated", "status_reason"].startswith("short_follow_up: ")
    assert pd.isna(summaries.loc["treated", "restricted_mean_days"])
    assert summaries["n"].tolist() == [4, 4]


def test_cases_seen_late_are_at_risk_after_their_entry_alone() -> None:
    late = [*SMALL, ("treated", 4, "closure", 4), ("treated", 6, "closure", 4)]
    made, ends = evidence(late)
    analyses, parameters = asked_for()
    curve = survival_curves(made, parameters)
    treated = curve[curve["arm"] == "treated"].set_index("time_days")
    # Who ends by the day of entry never was at risk.
    assert treated.index.tolist() == [0, 3, 5, 6, 7]
    assert treated["n_at_risk"].tolist() == [4, 4, 4, 3, 2]
    tests = survival_tests(made, ends, analyses, parameters).set_index("test")
    assert tests.loc["gray_closure", "status_reason"].startswith("late_watch: ")
    assert tests.loc["log_rank", "status"] == "ok"
    all_late = [(arm, days, how, 1) for arm, days, how, _ in SMALL]
    made, ends = evidence(all_late)
    for table in (
        incidence_differences(made, ends, analyses, parameters),
        survival_summaries(made, analyses, parameters),
    ):
        assert table["status_reason"].str.startswith("late_watch: ").all()


def test_a_sample_without_cases_says_so() -> None:
    made, ends = evidence(SMALL)
    made = Evidence(
        made.sample_cases.iloc[:0],
        made.study_cases,
        made.case_outcomes,
        made.covariate_values,
        made.covariates,
        made.clocks,
    )
    analyses, parameters = asked_for()
    assert list(cumulative_incidences(made, ends, parameters).columns) == list(INCIDENCE_COLUMNS)
    for table, columns in (
        (survival_tests(made, ends, analyses, parameters), TEST_COLUMNS),
        (incidence_differences(made, ends, analyses, parameters), DIFFERENCE_COLUMNS),
        (survival_summaries(made, analyses, parameters), SUMMARY_COLUMNS),
    ):
        assert list(table.columns) == list(columns)
        assert len(table) > 0
        assert table["status_reason"].str.startswith("empty_arm: ").all()
