"""Costs and benefits of a trial: the committed assumptions and the printed counts give the tables
that the report prints, as far as they can be had, and so does the build."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import duckdb
import pandas as pd
import pytest

from projects import ROOT, copy_project

STUDY = "crewe"
SOURCES = ("case_cost", "benefit", "rereferral_saving", "escalation_saving", "benefit_assumption")
# In the order of their building.
MODELS = (
    "int_benefit_assumptions",
    "int_costed_arms",
    "fct_cost_per_case",
    "int_arm_benefits",
    "fct_individual_benefits",
    "fct_rereferral_savings",
    "int_compared_escalations",
    "fct_escalation_savings",
    "def_benefit_assumptions",
    "int_computed_costs",
)
N_COSTED = {"treated": 83, "comparator": 43}
MEAN_WEEKS = {"treated": 36.003, "comparator": 32.56}
N_REREFERRED = {"treated": 5, "comparator": 3}
ALLOWED = {"integer": 0.5, "1dp": 0.05, "2dp": 0.005}
NOT_REPRODUCIBLE = {"C173", "C182"}
RECORDED = {"comparator_escalations_recorded": "true"}


def seed(name: str) -> list[dict[str, str]]:
    """The rows of a seed."""
    path = next((ROOT / "seeds").rglob(f"{name}.csv"))
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def figure_sources() -> dict[str, dict[str, str]]:
    """Where the figures of the appendix on costs and benefits are computed, by figure."""
    return {row["figure_id"]: row for row in seed("figure_sources") if row["source"] in SOURCES}


def printed_counts() -> dict[str, pd.DataFrame]:
    """Made-up tables with the counts and means that the report prints, or that follow from it:
    half of each arm is open a week more than the mean and half a week less. Those referred again
    had closed after ten weeks."""
    cases, outcomes = [], []
    for arm, n in N_COSTED.items():
        for i in range(n + 1):  # The last one isn't eligible.
            case = {"study_id": STUDY, "la_code": "S1", "case_id": f"{arm}{i}"}
            cases.append({**case, "arm": arm, "is_eligible": i < n})
            step = 0.0 if n % 2 and i == n - 1 else (-1.0) ** i
            day = f"{2015 if i < 2 else 2016}-{12 if i < 2 else 6}-01"
            escalated = arm == "treated" and i < 8
            is_back = i < N_REREFERRED[arm] or i == n
            for outcome, value, event in (
                ("case_length_days", 7 * (MEAN_WEEKS[arm] + (step if i < n else 500)), None),
                ("closed_recorded", float(is_back), "2016-03-11" if is_back else None),
                ("rereferred_after_closure", float(is_back), None),
                ("escalated_cp", float(escalated or i == n), day if escalated else None),
            ):
                outcomes.append({**case, "outcome": outcome, "value": value, "event_date": event,
                                 "is_censored": is_back, "origin_date": "2016-01-01"})  # fmt: skip
    rates = [
        {"study_id": STUDY, "analysis_id": "closure_main", "term": f"{arm}_mean",
         "estimate": rate, "status": "ok"}
        for arm, rate in (("treated", 0.7229), ("comparator", 0.6381))
    ]  # fmt: skip
    studies = [{"study_id": STUDY, "study_start": "2015-08-01", "study_end": "2016-11-01"}]
    return {
        "studies": pd.DataFrame(studies).astype(
            {"study_start": "datetime64[s]", "study_end": "datetime64[s]"}
        ),
        "fct_study_cases": pd.DataFrame(cases),
        "fct_case_outcomes": pd.DataFrame(outcomes).astype(
            {"event_date": "datetime64[s]", "origin_date": "datetime64[s]"}
        ),
        "fct_effect_estimates": pd.DataFrame(rates),
    }


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The models' SQL, by name."""
    project = copy_project(tmp_path_factory.mktemp("costs"), with_extracts=False)
    result = project.dbt("compile", "--no-introspect", "--select", *MODELS)
    assert result.returncode == 0, result.stdout[-3000:]
    folder = project.path / "target" / "compiled"
    return {name: next(folder.rglob(f"{name}.sql")).read_text("utf-8") for name in MODELS}


def modelled(
    compiled: dict[str, str], changes: dict[str, str] | None = None
) -> duckdb.DuckDBPyConnection:
    """The models over the printed counts and the committed seeds, with assumptions changed; those
    that are changed to nothing are left out."""
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as csc_outcomes")
    connection.execute("use csc_outcomes")
    for name, frame in printed_counts().items():
        connection.register("frame", frame)
        connection.execute(f"create table {name} as select * from frame")
    assumed = pd.DataFrame(seed("benefit_assumptions"), dtype=object)
    assumed["value"] = [
        (changes or {}).get(name, value)
        for name, value in zip(assumed["assumption_id"], assumed["value"], strict=True)
    ]
    weekly = pd.DataFrame(seed("weekly_costs")).astype({"weekly_cost_gbp": float})
    for name, frame in (
        ("benefit_assumptions", assumed[assumed["value"] != ""]),
        ("weekly_costs", weekly),
    ):
        connection.register("frame", frame)
        connection.execute(f"create table {name} as select * from frame")
    for name in MODELS:
        connection.execute(f"create table {name} as {compiled[name]}")
    return connection


@pytest.fixture(scope="module")
def report(compiled: dict[str, str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The models over what is printed."""
    with modelled(compiled) as connection:
        yield connection


def row(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, object]:
    """The one row of a query."""
    frame = connection.sql(query).df()
    assert len(frame) == 1
    return {str(name): value for name, value in frame.iloc[0].items()}


# --- what is printed -------------------------------------------------------------------------


def test_every_figure_of_tables_6_to_9_follows_from_printed_counts(
    report: duckdb.DuckDBPyConnection,
) -> None:
    sources = figure_sources()
    expected = {f"C{i}" for i in (*range(154, 185), 194, 195)}
    assert expected <= sources.keys()
    figures = {figure["figure_id"]: figure for figure in seed("published_figures")}
    computed = {
        key: (value, text)
        for *key_parts, value, text in report.sql(
            "select source, sample, subject, term, value, text_value from int_computed_costs"
        ).fetchall()
        for key in [tuple(key_parts)]
    }
    for figure_id in expected:
        source, figure = sources[figure_id], figures[figure_id]
        key = tuple(source[part] for part in ("source", "sample", "subject", "term"))
        value, text = computed[key]
        if figure["unit"] == "text":
            assert text == figure["value"], figure_id
            continue
        allowed = float(source["tolerance"] or ALLOWED[figure["precision_printed"]]) + 1e-9
        agrees = abs(value * float(source["scale"]) - float(figure["value"])) <= allowed
        assert agrees == (figure_id not in NOT_REPRODUCIBLE), figure_id
        assert (source["fixed_verdict"] == "not_reproducible") == (figure_id in NOT_REPRODUCIBLE)


def test_everything_says_that_it_is_illustrative(report: duckdb.DuckDBPyConnection) -> None:
    for table in [name for name in MODELS if name.startswith("fct_")]:
        flags = report.sql(f"select distinct is_illustrative from {table}").fetchall()
        assert flags == [(True,)], table


def test_costs_per_case_are_not_like_for_like(report: duckdb.DuckDBPyConnection) -> None:
    rows = report.sql(
        "select arm, is_like_for_like, n_cases, round(cost_per_case_gbp) from fct_cost_per_case"
        " order by arm desc"
    ).fetchall()
    assert rows == [("treated", False, 83, 2450), ("comparator", False, 43, 1795)]


def test_time_to_a_recorded_closure_stands_beside_the_weeks_that_are_costed(
    report: duckdb.DuckDBPyConnection,
) -> None:
    rows = report.sql(
        "select arm, n_censored, n_recorded_closures, mean_weeks_to_recorded_closure"
        " from fct_cost_per_case order by arm desc"
    ).fetchall()
    assert rows == [("treated", 5, 5, 10), ("comparator", 3, 3, 10)]


@pytest.mark.parametrize(
    ("changes", "saving"),
    [
        ({}, 3574),
        # Without stated numbers the eligible cases count.
        ({"n_treated_costed": "", "n_comparator_costed": ""}, 2817),
    ],
)
def test_no_number_of_cases_gives_the_printed_saving_on_rereferrals(
    compiled: dict[str, str], changes: dict[str, str], saving: float
) -> None:
    with modelled(compiled, changes) as connection:
        found = row(connection, "select * from fct_rereferral_savings where arm = 'comparator'")
    assert found["saving_gbp"] == pytest.approx(saving, abs=0.5)
    assert found["carried_saving_gbp"] == 3800
    assert found["carried_status"] == "not_reproducible"
    assert "3,574" in str(found["carried_reason"])
    assert found["status"] == "ok"


def test_the_saving_on_escalations_rests_on_the_months_that_are_counted(
    report: duckdb.DuckDBPyConnection,
) -> None:
    rows = report.sql(
        "select counted_over, n_escalated, n_avoided, saving_gbp, saving_per_case_gbp"
        " from fct_escalation_savings where compared_with = 'national_rate' order by counted_over"
    ).fetchall()
    assert rows == [("stated_window", 2, 8, 6224, 74.98), ("study", 8, 2, 1556, 18.74)]


def test_comparators_whose_escalations_nobody_recorded_save_nothing_that_could_be_told(
    report: duckdb.DuckDBPyConnection,
) -> None:
    rows = report.sql(
        "select n_comparators, n_comparators_escalated, reference_rate, n_avoided, saving_gbp,"
        " expected_saving_per_case_gbp, status, split_part(status_reason, ':', 1)"
        " from fct_escalation_savings where compared_with = 'comparator_arm'"
    ).fetchall()
    assert rows == [(43, None, None, None, None, None, "not_estimable", "not_recorded")] * 2


@pytest.mark.parametrize("changes", [RECORDED, {"comparator_escalations_recorded": ""}])
def test_beside_the_trials_own_comparators_escalations_cost(
    compiled: dict[str, str], changes: dict[str, str]
) -> None:
    with modelled(compiled, changes) as connection:
        rows = connection.sql(
            "select counted_over, n_comparators, n_comparators_escalated, reference_rate,"
            " n_avoided, saving_gbp, saving_per_case_gbp, status from fct_escalation_savings"
            " where compared_with = 'comparator_arm' order by counted_over"
        ).fetchall()
        national = connection.sql(
            "select saving_gbp from fct_escalation_savings where compared_with = 'national_rate'"
            " order by counted_over"
        ).fetchall()
    # None of 43 beside 2 and 8 of 83, in the same days.
    assert rows == [
        ("stated_window", 43, 0, 0, -2, -1556, -18.74, "ok"),
        ("study", 43, 0, 0, -8, -6224, -74.98, "ok"),
    ]
    assert national == [(6224,), (1556,)]


@pytest.mark.parametrize(
    ("changes", "avoided"),
    [({"escalation_reference_rate": "0.12"}, 7), ({"n_treated_costed": "80"}, 8)],
)
def test_the_rate_of_the_text_avoids_one_case_less(
    compiled: dict[str, str], changes: dict[str, str], avoided: int
) -> None:
    with modelled(compiled, changes) as connection:
        found = row(
            connection,
            "select * from fct_escalation_savings"
            " where counted_over = 'stated_window' and compared_with = 'national_rate'",
        )
    assert found["n_avoided"] == avoided


def test_employment_needs_more_than_the_points_of_the_text(compiled: dict[str, str]) -> None:
    with modelled(compiled, {"attainment_employment_points": "14"}) as connection:
        found = row(connection, "select * from fct_individual_benefits where arm = 'treated'")
    assert round(float(str(found["employment_points"])), 2) == 6.03  # 6.16 is printed.


def test_rates_are_rounded_as_assumed(compiled: dict[str, str]) -> None:
    with modelled(compiled, {"closure_rate_decimals": ""}) as connection:
        found = row(connection, "select * from fct_individual_benefits where arm = 'treated'")
    assert found["closure_rate_used"] == pytest.approx(0.7229, abs=1e-12)
    assert found["lifetime_earnings_gbp"] == pytest.approx(80000 * (0.15 + 0.39 * 0.7229))


# --- thin data -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("missing", "table", "reason"),
    [
        ("closure_analysis", "fct_individual_benefits", "no_closure_rate"),
        ("attainment_npv_gbp", "fct_individual_benefits", "assumption_missing"),
        ("escalation_reference_rate", "fct_escalation_savings", "assumption_missing"),
    ],
)
def test_what_is_not_assumed_gives_a_reason_and_no_number(
    compiled: dict[str, str], missing: str, table: str, reason: str
) -> None:
    with modelled(compiled, {missing: ""}) as connection:
        frame = connection.sql(f"select * from {table}").df()
    if "compared_with" in frame:
        frame = frame[frame["compared_with"] == "national_rate"]
    assert set(frame["status"]) == {"not_estimable"}
    assert set(frame["status_reason"].str.partition(":")[0]) == {reason}
    amount = "saving_gbp" if table == "fct_escalation_savings" else "lifetime_tax_gbp"
    assert frame[amount].isna().all()


# --- the seeds -------------------------------------------------------------------------------


def test_what_is_assumed_in_words_says_which_comparison_it_belongs_to() -> None:
    rows = seed("cost_assumptions")
    assert {row["comparison"] for row in rows} == {"return_on_investment", "cost_benefit"}
    assert [int(row["assumption_order"]) for row in rows] == list(range(1, len(rows) + 1))
    ours = {row["assumption_id"] for row in rows if row["comparison"] == "cost_benefit"}
    assert {"closed_stays_closed", "constant_difference", "earnings_best_estimate"} <= ours


# --- the build -------------------------------------------------------------------------------


def test_the_build_agrees_with_tables_6_to_9(tables: duckdb.DuckDBPyConnection) -> None:
    verdicts = dict(
        tables.execute(
            "select figure_id, verdict from fct_published_comparison where study_id = ?", [STUDY]
        ).fetchall()
    )
    for figure_id in figure_sources():
        expected = "not_reproducible" if figure_id in NOT_REPRODUCIBLE else "agrees"
        assert verdicts[figure_id] == expected, figure_id


@pytest.mark.parametrize("table", [name for name in MODELS if name.startswith(("fct_", "def_"))])
def test_a_study_without_assumptions_has_no_rows(
    tables: duckdb.DuckDBPyConnection, table: str
) -> None:
    assert tables.sql(f"select distinct study_id from {table}").fetchall() == [(STUDY,)]


def test_analyses_named_for_closure_rates_are_those_of_the_study() -> None:
    analyses = {(row["study_id"], row["analysis_id"]) for row in seed("study_analyses")}
    for assumed in seed("benefit_assumptions"):
        if assumed["assumption_id"] == "closure_analysis":
            assert (assumed["study_id"], assumed["value"]) in analyses
