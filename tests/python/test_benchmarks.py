"""The simulation runs through the front door, knows the truth and measures as it says."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from csc_outcomes.synthetic.days import add_months
from csc_outcomes.synthetic.facts import StudyFacts, load_facts
from csc_outcomes.synthetic.length_law import LengthLaw
from csc_outcomes.synthetic.stochastic import Population, TrueEffects
from projects import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
from measures import summarise
from scenarios import SCENARIOS, Laws, Scenario
from simulation import main, planned
from studies import fits
from tables import as_markdown

SAVED = ROOT / "benchmarks" / "simulation.csv"
SIZE = ["--cases", "80", "900"]


@pytest.fixture(scope="module")
def facts() -> StudyFacts:
    return load_facts()


def test_two_replicates_go_through_the_front_door(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "measures.csv"
    chosen = ["--scenarios", "none_families", "effect_families", "--replicates", "1"]
    assert main([*chosen, *SIZE, "--save", str(saved)]) == 0
    assert "2 replicates, " in capsys.readouterr().out
    measures = pd.read_csv(saved).set_index(["scenario", "analysis"])
    for name in ("none_families", "effect_families"):
        found = measures.loc[name]
        assert {fit.analysis_id for fit in fits()} < set(found.index)
        assert found["n"].eq(1).all()
        assert (
            found.loc[["closure_wls_family", "hazard_stacked_plan_start_child"], "estimate"]
            .notna()
            .all()
        )
        is_zero = found.loc[[fit.analysis_id for fit in fits()], "truth"].dropna().eq(0)
        assert is_zero.all() if name == "none_families" else not is_zero.any()
    errors = measures.loc["effect_families"]["estimate"]
    assert errors["closure_wls_child"] == errors["closure_wls_family"]


def test_a_seed_depends_on_scenario_and_number_alone() -> None:
    few = {(one.scenario.name, one.number): one.seed for one in planned(["memoryless"], 3, 2)}
    many = {(one.scenario.name, one.number): one.seed for one in planned(list(SCENARIOS), 9, 40)}
    assert few.items() < many.items()
    assert len(set(many.values())) == 4 * 9 + 2 * 3  # three in ten of what checks one method


@pytest.mark.parametrize("effects", [TrueEffects(0, 0, 0, 0), TrueEffects(20, 0, 0, -0.1)])
def test_the_true_chance_of_a_rereferral_is_what_happens(
    facts: StudyFacts, effects: TrueEffects
) -> None:
    # Short waits, short cases and many re-referrals, so that twelve months hold many of them.
    population = Population(
        short_wait_share=1,
        length=LengthLaw(20, 15),
        treated_length_sd=6,
        rereferred_after_closure=0.8,
    )
    world = Scenario("short", effects, population, None, None)
    extract = world.extract(20_000, 1, 3, facts)
    columns = facts.extract.columns
    treated = extract[extract[columns["arm"]] == "1"]
    referral = treated[columns["referral_date"]].to_numpy().astype("datetime64[D]")
    again = pd.to_datetime(treated[columns["rereferral_dates"]]).fillna(pd.Timestamp("2200-01-01"))
    last = add_months(referral.astype(np.int64), 12)
    happened = again.to_numpy().astype("datetime64[D]").astype(np.int64) <= last

    chances = Laws.of(treated, facts, population, effects, has_programme=True).rereferred()
    std_error = np.sqrt((chances * (1 - chances)).mean() / len(chances))
    assert happened.mean() > 0.05
    assert chances.mean() == pytest.approx(happened.mean(), abs=3 * std_error)
    # And not only on average: the likely half has more than the unlikely one, as told.
    is_likely = chances > np.median(chances)
    for half in (is_likely, ~is_likely):
        assert chances[half].mean() == pytest.approx(happened[half].mean(), abs=4.5 * std_error)


def test_nothing_is_true_where_nothing_changes(facts: StudyFacts) -> None:
    for name in ("none_alone", "none_families"):
        truths = SCENARIOS[name].truths(SCENARIOS[name].extract(50, 50, 1, facts), facts)
        assert truths.shape == (50, 4)
        assert truths.abs().max(axis=None) < 1e-12


def test_an_effect_on_lengths_alone_is_a_true_effect_on_closures(facts: StudyFacts) -> None:
    world = replace(SCENARIOS["none_alone"], effects=TrueEffects(10, 0, 0, 0))
    truths = world.truths(world.extract(50, 50, 1, facts), facts)
    assert (truths["closed_without_later_escalation"] < 0).all()
    # A case that is known to be open is long already: the law's ten weeks show in part.
    assert truths["length_given_open"].between(0, 10).all()
    plain = SCENARIOS["normal_lengths"]
    truths = plain.truths(plain.extract(50, 50, 1, facts), facts)
    assert truths["length_given_open"].to_numpy() == pytest.approx(6, abs=0.01)


def replicates(**changes: list[object]) -> pd.DataFrame:
    """Four replicates of one analysis with truth 1."""
    columns: dict[str, object] = {
        "scenario": "world",
        "analysis": "one",
        "truth": 1.0,
        "estimate": [0.5, 1.5, 2.0, 2.0],
        "std_error": [0.5, 0.5, 0.5, 1.0],
        "ci_low": [-0.5, 0.5, 1.1, 0.0],
        "ci_high": [1.5, 2.5, 2.9, 4.0],
        "p_value": [0.3, 0.01, 0.001, 0.06],
        "status": "ok",
    }
    return pd.DataFrame(columns | changes)


def test_the_measures_are_what_they_say() -> None:
    found = summarise(replicates()).iloc[0]
    miss = np.array([-0.5, 0.5, 1.0, 1.0])
    assert found["bias"] == pytest.approx(0.5)
    assert found["bias_mcse"] == pytest.approx(miss.std(ddof=1) / 2)
    assert found["coverage"] == 0.75
    assert found["coverage_mcse"] == pytest.approx(np.sqrt(5 / 8 * 3 / 8 / 8))
    assert found["rejected"] == 0.5
    assert found["error_ratio"] == pytest.approx(np.sqrt(1.75 / 4) / miss.std(ddof=1))


def test_what_cannot_be_estimated_is_counted_and_left_out() -> None:
    status = ["ok", "ok", "ok", "not_estimable"]
    found = summarise(replicates(status=status)).iloc[0]
    assert (found["n"], found["n_estimable"]) == (4, 3)
    assert found["coverage"] == pytest.approx(2 / 3)
    nothing = summarise(replicates(status=["not_estimable"] * 4)).iloc[0]
    assert np.isnan(nothing["bias"])
    assert np.isnan(nothing["coverage"])


def test_without_a_single_truth_there_is_neither_bias_nor_coverage() -> None:
    found = summarise(replicates(truth=[None] * 4)).iloc[0]
    assert np.isnan(found["bias"])
    assert np.isnan(found["coverage"])
    assert found["rejected"] == 0.5


def test_the_guide_shows_the_saved_measures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--show", str(SAVED)]) == 0
    shown = capsys.readouterr().out
    guide = (ROOT / "docs" / "simulation.md").read_text(encoding="utf-8")
    missing = [line for line in shown.splitlines() if line not in guide]
    assert missing == []
    assert shown == as_markdown(pd.read_csv(SAVED)) + "\n"
