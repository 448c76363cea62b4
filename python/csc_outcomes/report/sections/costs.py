"""What the programme cost, what it would have cost to go without, and what that rests on."""

from __future__ import annotations

import pandas as pd

from csc_outcomes.report.blocks import Block, Column, Prose, Section, Table, present
from csc_outcomes.report.source import Source
from csc_outcomes.report.words import arm

PROGRAMME = [
    Column("label", "Kind of cost"),
    Column("nominal_gbp", "As spent", "gbp", 0),
    Column("real_gbp", "In prices of the base year", "gbp", 0),
    Column("cost_per_case", "Per case", "gbp"),
    Column("cost_per_case_week", "Per case and week", "gbp"),
    Column("share_of_total", "Share", "percent"),
]
WITHOUT = [
    Column("component_label", "Part"),
    Column("age_label", "Age"),
    Column("n_cases", "Cases", "integer"),
    Column("mean_without", "Mean without the programme, per case", "number", 2),
    Column("unit", "Unit"),
    Column("unit_cost_gbp", "Unit cost", "gbp"),
    Column("cost_per_case", "Cost per case", "gbp"),
    Column("cost_per_case_week", "Per case and week", "gbp"),
]
RETURN = [
    Column("measure", "Measure"),
    Column("value", "Value", "number", 2),
]
PER_CASE = [
    Column("arm_label", "Arm"),
    Column("n_cases", "Cases", "integer"),
    Column("weekly_cost_gbp", "Weekly cost", "gbp"),
    Column("cost_basis", "What the weekly cost holds"),
    Column("mean_weeks_open", "Mean weeks open", "number", 1),
    Column("cost_per_case_gbp", "Cost per case", "gbp"),
]
BENEFITS = [
    Column("arm_label", "Arm"),
    Column("closure_rate_used", "Share closed, as used", "percent", 1),
    Column("attainment_rate", "Expected to attain", "percent", 1),
    Column("lifetime_earnings_gbp", "Lifetime earnings", "gbp", 0),
    Column("lifetime_tax_gbp", "Lifetime tax", "gbp", 0),
    Column("employment_points", "Employment, percentage points", "number", 1),
]
REREFERRALS = [
    Column("arm_label", "Arm"),
    Column("n_costed", "Cases", "integer"),
    Column("n_rereferred", "Re-referred", "integer"),
    Column("rereferral_rate", "Share", "percent"),
    Column("rereferral_cost_per_case_gbp", "Cost of re-referrals per case", "gbp"),
    Column("saving_per_case_gbp", "Saving per case", "gbp"),
]
ESCALATIONS = [
    Column("counted_label", "Counted over"),
    Column("compared_label", "Compared with"),
    Column("n_costed", "Cases", "integer"),
    Column("n_escalated", "Escalated", "integer"),
    Column("escalation_rate", "Share", "percent"),
    Column("reference_rate", "Share compared with", "percent"),
    Column("n_avoided", "Avoided", "integer"),
    Column("saving_per_case_gbp", "Saving per case", "gbp"),
]
ASSUMED = [
    Column("assumption", "Assumption"),
    Column("consequence", "What follows from it"),
    Column("source", "Source"),
]
USED = [
    Column("assumption_label", "Figure"),
    Column("value", "Value"),
    Column("unit", "Unit"),
    Column("status", "Status"),
    Column("source", "Source"),
]
COMPARISONS = {"return_on_investment": ("programme_costs",), "cost_benefit": ("cost_per_case",)}
NOT_LIKE_FOR_LIKE = (
    "The arms' weekly costs don't hold the same things, so the costs per case aren't like for like."
)


def section(source: Source, study_id: str) -> Section | None:
    """The cost tables that the study has an estimate in, with the assumptions below them."""
    blocks: list[Block] = [
        *_programme(source, study_id),
        *_without(source, study_id),
        *_per_case(source, study_id),
        *_benefits(source, study_id),
        *_savings(source, study_id),
    ]
    if not blocks:
        return None
    blocks += _assumptions(source, study_id)
    if _is_illustrative(source, study_id):
        blocks.insert(0, Prose((ILLUSTRATIVE,), tone="caution"))
    return Section("costs", "Costs and benefits", blocks)


ILLUSTRATIVE = (
    "These sums rest on prices or returns that are illustrative, not on the authority's accounts. "
    "They show how the sum is done and must not be quoted as what the programme cost or saved."
)


def _rows(source: Source, table: str, study_id: str) -> pd.DataFrame:
    """The study's rows where anything was estimated, hidden or not; else none."""
    rows = source.table_or_empty(table, study_id=study_id)
    if rows.empty or not (rows["status"] == "ok").any():
        return pd.DataFrame()
    if "arm" in rows:
        order = {"treated": 0, "comparator": 1, "difference": 2}
        rows = rows.assign(arm_label=rows["arm"].map(arm), arm_order=rows["arm"].map(order))
        rows = rows.sort_values("arm_order")
    return rows


def _is_illustrative(source: Source, study_id: str) -> bool:
    tables = ("programme_costs", "counterfactual_costs", "cost_per_case", "individual_benefits")
    rows = [_rows(source, table, study_id) for table in tables]
    return any(
        "is_illustrative" in r and bool(r["is_illustrative"].fillna(False).any()) for r in rows
    )


def _programme(source: Source, study_id: str) -> list[Block]:
    rows = _rows(source, "programme_costs", study_id)
    if rows.empty:
        return []
    data = rows.sort_values("category_order")
    note = f"Prices of {data['price_base_year'].iloc[0]}." if "price_base_year" in data else ""
    return [Table("programme_costs", "The programme's costs", data, present(PROGRAMME, data), note)]


def _without(source: Source, study_id: str) -> list[Block]:
    rows = _rows(source, "counterfactual_costs", study_id)
    blocks: list[Block] = []
    if len(rows):
        data = rows.assign(
            component_label=rows["component"].map(_spoken),
            age_label=rows["age_band"].map(_spoken),
        )
        data = data.sort_values(["age_band", "component"], key=_sums_last)
        title = "What the cases would have cost without the programme"
        blocks.append(Table("costs_without", title, data, present(WITHOUT, data)))
    back = _rows(source, "return_on_investment", study_id)
    if len(back):
        blocks.append(_return(back))
    return blocks


MEASURES = {
    "cost_per_case_with": "Cost per case with the programme, pounds",
    "cost_per_case_without": "Cost per case without it, pounds",
    "cost_per_case_week_with": "Cost per case and week with the programme, pounds",
    "cost_per_case_week_without": "Cost per case and week without it, pounds",
    "roi_as_printed": "(Cost with less cost without) as a share of cost with",
    "saving_ratio": "Saving as a share of the cost with the programme",
}


def _return(rows: pd.DataFrame) -> Table:
    """The return's measures one below the other."""
    row = rows.iloc[0]
    kept = {"disclosure": row["disclosure"], "disclosure_reason": row["disclosure_reason"]}
    data = pd.DataFrame(
        [
            {"measure": label, "value": row[name], "status": row["status"], **kept}
            for name, label in MEASURES.items()
            if name in rows
        ]
    )
    note = "A negative saving means that the programme cost more than it saved."
    return Table("return_on_investment", "Return on the costs", data, RETURN, note)


def _per_case(source: Source, study_id: str) -> list[Block]:
    rows = _rows(source, "cost_per_case", study_id)
    if rows.empty:
        return []
    alike = "is_like_for_like" not in rows or bool(rows["is_like_for_like"].fillna(True).all())
    note = "" if alike else NOT_LIKE_FOR_LIKE
    return [Table("cost_per_case", "Cost per case", rows, present(PER_CASE, rows), note)]


def _benefits(source: Source, study_id: str) -> list[Block]:
    rows = _rows(source, "individual_benefits", study_id)
    if rows.empty:
        return []
    title = "Lifetime benefits per case, if closing brings what is assumed"
    return [Table("individual_benefits", title, rows, present(BENEFITS, rows))]


def _savings(source: Source, study_id: str) -> list[Block]:
    blocks: list[Block] = []
    again = _rows(source, "rereferral_savings", study_id)
    if len(again):
        shown_columns = present(REREFERRALS, again)
        blocks.append(Table("rereferral_savings", "Cost of re-referrals", again, shown_columns))
    rows = _rows(source, "escalation_savings", study_id)
    if len(rows):
        data = rows.assign(
            counted_label=rows["counted_over"].map(_spoken),
            compared_label=rows["compared_with"].map(_spoken),
        )
        title = "Savings on escalations"
        blocks.append(Table("escalation_savings", title, data, present(ESCALATIONS, data)))
    return blocks


def _assumptions(source: Source, study_id: str) -> list[Block]:
    blocks: list[Block] = []
    used = source.table_or_empty("benefit_assumptions", study_id=study_id)
    if len(used):
        data = used.assign(assumption_label=used["assumption_id"].map(_spoken))
        title = "Figures that the benefits rest on"
        blocks.append(Table("benefit_assumptions", title, data, present(USED, data)))
    rows = source.table_or_empty("cost_assumptions")
    if rows.empty:
        return blocks
    mine = [
        comparison
        for comparison, tables in COMPARISONS.items()
        if any(len(_rows(source, table, study_id)) for table in tables)
    ]
    rows = rows[rows["comparison"].isin(mine)].sort_values("assumption_order")
    if len(rows):
        title = "Assumptions of the sums"
        blocks.append(
            Table("cost_assumptions", title, rows, present(ASSUMED, rows), is_folded=True)
        )
    return blocks


def _sums_last(names: pd.Series) -> pd.Series:
    """What to sort by so that `all` and `total` follow what they add up."""
    return names.isin(["all", "total"]).astype(int).astype(str) + names


def _spoken(name: object) -> str:
    """`cin_support` as CIN support."""
    words = str(name).replace("_", " ").split()
    short = {"cin": "CIN", "cp": "CP", "lac": "LAC", "gbp": "GBP", "npv": "NPV"}
    text = " ".join(short.get(word, word) for word in words)
    return text[:1].upper() + text[1:]
