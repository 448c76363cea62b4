"""What the warehouse counts of the work that other tools do too, held against their counts."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import duckdb

TOLERANCE = 1e-9
SUMMED = (
    "closed_recorded",
    "closed_without_later_escalation",
    "rereferred_12m",
    "case_length_days",
)
ELIGIBLE = """
    select study_id, case arm when 'treated' then 'treated' else 'comparators' end, count(*)
    from int_study_eligibility where is_eligible group by all
"""
OUTCOMES = """
    select outcomes.study_id, outcomes.outcome, sum(outcomes.value), count(outcomes.value),
        count(*) filter (outcomes.is_censored)
    from fct_case_outcomes as outcomes
    inner join int_study_eligibility as eligible using (study_id, la_code, case_id)
    where eligible.is_eligible and outcomes.outcome in ? group by all
"""
MATCHED = """
    select study_id, arm, count(*), sum(weight), sum(weight * weight)
    from fct_matched_cases where method = 'cem_caliper' group by all
"""


def counts(warehouse: Path) -> dict[str, float]:
    """What the pipelines count, found in the tables of a build."""
    found: dict[str, float] = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for study, name, number in connection.execute(ELIGIBLE).fetchall():
            found[f"{study} eligible {name}"] = number
        rows = connection.execute(OUTCOMES, [list(SUMMED)]).fetchall()
        for study, outcome, total, n_known, n_censored in rows:
            found[f"{study} {outcome}"] = float(total or 0)
            if outcome == "rereferred_12m":
                found[f"{study} {outcome} known"] = n_known
            if outcome == "case_length_days":
                found[f"{study} {outcome} censored"] = n_censored
        for study, arm, n, weight, squared in connection.execute(MATCHED).fetchall():
            if arm == "treated":
                found[f"{study} matched treated"] = n
                continue
            found[f"{study} matched comparators"] = n
            found[f"{study} sum of weights"] = weight
            found[f"{study} sum of squared weights"] = squared
    return found


def differences(ours: Mapping[str, float], theirs: Mapping[str, float]) -> list[str]:
    """One line for each count that isn't the same; a count that is missing is 0."""
    return [
        f"{name}: {ours.get(name, 0)} in the warehouse, {theirs.get(name, 0)} there"
        for name in sorted({*ours, *theirs})
        if abs(ours.get(name, 0) - theirs.get(name, 0)) > TOLERANCE * max(1, abs(ours.get(name, 0)))
    ]


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(counts(Path(sys.argv[1])), indent=1), encoding="utf-8")
