"""Extract in, marts out: other ways of matching and of asking, against the answers of R."""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest

from projects import Project
from references import READINGS
from test_reference_answers import ESTIMATE, STEMS, answers, estimate, reference

STUDY = "fact22_a"
SUFFIXES = {"psm": "with_replacement", "psm_unique": "without_replacement"}
METHODS = {"psm_3nn": "with_replacement", "psm_3nn_unique": "without_replacement"}


@pytest.mark.parametrize("reading", READINGS)
def test_weights_under_every_reading(built: Project, key: bytes, reading: str) -> None:
    expected = reference(STUDY, "weights", key, "case_id").set_index("case_id")[reading]
    with built.warehouse() as warehouse:
        got = warehouse.execute(
            "select case_id, weight from int_sample_cases"
            " where study_id = ? and method = 'cem_caliper'",
            [f"{STUDY}~{reading}"],
        ).fetchdf()
    weights = got.set_index("case_id")["weight"]
    assert set(weights.index) == set(expected[expected > 0].index)
    assert weights.to_numpy() == pytest.approx(
        expected.reindex(weights.index).to_numpy(), abs=1e-12
    )


def test_propensity_scores(tables: duckdb.DuckDBPyConnection, key: bytes) -> None:
    expected = reference(STUDY, "psm_scores", key, "case_id").set_index("case_id")
    got = tables.execute(
        "select case_id, score from fct_propensity_scores where study_id = ?", [STUDY]
    ).fetchdf()
    scores = got.set_index("case_id")["score"]
    assert set(scores.index) == set(expected.index)
    assert scores.to_numpy(float) == pytest.approx(
        expected["ps"].reindex(scores.index).to_numpy(), abs=ESTIMATE
    )


@pytest.mark.parametrize("method", METHODS)
def test_weights_by_propensity_score(
    tables: duckdb.DuckDBPyConnection, key: bytes, method: str
) -> None:
    expected = reference(STUDY, "psm_scores", key, "case_id").set_index("case_id")
    expected = expected[f"w_{METHODS[method]}"].loc[lambda weight: weight > 0]
    got = tables.execute(
        "select case_id, weight from fct_matched_cases where study_id = ? and method = ?",
        [STUDY, method],
    ).fetchdf()
    weights = got.set_index("case_id")["weight"]
    assert set(weights.index) == set(expected.index)
    assert weights.to_numpy() == pytest.approx(
        expected.reindex(weights.index).to_numpy(), abs=ESTIMATE
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("outcome", STEMS)
def test_effects_by_propensity_score(
    tables: duckdb.DuckDBPyConnection, outcome: str, suffix: str
) -> None:
    stem, theirs = STEMS[outcome]
    expected = answers(STUDY)["psm"][SUFFIXES[suffix]][theirs]
    got = estimate(tables, f"{stem}_{suffix}")
    assert got["estimate"] == pytest.approx(expected["coef"]["treated"], abs=ESTIMATE)
    assert got["std_error"] == pytest.approx(
        expected["se_cluster_CR1_stata"]["treated"], abs=ESTIMATE
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_lengths_by_propensity_score(tables: duckdb.DuckDBPyConnection, suffix: str) -> None:
    expected = answers(STUDY)["psm"][SUFFIXES[suffix]]["length_weeks"]
    got = estimate(tables, f"length_{suffix}")
    assert got["estimate"] == pytest.approx(expected["coef"]["treated"], abs=1e-6)
    assert got["std_error"] == pytest.approx(expected["se_cluster_stata"]["treated"], abs=1e-6)


@pytest.mark.parametrize("outcome", ["closed_without_later_escalation", "escalated"])
def test_abadie_imbens(tables: duckdb.DuckDBPyConnection, outcome: str) -> None:
    stem, theirs = STEMS[outcome]
    expected = answers(STUDY)["psm_Matching_ATT_M3_ties"][theirs]
    got = estimate(tables, f"{stem}_abadie_imbens")
    assert got["estimate"] == pytest.approx(expected["est"], abs=ESTIMATE)
    assert got["std_error"] == pytest.approx(expected["se_abadie_imbens"], abs=ESTIMATE)


@pytest.mark.parametrize(
    ("analysis_id", "theirs"),
    [
        ("time_to_closure_delayed_entry", "delayed_entry"),
        ("time_to_closure_from_entry", "time_since_index"),
    ],
)
def test_stacked_risk_sets(
    tables: duckdb.DuckDBPyConnection, analysis_id: str, theirs: str
) -> None:
    expected = answers(STUDY)["cox_stacked"][theirs]
    got = estimate(tables, analysis_id)
    assert got["estimate"] == pytest.approx(expected["coef"], abs=1e-6)
    assert got["std_error"] == pytest.approx(expected["se_robust"], rel=2e-3)


def test_restricted_means(tables: duckdb.DuckDBPyConnection) -> None:
    expected = answers(STUDY)["km"]["rmst500"]
    means = tables.execute(
        "select term, estimate from fct_effect_estimates"
        " where study_id = ? and analysis_id = 'time_to_closure_restricted_mean'",
        [STUDY],
    ).fetchdf()
    got = means.set_index("term")["estimate"] * 7
    assert got["comparator_mean"] == pytest.approx(expected["treated=0"], abs=1e-8)
    assert got["treated_mean"] == pytest.approx(expected["treated=1"], abs=1e-8)


@pytest.mark.parametrize(("column", "theirs"), [("p_holm", "p_holm"), ("p_by", "p_BY")])
def test_other_adjustments(tables: duckdb.DuckDBPyConnection, column: str, theirs: str) -> None:
    expected = answers(STUDY)["benjamini_hochberg"][theirs]
    stems = {"closure": "closed", "length": "length", "escalation": "escalated"}
    for stem, name in {**stems, "rereferral_12m": "rereferred"}.items():
        assert estimate(tables, f"{stem}_main")[column] == pytest.approx(expected[name], abs=1e-9)


def test_readings_reach_no_public_table(tables: duckdb.DuckDBPyConnection) -> None:
    columns = tables.execute(
        "select table_name from information_schema.columns where column_name = 'study_id'"
    ).fetchdf()
    assert len(columns) > 10
    for table in columns["table_name"]:
        (n,) = tables.execute(
            f"select count(*) from {table} where contains(study_id, '~')"
        ).fetchall()[0]
        assert n == 0, table


def test_the_specification_curve_repeats_what_a_reading_bears_on(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    curve = tables.execute(
        "select * from fct_specification_curve where study_id = 'fact22'"
    ).fetchdf()
    readings = curve.groupby("analysis_id")["reading"].agg(set)
    assert "rereferral_from_closure" in readings["rereferral_12m_main"]
    assert "rereferral_from_closure" not in readings["closure_main"]
    assert "propensity_open_at_entry" in readings["closure_psm"]
    assert "propensity_open_at_entry" not in readings["closure_main"]
    main = curve[curve["reading"] == "main"].set_index("analysis_id")
    assert main.loc["closure_main", "difference"] == 0
    assert bool(main.loc["closure_main", "agrees_in_significance"])


def test_the_summary_counts_the_curve(tables: duckdb.DuckDBPyConnection) -> None:
    curve = tables.execute("select * from fct_specification_curve where study_id = ?", [STUDY])
    frame: pd.DataFrame = curve.fetchdf()
    summary = tables.execute(
        "select * from fct_specification_summary where study_id = ?", [STUDY]
    ).fetchdf()
    for row in summary.to_dict("records"):
        of_outcome = frame[frame["outcome"] == row["outcome"]]
        estimates = of_outcome["estimate"].dropna()
        assert row["n_specifications"] == len(of_outcome)
        assert row["n_estimated"] == len(estimates)
        assert row["median_estimate"] == pytest.approx(estimates.median())
        assert row["n_significant"] == (of_outcome["p_value"] < 0.05).sum()
        assert row["lowest_estimate"] <= row["main_estimate"] <= row["highest_estimate"]


def test_subgroups_split_the_matched_treated(tables: duckdb.DuckDBPyConnection) -> None:
    n = dict(
        tables.execute(
            "select subgroup, max(n_treated) from fct_effect_estimates"
            " where study_id = 'fact22' and subgroup is not null group by all"
        ).fetchall()
    )
    assert n["aged_under_6"] + n["aged_6_or_more"] == 122
    assert n["open_6_to_11_months"] + n["open_12_months_or_more"] <= 122
