"""Power: the printed figures, the answers from R, another library's formulas, and `csc power`."""

from __future__ import annotations

import csv
import itertools
import json
import math
import re
import shlex
from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.power import NormalIndPower, normal_power_het
from statsmodels.stats.proportion import power_proportions_2indep, proportion_effectsize

from csc_outcomes.cli import main
from csc_outcomes.evaluation.power_tables import POWER_COLUMNS, detectable_differences
from csc_outcomes.plan import power as plan_power
from csc_outcomes.power.designs import Design, PowerError
from csc_outcomes.power.formulas import FORMULAS, design_effect, rates_power
from projects import ROOT
from references import FIXTURES

SEED = ROOT / "seeds" / "studies" / "power_designs.csv"
GUIDE = ROOT / "docs" / "power.md"
PLANNED = {  # figure that the report prints: the design that gives it
    "C145": "planned_icc_1",
    "C147": "planned_icc_036",
    "C149": "planned_icc_036_halved_baseline",
    "C150": "planned_icc_1_halved_baseline",
}
OBTAINED = {
    "children_obtained_icc_1": 27.7,
    "children_obtained_icc_036": 20.6,
    "children_obtained_icc_1_halved_baseline": 24.0,
    "children_obtained_icc_036_halved_baseline": 17.4,
}
CREWE = Design(baseline=0.226, icc=0.36, children_per_family=3, share_treated=2 / 3)


@pytest.fixture(scope="module")
def designs() -> pd.DataFrame:
    """The seed."""
    return pd.read_csv(SEED)


def published(figure: str) -> float:
    """A number that the report prints."""
    path = ROOT / "seeds" / "published" / "published_figures.csv"
    with path.open(newline="", encoding="utf-8") as file:
        return next(float(r["value"]) for r in csv.DictReader(file) if r["figure_id"] == figure)


# Against others


@pytest.mark.parametrize(
    "answer", json.loads((FIXTURES / "mdes_pwr.json").read_text(encoding="utf-8")), ids=str
)
def test_the_answers_of_another_program_come_back(answer: dict[str, float]) -> None:
    design = replace(CREWE, baseline=answer["p0"], icc=answer["icc"])
    found = 100 * design.detectable_difference(answer["fam"])
    assert found == pytest.approx(answer["mdes"], abs=3e-4)  # its root finder stops there


def test_the_printed_differences_come_back_and_those_of_the_sample_obtained(
    designs: pd.DataFrame,
) -> None:
    found = detectable_differences(designs).set_index("design_id")
    assert list(found.columns) == [name for name in POWER_COLUMNS if name != "design_id"]
    for figure, design_id in PLANNED.items():
        assert round(found.loc[design_id, "mdes_pp"], 1) == published(figure)
    assert round(100 * found.loc["planned_icc_1", "mdes_relative"]) == published("C146")
    assert round(100 * found.loc["planned_icc_036", "mdes_relative"]) == published("C148")
    for design_id, points in OBTAINED.items():
        assert round(found.loc[design_id, "mdes_pp"], 1) == points
    assert set(found["status"]) == {"ok"}
    assert found.loc["planned_icc_1", "n_children"] == 966
    obtained = found[found.index.str.contains("obtained")]
    assert set(obtained["n_children"]) == {326}
    assert obtained["mdes_pp"].min() > 10


@pytest.mark.parametrize("rates", [(0.3, 0.226), (0.1, 0.226), (0.95, 0.6), (0.0, 0.2)])
@pytest.mark.parametrize("sizes", [(214.7, 107.3), (40.0, 40.0), (83.0, 43.0)])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_power_is_that_of_another_library(
    rates: tuple[float, float], sizes: tuple[float, float], alpha: float
) -> None:
    treated, other = rates
    ratio = sizes[1] / sizes[0]
    angles = NormalIndPower().power(
        proportion_effectsize(treated, other), nobs1=sizes[0], alpha=alpha, ratio=ratio
    )
    assert rates_power("arcsine", alpha, rates, sizes) == pytest.approx(angles, rel=1e-9)
    pooled = power_proportions_2indep(treated - other, other, sizes[0], ratio, alpha)
    assert rates_power("pooled", alpha, rates, sizes) == pytest.approx(pooled.power, rel=1e-9)
    deviation = math.sqrt(treated * (1 - treated) + other * (1 - other) / ratio)
    unpooled = normal_power_het(treated - other, sizes[0], alpha, deviation, deviation)
    assert rates_power("unpooled", alpha, rates, sizes) == pytest.approx(unpooled, rel=1e-9)


def test_the_plan_takes_the_same_formula() -> None:
    solved = NormalIndPower().solve_power(nobs1=80, ratio=0.5, alpha=0.05, power=0.8)
    assert plan_power.detectable_effect(80, 40) == pytest.approx(solved, rel=1e-6)
    assert math.isnan(plan_power.detectable_effect(80, 0))
    rate = plan_power.detectable_rate(0.226, solved)
    design = Design(baseline=0.226, icc=0, children_per_family=1, share_treated=2 / 3)
    assert design.detectable_difference(120) == pytest.approx(rate - 0.226, abs=1e-6)


def test_a_made_up_trial_finds_the_difference_as_often_as_promised() -> None:
    """Families in which, with probability ICC, what happens to one happens to all."""
    draws = np.random.default_rng(5)
    design = replace(CREWE, share_treated=0.5, formula="unpooled")
    families, size = 400, 3
    rate = design.rate_after(design.detectable_difference(families))
    n_trials, arm = 4000, families // 2
    means, variances = [], []
    for p in (rate, design.baseline):
        alike = draws.random((n_trials, arm, 1)) < design.icc
        together = draws.random((n_trials, arm, 1)) < p
        alone = draws.random((n_trials, arm, size)) < p
        of_family = np.where(alike, together, alone).mean(axis=2)
        means.append(of_family.mean(axis=1))
        variances.append(of_family.var(axis=1, ddof=1) / arm)
    z = (means[0] - means[1]) / np.sqrt(variances[0] + variances[1])
    assert np.mean(np.abs(z) > 1.96) == pytest.approx(0.8, abs=0.025)


# The questions


@pytest.mark.parametrize(
    ("formula", "direction", "icc"),
    list(itertools.product(FORMULAS, ("increase", "decrease"), (0.0, 0.36, 1.0))),
)
def test_each_question_is_the_reverse_of_the_others(
    formula: str, direction: str, icc: float
) -> None:
    design = replace(CREWE, formula=formula, direction=direction, icc=icc)
    difference = design.detectable_difference(322)
    assert design.power_at(322, difference) == pytest.approx(0.8, abs=1e-9)
    assert design.families_needed(difference * (1 + 1e-9)) == 322
    needed = design.families_needed(0.1)
    assert design.power_at(needed, 0.1) >= 0.8 > design.power_at(needed - 1, 0.1)


def test_sizes_are_those_of_the_arms_treated_first() -> None:
    treated, comparator = CREWE.effective_arms(322)
    assert treated == pytest.approx(966 / 1.72 * 2 / 3)
    assert treated + comparator == pytest.approx(CREWE.effective_children(322))


def test_a_fall_from_a_low_rate_is_easier_to_find_than_a_rise() -> None:
    fall = replace(CREWE, direction="decrease")
    assert fall.detectable_difference(322) < CREWE.detectable_difference(322)


def test_unequal_families_shrink_the_sample_more() -> None:
    sizes = np.array([1, 1, 2, 3, 8])
    of_own = (sizes**2).sum() / sizes.sum()
    variation = sizes.std() / sizes.mean()
    by_variation = design_effect(sizes.mean(), 0.36, variation)
    assert by_variation == pytest.approx(design_effect(of_own, 0.36))
    assert design_effect(3, 0.36) == pytest.approx(1.72)
    uneven = replace(CREWE, family_size_cv=0.6)
    assert uneven.design_effect == pytest.approx(1 + (1.36 * 3 - 1) * 0.36)
    assert uneven.detectable_difference(322) > CREWE.detectable_difference(322)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"baseline": 0.0}, "design_invalid"),
        ({"baseline": 22.6}, "design_invalid"),
        ({"icc": 1.1}, "design_invalid"),
        ({"icc": math.nan}, "design_invalid"),
        ({"children_per_family": 0.5}, "design_invalid"),
        ({"share_treated": 1.0}, "design_invalid"),
        ({"alpha": 0.9}, "design_invalid"),
        ({"family_size_cv": -1.0}, "design_invalid"),
        ({"direction": "down"}, "design_invalid"),
        ({"formula": "exact"}, "design_invalid"),
    ],
)
def test_a_design_that_cannot_be_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(PowerError, match=code):
        replace(CREWE, **change)


def test_what_cannot_be_found_is_said() -> None:
    fall = replace(CREWE, direction="decrease", icc=1.0)
    for ask in (lambda: fall.families_needed(0.3), lambda: fall.power_at(100, 0.3)):
        with pytest.raises(PowerError, match=r"beyond_the_end: from 22\.6% there is no fall of 30"):
            ask()
    with pytest.raises(PowerError, match=r"no_room: even a fall from 22\.6% to 0% .* of 59% only"):
        fall.detectable_difference(22)
    with pytest.raises(PowerError, match="beyond_the_end"):
        replace(CREWE, baseline=0.9).power_at(100, 0.2)
    with pytest.raises(PowerError, match="too_small_a_difference"):
        CREWE.families_needed(1e-6)
    with pytest.raises(PowerError, match="above 0"):
        CREWE.families_needed(0.0)
    with pytest.raises(PowerError, match="number of families"):
        CREWE.detectable_difference(0)


def test_a_row_without_an_answer_says_why(designs: pd.DataFrame) -> None:
    rows = designs.head(3).assign(
        direction="decrease", n_families=[10, 322, 322], icc=[1, 2, 0.36], family_size_cv=[0, 0, 1]
    )
    found = detectable_differences(rows)
    assert list(found["status"]) == ["not_estimable", "not_estimable", "ok"]
    assert [str(text).split(":")[0] for text in found["status_reason"][:2]] == [
        "no_room",
        "design_invalid",
    ]
    assert found["mdes_pp"].isna().tolist() == [True, True, False]
    assert found["n_children"].isna().tolist() == [False, True, False]
    assert found.loc[2, "design_effect"] == pytest.approx(1 + 5 * 0.36)
    assert detectable_differences(designs.head(0)).empty


def test_the_build_holds_every_design(
    tables: duckdb.DuckDBPyConnection, designs: pd.DataFrame
) -> None:
    found = tables.execute("select design_id, mdes_pp from fct_power").fetchall()
    expected = detectable_differences(designs)
    assert dict(found) == pytest.approx(
        dict(zip(expected["design_id"], expected["mdes_pp"].astype(float), strict=True))
    )


# The command


def shown() -> list[Any]:
    """Each command of the guide with what it shows below."""
    pattern = r"^```\ncsc (power [^\n]+)\n```\n\n```text\n(.*?)^```$"
    text = GUIDE.read_text(encoding="utf-8")
    return [
        pytest.param(shlex.split(command), output, id=str(number))
        for number, (command, output) in enumerate(re.findall(pattern, text, re.M | re.S))
    ]


@pytest.mark.parametrize(("command", "output"), shown())
def test_the_guide_shows_what_is_printed(
    command: list[str], output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 0
    assert capsys.readouterr().out == output
    assert len(shown()) == 3


def ask(*more: str) -> list[str]:
    """A command with the usual assumptions."""
    return ["power", "--baseline", "0.226", "--icc", "1", "--children-per-family", "3", *more]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (ask(), 2, "give --families"),
        (ask("--families", "1"), 2, "at least 2 families"),
        (ask("--families", "9", "--power", "0"), 2, "power must lie between 0 and 1"),
        (ask("--difference", "0.3"), 1, "ICC 1, fall: from 22.6% there is no fall of 30.0"),
        (ask("--families", "22", "--direction", "decrease"), 1, "even a fall from 22.6% to 0%"),
        (ask("--families", "100", "--family-size-cv", "0.5"), 0, "vary by 0.5"),
    ],
)
def test_what_cannot_be_answered_is_said(
    arguments: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == status
    captured = capsys.readouterr()
    assert said in captured.out + captured.err
    assert (captured.out == "") == (status == 2)


@pytest.mark.parametrize("text", ["22.6", "a third", "1/0", "-1", "nan"])
def test_a_rate_that_is_no_share_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([*ask("--families", "100"), f"--share-treated={text}"])
    assert "is no share: write 0.226, 22.6% or 2/3" in capsys.readouterr().err


def test_shares_may_be_written_in_several_ways(capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for text in ("0.25", "25%", "1/4"):
        assert main([*ask("--families", "100"), "--share-treated", text]) == 0
        said.append(capsys.readouterr().out)
    assert len(set(said)) == 1
