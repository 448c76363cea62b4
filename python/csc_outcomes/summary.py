"""The one-screen summary that ends a build: primary outcomes of each study beside the published
ones."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import duckdb

PRIMARY = """
    select
        estimates.study_id,
        studies.is_synthetic,
        estimates.outcome,
        estimates.unit,
        arms.treated,
        arms.comparator,
        estimates.estimate,
        estimates.ci_low,
        estimates.ci_high,
        estimates.stars,
        estimates.status,
        estimates.status_reason,
        estimates.n_treated,
        estimates.n_comparator,
        estimates.ess_comparator,
        published.treated as published_treated,
        published.comparator as published_comparator,
        published.difference as published_difference
    from fct_effect_estimates as estimates
    inner join (
        select study_id, bool_or(is_synthetic) as is_synthetic
        from fct_study_cases inner join dim_local_authorities using (la_code)
        group by study_id
    ) as studies using (study_id)
    left join (
        select
            study_id, sample, outcome,
            max(value) filter (where arm = 'treated') as treated,
            max(value) filter (where arm = 'comparator') as comparator
        from fct_group_outcomes
        group by all
    ) as arms using (study_id, sample, outcome)
    left join (
        select
            study_id, outcome,
            arg_max(published, figure_id) filter (where term = 'treated') as treated,
            arg_max(published, figure_id) filter (where term = 'comparator') as comparator,
            arg_max(published, figure_id) filter (where term = 'difference') as difference
        from fct_published_comparison
        where outcome is not null and term is not null
        group by all
    ) as published using (study_id, outcome)
    where estimates.is_primary and estimates.term = 'treated'
    order by estimates.study_id, estimates.analysis_id
"""
# What pre-set diagnostics say against the primary analyses, once for each study and diagnostic.
DOUBTS = """
    select
        study_id,
        case when count(distinct outcome) < max(n_outcomes)
            then string_agg(distinct outcome, ', ' order by outcome) || ': ' else '' end ||
        meaning || ': ' || printf('%.2f', value) || ' (' || verdict || ')'
    from fct_study_diagnostics
    inner join (
        select
            study_id, analysis_id, outcome,
            count(distinct outcome) over (partition by study_id) as n_outcomes
        from fct_effect_estimates
        where is_primary and term = 'treated' and status = 'ok'
    ) using (study_id, analysis_id)
    where verdict != 'pass'
    group by study_id, diagnostic, meaning, value, verdict
    order by study_id, diagnostic
"""
# What was done otherwise than the locked plan of a study says.
DEVIATIONS = """
    select
        study_id,
        count(distinct kind || item) || ' deviations from the plan, version ' || plan_version ||
        ', bear on primary outcomes: see fct_plan_deviations'
    from fct_plan_deviations
    inner join fct_effect_estimates as estimates using (study_id, plan_version)
    where is_primary and term = 'treated'
        and (touches = 'study' or touches_analysis_id = analysis_id)
    group by study_id, plan_version
    order by study_id
"""
WIDE = 34
HEADER = (
    f"{'outcome':<{WIDE}}{'treated':>10}{'comparator':>12}{'difference':>12}   "
    f"{'95 % interval':<18}published"
)
NO_STUDY = (
    "No study has an authority in this build, so there is nothing to estimate; "
    "docs/add_a_study.md says how to add one."
)
FOOTER = (
    "Stars: * p < .05, ** p < .01 after Benjamini-Hochberg over the primary outcomes.",
    "% of cases, wk weeks, pp percentage points. Published: treated / comparator / difference.",
)


def summary_text(generation: Path) -> str:
    """Primary outcomes of every study in a published generation, as plain text of one screen."""
    database = generation / "analyst" / "csc_outcomes.duckdb"
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(PRIMARY).fetchdf().to_dict("records")
        doubts = [
            doubt
            for query in (DEVIATIONS, DOUBTS)
            for doubt in connection.execute(query).fetchall()
        ]
    if not rows:
        return NO_STUDY
    lines: list[str] = []
    for study_id in dict.fromkeys(row["study_id"] for row in rows):
        own = [row for row in rows if row["study_id"] == study_id]
        lines += ["", _title(own[0]), HEADER, *(_line(row) for row in own)]
        notes = [f"{row['outcome']}: {row['status_reason']}" for row in own if _has_note(row)]
        notes += [doubt for study, doubt in doubts if study == study_id]
        lines += ["Before you read it:", *(f"  - {note}" for note in notes)] if notes else []
    return "\n".join([*lines, "", *FOOTER])


def _has_note(row: Mapping[Hashable, Any]) -> bool:
    return row["status"] == "ok" and isinstance(row["status_reason"], str)


def _title(row: Mapping[Hashable, Any]) -> str:
    synthetic = " (synthetic data)" if row["is_synthetic"] else ""
    return (
        f"{row['study_id']}{synthetic}: {row['n_treated']} treated, {row['n_comparator']} "
        f"comparators (effective {row['ess_comparator']:.0f}); effect on the matched treated cases"
    )


def _line(row: Mapping[Hashable, Any]) -> str:
    if row["status"] != "ok":
        return f"{row['outcome']:<{WIDE}}not estimable: {row['status_reason']}"
    is_share = row["unit"] == "proportion"
    scale = 100 if is_share else 1
    level, difference = (" %", " pp") if is_share else (" wk", " wk")
    interval = f"{_shown(row['ci_low'], scale)} to {_shown(row['ci_high'], scale)}"
    published = [row[f"published_{part}"] for part in ("treated", "comparator", "difference")]
    printed = "" if all(map(math.isnan, published)) else " / ".join(map(_shown, published))
    return (
        f"{row['outcome']:<{WIDE}}"
        f"{_shown(row['treated'], scale, level):>10}"
        f"{_shown(row['comparator'], scale, level):>12}"
        f"{_shown(row['estimate'], scale, difference) + row['stars']:>12}   "
        f"{interval:<18}{printed}"
    ).rstrip()


def _shown(value: float, scale: float = 1, unit: str = "") -> str:
    return "-" if math.isnan(value) else f"{value * scale:.1f}{unit}"
