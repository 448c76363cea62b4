"""Do codings compare the arms as the report words it? Scored again from the rows alone.

FACT22 report, body section 3 and appendix 4, "Risk Analysis": no number is printed but a median of
zero, so every other mark is a sign, an order or a likeness.
"""

from collections.abc import Mapping

import pandas as pd

ALIKE_POINTS = 0.3  # "very similar"
CLEARLY_POINTS = 0.5
GAP_DAYS = (175, 195)  # "6 months apart", on average
COMPONENTS = ("risk", "protective", "engagement")
SIGNS = {"risk": -1, "protective": 1}


def missed_marks(
    rows: pd.DataFrame,
    arms: Mapping[str, str],
    classes: Mapping[str, str],
    levels: Mapping[str, int],
) -> list[str]:
    """The marks that the codings miss; none where they compare as printed.

    `rows` are those of risk_codings.csv, `arms` the arm of each case_ref, `classes` the class of
    each factor and `levels` the points of each engagement level.
    """
    scored = case_scores(rows, classes, levels)
    referral, latest = (_of_arms(scored, time_point, arms) for time_point in ("referral", "latest"))
    change = {arm: latest[arm] - referral[arm] for arm in latest}
    ahead = referral["treated"].mean() - referral["comparator"].mean()
    more = change["treated"].mean() - change["comparator"].mean()
    engagement = {arm: float(change[arm]["engagement"].mean()) for arm in change}
    rises = {
        (arm, edge): value - _hinges(referral[arm]["total"])[edge]
        for arm in latest
        for edge, value in _hinges(latest[arm]["total"]).items()
    }
    lower_rise = rises.pop(("comparator", "lower"))
    gains = change["treated"]["total"]
    outliers = _outliers(gains)
    marks = {
        "safer at referral when treated": float(ahead["total"]) >= CLEARLY_POINTS,
        "smaller gain when treated": float(more["total"]) <= -CLEARLY_POINTS,
        "risk factors change alike": abs(float(more["risk"])) <= ALIKE_POINTS,
        "protective factors change alike": abs(float(more["protective"])) <= ALIKE_POINTS,
        "engagement unchanged when treated": engagement["treated"] == 0,
        "engagement rises in comparators": engagement["comparator"] > 0,
        "median change is zero when treated": float(gains.median()) == 0,
        "outliers are gains": len(outliers) > 0 and bool((outliers > 0).all()),
        "medians and quartiles rise": min(lower_rise, *rises.values()) > 0,
        "comparators' lower quartile rises most": lower_rise > max(rises.values()),
        "half a year apart": GAP_DAYS[0] <= _mean_gap_days(rows) <= GAP_DAYS[1],
    }
    return [mark for mark, is_met in marks.items() if not is_met]


def case_scores(
    rows: pd.DataFrame, classes: Mapping[str, str], levels: Mapping[str, int]
) -> pd.DataFrame:
    """`case_ref`, `timepoint`, `risk`, `protective`, `engagement` (the mean of the ratings) and
    `total` of each case and time point; a factor that is present counts a point."""
    kind = rows["factor"].map(classes)
    present = (rows["present"] == "1").astype(int) * kind.map(SIGNS)
    points = present.where(kind != "engagement", rows["engagement_level"].map(levels)).astype(float)
    keys = [rows["case_ref"], rows["timepoint"]]
    parts = {
        name: points[kind == name].groupby([key[kind == name] for key in keys])
        for name in COMPONENTS
    }
    scored = pd.DataFrame(
        {name: part.mean() if name == "engagement" else part.sum() for name, part in parts.items()}
    )
    return scored.assign(total=scored.sum(axis=1)).reset_index()


def _of_arms(
    scored: pd.DataFrame, time_point: str, arms: Mapping[str, str]
) -> dict[str, pd.DataFrame]:
    """Scores at one point in time, by case, of each arm."""
    rows = scored[scored["timepoint"] == time_point].set_index("case_ref")
    arm = rows.index.map(arms)
    return {name: rows.loc[arm == name, [*COMPONENTS, "total"]] for name in set(arms.values())}


def _hinges(values: pd.Series) -> dict[str, float]:
    """Medians of the lower half, of all and of the upper half; the middle one is in both halves
    (Tukey 1977, "Exploratory Data Analysis")."""
    ordered = values.sort_values()
    half = (len(ordered) + 1) // 2
    parts = {"lower": ordered[:half], "median": ordered, "upper": ordered[-half:]}
    return {name: float(part.median()) for name, part in parts.items()}


def _outliers(values: pd.Series) -> pd.Series:
    """Values further than one and a half times the box from its hinges."""
    box = _hinges(values)
    low, high = box["lower"], box["upper"]
    reach = 1.5 * (high - low)
    return values[(values < low - reach) | (values > high + reach)]


def _mean_gap_days(rows: pd.DataFrame) -> float:
    days = pd.to_datetime(rows["coded_on"]).groupby([rows["case_ref"], rows["timepoint"]]).max()
    by_time = days.unstack("timepoint")
    return float((by_time["latest"] - by_time["referral"]).dt.days.mean())
