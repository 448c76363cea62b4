"""Bounds for hidden bias against published examples and R's rbounds."""

from math import comb

import numpy as np
import pandas as pd
import pytest

from csc_outcomes.estimators import hidden_bias
from csc_outcomes.estimators.hidden_bias import (
    discordant_pair_bounds,
    event_table,
    expected_lengths,
    mantel_haenszel_bounds,
    pair_differences,
    signed_rank_bounds,
)
from csc_outcomes.estimators.result import NotEstimableError
from estimator_fixtures import ORACLE, answers, outcome_frame

OUTCOMES = ["closed_no_esc", "escalated", "rereferred_12m"]


def test_published_example_of_mantel_haenszel_bounds() -> None:
    published = answers("published_mhbounds_allopurinol")
    strata = pd.DataFrame(
        [(38, 5, 681, 36), (29, 10, 576, 58)],
        columns=["n_treated", "n_treated_events", "n_comparator", "n_comparator_events"],
    )
    gammas = [row["gamma"] for row in published["published"]]
    bounds = mantel_haenszel_bounds(strata, gammas)
    assert bounds.direction == "greater"
    for ours, printed, computed in zip(
        bounds.table.itertuples(), published["published"], published["computed"], strict=True
    ):
        assert ours.q_plus == pytest.approx(printed["Q_plus"], rel=1e-5)
        assert ours.q_minus == pytest.approx(printed["Q_minus"], rel=1e-5)
        assert ours.p_upper == pytest.approx(printed["p_plus"], abs=1e-6)
        assert ours.q_plus == pytest.approx(computed["Q_mh_plus"], abs=1e-9)
        assert ours.q_minus == pytest.approx(computed["Q_mh_minus"], abs=1e-9)
        assert ours.p_upper == pytest.approx(computed["p_mh_plus"], abs=1e-9)
    # The published p falls again from gamma 5 on; the first crossing is the one that counts.
    assert 2 < bounds.crossing_gamma[0.05] < 3
    assert bounds.crossing_gamma[0.01] < bounds.crossing_gamma[0.05]
    assert bounds.ceiling_gamma is None


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("variant", ["pooled_weighted", "pooled_unweighted", "by_stratum_weighted"])
def test_mantel_haenszel_bounds_equal_r(outcome: str, variant: str) -> None:
    expected = answers("fact22_a")["mhbounds"][outcome][variant]
    frame = outcome_frame("fact22_a", outcome)
    if variant == "pooled_unweighted":
        frame = frame.assign(weight=(frame["weight"] > 0).astype(float))
    by = "stratum" if variant.startswith("by_") else None
    gammas = [row["gamma"] for row in expected]
    table = mantel_haenszel_bounds(event_table(frame, by), gammas).table
    for name, theirs in (("q_plus", "Q_mh_plus"), ("q_minus", "Q_mh_minus")):
        assert table[name].to_list() == pytest.approx([row[theirs] for row in expected], abs=1e-9)


@pytest.mark.parametrize(("alpha", "lower", "upper"), [(0.05, 1.4, 1.5), (0.01, 1.1, 1.2)])
def test_a_negative_effect_is_judged_by_the_other_bound(
    alpha: float, lower: float, upper: float
) -> None:
    expected = answers("fact22_a")["mhbounds"]["closed_no_esc"]["by_stratum_weighted"]
    gammas = [row["gamma"] for row in expected]
    strata = event_table(outcome_frame("fact22_a", "closed_no_esc"), "stratum")
    bounds = mantel_haenszel_bounds(strata, gammas)
    assert bounds.direction == "less"
    p_minus = [row["p_mh_minus"] for row in expected]
    assert bounds.table["p_upper"].to_list() == pytest.approx(p_minus, abs=1e-9)
    assert lower < bounds.crossing_gamma[alpha] < upper
    at_crossing = mantel_haenszel_bounds(strata, [bounds.crossing_gamma[alpha]]).table
    assert at_crossing["p_upper"][0] == pytest.approx(alpha, abs=1e-9)


def test_no_effect_crosses_at_one() -> None:
    bounds = mantel_haenszel_bounds(event_table(outcome_frame("fact22_a", "escalated")), [1, 2])
    assert bounds.crossing_gamma == {0.05: 1.0, 0.01: 1.0}


def test_no_event_has_no_bounds() -> None:
    frame = outcome_frame("fact22_a", "escalated").assign(value=0)
    with pytest.raises(NotEstimableError, match=r"^no_variation: "):
        mantel_haenszel_bounds(event_table(frame), [1])


def test_published_example_of_signed_rank_bounds() -> None:
    published = answers("published_rosenbaum_lead")
    treated, control = np.array(published["treated"]), np.array(published["control"])
    gammas = [row["gamma"] for row in published["raw"]]
    bounds = signed_rank_bounds((treated - control).astype(float), gammas)
    assert bounds.direction == "greater"
    for ours, theirs in zip(bounds.table.itertuples(), published["raw"], strict=True):
        assert ours.p_upper == pytest.approx(theirs["p_upper_greater"], abs=1e-9)
        assert ours.p_lower == pytest.approx(theirs["p_lower_greater"], abs=1e-9)
    # The published table goes from .0367 at gamma 4 to .0694 at gamma 5.
    assert 4.25 < bounds.crossing_gamma[0.05] < 5


def test_signed_rank_bounds_swap_for_a_negative_effect() -> None:
    published = answers("published_rosenbaum_lead")
    differences = np.array(published["treated"], float) - np.array(published["control"])
    forward, backward = (signed_rank_bounds(sign * differences, [1, 2, 3]) for sign in (1, -1))
    assert (forward.direction, backward.direction) == ("greater", "less")
    p_values = ["gamma", "p_upper", "p_lower"]
    pd.testing.assert_frame_equal(forward.table[p_values], backward.table[p_values])
    assert list(backward.table["estimate_low"]) == list(-forward.table["estimate_high"])
    reversed_rows = published["reversed_raw"]
    p_upper = [row["p_upper_less"] for row in reversed_rows]
    assert backward.table["p_upper"].to_list() == pytest.approx(p_upper, abs=1e-9)


def test_signed_rank_bounds_of_lengths_equal_r() -> None:
    expected = answers("fact22_a")["rosenbaum_length"]
    pairs = pd.read_csv(ORACLE / "fact22_a_rosenbaum_pairs.csv")
    differences = (pairs["y_treated"] - pairs["y_comp"]).to_numpy()
    bounds = signed_rank_bounds(differences, [row["gamma"] for row in expected["raw"]])
    for ours, theirs in zip(bounds.table.itertuples(), expected["raw"], strict=True):
        assert ours.p_upper == pytest.approx(theirs["p_upper_greater"], abs=1e-9)
        assert ours.p_lower == pytest.approx(theirs["p_lower_greater"], abs=1e-9)
    assert 1.6 < bounds.crossing_gamma[0.05] < 1.8


def test_the_published_34_is_the_ceiling_of_122_pairs() -> None:
    bounds = signed_rank_bounds(np.arange(1.0, 123.0), [1])
    assert bounds.ceiling_gamma[0.05] == pytest.approx(33.96, abs=0.005)
    assert bounds.crossing_gamma[0.05] == pytest.approx(bounds.ceiling_gamma[0.05], rel=1e-9)


def test_pairs_come_from_links_and_expected_lengths() -> None:
    frame = outcome_frame("fact22_a", "length_days")
    lengths = expected_lengths(frame)
    imputed = pd.read_csv(ORACLE / "fact22_a_len_imputed.csv").set_index("case_id")["len_imputed"]
    assert lengths.loc[imputed.index].to_numpy() == pytest.approx(imputed.to_numpy(), abs=1e-5)

    links = pd.read_csv(ORACLE / "fact22_a_links.csv").rename(
        columns={
            "treated_case": "treated_case_id",
            "comp_case": "comparator_case_id",
            "w": "weight",
        }
    )
    pairs = pd.read_csv(ORACLE / "fact22_a_rosenbaum_pairs.csv").set_index("treated_case")
    differences = pair_differences(links, lengths)
    assert len(differences) == 139
    expected = (pairs["y_treated"] - pairs["y_comp"]).loc[differences.index]
    assert differences.to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-5)


def test_pairs_without_a_difference_have_no_bounds() -> None:
    with pytest.raises(NotEstimableError, match=r"^no_variation: "):
        signed_rank_bounds(np.zeros(5), [1])


@pytest.mark.parametrize(("n_treated", "n_comparator"), [(7, 3), (3, 7), (5, 5), (4, 0)])
def test_bounds_of_discordant_pairs_equal_sums_of_the_binomial(
    n_treated: int, n_comparator: int
) -> None:
    """Pairs of which both or neither have the event say nothing; p counts the observed number."""
    pairs = [(1, 0)] * n_treated + [(0, 1)] * n_comparator + [(1, 1)] * 2 + [(0, 0)] * 3
    values = pd.Series({f"{arm}{i}": pair[arm] for i, pair in enumerate(pairs) for arm in (0, 1)})
    links = pd.DataFrame(
        {
            "treated_case_id": [f"0{i}" for i in range(len(pairs))],
            "comparator_case_id": [f"1{i}" for i in range(len(pairs))],
        }
    )
    values.index = values.index.astype(str)
    bounds = discordant_pair_bounds(links, values, [1, 2, 5])
    n, count = n_treated + n_comparator, max(n_treated, n_comparator)
    assert bounds.direction == ("greater" if n_treated > n_comparator else "less")
    for row in bounds.table.itertuples():
        for share, got in (
            (row.gamma / (1 + row.gamma), row.p_upper),
            (1 / (1 + row.gamma), row.p_lower),
        ):
            tail = range(count, n + 1)
            expected = sum(comb(n, k) * share**k * (1 - share) ** (n - k) for k in tail)
            assert got == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("most_means", [1, 10, 500, 10_000])
@pytest.mark.parametrize("n", [1, 2, 7, 60])
def test_quantiles_of_means_equal_those_of_all_means(
    n: int, most_means: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hidden_bias, "MOST_MEANS", most_means)
    ordered = np.sort(np.random.default_rng(n).integers(-20, 20, n) / 4)
    every = [(a + b) / 2 for i, a in enumerate(ordered) for b in ordered[i:]]
    for share in (0.0, 0.1, 1 / 3, 0.5, 0.8, 1.0):
        expected = np.quantile(every, share, method="averaged_inverted_cdf")
        got = hidden_bias._quantile_of_means(ordered, share)
        assert got == pytest.approx(expected, abs=1e-12)
