"""Staff stress and costs: the made-up files bring back what is printed, and so does the build."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from csc_outcomes.synthetic import main
from csc_outcomes.synthetic.financial_returns import financial_return_rows, months_of_study
from csc_outcomes.synthetic.luck import OutOfLuckError
from csc_outcomes.synthetic.staff_survey import StaffGroup, SurveyFacts, staff_survey_rows
from csc_outcomes.synthetic.study_files import load_study_file_facts
from projects import ROOT, Project

DELIVERY = ROOT / "extracts" / "synthetic_coventry" / "2019-11-study-files"
# As the tool's user manual lists them; the first and the fifth agree with what is bad.
SCALES = {
    "demands": {3, 6, 9, 12, 16, 18, 20, 22},
    "control": {2, 10, 15, 19, 25, 30},
    "managers_support": {8, 23, 29, 33, 35},
    "peer_support": {7, 24, 27, 31},
    "relationships": {5, 14, 21, 34},
    "role": {1, 4, 11, 13, 17},
    "change": {26, 28, 32},
}
WEEKLY_FIGURES = {  # figure of table 2: row of fct_programme_costs
    "F131": "staff",
    "F133": "overheads",
    "F135": "young_people",
    "F137": "training_recruitment",
    "F139": "travel_subsistence",
    "F141": "information_materials",
    "F143": "other",
    "F145": "total",
}


def printed() -> dict[str, float]:
    """Numbers that the reports print, by figure."""
    path = ROOT / "seeds" / "published" / "published_figures.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = {row["figure_id"]: row["value"] for row in csv.DictReader(file)}
    return {figure: float(rows[figure]) for figure in (*WEEKLY_FIGURES, "F130", "F148", "F149")}


def seed(name: str) -> pd.DataFrame:
    """A seed as a frame."""
    return pd.read_csv(next((ROOT / "seeds").rglob(f"{name}.csv")))


# --- the committed files ---------------------------------------------------------------------


def test_the_same_project_gives_the_committed_bytes(tmp_path: Path) -> None:
    assert main(["--mode", "study-files", "--out", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in DELIVERY.iterdir()}
    for committed in DELIVERY.iterdir():
        assert (tmp_path / committed.name).read_bytes() == committed.read_bytes(), committed.name


def test_outside_a_project_the_generator_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CSC_PROJECT_DIR", raising=False)
    assert main(["--mode", "study-files", "--out", str(tmp_path / "out")]) == 2
    assert "dbt_project.yml" in capsys.readouterr().err


def test_the_items_are_those_of_the_tool() -> None:
    items = seed("stress_items")
    assert {s: set(rows["item_number"]) for s, rows in items.groupby("scale")} == SCALES
    agree_with_bad = set(items.loc[~items["is_reversed"], "item_number"])
    assert agree_with_bad == SCALES["demands"] | SCALES["relationships"]


@pytest.mark.parametrize(
    ("organisation", "role", "respondents", "mean"),
    [
        ("programme", None, 5, 2.02),
        ("authority", None, 5, 2.21),
        ("programme", "family_practitioner", 2, 2.03),
        ("authority", "social_worker", 2, 2.39),
    ],
)
def test_the_survey_file_gives_the_printed_means(
    organisation: str, role: str | None, respondents: int, mean: float
) -> None:
    answers = pd.read_csv(DELIVERY / "staff_survey.csv")
    bad = SCALES["demands"] | SCALES["relationships"]
    scores = answers["score"].where(answers["item"].isin(bad), 6 - answers["score"])
    chosen = answers["organisation"] == organisation
    if role is not None:
        chosen &= answers["role"] == role
    assert answers.loc[chosen, "respondent_ref"].nunique() == respondents
    assert chosen.sum() == 35 * respondents
    assert round(scores[chosen].mean(), 2) == mean


def test_the_return_gives_the_printed_costs() -> None:
    lines = pd.read_csv(DELIVERY / "financial_returns.csv")
    lines["start"] = pd.to_datetime(lines["month"], format="%b-%y")
    assert lines["start"].nunique() == 20
    assert lines.groupby("start")["category"].nunique().eq(7).all()
    assert (lines["amount_gbp"] < 0).sum() == 1
    index = seed("cpih").query("frequency == 'month'").set_index("period_start_date")["index_value"]
    share = lines["month"].map({"Apr-18": 19 / 30, "Nov-19": 22 / 30}).fillna(1)
    month_index = lines["start"].dt.strftime("%Y-%m-%d").map(index)
    real = (lines["amount_gbp"] * share * 107.8 / month_index).groupby(lines["category"]).sum()
    figures = printed()
    for figure, category in WEEKLY_FIGURES.items():
        amount = real.sum() if category == "total" else real[category]
        assert round(amount / 6567, 2) == figures[figure], category
    assert round(real.sum() / 163, 2) == figures["F130"]
    assert round(100 * real["staff"] / real.sum(), 1) == figures["F148"]


# --- the generators --------------------------------------------------------------------------


def test_a_total_that_no_answers_give_is_refused() -> None:
    day = pd.Timestamp("2019-09-16").date()
    survey = SurveyFacts(day, day, (StaffGroup("programme", "other", 1, 36 * 5),))
    with pytest.raises(OutOfLuckError):
        staff_survey_rows(np.random.default_rng(1), survey, [True] * 35)


def test_a_month_without_an_index_is_refused() -> None:
    start, end = pd.Timestamp("2018-04-12"), pd.Timestamp("2018-05-22")
    with pytest.raises(KeyError, match="2018-05-01"):
        months_of_study(start, end, {"2018-04-01": 105.5}, 107.8)


def test_costs_that_do_not_print_as_they_should_are_refused() -> None:
    returns = load_study_file_facts().financial_returns
    start, end = pd.Timestamp("2018-04-12"), pd.Timestamp("2018-05-22")
    months = months_of_study(start, end, {"2018-04-01": 105.5, "2018-05-01": 105.9}, 107.8)
    with pytest.raises(OutOfLuckError, match="rounding"):
        financial_return_rows(np.random.default_rng(1), returns, months, 163, 7000)


# --- the build -------------------------------------------------------------------------------


def test_costs_agree_with_tables_2_and_6(tables: duckdb.DuckDBPyConnection) -> None:
    costs = (
        tables.sql("select * from fct_programme_costs where study_id = 'fact22'")
        .df()
        .set_index("cost_category")
    )
    figures = printed()
    assert set(costs["status"]) == {"ok"}
    assert set(costs["n_cases"]) == {163}
    assert costs.loc["total", "case_weeks"] == pytest.approx(6567, abs=0.005)
    for figure, category in WEEKLY_FIGURES.items():
        assert round(costs.loc[category, "cost_per_case_week"], 2) == figures[figure], category
    assert round(costs.loc["total", "cost_per_case"], 2) == figures["F130"]
    assert round(100 * costs.loc["staff", "share_of_total"], 1) == figures["F148"]
    parts = costs.drop(index="total")
    for column in ("nominal_gbp", "real_gbp", "cost_per_case_week", "share_of_total"):
        assert parts[column].sum() == pytest.approx(costs.loc["total", column], rel=1e-12)


def test_a_study_without_a_return_has_no_cost_and_says_so(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    rows = tables.sql(
        "select distinct status, status_reason[:10] as code, real_gbp, cost_per_case "
        "from fct_programme_costs where study_id = 'edge_ties'"
    ).fetchall()
    assert rows == [("not_estimable", "no_returns", None, None)]
    roi = tables.sql(
        "select status, roi_as_printed from fct_return_on_investment where study_id = 'edge_ties'"
    ).fetchall()
    assert roi == [("not_estimable", None)]


def test_the_return_on_investment_is_flagged_and_has_the_reports_sign(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    row = (
        tables.sql("select * from fct_return_on_investment where study_id = 'fact22'")
        .df()
        .iloc[0]
        .to_dict()
    )
    per_week = row["cost_per_case_week_with"], row["cost_per_case_week_without"]
    assert row["status"] == "ok"
    assert row["is_illustrative"]
    assert row["roi_as_printed"] == pytest.approx((per_week[0] - per_week[1]) / per_week[0])
    per_case = row["cost_per_case_with"], row["cost_per_case_without"]
    assert row["roi_as_printed"] == pytest.approx((per_case[0] - per_case[1]) / per_case[0])
    assert row["saving_ratio"] == -row["roi_as_printed"]
    # The printed cost without the programme can't be had from placeholders.
    assert abs(per_week[1] - printed()["F149"]) > 1


def test_every_amount_of_the_counterfactual_is_a_mean_times_a_price(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    costs = tables.sql("select * from fct_counterfactual_costs where study_id = 'fact22'").df()
    assert costs["is_illustrative"].all()
    assert len(costs) == 3 * 6
    by_band = costs[(costs["age_band"] != "all") & (costs["component"] != "total")]
    assert by_band["cost_per_case"].to_numpy() == pytest.approx(
        (by_band["mean_without"] * by_band["unit_cost_gbp"]).to_numpy()
    )
    totals = costs[costs["component"] == "total"].set_index("age_band")
    assert totals.loc["all", "n_cases"] == 163
    # Implied by the printed effects on re-referral: some 28 per cent are under six.
    assert totals.loc["under_6", "n_cases"] / 163 == pytest.approx(0.28, abs=0.02)
    summed = (totals["n_cases"] * totals["cost_per_case"]).drop("all").sum()
    assert summed == pytest.approx(163 * totals.loc["all", "cost_per_case"])


def test_organisations_are_shown_and_roles_of_two_are_not(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    stress = tables.sql("select * from fct_staff_stress where study_id = 'fact22'").df()
    whole = stress[(stress["role"] == "all") & (stress["scale"] == "all")]
    means = dict(zip(whole["organisation"], whole["mean_score"].round(2), strict=True))
    assert means == {"programme": 2.02, "authority": 2.21}
    assert set(whole["n_respondents"]) == {5}
    roles = stress[stress["role"] != "all"]
    assert roles["is_suppressed"].all()
    assert roles[["n_respondents", "n_answers", "mean_score"]].isna().all(axis=None)
    assert set(stress["score_direction"]) == {"lower_is_less_stress"}


def test_no_small_group_is_left_when_what_is_shown_is_taken_off(built: Project) -> None:
    path = "models/intermediate/staff/int_staff_group_suppression.sql"
    sql = (built.path / "target" / "compiled" / "csc_outcomes" / path).read_text(encoding="utf-8")
    rng = np.random.default_rng(5)
    sizes = [rng.integers(1, 9, rng.integers(1, 7)) for _ in range(500)]
    rows = [
        ("s", f"o{i}", role, "all", int(n))
        for i, roles in enumerate(sizes)
        for role, n in [("all", roles.sum()), *((f"r{j}", n) for j, n in enumerate(roles))]
    ]
    stress = pd.DataFrame(
        rows, columns=["study_id", "organisation", "role", "scale", "n_respondents"]
    )
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as csc_outcomes")
        connection.execute("use csc_outcomes")
        connection.execute("create table int_staff_stress as select * from stress")
        connection.execute("create table studies as select 's' as study_id")
        connection.execute(
            "create table int_study_parameters as select 's' as study_id, 5 as smallest_staff_group"
        )
        hidden = connection.sql(sql).df()
    judged = stress.merge(hidden, on=["study_id", "organisation", "role"], validate="1:1")
    assert judged.loc[~judged["is_suppressed"], "n_respondents"].min() >= 5
    roles = judged[judged["role"] != "all"]
    shown = judged[(judged["role"] == "all") & ~judged["is_suppressed"]]["organisation"]
    rest = roles[roles["is_suppressed"] & roles["organisation"].isin(shown)]
    left = rest.groupby("organisation")["n_respondents"].sum()
    assert len(left) > 100
    assert left.min() >= 5
    # Nothing is hidden where no role is small.
    smallest = roles.groupby("organisation")["n_respondents"].transform("min")
    assert not roles.loc[smallest >= 5, "is_suppressed"].any()
