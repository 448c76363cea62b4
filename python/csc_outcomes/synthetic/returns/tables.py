"""What the standard layer must hold of made-up children, straight from their lives.

One frame per standard table, with the children's plain ids and natural keys (an assessment belongs
to the day of its referral) where the warehouse has pseudonyms and ids of its own.
"""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from csc_outcomes.synthetic.returns.lives import Child

NO_DISABILITY = "NONE"
COLUMNS = {
    "people": (
        *("child_id", "birth_date", "expected_birth_date", "death_date", "sex_code"),
        *("ethnicity_code", "nationality", "has_disability", "upn"),
    ),
    "child_disabilities": ("child_id", "disability_code"),
    "cin_episodes": (
        *("child_id", "referral_date", "referral_source_code", "is_nfa", "primary_need_code"),
        *("close_date", "close_reason_code"),
    ),
    "assessments": ("child_id", "referral_date", "start_date", "authorised_date"),
    "assessment_factors": ("child_id", "start_date", "factor_code"),
    "cin_plans": ("child_id", "referral_date", "start_date", "end_date"),
    "section_47s": (
        *("child_id", "referral_date", "start_date", "icpc_date", "is_icpc_not_required"),
    ),
    "cp_plans": (
        *("child_id", "referral_date", "start_date", "end_date", "initial_category_code"),
        *("latest_category_code", "n_previous_cp_plans", "is_other_authority"),
    ),
    "cp_reviews": ("child_id", "plan_start_date", "review_date"),
    "care_periods": ("child_id", "start_date", "end_date", "end_reason_code", "n_episodes"),
    "families": ("child_id", "family_id"),
}


def standard_tables(children: Iterable[Child]) -> dict[str, pd.DataFrame]:
    """Frames by the name of the standard table without its prefix; what is unknown is None."""
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in COLUMNS}
    for child in children:
        _add_person(rows, child)
        _add_episodes(rows, child)
        for period in child.care:
            last = period.episodes[-1]
            rows["care_periods"].append(
                (child.child_id, period.start, last.end, last.end_reason, len(period.episodes))
            )
    return {
        name: pd.DataFrame(rows[name], columns=list(columns), dtype=object)
        for name, columns in COLUMNS.items()
    }


def _add_person(rows: dict[str, list[tuple[Any, ...]]], child: Child) -> None:
    codes = [code for code in child.disabilities if code != NO_DISABILITY]
    rows["people"].append(
        (
            child.child_id,
            child.birth,
            child.expected_birth,
            child.death,
            child.sex,
            child.ethnicity,
            child.nationality or None,
            bool(codes) if child.disabilities else None,
            child.upn or None,
        )
    )
    rows["child_disabilities"] += [(child.child_id, code) for code in child.disabilities]
    if child.family_id:
        rows["families"].append((child.child_id, child.family_id))


def _add_episodes(rows: dict[str, list[tuple[Any, ...]]], child: Child) -> None:
    child_id = child.child_id
    for e in child.episodes:
        key = (child_id, e.referral)
        rows["cin_episodes"].append((*key, e.source, e.is_nfa, e.need, e.close, e.close_reason))
        rows["assessments"] += [(*key, a.start, a.authorised) for a in e.assessments]
        rows["assessment_factors"] += [
            (child_id, a.start, factor) for a in e.assessments for factor in a.factors
        ]
        rows["cin_plans"] += [(*key, plan.start, plan.end) for plan in e.cin_plans]
        rows["section_47s"] += [
            (*key, s.start, s.icpc, s.is_icpc_not_required) for s in e.section_47s
        ]
        for p in e.cp_plans:
            categories = p.initial_category, p.latest_category
            rows["cp_plans"].append(
                (*key, p.start, p.end, *categories, p.n_previous, p.is_other_authority)
            )
            rows["cp_reviews"] += [(child_id, p.start, review) for review in p.reviews]
