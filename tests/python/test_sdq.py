"""The Strengths and Difficulties Questionnaire: its items, and what is said of two arms' scores."""

from __future__ import annotations

import csv
from collections import Counter
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from csc_outcomes.evaluation.sdq_tables import SCALES, sdq_comparison
from estimator_fixtures import ORACLE, answers
from projects import ROOT

STUDIES = pd.DataFrame({"study_id": ["trial", "without_scores"]})


def scored(values: dict[str, list[float | None]], scale: str = "total") -> pd.DataFrame:
    """Rows of fct_sdq_scores with these scores by arm, of children who were allocated."""
    rows = [(arm, score) for arm, scores in values.items() for score in scores]
    frame = pd.DataFrame(rows, columns=["arm", "score"]).astype({"score": "Int32"})
    return frame.assign(study_id="trial", scale=scale, is_compared=True)


def compared(scores: pd.DataFrame, scale: str = "total") -> dict[str, Any]:
    """The row of the trial on one scale."""
    table = sdq_comparison(scores, STUDIES)
    rows = table[(table["study_id"] == "trial") & (table["scale"] == scale)]
    assert len(rows) == 1
    return {str(name): value for name, value in rows.dropna(axis=1).iloc[0].items()}


# --- the items -------------------------------------------------------------------------------


def test_items_are_five_to_a_scale_and_five_are_turned_round() -> None:
    with (ROOT / "seeds/frameworks/sdq_items.csv").open(newline="", encoding="utf-8") as file:
        items = list(csv.DictReader(file))
    assert [int(item["item_number"]) for item in items] == list(range(1, 26))
    assert Counter(item["scale"] for item in items) == dict.fromkeys(SCALES[:-1], 5)
    turned = {int(item["item_number"]) for item in items if item["is_reversed"] == "true"}
    assert turned == {7, 11, 14, 21, 25}
    left_out = {item["scale"] for item in items if item["counts_in_total"] == "false"}
    assert left_out == {"prosocial"}
    # The statements are the copyright of the instrument.
    assert "statement" not in items[0]
    assert "text" not in items[0]


# --- the comparison --------------------------------------------------------------------------


@pytest.mark.parametrize("reference", ["sdq_ties", "sdq_noties"])
def test_equals_the_reference(reference: str) -> None:
    rows = pd.read_csv(ORACLE / f"{reference}.csv").rename(columns={"total_difficulties": "score"})
    arms = rows["group"].map({"PC": "treated", "CEC": "comparator"})
    frame = rows.assign(study_id="trial", scale="total", is_compared=True, arm=arms)
    row, expected = compared(frame), answers(reference)
    assert (row["n_treated"], row["n_comparator"]) == (expected["n_x"], expected["n_y"])
    assert row["u_statistic"] == expected["U_x"]
    assert row["p_value"] == pytest.approx(expected["p_exact_conditional_coin"], abs=1e-12)
    assert row["shift"] == pytest.approx(expected["hodges_lehmann"], abs=1e-3)
    assert row["superiority"] == pytest.approx(expected["prob_superiority"], abs=1e-12)
    assert (row["method"], row["status"]) == ("exact_conditional", "ok")
    treated = rows.loc[arms == "treated", "score"]
    assert row["median_treated"] == treated.median()
    assert row["lower_quartile_treated"] == np.quantile(treated, 0.25)
    assert row["upper_quartile_treated"] == np.quantile(treated, 0.75)


def test_missing_scores_and_children_who_were_not_allocated_do_not_count() -> None:
    scores = scored({"treated": [3, 5, None], "comparator": [4, 8]})
    others = scored({"treated": [10, 10, 10], "comparator": [0]}).assign(is_compared=False)
    another_scale = scored({"treated": [9], "comparator": [9]}, "peer")
    alone = compared(scores)
    assert compared(pd.concat([scores, others, another_scale])) == alone
    assert (alone["n_treated"], alone["n_comparator"]) == (2, 2)
    assert (alone["median_treated"], alone["median_comparator"]) == (4, 6)


def test_every_study_has_every_scale_and_says_what_is_missing() -> None:
    one_arm = scored({"treated": [3, 4]})
    all_alike = scored({"treated": [2, 2], "comparator": [2]}, "peer")
    table = sdq_comparison(pd.concat([one_arm, all_alike]), STUDIES).set_index(
        ["study_id", "scale"]
    )
    assert list(table.loc["trial"].index) == list(SCALES)
    assert list(table.loc["without_scores"].index) == list(SCALES)
    assert set(table["status"]) == {"not_estimable"}
    assert table[["u_statistic", "p_value", "shift", "superiority", "method"]].isna().all().all()
    codes = table["status_reason"].str.split(":").str[0]
    assert codes["trial", "total"] == "empty_arm"
    assert codes["trial", "peer"] == "no_variation"
    assert codes["trial", "conduct"] == "no_scores"
    assert set(codes["without_scores"]) == {"no_scores"}
    assert table.loc[("trial", "total"), "median_treated"] == 3.5
    assert table["median_comparator"].isna()["trial", "total"]


def test_a_study_without_any_score_has_typed_rows() -> None:
    nobody = scored({}).iloc[:0]
    table = sdq_comparison(nobody, STUDIES)
    assert len(table) == 2 * len(SCALES)
    assert table["p_value"].dtype == "Float64"
    assert table["method"].dtype == "string"
    assert (table["n_treated"] == 0).all()


# --- the build -------------------------------------------------------------------------------


def test_the_published_comparison_is_that_of_the_published_scores(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    published = tables.sql("from fct_sdq_comparison order by study_id, scale").df()
    studies = tables.sql("select study_id from def_studies").df()
    again = sdq_comparison(tables.sql("from fct_sdq_scores").df(), studies)
    again = again.sort_values(["study_id", "scale"], ignore_index=True)
    names = ["study_id", "scale", "n_treated", "n_comparator", "status"]
    assert published[names].to_dict("list") == again[names].to_dict("list")
    for name in ("u_statistic", "p_value", "shift", "superiority", "median_treated"):
        ours, theirs = published[name].to_numpy(float), again[name].to_numpy(float, na_value=np.nan)
        assert ours == pytest.approx(theirs, nan_ok=True), name


def test_published_scores_stay_on_their_scales(tables: duckdb.DuckDBPyConnection) -> None:
    beyond = """
        select scale, score from fct_sdq_scores
        where
            not score between 0 and case when scale = 'total' then 40 else 10 end
            or (score is null) != (status = 'not_estimable')
    """
    assert tables.sql(beyond).fetchall() == []
