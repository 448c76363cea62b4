"""How each number came about: estimates, outcome definitions and every parameter."""

from __future__ import annotations

from collections.abc import Callable

from csc_outcomes.report.blocks import Block, Column, Prose, Section, Table, present
from csc_outcomes.report.cells import without_code
from csc_outcomes.report.pages import study_row
from csc_outcomes.report.source import Source
from csc_outcomes.report.words import (
    DESIGNS,
    ESTIMATORS,
    SAMPLE_LABELS,
    SE_TYPES,
    arm,
    outcome_labels,
    unit_words,
    words,
)

ESTIMATES = [
    Column("label", "Outcome"),
    Column("analysis_id", "Analysis"),
    Column("term_label", "Term"),
    Column("estimate", "Estimate", "number", 2),
    Column("ci_low", "95% interval from", "number", 2),
    Column("ci_high", "to", "number", 2),
    Column("unit_label", "Unit"),
    Column("p_value", "p-value", "p_value"),
    Column("p_adjusted", "Adjusted p-value", "p_value"),
    Column("stars", "Stars"),
    Column("n_treated", "Programme cases", "integer"),
    Column("n_comparator", "Comparison cases", "integer"),
    Column("verdict", "Worst check"),
]
ANALYSES = [
    Column("analysis_id", "Analysis"),
    Column("sample_name", "Sample"),
    Column("subgroup_label", "Subgroup"),
    Column("estimator_label", "Estimator"),
    Column("covariates_label", "Adjusted for"),
    Column("error_label", "Standard error"),
    Column("status_label", "Remark"),
]
DEFINITIONS = [
    Column("label", "Outcome"),
    Column("rule", "Rule"),
    Column("parameters_label", "Parameters"),
    Column("source", "Source"),
]
PARAMETERS = [
    Column("parameter_id", "Parameter"),
    Column("value", "Value"),
    Column("is_default", "Default?", "flag"),
    Column("default_value", "Default"),
    Column("meaning", "Meaning"),
    Column("ambiguity", "Source"),
]
NOTE = (
    "** adjusted p below .01, * below .05; the plain p-value where none is adjusted. Differences "
    "of shares are in percentage points."
)


def section(source: Source, study_id: str) -> Section | None:
    """Prose on the design, then the tables."""
    design = study_row(source, study_id)["design"]
    blocks: list[Block] = [
        Prose((f"Design: {words(DESIGNS, design)}.",)),
        *_estimates(source, study_id),
        *_definitions(source, study_id),
        *_parameters(source, study_id),
    ]
    return Section("methods", "Methods", blocks)


def _estimates(source: Source, study_id: str) -> list[Block]:
    """The programme's terms with their numbers, and each analysis in words."""
    rows = source.table("effect_estimates", study_id=study_id)
    rows = rows[~rows["term"].str.contains("_mean")]
    labels = outcome_labels(source)
    is_share = rows["unit"] == "proportion"
    data = rows.assign(
        **{n: rows[n].where(~is_share, rows[n] * 100) for n in ("estimate", "ci_low", "ci_high")},
        label=rows["outcome"].map(lambda o: labels.get(o, o)),
        term_label=rows["term"].map(_term),
        unit_label=rows["unit"].map(unit_words),
        primary_order=~rows["is_primary"].fillna(False).astype(bool),
    ).sort_values(["primary_order", "label", "analysis_id", "term"])
    for name, (column, say) in IN_WORDS.items():
        if column in data:
            data[name] = data[column].map(say, na_action="ignore")
    analyses = data.drop_duplicates("analysis_id").sort_values("analysis_id")
    how = present(ANALYSES, analyses)
    title = "How each analysis was estimated"
    return [
        Table(
            "effect_estimates",
            "Every estimate",
            data,
            present(ESTIMATES, data),
            NOTE,
            row_header="analysis_id",
            is_folded=True,
        ),
        Table("analyses", title, analyses, how, is_folded=True),
    ]


def _term(term: str) -> str:
    """What a row of an analysis estimates: `treated:history` as Programme by history."""
    text = term.replace("treated", arm("treated")).replace(":", " by ").replace("_", " ")
    return "Programme" if term == "treated" else text


IN_WORDS: dict[str, tuple[str, Callable[[str], str]]] = {
    "subgroup_label": ("subgroup", lambda v: v.replace("_", " ")),
    "sample_name": ("sample", lambda v: words(SAMPLE_LABELS, v)),
    "estimator_label": ("estimator", lambda v: words(ESTIMATORS, v)),
    "covariates_label": ("covariates", lambda v: v.replace("|", ", ").replace("_", " ")),
    "error_label": ("se_type", lambda v: words(SE_TYPES, v)),
    "verdict": ("worst_verdict", str),
    "status_label": ("status_reason", without_code),
}


def _definitions(source: Source, study_id: str) -> list[Block]:
    rows = source.table_or_empty("outcomes")
    if rows.empty:
        return []
    used = set(source.table("effect_estimates", study_id=study_id)["outcome"])
    data = rows[rows["outcome"].isin(used)].sort_values("label")
    data = data.assign(
        parameters_label=data["parameters"].map(lambda p: p.replace("|", ", "), na_action="ignore")
    )
    title = "How outcomes are defined"
    return [Table("outcome_definitions", title, data, present(DEFINITIONS, data))]


def _parameters(source: Source, study_id: str) -> list[Block]:
    rows = source.table_or_empty("study_parameters", study_id=study_id)
    if rows.empty:
        return []
    data = rows.sort_values(["is_default", "parameter_id"])
    own = int((~data["is_default"].astype(bool)).sum())
    note = (
        f"{own} of {len(data)} differ from the default and stand first. The source is the section "
        "of a report or the ambiguity of a report that the parameter settles."
    )
    title = "Every parameter of the study"
    return [Table("study_parameters", title, data, present(PARAMETERS, data), note, is_folded=True)]
