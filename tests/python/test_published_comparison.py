"""Printed figures beside computed ones: nothing differs, and what is broken shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from projects import Project

# Rises with every figure that the build learns to compute, and never falls.
AGREE_AT_LEAST = 140
CHAIN = (
    "int_computed_effects",
    "int_computed_contexts",
    "int_computed_risks",
    "int_computed_figures",
    "fct_published_comparison",
)


def test_no_figure_differs_and_as_many_agree_as_ever(tables: duckdb.DuckDBPyConnection) -> None:
    verdicts = Counter(
        verdict
        for (verdict,) in tables.sql(
            "select verdict from fct_published_comparison where study_id = 'fact22'"
        ).fetchall()
    )
    assert verdicts["differs"] == 0
    assert verdicts["agrees"] >= AGREE_AT_LEAST


def test_every_verdict_but_agreement_gives_its_reason(tables: duckdb.DuckDBPyConnection) -> None:
    query = """select figure_id from fct_published_comparison
        where (reason is null) != (verdict = 'agrees') or reason like '%\n%'"""
    assert tables.sql(query).fetchall() == []


@pytest.mark.parametrize(
    ("figure_id", "verdict"),
    [("F076", "not_reproducible"), ("F149", "not_reproducible"), ("F151", "not_reproducible")],
)
def test_a_fixed_verdict_has_the_computed_figure_beside_it(
    tables: duckdb.DuckDBPyConnection, figure_id: str, verdict: str
) -> None:
    (row,) = tables.execute(
        """select verdict, computed is not null, difference is not null
        from fct_published_comparison where figure_id = ?""",
        [figure_id],
    ).fetchall()
    assert row == (verdict, True, True)


def test_figures_in_words_have_words_computed(tables: duckdb.DuckDBPyConnection) -> None:
    words = tables.sql(
        """select figure_id, computed_as_text from fct_published_comparison
        where figure_id in ('F120', 'F121', 'F122', 'F123', 'F165') order by figure_id"""
    ).fetchall()
    assert words == [
        ("F120", "smaller increase"),
        ("F121", "very similar"),
        ("F122", "unchanged"),
        ("F123", "lower risk"),
        ("F165", "over half"),
    ]


@pytest.fixture
def workbench(built: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse as views that a test can put something else behind."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{_warehouse(built)}' as source (read_only)")
        connection.execute("attach ':memory:' as csc_outcomes")
        connection.execute("use csc_outcomes")
        names = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'source'"
        ).fetchall()
        for (name,) in names:
            connection.execute(f"create view {name} as select * from source.main.{name}")
        yield connection


def _warehouse(built: Project) -> Path:
    return built.path / "warehouse" / "csc_outcomes.duckdb"


@pytest.mark.parametrize(
    ("mart", "change", "figure_ids"),
    [
        ("fct_group_outcomes", "value: value + 0.01", {"F027", "F036", "F051"}),
        ("fct_covariate_balance", "mean_comparator: mean_comparator + 0.1", {"F074", "F096"}),
        ("fct_effect_estimates", "estimate: estimate * 1.1", {"F031", "F038"}),
        ("fct_effect_estimates", "stars: '**'", {"F058"}),
        ("fct_sample_flow", "n_out: n_out + 1", {"F013", "F014"}),
        ("fct_matched_shares", "share_of_recorded: share_of_eligible", {"F015"}),
        ("fct_areas", "n_children: n_children + 1", {"F153", "F163"}),
        ("fct_primary_needs", "share: share / 2", {"F165"}),
        ("int_staff_stress", "mean_score: 6 - mean_score", {"F126", "F129"}),
        ("fct_programme_costs", "cost_per_case_week: cost_per_case_week * 1.01", {"F131", "F146"}),
        ("fct_risk_changes", "difference_in_change: -difference_in_change", {"F120"}),
        ("fct_risk_distributions", "median: median + 1", {"F119"}),
        ("fct_risk_sample", "is_matched: true", {"F114"}),
    ],
)
def test_a_broken_mart_makes_its_figures_differ(
    built: Project,
    workbench: duckdb.DuckDBPyConnection,
    mart: str,
    change: str,
    figure_ids: set[str],
) -> None:
    column, expression = change.split(": ")
    workbench.execute(
        f"""create or replace view {mart} as
        select * replace ({expression} as {column}) from source.main.{mart}"""
    )
    models = built.path / "target" / "compiled" / "csc_outcomes" / "models"
    for model in CHAIN:
        (compiled,) = models.glob(f"*/*/{model}.sql")
        workbench.execute(f"drop view {model}")
        workbench.execute(f"create table {model} as {compiled.read_text('utf-8')}")
    differing = workbench.sql(
        "select figure_id from fct_published_comparison where verdict = 'differs'"
    ).fetchall()
    assert figure_ids <= {figure_id for (figure_id,) in differing}
