"""Puts what the reference says beside what the marts say, in one batch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

import duckdb
import pyarrow as pa

from csc_outcomes.landing.identifiers import pseudonym
from csc_outcomes.landing.keys import find_demonstration_key
from episodes import Case, Extract
from projects import ROOT
from reference import judge, rereferrals_of_cases
from rule_studies import Study

# What each table has for a case of a study, by its key; `found` reads it from the marts.
TABLES = {
    "outcomes": (
        ("study_id", "la_code", "row_number", "outcome"),
        ("arm", "value", "event_date", "origin_date", "is_censored", "observed_until_date"),
    ),
    "eligibility": (
        ("study_id", "la_code", "row_number"),
        ("arm", "entry_date", "ineligible_reason", "is_date_assumed", "is_undated"),
    ),
    "endings": (
        ("study_id", "la_code", "row_number", "clock"),
        ("entry_days", "time_days", "is_censored", "ended_by", "ended_on"),
    ),
    "exposure": (
        ("study_id", "la_code", "row_number"),
        ("at_risk_days", "closed_at_risk_days"),
    ),
    "rereferred": (("study_id", "la_code", "row_number"), ("rereferred_on",)),
    "referrals": (("la_code", "row_number", "referral_date", "is_rereferral"), ()),
    "links": (
        ("study_id", "la_code", "row_number", "comparator_la_code", "comparator_row_number"),
        ("gap_days",),
    ),
}
TYPES = {
    "row_number": pa.int64(),
    "comparator_row_number": pa.int64(),
    "gap_days": pa.int64(),
    "value": pa.float64(),
    "event_date": pa.date32(),
    "origin_date": pa.date32(),
    "entry_date": pa.date32(),
    "observed_until_date": pa.date32(),
    "is_censored": pa.bool_(),
    "is_date_assumed": pa.bool_(),
    "is_undated": pa.bool_(),
    "entry_days": pa.int64(),
    "time_days": pa.int64(),
    "ended_on": pa.int64(),
    "at_risk_days": pa.int64(),
    "closed_at_risk_days": pa.int64(),
    "place": pa.int64(),
    "n": pa.int64(),
    "year": pa.int64(),
    "n_previous_referrals": pa.int64(),
    "plan_start_date": pa.date32(),
    "referral_date": pa.date32(),
    "closure_date": pa.date32(),
    "escalation_date": pa.date32(),
    "escalated_date": pa.date32(),
    "end_date": pa.date32(),
    "n_plans": pa.int64(),
    "is_closed_without_need": pa.bool_(),
    "clock_date": pa.date32(),
    "rereferred_on": pa.date32(),
    "is_nfa": pa.bool_(),
    "is_rereferral": pa.bool_(),
    "is_referral_date_assumed": pa.bool_(),
    "is_outcome_known": pa.bool_(),
}
FOUND = {
    "outcomes": """
        select
            o.study_id, o.la_code, c.row_number, o.outcome, o.arm, o.value, o.event_date,
            o.origin_date, o.is_censored, o.observed_until_date
        from int_case_outcomes as o inner join case_rows as c using (la_code, case_id)
    """,
    "eligibility": """
        select
            e.study_id, e.la_code, c.row_number, e.arm, e.entry_date, e.ineligible_reason,
            coalesce(u.is_escalation_date_assumed, false) as is_date_assumed,
            coalesce(u.is_escalation_undated, false) as is_undated
        from int_study_eligibility as e inner join case_rows as c using (la_code, case_id)
        left join int_undated_escalations as u using (study_id, la_code, case_id)
    """,
    "endings": """
        select
            k.study_id, k.la_code, c.row_number, k.clock, k.entry_days, k.time_days, k.is_censored,
            e.ended_by, e.time_days as ended_on
        from int_case_clocks as k inner join case_rows as c using (la_code, case_id)
        left join int_competing_ends as e using (study_id, la_code, case_id, clock)
    """,
    "exposure": """
        select
            w.study_id, w.la_code, c.row_number, sum(w.at_risk_days) as at_risk_days,
            sum(w.closed_at_risk_days) as closed_at_risk_days
        from int_rereferral_windows as w inner join case_rows as c using (la_code, case_id)
        group by all having sum(w.at_risk_days) > 0
    """,
    "rereferred": """
        select
            r.study_id, r.la_code, c.row_number, r.rereferral_after_closure_date as rereferred_on
        from int_rereferrals_after_closure as r inner join case_rows as c using (la_code, case_id)
    """,
    "referrals": """
        select r.la_code, c.row_number, r.referral_date, r.is_rereferral
        from std_referrals as r inner join case_rows as c using (la_code, case_id)
    """,
    "links": """
        select
            p.study_id, p.la_code, t.row_number, p.comparator_la_code,
            c.row_number as comparator_row_number, p.gap_days
        from int_matched_pairs as p
        inner join case_rows as t on p.la_code = t.la_code and p.treated_case_id = t.case_id
        inner join case_rows as c
            on p.comparator_la_code = c.la_code and p.comparator_case_id = c.case_id
    """,
}
# What was found, by SQL; the table of what is expected; its keys, and what stands beside them.
Comparison = tuple[str, str, Sequence[str], Sequence[str]]
COMPARED: dict[str, Comparison] = {
    table: (FOUND[table], f"expected_{table}", *TABLES[table]) for table in TABLES
}


def columns_of(table: str) -> tuple[str, ...]:
    keys, values = TABLES[table]
    return keys + values


def expect(
    connection: duckdb.DuckDBPyConnection,
    studies: Iterable[Study],
    extracts: Mapping[str, Extract],
) -> int:
    """Fills the tables expected_* with the reference's answers; how many cases it judged, a case
    in two configurations counting twice."""
    name_cases(connection, extracts)
    for table in TABLES:
        connection.execute(empty(f"expected_{table}", columns_of(table)))
    n_judged = 0
    for study in studies:
        rows: dict[str, list[tuple]] = {table: [] for table in TABLES}
        for study_id, judged in judge(study, extracts):
            n_judged += 1
            key = (study_id, judged.case.la_code, judged.case.row)
            reason = judged.ineligible_reason
            rows["eligibility"].append((*key, judged.arm, judged.entry, reason, *judged[8:10]))
            for o in judged.outcomes:
                rows["outcomes"].append((*key, o[0], judged.arm, o[1], o[2], o[3], o[4], o[5]))
            rows["endings"] += [(*key, *ending) for ending in judged.endings]
            rows["links"] += [
                (*key, other.la_code, other.row, (other.start - judged.case.start).days)
                for other in judged.comparators
            ]
            if judged.rereferred_on:
                rows["rereferred"].append((*key, judged.rereferred_on))
            if judged.at_risk_days > 0:
                rows["exposure"].append((*key, judged.at_risk_days, judged.closed_at_risk_days))
        for table, found in rows.items():
            _insert(connection, table, found)
    _insert(connection, "referrals", [row for e in extracts.values() for row in referrals_of(e)])
    return n_judged


def referrals_of(extract: Extract) -> Iterator[tuple]:
    """The original referral of each case, and each one that is counted as its re-referral."""
    for case, again in zip(extract.cases, rereferrals_of_cases(extract), strict=True):
        key = (extract.la_code, case.row)
        if case.referral:
            yield (*key, case.referral, False)
        yield from ((*key, day, True) for day in again)


def name_cases(connection: duckdb.DuckDBPyConnection, extracts: Mapping[str, Extract]) -> None:
    """The table case_rows: the pseudonym of each case, made as the door makes it."""
    key = find_demonstration_key(ROOT / "extracts")
    assert key is not None
    named = [
        (extract.la_code, case_id_of(key, extract, case), case.row, case.name)
        for extract in extracts.values()
        for case in extract.cases
    ]
    columns = ("la_code", "case_id", "row_number", "case_name")
    batch = pa.table(dict(zip(columns, zip(*named, strict=True), strict=True)))
    connection.register("batch", batch)
    connection.execute("create or replace temp table case_rows as from batch")
    connection.unregister("batch")


def case_id_of(key: bytes, extract: Extract, case: Case) -> str:
    """ "Where the source has no case id it is made from the child and the plan's start date"."""
    if not extract.is_returned:
        return pseudonym(key, extract.la_code, "case", case.name)
    child = pseudonym(key, extract.la_code, "child", case.child)
    return hashlib.md5(f"{extract.la_code}|{child}|{case.start}".encode()).hexdigest()


def empty(table: str, names: Iterable[str]) -> str:
    """SQL that makes a table with columns of these names."""
    described = ", ".join(f"{name} {_sql_type(name)}" for name in names)
    return f"create or replace temp table {table} ({described})"


def _sql_type(name: str) -> str:
    kinds = {pa.int64(): "bigint", pa.float64(): "double", pa.date32(): "date"}
    kinds[pa.bool_()] = "boolean"
    return kinds.get(TYPES.get(name), "varchar")


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[tuple]) -> None:
    fill(connection, f"expected_{table}", columns_of(table), rows)


def fill(
    connection: duckdb.DuckDBPyConnection, table: str, names: Sequence[str], rows: list[tuple]
) -> None:
    """Adds rows to a table that has columns of these names."""
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    batch = pa.table(
        {
            name: pa.array(values, TYPES.get(name, pa.string()))
            for name, values in zip(names, columns, strict=True)
        }
    )
    connection.register("batch", batch)
    connection.execute(f"insert into {table} select * from batch")
    connection.unregister("batch")


def between(found: str, expected: str, keys: Sequence[str], values: Sequence[str]) -> str:
    """SQL for the keys on which what was found and what is expected differ."""

    def differ(column: str) -> str:
        if column == "value":
            near = "abs(found.value - expected.value) < 1e-9"
            return f"not coalesce({near}, found.value is null and expected.value is null)"
        return f"found.{column} is distinct from expected.{column}"

    named = ", ".join(f"case when {differ(column)} then '{column}' end" for column in values)
    named = f"concat_ws(', ', {named or 'null'})"
    both = [f"found.{column} as found_{column}, expected.{column}" for column in values]
    absent = [f"{side}.{keys[0]} is null" for side in ("found", "expected")]
    missing = f"case when expected.{keys[0]} is null then 'extra' "
    missing += f"when found.{keys[0]} is null then 'missing' end"
    once = f"select {', '.join(keys)}, 'twice' as differs from ({found})"
    return f"""
        {once} group by {", ".join(keys)} having count(*) > 1
        union all by name
        select {", ".join([*keys, f"coalesce({missing}, {named}) as differs", *both])}
        from ({found}) as found
        full join {expected} as expected using ({", ".join(keys)})
        where {" or ".join([*absent, *map(differ, values)])}
    """


def differences(
    connection: duckdb.DuckDBPyConnection, compared: Mapping[str, Comparison] | None = None
) -> dict[str, int]:
    """How many rows of each table differ, with nothing said of a single one."""
    return {
        table: connection.execute(f"select count(*) from ({between(*how)})").fetchall()[0][0]
        for table, how in (compared or COMPARED).items()
    }
