"""What the released tables of monitoring, quality, study files and costs give away: nothing that is
hidden, neither through their margins nor in their words."""

import re
from collections.abc import Iterator

import duckdb
import pandas as pd
import pytest
from scipy.optimize import linprog

from projects import Project

Figure = tuple[str, int, str, str, str]

KEY = ["la_code", "year", "measure", "breakdown", "level"]
# Sums that every reader of the measures' definitions knows: whole, parts, parts of the year before.
SUMS = [
    ("referrals", {"nfa_referrals": 1, "not_in_need_referrals": 1, "started_episodes": 1}, {}),
    ("any_point_episodes", {"ended_episodes": 1, "open_episodes": 1}, {}),
    ("cin_plans_open", {"cin_plans_started": 1, "cin_plans_ended": -1}, {"cin_plans_open": 1}),
    ("cp_plans_open", {"cp_plans_started": 1, "cp_plans_ended": -1}, {"cp_plans_open": 1}),
    (
        "care_periods_open",
        {"care_periods_started": 1, "care_periods_ended": -1},
        {"care_periods_open": 1},
    ),
]
TEXTS = {"because", "reason", "status_reason", "disclosure_reason", "carried_reason"}
TABLES = [
    "monitoring",
    "monitoring_comparison",
    "load_log",
    "delivery_changes",
    "expectation_results",
    "rule_scorecard",
    "fitness_for_analysis",
    "fitness_for_outcomes",
    "risk_changes",
    "risk_distributions",
    "risk_prevalence",
    "sdq_comparison",
    "attendance_flow",
    "areas",
    "primary_needs",
    "staff_stress",
    "staff_stress_distribution",
    "programme_costs",
    "counterfactual_costs",
    "return_on_investment",
    "cost_per_case",
    "individual_benefits",
    "rereferral_savings",
    "escalation_savings",
]
# A number by itself: no part of a date, a code or a name.
NUMBER = re.compile(r"(?<![\w.,-])\d+(?![\w-]|[.,]\d)")


@pytest.fixture(scope="module")
def tables(built: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    """Release tables beside the figures that they hide."""
    with built.warehouse() as connection:
        yield connection


@pytest.fixture
def smallest(tables: duckdb.DuckDBPyConnection) -> int:
    """The smallest count that the profile of the build shows."""
    row = tables.execute("select smallest_count from int_release_profile").fetchone()
    assert row is not None
    return int(row[0])


def test_no_small_count_follows_from_the_margins_of_monitoring(
    tables: duckdb.DuckDBPyConnection, smallest: int
) -> None:
    released = _counts(_read(tables, "select * from rpt_monitoring where status = 'ok'"))
    true = _true_counts(tables)
    hidden_small = [key for key, n in true.items() if 0 < n < smallest]
    assert len(hidden_small) >= 20, "too few small counts to attack"
    assert [key for key in hidden_small if released[key] is not None] == []
    assert _recovered(released, true, hidden_small) == []


def test_the_attack_finds_small_counts_where_nothing_protects_them(
    tables: duckdb.DuckDBPyConnection, smallest: int
) -> None:
    true = _true_counts(tables)
    small = [key for key, n in true.items() if 0 < n < smallest]
    careless = {key: None if key in small else n for key, n in true.items()}
    assert len(_recovered(careless, true, small)) > 0


def test_much_of_monitoring_is_released_and_true_zeros_are_zeros(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    shown = _read(
        tables,
        """
        select released.n, told.n as true_n, told.breakdown = 'total' as is_total, disclosure
        from rpt_monitoring as released
        inner join fct_monitoring as told using (la_code, year, measure, breakdown, level)
        where told.status = 'ok'
        """,
    )
    assert (shown.disclosure == "shown").mean() > 0.5
    assert (shown.disclosure[shown.is_total] == "shown").mean() > 0.7
    assert (shown.n[shown.true_n == 0] == 0).mean() > 0.9


def test_hidden_rows_hold_no_figure_and_say_why(tables: duckdb.DuckDBPyConnection) -> None:
    table = _read(tables, "select * from rpt_monitoring")
    is_shown = table.disclosure == "shown"
    assert table.n[is_shown].notna().all()
    assert table.loc[~is_shown, ["n", "denominator", "value"]].isna().all(axis=None)
    assert table.disclosure_reason[~is_shown].notna().all()


@pytest.mark.parametrize("name", TABLES)
def test_no_text_tells_a_hidden_count(tables: duckdb.DuckDBPyConnection, name: str) -> None:
    hidden = _read(
        tables,
        """
        select distinct counts.n
        from int_release_cells as counts
        inner join py_release_decisions as decisions using (scope, cell_id)
        where decisions.disclosure != 'shown' and counts.n > 0
        """,
    )
    numbers = {str(n) for n in hidden.n}
    table = _read(tables, f"select * from rpt_{name}")
    for column in TEXTS & set(table.columns):
        for text in table[column].dropna():
            assert numbers.isdisjoint(NUMBER.findall(text)), f"{name}.{column} tells a number"


@pytest.mark.parametrize("name", TABLES)
def test_every_count_is_large_enough(
    tables: duckdb.DuckDBPyConnection, smallest: int, name: str
) -> None:
    table = _read(tables, f"select * from rpt_{name}")
    counts = [c for c in map(str, table.select_dtypes("number")) if c == "n" or c.startswith("n_")]
    if name == "expectation_results":
        table = table[table.suite != "delivery"]
        counts = ["unexpected_count", "element_count"]
    for column in counts:
        numbers = table[column].dropna()
        assert ((numbers == 0) | (numbers >= smallest)).all(), column


def test_files_still_balance(tables: duckdb.DuckDBPyConnection) -> None:
    log = _read(tables, "select * from rpt_load_log")
    fates = ["n_loaded", "n_quarantined", "n_duplicate", "n_superseded", "n_opted_out"]
    whole = log[log.disclosure == "shown"]
    assert len(whole) > 0
    assert (whole[fates].sum(axis=1) == whole.n_read).all()
    hidden = log[["n_read", *fates]].isna().sum(axis=1)
    assert (hidden != 1).all(), "one hidden count of a file follows from the others"


def test_no_child_and_no_single_score_is_in_a_release_table(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    columns = _read(
        tables,
        """
        select table_name, column_name from information_schema.columns
        where table_name like 'rpt_%'
        """,
    )
    singled_out = {"child_id", "case_id", "record_id", "family_id", "pupil_id", "file_key"}
    singled_out |= {"minimum", "maximum", "lower_whisker", "upper_whisker", "outlier_values"}
    assert columns[columns.column_name.isin(singled_out)].empty


def _read(tables: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    return tables.sql(query).df()


def _counts(table: pd.DataFrame) -> dict[Figure, int | None]:
    numbers = [None if pd.isna(n) else int(n) for n in table.n]
    return dict(zip(table[KEY].itertuples(index=False, name=None), numbers, strict=True))


def _true_counts(tables: duckdb.DuckDBPyConnection) -> dict[Figure, int]:
    counts = _counts(_read(tables, "select * from fct_monitoring where status = 'ok'"))
    return {key: n for key, n in counts.items() if n is not None}


def _recovered(
    released: dict[Figure, int | None], true: dict[Figure, int], wanted: list[Figure]
) -> list[Figure]:
    """Which of the wanted counts have one possible value, given what is released and every sum that
    holds; a hidden count is at least 1, since zeros are shown."""
    found = []
    for la_code in sorted({key[0] for key in wanted}):
        own = {key: n for key, n in released.items() if key[0] == la_code}
        sums = [(whole, parts) for whole, parts in _sums(true) if whole[0] == la_code]
        found += _pinned_down(own, sums, [key for key in wanted if key[0] == la_code])
    return found


def _pinned_down(
    released: dict[Figure, int | None],
    sums: list[tuple[Figure, list[tuple[Figure, int]]]],
    wanted: list[Figure],
) -> list[Figure]:
    unknown = [key for key, n in released.items() if n is None]
    place = {key: column for column, key in enumerate(unknown)}
    matrix, right = [], []
    for whole, parts in sums:
        row, known = [0.0] * len(unknown), 0.0
        for key, coefficient in [(whole, -1), *parts]:
            if key in place:
                row[place[key]] += coefficient
            else:
                known += coefficient * (released[key] or 0)
        if any(row):
            matrix.append(row)
            right.append(-known)
    found = []
    for key in wanted:
        ends = []
        for sign in (1, -1):
            aim = [0.0] * len(unknown)
            aim[place[key]] = sign
            answer = linprog(aim, A_eq=matrix, b_eq=right, bounds=(1, None), method="highs")
            ends.append(sign * answer.fun if answer.status == 0 else sign * -1e9)
        if abs(ends[1] - ends[0]) < 1e-6:
            found.append(key)
    return found


def _sums(true: dict[Figure, int]) -> list[tuple[Figure, list[tuple[Figure, int]]]]:
    sums: list[tuple[Figure, list[tuple[Figure, int]]]] = []
    for la_code, year, measure in sorted({(key[0], key[1], key[2]) for key in true}):
        whole = (la_code, year, measure, "total", "total")
        for breakdown in {key[3] for key in true if key[:3] == whole[:3]} - {"total"}:
            parts = [key for key in true if key[:4] == (la_code, year, measure, breakdown)]
            sums.append((whole, [(key, 1) for key in parts]))
    for la_code, year in sorted({(key[0], key[1]) for key in true}):
        for measure, same_year, before in SUMS:
            terms = [((la_code, year, m, "total", "total"), c) for m, c in same_year.items()]
            terms += [((la_code, year - 1, m, "total", "total"), c) for m, c in before.items()]
            sums.append(((la_code, year, measure, "total", "total"), terms))
    for key in true:
        if key[2:4] == ("ended_episodes", "closure_reason"):
            closed = (key[0], key[1], "closures", key[3], key[4])
            sums.append((closed, [(key, 1)]))
    return [
        (whole, parts)
        for whole, parts in sums
        if whole in true
        and all(key in true for key, _ in parts)
        and true[whole] == sum(true[key] * coefficient for key, coefficient in parts)
    ]
