"""The made-up trial: printed figures come back from its files, and its dirty twin is refused row by
row."""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml

from csc_outcomes.landing import land
from csc_outcomes.landing.contract import load_document, parse_delivery
from csc_outcomes.synthetic import main
from csc_outcomes.synthetic.trial.facts import TrialFacts, load_trial_facts
from csc_outcomes.synthetic.trial.layout import STUDY_FILE_COLUMNS, read_trial
from csc_outcomes.synthetic.trial.study_frame import frame_trial
from csc_outcomes.synthetic.trial.verify import check_trial, verify_trial
from projects import ROOT, Project, copy_project
from trial_files import CLEAN, FAULTS, LA_CODE, DirtyTwin, add_trial_files, dirty_twin, rows_of

Tables = dict[str, pd.DataFrame]
CASE_LIST, STUDY_FILES = "2018-12", "2018-12-study-files"


@pytest.fixture(scope="module")
def facts() -> TrialFacts:
    return load_trial_facts()


@pytest.fixture(scope="module")
def tables_of_trial(facts: TrialFacts) -> Tables:
    return read_trial(CLEAN, facts.extract)


# --- the committed extract -------------------------------------------------------------------


def test_the_same_seed_gives_the_committed_bytes(tmp_path: Path) -> None:
    assert main(["--mode", "trial", "--out", str(tmp_path)]) == 0
    committed = sorted(path for path in CLEAN.rglob("*") if path.is_file())
    made = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert [path.relative_to(tmp_path) for path in made] == [
        path.relative_to(CLEAN) for path in committed
    ]
    for path in committed:
        assert (tmp_path / path.relative_to(CLEAN)).read_bytes() == path.read_bytes(), path.name


def test_every_figure_and_edge_comes_back(facts: TrialFacts) -> None:
    table = verify_trial(CLEAN, facts)
    assert table[~table["ok"]].to_string() == table.head(0).to_string()
    assert len(table) > len(facts.printed)


def test_the_command_says_what_was_missed(
    tmp_path: Path, facts: TrialFacts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--mode", "verify-trial", "--out", str(CLEAN)]) == 0
    assert "0 missed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("holds", "column", "value", "quantity"),
    [
        ("cases", "close_date", "", "closed and not re-referred, treated"),
        ("cases", "close_date", "2016-11-02", "mean weeks open, treated"),
        ("cases", "rereferral_dates", "2016-11-01", "re-referred after closure, treated"),
        ("cases", "outcome_known", "0", "index cases analysed"),
        ("cases", "is_index", "0", "families without one index child"),
        ("cases", "first_cp_date", "2016-05-01", "escalated to child protection, treated"),
        ("allocations", "arm", "usual_service", "index cases analysed, treated"),
        ("allocations", "status", "not_approved", "children allocated"),
        ("allocations", "randomised_on", "2016-04-01", "last allocation"),
    ],
)
def test_the_verifier_notices_one_changed_cell(
    tables_of_trial: Tables,
    facts: TrialFacts,
    holds: str,
    column: str,
    value: str,
    quantity: str,
) -> None:
    analysed = frame_trial(tables_of_trial, facts).analysed
    plain = analysed[(analysed["treated"] == 1) & (analysed["closed"] == 1)]
    changed = tables_of_trial[holds].copy()
    changed.loc[changed["case_ref"] == plain["case_id"].iloc[0], column] = value
    table = check_trial({**tables_of_trial, holds: changed}, facts).set_index("quantity")
    assert not table.loc[quantity, "ok"]


@pytest.mark.parametrize(
    ("holds", "quantity"),
    [
        ("school_absences", "mean days absent, secondary"),
        ("sdq_answers", "total difficulties, mean"),
        ("risk_codings", "coded at referral, parent_domestic_abuse"),
        ("staff_stress", "staff who answered, programme"),
        ("workload_counts", "cases held, programme, 2015-11"),
        ("interviews", "interviews on experience"),
        ("objections", "pupils with absences, all"),
    ],
)
def test_the_verifier_notices_lost_rows(
    tables_of_trial: Tables, facts: TrialFacts, holds: str, quantity: str
) -> None:
    changed = tables_of_trial[holds].iloc[::2]
    table = check_trial({**tables_of_trial, holds: changed}, facts).set_index("quantity")
    assert not table.loc[quantity, "ok"]


def test_the_open_spell_alone_makes_the_other_histories(
    tables_of_trial: Tables, facts: TrialFacts
) -> None:
    analysed = frame_trial(tables_of_trial, facts).analysed
    only_open = analysed[(analysed["history"] == 1) & ~analysed["history_told"]]
    assert len(only_open) == 14
    assert only_open["was_open"].all()


def test_all_days_lie_in_order(tables_of_trial: Tables, facts: TrialFacts) -> None:
    frame = frame_trial(tables_of_trial, facts)
    cases, study = frame.cases, frame.study
    assert (cases["birth_date"] < cases["referral_date"]).all()
    closed = cases[cases["closure_date"].notna()]
    assert (closed["closure_date"] > closed["referral_date"]).all()
    assert (closed["closure_date"] <= pd.Timestamp(facts.extract.as_of_date)).all()
    analysed = frame.analysed
    allocated = pd.to_datetime(analysed["allocated_date"])
    assert (allocated > analysed["referral_date"]).all()
    assert not (analysed["closure_date"] < allocated).any()
    assert not (analysed["first_cp_date"] < allocated).any()
    assert study.groupby("family_id")["allocated_date"].nunique().max() == 1


def test_both_deliveries_land_whole(tmp_path: Path) -> None:
    project = copy_of(tmp_path)
    outcomes = land(project).outcomes
    assert {outcome.status for outcome in outcomes} == {"landed"}
    assert {outcome.holds for outcome in outcomes} == {"cases", *STUDY_FILE_COLUMNS}
    assert sum(outcome.n_refused_rows or 0 for outcome in outcomes) == 0


def test_the_coded_cases_are_those_that_the_warehouse_draws(
    tables_of_trial: Tables, facts: TrialFacts
) -> None:
    analysed = frame_trial(tables_of_trial, facts).analysed
    rows = {ref: row for row, ref in enumerate(tables_of_trial["cases"]["case_ref"], 1)}
    keys = [
        hashlib.md5(f"1|{start:%Y-%m-%d}|{rows[case]}".encode()).hexdigest()
        for start, case in zip(analysed["referral_date"], analysed["case_id"], strict=True)
    ]
    drawn = analysed.assign(key=keys).sort_values("key").groupby("arm").head(15)
    assert set(drawn["case_id"]) == set(tables_of_trial["risk_codings"]["case_ref"])


def copy_of(folder: Path) -> Path:
    """A project folder with the committed deliveries and nothing else."""
    shutil.copytree(CLEAN, folder / "extracts" / CLEAN.name)
    shutil.copy2(ROOT / "extracts" / "demonstration.key", folder / "extracts")
    return folder


def test_another_seed_gives_other_rows_and_the_same_figures(
    tmp_path: Path, tables_of_trial: Tables, facts: TrialFacts
) -> None:
    assert main(["--mode", "trial", "--seed", "7", "--out", str(tmp_path)]) == 0
    other = read_trial(tmp_path, facts.extract)
    assert not other["cases"].equals(tables_of_trial["cases"])
    assert check_trial(other, facts)["ok"].all()


# --- its dirty twin --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def twin() -> DirtyTwin:
    return dirty_twin()


def test_the_twin_is_well_formed(twin: DirtyTwin, tmp_path: Path) -> None:
    for document in (twin.contract, twin.case_contract):
        (tmp_path / "extract.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
        delivery = parse_delivery(load_document(tmp_path / "extract.yml"))
        assert delivery.la_code == LA_CODE
    for holds in FAULTS:
        rows = rows_of(twin.files[f"{holds}.csv"])
        assert len(rows) == twin.n_sound[holds] + len(FAULTS[holds])
        assert min(twin.quarantined[holds]) > twin.n_sound[holds]


def test_the_twins_reasons_are_those_of_the_list(twin: DirtyTwin) -> None:
    path = ROOT / "seeds" / "parameters" / "quarantine_reasons.csv"
    with path.open(encoding="utf-8", newline="") as file:
        known = {row["reason_code"] for row in csv.DictReader(file)}
    assert {reason for rows in twin.quarantined.values() for reason in rows.values()} <= known


def test_one_family_can_be_split(twin: DirtyTwin) -> None:
    whole = rows_of(twin.files["allocations.csv"])
    split = rows_of(dirty_twin(split_family=True).files["allocations.csv"])
    changed = [(a, b) for a, b in zip(whole, split, strict=True) if a != b]
    sound = [(a, b) for a, b in changed if a["Child Ref !"] == changed[0][0]["Child Ref !"]]
    assert {frozenset((a["Arm !"], b["Arm !"])) for a, b in sound} == {frozenset(("PC", "CEC"))}


RECORDS = {
    "allocations": "std_allocation_records",
    "sdq_answers": "std_sdq_answer_records",
    "school_absences": "std_school_absence_records",
    "risk_codings": "std_risk_coding_records",
    "staff_stress": "std_staff_stress_records",
    "workload_counts": "std_workload_count_records",
    "interviews": "std_interview_records",
}
CLEAN_LA = "S32"


@pytest.fixture(scope="module")
def warehouse(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The records of the clean and of the dirty delivery, built without the rest."""
    project: Project = copy_project(tmp_path_factory.mktemp("trial"))
    add_trial_files(project)
    result = project.dbt(
        "build",
        "--select",
        *(f"+{model}" for model in RECORDS.values()),
        "std_cin_cases",
        "+std_cin_cases",
        "--exclude-resource-type",
        "test",
        "unit_test",
    )
    assert result.returncode == 0, result.stdout[-3000:]
    with project.warehouse() as connection:
        yield connection


@pytest.mark.parametrize("holds", list(FAULTS))
def test_each_dirty_row_has_its_reason(
    warehouse: duckdb.DuckDBPyConnection, twin: DirtyTwin, holds: str
) -> None:
    rows = warehouse.execute(
        f"select source_row_number, quarantine_code from {RECORDS[holds]}"
        " where la_code = ? and fate = 'quarantined'",
        [LA_CODE],
    ).fetchall()
    assert dict(rows) == twin.quarantined[holds]


@pytest.mark.parametrize("holds", list(FAULTS))
def test_as_much_is_loaded_as_from_the_clean_files(
    warehouse: duckdb.DuckDBPyConnection, twin: DirtyTwin, holds: str
) -> None:
    counts = dict(
        warehouse.execute(
            f"select la_code || '|' || fate, count(*) from {RECORDS[holds]}"
            " where la_code in (?, ?) group by la_code, fate",
            [CLEAN_LA, LA_CODE],
        ).fetchall()
    )
    assert counts[f"{LA_CODE}|loaded"] == counts[f"{CLEAN_LA}|loaded"]
    assert counts.get(f"{LA_CODE}|duplicate", 0) == twin.n_duplicates[holds]
    assert set(counts) & {f"{CLEAN_LA}|quarantined", f"{CLEAN_LA}|duplicate"} == set()


def test_absences_of_objectors_never_pass_the_door(
    warehouse: duckdb.DuckDBPyConnection, tables_of_trial: Tables, facts: TrialFacts
) -> None:
    objected = set(tables_of_trial["objections"]["child_id"])
    absences = tables_of_trial["school_absences"]
    kept = absences[~absences["child_ref"].isin(objected)]
    n_landed = warehouse.execute(
        "select count(*) from std_school_absence_records where la_code = ?", [CLEAN_LA]
    ).fetchall()
    assert n_landed == [(len(kept),)]
