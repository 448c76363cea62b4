"""The one-screen summary that ends a build: primary outcomes of each study beside the published
ones."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from csc_outcomes.authorities import authorities_of, named

# A printed figure stands beside the number that the comparison holds it against: of one outcome
# reports print several, such as those of a subgroup.
PRIMARY = """
    with means as (
        select
            study_id, analysis_id,
            max(estimate) filter (where term = 'treated_mean') as treated,
            max(estimate) filter (where term = 'comparator_mean') as comparator
        from fct_effect_estimates
        group by all
    ),

    arms as (
        select
            study_id, sample, outcome,
            max(value) filter (where arm = 'treated') as treated,
            max(value) filter (where arm = 'comparator') as comparator
        from fct_group_outcomes
        group by all
    ),

    primaries as (
        select
            estimates.study_id,
            estimates.analysis_id,
            studies.design,
            studies.la_code,
            estimates.sample,
            estimates.outcome,
            estimates.unit,
            coalesce(means.treated, arms.treated) as treated,
            coalesce(means.comparator, arms.comparator) as comparator,
            estimates.estimate,
            estimates.ci_low,
            estimates.ci_high,
            estimates.stars,
            estimates.status,
            estimates.status_reason,
            estimates.n_treated,
            estimates.n_comparator,
            estimates.ess_comparator
        from fct_effect_estimates as estimates
        inner join def_studies as studies using (study_id)
        left join means using (study_id, analysis_id)
        left join arms using (study_id, sample, outcome)
        where estimates.is_primary and estimates.term = 'treated'
    ),

    published as (
        select
            primaries.study_id, primaries.analysis_id, figures.term,
            max_by(figures.published, figures.figure_id) as value
        from primaries
        inner join fct_published_comparison as figures using (study_id, outcome)
        where abs(
            figures.computed
            - case primaries.unit when 'proportion' then 100 else 1 end
            * case figures.term
                when 'treated' then primaries.treated
                when 'comparator' then primaries.comparator
                when 'difference' then primaries.estimate
            end
        ) < 1e-6
        group by all
    )

    select
        primaries.*,
        max(published.value) filter (where published.term = 'treated') as published_treated,
        max(published.value) filter (where published.term = 'comparator') as published_comparator,
        max(published.value) filter (where published.term = 'difference') as published_difference
    from primaries
    left join published using (study_id, analysis_id)
    group by all
    order by primaries.study_id, primaries.analysis_id
"""
# The authorities of this build: their names, and whether their data are made up.
AUTHORITIES = "select la_code, la_name, is_synthetic from dim_local_authorities"
# Studies that are set up and of which the build holds no estimate, and why in which authorities.
MISSING = """
    with reasons as (
        select
            study_id, la_code,
            string_agg(distinct because, '; ' order by because) as because
        from fct_fitness_for_analysis
        where study_id not in (select study_id from fct_effect_estimates)
        group by study_id, la_code
    )

    select study_id, list(la_code order by la_code) as la_codes, because
    from reasons
    group by study_id, because
    order by study_id, min(la_code)
"""
# What pre-set diagnostics say against the primary analyses, once for each study and diagnostic.
DOUBTS = """
    select
        study_id,
        case when count(distinct outcome) < max(n_outcomes)
            then string_agg(distinct outcome, ', ' order by outcome) || ': ' else '' end ||
        meaning || ': ' || replace(printf('%.2f', value), '.00', '') || ' (' || verdict || ')'
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
# What came in of each authority that delivers returns, and what it can bear.
RETURNS = """
    with
    episodes as (
        select la_code, count(*) as n_episodes from fct_cin_episodes group by la_code
    ),

    children as (
        select la_code, count(*) as n_children from dim_children group by la_code
    ),

    cases as (
        select la_code, count(*) as n_cases from fct_cin_cases group by la_code
    ),

    rules as (
        select
            la_code,
            count(*) filter (where verdict != 'not_applicable') as n_judged,
            string_agg(rule, ', ' order by rule) filter (where verdict = 'fail') as broken
        from fct_rule_scorecard
        group by la_code
    ),

    fitness as (
        select
            la_code,
            count(*) as n_outcomes,
            count(*) filter (where verdict != 'cannot') as n_told,
            count(*) filter (where verdict = 'with_caution') as n_with_caution
        from fct_fitness_for_outcomes
        group by la_code
    )

    select
        authorities.la_code || ' ' || authorities.la_name
        || case when authorities.is_synthetic then ' (synthetic data)' else '' end
        || ', returns to ' || authorities.extract_as_of_date || ': '
        || coalesce(n_children, 0) || ' children, '
        || coalesce(n_episodes, 0) || ' episodes of need, ' || coalesce(n_cases, 0) || ' cases; '
        || case
            when n_judged = 0 then 'no validation rule applies; '
            when broken is null then 'none of ' || n_judged || ' validation rules is broken; '
            else 'of ' || n_judged || ' validation rules these are broken: ' || broken || '; '
        end
        || n_told || ' of ' || n_outcomes || ' outcomes can be told'
        || case
            when n_with_caution > 0 then ', ' || n_with_caution || ' of them with caution' else ''
        end
    from dim_local_authorities as authorities
    left join episodes using (la_code)
    left join children using (la_code)
    left join cases using (la_code)
    inner join rules using (la_code)
    inner join fitness using (la_code)
    where la_code in (
        select la_code from fct_load_log
        where status = 'landed' and format not in ('case_list', 'study_files')
    )
    order by la_code
"""
RETURNS_FOOTER = (
    "More: fct_monitoring by year, fct_rule_scorecard, fct_fitness_for_outcomes; "
    "docs/key_tables.md has queries."
)
WIDE = 34
HEADER = (
    f"{'outcome':<{WIDE}}{'treated':>10}{'comparator':>12}{'difference':>12}   "
    f"{'95 % interval':<18}published"
)
NO_STUDY = (
    "No study has an authority in this build, so there is nothing to estimate; "
    "docs/add_a_study.md says how to add one."
)
# How an outcome's unit is shown: what a value is multiplied by, its sign, that of a difference.
UNITS = {
    "proportion": (100, " %", " pp"),
    "weeks": (1, " wk", " wk"),
    "days": (1, " d", " d"),
}
RANDOMISED = "rct"
FOOTER = (
    "Stars: * p < .05, ** p < .01 after Benjamini-Hochberg over the primary outcomes.",
    "% of cases, wk weeks, pp percentage points. Published: treated / comparator / difference.",
)


def summary_text(generation: Path) -> str:
    """Primary outcomes of every study in a published generation, as plain text of one screen, the
    studies that it lacks, and what came in of authorities that deliver returns."""
    database = generation / "analyst" / "csc_outcomes.duckdb"
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(PRIMARY).fetchdf().to_dict("records")
        authorities = {
            code: (f"{code} {name}", is_synthetic)
            for code, name, is_synthetic in connection.execute(AUTHORITIES).fetchall()
        }
        doubts = [
            doubt
            for query in (DEVIATIONS, DOUBTS)
            for doubt in connection.execute(query).fetchall()
        ]
        missing = connection.execute(MISSING).fetchall()
        returns = [line for (line,) in connection.execute(RETURNS).fetchall()]
    for row in rows:
        codes = authorities_of(row["la_code"], authorities)
        row["is_synthetic"] = any(authorities[code][1] for code in codes if code in authorities)
    lines: list[str] = []
    for study_id in dict.fromkeys(row["study_id"] for row in rows):
        own = [row for row in rows if row["study_id"] == study_id]
        lines += ["", _title(own[0]), HEADER, *(_line(row) for row in own)]
        notes = [f"{row['outcome']}: {row['status_reason']}" for row in own if _has_note(row)]
        notes += [doubt for study, doubt in doubts if study == study_id]
        lines += ["Before you read it:", *(f"  - {note}" for note in notes)] if notes else []
    lines += ["", *FOOTER] if rows else [NO_STUDY]
    lines += ["", "Studies that this build lacks:"] if missing else []
    lines += [
        f"  - {study}, {named(authorities[c][0] if c in authorities else c for c in codes)}: {why}"
        for study, codes, why in missing
    ]
    lines += ["", *returns, RETURNS_FOOTER] if returns else []
    return "\n".join(lines)


def _has_note(row: Mapping[Hashable, Any]) -> bool:
    return row["status"] == "ok" and isinstance(row["status_reason"], str)


def _title(row: Mapping[Hashable, Any]) -> str:
    """Who is compared and what the effect is of: a trial's arms are those drawn by lot."""
    study = f"{row['study_id']}{' (synthetic data)' if row['is_synthetic'] else ''}"
    n_treated, n_comparator, ess = (
        row["n_treated"],
        row["n_comparator"],
        row["ess_comparator"],
    )
    if row["design"] == RANDOMISED:
        return (
            f"{study}: {n_treated} cases of those allocated to the programme (treated), "
            f"{n_comparator} of those to the usual service (comparator); effect of being allocated"
        )
    effective = "" if math.isnan(ess) else f" (effective {ess:.0f})"
    effect = (
        "difference between all eligible cases"
        if row["sample"] == "unmatched"
        else "effect on the matched treated cases"
    )
    return f"{study}: {n_treated} treated, {n_comparator} comparators{effective}; {effect}"


def _line(row: Mapping[Hashable, Any]) -> str:
    if row["status"] != "ok":
        return f"{row['outcome']:<{WIDE}}not estimable: {row['status_reason']}"
    scale, level, difference = UNITS.get(row["unit"], (1, "", ""))
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
