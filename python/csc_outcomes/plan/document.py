"""The text of a plan: what its items say, in plain words, and what the samples can detect."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from csc_outcomes.authorities import EVERY, authorities_of
from csc_outcomes.plan.detection import Sample, detection, samples
from csc_outcomes.plan.items import differences_of_versions
from csc_outcomes.plan.ledger import Version
from csc_outcomes.plan.markdown import sentence, table
from csc_outcomes.plan.seeds import Row, load_seeds, rows
from csc_outcomes.plan.words import ADJUSTMENTS, DESIGNS, ESTIMATORS, SAMPLES, SE_TYPES, words

SEEDS = (
    "studies",
    "parameters",
    "study_parameters",
    "design_parameters",
    "study_covariates",
    "study_covariate_bins",
    "study_outcomes",
    "outcome_definitions",
    "study_analyses",
    "study_subgroups",
    "study_readings",
    "diagnostic_thresholds",
    "sample_flow_steps",
)
QUERIES = {
    "parameters": """
        select
            parameter_id, meaning, ambiguity,
            coalesce(chosen.value, preset.value, default_value) as value,
            coalesce(chosen.value = coalesce(preset.value, default_value), chosen.value is null)
                as is_default
        from parameters
        left join (select parameter_id, value from study_parameters where study_id = $1) as chosen
            using (parameter_id)
        left join (
            select parameter_id, value from design_parameters
            where design = (select design from studies where study_id = $1)
        ) as preset
            using (parameter_id)
        order by parameter_id
    """,
    "covariates": "from study_covariates where study_id = $1 order by covariate_order",
    "bins": """
        select covariate, string_agg(bin, ', ' order by coalesce(lower_bound, -1e9)) as bins
        from study_covariate_bins where study_id = $1 group by covariate
    """,
    "outcomes": """
        select study_outcomes.*, label, rule, source, parameters
        from study_outcomes
        left join outcome_definitions using (outcome)
        where study_id = $1
        order by outcome_order
    """,
    "analyses": """
        select study_analyses.*
        from study_analyses
        left join study_outcomes using (study_id, outcome)
        where study_id = $1
        order by not study_analyses.is_primary, outcome_order, analysis_id
    """,
    "subgroups": "from study_subgroups where study_id = $1 order by subgroup_order",
    "readings": """
        select
            reading,
            string_agg(parameter_id || ' = ' || value, ', ' order by parameter_id) as set
        from study_readings where study_id = $1 group by reading order by reading
    """,
    "thresholds": """
        from diagnostic_thresholds
        where coalesce(design, (select design from studies where study_id = $1))
            = (select design from studies where study_id = $1)
        order by diagnostic
    """,
    "steps": """
        from sample_flow_steps
        where $1 is not null and ineligible_reason is not null
        order by step_order
    """,
}


@dataclass(frozen=True)
class Study:
    """The configuration of one study, as rows of its seeds."""

    facts: Row
    parameters: list[Row]
    covariates: list[Row]
    bins: dict[str, str]
    outcomes: list[Row]
    analyses: list[Row]
    subgroups: list[Row]
    readings: list[Row]
    thresholds: list[Row]
    steps: list[Row]
    versions: list[Version] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    @property
    def primary(self) -> list[Row]:
        """The primary analyses."""
        return [analysis for analysis in self.analyses if analysis["is_primary"]]

    def label(self, outcome: str) -> str:
        """An outcome's name for readers."""
        labels = {row["outcome"]: row["label"] for row in self.outcomes}
        return labels.get(outcome) or outcome

    def value(self, parameter: str) -> str:
        """The value of a parameter; 'none' where it has none."""
        values = {row["parameter_id"]: row["value"] for row in self.parameters}
        return values.get(parameter) or "none"


def study_ids(project: Path) -> list[str]:
    """All studies there are, in order."""
    with load_seeds(project, ["studies"]) as connection:
        found = connection.execute("select study_id from studies order by all").fetchall()
    return [study_id for (study_id,) in found]


def read_study(project: Path, study_id: str, versions: list[Version]) -> Study:
    """A study's configuration and the sizes of its primary samples; raises PlanError."""
    with load_seeds(project, SEEDS) as connection:
        (facts,) = rows(connection, "from studies where study_id = $1", study_id)
        parts: dict[str, Any] = {
            name: rows(connection, query, study_id) for name, query in QUERIES.items()
        }
    parts["bins"] = {row["covariate"]: row["bins"] for row in parts["bins"]}
    primary = [analysis for analysis in parts["analyses"] if analysis["is_primary"]]
    return Study(facts, **parts, versions=versions, samples=samples(project, study_id, primary))


def plan_text(study: Study) -> str:
    """The plan as markdown."""
    parts = [
        f"# Analysis plan: {study.facts['study_name'] or study.facts['study_id']}",
        *_status(study),
    ]
    for title, section in SECTIONS.items():
        parts += [f"## {title}", *section(study)]
    return "\n\n".join(parts) + "\n"


def _status(study: Study) -> list[str]:
    written = (
        f"Study `{study.facts['study_id']}`. Written by `csc plan` from the configuration in "
        "`seeds/`, without looking at any outcome."
    )
    if not study.versions:
        return [written, "**Draft: not locked yet.** What is planned can still be changed."]
    latest = study.versions[-1]
    return [
        written,
        f"**Version {latest.number}, locked on {latest.locked_on}**, plan hash "
        f"`{latest.plan_hash}`. What differs from it in a build stands in `fct_plan_deviations`.",
    ]


def _question(study: Study) -> list[str]:
    facts = study.facts
    outcomes = [study.label(row["outcome"]).lower() for row in study.outcomes if row["is_primary"]]
    return [
        f"Did the programme `{facts['programme_id']}` change how cases of children in need of "
        f"{_authorities(str(facts['la_code']))} went between {facts['study_start']} and "
        f"{facts['study_end']}? Primary outcomes: {sentence(outcomes)}."
    ]


def _authorities(la_code: str) -> str:
    """Of whom the study is, as words; a plan has no deliveries to tell all from."""
    if la_code.strip() == EVERY:
        return "every authority that delivers"
    codes = authorities_of(la_code, ())
    return f"authority {codes[0]}" if len(codes) == 1 else f"authorities {sentence(codes)}"


# What a case of the study begins with.
ORIGINS = {
    "plan_start": "from the start of its child in need plan",
    "referral": "from its referral",
    "recoded_referral": "from its referral, or from the study's first day if that came later",
}


def _unit(study: Study) -> str:
    of_whom = " of the child by whom a family is counted"
    counted = of_whom if study.value("case_unit") == "index_child" else ""
    return f"{counted}, {ORIGINS[str(study.value('length_origin'))]}"


def _applies(study: Study, reason: str) -> bool:
    """Whether a case of this study can leave for the reason."""
    needs = {
        "opened_after_window": study.facts["latest_case_start"] is not None,
        "opened_before_window": study.facts["earliest_case_start"] is not None,
        "joined_before_opening": study.value("opened_before_entry") != "any",
        "not_open_long_enough": study.value("comparator_rule") == "app3",
        "not_index_child": study.value("case_unit") == "index_child",
    }
    return needs.get(reason, True)


def _estimand(study: Study) -> list[str]:
    facts = study.facts
    lines = [
        f"{facts['estimand'] or 'Not named'}. Design: {words(DESIGNS, facts['design'])}. One unit "
        f"is one case{_unit(study)}."
    ]
    level = facts["evidence_level"]
    return [*lines, f"Strength that the design can claim: {level}."] if level else lines


def _window(study: Study) -> str:
    first, last = study.facts["earliest_case_start"], study.facts["latest_case_start"]
    if first is None and last is None:
        return ""
    bounds = [f"{word} {day}" for word, day in (("from", first), ("to", last)) if day is not None]
    included = "both included" if len(bounds) == 2 else "that day included"
    return f"whose plan started {' '.join(bounds)}, {included}, and "


def _eligibility(study: Study) -> list[str]:
    facts = study.facts
    return [
        f"Cases {_window(study)}that had not closed when the study started on "
        f"{facts['study_start']}. A case leaves by the first of these rules that it meets:",
        table(
            ["rule", "who leaves"],
            (
                [f"`{step['ineligible_reason']}`", step["reason"]]
                for step in study.steps
                if _applies(study, step["ineligible_reason"])
            ),
        ),
        f"On the days themselves: `eligibility_closure_inclusive` = "
        f"{study.value('eligibility_closure_inclusive')}. Escalations without a date: "
        f"`undated_escalation` = {study.value('undated_escalation')}.",
    ]


def _arms(study: Study) -> list[str]:
    programme = f"`{study.facts['programme_id']}`"
    if study.value("arm_source") == "allocation":
        return [
            f"**Treated**: cases allocated to {programme}, whatever they went on to have. "
            "**Comparator**: cases allocated to go without it."
        ]
    return [
        f"**Treated**: cases enrolled in {programme}, from the day of entry. "
        "**Comparator**: all other eligible cases of the authority."
    ]


def _matching(study: Study) -> list[str]:
    used = dict.fromkeys(analysis["sample"] for analysis in study.analyses)
    return [
        "Samples that analyses use:",
        "\n".join(f"- `{name}`: {words(SAMPLES, name)}." for name in used),
        f"Caliper: {study.value('caliper_length')} {study.value('caliper_unit')} between plan "
        f"starts, anchored at {study.value('caliper_anchor')}."
        if study.value("comparators_matched") == "true"
        else "No comparators are sought: the arms are compared as they are.",
        table(
            ["covariate", "from", "alike are", "matched on", "balance shown", "adjusted for"],
            (_covariate(study, row) for row in study.covariates),
        ),
    ]


def _covariate(study: Study, row: Row) -> list[str]:
    alike = {
        "number": study.bins.get(row["covariate"], "-"),
        "levels": "equal whole values",
        "category": f"{row['category']} / other",
        "exact": "equal values",
    }
    roles = ["yes" if row[role] else "no" for role in ("in_strata", "in_balance", "in_adjustment")]
    return [row["label"] or row["covariate"], f"`{row['attribute']}`", alike[row["kind"]], *roles]


def _outcomes(study: Study) -> list[str]:
    return [
        table(
            ["outcome", "rank", "rule", "with", "shown as", "source"],
            (
                [
                    f"`{row['outcome']}`",
                    _rank(row),
                    row["rule"],
                    _shaped_by(study, row),
                    row["unit"],
                    row["source"],
                ]
                for row in study.outcomes
            ),
        )
    ]


def _shaped_by(study: Study, outcome: Row) -> str:
    names = (outcome["parameters"] or "").split("|")
    return ", ".join(f"`{name}` = {study.value(name)}" for name in names if name)


def _rank(outcome: Row) -> str:
    if outcome.get("role", "outcome") != "outcome":
        return str(outcome["role"]).replace("_", " ")
    return "primary" if outcome["is_primary"] else "secondary"


def _models(study: Study) -> list[str]:
    used = dict.fromkeys(analysis["estimator"] for analysis in study.analyses)
    return [
        "Primary analyses, one for each primary outcome:",
        _analyses(study.primary),
        "Estimators, here and under sensitivity:",
        "\n".join(f"- `{name}`: {words(ESTIMATORS, name)}." for name in used),
        "Covariates: "
        + "; ".join(f"`{name}`, {text}" for name, text in ADJUSTMENTS.items())
        + "."
        + (NAMED if any("|" in row["covariates"] for row in study.analyses) else ""),
    ]


NAMED = " Or the covariates named, of which `treated:x` lets the effect differ by x."
# Columns of study_analyses that are shown apart or in a column of their own.
SHOWN = ("analysis_id", "study_id", "is_primary")


def _analyses(analyses: list[Row]) -> str:
    """One row per analysis with every cell of its seed row; columns that none uses are left out."""
    columns = [
        column
        for column in (analyses[0] if analyses else {})
        if column not in SHOWN and any(row[column] is not None for row in analyses)
    ]
    return table(
        ["analysis", *(column.replace("_", " ") for column in columns)],
        (
            [f"`{row['analysis_id']}`", *(_cell(row[column]) for column in columns)]
            for row in analyses
        ),
    )


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _standard_errors(study: Study) -> list[str]:
    used = dict.fromkeys(analysis["se_type"] for analysis in study.analyses)
    return ["\n".join(f"- `{name}`: {words(SE_TYPES, name)}." for name in used)]


def _multiplicity(study: Study) -> list[str]:
    names = sentence(f"`{row['analysis_id']}`" for row in study.primary)
    return [
        f"The p-values of the primary analyses ({names}) are one family, adjusted by "
        "Benjamini-Hochberg at 5 %. No other p-value is adjusted: those analyses show whether the "
        "primary ones hold, and are no findings of their own."
    ]


def _sensitivity(study: Study) -> list[str]:
    controls = {row["outcome"] for row in study.outcomes if _rank(row) == "negative control"}
    others = [
        row for row in study.analyses if not row["is_primary"] and row["outcome"] not in controls
    ]
    return [
        "Other outcomes, samples, models and standard errors, all of them reported:",
        _analyses(others) if others else "None is named.",
        *_subgroups(study),
        *_readings(study),
        "How strong a cause that nobody measured would have to be to explain a primary result "
        "away stands in `fct_hidden_bias_bounds`.",
    ]


def _subgroups(study: Study) -> list[str]:
    """The subgroups that analyses are confined to, with their bounds in whole units."""
    if not study.subgroups:
        return []
    return [
        "Subgroups: of a matched sample its treated cases with the comparators they are matched "
        "to, of any other the cases of both arms:",
        table(
            ["subgroup", "who", "by", "from", "to below"],
            (
                [
                    f"`{row['subgroup']}`",
                    row["label"],
                    f"`{row['attribute']}`",
                    _cell(row["lower_bound"]),
                    _cell(row["upper_bound"]),
                ]
                for row in study.subgroups
            ),
        ),
    ]


def _readings(study: Study) -> list[str]:
    """The readings of the specification curve."""
    if not study.readings:
        return []
    return [
        "Readings of rules that could be meant otherwise; each repeats the analyses in the curve "
        "whose outcome or sample it bears on:",
        table(["reading", "with"], ([f"`{row['reading']}`", row["set"]] for row in study.readings)),
    ]


def _negative_controls(study: Study) -> list[str]:
    controls = [row for row in study.outcomes if _rank(row) == "negative control"]
    if not controls:
        return [
            "None is named: nothing that the programme can't have changed is tested, so selection "
            "would show in balance and bounds of hidden bias alone."
        ]
    names = {row["outcome"] for row in controls}
    own = [row for row in study.analyses if row["outcome"] in names]
    return [
        "The programme can't have changed these. An effect on them is a sign of selection:",
        "\n".join(f"- {row['label']}: {row['rule']}." for row in controls),
        _analyses(own) if own else "No analysis of them is named.",
    ]


def _diagnostics(study: Study) -> list[str]:
    return [
        "Each analysis is judged by these before it is read. An estimate that fails one is shown "
        "and not relied on.",
        table(
            ["diagnostic", "measures", "warns", "fails"],
            (
                [
                    f"`{row['diagnostic']}`",
                    row["meaning"],
                    f"{row['worse_when']} {row['warn_at']:g}",
                    f"{row['worse_when']} {row['fail_at']:g}",
                ]
                for row in study.thresholds
            ),
        ),
    ]


def _detection(study: Study) -> list[str]:
    kinds = {row["outcome"]: row["kind"] for row in study.outcomes}
    return detection(study.samples, kinds)


def _choices(study: Study) -> list[str]:
    return [
        "Every parameter, as it is locked; ambiguities are those of the definitions that the "
        "project follows.",
        table(
            ["parameter", "value", "decides", "ambiguity"],
            (
                [
                    f"`{row['parameter_id']}`",
                    f"{row['value'] or 'none'}" + (" (default)" if row["is_default"] else ""),
                    row["meaning"],
                    row["ambiguity"],
                ]
                for row in study.parameters
            ),
        ),
    ]


def _amendments(study: Study) -> list[str]:
    if len(study.versions) < 2:
        return ["None."]
    parts = []
    for earlier, later in zip(study.versions, study.versions[1:], strict=False):
        found = differences_of_versions(earlier.items, later.items)
        parts += [
            f"Version {later.number}, {later.locked_on}: {later.reason}",
            table(["kind", "item", "before", "now"], found),
        ]
    return parts


SECTIONS: dict[str, Callable[[Study], Iterable[str]]] = {
    "Question": _question,
    "Estimand": _estimand,
    "Eligibility": _eligibility,
    "Arms": _arms,
    "Matching": _matching,
    "Outcomes": _outcomes,
    "Models": _models,
    "Standard errors": _standard_errors,
    "Multiplicity": _multiplicity,
    "Sensitivity": _sensitivity,
    "Negative controls": _negative_controls,
    "Diagnostics and thresholds": _diagnostics,
    "What the data can detect": _detection,
    "Choices": _choices,
    "Amendments": _amendments,
}
