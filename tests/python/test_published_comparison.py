"""Printed figures beside computed ones: nothing differs, and what is broken shows."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from projects import ROOT, Project

# Rises with every figure that the build learns to compute, and never falls.
AGREE_AT_LEAST = {"fact22": 140, "crewe": 137}
CHAIN = (
    "int_computed_effects",
    "int_computed_contexts",
    "int_computed_risks",
    "int_computed_costs",
    "int_computed_trial",
    "int_computed_curves",
    "int_computed_plans",
    "int_computed_staff",
    "int_computed_interviews",
    "int_computed_figures",
    "fct_published_comparison",
)


@pytest.mark.parametrize("study_id", AGREE_AT_LEAST)
def test_no_figure_differs_and_as_many_agree_as_ever(
    tables: duckdb.DuckDBPyConnection, study_id: str
) -> None:
    verdicts = Counter(
        verdict
        for (verdict,) in tables.execute(
            "select verdict from fct_published_comparison where study_id = ?", [study_id]
        ).fetchall()
    )
    assert verdicts["differs"] == 0
    assert verdicts["agrees"] >= AGREE_AT_LEAST[study_id]


def test_every_figure_has_a_verdict_and_none_for_want_of_a_source(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    with (ROOT / "seeds" / "published" / "published_figures.csv").open(encoding="utf-8") as file:
        figures = {row["figure_id"] for row in csv.DictReader(file)}
    rows = tables.sql("select figure_id, verdict, reason from fct_published_comparison").fetchall()
    assert {figure_id for figure_id, _, _ in rows} == figures
    unsaid = [row for row in rows if not row[1] or (row[2] or "").startswith("The build ")]
    assert unsaid == []


def test_every_verdict_but_agreement_gives_its_reason(tables: duckdb.DuckDBPyConnection) -> None:
    query = """select figure_id from fct_published_comparison
        where (reason is null) != (verdict = 'agrees') or reason like '%\n%'"""
    assert tables.sql(query).fetchall() == []


@pytest.mark.parametrize(
    ("figure_id", "verdict"),
    [
        ("F076", "not_reproducible"),
        ("F149", "not_reproducible"),
        ("F151", "not_reproducible"),
        ("C003", "not_reproducible"),
        ("C011", "not_reproducible"),
        ("C013", "not_reproducible"),
        ("C132", "not_reproducible"),
        ("C152", "not_reproducible"),
        ("C173", "not_reproducible"),
    ],
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
        where figure_id in ('C007', 'C008', 'C017', 'C054', 'C191',
            'F120', 'F121', 'F122', 'F123', 'F165')
        order by figure_id"""
    ).fetchall()
    assert words == [
        ("C007", "2015-08"),
        ("C008", "2016-03"),
        ("C017", "comparator closes faster"),
        ("C054", "18-21"),
        ("C191", "autumn and spring of 2015/16"),
        ("F120", "smaller increase"),
        ("F121", "very similar"),
        ("F122", "unchanged"),
        ("F123", "lower risk"),
        ("F165", "over half"),
    ]


@pytest.mark.parametrize(
    ("figure_id", "term"),
    [
        ("C012", "difference"),
        ("C013", "difference"),
        ("C014", "difference"),
        ("C015", "comparator"),
        ("C016", "treated"),
        ("C018", "both"),
        ("C145", None),
    ],
)
def test_terms_are_arms_or_differences(
    tables: duckdb.DuckDBPyConnection, figure_id: str, term: str | None
) -> None:
    query = "select term from fct_published_comparison where figure_id = ?"
    assert tables.execute(query, [figure_id]).fetchall() == [(term,)]


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
        ("fct_effect_estimates", "estimate: estimate * 0.9", {"C012", "C014", "C015", "C016"}),
        ("fct_trial_flow", "n_families: n_families + 1", {"C001", "C006"}),
        ("fct_study_cases", "entry_date: entry_date + 60", {"C007", "C008"}),
        ("fct_survival_curves", "survival: if(arm = 'treated', survival, 1)", {"C017"}),
        ("int_sample_event_counts", "n_events: n_events + 1", {"C018", "C019", "C020"}),
        ("fct_rereferral_savings", "rereferral_rate: if(arm = 'treated', 0.05, 0.07)", {"C021"}),
        (
            "int_workloads",
            "mean_counted: if(organisation = 'programme', mean_counted + 4, mean_counted)",
            {"C047", "C048", "C049", "C050", "C051", "C052", "C197"},
        ),
        ("fct_escalation_savings", "n_escalated: n_escalated + 1", {"C058", "C059"}),
        ("int_staff_stress_factors", "n: n + 1", {"C061", "C063"}),
        ("fct_interviews", "n_participants: n_participants + 1", {"C067", "C079", "C133"}),
        ("fct_case_studies", "n_case_studies: n_case_studies + 1", {"C081", "C089", "C129"}),
        ("fct_power", "mdes_pp: mdes_pp * 1.01", {"C145", "C147", "C149", "C150"}),
        ("int_parameter_values", "value: '24'", {"C191", "C193"}),
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
