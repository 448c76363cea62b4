"""The same made-up children in every return format: the standard layer says the same of them as far
as the format carries it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from csc_outcomes.landing.identifiers import normalise_id, pseudonym
from csc_outcomes.synthetic.command import main
from csc_outcomes.synthetic.returns.carried import NOT_CARRIED, TABLES_NOT_CARRIED, carried
from csc_outcomes.synthetic.returns.deliver import Authority, returned_children, write_returns
from csc_outcomes.synthetic.returns.lives import PLACED_ON, Child
from csc_outcomes.synthetic.returns.tables import COLUMNS, standard_tables
from projects import ROOT, Project, copy_project

N_CHILDREN = 400
FIRST_YEAR, LAST_YEAR = 2020, 2024
LA_CODES = {
    "records": "S41",
    "cin_census": "S42",
    "ssd": "S43",
    "ssda903": "S44",
    "annex_a": "S45",
}
PSEUDONYMS = {"child_id": "child", "family_id": "family", "upn": "upn"}
PLANS_FROM = "2021-04-01"
STEPPED = "B07"
EPISODE_TABLES = ("assessments", "cin_plans", "section_47s", "cp_plans")
ABOVE_THE_STANDARD_LAYER = (
    *("models/intermediate", "models/marts", "models/semantic", "python/models"),
    *("analyses", "tests/singular"),
)
MODELS = ("std_cin_cases", "std_escalations", *(f"std_{name}" for name in COLUMNS))


@pytest.fixture(scope="module")
def children() -> list[Child]:
    return list(returned_children(N_CHILDREN, FIRST_YEAR, LAST_YEAR))


@pytest.fixture(scope="module")
def project(children: list[Child], tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The standard layer of one authority per format."""
    project = formats_project(children, tmp_path_factory.mktemp("formats"))
    result = project.dbt(
        "build",
        "--select",
        *(f"+{model}" for model in MODELS),
        "--exclude-resource-type",
        "test",
        "unit_test",
    )
    assert result.returncode == 0, result.stdout[-3000:]
    return project


@pytest.fixture(scope="module")
def warehouse(project: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of that build."""
    with project.warehouse() as connection:
        yield connection


def formats_project(children: list[Child], folder: Path) -> Project:
    """A project whose only deliveries are those of the children, one authority per format."""
    project = copy_project(folder, with_extracts=False)
    for part in ABOVE_THE_STANDARD_LAYER:  # need not be parsed
        shutil.rmtree(project.path / part)
    (project.path / "models" / "exposures.yml").unlink()
    for name, la_code in LA_CODES.items():
        place = project.path / "extracts" / f"synthetic_{name}"
        authority = Authority(la_code, f"Synthetic {la_code}")
        write_returns(children, [name], authority, FIRST_YEAR, LAST_YEAR, place)
    return project


@pytest.mark.parametrize("table", COLUMNS)
@pytest.mark.parametrize("name", LA_CODES)
def test_the_standard_layer_holds_what_the_format_carries(
    name: str,
    table: str,
    children: list[Child],
    warehouse: duckdb.DuckDBPyConnection,
    key: bytes,
) -> None:
    told = [carried(name, child, FIRST_YEAR, LAST_YEAR) for child in children]
    expected = standard_tables(child for child in told if child)[table]
    if table in TABLES_NOT_CARRIED.get(name, ()):
        expected = expected[:0]
    found = standard_rows(warehouse, table, LA_CODES[name])
    for column, kind in PSEUDONYMS.items():
        if column in expected:
            expected[column] = [
                _pseudonym(key, LA_CODES[name], kind, text) for text in expected[column]
            ]
    columns = [c for c in COLUMNS[table] if c not in NOT_CARRIED[name].get(table, ())]
    assert _rows(found[columns]) == _rows(expected[columns])


CASE_COLUMNS = (
    *("referral_date", "plan_start_date", "closure_date", "closure_reason_code"),
    *("primary_need_code", "sex_code", "ethnicity_code", "n_previous_referrals"),
)


def test_cases_and_escalations_are_the_same_from_tables_and_records(
    children: list[Child], warehouse: duckdb.DuckDBPyConnection, key: bytes
) -> None:
    cases = {name: _cases(warehouse, name, children, key) for name in ("records", "ssd")}
    assert len(cases["records"]) > 100
    assert cases["ssd"] == cases["records"]
    escalations = {name: _escalations(warehouse, name, children, key) for name in cases}
    assert {row[2] for row in escalations["records"]} == {"cp", "lac"}
    assert escalations["ssd"] == escalations["records"]


def test_cases_of_the_census_are_the_same_where_it_saw_them_whole(
    children: list[Child], warehouse: duckdb.DuckDBPyConnection, key: bytes
) -> None:
    """Plans came into the census in 2021-22, and care is not in it."""
    in_care = {child.child_id for child in children if child.care}

    def whole(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
        return [row for row in rows if row[0] not in in_care and row[1] >= PLANS_FROM]

    cases = {name: _cases(warehouse, name, children, key) for name in ("records", "cin_census")}
    assert len(whole(cases["records"])) > 50
    assert whole(cases["cin_census"]) == whole(cases["records"])


@pytest.mark.parametrize("name", ["records", "ssd", "cin_census"])
def test_a_plan_that_turns_into_protection_is_a_switch(
    name: str, children: list[Child], warehouse: duckdb.DuckDBPyConnection, key: bytes
) -> None:
    """The first plan ends with an escalation, not a closure; the plan after it is a case."""
    stepped = [row for row in _cases(warehouse, name, children, key) if row[0] == STEPPED]
    year = LAST_YEAR
    assert [row[2:5] for row in stepped] == [
        (f"{year - 2}-07-04", "None", "None"),
        (f"{year - 1}-07-14", f"{year - 1}-12-01", "RC7"),
    ]
    escalated = [r for r in _escalations(warehouse, name, children, key) if r[0] == STEPPED]
    assert escalated == [(STEPPED, f"{year - 2}-07-04", "cp", f"{year - 2}-09-23")]


def test_every_file_of_every_format_lands(project: Project) -> None:
    log = pd.read_parquet(project.path / "landing" / "load_log")
    assert set(log["format"]) == set(LA_CODES)
    assert log.loc[log["status"] == "refused", ["file_name", "reason"]].values.tolist() == []


def test_the_same_seed_gives_the_same_children_however_many() -> None:
    few = list(returned_children(60, FIRST_YEAR, LAST_YEAR))
    more = list(returned_children(80, FIRST_YEAR, LAST_YEAR))
    assert more[:60] == few
    assert list(returned_children(60, FIRST_YEAR, LAST_YEAR, seed=1)) != few


def test_made_up_lives_keep_to_the_rules_of_the_census() -> None:
    for child in returned_children(2_000, FIRST_YEAR, LAST_YEAR):
        for earlier, later in pairwise(e for e in child.episodes if not e.is_nfa):
            assert earlier.close is not None
            assert earlier.close < later.referral  # rules 8815, 8820
        for e in child.episodes:
            ends = [a.authorised for a in e.assessments] + [p.end for p in e.cin_plans]
            ends += [p.end for p in e.cp_plans] + [s.icpc for s in e.section_47s]
            if e.close is not None:
                assert all(end <= e.close for end in ends if end)  # rule 8565
            assert all(s.icpc.weekday() < 5 for s in e.section_47s if s.icpc)  # rule 8875
            spells = sorted((p.start, p.end or date.max) for p in (*e.cin_plans, *e.cp_plans))
            own = all(not p.is_other_authority for p in e.cp_plans)
            assert not own or all(a[1] <= b[0] for a, b in pairwise(spells))  # rules 4014-4017
        for period in child.care:
            assert all(a.end == b.start for a, b in pairwise(period.episodes))
            assert [e.end_reason == PLACED_ON for e in period.episodes][:-1] == [True] * (
                len(period.episodes) - 1
            )


def test_the_committed_authority_is_what_the_command_makes(tmp_path: Path) -> None:
    """The command of extracts/README.md."""
    committed = ROOT / "extracts" / "synthetic_anytown"
    arguments = "--mode returns --format cin_census --format ssda903 --children 500"
    arguments += " --first-year 2022 --la-code S33"
    made = ["--la-name", "Synthetic Anytown", "--out", str(tmp_path)]
    assert main([*arguments.split(), *made]) == 0
    files = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.*"))
    assert len(files) == 18
    for file in files:
        assert (committed / file).read_bytes() == (tmp_path / file).read_bytes(), file


def _cases(
    warehouse: duckdb.DuckDBPyConnection, name: str, children: list[Child], key: bytes
) -> list[tuple[str, ...]]:
    sql = f"select child_id, {', '.join(CASE_COLUMNS)} from std_cin_cases where la_code = $1"
    return _plain_rows(warehouse.execute(sql, [LA_CODES[name]]).df(), name, children, key)


def _escalations(
    warehouse: duckdb.DuckDBPyConnection, name: str, children: list[Child], key: bytes
) -> list[tuple[str, ...]]:
    sql = """
        select c.child_id, c.plan_start_date, e.escalation_type, e.escalation_date
        from std_escalations as e join std_cin_cases as c using (la_code, case_id)
        where e.la_code = $1
    """
    return _plain_rows(warehouse.execute(sql, [LA_CODES[name]]).df(), name, children, key)


def _plain_rows(
    table: pd.DataFrame, name: str, children: list[Child], key: bytes
) -> list[tuple[str, ...]]:
    """Rows with the children's own ids in the place of pseudonyms."""
    plain = {_pseudonym(key, LA_CODES[name], "child", c.child_id): c.child_id for c in children}
    return _rows(table.assign(child_id=table["child_id"].map(plain)))


def standard_rows(warehouse: duckdb.DuckDBPyConnection, table: str, la_code: str) -> pd.DataFrame:
    """Rows of a standard table of one authority, with the referral's day instead of the episode."""
    sql = f"select * from std_{table} where la_code = $1"
    if table in EPISODE_TABLES:
        sql = (
            f"select t.*, e.referral_date from std_{table} as t "
            "left join std_cin_episodes as e using (la_code, child_id, episode_id) "
            "where t.la_code = $1"
        )
    if table == "assessment_factors":
        sql = (
            "select f.*, a.start_date from std_assessment_factors as f "
            "join std_assessments as a using (la_code, assessment_id) where f.la_code = $1"
        )
    return warehouse.execute(sql, [la_code]).df()


def _pseudonym(key: bytes, la_code: str, kind: str, text: str | None) -> str | None:
    identifier = normalise_id(text)[0] if text else None
    return pseudonym(key, la_code, kind, identifier) if identifier else None


def _rows(table: pd.DataFrame) -> list[tuple[str, ...]]:
    """All rows as text, in order; a day is its ISO text, what isn't there 'None'."""
    return sorted(tuple(_text(value) for value in row) for row in table.itertuples(index=False))


def _text(value: object) -> str:
    if value is None or pd.isna(value):
        return "None"
    if hasattr(value, "isoformat"):
        return value.isoformat()[:10]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
