"""Every choice is honoured per study: a study that sets it alone has another answer.

Each parameter, and each column of a study's seeds that settles what the reports leave open, has a
study of its own beside one that doesn't set it, all in one build; the answer is read from the
marts.
"""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

import third_programme
from projects import ROOT, STUDY_SEEDS, Project, light_copy

THIRD, FACT22, CREWE = third_programme.STUDY, "fact22", "crewe"
BY_LINK = third_programme.BY_LINK
TABLE = re.compile(r"\bfrom (fct_\w+)")
ARMS = "select case_id, arm, is_eligible from fct_study_cases where study_id = ?"
FLOW = "select step, arm, n_out from fct_sample_flow where study_id = ?"


def outcome(name: str) -> str:
    return f"select case_id, value from fct_case_outcomes where study_id = ? and outcome = '{name}'"


def weights(method: str) -> str:
    return (
        f"select case_id, weight from fct_matched_cases where study_id = ? and method = '{method}'"
    )


def covariate(name: str) -> str:
    return (
        "select case_id, value from fct_study_covariates"
        f" where study_id = ? and covariate = '{name}'"
    )


def effect(analysis: str) -> str:
    return (
        "select term, estimate, std_error, status from fct_effect_estimates"
        f" where study_id = ? and analysis_id = '{analysis}'"
    )


@dataclass(frozen=True)
class Choice:
    """What a study like `like` sets, what it answers, and what both it and the other set."""

    like: str
    sets: str
    answer: str
    given: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """A column of a study's rows in a seed (those that have `where`), changed."""

    like: str
    seed: str
    where: Mapping[str, str]
    sets: Mapping[str, str]
    answer: str


COSTS = (
    "select cost_category, n_cases, real_gbp, cost_per_case"
    " from fct_programme_costs where study_id = ?"
)
BOUNDS = "select * exclude (study_id) from fct_hidden_bias_bounds where study_id = ?"
BOXES = (
    "select arm, measure, lower_hinge, upper_hinge, lower_whisker, upper_whisker"
    " from fct_risk_distributions where study_id = ?"
)
SAMPLED = "select treated_case_id, comparator_case_id from fct_risk_sample where study_id = ?"
RISKS = "select component, arm, n, mean_referral from fct_risk_changes where study_id = ?"
SDQ = (
    "select scale, n_treated, n_comparator, u_statistic from fct_sdq_comparison where study_id = ?"
)
INCIDENCE = "select * exclude (study_id) from fct_incidence_differences where study_id = ?"
PARAMETERS: dict[str, Choice] = {
    "balance_origin": Choice(FACT22, "2014-04-10", covariate("years_since_start")),
    "year_days": Choice(FACT22, "365", covariate("years_since_start")),
    "arm_source": Choice(CREWE, "enrolment", ARMS),
    "comparator_rule": Choice(FACT22, "app3", ARMS),
    "comparator_may_join_later": Choice(THIRD, "true", ARMS),
    "comparators_matched": Choice(THIRD, "false", weights("cem_caliper")),
    "case_unit": Choice(CREWE, "child", ARMS),
    "opened_before_entry": Choice(FACT22, "any", ARMS),
    "objection_scope": Choice(CREWE, "study", ARMS),
    "history_includes_index": Choice(CREWE, "false", covariate("history")),
    "survival_origin": Choice(THIRD, "study_start", effect("time_to_closure")),
    "survival_entry": Choice(THIRD, "programme_entry", effect("time_to_closure")),
    "length_origin": Choice(THIRD, "plan_start", outcome("case_length_days")),
    "length_ends_with": Choice(THIRD, "first_closure", outcome("case_length_days")),
    "closed_length_base": Choice(THIRD, "first_closure", outcome("closed_case_length_days")),
    "closure_by_study_end_inclusive": Choice(
        THIRD, "false", outcome("closed_without_later_escalation")
    ),
    "later_escalation_inclusive": Choice(THIRD, "true", outcome("closed_without_later_escalation")),
    "censor_at": Choice(THIRD, "closure_date", outcome("case_length_days")),
    "escalation_from": Choice(THIRD, "study_start", outcome("escalated")),
    "index_date_of_comparator": Choice(THIRD, "each_link", outcome("escalated")),
    "rereferral_anchor": Choice(THIRD, "original_referral", outcome("rereferred_12m")),
    "rereferral_months": Choice(THIRD, "12", outcome("rereferred_12m")),
    "rereferral_from": Choice(THIRD, "none", outcome("rereferred_12m")),
    "year_mode": Choice(THIRD, "365d", outcome("rereferred_12m")),
    "eligibility_closure_inclusive": Choice(THIRD, "false", ARMS),
    "open_at_entry_inclusive": Choice(THIRD, "true", weights("cem_caliper")),
    "links_kept_up_to": Choice(
        THIRD, "0", "select treated_case_id from fct_matched_links where study_id = ?"
    ),
    "age_bin_mode": Choice(THIRD, "decimal", weights("cem_caliper")),
    "caliper_length": Choice(THIRD, "31", weights("cem_caliper")),
    "caliper_unit": Choice(THIRD, "months", weights("cem_caliper")),
    "caliper_anchor": Choice(
        THIRD,
        "symmetric",
        weights("cem_caliper"),
        given={"caliper_unit": "months", "caliper_length": "1"},
    ),
    "undated_escalation": Choice(THIRD, "exclude", ARMS),
    "closure_reasons_counted": Choice(THIRD, "RC7", outcome("closed_without_later_escalation")),
    "earliest_plan_start": Choice(THIRD, "2021-02-01", ARMS),
    "match_ratio": Choice(THIRD, "nearest", weights("cem_caliper")),
    "link_weight": Choice(THIRD, "kernel_gap", weights("cem_caliper")),
    "psm_neighbours": Choice(THIRD, "1", weights("psm_3nn")),
    "psm_weight_scale": Choice(THIRD, "matchit", weights("psm_3nn")),
    "psm_open_at_entry": Choice(THIRD, "true", weights("psm_3nn")),
    "bootstrap_draws": Choice(THIRD, "20", effect("closure_bootstrap")),
    "fewest_events": Choice(THIRD, "1000", effect("escalation")),
    "interaction_main_effect": Choice(CREWE, "false", effect("absence_interaction")),
    "balance_test": Choice(
        THIRD, "pooled_rows", "select method, p_value from fct_covariate_balance where study_id = ?"
    ),
    "gamma_alpha": Choice(FACT22, "0.01", BOUNDS),
    "mh_data": Choice(FACT22, "pooled", BOUNDS),
    "cost_denominator": Choice(FACT22, "recorded", COSTS),
    "price_base_year": Choice(FACT22, "2018", COSTS),
    "smallest_staff_group": Choice(
        FACT22, "6", "select organisation, mean_score from fct_staff_stress where study_id = ?"
    ),
    "stress_band_width": Choice(
        CREWE,
        "20",
        "select organisation, score_from, score_below, n"
        " from fct_staff_stress_distribution where study_id = ?",
    ),
    "interim_list_children": Choice(
        FACT22, "50", "select area, children_counted, n_children from fct_areas where study_id = ?"
    ),
    "need_classified_by": Choice(
        CREWE, "case", "select series, need_code, n from fct_primary_needs where study_id = ?"
    ),
    "risk_sample": Choice(FACT22, "unmatched", RISKS),
    "risk_sample_design": Choice(FACT22, "by_arm", SAMPLED),
    "risk_sample_size": Choice(FACT22, "10", SAMPLED),
    "risk_sample_seed": Choice(FACT22, "7", SAMPLED),
    "engagement_mode": Choice(
        FACT22,
        "sum",
        "select case_id, time_point, component, score from fct_risk_scores where study_id = ?",
    ),
    "box_hinges": Choice(FACT22, "linear", BOXES, given={"risk_sample": "unmatched"}),
    "box_whiskers": Choice(CREWE, "extremes", BOXES),
    "competing_escalation": Choice(THIRD, "cp", INCIDENCE),
    "incidence_horizon_days": Choice(THIRD, "200", INCIDENCE),
    "survival_horizon_days": Choice(THIRD, "250", INCIDENCE),
    "calibration_controls": Choice(
        FACT22, "2", "select status_reason from fct_calibrated_estimates where study_id = ?"
    ),
    "sdq_total": Choice(CREWE, "five_scales", SDQ),
    "sdq_wave": Choice(CREWE, "2", SDQ),
    "sdq_forms": Choice(CREWE, "school_age", SDQ),
    "absence_school_year": Choice(CREWE, "2016/17", outcome("absence_days")),
    "absence_terms": Choice(CREWE, "autumn", outcome("absence_days")),
    "log_mode": Choice(CREWE, "drop_zero", outcome("log_absence_days")),
}
# How long data may be kept, and in which authorities comparators are sought: both have tests of
# their own.
APART = {"retention_months", "strata_within"}
COLUMNS: dict[str, Column] = {
    "study_start": Column(FACT22, "studies", {}, {"study_start": "2018-06-01"}, FLOW),
    "study_end": Column(
        THIRD,
        "studies",
        {},
        {"study_end": "2021-12-31"},
        outcome("closed_without_later_escalation"),
    ),
    "earliest_case_start": Column(
        THIRD, "studies", {}, {"earliest_case_start": "2021-02-01"}, FLOW
    ),
    "latest_case_start": Column(THIRD, "studies", {}, {"latest_case_start": "2021-03-30"}, FLOW),
    "design": Column(FACT22, "studies", {}, {"design": "rct"}, ARMS),
    "programme": Column(THIRD, "studies", {}, {"programme_id": "another"}, ARMS),
    "bins": Column(
        THIRD, "study_covariate_bins", {"bin": "0-9"}, {"lower_bound": "5"}, weights("cem_caliper")
    ),
    "strata": Column(
        THIRD,
        "study_covariates",
        {"covariate": "age"},
        {"in_strata": "false"},
        weights("cem_caliper"),
    ),
    "propensity_covariates": Column(
        FACT22,
        "study_covariates",
        {"covariate": "female"},
        {"in_adjustment": "false"},
        "select case_id, score from fct_propensity_scores where study_id = ?",
    ),
    "subgroup_edges": Column(
        FACT22,
        "study_subgroups",
        {"subgroup": "open_6_to_11_months"},
        {"upper_bound": "9"},
        effect("closure_open_6_to_11_months"),
    ),
    "main_covariates": Column(
        THIRD,
        "study_analyses",
        {"analysis_id": "closure"},
        {"covariates": "matching"},
        effect("closure"),
    ),
    "errors": Column(
        THIRD,
        "study_analyses",
        {"analysis_id": "closure"},
        {"se_type": "hc1"},
        effect("closure"),
    ),
    "clock": Column(
        THIRD,
        "study_analyses",
        {"analysis_id": "time_to_closure"},
        {"clock": "programme_entry"},
        effect("time_to_closure"),
    ),
}
# What studies keep here of their analyses and outcomes; all of them would take long and show no
# more. The bootstrap is kept by the study of its draws.
ANALYSES = {
    FACT22: {"closure_main", "closure_open_6_to_11_months", "closure_psm"},
    CREWE: {"closure_history", "absence_interaction"},
    THIRD: {"closure", "closure_bootstrap", "escalation", "time_to_closure", "closure_adjusted"},
}
OUTCOMES = {
    FACT22: {"closed_without_later_escalation"},
    CREWE: {"closed_without_rereferral", "absence_days"},
    THIRD: {"closed_without_later_escalation", "escalated", "case_length_days"},
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """One build of a study for each choice, as far as the marts that are asked."""
    project = light_copy(tmp_path_factory.mktemp("choices"))
    for folder in (ROOT / "extracts").glob("synthetic_*"):
        shutil.copytree(folder, project.path / "extracts" / folder.name)
    thin_out(project.path / "extracts" / "synthetic_coventry" / "2019-11" / "cases.csv")
    for seed in ("study_data_cuts", "study_plans"):
        rewrite(project, seed, lambda row: None)
    third_programme.add(project)
    for seed in STUDY_SEEDS:
        rewrite(project, seed, lambda row: row if row["study_id"] != BY_LINK else None)
    for seed in ("study_analyses", "study_outcomes"):
        rewrite(project, seed, keep_or_drop)
    rewrite(project, "study_analyses", by_score)
    for parameter, choice in PARAMETERS.items():
        if choice.given:
            project.add_study(f"{parameter}_given", like=choice.like, parameters=choice.given)
        sets = {**choice.given, parameter: choice.sets}
        project.add_study(f"{parameter}_set", like=choice.like, parameters=sets)
    for name, column in COLUMNS.items():
        project.add_study(f"{name}_column", like=column.like)
        of_study = {"study_id": f"{name}_column", **column.where}

        def change(
            row: dict[str, str],
            of_study: Mapping[str, str] = of_study,
            sets: Mapping[str, str] = column.sets,
        ) -> dict[str, str]:
            return {**row, **sets} if of_study.items() <= row.items() else row

        rewrite(project, column.seed, change)
    rewrite(project, "study_analyses", without_needless_draws)
    asked: list[Choice | Column] = [*PARAMETERS.values(), *COLUMNS.values()]
    marts = sorted({f"+{name}" for choice in asked for name in TABLE.findall(choice.answer)})
    result = project.dbt("build", "--indirect-selection", "cautious", "--select", *marts)
    assert result.returncode == 0, result.stdout[-5000:]
    with project.warehouse() as connection:
        yield connection


def thin_out(path: Path) -> None:
    """Keeps the treated cases and one comparator in sixteen: enough
    to tell answers apart, and quick."""
    header, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    arm = header.split(",").index("fact22_flag")
    kept = [row for n, row in enumerate(rows) if row.split(",")[arm] == "1" or n % 16 == 0]
    path.write_text("".join([header, *kept]), encoding="utf-8")


def keep_or_drop(row: dict[str, str]) -> dict[str, str] | None:
    """The row if it is of one of the studies that others are like, and kept."""
    kept = ANALYSES if "analysis_id" in row else OUTCOMES
    name = row.get("analysis_id", row["outcome"])
    return row if name in kept.get(row["study_id"], ()) else None


def by_score(row: dict[str, str]) -> dict[str, str]:
    """The adjusted analysis of comparators by score: nobody is matched so unless one asks."""
    return {**row, "sample": "psm_3nn"} if row["analysis_id"] == "closure_adjusted" else row


def without_needless_draws(row: dict[str, str]) -> dict[str, str] | None:
    is_needless = row["analysis_id"] == "closure_bootstrap" and row["study_id"] not in (
        THIRD,
        "bootstrap_draws_set",
    )
    return None if is_needless else row


def rewrite(project: Project, seed: str, change: Any) -> None:
    """Changes each row of a seed, or drops it where `change` gives None."""
    path = next((project.path / "seeds").rglob(f"{seed}.csv"))
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = [changed for row in reader if (changed := change(row)) is not None]
        columns = reader.fieldnames or []
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def answers(tables: duckdb.DuckDBPyConnection, question: str, study_id: str) -> list[Any]:
    return sorted(tables.execute(question, [study_id]).fetchall(), key=repr)


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_another_value_gives_another_answer(
    warehouse: duckdb.DuckDBPyConnection, parameter: str
) -> None:
    choice = PARAMETERS[parameter]
    other = f"{parameter}_given" if choice.given else choice.like
    before = answers(warehouse, choice.answer, other)
    assert before
    assert answers(warehouse, choice.answer, f"{parameter}_set") != before


@pytest.mark.parametrize("name", COLUMNS)
def test_another_row_gives_another_answer(warehouse: duckdb.DuckDBPyConnection, name: str) -> None:
    column = COLUMNS[name]
    before = answers(warehouse, column.answer, column.like)
    assert before
    assert answers(warehouse, column.answer, f"{name}_column") != before


def test_every_parameter_has_a_choice() -> None:
    path = next((ROOT / "seeds").rglob("parameters.csv"))
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["parameter_id"] for row in rows} == set(PARAMETERS) | APART
    for row in rows:
        allowed = row["allowed_values"].split("|")
        if row["parameter_id"] in PARAMETERS and re.fullmatch(
            r"[\w.]+(\|[\w.]+)+", "|".join(allowed)
        ):
            assert PARAMETERS[row["parameter_id"]].sets in allowed


def test_two_studies_that_set_the_same_have_the_same_answer(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    for question in (ARMS, outcome("escalated"), weights("cem_caliper"), effect("closure")):
        assert answers(warehouse, question, "psm_neighbours_set") == answers(
            warehouse, question, THIRD
        )
