"""Does the result hold under other specifications, and against what nobody recorded."""

from __future__ import annotations

from csc_outcomes.report.blocks import Block, Column, Section, Table, present
from csc_outcomes.report.figures import sensitivity as figures
from csc_outcomes.report.sections._chosen import label_of, main_sample, primary_effects
from csc_outcomes.report.source import Source


def section(source: Source, study_id: str) -> Section | None:
    """Specification curves and their table, then hidden bias; None where there is neither."""
    outcomes = [str(one) for one in primary_effects(source, study_id)["outcome"]]
    parts = [
        Section(name, title, blocks, level=3)
        for name, title, blocks in (
            (
                "specifications",
                "Asked in other ways",
                [*_curves(source, study_id, outcomes), *_tables(source, study_id)],
            ),
            ("hidden", "If something was overlooked", _hidden(source, study_id, outcomes)),
        )
        if blocks
    ]
    return Section("sensitivity", "Does the result hold", (), parts=parts) if parts else None


def _curves(source: Source, study_id: str, outcomes: list[str]) -> list[Block]:
    rows = source.table_or_empty("specification_curve", study_id=study_id)
    if not len(rows):
        return []
    found = [
        figures.specification_curve(
            rows[rows["outcome"] == outcome], label_of(source, outcome), f"specifications_{outcome}"
        )
        for outcome in dict.fromkeys(outcomes)
    ]
    return [figure for figure in found if figure is not None]


def _tables(source: Source, study_id: str) -> list[Block]:
    rows = source.table_or_empty("sensitivity", study_id=study_id)
    if not len(rows):
        return []
    is_share = rows["unit"].eq("proportion")
    data = rows.drop(columns=["build_id"], errors="ignore").assign(
        label=[label_of(source, str(one)) for one in rows["outcome"]],
        unit_label=[
            "percentage points" if share else unit
            for share, unit in zip(is_share, rows["unit"], strict=True)
        ],
    )
    for name in ("estimate", "ci_low", "ci_high", "difference"):
        if name in data:
            data[name] = data[name].where(~is_share, data[name] * 100)
    columns = (
        Column("label", "Outcome"),
        Column("varied", "What is varied"),
        Column("reading", "Reading of the rules"),
        Column("analysis_id", "Analysis"),
        Column("estimate", "Difference", "number", 1),
        Column("ci_low", "95% interval from", "number", 1),
        Column("ci_high", "to", "number", 1),
        Column("unit_label", "Unit"),
        Column("p_value", "p", "p_value"),
        Column("difference", "Apart from the main one", "number", 1),
        Column("agrees_in_sign", "Same sign", "flag"),
        Column("agrees_in_significance", "Same at 5%", "flag"),
        Column("agrees", "Agrees", "flag"),
    )
    return [
        Table(
            "sensitivity",
            "Each other way of asking, beside the main one",
            data,
            present(columns, data),
            "An analysis agrees where its sign and its significance are those of the main one.",
            is_folded=True,
        )
    ]


def _hidden(source: Source, study_id: str, outcomes: list[str]) -> list[Block]:
    blocks: list[Block] = []
    bounds = source.table_or_empty("hidden_bias_bounds", study_id=study_id)
    if len(bounds):
        mine = bounds[
            bounds["sample"].eq(main_sample(source, study_id))
            & bounds["is_main_method"].fillna(False).astype(bool)
        ]
        labels = {outcome: label_of(source, outcome) for outcome in outcomes}
        figure = figures.hidden_bias_curves(mine, labels)
        if figure is not None:
            blocks.append(figure)
    values = source.table_or_empty("evalues", study_id=study_id)
    primary = set(primary_effects(source, study_id)["analysis_id"])
    own = values[values["analysis_id"].isin(primary)] if len(values) else values
    if len(own):
        data = own.drop(columns=["build_id"], errors="ignore").assign(
            label=[label_of(source, str(one)) for one in own["outcome"]]
        )
        columns = (
            Column("label", "Outcome"),
            Column("risk_ratio", "Risk ratio", "number", 2),
            Column("ci_low", "95% interval from", "number", 2),
            Column("ci_high", "to", "number", 2),
            Column("evalue", "E-value", "number", 2),
            Column("evalue_of_interval", "E-value of the interval", "number", 2),
        )
        blocks.append(
            Table(
                "evalues",
                "E-values of the primary outcomes",
                data.reset_index(drop=True),
                present(columns, data),
                "How strongly something unrecorded would have to go with both the programme and "
                "the outcome, as risk ratios, to make the difference, or its interval, reach none.",
            )
        )
    return blocks
