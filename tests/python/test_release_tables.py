"""Release tables of studies: what they show gives no small count away, and the results remain."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pandas as pd
import pytest

from csc_outcomes.disclosure.curves import release_curves
from projects import Project

SMALLEST = 6
TABLES = (
    "sample_flow",
    "trial_flow",
    "matched_shares",
    "group_outcomes",
    "effect_estimates",
    "covariate_balance",
    "survival_curves",
    "survival_summaries",
    "cumulative_incidence",
    "closure_decomposition",
    "missing_outcomes",
    "sensitivity",
    "specification_curve",
    "hidden_bias_bounds",
    "evalues",
)
# Rows of these may show one count and hide another.
PARTLY_SHOWN = {"sample_flow", "trial_flow", "missing_outcomes", "matched_shares"}
NO_FIGURES = {
    "step_order",
    "covariate_order",
    "plan_version",
    "profile_version",
    "n_plan_deviations",
    "time_days",
    "horizon_days",
    "gamma",
}
NESTED = (
    ("escalated_cp", "escalated"),
    ("escalated_lac", "escalated"),
    ("escalated_after_closure", "escalated"),
    ("escalated_after_closure", "closed_recorded"),
    ("closed_without_later_escalation", "closed_recorded"),
    ("closed_without_rereferral", "closed_recorded"),
    ("rereferred_after_closure", "closed_recorded"),
    ("rereferred_12m", "rereferred_any"),
    ("closed_for_24m", "closed_for_12m"),
    ("closed_for_12m", "closed_without_rereferral"),
    ("rereferred_12m_after_closure", "rereferred_24m_after_closure"),
)


@pytest.fixture(scope="module")
def warehouse(built: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    with built.warehouse() as connection:
        yield connection


def rows(warehouse: duckdb.DuckDBPyConnection, table: str) -> pd.DataFrame:
    return warehouse.sql(f"select * from {table}").df()


def is_small(value: float) -> bool:
    return bool(0.5 < value < SMALLEST - 0.5)


@pytest.mark.parametrize("table", TABLES)
def test_no_count_is_small(warehouse: duckdb.DuckDBPyConnection, table: str) -> None:
    shown = rows(warehouse, f"rpt_{table}")
    counts = [c for c in map(str, shown) if c == "n" or c.startswith("n_")]
    counts = [c for c in counts if c not in NO_FIGURES]
    for column in counts:
        small = shown[shown[column].astype(float).map(is_small)]
        assert small.empty, f"{table}.{column}: {len(small)} small counts"


@pytest.mark.parametrize("table", [t for t in TABLES if t not in PARTLY_SHOWN])
def test_a_hidden_row_has_no_number(warehouse: duckdb.DuckDBPyConnection, table: str) -> None:
    shown = rows(warehouse, f"rpt_{table}")
    hidden = shown[shown.disclosure != "shown"]
    figures = [
        c
        for c in hidden.select_dtypes("number").columns
        if c not in NO_FIGURES and not pd.api.types.is_bool_dtype(hidden[c])
    ]
    assert hidden[figures].isna().all(axis=None)
    assert hidden.disclosure_reason.notna().all()


def test_what_is_shown_is_true(warehouse: duckdb.DuckDBPyConnection) -> None:
    keys = ["study_id", "sample", "outcome", "arm"]
    both = rows(warehouse, "rpt_group_outcomes").merge(
        rows(warehouse, "fct_group_outcomes"), on=keys, suffixes=("", "_true")
    )
    shown = both[both.disclosure == "shown"]
    assert len(shown) > 50
    for column in ("n", "n_events", "value"):
        left, right = shown[column].astype(float), shown[f"{column}_true"].astype(float)
        assert ((left == right) | (left.isna() & right.isna())).all(), column


@pytest.mark.parametrize(
    ("study_id", "outcomes"),
    [
        (
            "fact22",
            {"closed_without_later_escalation", "case_length_days", "escalated", "rereferred_12m"},
        ),
        ("crewe", {"closed_without_rereferral"}),
    ],
)
def test_primary_results_remain(
    warehouse: duckdb.DuckDBPyConnection, study_id: str, outcomes: set[str]
) -> None:
    shown = rows(warehouse, "rpt_effect_estimates")
    shown = shown[(shown.study_id == study_id) & shown.is_primary & (shown.disclosure == "shown")]
    assert set(shown.outcome) == outcomes
    assert shown.estimate.notna().all()
    assert shown[["n_treated", "n_comparator"]].notna().all(axis=None)


@pytest.mark.parametrize("prefix", ["rpt", "fct"])
def test_subtraction_finds_small_counts_in_analyst_tables_alone(
    warehouse: duckdb.DuckDBPyConnection, prefix: str
) -> None:
    found = [name for name, value in worked_out(warehouse, prefix) if is_small(value)]
    if prefix == "rpt":
        assert found == []
    else:
        kinds = {name.split(":")[0] for name in found}
        assert {"with", "rate", "nested", "flow", "families"} <= kinds


def worked_out(warehouse: duckdb.DuckDBPyConnection, prefix: str) -> Iterator[tuple[str, float]]:
    """What a reader can reckon from the numbers of one set of tables: complements, rates times
    sizes, steps of flows, outcomes less those inside them, samples less those inside them."""
    groups = rows(warehouse, f"{prefix}_group_outcomes")
    groups = groups[(groups.unit == "proportion") & groups.n.notna()]
    having_it = {
        (r.study_id, r["sample"], r.arm, r.outcome): float(r.n_events)
        for _, r in groups.iterrows()
        if pd.notna(r.n_events)
    }
    for _, r in groups.iterrows():
        name = f"{r.study_id}/{r['sample']}/{r.arm}/{r.outcome}"
        if pd.notna(r.n_events):
            yield f"with:{name}", float(r.n_events)
            yield f"without:{name}", float(r.n - r.n_events)
        if pd.notna(r.value) and r.n_weighted == r.n:
            yield f"rate:{name}", float(r.value * r.n)
    for (study, sample, arm, outcome), n in having_it.items():
        for inner, outer in NESTED:
            if outcome == inner and (study, sample, arm, outer) in having_it:
                yield (
                    f"nested:{study}/{sample}/{arm}/{inner}",
                    (having_it[study, sample, arm, outer] - n),
                )
        for inside, whole in (("cem_caliper", "unmatched"), ("unmatched", "allocated_children")):
            if sample == inside and (study, whole, arm, outcome) in having_it:
                yield f"sample:{study}/{arm}/{outcome}", having_it[study, whole, arm, outcome] - n
    flow = rows(warehouse, f"{prefix}_sample_flow")
    for _, r in flow[flow.n_in.notna() & flow.n_out.notna()].iterrows():
        yield f"flow:{r.study_id}/{r.arm}/{r.step}", float(r.n_in - r.n_out)
    trial = rows(warehouse, f"{prefix}_trial_flow").sort_values("step_order")
    for (study, arm), steps in trial.groupby(["study_id", "arm"]):
        for unit in ("families", "children"):
            numbers = steps[f"n_{unit}"].astype(float).to_numpy()
            for drop in -np.diff(numbers):
                yield f"{unit}:{study}/{arm}", float(drop)
    balance = rows(warehouse, f"{prefix}_covariate_balance")
    two_valued = balance[balance.covariate.isin(["female", "british", "white_british"])]
    for _, r in two_valued[
        two_valued.n_treated.notna() & two_valued.mean_treated.notna()
    ].iterrows():
        name = f"{r.study_id}/{r.method}/{r.covariate}"
        yield f"covariate:{name}", float(r.mean_treated * r.n_treated)
        yield f"covariate:{name}", float((1 - r.mean_treated) * r.n_treated)


def survival(events: list[int], left: list[int], start: int) -> pd.DataFrame:
    """One curve: events and other leavers on days 1, 2, ..., from so many at risk."""
    gone = np.cumsum([0, *np.add(events, left)])[:-1]
    at_risk = start - gone
    share = np.cumprod(1 - np.array(events) / at_risk)
    keys = {"study_id": "s", "sample": "unmatched", "clock": "plan_start", "arm": "treated"}
    curve = pd.DataFrame(
        {
            "time_days": range(len(events) + 1),
            "n_at_risk": [start, *at_risk],
            "n_event": [0, *events],
            "survival": [1.0, *share],
        }
    )
    return curve.assign(ci_low=np.nan, ci_high=np.nan, **keys)


def incidence_of(curve: pd.DataFrame, cause: str) -> pd.DataFrame:
    return curve.rename(columns={"survival": "incidence"}).assign(cause=cause)


def told(curve: pd.DataFrame, incidence: pd.DataFrame | None = None) -> pd.DataFrame:
    none = incidence_of(curve, "closure").iloc[:0]
    return release_curves(curve, none if incidence is None else incidence, SMALLEST)


@pytest.mark.parametrize(
    ("events", "days", "numbers"),
    [
        ([6, 0, 6], [0, 1, 3], [0, 6, 6]),
        ([5, 1, 6], [0, 2, 3], [0, 6, 6]),
        ([6, 5], [0], [0]),
        ([6, 6, 1], [0, 1], [0, 6]),
        ([1, 1, 1], [0], [0]),
    ],
)
def test_each_step_of_a_curve_and_its_tail_hold_enough_events(
    events: list[int], days: list[int], numbers: list[int]
) -> None:
    curve = told(survival(events, [0] * len(events), 100))
    assert list(curve.time_days) == days
    assert list(curve.n_event) == numbers


def test_a_curve_ends_while_enough_are_at_risk() -> None:
    assert list(told(survival([6, 6], [0, 0], 18)).time_days) == [0, 1, 2]
    assert list(told(survival([6, 6], [0, 0], 17)).time_days) == [0, 1]


@pytest.mark.parametrize(("left", "second"), [(0, 88), (1, None), (5, None), (6, 82)])
def test_a_number_at_risk_gives_no_few_leavers_away(left: int, second: float | None) -> None:
    curve = told(survival([6, 6, 6], [left, 0, 0], 100))
    numbers = [None if np.isnan(n) else n for n in curve.n_at_risk]
    assert numbers[0] == 100
    assert numbers[2] == second


def test_a_weighted_curve_counts_days_and_shows_no_numbers() -> None:
    curve = survival([1] * 13, [0] * 13, 60)
    weighted = curve.assign(n_at_risk=curve.n_at_risk * 0.3, n_event=curve.n_event * 0.3)
    shown = told(weighted)
    assert list(shown.time_days) == [0, 6]
    assert shown[["n_at_risk", "n_event"]].isna().all(axis=None)


def test_incidence_keeps_to_days_of_the_survival_curve() -> None:
    curve = survival([6, 6, 6], [0, 0, 0], 100)
    cause = incidence_of(survival([3, 3, 6], [0, 0, 0], 100), "escalation")
    shown = told(curve, cause)
    shown = shown[shown.curve == "escalation"]
    assert list(shown.time_days) == [0, 2, 3]
    assert list(shown.n_event) == [0, 6, 6]


def test_a_number_at_risk_does_not_tell_the_events_of_one_day() -> None:
    """Five of the step's six events fell on earlier days: 94 before the sixth would tell that."""
    curve = told(survival([5, 1, 6], [0, 0, 0], 100))
    assert list(curve.n_at_risk) == [100, 94, 88]


def test_closures_after_another_end_are_not_told_by_two_curves() -> None:
    """The survival curve counts 14 closures by the second day, that of the first ends 12: two cases
    had been escalated before. Neither is told once they differ by a few."""
    curve = survival([6, 8, 6], [0, 0, 0], 100)
    first_ends = incidence_of(survival([6, 6, 6], [0, 0, 0], 100), "closure")
    shown = told(curve, first_ends)
    assert list(shown[shown.curve == "survival"].n_event) == [0, 6, 8, 6]
    assert list(shown[shown.curve == "closure"].time_days) == [0, 1]


def test_a_cause_is_not_told_while_few_cases_had_another() -> None:
    """Each share rests on those whom the other cause left, and so tells how many it took."""
    curve = survival([6, 6, 6], [0, 0, 0], 100)
    closures = incidence_of(curve, "closure").drop(columns="survival", errors="ignore")
    escalations = incidence_of(survival([0, 3, 3], [0, 0, 0], 100), "escalation")
    shown = told(curve, pd.concat([closures, escalations], ignore_index=True))
    assert list(shown[shown.curve == "closure"].time_days) == [0, 1, 3]
    assert list(shown[shown.curve == "escalation"].time_days) == [0, 3]


def test_shares_of_counted_cases_have_two_decimals() -> None:
    """0.937 and 0.874 of 95 cases would tell how many left in between; weights hide the cases."""
    curve = survival([6] + [1] * 12, [0] * 13, 95)
    assert list(told(curve).value)[:2] == [1, 0.94]
    weighted = curve.assign(n_at_risk=curve.n_at_risk * 0.3, n_event=curve.n_event * 0.3)
    assert list(told(weighted).value)[:2] == [1, 0.884]
