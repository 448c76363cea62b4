"""The weights of studies that have too many links to keep them."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pandas as pd

from csc_outcomes.evaluation.caliper_counts import (
    NO_DAY,
    STILL_OPEN,
    Caliper,
    Cases,
    comparator_numbers,
    comparator_weights,
    first_entries,
)

CALIPER = ["caliper_length", "is_in_months", "is_symmetric"]
# What needs each link's own weight or its own entry has to have the links.
STUDIES = """
    select
        study_id,
        cast(row_number() over (order by study_id) - 1 as integer) as study_number,
        links_kept_up_to,
        caliper_length,
        caliper_unit != 'days' as is_in_months,
        caliper_unit != 'days' and caliper_anchor != 'treated' as is_symmetric,
        open_at_entry_inclusive as is_last_day_open,
        strata_within = 'study' as is_pooled
    from given_settings
    where
        match_ratio = 'all'
        and link_weight = 'equal'
        and not (
            escalation_from = 'programme_entry' and index_date_of_comparator = 'each_link'
        )
"""
# A window without an order follows the rows of the table, so a case has one number in both queries.
NUMBERED = "select row_number() over () - 1 as case_number, * from given_cases"
STRATA = """
    select
        cast(row_number() over (order by study_id, pool, stratum) - 1 as integer) as stratum_number,
        *
    from (
        select distinct
            cases.study_id,
            case when studies.is_pooled then '' else cases.la_code end as pool,
            cases.stratum
        from given_cases as cases
        inner join given_studies as studies using (study_id)
        where cases.arm = 'treated' and cases.stratum is not null
    )
"""
AS_NUMBERS = f"""
    select
        numbered.case_number,
        studies.study_number,
        strata.stratum_number,
        numbered.arm = 'treated' as is_treated,
        numbered.plan_start_date - date '1970-01-01' as start_day,
        case
            when numbered.arm = 'treated' then numbered.entry_date - date '1970-01-01'
            when numbered.closure_date is null then {STILL_OPEN}
            else
                numbered.closure_date - date '1970-01-01'
                - case when studies.is_last_day_open then 0 else 1 end
        end as last_day
    from given_numbered as numbered
    inner join given_studies as studies using (study_id)
    inner join given_strata as strata
        on
            numbered.study_id = strata.study_id
            and numbered.stratum = strata.stratum
            and case when studies.is_pooled then '' else numbered.la_code end = strata.pool
    where
        numbered.plan_start_date is not null
        and (numbered.arm != 'treated' or numbered.entry_date is not null)
"""
FOUND = f"""
    select
        numbered.study_id,
        numbered.la_code,
        numbered.case_id,
        numbered.arm,
        found.weight,
        found.n_comparators,
        case
            when found.first_entry_day != {NO_DAY}
                then date '1970-01-01' + found.first_entry_day
        end as first_entry_date
    from given_numbered as numbered
    inner join given_found as found using (case_number)
"""
VIEWS = {"given_studies": STUDIES, "given_numbered": NUMBERED, "given_strata": STRATA}


def caliper_weights(
    connection: duckdb.DuckDBPyConnection,
    cases: duckdb.DuckDBPyRelation,
    settings: duckdb.DuckDBPyRelation,
) -> duckdb.DuckDBPyRelation:
    """One row per matched case of each study with more links than it keeps (`links_kept_up_to`).

    `cases` is int_matchable_cases, `settings` int_study_settings, both of `connection`. Has
    study_id, la_code, case_id, arm, weight (1 for a treated case), n_comparators (treated cases)
    and first_entry_date (comparators: the earliest entry among the cases they serve). No pair is
    made: Python holds about 20 bytes a case, and 60 for each of those of one lot of strata.
    """
    for name, relation in {"given_cases": cases, "given_settings": settings}.items():
        connection.register(name, relation)
    for name, query in VIEWS.items():
        connection.execute(f"create or replace temp view {name} as {query}")
    columns: dict[str, Any] = connection.sql(AS_NUMBERS).fetchnumpy()
    for name in ("start_day", "last_day", "stratum_number"):
        columns[name] = np.asarray(columns[name]).astype(np.int32)
    parts = [_none()]
    studies = connection.sql("from given_studies").df()
    for _, group in studies.groupby(CALIPER, sort=True):
        length, is_in_months, is_symmetric = group[CALIPER].iloc[0]
        parts += _weights(columns, Caliper(length, is_in_months, is_symmetric), group)
    connection.register("given_found", pd.concat(parts, ignore_index=True))
    return connection.sql(FOUND).execute()


def _weights(columns: dict[str, Any], caliper: Caliper, studies: pd.DataFrame) -> list[Any]:
    """The cases of those of the studies that have more links than they keep."""
    is_treated = columns["is_treated"]
    is_own = np.isin(columns["study_number"], studies["study_number"])
    treated, comparators = (_rows(columns, is_own & arm) for arm in (is_treated, ~is_treated))
    numbers = comparator_numbers(_cases(treated), _cases(comparators), caliper)
    n_links = np.bincount(
        treated["study_number"], numbers, minlength=int(studies["study_number"].max()) + 1
    )
    kept = studies["links_kept_up_to"].to_numpy()
    many = studies["study_number"][n_links[studies["study_number"]] > kept]
    if many.empty:
        return []
    is_many = np.isin(treated["study_number"], many)
    numbers = numbers[is_many]
    treated = _rows(treated, is_many)
    comparators = _rows(comparators, np.isin(comparators["study_number"], many))
    arms = _cases(treated), _cases(comparators)
    weights = comparator_weights(*arms, caliper, numbers)
    entries = first_entries(*arms, caliper)
    return [
        _part(treated["case_number"][numbers > 0], 1.0, numbers[numbers > 0], NO_DAY),
        _part(
            comparators["case_number"][weights > 0],
            weights[weights > 0],
            None,
            entries[weights > 0],
        ),
    ]


def _rows(columns: dict[str, Any], chosen: Any) -> dict[str, Any]:
    return {name: np.asarray(values[chosen]) for name, values in columns.items()}


def _cases(columns: dict[str, Any]) -> Cases:
    return Cases(columns["stratum_number"], columns["start_day"], columns["last_day"])


def _part(case_number: Any, weight: Any, n_comparators: Any, first_entry_day: Any) -> pd.DataFrame:
    part = pd.DataFrame({"case_number": np.asarray(case_number, np.int64)})
    part["weight"] = np.asarray(weight, float) if np.ndim(weight) else float(weight)
    part["n_comparators"] = pd.array(
        [None] * len(part) if n_comparators is None else n_comparators, dtype="Int64"
    )
    part["first_entry_day"] = (
        np.int32(first_entry_day) if np.ndim(first_entry_day) == 0 else first_entry_day
    )
    return part


def _none() -> pd.DataFrame:
    """No case, with every column typed."""
    nobody = np.empty(0, np.int64)
    return _part(nobody, 1.0, nobody, NO_DAY)
