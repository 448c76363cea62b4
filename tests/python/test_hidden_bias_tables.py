"""Bounds for hidden bias from the published build against R, and what they are made of."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from csc_outcomes.estimators.hidden_bias import (
    discordant_pair_bounds,
    hodges_lehmann_bounds,
    mantel_haenszel_bounds,
    nearest_pairs,
    pair_table,
)
from csc_outcomes.estimators.result import NotEstimableError
from estimator_fixtures import ORACLE, answers, outcome_frame

OUTCOMES = {
    "closed_without_later_escalation": "closed_no_esc",
    "escalated": "escalated",
    "rereferred_12m": "rereferred_12m",
}
TABLES = {
    "mantel_haenszel_pooled": "pooled_weighted",
    "mantel_haenszel_unweighted": "pooled_unweighted",
    "mantel_haenszel_strata": "by_stratum_weighted",
}


def published(tables: duckdb.DuckDBPyConnection, outcome: str, method: str) -> pd.DataFrame:
    """One method's rows by gamma."""
    rows = tables.execute(
        "select * from fct_hidden_bias_bounds where study_id = 'fact22_a'"
        " and sample = 'cem_caliper' and outcome = ? and method = ?",
        [outcome, method],
    ).fetchdf()
    assert set(rows["status"]) == {"ok"}
    return rows.set_index("gamma")


def shared(rows: pd.DataFrame, theirs: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Those of R's rows that have one of ours."""
    found = [row for row in theirs if row[name] in rows.index]
    assert len(found) >= 5
    return found


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("method", TABLES)
def test_mantel_haenszel_bounds(
    tables: duckdb.DuckDBPyConnection, outcome: str, method: str
) -> None:
    rows = published(tables, outcome, method)
    is_more = rows["direction"].iloc[0] == "greater"
    upper, lower = ("p_mh_plus", "p_mh_minus") if is_more else ("p_mh_minus", "p_mh_plus")
    for theirs in shared(
        rows, answers("fact22_a")["mhbounds"][OUTCOMES[outcome]][TABLES[method]], "gamma"
    ):
        own = rows.loc[theirs["gamma"]]
        assert own["p_upper"] == pytest.approx(theirs[upper], abs=1e-9)
        assert own["p_lower"] == pytest.approx(theirs[lower], abs=1e-9)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_discordant_pairs(tables: duckdb.DuckDBPyConnection, outcome: str) -> None:
    expected = answers("fact22_a")["binarysens"][OUTCOMES[outcome]]
    rows = published(tables, outcome, "discordant_pairs")
    is_more = expected["treated_only"] > expected["comp_only"]
    assert set(rows["direction"]) == {"greater" if is_more else "less"}
    for theirs in shared(rows, expected["exact_p_upper_ge"], "gamma"):
        own = rows.loc[theirs["gamma"], "p_upper"]
        assert own == pytest.approx(theirs["p_upper"], abs=1e-9)


def test_lengths(tables: duckdb.DuckDBPyConnection) -> None:
    expected = answers("fact22_a")["rosenbaum_length"]
    rows = published(tables, "case_length_days", "signed_rank")
    assert set(rows["direction"]) == {"greater"}
    for theirs in shared(rows, expected["raw"], "gamma"):
        own = rows.loc[theirs["gamma"]]
        assert own["p_upper"] == pytest.approx(theirs["p_upper_greater"], abs=1e-6)
    for theirs in shared(rows, expected["hlsens"], "Gamma"):
        # R walks in steps of a day and stops up to one beyond.
        own = 7 * rows.loc[theirs["Gamma"], ["estimate_low", "estimate_high"]]
        assert own["estimate_low"] == pytest.approx(theirs["Lower bound"], abs=1)
        assert own["estimate_high"] == pytest.approx(theirs["Upper bound"], abs=1)
    # Ties share their rank, so the squares differ by a hair.
    by_alpha = {0.05: "ceiling_gamma", 0.01: "ceiling_gamma_01"}
    ranks = np.arange(1, expected["n_pairs"] + 1)
    for alpha, quantile in ((0.05, 1.6448536269514722), (0.01, 2.3263478740408408)):
        ceiling = (ranks.sum() / np.sqrt((ranks**2).sum()) / quantile) ** 2
        assert rows[by_alpha[alpha]].iloc[0] == pytest.approx(ceiling, rel=1e-5)


def test_crossings_are_where_the_bounds_cross(tables: duckdb.DuckDBPyConnection) -> None:
    rows = tables.execute(
        "select * from fct_hidden_bias_bounds where status = 'ok' and gamma <= crossing_gamma"
        " and crossing_gamma > 1 and p_upper > 0.05 + 1e-9"
    ).fetchall()
    assert rows == []
    later = tables.execute(
        "select count(*) from fct_hidden_bias_bounds where crossing_gamma_01 > crossing_gamma"
        " or ceiling_gamma_01 > ceiling_gamma"
    ).fetchone()
    assert later == (0,)


def test_published_example_of_hodges_lehmann_bounds() -> None:
    published_lead = answers("published_rosenbaum_lead")
    differences = np.array(published_lead["treated"], float) - np.array(published_lead["control"])
    theirs = published_lead["hlsens_pr001"]
    own = hodges_lehmann_bounds(differences, [row["Gamma"] for row in theirs])
    # Whole numbers: means of two differences lie half a unit apart, and R takes the far side.
    for ours, other in zip(own.itertuples(), theirs, strict=True):
        assert ours.estimate_low == pytest.approx(other["Lower bound"], abs=0.51)
        assert ours.estimate_high == pytest.approx(other["Upper bound"], abs=0.51)
    assert own["estimate_low"].is_monotonic_decreasing
    assert own["estimate_high"].is_monotonic_increasing


def test_hodges_lehmann_bounds_by_hand() -> None:
    # Means of two of 1, 2 and 6, each with itself too: 1, 1.5, 2, 3.5, 4, 6.
    own = hodges_lehmann_bounds(np.array([6.0, 1.0, 2.0]), [1, 2]).to_numpy().tolist()
    assert own == [[1, 2.75, 2.75], [2, 1.75, 3.75]]
    assert hodges_lehmann_bounds(np.array([]), [1]).empty


def test_published_example_of_discordant_pairs() -> None:
    links = pd.DataFrame(
        {
            "treated_case_id": [f"t{i}" for i in range(122)],
            "comparator_case_id": [f"c{i}" for i in range(122)],
        }
    )
    values = pd.Series(
        {f"t{i}": float(i >= 12) for i in range(122)} | {f"c{i}": float(i < 12) for i in range(122)}
    )
    theirs = answers("published_rosenbaum_lead")["binary_exact_ge"]
    bounds = discordant_pair_bounds(links, values, [row["gamma"] for row in theirs])
    assert bounds.direction == "greater"
    expected = [row["p_upper"] for row in theirs]
    assert bounds.table["p_upper"].to_list() == pytest.approx(expected, abs=1e-9)
    assert 5 < bounds.crossing_gamma[0.05] < 6
    backward = discordant_pair_bounds(links, 1 - values, [1, 2])
    assert backward.direction == "less"
    assert backward.crossing_gamma == bounds.crossing_gamma


def test_all_pairs_one_way_reach_the_ceiling() -> None:
    links = pd.DataFrame(
        {"treated_case_id": list("abcdefgh"), "comparator_case_id": list("stuvwxyz")}
    )
    values = pd.Series(dict.fromkeys("abcdefgh", 1.0) | dict.fromkeys("stuvwxyz", 0.0))
    bounds = discordant_pair_bounds(links, values, [1])
    assert bounds.ceiling_gamma is not None
    assert bounds.crossing_gamma == pytest.approx(bounds.ceiling_gamma)
    with pytest.raises(NotEstimableError, match=r"^no_variation: "):
        discordant_pair_bounds(links, values * 0, [1])


def test_nearest_pairs_never_look_at_ids_first() -> None:
    day = pd.Timestamp("2018-05-01")
    cases = pd.DataFrame(
        [
            ("t", day, 0),
            ("late", day + pd.Timedelta(days=3), 0),
            ("a_old", day - pd.Timedelta(days=3), 9),
            ("z_young", day - pd.Timedelta(days=3), 1),
            ("a_far", day - pd.Timedelta(days=4), 0),
            ("u", day, 0),
        ],
        columns=["case_id", "plan_start_date", "age"],
    )
    links = pd.DataFrame(
        [("t", "late"), ("t", "a_old"), ("t", "z_young"), ("t", "a_far"), ("u", "late")],
        columns=["treated_case_id", "comparator_case_id"],
    )
    pairs = nearest_pairs(links, cases, ["age"])
    assert pairs.to_numpy().tolist() == [["t", "z_young"], ["u", "late"]]


def test_data_spread_out_pair_by_pair_count_every_link() -> None:
    links = pd.read_csv(ORACLE / "fact22_a_links.csv").rename(
        columns={"treated_case": "treated_case_id", "comp_case": "comparator_case_id"}
    )
    values = outcome_frame("fact22_a", "escalated").set_index("case_id")["value"]
    (row,) = pair_table(links, values).to_dict("records")
    assert row["n_treated"] == row["n_comparator"] == len(links) == 651
    assert row["n_treated_events"] == values.reindex(links["treated_case_id"]).sum()
    assert row["n_comparator_events"] == values.reindex(links["comparator_case_id"]).sum()


@pytest.mark.parametrize(
    ("shares", "alpha", "printed"),
    [((0.549, 0.796), 0.05, 2.6), ((0.27, 0.143), 0.01, 1.6)],
)
def test_only_such_pairs_give_gammas_as_large_as_printed(
    shares: tuple[float, float], alpha: float, printed: float
) -> None:
    crossings = []
    for n_treated, n_comparator in ((122, 408), (650, 650)):
        table = pd.DataFrame(
            {
                "n_treated": [n_treated],
                "n_treated_events": [n_treated * shares[0]],
                "n_comparator": [n_comparator],
                "n_comparator_events": [n_comparator * shares[1]],
            }
        )
        crossings.append(mantel_haenszel_bounds(table, [1]).crossing_gamma[alpha])
    assert crossings[0] < printed - 0.3
    assert round(crossings[1], 1) == printed
