"""The one-screen summary that ends a build: primary outcomes of each study beside the published ones."""

from __future__ import annotations

import math
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
HEADER = (
    f"{'outcome':<34}{'treated':>10}{'comparator':>12}{'difference':>12}   {'95 % interval':<18}"
    f"{'published':<24}"
)


def summary_text(generation: Path) -> str:
    """Primary outcomes of every study in a published generation, as plain text of one screen."""
    with duckdb.connect(str(generation / "analyst" / "csc_outcomes.duckdb"), read_only=True) as connection:
        rows = connection.execute(PRIMARY).fetchdf().to_dict("records")
    lines: list[str] = []
    study_id = None
    for row in rows:
        if row["study_id"] != study_id:
            study_id = row["study_id"]
            lines += ["", _title(row), HEADER]
        lines.append(_line(row))
    lines += ["", "* p < .05, ** p < .01 after Benjamini-Hochberg over the primary outcomes; pp: percentage points."]
    return "\n".join(lines)


def _title(row: dict[str, Any]) -> str:
    synthetic = " (synthetic data)" if row["is_synthetic"] else ""
    return (
        f"{row['study_id']}{synthetic}: {row['n_treated']} treated and {row['n_comparator']} comparators"
        f" (effective {_number(row['ess_comparator'], 0)}), effect on the matched treated cases"
    )


def _line(row: dict[str, Any]) -> str:
    if row["status"] != "ok":
        return f"{row['outcome']:<34}not estimable: {row['status_reason']}"
    scale, digits, suffix = (100, 1, " %") if row["unit"] == "proportion" else (1, 1, " wk")
    difference = "pp" if row["unit"] == "proportion" else "wk"

    def shown(value: float | None, unit: str) -> str:
        return "" if value is None or math.isnan(value) else f"{_number(value * scale, digits)}{unit}"

    def printed(value: float | None) -> str:
        return "-" if value is None or math.isnan(value) else _number(value, digits)

    interval = f"{shown(row['ci_low'], '')} to {shown(row['ci_high'], '')}"
    published = " / ".join(
        printed(row[f"published_{part}"]) for part in ("treated", "comparator", "difference")
    )
    return (
        f"{row['outcome']:<34}{shown(row['treated'], suffix):>10}{shown(row['comparator'], suffix):>12}"
        f"{shown(row['estimate'], ' ' + difference) + row['stars']:>12}   {interval:<18}{published:<24}"
    ).rstrip()


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}"
