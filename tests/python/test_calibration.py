"""Systematic error from negative controls, and what it leaves of an effect."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.stats import norm, t

from csc_outcomes.estimators.calibration import (
    SystematicError,
    calibrate,
    fit_systematic_error,
)
from csc_outcomes.estimators.result import NotEstimableError
from csc_outcomes.evaluation.calibration_tables import calibrated_estimates, negative_controls
from projects import Project

NOTHING = SystematicError(0.0, 0.0)
CONTROLS = [0.10, 0.14, 0.06, 0.13, 0.07]


def deviance(values: np.ndarray, errors: np.ndarray, mean: float, sd: float) -> float:
    """Written down a second time, from the density."""
    return -2 * float(norm.logpdf(values, mean, np.sqrt(sd**2 + errors**2)).sum())


def test_what_went_in_comes_out() -> None:
    generator = np.random.default_rng(14)
    means, sds = [], []
    for _ in range(40):
        errors = generator.uniform(0.01, 0.06, 50)
        found = fit_systematic_error(generator.normal(0.1, np.hypot(0.05, errors)), errors)
        means.append(found.mean)
        sds.append(found.sd)
    # Each fit has a standard error of about .009 for the mean and .007 for the deviation.
    assert np.mean(means) == pytest.approx(0.1, abs=0.004)
    assert np.mean(sds) == pytest.approx(0.05, abs=0.004)


def test_no_other_error_explains_the_controls_better() -> None:
    generator = np.random.default_rng(1)
    for _ in range(10):
        errors = generator.lognormal(-3, 1, 6)
        values = generator.normal(0.02, np.hypot(0.03, errors))
        found = fit_systematic_error(values, errors)
        ours = deviance(values, errors, found.mean, found.sd)
        for start in (1e-3, 0.03, 0.3):
            other = minimize(
                lambda at, y=values, se=errors: deviance(y, se, at[0], at[1]),
                [0.0, start],
                method="Nelder-Mead",
                options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 4000},
            )
            assert ours <= other.fun + 1e-8


def test_equal_errors_have_a_closed_form() -> None:
    # Deviations 0, .04, -.04, .03, -.03: squares add up to .005, a fifth of that is .001.
    found = fit_systematic_error(CONTROLS, [0.02] * 5)
    assert found.mean == pytest.approx(0.1)
    assert found.sd == pytest.approx(np.sqrt(0.001 - 0.02**2))


def test_two_peaks_give_the_higher_one() -> None:
    # One very exact control pulls the mean to itself at sd 0 and lets it go at a larger sd.
    values, errors = np.array([0.0, 1.0, 1.1, 0.9]), np.array([1e-4, 0.3, 0.3, 0.3])
    found = fit_systematic_error(values, errors)
    grid = [
        (deviance(values, errors, mean, sd), sd)
        for mean in np.linspace(0, 1.1, 221)
        for sd in np.linspace(0, 1.2, 241)
    ]
    best, sd = min(grid)
    assert deviance(values, errors, found.mean, found.sd) <= best + 1e-9
    assert found.sd == pytest.approx(sd, abs=0.02)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_unit_does_not_matter(scale: float) -> None:
    plain = fit_systematic_error(CONTROLS, [0.01, 0.02, 0.03, 0.01, 0.02])
    errors = scale * np.array([0.01, 0.02, 0.03, 0.01, 0.02])
    scaled = fit_systematic_error(scale * np.array(CONTROLS), errors)
    assert [scaled.mean, scaled.sd] == pytest.approx(
        [scale * plain.mean, scale * plain.sd], rel=1e-5
    )


@pytest.mark.parametrize("values", [CONTROLS, [0.1] * 5])
def test_what_chance_explains_is_no_systematic_spread(values: list[float]) -> None:
    errors = [0.05, 0.06, 0.07, 0.08, 0.09]
    found = fit_systematic_error(values, errors)
    assert found.sd == 0
    assert found.mean == pytest.approx(np.average(values, weights=1 / np.square(errors)))


@pytest.mark.parametrize(("n", "n_needed"), [(0, 0), (1, 1), (4, 5)])
def test_too_few_controls_have_no_error(n: int, n_needed: int) -> None:
    with pytest.raises(NotEstimableError, match=rf"^too_few_controls: {n} of at least"):
        fit_systematic_error([0.1] * n, [0.05] * n, n_needed)


@pytest.mark.parametrize(
    ("values", "errors"),
    [([0.1, 0.2, 0.3], [0.1, 0.1]), ([0.1, np.nan], [0.1, 0.1]), ([0.1, 0.2], [0.1, 0.0])],
)
def test_what_is_no_estimate_is_refused(values: list[float], errors: list[float]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        fit_systematic_error(values, errors)


def test_without_systematic_error_nothing_changes() -> None:
    # The p-values are those that the tests of OHDSI's package expect of an error of 0.
    for estimate, error, p_value in ((0.1, 0.05, 0.045500266), (0.3, 0.1, 0.002699796)):
        found = calibrate(estimate, error, NOTHING)
        assert found.p_value == pytest.approx(p_value, abs=1e-8)
        assert found.estimate == estimate
        assert found.ci_low == pytest.approx(estimate - 1.959964 * error, abs=1e-6)
    few = calibrate(0.1, 0.05, NOTHING, df=11)
    assert few.p_value == pytest.approx(2 * t.sf(2, 11))
    assert few.ci_high == pytest.approx(0.1 + t.ppf(0.975, 11) * 0.05)


def test_an_effect_like_the_controls_is_no_effect() -> None:
    # sqrt(.03^2 + .04^2) = .05, and (.2 - .1) / .05 = 2.
    found = calibrate(0.2, 0.03, SystematicError(0.1, 0.04))
    assert found.p_value == pytest.approx(2 * norm.sf(2))
    assert [found.estimate, found.ci_low, found.ci_high] == pytest.approx(
        [0.1, 0.1 - 1.959964 * 0.05, 0.1 + 1.959964 * 0.05], abs=1e-6
    )
    assert calibrate(0.1, 0.03, SystematicError(0.1, 0.04)).p_value == pytest.approx(1)


def test_calibrated_intervals_hold_the_truth_as_often_as_they_say() -> None:
    generator = np.random.default_rng(5)
    truth, error, draws = 0.15, SystematicError(0.1, 0.05), 4000
    values = truth + generator.normal(0.1, 0.05, draws) + generator.normal(0, 0.03, draws)
    found = [calibrate(value, 0.03, error) for value in values]
    assert np.mean([one.ci_low <= truth <= one.ci_high for one in found]) == pytest.approx(
        0.95, abs=0.012
    )
    plain = [calibrate(value, 0.03, NOTHING) for value in values]
    assert np.mean([one.ci_low <= truth <= one.ci_high for one in plain]) < 0.5


OUTCOMES = pd.DataFrame(
    [{"study_id": "s", "outcome": "o", "role": "outcome"}]
    + [
        {"study_id": "s", "outcome": f"control_{n}", "role": "negative_control"}
        for n in range(len(CONTROLS))
    ]
)


def effect(analysis_id: str, outcome: str, estimate: float | None, **changes: Any) -> dict:
    """One row as fct_effect_estimates has it."""
    row = {
        "study_id": "s",
        "analysis_id": analysis_id,
        "is_primary": False,
        "outcome": outcome,
        "sample": "m",
        "subgroup": None,
        "covariates": "none",
        "term": "treated",
        "estimate": estimate,
        "unit": "proportion",
        "std_error": 0.02,
        "df": None,
        "p_value": 0.03,
        "status": "ok",
        "status_reason": None,
    }
    return {**row, **changes}


def of_controls(**changes: Any) -> list[dict]:
    return [effect(f"c{n}", f"control_{n}", value, **changes) for n, value in enumerate(CONTROLS)]


MAIN = effect("main", "o", 0.3, std_error=0.05)


def both_tables(rows: list[dict], n_needed: int = 5) -> tuple[pd.DataFrame, pd.DataFrame]:
    parameters = pd.DataFrame(
        [
            {"study_id": "s", "parameter_id": name, "value": value}
            for name, value in (("year_mode", "calendar"), ("calibration_controls", str(n_needed)))
        ]
    )
    estimates = pd.DataFrame(rows)
    controls = negative_controls(estimates, OUTCOMES, parameters)
    return controls, calibrated_estimates(estimates, OUTCOMES, controls)


def only_rows(rows: list[dict], n_needed: int = 5) -> tuple[dict, dict]:
    (control,), (calibrated,) = (table.to_dict("records") for table in both_tables(rows, n_needed))
    return control, calibrated


def test_enough_controls_calibrate_the_effects_of_their_sample_and_unit() -> None:
    control, row = only_rows([MAIN, *of_controls()])
    assert [control["n_controls"], control["n_estimated"], control["status"]] == [5, 5, "ok"]
    assert control["mean_error"] == pytest.approx(0.1)
    assert control["sd_error"] == pytest.approx(np.sqrt(0.0006))
    assert [control["share_significant"], control["largest_abs_z"]] == [1, pytest.approx(7)]
    total = np.sqrt(0.0025 + 0.0006)
    assert row["calibrated_estimate"] == pytest.approx(0.2)
    assert row["calibrated_ci_low"] == pytest.approx(0.2 - norm.ppf(0.975) * total)
    assert row["calibrated_ci_high"] == pytest.approx(0.2 + norm.ppf(0.975) * total)
    assert row["calibrated_p_value"] == pytest.approx(2 * norm.sf(0.2 / total))
    assert [row["estimate"], row["p_value"], row["n_controls"]] == [0.3, 0.03, 5]


def test_controls_of_another_sample_or_unit_say_nothing() -> None:
    elsewhere = [
        {**MAIN, "analysis_id": "other_sample", "sample": "n"},
        {**MAIN, "analysis_id": "other_unit", "unit": "weeks"},
    ]
    controls, calibrated = both_tables([MAIN, *elsewhere, *of_controls()])
    assert controls[["sample", "unit", "n_controls", "status"]].to_numpy().tolist() == [
        ["m", "proportion", 5, "ok"],
        ["m", "weeks", 0, "not_estimable"],
        ["n", "proportion", 0, "not_estimable"],
    ]
    status = calibrated.set_index("analysis_id")["status"].to_dict()
    assert status == {"main": "ok", "other_sample": "not_estimable", "other_unit": "not_estimable"}


def test_too_few_controls_leave_a_reason_and_no_calibrated_number() -> None:
    control, row = only_rows([MAIN, *of_controls()[:4]])
    for found in (control, row):
        assert found["status"] == "not_estimable"
        assert found["status_reason"].startswith("too_few_controls: 4 of at least 5 ")
    assert pd.isna([control[name] for name in ("mean_error", "sd_error")]).all()
    assert pd.isna([row[name] for name in row if name.startswith("calibrated_")]).all()
    assert only_rows([MAIN, *of_controls()[:4]], n_needed=4)[1]["status"] == "ok"


def test_a_control_counts_once_with_its_plainest_analysis() -> None:
    again = [
        effect("a_first_name", "control_0", 0.5, covariates="matching"),
        effect("z_last_name", "control_1", 0.14, is_primary=True),
        effect("a_not_primary", "control_1", 0.5),
        effect("a_subgroup", "control_2", 0.5, subgroup="young"),
        effect("a_not_estimable", "control_3", None, status="not_estimable"),
        effect("a_all_alike", "control_4", 0.0, std_error=0.0),
    ]
    control, _ = only_rows(
        [MAIN, *again, *(row for row in of_controls() if row["outcome"][-1] != "1")]
    )
    assert [control["n_controls"], control["n_estimated"]] == [5, 5]
    assert control["mean_error"] == pytest.approx(0.1)


def test_a_control_without_an_error_isnt_counted_as_estimated() -> None:
    rows = [MAIN, *of_controls()]
    rows[2]["std_error"], rows[3]["status"] = 0.0, "not_estimable"
    control, row = only_rows(rows)
    assert [control["n_controls"], control["n_estimated"], row["n_controls"]] == [5, 3, 3]
    assert control["status_reason"].startswith("too_few_controls: 3 of at least 5 ")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"status": "not_estimable", "status_reason": "separation: no finite effect"},
            "separation",
        ),
        ({"subgroup": "young"}, "subgroup"),
        ({"std_error": 0.0}, "no_error"),
    ],
)
def test_what_cannot_be_calibrated_has_a_reason(changes: dict[str, Any], reason: str) -> None:
    row = only_rows([{**MAIN, **changes}, *of_controls()])[1]
    assert row["status_reason"].startswith(f"{reason}: ")
    assert pd.isna(row["calibrated_estimate"])


def test_an_effect_that_varies_has_no_single_calibration() -> None:
    row = only_rows([MAIN, {**MAIN, "term": "treated:age"}, *of_controls()])[1]
    assert row["status_reason"].startswith("interaction: ")


def test_a_study_without_controls_or_without_analyses() -> None:
    control, row = only_rows([MAIN])
    assert pd.isna([control["share_significant"], control["largest_abs_z"]]).all()
    assert row["status_reason"].startswith("too_few_controls: 0 of at least 5 ")
    nothing = pd.DataFrame([MAIN]).iloc[:0]
    parameters = pd.DataFrame(columns=["study_id", "parameter_id", "value"])
    controls = negative_controls(nothing, OUTCOMES, parameters)
    assert len(controls) == len(calibrated_estimates(nothing, OUTCOMES, controls)) == 0


def test_one_control_calibrates_nothing(tables: duckdb.DuckDBPyConnection) -> None:
    row = tables.execute(
        "select n_controls, n_estimated, mean_error, status, status_reason"
        " from fct_negative_controls"
        " where study_id = 'fact22' and sample = 'cem_caliper' and unit = 'proportion'"
    ).fetchone()
    assert row is not None
    assert row[:4] == (1, 1, None, "not_estimable")
    assert row[4].startswith("too_few_controls: 1 of at least 5 ")
    calibrated = tables.execute(
        "select count(*), count(calibrated_estimate), count(status_reason)"
        " from fct_calibrated_estimates where study_id = 'fact22'"
    ).fetchone()
    assert calibrated is not None
    assert calibrated[0] > 50
    assert calibrated[1:] == (0, calibrated[0])


def test_every_analysis_is_a_control_or_has_a_row(built: Project) -> None:
    with built.warehouse() as warehouse:
        missing = warehouse.execute(
            "select study_id, analysis_id from fct_effect_estimates"
            " inner join study_outcomes using (study_id, outcome) where role = 'outcome'"
            " except select study_id, analysis_id from fct_calibrated_estimates"
        ).fetchall()
    assert missing == []


def test_outcomes_declared_controls_calibrate_the_others(built: Project, tmp_path: Path) -> None:
    """A study whose seed rows alone say which outcomes are controls."""
    project = Project(tmp_path / "project")
    shutil.copytree(built.path, project.path, symlinks=True)
    declared = {"escalated_cp", "escalated_lac", "closed_recorded", "rereferred_any"}
    seed = next((project.path / "seeds").rglob("study_outcomes.csv"))
    with seed.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["study_id"] == "fact22_a" and row["outcome"] in declared:
            row["role"] = "negative_control"
    with seed.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    project.add_seed_rows(
        "study_parameters",
        [{"study_id": "fact22_a", "parameter_id": "calibration_controls", "value": "4"}],
    )
    models = "study_outcomes study_parameters def_study_parameters py_negative_controls"
    models += " fct_negative_controls py_calibrated_estimates fct_calibrated_estimates"
    result = project.dbt(
        "build", "--select", *models.split(), "--exclude", "test_type:unit", "test_type:singular"
    )
    assert result.returncode == 0, result.stdout[-3000:]
    setting = "study_id = 'fact22_a' and sample = 'cem_caliper' and unit = 'proportion'"
    with project.warehouse() as warehouse:
        rows_of_it = warehouse.execute(
            f"select * from fct_effect_estimates where {setting} and term = 'treated'"
        ).fetchdf()
        (control,) = (
            warehouse.execute(f"select * from fct_negative_controls where {setting}")
            .fetchdf()
            .to_dict("records")
        )
        (closure,) = (
            warehouse.execute(
                "select * from fct_calibrated_estimates"
                f" where {setting} and analysis_id = 'closure_main'"
            )
            .fetchdf()
            .to_dict("records")
        )
    # Each has one analysis of the whole sample.
    is_control = rows_of_it["outcome"].isin(declared | {"escalated_before_study"})
    is_whole = rows_of_it["subgroup"].isna()
    used = rows_of_it[is_control & is_whole & (rows_of_it["std_error"] > 0)]
    expected = fit_systematic_error(used["estimate"], used["std_error"], 2)
    assert control["n_estimated"] == len(used) >= 4
    assert control["mean_error"] == pytest.approx(expected.mean)
    assert control["sd_error"] == pytest.approx(expected.sd)
    assert closure["calibrated_estimate"] == pytest.approx(closure["estimate"] - expected.mean)
    assert closure["calibrated_p_value"] > closure["p_value"]
