"""The metrics of dbt's semantic layer equal the marts, and none of them adds released numbers."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from typing import Any

import duckdb
import pytest

from projects import Project

HAS_METRICFLOW = importlib.util.find_spec("dbt_metricflow") is not None
# Reads requests (name, metrics, group by) from its input, writes the SQL of each.
ASK = """
import json, sys
from dbt_metricflow.cli.cli_configuration import CLIConfiguration
from metricflow.engine.metricflow_engine import MetricFlowQueryRequest
configuration = CLIConfiguration()
configuration.setup(configure_file_logging=False)
queries = {}
for name, (metrics, group_by) in json.loads(sys.stdin.read()).items():
    request = MetricFlowQueryRequest.create(metric_names=metrics, group_by_names=group_by)
    queries[name] = configuration.mf.explain(request).sql_statement.sql
print("QUERIES" + json.dumps(queries))
"""
COUNTS = {
    "referrals": "referrals",
    "started_episodes": "started_episodes",
    "ended_episodes": "ended_episodes",
    "children_in_need": "open_episodes",
}
RATES = {
    "rereferral_rate": "rereferrals",
    "no_further_action_rate": "nfa_referrals",
    "escalation_rate": "escalated_episodes",
    "repeat_protection_plan_rate": "second_cp_plans",
}
MONITORING = {**COUNTS, **RATES}
YEARS = ["local_authority", "figure__year_end"]
ARMS = ["study", "arm_outcome__sample", "arm_outcome__outcome", "arm_outcome__arm"]
CASES = ["study", "case_outcome__outcome", "case_outcome__arm"]
REQUESTS = {
    **{name: ([name], YEARS) for name in MONITORING},
    "part and whole": (
        ["monitoring_part", "monitoring_whole"],
        [*YEARS, "figure__measure", "figure__breakdown", "figure__level"],
    ),
    "all referrals": (["referrals", "rereferral_rate", "children_in_need"], []),
    "arms": (["arm_outcome_value", "arm_outcome_rows", "arm_outcome_largest"], ARMS),
    "mixed arms": (["arm_outcome_value"], ["study", "arm_outcome__outcome", "arm_outcome__arm"]),
    "cases": (["outcome_rate", "cases_with_outcome", "cases_with_known_outcome"], CASES),
}


@pytest.fixture(scope="module")
def semantics(built: Project) -> dict[str, Any]:
    """The semantic manifest that dbt wrote."""
    path = built.path / "target" / "semantic_manifest.json"
    semantics: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return semantics


@pytest.fixture(scope="module")
def queries(built: Project, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The SQL that MetricFlow makes of each request, in a folder of its own with what it needs."""
    if not HAS_METRICFLOW:
        pytest.skip("dbt-metricflow, which queries metrics, isn't installed")
    folder = tmp_path_factory.mktemp("metrics")
    (folder / "target").mkdir()
    for name in ("dbt_project.yml", "profiles.yml", "target/semantic_manifest.json"):
        shutil.copy2(built.path / name, folder / name)
    result = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=folder,
        input=json.dumps(REQUESTS),
        text=True,
        capture_output=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    queries: dict[str, str] = json.loads(result.stdout.split("QUERIES")[-1])
    return queries


@pytest.fixture(scope="module")
def warehouse(built: Project) -> Any:
    """The warehouse of that build, read-only."""
    with built.warehouse() as connection:
        yield connection


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> dict[tuple[Any, ...], Any]:
    """The last column by all others, where it isn't null."""
    found = connection.execute(query).fetchall()
    return {row[:-1]: pytest.approx(row[-1]) for row in found if row[-1] is not None}


def test_metrics_are_for_analysts_and_none_adds_released_numbers(
    semantics: dict[str, Any],
) -> None:
    folders = {
        metric["name"]: metric["config"]["meta"]["folder"] for metric in semantics["metrics"]
    }
    assert set(folders.values()) == {"analyst"}, folders
    for model in semantics["semantic_models"]:
        assert not model["node_relation"]["alias"].startswith("rpt_"), model["name"]


def test_every_metric_is_asked_for(semantics: dict[str, Any]) -> None:
    asked = {metric for metrics, _ in REQUESTS.values() for metric in metrics}
    assert asked == {metric["name"] for metric in semantics["metrics"]}


@pytest.mark.parametrize("metric", MONITORING)
def test_a_monitoring_metric_equals_the_mart(
    queries: dict[str, str], warehouse: duckdb.DuckDBPyConnection, metric: str
) -> None:
    own = rows(
        warehouse,
        f"""
        select local_authority, extract(year from figure__year_end__day), {metric}
        from ({queries[metric]})
        """,
    )
    mart = rows(
        warehouse,
        f"""
        select la_code, year, value from fct_monitoring
        where measure = '{MONITORING[metric]}' and breakdown = 'total'
        """,
    )
    assert mart
    assert own == mart


def test_part_and_whole_make_every_share_of_the_mart(
    queries: dict[str, str], warehouse: duckdb.DuckDBPyConnection
) -> None:
    own = rows(
        warehouse,
        f"""
        select
            local_authority, extract(year from figure__year_end__day), figure__measure,
            figure__breakdown, figure__level, monitoring_part / nullif(monitoring_whole, 0)
        from ({queries["part and whole"]})
        """,
    )
    mart = rows(
        warehouse,
        """
        select la_code, year, measure, breakdown, level, value from fct_monitoring
        where unit = 'proportion'
        """,
    )
    assert mart
    assert own == mart


def test_over_all_authorities_and_years_counts_add_and_stocks_keep_the_last(
    queries: dict[str, str], warehouse: duckdb.DuckDBPyConnection
) -> None:
    assert (
        warehouse.execute(queries["all referrals"]).fetchall()
        == warehouse.execute(
            """
        select
            sum(n) filter (where measure = 'referrals'),
            sum(n) filter (where measure = 'rereferrals' and denominator is not null)
            / sum(denominator) filter (where measure = 'rereferrals' and n is not null),
            sum(n) filter (where measure = 'open_episodes' and year = last_year)
        from (
            select *, max(year) filter (where measure = 'open_episodes') over () as last_year
            from fct_monitoring where breakdown = 'total'
        )
        """
        ).fetchall()
    )


def test_the_outcome_of_an_arm_equals_the_mart(
    queries: dict[str, str], warehouse: duckdb.DuckDBPyConnection
) -> None:
    own = rows(
        warehouse,
        f"""
        select
            study, arm_outcome__sample, arm_outcome__outcome, arm_outcome__arm, arm_outcome_value
        from ({queries["arms"]}) where arm_outcome_rows = 1
        """,
    )
    mart = rows(warehouse, "select study_id, sample, outcome, arm, value from fct_group_outcomes")
    assert mart
    assert own == mart


def test_mixed_arms_have_no_value(
    queries: dict[str, str], warehouse: duckdb.DuckDBPyConnection
) -> None:
    own = rows(
        warehouse,
        f"""
        select study, arm_outcome__outcome, arm_outcome__arm, arm_outcome_value
        from ({queries["mixed arms"]})
        """,
    )
    alone = rows(
        warehouse,
        """
        select study_id, outcome, arm, max(value) from fct_group_outcomes
        group by all having count(*) = 1
        """,
    )
    assert own == alone


def test_the_rate_of_an_outcome_equals_the_unmatched_sample(
    queries: dict[str, str], warehouse: duckdb.DuckDBPyConnection
) -> None:
    own = rows(
        warehouse,
        f"""
        select study, case_outcome__outcome, case_outcome__arm, outcome_rate
        from ({queries["cases"]})
        """,
    )
    mart = rows(
        warehouse,
        """
        select study_id, outcome, arm, value from fct_group_outcomes
        where sample = 'unmatched' and unit = 'proportion'
        """,
    )
    assert mart
    assert {key: own[key] for key in mart} == mart
