"""Weights from counts equal those from the pairs, one by one."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import pytest

from csc_outcomes.evaluation import caliper_counts
from csc_outcomes.evaluation.caliper_counts import (
    NO_DAY,
    STILL_OPEN,
    Caliper,
    Cases,
    add_months,
    comparator_numbers,
    comparator_weights,
    first_entries,
)
from csc_outcomes.evaluation.caliper_tables import caliper_weights

CALIPERS = [
    Caliper(6, True),
    Caliper(1, True, True),
    Caliper(3, True, True),
    Caliper(30, False),
    Caliper(0, False),
]
# The rule of int_matched_pairs, with its clamped months, on one table of cases.
PAIRS = """
    with pairs as (
        select
            treated.case_id as treated_case_id,
            treated.entry_date,
            comparator.la_code,
            comparator.case_id,
            1.0 / count(*) over (partition by treated.study_id, treated.case_id) as share,
            treated.study_id
        from matchable as treated
        inner join matchable as comparator
            on
                treated.study_id = comparator.study_id
                and treated.stratum = comparator.stratum
                and (treated.la_code = comparator.la_code or $pooled)
                and treated.arm = 'treated'
                and comparator.arm = 'comparator'
        where
            case
                when $unit = 'days'
                    then abs(comparator.plan_start_date - treated.plan_start_date) <= $length
                else
                    comparator.plan_start_date
                    between treated.plan_start_date - to_months($length)
                    and treated.plan_start_date + to_months($length)
                    and (
                        $anchor = 'treated'
                        or treated.plan_start_date
                        between comparator.plan_start_date - to_months($length)
                        and comparator.plan_start_date + to_months($length)
                    )
            end
            and comparator.plan_start_date <= treated.entry_date
            and (
                comparator.closure_date is null
                or comparator.closure_date > treated.entry_date
                or (comparator.closure_date = treated.entry_date and $inclusive)
            )
    )
    select study_id, la_code, case_id, sum(share) as weight, min(entry_date) as first_entry_date
    from pairs
    group by all
"""
MATCHABLE = """
    create table matchable as
    select
        * exclude (plan_start_date, entry_date, closure_date),
        cast(plan_start_date as date) as plan_start_date,
        cast(entry_date as date) as entry_date,
        cast(closure_date as date) as closure_date
    from made_up
"""


def made(seed: int, n_treated: int, n_comparators: int) -> tuple[Cases, Cases]:
    """Cases of few strata within a year or two."""
    draw = np.random.default_rng(seed)

    def numbers(low: int, high: int, n: int) -> caliper_counts.Days:
        return draw.integers(low, high, n).astype(np.int32)

    start = numbers(16_000, 16_001 + 20 * (seed % 30), n_treated)
    treated = Cases(numbers(0, 4, n_treated), start, start + numbers(-30, 500, n_treated))
    start = numbers(15_900, 16_100 + 20 * (seed % 30), n_comparators)
    until = np.where(
        draw.random(n_comparators) < 0.2, STILL_OPEN, start + numbers(-5, 800, n_comparators)
    )
    return treated, Cases(numbers(0, 4, n_comparators), start, until.astype(np.int32))


def serving(treated: Cases, comparators: Cases, caliper: Caliper) -> np.ndarray:
    """Whether each comparator (column) serves each treated case (row)."""
    low, high = caliper.bounds(treated.start)
    serves = (
        (treated.stratum[:, None] == comparators.stratum)
        & (comparators.start >= low[:, None])
        & (comparators.start <= np.minimum(high, treated.day)[:, None])
        & (comparators.day >= treated.day[:, None])
    )
    if caliper.is_symmetric:
        low, high = caliper.bounds(comparators.start)
        serves &= (treated.start[:, None] >= low) & (treated.start[:, None] <= high)
    return serves


@pytest.mark.parametrize("caliper", CALIPERS)
def test_counts_equal_those_of_the_pairs(caliper: Caliper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caliper_counts, "LOT", 60)
    for seed in range(25):
        treated, comparators = made(seed, 3 * seed % 40, 7 * seed % 200)
        serves = serving(treated, comparators, caliper)
        n = serves.sum(axis=1)
        numbers = comparator_numbers(treated, comparators, caliper)
        np.testing.assert_array_equal(numbers, n)
        weights = comparator_weights(treated, comparators, caliper, numbers)
        expected = (serves / np.maximum(n, 1)[:, None]).sum(axis=0)
        np.testing.assert_allclose(weights, expected, rtol=0, atol=1e-12)
        if len(treated):
            entry = np.where(serves, treated.day[:, None], STILL_OPEN).min(axis=0)
            entry = np.where(serves.any(axis=0), entry, NO_DAY)
            np.testing.assert_array_equal(first_entries(treated, comparators, caliper), entry)


def test_weights_do_not_hang_on_the_order_of_rows() -> None:
    treated, comparators = made(11, 300, 900)
    caliper = CALIPERS[0]
    numbers = comparator_numbers(treated, comparators, caliper)
    weights = comparator_weights(treated, comparators, caliper, numbers)
    draw = np.random.default_rng(1)
    own, others = draw.permutation(300), draw.permutation(900)
    again = comparator_weights(treated.of(own), comparators.of(others), caliper, numbers[own])
    assert (again == weights[others]).all()
    assert weights.sum() == pytest.approx((numbers > 0).sum(), abs=1e-9)


def test_months_end_where_the_calendar_clamps_them() -> None:
    days = np.array(["2017-08-31", "2016-02-29", "2017-03-15"], "datetime64[D]").astype(np.int32)
    earlier = add_months(days, -6).astype("datetime64[D]").astype(str)
    later = add_months(days, 12).astype("datetime64[D]").astype(str)
    assert earlier.tolist() == ["2017-02-28", "2015-08-29", "2016-09-15"]
    assert later.tolist() == ["2018-08-31", "2017-02-28", "2018-03-15"]


def cases(seed: int) -> pd.DataFrame:
    """Cases of two studies and two authorities, starts and ends often on a month's last days."""
    draw = np.random.default_rng(seed)
    n = 400
    start = np.datetime64("2016-12-26") + draw.integers(0, 260, n).astype("timedelta64[D]")
    start = np.where(
        draw.random(n) < 0.4,
        (start.astype("datetime64[M]") + 1).astype("datetime64[D]") - np.timedelta64(1, "D"),
        start,
    )
    is_treated = draw.random(n) < 0.2
    frame = pd.DataFrame(
        {
            "study_id": draw.choice(["many", "few"], n),
            "la_code": draw.choice(["S51", "S52"], n),
            "case_id": [f"case {k}" for k in range(n)],
            "arm": np.where(is_treated, "treated", "comparator"),
            "plan_start_date": pd.to_datetime(start),
            "stratum": draw.choice(["a", "b"], n),
        }
    )
    frame.loc[draw.random(n) < 0.03, "stratum"] = None
    later = pd.to_timedelta(draw.integers(0, 300, n), "D")
    frame["entry_date"] = (frame["plan_start_date"] + later).where(is_treated)
    closed = pd.to_timedelta(draw.integers(0, 300, n), "D")
    frame["closure_date"] = (frame["plan_start_date"] + closed).where(draw.random(n) < 0.8)
    return frame


@pytest.mark.parametrize(("unit", "length"), [("months", 6), ("months", 1), ("days", 30)])
@pytest.mark.parametrize("anchor", ["treated", "symmetric"])
@pytest.mark.parametrize(("pooled", "inclusive"), [(True, True), (False, False)])
def test_weights_of_a_study_with_too_many_links_equal_the_self_join(
    unit: str, length: int, anchor: str, pooled: bool, inclusive: bool
) -> None:
    choices = {"unit": unit, "length": length, "anchor": anchor}
    choices |= {"pooled": pooled, "inclusive": inclusive}
    settings = pd.DataFrame({"study_id": ["few", "many"], "links_kept_up_to": [10**6, 0]})
    settings = settings.assign(
        caliper_unit=unit,
        caliper_length=float(length),
        caliper_anchor=anchor,
        open_at_entry_inclusive=inclusive,
        strata_within="study" if pooled else "authority",
        match_ratio="all",
        link_weight="equal",
        escalation_from="programme_entry",
        index_date_of_comparator="earliest",
    )
    given = cases(length)
    with duckdb.connect() as connection:
        connection.register("made_up", given)
        connection.register("settings", settings)
        connection.sql(MATCHABLE)
        connection.sql("create table chosen as select * from settings")
        found = caliper_weights(
            connection, connection.table("matchable"), connection.table("chosen")
        ).df()
        expected = connection.sql(PAIRS, params=choices).df()
    assert set(found["study_id"]) == {"many"}
    comparators = found[found["arm"] == "comparator"]
    both = comparators.merge(
        expected[expected["study_id"] == "many"], how="outer", on=["la_code", "case_id"]
    )
    assert len(both) == len(comparators) > 20
    assert (both["weight_x"] - both["weight_y"]).abs().max() < 1e-12
    assert (both["first_entry_date_x"] == both["first_entry_date_y"]).all()


def test_studies_that_need_each_link_are_left_alone() -> None:
    base = {"study_id": "s", "links_kept_up_to": 0, "caliper_unit": "days", "caliper_length": 30.0}
    base |= {"caliper_anchor": "treated", "open_at_entry_inclusive": True, "strata_within": "study"}
    base |= {"match_ratio": "all", "link_weight": "equal", "escalation_from": "study_start"}
    base |= {"index_date_of_comparator": "earliest"}
    given = cases(1).assign(study_id="s")
    for name in ("plan_start_date", "entry_date", "closure_date"):
        given[name] = given[name].dt.date
    for change, is_counted in (
        ({}, True),
        ({"match_ratio": "nearest"}, False),
        ({"link_weight": "kernel_gap"}, False),
        ({"index_date_of_comparator": "each_link"}, True),
        ({"index_date_of_comparator": "each_link", "escalation_from": "programme_entry"}, False),
    ):
        settings = pd.DataFrame([{**base, **change}])
        with duckdb.connect() as connection:
            relations = (connection.from_df(given), connection.from_df(settings))
            found = caliper_weights(connection, *relations).df()
        assert (len(found) > 0) == is_counted, change


def test_nobody_is_matched_in_an_empty_arm() -> None:
    treated, comparators = made(5, 10, 50)
    nobody = replace(treated.of(np.arange(0)))
    assert len(comparator_numbers(nobody, comparators, CALIPERS[0])) == 0
    weights = comparator_weights(nobody, comparators, CALIPERS[0], np.zeros(0, np.int64))
    assert not weights.any()
    assert not comparator_numbers(treated, comparators.of(np.arange(0)), CALIPERS[0]).any()
