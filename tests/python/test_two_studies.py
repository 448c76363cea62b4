"""Two studies of two authorities in one build: what fails in one leaves the other's alone, a dirty
delivery comes to what the clean one says, and who wants to be left out is."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

import trial_files
from csc_outcomes.landing.identifiers import pseudonym
from csc_outcomes.summary import summary_text
from projects import ROOT, Project, light_copy
from trial_files import DirtyTwin, add_trial_files

TRIAL, MATCHED, DIRTY = "crewe", "fact22", "dirty_trial"
TRIAL_LA, MATCHED_LA, DIRTY_LA = "S32", "S31", trial_files.LA_CODE
TRIAL_FOLDER, MATCHED_FOLDER = "synthetic_cheshire_east", "synthetic_coventry"
WITHHOLD = ("--vars", "withhold_failing_la: true")
# What a study has beside the seeds that `add_study` copies.
MORE_SEEDS = (
    "study_data_cuts",
    "benefit_assumptions",
    "weekly_costs",
    "power_designs",
    "workload_benchmarks",
)
# Printed figures are of the study that printed them; the others tell of the files themselves.
NOT_COMPARED = {
    "fct_published_comparison",
    "fct_load_log",
    "fct_quarantined_rows",
    "fct_expectation_results",
}
# Names of the study, its authority and its records, which are pseudonyms of that authority, and
# what is hashed from them.
NAMES = {
    "comparator_la_code",
    "la_code",
    "la_name",
    "study_id",
    "child_id",
    "case_id",
    "treated_case_id",
    "comparator_case_id",
    "family_id",
    "referral_id",
    "parameter_hash",
    "definition_hash",
}


@dataclass(frozen=True)
class Built:
    """A project with what its build said, and of its dirty delivery what was to come of it."""

    project: Project
    closing: str
    twin: DirtyTwin
    opted_out: str
    objecting: list[str]


def with_both_authorities(path: Path) -> Project:
    project = light_copy(path)
    for folder in (TRIAL_FOLDER, MATCHED_FOLDER):
        shutil.copytree(ROOT / "extracts" / folder, project.path / "extracts" / folder)
    return project


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def closing_message(output: str, begins: str) -> str:
    return output[output.index(begins) :]


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Both authorities; in the trial's a family has children in both arms."""
    project = with_both_authorities(tmp_path_factory.mktemp("split"))
    path = project.path / "extracts" / TRIAL_FOLDER / "2018-12-study-files" / "allocations.csv"
    rows = read(path)
    allocated = [row for row in rows if row["arm"]]
    families = [row["family_ref"] for row in allocated]
    one = next(row for row in allocated if families.count(row["family_ref"]) > 1)
    one["arm"] = next(row["arm"] for row in allocated if row["arm"] != one["arm"])
    write(path, rows)
    return project


@pytest.fixture(scope="module")
def without_trial(split: Project) -> Built:
    """The same, its authority withheld."""
    result = split.dbt("build", *WITHHOLD)
    assert result.returncode == 0, result.stdout[-5000:]
    return Built(split, result.stdout, trial_files.dirty_twin(), "", [])


@pytest.fixture(scope="module")
def without_matched(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The matched comparison's authority is withheld, for a file has lost a column; the trial is
    there twice, once as a careless authority writes it. One child opted out of either."""
    project = with_both_authorities(tmp_path_factory.mktemp("without_matched"))
    path = project.path / "extracts" / MATCHED_FOLDER / "2019-11" / "cases.csv"
    header, rest = path.read_text(encoding="utf-8").split("\n", 1)
    path.write_text(header.replace("cin_open_date", "cin_start") + "\n" + rest, encoding="utf-8")
    twin = add_trial_files(project)
    project.add_study(DIRTY, like=TRIAL, la_code=DIRTY_LA)
    for seed in MORE_SEEDS:
        project.copy_seed_rows(seed, TRIAL, DIRTY, lambda _: True)
    thresholds = project.path / "seeds" / "parameters" / "delivery_thresholds.csv"
    text = thresholds.read_text(encoding="utf-8")
    # of a survey's few answers the faulty ones are more than a tenth
    thresholds.write_text(text.replace("critical,0.1", "critical,0.2"), encoding="utf-8")
    extracts = project.path / "extracts"
    objections = read(extracts / TRIAL_FOLDER / "objections.csv")
    objecting = [row["child_id"] for row in objections if row["objects_to"] == "school_data"]
    study_files = extracts / TRIAL_FOLDER / "2018-12-study-files"
    absences, answers = (
        {row["child_ref"] for row in read(study_files / f"{holds}.csv")}
        for holds in ("school_absences", "sdq_answers")
    )
    opted_out = min(absences & answers - set(objecting))
    for folder in (TRIAL_FOLDER, "dirty_trial"):
        (extracts / folder / "opt_outs.csv").write_text(f"child_id\n{opted_out}\n")
    result = project.dbt("build", *WITHHOLD)
    assert result.returncode == 0, result.stdout[-5000:]
    return Built(project, result.stdout, twin, opted_out, objecting)


@pytest.fixture(scope="module")
def tables(without_matched: Built) -> Iterator[duckdb.DuckDBPyConnection]:
    with without_matched.project.published() as connection:
        yield connection


# One authority fails


def test_a_split_family_stops_the_build(split: Project) -> None:
    result = split.dbt("build")
    assert result.returncode != 0
    closing = closing_message(result.stdout, "Not published")
    (line,) = [line for line in closing.splitlines() if line.startswith("  - ")]
    for words in (
        f"{TRIAL_LA} Synthetic Cheshire East, 2018-12-study-files/allocations.csv, family_id",
        "a family is in one arm",
        "of 360",
        "give all its children that arm",
    ):
        assert words in line
    assert "run `dbt build` again" in closing
    assert "withhold_failing_la: true" in closing
    assert not (split.path / "published").exists()


@pytest.mark.parametrize(
    ("fixture", "missing", "la_code", "present", "why"),
    [
        ("without_trial", TRIAL, TRIAL_LA, MATCHED, "std_allocations: a family is in one arm"),
        ("without_matched", MATCHED, MATCHED_LA, TRIAL, "delivery: file is accepted"),
    ],
)
def test_the_authority_that_fails_is_withheld_alone(
    request: pytest.FixtureRequest,
    fixture: str,
    missing: str,
    la_code: str,
    present: str,
    why: str,
) -> None:
    built: Built = request.getfixturevalue(fixture)
    with built.project.published() as tables:
        estimates = tables.execute(
            "select study_id, count(*) from fct_effect_estimates"
            " where study_id in (?, ?) and is_primary and status = 'ok' group by study_id",
            [missing, present],
        ).fetchall()
        fitness = tables.execute(
            "select distinct verdict, because from fct_fitness_for_analysis"
            " where la_code = ? and study_id = ?",
            [la_code, missing],
        ).fetchall()
        others = tables.execute(
            "select distinct verdict from fct_fitness_for_analysis"
            " where study_id = ? and because like '%withheld%'",
            [present],
        ).fetchall()
    assert [study for study, _ in estimates] == [present]
    ((verdict, because),) = fitness
    assert verdict == "cannot"
    assert "The delivery is withheld for failing " in because
    assert why in because
    assert others == []
    summary = closing_message(built.closing, "Studies that this build lacks:")
    assert f"  - {missing}, {la_code} " in summary
    assert because in summary
    assert f"  - {la_code} " in closing_message(built.closing, "Withheld, for a delivery")
    assert "Traceback" not in built.closing


@pytest.mark.parametrize(
    ("fixture", "missing", "la_code"),
    [("without_trial", TRIAL, TRIAL_LA), ("without_matched", MATCHED, MATCHED_LA)],
)
def test_no_mart_tells_anything_of_a_withheld_study(
    request: pytest.FixtureRequest, fixture: str, missing: str, la_code: str
) -> None:
    built: Built = request.getfixturevalue(fixture)
    with built.project.published() as tables:
        columns = columns_of(tables)
        told = [
            table
            for table, names in columns.items()
            if {"study_id", "status_reason"} <= names
            and table != "fct_power"  # of designs, not of data
            and tables.execute(
                f"select 1 from {table} where study_id = ? and"
                " (status != 'not_estimable' or status_reason is null)",
                [missing],
            ).fetchall()
        ]
        # the door's own account of its files names the authority, and so does what stands against
        judging = {
            "def_studies",
            "dim_local_authorities",
            "fct_code_coverage",
            "fct_expectation_results",
            "fct_fitness_for_analysis",
            "fct_fitness_for_outcomes",
            "fct_load_log",
            "fct_quarantined_rows",
            "fct_rule_scorecard",
        }
        of_the_authority = [
            table
            for table, names in columns.items()
            if "la_code" in names
            and table not in judging
            and tables.execute(f"select 1 from {table} where la_code = ?", [la_code]).fetchall()
        ]
        compared = tables.execute(
            "select distinct verdict from fct_published_comparison where study_id = ?", [missing]
        ).fetchall()
    assert told == []
    assert of_the_authority == []
    assert compared == [("not_applicable",)]


def test_the_summary_of_a_trial_speaks_of_allocation(without_matched: Built) -> None:
    current = without_matched.project.path / "published" / "current"
    summary = summary_text(current.resolve())
    assert summary in without_matched.closing
    assert "matched treated cases" not in summary
    title, header, line, *notes = summary[summary.index(f"\n{TRIAL} (") + 1 :].splitlines()
    n_analysed = {"treated": 83, "comparator": 43}
    assert title == (
        f"{TRIAL} (synthetic data): {n_analysed['treated']} cases of those allocated to the "
        f"programme (treated), {n_analysed['comparator']} of those to the usual service "
        "(comparator); effect of being allocated"
    )
    assert header.split()[1:3] == ["treated", "comparator"]
    with without_matched.project.published() as tables:
        estimates = {
            term: figures
            for term, *figures in tables.execute(
                "select term, estimate, ci_low, ci_high from fct_effect_estimates"
                " where study_id = ? and is_primary",
                [TRIAL],
            ).fetchall()
        }
    low, high = (100 * limit for limit in estimates["treated"][1:])
    treated, comparator, difference = (
        f"{100 * estimates[term][0]:.1f}" for term in ("treated_mean", "comparator_mean", "treated")
    )
    # the means are those of the model, so that what is shown adds up
    assert line.split()[:7] == [
        "closed_without_rereferral",
        *(treated, "%"),
        *(comparator, "%"),
        *(difference, "pp"),
    ]
    assert f"{low:.1f} to {high:.1f}" in line
    # what the report prints of all cases, and not of those with a history
    assert line.endswith("72.0 / 64.0 / 8.5")
    assert notes[0] == "Before you read it:"
    # a trial isn't judged by the balance of its arms, nor by weights it hasn't
    assert notes[1].startswith("  - Smallest difference of proportions")
    assert not any("Effective number" in note or "standardised" in note for note in notes[:3])


# The dirty twin


def test_a_dirty_delivery_tells_what_the_clean_one_does(tables: duckdb.DuckDBPyConnection) -> None:
    n_compared = {}
    for table, names in columns_of(tables).items():
        if table in NOT_COMPARED or not names & {"study_id", "la_code"}:
            continue
        whose, pair = (
            ("study_id", (TRIAL, DIRTY))
            if "study_id" in names
            else ("la_code", (TRIAL_LA, DIRTY_LA))
        )
        columns = ", ".join(sorted(names - NAMES))
        clean, dirty = (
            tables.execute(
                f"select {columns} from {table} where {whose} = ? order by all", [one]
            ).fetchdf()
            for one in pair
        )
        pd.testing.assert_frame_equal(dirty, clean, rtol=0, atol=1e-12, obj=table)
        n_compared[table] = len(clean)
    assert n_compared["fct_effect_estimates"] > 100
    assert n_compared["fct_case_outcomes"] > 5000
    assert n_compared["fct_return_on_investment"] == 1
    assert sum(n > 0 for n in n_compared.values()) > 50


def test_each_faulty_row_is_listed_with_its_reason(
    without_matched: Built, tables: duckdb.DuckDBPyConnection
) -> None:
    listed = tables.execute(
        "select table_name, source_row_number, reason_code from fct_quarantined_rows"
        " where la_code = ? and what_to_do is not null order by all",
        [DIRTY_LA],
    ).fetchall()
    assert listed == sorted(
        (holds, number, reason)
        for holds, reasons in without_matched.twin.quarantined.items()
        for number, reason in reasons.items()
    )


def test_every_record_of_either_delivery_is_accounted_for(
    without_matched: Built, tables: duckdb.DuckDBPyConnection
) -> None:
    twin = without_matched.twin
    accounts = {
        la_code: {
            holds: fates
            for holds, *fates in tables.execute(
                "select holds, n_read, n_loaded, n_quarantined, n_duplicate, n_superseded,"
                " n_opted_out from fct_load_log where la_code = ?",
                [la_code],
            ).fetchall()
        }
        for la_code in (TRIAL_LA, DIRTY_LA)
    }
    assert set(accounts[DIRTY_LA]) == {"cases", *twin.n_sound}
    for holds, (n_read, n_loaded, *_, n_opted_out) in accounts[TRIAL_LA].items():
        assert n_read == n_loaded + n_opted_out
        n_bad, n_twice = len(twin.quarantined.get(holds, ())), twin.n_duplicates.get(holds, 0)
        assert accounts[DIRTY_LA][holds] == [
            n_read + n_bad + n_twice,
            n_loaded,
            n_bad,
            n_twice,
            0,
            n_opted_out,
        ]


# Who wants to be left out


@pytest.mark.parametrize("la_code", [TRIAL_LA, DIRTY_LA])
def test_school_data_of_a_child_who_objects_are_nowhere_and_its_case_is(
    without_matched: Built, tables: duckdb.DuckDBPyConnection, key: bytes, la_code: str
) -> None:
    study = TRIAL if la_code == TRIAL_LA else DIRTY
    assert len(without_matched.objecting) > 10
    children = [pseudonym(key, la_code, "child", child) for child in without_matched.objecting]
    landed = pq.read_table(
        without_matched.project.path / "landing" / "study_files__school_absences",
        columns=["child_id"],
    )
    assert landed.num_rows > 500
    assert set(landed.column("child_id").to_pylist()).isdisjoint(children)
    with without_matched.project.warehouse() as warehouse:
        for model in ("std_school_absences", "int_admitted_school_absences"):
            assert not warehouse.execute(
                f"select 1 from {model} where list_contains(?, child_id)", [children]
            ).fetchall()
        assert not warehouse.execute(
            "select 1 from int_absences inner join fct_cin_cases using (la_code, case_id)"
            " where study_id = ? and list_contains(?, child_id)",
            [study, children],
        ).fetchall()
    cases = "fct_study_cases where study_id = ? and list_contains(?, child_id)"
    (n_children,) = tables.execute(
        f"select count(distinct child_id) from {cases}", [study, children]
    ).fetchall()[0]
    assert n_children == len(children)
    outcomes = dict(
        tables.execute(
            "select outcome, count(value) from fct_case_outcomes"
            f" inner join (select study_id, case_id from {cases}) using (study_id, case_id)"
            " where outcome in ('absence_days', 'closed_recorded') group by outcome",
            [study, children],
        ).fetchall()
    )
    assert outcomes.get("absence_days", 0) == 0
    assert outcomes["closed_recorded"] > 0
    flow = dict(
        tables.execute(
            "select step, sum(n_children) from fct_attendance_flow where study_id = ? group by all",
            [study],
        ).fetchall()
    )
    assert flow["of_school_age"] - flow["without_objection"] == len(children)


@pytest.mark.parametrize("la_code", [TRIAL_LA, DIRTY_LA])
def test_a_child_who_opted_out_is_nowhere(
    without_matched: Built, tables: duckdb.DuckDBPyConnection, key: bytes, la_code: str
) -> None:
    child = pseudonym(key, la_code, "child", without_matched.opted_out)
    other = pseudonym(key, la_code, "child", without_matched.objecting[0])
    holding = {
        table: {
            row[0]
            for row in tables.execute(
                f"select distinct child_id from {table} where list_contains(?, child_id)",
                [[child, other]],
            ).fetchall()
        }
        for table, names in columns_of(tables).items()
        if "child_id" in names
    }
    assert holding["fct_study_cases"] == {other}
    assert all(child not in found for found in holding.values())
    landing = without_matched.project.path / "landing"
    held = [
        path.parent.name
        for path in landing.rglob("*.parquet")
        if "child_id" in pq.read_schema(path).names
        and child in pq.read_table(path, columns=["child_id"]).column("child_id").to_pylist()
    ]
    assert held == []


def columns_of(tables: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """Every published table with its columns but the build_id."""
    found: dict[str, set[str]] = {}
    for table, column in tables.execute(
        "select table_name, column_name from duckdb_columns() where not internal order by all"
    ).fetchall():
        found.setdefault(table, set()).add(column)
    return {table: names - {"build_id"} for table, names in found.items()}
