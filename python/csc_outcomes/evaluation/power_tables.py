"""The rows of the mart of power."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from csc_outcomes.power.designs import Design, PowerError
from csc_outcomes.typed import COUNT, NUMBER, TEXT, typed_table

POWER_COLUMNS = {
    **dict.fromkeys(("study_id", "design_id"), TEXT),
    "n_children": COUNT,
    **dict.fromkeys(("design_effect", "n_effective"), NUMBER),
    **dict.fromkeys(("n_effective_treated", "n_effective_comparator"), NUMBER),
    **dict.fromkeys(("detectable_rate", "mdes_pp", "mdes_relative"), NUMBER),
    **dict.fromkeys(("status", "status_reason"), TEXT),
}


def detectable_differences(designs: pd.DataFrame) -> pd.DataFrame:
    """One row per design: its size and the smallest difference that it detects, as fct_power has
    them. `designs` is the seed power_designs. A design that can't be, or that detects no difference
    there can be, has a reason in its place."""
    rows = [_row(design) for design in designs.to_dict("records")]
    return typed_table(rows, POWER_COLUMNS)


def _row(row: Mapping[Any, Any]) -> dict[str, Any]:
    found = {"study_id": row["study_id"], "design_id": row["design_id"]}
    try:
        variation = row["family_size_cv"]
        design = Design(
            baseline=float(row["baseline"]),
            icc=float(row["icc"]),
            children_per_family=float(row["children_per_family"]),
            share_treated=float(row["share_treated"]),
            alpha=float(row["alpha"]),
            power=float(row["power"]),
            direction=str(row["direction"]),
            formula=str(row["formula"]),
            family_size_cv=0.0 if pd.isna(variation) else float(variation),
        )
        n_families = float(row["n_families"])
        treated, comparator = design.effective_arms(n_families)
        found |= {
            "n_children": round(n_families * design.children_per_family),
            "design_effect": design.design_effect,
            "n_effective": treated + comparator,
            "n_effective_treated": treated,
            "n_effective_comparator": comparator,
        }
        difference = design.detectable_difference(n_families)
    except PowerError as reason:
        return {**found, "status": "not_estimable", "status_reason": str(reason)}
    return {
        **found,
        "detectable_rate": design.rate_after(difference),
        "mdes_pp": 100 * difference,
        "mdes_relative": difference / design.baseline,
        "status": "ok",
    }
