"""How alike the arms are in what was recorded."""

from __future__ import annotations

import pandas as pd

from csc_outcomes.report.blocks import Block, Column, Section, Table, present
from csc_outcomes.report.figures.balance import love_plot, method_names
from csc_outcomes.report.sections._chosen import main_sample
from csc_outcomes.report.source import Source

NOTE = (
    "Means, weighted in a weighted sample; shares are between 0 and 1. Stars are the test of the "
    "difference that the study names: ** p below 1%, * below 5%. A standardised difference is that "
    "of the means in standard deviations."
)


def section(source: Source, study_id: str) -> Section | None:
    """The plot of all samples and a table for each, the main one's open."""
    balance = source.table_or_empty("covariate_balance", study_id=study_id)
    if not len(balance):
        return None
    main = main_sample(source, study_id)
    figure = love_plot(balance, main)
    names = method_names(sorted(balance["method"].unique()), main)
    blocks: list[Block] = [] if figure is None else [figure]
    blocks += [_table(balance, method, name) for method, name in names.items()]
    return Section("balance", "How alike the arms are", blocks)


def _table(balance: pd.DataFrame, method: str, name: str) -> Table:
    data = balance[balance["method"] == method].sort_values("covariate_order")
    columns = (
        Column("label", "Characteristic"),
        Column("mean_treated", "Programme", "number", 2),
        Column("mean_comparator", "Comparison", "number", 2),
        Column("stars", "Stars"),
        Column("smd", "Standardised difference", "number", 3),
        Column("variance_ratio", "Ratio of variances", "number", 2),
        Column("p_value", "p", "p_value"),
        Column("n_treated", "Programme cases", "integer"),
        Column("n_comparator", "Comparison cases", "integer"),
        Column("ess_comparator", "Effective comparison cases", "number", 1),
    )
    return Table(
        f"balance_{method}",
        f"Balance: {name}",
        data.drop(columns=["build_id"], errors="ignore").reset_index(drop=True),
        present(columns, data),
        NOTE,
        is_folded="(main)" not in name,
    )
