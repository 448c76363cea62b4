"""Synthetic extracts: published figures come back, nothing else is odd, true effects are found."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from csc_outcomes.estimators.censored_normal import fit_censored_normal
from csc_outcomes.synthetic import main
from csc_outcomes.synthetic.days import add_months, day_number, iso_dates
from csc_outcomes.synthetic.facts import StudyFacts, load_facts
from csc_outcomes.synthetic.length_law import LengthLaw
from csc_outcomes.synthetic.luck import OutOfLuckError, nudge_to_total, pick_to_weight
from csc_outcomes.synthetic.measured_study import (
    DATES,
    MeasuredStudy,
    completed_years,
    measure_study,
)
from csc_outcomes.synthetic.stochastic import (
    NO_EFFECT,
    Population,
    TrueEffects,
    expected_effects,
    generate_stochastic,
)
from csc_outcomes.synthetic.verify import check, verify

REPOSITORY = Path(__file__).resolve().parents[2]
DELIVERY = REPOSITORY / "extracts" / "synthetic_coventry" / "2019-11"
TRUTH = REPOSITORY / "tests" / "fixtures" / "synthetic"
OUTCOMES = ("closed_recorded", "closed_well", "escalated", "rereferred_any")
WITHOUT_MEMORY = Population(length=LengthLaw(45, 0, "exponential"))


@pytest.fixture(scope="module")
def facts() -> StudyFacts:
    return load_facts()


@pytest.fixture(scope="module")
def extract() -> pd.DataFrame:
    return pd.read_csv(DELIVERY / "cases.csv", dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def study(extract: pd.DataFrame, facts: StudyFacts) -> MeasuredStudy:
    return measure_study(extract, facts)


# --- the committed extract -------------------------------------------------------------------


def test_the_same_seed_gives_the_committed_bytes(tmp_path: Path) -> None:
    assert main(["--mode", "exact", "--out", str(tmp_path), "--truth", str(tmp_path)]) == 0
    for folder in (DELIVERY, TRUTH):
        for committed in folder.iterdir():
            assert (tmp_path / committed.name).read_bytes() == committed.read_bytes()


def test_every_published_figure_and_boundary_comes_back(facts: StudyFacts) -> None:
    table = verify(DELIVERY / "cases.csv", facts)
    assert table[~table["ok"]].to_string() == table.head(0).to_string()
    assert len(table) > len(facts.printed)


@pytest.mark.parametrize(
    ("column", "value", "quantity"),
    [
        ("cin_close_date", "", "closed recorded, treated cases"),
        ("cin_close_date", "2019-11-23", "mean weeks of closed cases, treated"),
        ("fact22_flag", "0", "recorded treated cases"),
        ("fact22_start", "2018-04-11", "first programme entry"),
        ("first_cp_after", "2019-11-22", "escalated after closure, treated cases"),
        ("dob", "2018-01-01", "age, treated, after matching"),
        ("rereferral_dates", "2019-11-22", "rereferred at any time, treated cases"),
    ],
)
def test_the_verifier_notices_one_changed_cell(
    study: MeasuredStudy,
    extract: pd.DataFrame,
    facts: StudyFacts,
    column: str,
    value: str,
    quantity: str,
) -> None:
    cases = study.cases
    is_plain = cases["treated"] & (cases["weight"] > 0) & cases["closed_well"]
    changed = extract.copy()
    changed.loc[cases.index[is_plain & ~cases["rereferred_any"]][0], column] = value
    table = check(changed, facts).set_index("quantity")
    assert not table.loc[quantity, "ok"]


@pytest.mark.parametrize(
    "boundary",
    [
        "opens and closes on the same day",
        "closes on the study start",
        "re-referred before the study start while open",
        "starts on the day of programme entry",
        "closes after the study end",
        "escalates after the study end",
        "escalates on the closing day",
        "closes on the study end",
        "starts exactly six months from a case it serves",
        "starts on the 3rd birthday",
        "starts on the 7th birthday",
        "starts on the 13th birthday",
        "has 7 previous referrals",
        "has 8 previous referrals",
        "re-referred on the first anniversary",
        "referred on 29 February and again",
    ],
)
def test_boundary_rows_are_listed_and_real(boundary: str, extract: pd.DataFrame) -> None:
    listed = pd.read_csv(TRUTH / "boundary_rows.csv").query("boundary == @boundary")
    assert listed["case_id"].nunique() >= 2
    assert listed["case_id"].isin(extract["case_ref"]).all()


def test_it_says_that_it_is_synthetic() -> None:
    text = (DELIVERY / "extract.yml").read_text(encoding="utf-8")
    contract = yaml.safe_load(text)
    assert contract["synthetic"] is True
    assert contract["la_code"] == "S31"
    assert text.startswith("# Synthetic")


def test_it_is_clean(study: MeasuredStudy, facts: StudyFacts) -> None:
    cases = study.cases
    during = cases[["first_cp_date_during", "first_lac_date_during"]]
    after = cases[["first_cp_date_after", "first_lac_date_after"]]
    faults = {
        "born after the referral": cases["birth_date"] > cases["referral_date"],
        "plan before the referral": cases["plan_start_date"] < cases["referral_date"],
        "closed before it opened": cases["closure_date"] < cases["plan_start_date"],
        "dated after the extract": (
            cases[list(DATES)] > pd.Timestamp(facts.extract.as_of_date)
        ).any(axis=1),
        "escalated before the plan": during.lt(cases["plan_start_date"], axis=0).any(axis=1),
        "during, yet after the closure": during.gt(cases["closure_date"], axis=0).any(axis=1),
        "after, yet before the closure": ~(
            after.isna() | after.ge(cases["closure_date"], axis=0)
        ).all(axis=1),
        "left the programme early": cases["programme_end_date"] < cases["programme_start_date"],
        "left the programme late": cases["programme_end_date"] > cases["closure_date"],
        "closed before the extract's window": cases["closure_date"]
        < pd.Timestamp(facts.extract.window_start),
    }
    assert {name: int(rows.sum()) for name, rows in faults.items() if rows.any()} == {}
    assert cases["case_id"].is_unique


def test_a_childs_cases_agree_and_follow_each_other(study: MeasuredStudy) -> None:
    cases = study.cases.sort_values(["child_id", "plan_start_date"])
    about_the_child = ["birth_date", "sex_code", "ethnicity_code", "nationality", "ward"]
    assert (cases.groupby("child_id")[about_the_child].nunique() == 1).all(axis=None)

    repeated = cases[cases["child_id"].duplicated(keep=False)]
    earlier, later = repeated.iloc[::2], repeated.iloc[1::2]
    assert len(earlier) == 50
    assert (earlier["closure_date"].to_numpy() < later["referral_date"].to_numpy()).all()
    assert (earlier["referrals"].to_numpy() < later["referrals"].to_numpy()).all()
    # So that re-referrals by case and by child are the same.
    referred = later["referral_date"].dt.strftime("%Y-%m-%d")
    assert all(
        one in dates for one, dates in zip(referred, earlier["rereferral_dates"], strict=True)
    )


def test_programme_children_are_children(study: MeasuredStudy) -> None:
    treated = study.cases[study.cases["treated"]]
    assert treated["child_id"].nunique() == len(treated) == 171


def test_the_hidden_families_cover_every_case(extract: pd.DataFrame) -> None:
    families = pd.read_csv(TRUTH / "truth_families.csv")
    assert sorted(families["case_ref"]) == sorted(extract["case_ref"])
    treated = extract.loc[extract["fact22_flag"] == "1", "case_ref"]
    of_treated = families[families["case_ref"].isin(treated)]["family_ref"]
    assert of_treated.nunique() == 75
    assert "family_ref" not in extract.columns


# --- the stochastic mode ---------------------------------------------------------------------


def _contrasts(
    extract: pd.DataFrame, facts: StudyFacts, effects: TrueEffects, population: Population
) -> pd.DataFrame:
    """Per outcome: the true effect on the matched treated, what matching finds, what it spares."""
    cases = measure_study(extract, facts).cases
    truth = expected_effects(extract, facts, effects=effects, population=population)
    truth = truth.set_index("case_id")
    treated = cases[cases["treated"] & (cases["weight"] > 0)]
    others = cases[~cases["treated"] & (cases["weight"] > 0)]
    weight = others["weight"]
    rows = {}
    for name in OUTCOMES:
        spread = treated[name].var() / len(treated)
        spread += others[name].var() * (weight**2).sum() / weight.sum() ** 2
        naive = cases.groupby("treated")[name].mean()
        rows[name] = {
            "true": truth.loc[treated["case_id"], name].mean(),
            "matched": treated[name].mean() - np.average(others[name], weights=weight),
            "naive": naive[True] - naive[False],
            "std_error": np.sqrt(spread),
        }
    return pd.DataFrame(rows).T


@pytest.mark.parametrize("effects", [TrueEffects(), NO_EFFECT])
def test_known_effects_come_back_after_matching(facts: StudyFacts, effects: TrueEffects) -> None:
    extract = generate_stochastic(4000, 16000, 5, facts, effects=effects, population=WITHOUT_MEMORY)
    found = _contrasts(extract, facts, effects, WITHOUT_MEMORY)
    assert ((found["matched"] - found["true"]).abs() < 3 * found["std_error"]).all()


def test_without_matching_there_is_bias_to_remove(facts: StudyFacts) -> None:
    population = replace(WITHOUT_MEMORY, siblings=((4, 4), (1.2, 2.2)), escalated_by_risk=0.2)
    extract = generate_stochastic(4000, 16000, 6, facts, effects=NO_EFFECT, population=population)
    escalated = _contrasts(extract, facts, NO_EFFECT, population).loc["escalated"]
    assert escalated["naive"] > 4 * escalated["std_error"]
    assert abs(escalated["matched"]) < 3 * escalated["std_error"]


def test_a_known_effect_on_length_comes_back(facts: StudyFacts) -> None:
    # Long cases that entered young: nobody closes before entry, so that no length is cut off below.
    population = Population(
        entry_shape=8,
        short_wait_share=1,
        length=LengthLaw(80, 10),
        treated_length_sd=10,
        length_by_risk=0,
        escalated_after_closure=0,
        escalated_by_risk=0,
    )
    effects = TrueEffects(6, 0, 0, 0)
    extract = generate_stochastic(4000, 16000, 7, facts, effects=effects, population=population)
    cases = measure_study(extract, facts).cases
    matched = cases[cases["weight"] > 0]
    fit = fit_censored_normal(
        matched["length_weeks"].to_numpy(),
        np.where(matched["closed_well"], 0, 1),
        np.column_stack([np.ones(len(matched)), matched["treated"]]),
        ("constant", "treated"),
        matched["weight"].to_numpy(),
    )
    assert fit.coefficients.coef == pytest.approx([80, 6], abs=0.6)
    assert fit.sigma == pytest.approx(10, abs=0.5)


def test_start_values_give_roughly_the_published_sample(facts: StudyFacts) -> None:
    n_matched = []
    for seed in range(8):
        cases = measure_study(generate_stochastic(163, 2654, seed, facts), facts).cases
        assert cases["is_eligible"].all()
        n_matched.append(int((cases["treated"] & (cases["weight"] > 0)).sum()))
    assert np.mean(n_matched) == pytest.approx(122, abs=8)


def test_the_same_seed_gives_the_same_frame_and_another_seed_another(facts: StudyFacts) -> None:
    once, again, other = (generate_stochastic(50, 500, seed, facts) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(once, again)
    assert list(once.columns) == list(facts.extract.columns.values())
    assert not once.equals(other)


def test_families_share_dates_and_outcomes_but_stay_hidden_unless_asked(facts: StudyFacts) -> None:
    shown = generate_stochastic(1000, 9000, 8, facts, family_icc=0.8, with_family_ids=True)
    size = shown.groupby("family_ref")["child_ref"].transform("size")
    assert size.mean() > 1.5
    assert (shown.groupby("family_ref")["cin_open_date"].nunique() == 1).all()
    assert (shown.groupby("family_ref")["fact22_flag"].nunique() == 1).all()
    hidden = generate_stochastic(1000, 9000, 8, facts, family_icc=0.8)
    pd.testing.assert_frame_equal(shown.drop(columns="family_ref"), hidden)


@pytest.mark.parametrize(("family_icc", "low", "high"), [(0.0, -0.06, 0.06), (0.8, 0.3, 1.0)])
def test_outcomes_are_as_alike_within_families_as_asked(
    facts: StudyFacts, family_icc: float, low: float, high: float
) -> None:
    extract = generate_stochastic(
        100, 9000, 9, facts, family_icc=family_icc, with_family_ids=True, population=WITHOUT_MEMORY
    )
    study = measure_study(extract, replace_columns(facts))
    escalated = study.cases["escalated"].astype(float)
    pairs = study.cases.assign(escalated=escalated).groupby("family_id")["escalated"]
    first, second = pairs.nth(0), pairs.nth(1)
    first.index, second.index = (
        study.cases.loc[rows.index, "family_id"] for rows in (first, second)
    )
    together = pd.concat([first, second], axis=1, join="inner")
    assert low < together.corr().iloc[0, 1] < high


def replace_columns(facts: StudyFacts) -> StudyFacts:
    """The facts of an extract that names families."""
    from csc_outcomes.synthetic.extract import with_families

    return replace(facts, extract=with_families(facts.extract))


@pytest.mark.parametrize("family_icc", [-0.1, 1.1])
def test_an_impossible_correlation_is_refused(facts: StudyFacts, family_icc: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        generate_stochastic(10, 10, 1, facts, family_icc=family_icc)


def test_an_empty_arm_is_refused(facts: StudyFacts) -> None:
    with pytest.raises(ValueError, match="at least one case"):
        generate_stochastic(0, 10, 1, facts)


def test_the_command_writes_a_stochastic_delivery(tmp_path: Path) -> None:
    arguments = ["--mode", "stochastic", "--n", "500", "--seed", "1", "--with-family-ids"]
    assert main([*arguments, "--out", str(tmp_path)]) == 0
    contract = yaml.safe_load((tmp_path / "extract.yml").read_text(encoding="utf-8"))
    assert contract["synthetic"] is True
    assert contract["la_code"] == "S90"
    cases = pd.read_csv(tmp_path / "cases.csv", dtype=str)
    assert len(cases) == 500
    assert list(cases.columns) == list(contract["files"][0]["columns"].values())


def test_the_command_tells_a_delivery_that_misses_the_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--mode", "stochastic", "--seed", "1", "--out", str(tmp_path)])
    assert main(["--mode", "verify", "--out", str(tmp_path)]) == 1
    assert "missed" in capsys.readouterr().out


# --- the tools -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2018, 8, 31), -6, "2018-02-28"),
        (date(2016, 8, 31), -6, "2016-02-29"),
        (date(2016, 2, 29), 12, "2017-02-28"),
        (date(2018, 2, 28), 6, "2018-08-28"),
        (date(2018, 12, 15), 1, "2019-01-15"),
    ],
)
def test_months_follow_the_calendar(day: date, months: int, expected: str) -> None:
    assert iso_dates(add_months(day_number(day), months)) == expected


def test_completed_years_count_birthdays() -> None:
    birth = pd.Series(pd.to_datetime(["2012-04-12", "2012-04-12", "2012-02-29"]))
    on = pd.Series(pd.to_datetime(["2019-04-11", "2019-04-12", "2019-03-01"]))
    assert completed_years(birth, on).tolist() == [6, 7, 7]


def test_small_moves_reach_a_total_without_touching_what_may_not_move() -> None:
    rng = np.random.default_rng(1)
    values, may_move = np.arange(20), np.arange(20) >= 5
    moved = nudge_to_total(
        rng,
        values,
        np.ones(20),
        total=250,
        tolerance=0,
        max_step=3,
        may_move=may_move,
        is_allowed=lambda _, value: value <= 30,
    )
    assert moved.sum() == 250
    assert moved[:5].tolist() == [0, 1, 2, 3, 4]
    assert moved.max() <= 30


def test_a_total_out_of_reach_is_bad_luck() -> None:
    with pytest.raises(OutOfLuckError, match="gap"):
        nudge_to_total(
            np.random.default_rng(1),
            np.zeros(3, dtype=np.int64),
            np.ones(3),
            total=100,
            tolerance=0,
            max_step=1,
            may_move=np.ones(3, dtype=bool),
            is_allowed=lambda _, value: value < 5,
            max_moves=500,
        )


def test_picked_rows_weigh_what_they_should() -> None:
    rng = np.random.default_rng(2)
    weights = rng.gamma(1, size=200)
    picked = pick_to_weight(rng, np.arange(200), weights, total=40)
    assert weights[picked].sum() == pytest.approx(40, abs=0.01)
    assert len(set(picked)) == len(picked)
    thirteen = pick_to_weight(rng, np.arange(200), weights, total=10, n_rows=13)
    assert len(thirteen) == 13
    assert weights[thirteen].sum() == pytest.approx(10, abs=0.01)


def test_a_length_law_draws_what_it_says() -> None:
    rng = np.random.default_rng(3)
    longer_than, by = np.full(100_000, 200), np.full(100_000, 400)
    for law in (LengthLaw(39, 32), LengthLaw(45, 0, "exponential")):
        drawn = law.draw(rng.random(100_000), longer_than)
        assert drawn.min() >= 200
        share = law.share_ended(by, longer_than)[0]
        assert (drawn <= 400).mean() == pytest.approx(share, abs=0.006)
