"""A randomised trial by configuration: whose notes are coded, what is found, whose need counts."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping

import duckdb
import pandas as pd
import pytest

from projects import ROOT, Project

CODINGS = ROOT / "extracts" / "synthetic_coventry" / "2019-11-study-files" / "risk_codings.csv"
CHAIN = (
    "int_counted_needs",
    "fct_primary_needs",
    "int_risk_draw_order",
    "fct_risk_sample",
    "fct_risk_scores",
    "fct_risk_prevalence",
)
Configured = Callable[[Mapping[str, object]], duckdb.DuckDBPyConnection]


def seed_rows(name: str) -> list[dict[str, str]]:
    path = next((ROOT / "seeds").rglob(f"{name}.csv"))
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def configured(built: Project) -> Iterator[Configured]:
    """The risk and need tables made again as if every study had the parameters given."""
    warehouse = built.path / "warehouse" / "csc_outcomes.duckdb"
    models = built.path / "target" / "compiled" / "csc_outcomes" / "models"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse}' as source (read_only)")
        connection.execute("attach ':memory:' as csc_outcomes")
        connection.execute("use csc_outcomes")
        names = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'source'"
        ).fetchall()

        admitted = connection.execute(
            "select view_name, sql from duckdb_views() where database_name = 'source'"
            " and (view_name like 'int_admitted_%' or view_name like 'std_%')"
            " order by view_name like 'int_%', if(view_name like 'std_%', view_name, ''),"
            " view_name desc"
        ).fetchall()

        def configure(parameters: Mapping[str, object]) -> duckdb.DuckDBPyConnection:
            for (name,) in names:
                if name not in CHAIN:
                    connection.execute(
                        f"create or replace view {name} as select * from source.main.{name}"
                    )
            for name, query in admitted:  # made again, for theirs would look for other tables
                connection.execute(f"drop view if exists {name}")
                connection.execute(query)
            changes = ", ".join(f"{value!r} as {name}" for name, value in parameters.items())
            connection.execute(
                f"""create or replace view int_study_parameters as
                select * replace ({changes}) from source.main.int_study_parameters"""
            )
            for model in CHAIN:
                (compiled,) = models.glob(f"*/*/{model}.sql")
                query = compiled.read_text("utf-8")
                connection.execute(f"create or replace table {model} as {query}")
            return connection

        yield configure


BY_ARM = {"risk_sample": "unmatched", "risk_sample_design": "by_arm", "risk_sample_size": 15}


# --- the draw --------------------------------------------------------------------------------


def hashed_draw(connection: duckdb.DuckDBPyConnection, seed: int) -> dict[str, list[str]]:
    """The first fifteen cases of each arm of the sample, by the hash of plan start and row."""
    cases = connection.execute(
        """select arm, case_id, plan_start_date, source_row_number
        from fct_matched_cases inner join int_admitted_cin_cases using (la_code, case_id)
        where study_id = 'fact22' and method = 'unmatched'"""
    ).fetchall()
    ordered = sorted(
        (hashlib.md5(f"{seed}|{start}|{row}".encode()).hexdigest(), arm, case_id)
        for arm, case_id, start, row in cases
    )
    return {
        arm: [case_id for _, of, case_id in ordered if of == arm][:15]
        for arm in ("treated", "comparator")
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_as_many_of_either_arm_are_drawn_by_hash(configured: Configured, seed: int) -> None:
    connection = configured({**BY_ARM, "risk_sample_seed": seed})
    drawn = connection.execute(
        """select draw_number, treated_case_id, comparator_case_id, gap_days, is_matched
        from fct_risk_sample where study_id = 'fact22' order by draw_number"""
    ).fetchall()
    expected = hashed_draw(connection, seed)
    turns = zip(expected["treated"], expected["comparator"], strict=True)
    cases = [pair for t, c in turns for pair in ((t, None), (None, c))]
    assert drawn == [(place, *pair, None, None) for place, pair in enumerate(cases, start=1)]


def test_another_seed_draws_others(configured: Configured) -> None:
    drawn: list[set[object]] = []
    for seed in (1, 2):
        connection = configured({**BY_ARM, "risk_sample_seed": seed})
        cases = "select coalesce(treated_case_id, comparator_case_id) from fct_risk_sample"
        drawn.append(
            {
                case
                for (case,) in connection.execute(f"{cases} where study_id = 'fact22'").fetchall()
            }
        )
    assert len(drawn[0] & drawn[1]) < 5


def test_nobody_is_drawn_twice_under_either_design(built: Project, configured: Configured) -> None:
    (test,) = (built.path / "target" / "compiled").rglob("risk_sample_draws_nobody_twice.sql")
    for parameters in (BY_ARM, {**BY_ARM, "risk_sample_design": "closest_pairs"}):
        connection = configured({**parameters, "risk_sample_size": 1000})
        assert connection.execute(test.read_text("utf-8")).fetchall() == []
        connection.execute("insert into fct_risk_sample select * from fct_risk_sample limit 1")
        assert connection.execute(test.read_text("utf-8")).fetchall() != []


def test_scores_count_over_the_studys_sample(configured: Configured) -> None:
    """Under either sample the coded cases that are in it count, and no others."""
    for sample in ("unmatched", "cem_caliper"):
        connection = configured({**BY_ARM, "risk_sample": sample})
        members = f"""(select case_id from fct_matched_cases
            where study_id = 'fact22' and method = '{sample}')"""
        found = connection.execute(
            f"""select count(distinct case_id) filter (is_matched),
                count(*) filter (is_matched != (case_id in {members}))
            from fct_risk_scores where study_id = 'fact22'"""
        ).fetchone()
        assert found == (36, 0)


# --- what was found --------------------------------------------------------------------------


def test_national_shares_are_those_printed() -> None:
    printed = {row["figure_id"]: row["value"] for row in seed_rows("published_figures")}
    seeds = {row["factor_id"]: float(row["share"]) for row in seed_rows("national_risk_prevalence")}
    figures = {
        "parent_domestic_abuse": "C034",
        "parent_mental_health": "C037",
        "parent_substance_abuse": "C040",
    }
    assert {factor: round(100 * share, 1) for factor, share in seeds.items()} == {
        factor: float(printed[figure]) for factor, figure in figures.items()
    }


def test_prevalence_is_that_of_the_codings(tables: duckdb.DuckDBPyConnection) -> None:
    """Counted once more in pandas from the file: every coded case is in the sample."""
    codings = pd.read_csv(CODINGS, dtype=str, keep_default_na=False)
    coded = codings[(codings["timepoint"] == "referral") & (codings["present"] != "")]
    present = coded["present"].eq("1").groupby(coded["factor"]).agg(["size", "sum"])
    found = tables.execute(
        """select factor_id, n_coded, n_present, share, status from fct_risk_prevalence
        where study_id = 'fact22' and arm = 'both' and factor_id not like 'cin%'"""
    ).fetchall()
    assert len(found) == 22
    for factor, n_coded, n_present, share, status in found:
        assert (n_coded, n_present) == tuple(present.loc[factor]), factor
        assert share == pytest.approx(n_present / n_coded)
        assert status == "ok"


def test_both_arms_are_the_arms_together(tables: duckdb.DuckDBPyConnection) -> None:
    apart = tables.execute(
        """select study_id, factor_id from fct_risk_prevalence group by all
        having count(*) != 3
            or 2 * sum(n_present) filter (arm = 'both') != sum(n_present)
            or 2 * sum(n_coded) filter (arm = 'both') != sum(n_coded)"""
    ).fetchall()
    assert apart == []


def test_a_study_without_codings_has_no_prevalence(tables: duckdb.DuckDBPyConnection) -> None:
    """Every study has a row for each factor and arm that says so."""
    found = tables.execute(
        """select count(distinct study_id), count(*) filter (n_coded > 0 or share is not null)
        from fct_risk_prevalence where status = 'not_estimable'"""
    ).fetchone()
    studies = tables.execute(
        """select count(*) from def_studies
        where study_id not in (select study_id from fct_risk_scores where is_matched)"""
    ).fetchone()
    assert found is not None
    assert studies is not None
    assert found == (studies[0], 0)


# --- whose need counts -----------------------------------------------------------------------


@pytest.mark.parametrize("classified_by", ["case", "index_child"])
def test_who_says_no_index_child_is_counted_by_case(
    configured: Configured, classified_by: str
) -> None:
    connection = configured({"need_classified_by": classified_by})
    counted = connection.execute(
        """select counted_by, count(*) from int_counted_needs
        where study_id = 'fact22' group by all"""
    ).fetchall()
    everyone = connection.execute(
        "select 'case', count(*) from fct_study_cases where study_id = 'fact22'"
    ).fetchall()
    assert counted == everyone


def test_the_country_is_of_a_day(tables: duckdb.DuckDBPyConnection) -> None:
    found = tables.execute(
        "select distinct series = 'england', as_of_date is null from fct_primary_needs order by 1"
    ).fetchall()
    assert found == [(False, True), (True, False)]


# --- the trial -------------------------------------------------------------------------------


def test_the_trials_risk_factors_are_as_printed(tables: duckdb.DuckDBPyConnection) -> None:
    """Table 2 of the report, of the cases of both arms."""
    found = tables.execute(
        """select factor_id, n_coded, n_present, round(100 * share, 1), 100 * national_share
        from fct_risk_prevalence
        where study_id = 'crewe' and arm = 'both' and national_share is not null
        order by n_present desc"""
    ).fetchall()
    assert found == [
        ("parent_domestic_abuse", 30, 14, 46.7, pytest.approx(49.6)),
        ("parent_mental_health", 30, 10, 33.3, pytest.approx(36.6)),
        ("parent_substance_abuse", 30, 7, 23.3, pytest.approx(19.3)),
    ]


def test_the_trials_arms_compare_as_published(tables: duckdb.DuckDBPyConnection) -> None:
    """Figures 4 to 8: both arms become safer, the treated more so by protective factors."""
    rows = tables.execute(
        """select component, arm, n, mean_change, difference_in_change, difference_at_referral
        from fct_risk_changes where study_id = 'crewe'"""
    ).fetchall()
    assert {n for _, _, n, *_ in rows} == {15}
    change = {(component, arm): mean for component, arm, _, mean, *_ in rows}
    more = {component: in_change for component, _, _, _, in_change, _ in rows}
    assert change["total", "treated"] > change["total", "comparator"] > 0
    assert min(change["risk", "treated"], change["risk", "comparator"]) > 0
    assert abs(more["risk"]) <= 0.3
    assert -1 <= change["protective", "comparator"] < 0 < change["protective", "treated"]
    assert all(at_referral < 0 for c, _, _, _, _, at_referral in rows if c == "total")


def test_the_trials_needs_are_of_its_index_children(tables: duckdb.DuckDBPyConnection) -> None:
    found = tables.execute(
        """select sum(n), any_value(counted_by) from fct_primary_needs
        where study_id = 'crewe' and series != 'england'"""
    ).fetchone()
    assert found == (132, "index_child")


def test_the_trials_draw_is_of_both_arms(tables: duckdb.DuckDBPyConnection) -> None:
    found = tables.execute(
        """select count(*), count(treated_case_id), count(comparator_case_id)
        from fct_risk_sample where study_id = 'crewe'"""
    ).fetchone()
    assert found == (30, 15, 15)
