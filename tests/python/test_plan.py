"""The plan lock: what `csc plan` writes, and that a build finds exactly what deviates from it."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist
from typing import Any

import duckdb
import pytest
import yaml
from statsmodels.stats.proportion import proportion_effectsize

from csc_outcomes.cli import main
from csc_outcomes.plan.ledger import LEDGER
from csc_outcomes.plan.power import design_effect, detectable_effect, detectable_rate
from csc_outcomes.plan.texts import copy_plans
from projects import ROOT, Project, copy_project
from references import FIXTURES

STUDY = "planned"
HEADINGS = [
    "Question",
    "Estimand",
    "Eligibility",
    "Arms",
    "Matching",
    "Outcomes",
    "Models",
    "Standard errors",
    "Multiplicity",
    "Sensitivity",
    "Negative controls",
    "Diagnostics and thresholds",
    "What the data can detect",
    "Choices",
    "Amendments",
]
Plan = Callable[..., tuple[int, str]]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy with a study that has no locked plan, and nothing built."""
    project = copy_project(tmp_path, with_extracts=False)
    project.add_study(STUDY)
    return project


@pytest.fixture
def plan(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Plan:
    """Runs `csc plan --study planned` in the project; exit status and all it says."""
    monkeypatch.setenv("CSC_PROJECT_DIR", str(project.path))

    def run(*arguments: str, study: str = STUDY) -> tuple[int, str]:
        status = main(["plan", "--study", study, *arguments])
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


def text_of(project: Project) -> str:
    """The plan's text."""
    return (project.path / "plans" / f"{STUDY}.md").read_text(encoding="utf-8")


def locked_rows(project: Project) -> list[dict[str, str]]:
    """The study's rows of study_plans.csv."""
    with (project.path / LEDGER).open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["study_id"] == STUDY]


def edit(project: Project, seed: str, change: Callable[[dict[str, str]], bool]) -> None:
    """Lets `change` edit each row of a seed; where it says False the row goes."""
    path = next((project.path / "seeds").rglob(f"{seed}.csv"))
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        header, kept = list(reader.fieldnames or []), [row for row in reader if change(row)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)


def set_cell(project: Project, seed: str, where: dict[str, str], **cells: str) -> None:
    """Changes cells of the study's rows that have these values."""

    def change(row: dict[str, str]) -> bool:
        if all(row[name] == value for name, value in {"study_id": STUDY, **where}.items()):
            row.update(cells)
        return True

    edit(project, seed, change)


# What a build finds


def build_plan_models(project: Project) -> list[tuple[Any, ...]]:
    """Builds all that judges plans; the study's deviations."""
    only = [option for kind in ("seed", "model") for option in ("--resource-type", kind)]
    run = project.dbt("build", *only, "--select", "+int_analysis_plan_status", "study_plans")
    assert run.returncode == 0, run.stdout[-3000:]
    return query(
        project,
        "select kind, item, deviation, touches, touches_analysis_id from fct_plan_deviations "
        f"where study_id = '{STUDY}' order by all",
    )


def query(project: Project, text: str) -> list[tuple[Any, ...]]:
    """Rows of the warehouse."""
    with project.warehouse() as warehouse:
        return warehouse.execute(text).fetchall()


def test_a_build_finds_what_deviates_beside_what_it_touches(project: Project, plan: Plan) -> None:
    project.add_seed_rows(
        "study_parameters",
        [{"study_id": STUDY, "parameter_id": "caliper_length", "value": "6.0"}],
    )
    assert plan("--lock")[0] == 0
    assert build_plan_models(project) == []
    statuses = (
        "select study_id, analysis_id, plan_status, n_deviations from int_analysis_plan_status"
    )
    own = f"{statuses} where study_id = '{STUDY}'"
    assert {(row[2], row[3]) for row in query(project, own)} == {("as_planned", 0)}

    # One outcome goes with its analysis, and an analysis comes: two analyses are touched.
    edit(
        project,
        "study_outcomes",
        lambda r: (r["study_id"], r["outcome"]) != (STUDY, "escalated_cp"),
    )
    edit(
        project,
        "study_analyses",
        lambda row: (row["study_id"], row["analysis_id"]) != (STUDY, "escalation_cp_main"),
    )
    project.add_seed_rows(
        "study_analyses",
        [
            {
                "study_id": STUDY,
                "analysis_id": "closure_later",
                "outcome": "closed_without_later_escalation",
                "sample": "unmatched",
                "estimator": "wls",
                "covariates": "none",
                "se_type": "cluster_child",
                "is_primary": "false",
            }
        ],
    )
    # The same number in another spelling is no deviation.
    set_cell(project, "study_parameters", {"parameter_id": "caliper_length"}, value="6")
    narrow = [
        ("analysis", "closure_later", "added", "analysis", "closure_later"),
        ("analysis", "escalation_cp_main", "removed", "analysis", "escalation_cp_main"),
        ("outcome", "escalated_cp", "removed", "analysis", "escalation_cp_main"),
    ]
    assert build_plan_models(project) == narrow
    touched = [row[1:] for row in query(project, own) if row[2:] != ("as_planned", 0)]
    assert touched == [("closure_later", "not_in_plan", 1)]

    # A parameter and a bin touch every analysis of the study, and none of another.
    set_cell(project, "study_parameters", {"parameter_id": "caliper_length"}, value="3")
    set_cell(
        project,
        "study_covariate_bins",
        {"covariate": "age_at_plan_start", "bin": "0-2"},
        upper_bound="4",
    )
    found = build_plan_models(project)
    assert found == [
        *narrow[:2],
        ("bin", "age_at_plan_start: 0-2", "changed", "study", None),
        narrow[2],
        ("parameter", "caliper_length", "changed", "study", None),
    ]
    touched = {row[1]: row[2:] for row in query(project, own)}
    assert touched.pop("closure_later") == ("not_in_plan", 3)
    assert len(touched) > 10
    assert set(touched.values()) == {("deviates", 2)}
    others = query(project, f"{statuses} where study_id != '{STUDY}'")
    assert {row[2] for row in others} & {"deviates", "not_in_plan"} == set()

    # What the amendment says is what the build found, and nothing deviates from it.
    status, said = plan("--lock", "--amend", "The panel asked for a narrower caliper")
    assert status == 0, said
    amendments = text_of(project).split("## Amendments")[1]
    assert "The panel asked for a narrower caliper" in amendments
    cells = [line.split(" | ")[:2] for line in amendments.splitlines() if line.startswith("| ")]
    assert [(kind.removeprefix("| "), item) for kind, item in cells[1:]] == [
        (kind, item) for kind, item, *_ in found
    ]
    status, said = plan()
    assert (status, "the configuration is as planned" in said) == (0, True)


def test_a_plan_changed_by_hand_is_found_out(project: Project, plan: Plan) -> None:
    project.add_study("untouched")
    assert plan("--lock", study="untouched")[0] == 0
    assert plan("--lock")[0] == 0
    set_cell(project, "studies", {}, evidence_level="Maryland 3")
    assert plan("--lock", "--amend", "Said by the panel")[0] == 0
    set_cell(project, "study_plans", {"version": "1", "item": "closure_main"}, value="any")
    run = project.dbt("build", "--select", "study_plans", "studies", "locked_plans_are_whole")
    # Of three versions the one that was changed.
    assert re.search(r"FAIL 1 locked_plans_are_whole", run.stdout), run.stdout[-3000:]

    def version_1_goes(row: dict[str, str]) -> bool:
        return (row["study_id"], row["version"]) != (STUDY, "1")

    for version, change in (("1", lambda row: True), ("2", version_1_goes)):
        edit(project, "study_plans", change)
        status, said = plan("--lock", "--amend", "Once more")
        assert status == 2
        assert f"version {version} of the plan of {STUDY} isn't as it was locked" in said


# What the command does


def test_a_lock_is_for_good_and_amendments_are_added(project: Project, plan: Plan) -> None:
    status, said = plan()
    assert (status, locked_rows(project)) == (0, [])
    assert "a draft, nothing is locked" in said
    assert "csc plan --study planned --lock" in said

    status, said = plan("--lock")
    first = (project.path / LEDGER).read_bytes()
    assert status == 0
    assert f"{len(locked_rows(project))} items in seeds/studies/study_plans.csv" in said
    assert {(row["version"], row["reason"]) for row in locked_rows(project)} == {("1", "")}
    assert "**Version 1, locked on" in text_of(project)

    status, said = plan("--lock")
    assert status == 2
    assert "is locked since" in said
    assert '--amend "REASON"' in said
    status, said = plan("--lock", "--amend", "No change")
    assert (status, "nothing to amend" in said) == (2, True)
    assert plan()[0] == 0

    set_cell(project, "study_covariates", {"covariate": "female"}, in_strata="false")
    written = text_of(project)
    status, said = plan()
    assert status == 2
    assert "covariate female" in said
    assert "Nothing was written" in said
    assert text_of(project) == written
    assert plan("--lock", "--amend", "Few girls\nin the extract")[0] == 0
    assert (project.path / LEDGER).read_bytes().startswith(first)
    second = [row for row in locked_rows(project) if row["version"] == "2"]
    assert {row["reason"] for row in second} == {"Few girls in the extract"}
    assert {row["plan_hash"] for row in second} & {
        row["plan_hash"] for row in locked_rows(project)[:1]
    } == set()


def test_what_cannot_be_done_is_said(project: Project, plan: Plan) -> None:
    status, said = plan(study="nowhere")
    assert (status, said) == (
        2,
        "no study 'nowhere' in seeds/studies/studies.csv; there are: crewe, fact22, planned\n",
    )
    assert plan("--amend", "Why")[0] == 2
    assert plan("--lock", "--amend", " ")[0] == 2
    status, said = plan("--lock", "--amend", "Why")
    assert (status, "no locked plan to amend" in said) == (2, True)
    edit(project, "study_analyses", lambda row: row["study_id"] != STUDY)
    status, said = plan("--lock")
    assert (status, "nothing to lock" in said) == (2, True)
    assert locked_rows(project) == []
    (project.path / "seeds" / "studies" / "study_outcomes.csv").write_text("nonsense\n1\n")
    status, said = plan()
    assert (status, "study_outcomes.csv can't be read" in said) == (2, True)


def test_labels_and_order_are_no_part_of_a_plan(project: Project, plan: Plan) -> None:
    plan("--lock")
    set_cell(project, "studies", {}, study_name="Another name", report="")
    set_cell(project, "study_covariates", {"covariate": "female"}, label="Girls")
    set_cell(project, "study_outcomes", {"outcome": "escalated"}, outcome_order="99")
    status, said = plan()
    assert (status, "as planned" in said) == (0, True)


def test_a_newer_parameter_counts_once_the_study_sets_it(project: Project, plan: Plan) -> None:
    plan("--lock")
    newer = {"parameter_id": "newer", "data_type": "integer", "default_value": "1"}
    project.add_seed_rows("parameters", [{**newer, "allowed_values": "any", "meaning": "Any"}])
    assert plan()[0] == 0
    project.add_seed_rows(
        "study_parameters", [{"study_id": STUDY, "parameter_id": "newer", "value": "2"}]
    )
    status, said = plan()
    assert (status, "parameter newer: added (2.0)" in said) == (2, True)


def test_every_column_of_the_configuration_is_planned_or_only_for_readers() -> None:
    folder = ROOT / "models" / "intermediate" / "evaluation"
    model = (folder / "int_plan_items.sql").read_text(encoding="utf-8")
    named = set(re.findall(r"'(\w+)'", model.split("\nwith\n")[0]))
    for_readers = {"study_name", "report", "research_end", "label", "in_curve"}
    for_readers |= {"covariate_order", "outcome_order", "subgroup_order"}
    keys = {"study_id", "covariate", "bin", "outcome", "analysis_id", "subgroup"}
    keys |= {"reading", "parameter_id"}
    seeds = yaml.safe_load((ROOT / "seeds/studies/_studies.yml").read_text(encoding="utf-8"))
    for seed in seeds["seeds"]:
        if seed["name"] not in ("study_plans", "study_parameters"):
            columns = set(seed["config"]["column_types"])
            assert columns - named - for_readers - keys == set(), seed["name"]


# What a plan says


def test_a_plan_has_every_part_and_names_what_is_configured(project: Project, plan: Plan) -> None:
    plan()
    text = text_of(project)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    for seed, column in {
        "study_outcomes": "outcome",
        "study_analyses": "analysis_id",
        "diagnostic_thresholds": "diagnostic",
        "parameters": "parameter_id",
        "outcome_definitions": "rule",
    }.items():
        with next((ROOT / "seeds").rglob(f"{seed}.csv")).open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row.get("study_id", "fact22") != "fact22":
                    continue
                assert seed == "outcome_definitions" or f"`{row[column]}`" in text, row[column]
    assert "no build holds this sample yet" in text


def sample_only(project: Project, n_comparators: int = 300) -> None:
    """A warehouse that holds a sample and nothing else, least of all an outcome."""
    folder = project.path / "warehouse"
    folder.mkdir()
    with duckdb.connect(str(folder / "csc_outcomes.duckdb")) as connection:
        connection.execute(
            f"""
            create table fct_study_cases as
            select
                '{STUDY}' as study_id, 'S31' as la_code, n::varchar as case_id,
                (n // 2)::varchar as child_id, null::varchar as family_id,
                case when n < 100 then 'treated' else 'comparator' end as arm
            from range(100 + {n_comparators}) as cases(n)
            """
        )
        connection.execute(
            """
            create table fct_matched_cases as
            select
                study_id, la_code, case_id, arm, 'cem_caliper' as method,
                case when arm = 'treated' then 1.0 else 1.0 + case_id::integer % 2 end as weight
            from fct_study_cases
            """
        )


def test_what_the_data_can_detect_needs_no_outcome(project: Project, plan: Plan) -> None:
    sample_only(project)
    assert plan()[0] == 0
    text = text_of(project).split("## What the data can detect")[1]
    # Weights of 1 and 2: (3 * 150)^2 / (5 * 150); all children have two cases.
    assert "| treated | 100 | 100.0 | 50 | 2.00 |" in text
    assert "| comparator | 300 | 270.0 | 150 | 2.00 |" in text
    effect = detectable_effect(100 / 2, 270 / 2)
    row = next(line for line in text.splitlines() if line.startswith("| 20%"))
    rise, fall = (100 * abs(detectable_rate(0.2, sign * effect) - 0.2) for sign in (1, -1))
    assert row.endswith(f"| {rise:.1f} | {fall:.1f} |")
    assert f"{effect:.2f} (ICC 1)" in text


def test_small_numbers_are_not_written_down(project: Project, plan: Plan) -> None:
    sample_only(project, n_comparators=9)
    assert plan()[0] == 0
    text = text_of(project).split("## What the data can detect")[1]
    assert "An arm has fewer than 10 cases" in text
    assert "| comparator |" not in text


def test_plans_go_into_a_published_build(project: Project, plan: Plan, tmp_path: Path) -> None:
    assert copy_plans(project.path, tmp_path / "none") == {}
    plan()
    hashes = copy_plans(project.path, tmp_path / "copies")
    copy = (tmp_path / "copies" / f"{STUDY}.md").read_bytes()
    assert copy.decode() == text_of(project)
    assert hashes == {f"{STUDY}.md": hashlib.sha256(copy).hexdigest()}


# Power


@pytest.mark.parametrize("case", json.loads((FIXTURES / "mdes_pwr.json").read_text()), ids=str)
def test_detectable_rates_are_those_of_pwr(case: dict[str, float]) -> None:
    """Families of three children, two of three families in one arm. R looks for the root to 1e-4
    of an effect only; the closed form without the far tail is exact."""
    n = case["fam"] * 3 / design_effect(3, case["icc"])
    effect = detectable_effect(n / 3, 2 * n / 3)
    rate = detectable_rate(case["p0"], effect)
    assert 100 * (rate - case["p0"]) == pytest.approx(case["mdes"], abs=1e-3)
    normal = NormalDist()
    z = normal.inv_cdf(0.975) + normal.inv_cdf(0.8)
    assert effect == pytest.approx(z * math.sqrt(3 / n + 3 / (2 * n)), rel=1e-5)
    assert proportion_effectsize(rate, case["p0"]) == pytest.approx(effect, abs=1e-12)


def test_there_is_no_rate_beyond_none_and_all() -> None:
    assert math.isnan(detectable_rate(0.01, -0.5))
    assert math.isnan(detectable_rate(0.99, 0.5))
    assert math.isnan(detectable_effect(0, 10))
