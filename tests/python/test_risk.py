"""The risk framework: who is drawn for coding, and codings that compare as the report words it."""

from __future__ import annotations

import csv
from dataclasses import replace

import duckdb
import pandas as pd
import pytest

from csc_outcomes.synthetic.facts import StudyFacts, load_facts
from csc_outcomes.synthetic.luck import OutOfLuckError
from csc_outcomes.synthetic.measured_study import MeasuredStudy, measure_study
from csc_outcomes.synthetic.risk_codings import RiskFacts, load_risk_facts, risk_codings_rows
from csc_outcomes.synthetic.risk_marks import COMPONENTS, case_scores, missed_marks
from csc_outcomes.synthetic.risk_sample import draw_risk_sample
from projects import ROOT

DELIVERY = ROOT / "extracts" / "synthetic_coventry"


def read(path: str) -> pd.DataFrame:
    return pd.read_csv(DELIVERY / path, dtype=str, keep_default_na=False)


def seed_rows(name: str) -> list[dict[str, str]]:
    path = next((ROOT / "seeds").rglob(f"{name}.csv"))
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def facts() -> StudyFacts:
    return load_facts()


@pytest.fixture(scope="module")
def risk() -> RiskFacts:
    return load_risk_facts()


@pytest.fixture(scope="module")
def extract() -> pd.DataFrame:
    return read("2019-11/cases.csv")


@pytest.fixture(scope="module")
def study(extract: pd.DataFrame, facts: StudyFacts) -> MeasuredStudy:
    return measure_study(extract, facts)


@pytest.fixture(scope="module")
def codings() -> pd.DataFrame:
    return read("2019-11-study-files/risk_codings.csv")


@pytest.fixture(scope="module")
def arms(extract: pd.DataFrame, codings: pd.DataFrame) -> dict[str, str]:
    flags = extract.set_index("case_ref").loc[codings["case_ref"].unique(), "fact22_flag"]
    return flags.map({"1": "treated", "0": "comparator"}).to_dict()


# --- the draw --------------------------------------------------------------------------------


def test_twenty_are_drawn_and_two_have_no_match(study: MeasuredStudy, risk: RiskFacts) -> None:
    drawn = draw_risk_sample(study, risk.sample["size"], risk.sample["seed"])
    assert len(drawn) == 20
    assert drawn["row_comparator"].isna().sum() == 2
    assert drawn["row_treated"].is_unique
    assert drawn["row_comparator"].dropna().is_unique


def test_another_seed_draws_others_and_a_large_sample_nobody_twice(study: MeasuredStudy) -> None:
    first, other = (draw_risk_sample(study, 20, seed)["row_treated"] for seed in (1, 2))
    assert set(first) != set(other)
    everyone = draw_risk_sample(study, 1000, 1)
    assert everyone["row_comparator"].dropna().is_unique
    n_closest = study.links["row_treated"].nunique()
    assert 20 < everyone["row_comparator"].notna().sum() < n_closest


def test_the_closest_comparator_is_taken(study: MeasuredStudy, risk: RiskFacts) -> None:
    links = study.links
    gap = (links["plan_start_date_comparator"] - links["plan_start_date_treated"]).abs()
    nearest = gap.groupby(links["row_treated"]).min()
    pairs = draw_risk_sample(study, 1000, 3).dropna().astype(int)
    start = study.cases["plan_start_date"]
    for treated, comparator in pairs[["row_treated", "row_comparator"]].to_numpy().tolist():
        assert abs(start[comparator] - start[treated]) == nearest[treated]


def test_the_codings_are_of_the_studys_own_draw(risk: RiskFacts) -> None:
    defaults = {row["parameter_id"]: row["default_value"] for row in seed_rows("parameters")}
    chosen = {
        row["parameter_id"]: row["value"]
        for row in seed_rows("study_parameters")
        if row["study_id"] == "fact22"
    }
    parameters = defaults | chosen
    assert int(parameters["risk_sample_size"]) == risk.sample["size"]
    assert int(parameters["risk_sample_seed"]) == risk.sample["seed"]


# --- the codings -----------------------------------------------------------------------------


def test_the_generator_knows_the_framework(risk: RiskFacts) -> None:
    framework = seed_rows("risk_factors")
    assert risk.classes == {row["factor_id"]: row["class"] for row in framework}
    assert risk.levels == {
        row["level"]: int(row["points"]) for row in seed_rows("engagement_levels")
    }
    for row in framework:
        first = int(row["applies_from_age"] or 0)
        ages = [age for age in range(18) if risk.applies(row["factor_id"], age)]
        assert ages == list(range(first, 18)), row["factor_id"]


def test_the_committed_codings_are_made_again(
    extract: pd.DataFrame, facts: StudyFacts, codings: pd.DataFrame
) -> None:
    pd.testing.assert_frame_equal(risk_codings_rows(extract, facts), codings)


def test_the_codings_compare_as_the_report_words_it(
    codings: pd.DataFrame, arms: dict[str, str], risk: RiskFacts
) -> None:
    assert sorted(arms.values()) == ["comparator"] * 18 + ["treated"] * 18
    assert missed_marks(codings, arms, risk.classes, risk.levels) == []


@pytest.mark.parametrize(
    ("change", "mark"),
    [
        ({"factor": "parent_engagement", "level": "collaborative"}, "engagement unchanged"),
        ({"prefix": "family_supportive", "present": "1"}, "protective factors change alike"),
        ({"prefix": "family_", "present": "0"}, "risk factors change alike"),
        ({"prefix": "parent_", "present": "1"}, "median change is zero"),
        ({"day": "2019-11-22"}, "half a year apart"),
    ],
)
def test_codings_that_compare_otherwise_are_found_out(
    codings: pd.DataFrame,
    arms: dict[str, str],
    risk: RiskFacts,
    change: dict[str, str],
    mark: str,
) -> None:
    """Every treated case's latest information is coded otherwise."""
    rows = codings.copy()
    hit = (rows["case_ref"].map(arms) == "treated") & (rows["timepoint"] == "latest")
    if "day" in change:
        rows.loc[hit, "coded_on"] = change["day"]
    elif "level" in change:
        rows.loc[hit & (rows["factor"] == change["factor"]), "engagement_level"] = change["level"]
    else:
        of_factor = rows["factor"].str.startswith(change["prefix"]) & (rows["present"] != "")
        rows.loc[hit & of_factor, "present"] = change["present"]
    missed = missed_marks(rows, arms, risk.classes, risk.levels)
    assert any(name.startswith(mark) for name in missed), missed


def test_a_draw_that_is_not_as_printed_says_what_to_do(
    extract: pd.DataFrame, facts: StudyFacts, risk: RiskFacts
) -> None:
    other = replace(risk, sample=risk.sample | {"seed": 1})
    with pytest.raises(OutOfLuckError, match="choose another sample seed"):
        risk_codings_rows(extract, facts, other)


# --- the published tables --------------------------------------------------------------------


def test_the_warehouse_draws_the_same_cases(
    tables: duckdb.DuckDBPyConnection, study: MeasuredStudy, risk: RiskFacts
) -> None:
    drawn = draw_risk_sample(study, risk.sample["size"], risk.sample["seed"])
    start = study.cases["plan_start_date"].dt.date
    expected = [
        (
            start[treated],
            None if pd.isna(comparator) else (start[comparator] - start[treated]).days,
        )
        for treated, comparator in drawn[["row_treated", "row_comparator"]].itertuples(index=False)
    ]
    found = tables.execute(
        """select cases.plan_start_date, sample.gap_days
        from fct_risk_sample as sample
        inner join fct_cin_cases as cases
            on sample.la_code = cases.la_code and sample.treated_case_id = cases.case_id
        where sample.study_id = 'fact22' order by sample.draw_number"""
    ).fetchall()
    assert found == expected


def test_every_drawn_pair_is_coded_at_both_time_points(tables: duckdb.DuckDBPyConnection) -> None:
    found = tables.execute(
        """select count(distinct scores.case_id), count(*), count(scores.score)
        from fct_risk_sample as sample
        inner join fct_risk_scores as scores
            on
                sample.study_id = scores.study_id
                and sample.la_code = scores.la_code
                and scores.case_id in (sample.treated_case_id, sample.comparator_case_id)
        where sample.study_id = 'fact22' and scores.is_matched"""
    ).fetchone()
    assert found == (36, 36 * 2 * 4, 36 * 2 * 4)


def test_changes_are_those_of_the_codings(
    tables: duckdb.DuckDBPyConnection,
    codings: pd.DataFrame,
    arms: dict[str, str],
    risk: RiskFacts,
) -> None:
    """Scored once more in pandas from the file."""
    scored = case_scores(codings, risk.classes, risk.levels)
    means = (
        scored.assign(arm=scored["case_ref"].map(arms))
        .groupby(["arm", "timepoint"])[[*COMPONENTS, "total"]]
        .mean()
    )
    found = tables.execute(
        """select component, arm, n, mean_referral, mean_latest, mean_change, status
        from fct_risk_changes where study_id = 'fact22'"""
    ).fetchall()
    assert len(found) == 8
    for component, arm, n, referral, latest, change, status in found:
        expected = [means.loc[(arm, when), component] for when in ("referral", "latest")]
        assert [referral, latest] == pytest.approx(expected, abs=1e-9)
        assert change == pytest.approx(expected[1] - expected[0], abs=1e-9)
        assert (n, status) == (18, "ok")


def test_the_arms_compare_as_published(tables: duckdb.DuckDBPyConnection) -> None:
    """Figures 6 to 8 and the text: no number is printed, but who is ahead and what is alike."""
    rows = tables.execute(
        """select component, arm, mean_change, difference_at_referral, difference_in_change,
            mean_gap_months
        from fct_risk_changes where study_id = 'fact22'"""
    ).fetchall()
    change = {(component, arm): mean for component, arm, mean, *_ in rows}
    more = {component: in_change for component, _, _, _, in_change, _ in rows}
    ahead = {component: at_referral for component, _, _, at_referral, _, _ in rows}
    assert ahead["total"] > 0
    assert more["total"] < 0
    assert abs(more["risk"]) <= 0.3
    assert abs(more["protective"]) <= 0.3
    assert change["engagement", "treated"] == 0
    assert change["engagement", "comparator"] > 0
    assert all(round(months) == 6 for *_, months in rows)


def test_the_boxes_are_as_published(tables: duckdb.DuckDBPyConnection) -> None:
    """Figures 9 and 10: the treated median change is 0 and outliers drive the mean; medians and
    quartiles rise in both arms, the comparators' lower quartile most."""
    boxes = {
        (arm, measure): (lower, median, upper)
        for arm, measure, lower, median, upper in tables.execute(
            """select arm, measure, lower_hinge, median, upper_hinge
            from fct_risk_distributions where study_id = 'fact22'"""
        ).fetchall()
    }
    rises = {
        (arm, edge): boxes[arm, "total_latest"][edge] - boxes[arm, "total_referral"][edge]
        for arm in ("treated", "comparator")
        for edge in range(3)
    }
    assert boxes["treated", "total_change"][1] == 0
    assert min(rises.values()) > 0
    assert max(rises, key=rises.__getitem__) == ("comparator", 0)
    outliers = tables.execute(
        """select n_outliers, outlier_values, upper_whisker
        from fct_risk_distributions
        where study_id = 'fact22' and arm = 'treated' and measure = 'total_change'"""
    ).fetchone()
    assert outliers is not None
    n_outliers, values, upper_whisker = outliers
    assert len(values.split(", ")) == n_outliers > 0
    assert all(float(value) > upper_whisker for value in values.split(", "))


@pytest.mark.parametrize("table", ["fct_risk_changes", "fct_risk_distributions"])
def test_a_study_without_codings_says_so(tables: duckdb.DuckDBPyConnection, table: str) -> None:
    found = tables.execute(
        f"""select distinct n, status, split_part(status_reason, ':', 1)
        from {table} where study_id not in (select study_id from fct_risk_scores)"""
    ).fetchall()
    assert found == [(0, "not_estimable", "no_codings")]
    assert (
        tables.execute(f"select count(distinct study_id) from {table}").fetchone()
        == tables.execute("select count(*) from def_studies").fetchone()
    )
