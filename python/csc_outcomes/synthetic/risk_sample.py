"""Which cases' notes are coded: the warehouse's draw, made again from the file alone.

The rule is that of the table `fct_risk_sample` (FACT22 report, appendix 2, "Risk analysis
sampling"); written here a second time so that the committed codings are of the cases that the
warehouse draws.
"""

import hashlib

import pandas as pd

from csc_outcomes.synthetic.measured_study import MeasuredStudy


def draw_risk_sample(study: MeasuredStudy, size: int, seed: int) -> pd.DataFrame:
    """Up to `size` rows in the order drawn: `row_treated` and `row_comparator`, labels of
    `study.cases`; no comparator (<NA>) where the treated case has no match.

    A treated case whose closest comparator already serves a case drawn before is passed over.
    """
    cases = study.cases
    treated = cases[cases["treated"]]
    order = draw_keys(treated["plan_start_date"].dt.strftime("%Y-%m-%d"), seed)
    drawn = (
        treated.assign(order=order)
        .sort_values("order")
        .rename_axis("row_treated")
        .reset_index()[["row_treated"]]
        .merge(closest_comparators(study), on="row_treated", how="left")
    )
    has_match = drawn["row_comparator"].notna()
    is_taken = has_match & drawn.duplicated("row_comparator")
    return drawn[~is_taken].head(size).astype({"row_comparator": "Int64"}).reset_index(drop=True)


def draw_keys(starts: pd.Series, seed: int) -> list[str]:
    """The key in whose order cases are drawn: `starts` are ISO plan starts, labelled by the row of
    the file from 0."""
    return [
        hashlib.md5(f"{seed}|{start}|{row + 1}".encode()).hexdigest()  # type: ignore[operator]
        for row, start in starts.items()
    ]


def closest_comparators(study: MeasuredStudy) -> pd.DataFrame:
    """The comparator nearest in plan start of each matched treated case; of two at the same
    distance the one that started earlier, is younger, or stands further up in the file."""
    links = study.links
    start = links["plan_start_date_comparator"]
    years = study.cases["completed_years"]
    ranked = links.assign(
        gap=(start - links["plan_start_date_treated"]).abs(),
        years=links["row_comparator"].map(years),
    ).sort_values(["gap", "plan_start_date_comparator", "years", "row_comparator"])
    return ranked.drop_duplicates("row_treated")[["row_treated", "row_comparator"]]
