"""Figures draw what their tables hold, say it in words, and bear thin or hidden data."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from csc_outcomes.report import drawing
from csc_outcomes.report.blocks import Figure
from csc_outcomes.report.figures import (
    balance,
    common,
    describing,
    flow,
    outcomes,
    risk,
    sensitivity,
    survival,
)

WIDTHS = (drawing.NARROW, drawing.WIDE)


def encoded(figure: Figure, width: int = drawing.WIDE) -> list[dict[str, Any]]:
    """All rows that a chart holds, of all its data sets."""
    declared = figure.chart(width).to_dict()
    return [row for rows in declared["datasets"].values() for row in rows]


def values(figure: Figure, column: str, width: int = drawing.WIDE) -> set[float]:
    """The numbers of one column of a chart's data."""
    return {row[column] for row in encoded(figure, width) if row.get(column) is not None}


def drawn(figure: Figure | None) -> Figure:
    """The figure, drawn at both widths: the same twice, small and no wider than told."""
    assert figure is not None
    assert figure.title
    assert figure.alt.endswith(".")
    assert len(figure.data)
    assert all(column.name in figure.data for column in figure.columns)
    for width in WIDTHS:
        figure.chart(width).to_dict(validate=True)
        picture = drawing.svg(figure.chart(width))
        drawing._svg.cache_clear()
        assert picture == drawing.svg(figure.chart(width))
        assert len(picture) < 60_000
        assert float(picture.split('width="')[1].split('"')[0]) <= width + 8
    return figure


def effects(hidden: bool = False, stars: str = "**") -> pd.DataFrame:
    shown = "c" if hidden else "shown"
    same = {
        "analysis_id": "main",
        "outcome": "closed",
        "sample": "unmatched",
        "subgroup": None,
        "unit": "proportion",
        "disclosure": shown,
        "disclosure_reason": "small counts" if hidden else None,
    }
    terms = (
        ("treated", -0.247, -0.348, -0.146, stars),
        ("treated_mean", 0.549, 0.461, 0.638, ""),
        ("comparator_mean", 0.796, 0.748, 0.845, ""),
    )
    rows = [
        {**same, "term": term, "estimate": one, "ci_low": low, "ci_high": high, "stars": mark}
        for term, one, low, high, mark in terms
    ]
    frame = pd.DataFrame(rows)
    if hidden:
        frame[["estimate", "ci_low", "ci_high"]] = None
    return frame


def curves(longest: int, arms: tuple[str, ...] = ("treated", "comparator")) -> pd.DataFrame:
    rows = [
        {
            "clock": "plan_start",
            "arm": arm,
            "time_days": day,
            "n_at_risk": float(longest + 1 - day),
            "n_event": 1.0,
            "survival": 1 - day / (longest + 2),
            "ci_low": max(0.0, 0.9 - day / (longest + 2)),
            "ci_high": 1.0,
            "disclosure": "shown",
        }
        for arm in arms
        for day in range(longest + 1)
    ]
    return pd.DataFrame(rows)


# Outcomes


def test_the_line_of_a_matched_study_is_the_interval_of_the_difference() -> None:
    bars = outcomes.bars_of_difference(effects(), pd.DataFrame(), "main", "Closed")
    assert bars is not None
    figure = drawn(outcomes.outcome_bars([bars], "closed", "Outcomes", of_difference=True))
    assert values(figure, "value") == {0.549, 0.796}
    assert values(figure, "low") == {0.796 - 0.348}
    assert values(figure, "high") == {0.796 - 0.146}
    assert values(figure, "label") == {"54.9% **", "79.6%"}
    assert "programme 54.9% and comparison 79.6%" in figure.alt
    assert "-24.7 points (-34.8 to -14.6), statistically significant at 1%" in figure.alt


def test_the_lines_of_a_trial_are_the_intervals_of_its_means_without_stars() -> None:
    bars = outcomes.bars_of_means(effects(), "main", "Closed")
    assert bars is not None
    figure = drawn(outcomes.outcome_bars([bars], "closed", "Outcomes", of_difference=False))
    assert values(figure, "low") == {0.461, 0.748}
    assert values(figure, "high") == {0.638, 0.845}
    assert not any("*" in label for label in values(figure, "label"))  # type: ignore[operator]
    assert "significant" not in figure.alt


def test_a_difference_without_stars_is_said_not_to_be_significant() -> None:
    bars = outcomes.bars_of_difference(effects(stars=""), pd.DataFrame(), "main", "Closed")
    assert bars is not None
    assert bars.certainty == "not statistically significant at 5%"


def test_hidden_outcomes_draw_nothing_and_a_hidden_one_among_others_is_a_symbol() -> None:
    hidden = outcomes.bars_of_difference(effects(hidden=True), pd.DataFrame(), "main", "Hidden")
    shown = outcomes.bars_of_difference(effects(), pd.DataFrame(), "main", "Closed")
    assert hidden is not None
    assert shown is not None
    assert outcomes.outcome_bars([hidden], "x", "Outcomes", of_difference=True) is None
    part = shown.arms.assign(
        value=[None, 0.796], disclosure=["c", "shown"], low=None, high=None, stars=""
    )
    mixed = outcomes.Bars("Closed", "", "proportion", part)
    figure = drawn(outcomes.outcome_bars([mixed], "x", "Outcomes", of_difference=True))
    assert "[c]" in values(figure, "label")  # type: ignore[comparison-overlap]
    assert "programme [c]" in figure.alt
    assert "[c]" in figure.note
    assert values(figure, "value") == {0.796}


def test_outcomes_of_two_units_share_no_axis() -> None:
    bars = outcomes.bars_of_means(effects(), "main", "Closed")
    weeks = outcomes.bars_of_means(effects().assign(unit="weeks"), "main", "Length")
    assert bars is not None
    assert weeks is not None
    with pytest.raises(ValueError, match="units"):
        outcomes.outcome_bars([bars, weeks], "x", "Outcomes", of_difference=False)


# Curves


def test_a_long_curve_is_thinned_to_what_can_be_seen_with_heights_of_the_table() -> None:
    table = curves(6000)
    figure = drawn(survival.survival_curves(table, pd.DataFrame(), "plan_start"))
    held = [row for row in encoded(figure, drawing.NARROW) if "survival" in row and "group" in row]
    assert 200 < len(held) < 2500 < len(table)
    heights = table.set_index(["arm", "time_days"])["survival"]
    arms = {name: arm for arm, name in common.ARMS.items()}
    for row in held[::50]:
        height = heights[(arms[row["group"]], row["time_days"])]
        assert row["survival"] == pytest.approx(height)
    assert len(figure.data) == len(table)


def test_numbers_at_risk_stand_under_the_curve_at_its_ticks() -> None:
    table = curves(100)
    assert survival.at_risk(table[table["arm"] == "treated"], [0, 50, 100, 101]) == [101, 51, 1, 0]
    figure = drawn(survival.survival_curves(table, pd.DataFrame(), "plan_start"))
    below = [row for row in encoded(figure) if "n" in row]
    assert {(row["time_days"], row["n"]) for row in below} >= {(0, "101"), (100, "1")}


def test_medians_are_marked_and_said() -> None:
    medians = pd.DataFrame(
        {"clock": "plan_start", "arm": ["treated", "comparator"], "median_days": [61.0, None]}
    )
    figure = drawn(survival.survival_curves(curves(100), medians, "plan_start"))
    assert values(figure, "median_days") == {61.0}
    assert "half had closed by day 61" in figure.alt
    assert "fewer than half" in figure.alt


def test_immortal_time_is_told_only_of_cases_chosen_by_entry_and_clocks_before_it() -> None:
    def note(clock: str, by_entry: bool) -> str:
        table = curves(50).assign(clock=clock)
        figure = survival.survival_curves(table, pd.DataFrame(), clock, chosen_by_entry=by_entry)
        assert figure is not None
        return figure.note

    assert "immortal" in note("plan_start", True)
    assert "immortal" not in note("plan_start", False)
    assert "immortal" not in note("programme_entry", True)


def test_curves_of_one_arm_of_one_day_or_none() -> None:
    one = drawn(survival.survival_curves(curves(80, ("treated",)), pd.DataFrame(), "plan_start"))
    assert "no curve of the comparison" in one.note
    drawn(survival.survival_curves(curves(0), pd.DataFrame(), "plan_start"))
    hidden = curves(10).assign(survival=None, ci_low=None, ci_high=None, disclosure="c")
    assert survival.survival_curves(hidden, pd.DataFrame(), "plan_start") is None


@pytest.mark.parametrize("n_hidden", [1, 80])
def test_numbers_at_risk_stand_under_the_curve_only_where_all_may_be_shown(n_hidden: int) -> None:
    table = curves(80)
    whole = drawn(survival.survival_curves(table, pd.DataFrame(), "plan_start"))
    assert "vconcat" in whole.chart(drawing.WIDE).to_dict()
    table.loc[table.index[:n_hidden], "n_at_risk"] = None
    figure = drawn(survival.survival_curves(table, pd.DataFrame(), "plan_start"))
    assert "vconcat" not in figure.chart(drawing.WIDE).to_dict()
    assert "not all numbers may be shown" in figure.note


def test_causes_have_a_panel_each() -> None:
    table = pd.concat(
        curves(40).assign(cause=cause, incidence=lambda rows: 1 - rows["survival"])
        for cause in ("closure", "escalation")
    )
    figure = drawn(survival.incidence_curves(table, "plan_start"))
    assert figure.alt.count("programme cases by day 40") == 2
    short = table[(table["arm"] == "comparator") | (table["time_days"] < 2)]
    figure = drawn(survival.incidence_curves(short, "plan_start"))
    assert "programme" not in figure.alt
    assert "fewer than three days" in figure.note


# Balance, flow


def test_the_love_plot_holds_every_difference_and_counts_those_beyond() -> None:
    table = pd.DataFrame(
        {
            "method": ["unmatched"] * 2 + ["cem_caliper"] * 2,
            "covariate": ["age", "female"] * 2,
            "label": ["Age", "Female"] * 2,
            "covariate_order": [1, 2] * 2,
            "smd": [-0.71, 0.02, 0.12, None],
            "disclosure": ["shown", "shown", "shown", "u"],
            "disclosure_reason": [None, None, None, "too few cases"],
        }
    )
    figure = drawn(balance.love_plot(table, "cem_caliper"))
    assert values(figure, "smd") >= {-0.71, 0.02, 0.12, 0.1, -0.1}
    assert "1 of 2 differences lie beyond 0.1; the largest is Age, -0.71" in figure.alt
    assert "[u] too few cases" in figure.note
    assert balance.love_plot(table.assign(smd=None), "cem_caliper") is None


def test_the_flow_leaves_out_steps_without_a_drop_and_keeps_them_in_the_table() -> None:
    table = pd.DataFrame(
        {
            "step_order": [1, 1, 2, 2, 3, 3],
            "step": ["recorded"] * 2 + ["willing"] * 2 + ["matched"] * 2,
            "arm": ["treated", "comparator"] * 3,
            "n_in": [171, 3254, 171, 3254, 171, 3254],
            "n_out": [171, 3254, 171, 3254, 122, None],
            "reason": ["all", "all", "objects", "objects", "no match", "no match"],
            "disclosure": ["shown"] * 5 + ["c"],
        }
    )
    figure = drawn(flow.sample_flow(table))
    said = {row["text"] for row in encoded(figure) if "text" in row}
    assert {"171", "3,254", "122", "no match", "Left out: 49", "Left out: [c]", "[c]"} <= said
    assert "objects" not in said
    assert len(figure.data) == 6
    assert flow.sample_flow(table.head(0)) is None


def test_a_trials_flow_counts_families_and_children() -> None:
    table = pd.DataFrame(
        {
            "step_order": [1, 2, 3, 3],
            "step": ["recommended", "approved", "allocated", "allocated"],
            "arm": ["all", "all", "treated", "comparator"],
            "n_families": [147, 141, 94, 47],
            "n_children": [360, 349, 230, 119],
            "reason": ["all", "not approved", "allocated to the arm", "allocated to the arm"],
        }
    )
    figure = drawn(flow.trial_flow(table))
    said = {row["text"] for row in encoded(figure) if "text" in row}
    assert {"147 families", "360 children", "Left out: 6 families, 11 children"} <= said
    assert not any("Left out: 47" in text for text in said)


# Risk, needs, staff


def test_boxes_come_from_the_tables_numbers_and_outliers_only_where_it_lists_them() -> None:
    table = pd.DataFrame(
        {
            "arm": ["treated", "comparator"],
            "measure": ["total_change"] * 2,
            "n": [18, 18],
            "lower_whisker": [-1.0, -2.0],
            "lower_hinge": [0.0, 1.0],
            "median": [0.5, 2.0],
            "upper_hinge": [1.0, 4.0],
            "upper_whisker": [2.0, 5.0],
            "outlier_values": ["6.0, 7.0", None],
        }
    )
    figure = drawn(risk.risk_boxes(table))
    assert values(figure, "median") == {0.5, 2.0}
    assert values(figure, "score") == {6.0, 7.0}
    released = table[["arm", "measure", "n", "lower_hinge", "median", "upper_hinge"]].copy()
    released["lower_hinge"] = None
    bare = drawn(risk.risk_boxes(released))
    assert not values(bare, "score")
    assert not values(bare, "lower_whisker")
    assert risk.risk_boxes(released.assign(median=None)) is None


def test_mean_changes_of_one_arm() -> None:
    table = pd.DataFrame(
        {
            "component": ["total", "risk"],
            "arm": ["treated"] * 2,
            "mean_change": [1.0, -0.25],
            "disclosure": ["shown"] * 2,
        }
    )
    figure = drawn(risk.risk_changes(table))
    assert values(figure, "change") == {1.0, -0.25}
    assert "Total: +1.00" in figure.alt
    assert "Risk factors: -0.25" in figure.alt


def test_needs_and_stress_keep_shares_and_symbols() -> None:
    needs = pd.DataFrame(
        {
            "series": ["treated", "england"],
            "need_code": ["N1", "N1"],
            "label": ["Abuse or neglect"] * 2,
            "n": [10, 100],
            "share": [0.6, 0.5436],
            "counted_by": ["case"] * 2,
            "as_of_date": [None, pd.Timestamp("2019-03-31")],
        }
    )
    assert values(drawn(describing.primary_needs(needs)), "share") == {0.6, 0.5436}
    stress = pd.DataFrame(
        {
            "organisation": ["programme", "programme"],
            "score_from": [10.0, 20.0],
            "score_below": [20.0, 30.0],
            "share": [0.7368, None],
            "is_suppressed": [False, True],
        }
    )
    figure = drawn(describing.stress_distribution(stress))
    assert values(figure, "value") == {0.7368}
    assert "20 to under 30 [c]" in figure.alt
    assert describing.stress_distribution(stress.assign(share=None)) is None


def test_the_questionnaire_shows_medians_of_both_arms() -> None:
    table = pd.DataFrame(
        {
            "scale": ["total"],
            "median_treated": [15.0],
            "median_comparator": [14.0],
            "lower_quartile_treated": [8.0],
            "lower_quartile_comparator": [9.0],
            "upper_quartile_treated": [19.0],
            "upper_quartile_comparator": [21.0],
            "p_value": [0.56],
        }
    )
    figure = drawn(describing.sdq_ranges(table))
    assert values(figure, "median") == {15.0, 14.0}
    assert values(figure, "high") == {19.0, 21.0}
    assert describing.sdq_ranges(table.assign(median_treated=None, median_comparator=None)) is None


# Sensitivity


def specifications(n: int) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "outcome": "closed",
                "analysis_id": f"analysis_{number}",
                "reading": "main" if number % 3 else f"reading_{number % 7}",
                "sample": ("cem_caliper", "psm_3nn")[number % 2],
                "estimator": ("wls", "logit_ame", "ipw")[number % 3],
                "covariates": ("none", "matching")[number % 2],
                "se_type": "hc1",
                "estimate": ((number * 37) % n) / n - 0.5,
                "ci_low": ((number * 37) % n) / n - 0.6,
                "ci_high": ((number * 37) % n) / n - 0.4,
                "p_value": 0.01 if number % 4 else 0.2,
                "unit": "proportion",
                "main_analysis_id": "analysis_1",
            }
            for number in range(n)
        ]
    )


def test_three_hundred_specifications_are_sorted_and_stay_small() -> None:
    table = specifications(300)
    figure = drawn(sensitivity.specification_curve(table, "Closed", "curve"))
    assert values(figure, "estimate") == set(table["estimate"])
    assert list(figure.data["estimate"]) == sorted(table["estimate"])
    n = int((table["p_value"] < 0.05).sum())
    assert f"{n} are significant at 5%" in figure.alt
    assert "300 specifications" in figure.alt
    assert sensitivity.specification_curve(table.head(1), "Closed", "curve") is None
    hidden = table.assign(estimate=None, disclosure="c")
    assert sensitivity.specification_curve(hidden, "Closed", "curve") is None


def test_a_few_specifications_are_points_of_which_one_is_the_main() -> None:
    table = specifications(60)
    figure = drawn(sensitivity.specification_curve(table, "Closed", "curve"))
    points = [row for row in encoded(figure) if "kind" in row]
    assert [row["estimate"] for row in points] == sorted(table["estimate"])
    assert [row["estimate"] for row in points if row["kind"] == "Main"] == [
        table.loc[1, "estimate"]
    ]
    assert values(figure, "end") >= set(table["ci_low"]) | set(table["ci_high"])


def test_hidden_bias_marks_where_each_outcome_crosses() -> None:
    gammas = [1 + number / 10 for number in range(40)]
    table = pd.DataFrame(
        [
            {
                "outcome": outcome,
                "method": "strata",
                "gamma": gamma,
                "p_upper": min(1.0, 0.001 * 3 ** (gamma * speed)),
                "p_lower": 0.0,
                "crossing_gamma": crossing,
                "crossing_gamma_01": 1.0,
            }
            for outcome, speed, crossing in (("closed", 2, 2.58), ("escalated", 4, 1.0))
            for gamma in gammas
        ]
    )
    figure = drawn(
        sensitivity.hidden_bias_curves(table, {"closed": "Closed", "escalated": "Escalated"})
    )
    assert values(figure, "gamma") >= {2.58, 1.0}
    assert "Closed stays significant at 5% up to gamma 2.58" in figure.alt
    assert "Escalated isn't significant at 5% even without" in figure.alt
    held = [row for row in encoded(figure) if row.get("label") == "Closed" and "p" in row]
    assert all(row["p"] <= 1.0 for row in held)
    one = table[table["gamma"] == 1.0]
    assert sensitivity.hidden_bias_curves(one, {"closed": "Closed"}) is None


def test_arms_differ_without_colour() -> None:
    figure = drawn(survival.survival_curves(curves(30), pd.DataFrame(), "plan_start"))
    assert "stroke-dasharray" in drawing.svg(figure.chart(drawing.WIDE))
    assert len({tuple(dash) for dash in common.DASHES}) == len(set(common.SHAPES)) == 2


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.549, "proportion", "54.9%"),
        (66.04, "weeks", "66.0 weeks"),
        (None, "weeks", "[x]"),
    ],
)
def test_amounts_in_words(value: float | None, unit: str, said: str) -> None:
    assert common.amount(value, unit) == said


def test_changes_have_a_sign_and_nought_has_none() -> None:
    assert common.change(0.1274, "proportion") == "+12.7 points"
    assert common.change(-0.00001, "proportion") == "0.0 points"
