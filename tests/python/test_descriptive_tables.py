"""Tables beside the effects: what lies behind a gap, on how many days an event could be seen, where
children live and why they are in need."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pytest


def rows(tables: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return tables.sql(query).fetchall()


def test_the_closure_gap_splits_as_the_printed_rates_do(tables: duckdb.DuckDBPyConnection) -> None:
    parts = {
        (method, part): round(100 * value, 1)
        for method, part, value in rows(
            tables,
            """select method, part, value from fct_closure_decomposition
            where study_id = 'fact22' and sample = 'cem_caliper'""",
        )
    }
    assert parts == {
        ("recorded_closure_first", "recorded_closure"): -10.0,
        ("recorded_closure_first", "later_escalation"): -14.7,
        ("later_escalation_first", "recorded_closure"): -7.9,
        ("later_escalation_first", "later_escalation"): -16.8,
        ("mean_of_both", "recorded_closure"): -9.0,
        ("mean_of_both", "later_escalation"): -15.7,
    }


def test_parts_of_every_split_are_the_effect(tables: duckdb.DuckDBPyConnection) -> None:
    splits = rows(
        tables,
        """select parts.study_id, sum(parts.value), max(effects.estimate)
        from fct_closure_decomposition as parts
        inner join fct_effect_estimates as effects using (study_id, sample)
        where effects.analysis_id = 'closure_main' and effects.term = 'treated'
            and parts.status = 'ok' and effects.status = 'ok'
        group by parts.study_id, parts.sample, parts.method""",
    )
    assert len({study for study, _, _ in splits}) >= 2
    assert all(total == pytest.approx(effect, abs=1e-10) for _, total, effect in splits)


def test_days_at_risk_are_those_of_the_calendar(tables: duckdb.DuckDBPyConnection) -> None:
    """Counted day by day, without the arithmetic of the model."""
    start, end = date(2018, 4, 12), date(2019, 11, 22)
    days = {"treated": 0, "comparator": 0}
    for arm, referral in rows(
        tables,
        """select arm, referral_date from fct_matched_cases
        inner join fct_study_cases using (study_id, la_code, case_id, arm)
        where study_id = 'fact22' and method = 'cem_caliper'""",
    ):
        leap = (referral.month, referral.day) == (2, 29)
        anniversary = referral.replace(year=referral.year + 1, day=28 if leap else referral.day)
        window = range(referral.toordinal() + 1, anniversary.toordinal() + 1)
        days[arm] += sum(start.toordinal() <= day <= end.toordinal() for day in window)
    published = dict(
        rows(
            tables,
            """select arm, at_risk_days_in_window from fct_rereferral_exposure
            where study_id = 'fact22' and sample = 'cem_caliper'""",
        )
    )
    assert published == days


def test_no_event_without_a_day_at_risk(tables: duckdb.DuckDBPyConnection) -> None:
    """Every re-referral in a window falls on one of the days that are counted as at risk."""
    assert (
        rows(
            tables,
            """select study_id, sample, arm from fct_rereferral_exposure
        where n_events > n_at_risk or n_at_risk > n_with_window or n_with_window > n
            or closed_days_in_window > at_risk_days_in_window""",
        )
        == []
    )
    counted = rows(
        tables, "select sum(n_events) from fct_rereferral_exposure where sample = 'unmatched'"
    )
    cases = rows(
        tables,
        """select count(*) from fct_case_outcomes
        inner join fct_matched_cases using (study_id, la_code, case_id)
        where outcome = 'rereferred_12m' and value = 1 and method = 'unmatched'
            and study_id in (
                select study_id from fct_group_outcomes where outcome = 'rereferred_12m'
            )""",
    )
    assert counted == cases


def test_the_interim_list_is_the_printed_one(tables: duckdb.DuckDBPyConnection) -> None:
    areas = rows(
        tables,
        """select area, n_children from fct_areas
        where study_id = 'fact22' and children_counted = 'first_to_enter' order by area""",
    )
    assert areas == [
        ("Central", 18),
        ("East", 30),
        ("South", 11),
        ("Unknown/out of area", 6),
        ("West", 51),
    ]
    shares = rows(
        tables, "select sum(share) from fct_areas group by study_id, children_counted, arm"
    )
    assert all(total == pytest.approx(1, abs=1e-12) for (total,) in shares)


def test_needs_of_a_series_are_all_there(tables: duckdb.DuckDBPyConnection) -> None:
    series = rows(
        tables,
        """select series, counted_by, count(*), sum(n), sum(share) from fct_primary_needs
        where study_id = 'fact22' group by all order by series""",
    )
    assert [(*row[:4], round(row[4], 12)) for row in series] == [
        ("comparator", "case", 10, 3254, 1),
        ("england", "case", 10, 397910, 1),
        ("treated", "case", 10, 171, 1),
    ]


def test_negative_controls_stand_among_the_outcomes_and_have_no_bounds(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    """Events: the dated escalations of cases with undated ones, all before the study."""
    told = rows(
        tables,
        """select outcomes.arm, count(*), sum(outcomes.value),
            bool_and(cases.plan_start_date < date '2018-04-12')
        from fct_case_outcomes as outcomes
        inner join fct_study_cases as cases using (study_id, la_code, case_id)
        inner join fct_matched_cases using (study_id, la_code, case_id)
        where study_id = 'fact22' and outcome = 'escalated_before_study' and value is not null
            and method = 'cem_caliper'
        group by outcomes.arm order by outcomes.arm""",
    )
    assert told == [("comparator", 205, 4.0, True), ("treated", 77, 4.0, True)]
    bounds = "select * from fct_hidden_bias_bounds where outcome = 'escalated_before_study'"
    assert rows(tables, bounds) == []
