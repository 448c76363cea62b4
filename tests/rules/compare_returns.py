"""Puts what the reference makes of returns beside what the standard tables make of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import duckdb

from compare import Comparison, case_id_of, empty, fill
from csc_outcomes.landing.identifiers import pseudonym
from csc_outcomes.landing.keys import find_demonstration_key
from projects import ROOT
from return_reference import NOT_IN_NEED, Need, Rereferral, Returned, extract_of, rereferrals
from returns import KINDS

# What is read besides what outcomes are compared by.
READ = ("int_episode_rereferrals", "int_episode_counted_referrals", "std_family_records")
RECORDS = {
    "episodes": "std_cin_episode_records",
    "cin_plans": "std_cin_plan_records",
    "cp_plans": "std_cp_plan_records",
    "care_episodes": "std_care_episode_records",
    "cin_spells": "std_cin_spell_records",
    "families": "std_family_records",
}
CHILD = ("la_code", "child_id")
TABLES = {
    "fates": (("la_code", "kind", "delivery", "place"), ("fate",)),
    "needs": (
        (*CHILD, "referral_date"),
        (
            *("is_referral_date_assumed", "is_nfa", "primary_need_code"),
            *("closure_date", "closure_reason_code", "delivery", "place"),
        ),
    ),
    "cases": (
        (*CHILD, "plan_start_date"),
        (
            *("case_id", "family_id", "referral_date", "closure_date", "closure_reason_code"),
            *("primary_need_code", "n_previous_referrals", "is_outcome_known", "made_of"),
            *("delivery", "place"),
        ),
    ),
    "chains": ((*CHILD, "plan_start_date"), ("end_date", "escalated_date", "n_plans")),
    "starts": ((*CHILD, "escalation_type", "escalation_date"), ("end_date",)),
    "history": ((*CHILD, "referral_date"), ("is_nfa", "is_closed_without_need")),
    "escalations": ((*CHILD, "plan_start_date", "escalation_type", "escalation_date"), ()),
    "rereferrals": ((*CHILD, "referral_date", "preset"), ("clock_date", "is_rereferral")),
    "counts": (("la_code", "year", "measure", "definition"), ("n",)),
}
FOUND = {
    "fates": " union all ".join(
        f"select la_code, '{kind}' as kind, delivery, source_row_number as place, fate"
        f" from {table} as r"
        for kind, table in RECORDS.items()
    ),
    "needs": """
        select
            la_code, child_id, referral_date, is_referral_date_assumed, is_nfa, primary_need_code,
            close_date as closure_date, close_reason_code as closure_reason_code, l.delivery,
            e.source_row_number as place
        from std_cin_episodes as e
        left join (select file_key, delivery from stg_landing__load_log) as l using (file_key)
    """,
    "cases": """
        select c.*, l.delivery, c.source_row_number as place
        from std_return_cases as c
        left join (select file_key, delivery from stg_landing__load_log) as l using (file_key)
    """,
    "chains": """
        select la_code, child_id, start_date as plan_start_date, end_date, escalated_date, n_plans
        from std_plan_chains as c
    """,
    "starts": "select * from std_escalation_starts as s",
    "history": "select * from int_episode_history as h",
    "escalations": """
        select c.la_code, c.child_id, c.plan_start_date, e.escalation_type, e.escalation_date
        from std_escalations as e inner join std_return_cases as c using (la_code, case_id)
    """,
    "rereferrals": """
        select la_code, child_id, referral_date, preset, clock_date, is_rereferral
        from int_episode_rereferrals as r
    """,
    "counts": """
        select
            la_code, year, measure, coalesce(definition, '') as definition, count(*) as n
        from int_episode_counted_referrals as c
        where
            measure in ('referrals', 'referred_children', 'rereferrals', 'rereferred_children')
        group by all
    """,
}
COMPARED: dict[str, Comparison] = {
    table: (FOUND[table], f"told_{table}", *TABLES[table]) for table in TABLES
}


def expect(connection: duckdb.DuckDBPyConnection, authorities: Iterable[Returned]) -> None:
    """Fills the tables told_* with what the reference makes of authorities' returns."""
    key = find_demonstration_key(ROOT / "extracts")
    assert key is not None
    rows: dict[str, list[tuple]] = {table: [] for table in TABLES}
    for returned in authorities:
        for table, found in _rows(returned, key).items():
            rows[table] += found
    for table, (keys, values) in TABLES.items():
        connection.execute(empty(f"told_{table}", (*keys, *values)))
        fill(connection, f"told_{table}", (*keys, *values), rows[table])


def _rows(returned: Returned, key: bytes) -> dict[str, list[tuple]]:
    la_code = returned.authority.la_code
    extract = extract_of(returned)
    children = {t.record.child for t in returned.records}
    ids = {child: pseudonym(key, la_code, "child", child) for child in children}
    needs = [need for mine in returned.needs.values() for need in mine]
    again = [one for mine in returned.needs.values() for one in rereferrals(mine)]
    cases = []
    for case, listed in zip(returned.cases, extract.cases, strict=True):
        family = case.family and pseudonym(key, la_code, "family", case.family)
        opened = (case.n_earlier, case.is_outcome_known, case.made_of)
        need = case.episode.need if case.episode else None
        opened = (*opened, case.source.delivery.name, case.source.place)
        said = (case.referral, case.closure, case.reason, need, *opened)
        case_id = case_id_of(key, extract, listed)
        cases.append((la_code, ids[case.child], case.start, case_id, family, *said))
    return {
        "fates": [
            (la_code, t.kind, t.delivery.name, t.place, t.fate)
            for t in returned.records
            if t.kind in KINDS
        ],
        "needs": [
            (
                *(la_code, ids[n.child], n.day, n.is_assumed, n.is_nfa, n.need, n.closure),
                *(n.reason, n.source.delivery.name, n.source.place),
            )
            for n in needs
        ],
        "cases": cases,
        "chains": [
            (la_code, ids[c.child], c.start, c.plans_end, c.escalated, c.n_plans)
            for c in returned.cases
            if c.made_of == "plans"
        ],
        "starts": [
            (la_code, ids[child], start.kind, start.day, start.end)
            for child, starts in returned.starts.items()
            for start in starts
        ],
        "history": [
            (la_code, ids[n.child], n.day, bool(n.is_nfa), n.reason in NOT_IN_NEED) for n in needs
        ],
        "escalations": [
            (la_code, ids[listed.child], listed.start, kind, day)
            for listed in extract.cases
            for kind, days in (("cp", listed.cp_days), ("lac", listed.lac_days))
            for day in days
        ],
        "rereferrals": [
            (la_code, ids[o.need.child], o.need.day, o.preset, o.clock, o.is_rereferral)
            for o in again
        ],
        "counts": [(la_code, *row) for row in counted(needs, again)],
    }


def counted(needs: Sequence[Need], again: Iterable[Rereferral]) -> Iterator[tuple]:
    """Referrals and re-referrals of each year that ends on 31 March, and the children they are of;
    "rereferrals counts referrals, rereferred_children children"."""
    rows: list[tuple[str, str, Need]] = [("referrals", "", n) for n in needs if not n.is_assumed]
    children = [("referred_children", "", n) for n in needs if not n.is_assumed]
    for one in again:
        if one.is_rereferral and not one.need.is_assumed:
            definition = "" if one.preset == "dfe" else one.preset
            rows.append(("rereferrals", definition, one.need))
            children.append(("rereferred_children", definition, one.need))

    def year(need: Need) -> int:
        return need.day.year + ((need.day.month, need.day.day) >= (4, 1))

    counts = Counter((year(need), measure, definition) for measure, definition, need in rows)
    heads = {
        (year(need), measure, definition, need.child) for measure, definition, need in children
    }
    counts.update((y, measure, definition) for y, measure, definition, _ in heads)
    yield from ((*key, n) for key, n in counts.items())
