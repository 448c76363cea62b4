"""The rows of the mart on what hidden bias would explain a result away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from csc_outcomes.estimators.analyses import DAYS_PER_WEEK
from csc_outcomes.estimators.hidden_bias import (
    HiddenBiasBounds,
    discordant_pair_bounds,
    event_table,
    expected_lengths,
    mantel_haenszel_bounds,
    nearest_pairs,
    pair_differences,
    pair_table,
    signed_rank_bounds,
)
from csc_outcomes.estimators.result import NotEstimableError
from csc_outcomes.evaluation.samples import NO_LINKS, UNWEIGHTED_SAMPLES, Evidence
from csc_outcomes.typed import FLAG, NUMBER, TEXT, typed_table

BOUND_COLUMNS = {
    **dict.fromkeys(("study_id", "sample", "outcome", "method"), TEXT),
    "gamma": NUMBER,
    "direction": TEXT,
    **dict.fromkeys(("p_upper", "p_lower", "estimate_low", "estimate_high"), NUMBER),
    **dict.fromkeys(("crossing_gamma", "crossing_gamma_01"), NUMBER),
    **dict.fromkeys(("ceiling_gamma", "ceiling_gamma_01"), NUMBER),
    "is_main_method": FLAG,
    "reported_gamma": NUMBER,
    **dict.fromkeys(("status", "status_reason"), TEXT),
}
NO_PAIRS = {
    "gamma": 1.0,
    "status": "not_estimable",
    "status_reason": "no_pairs: the sample has no matched pair",
}
WITHOUT_PAIRS = tuple(f"mantel_haenszel_{table}" for table in ("pooled", "unweighted", "strata"))
Bounds = Callable[[], HiddenBiasBounds]
LINK_ORDER = ["study_id", "method", "la_code", "treated_case_id", "comparator_case_id"]
GAMMAS = [round(1 + step / 10, 1) for step in range(21)] + [3.5, 4.0, 5.0, 6.0, 8.0, 10.0]


def hidden_bias(
    evidence: Evidence,
    outcomes: pd.DataFrame,
    links: pd.DataFrame,
    asked: pd.DataFrame,
    studies: pd.DataFrame,
) -> pd.DataFrame:
    """One row per study, sample, outcome, method and gamma, as fct_hidden_bias_bounds has them.

    `outcomes` is study_outcomes, `links` fct_matched_links; `asked` (study_id, sample) names
    matched samples that have rows also when nobody is matched. Binary outcomes have Mantel-Haenszel
    bounds of four tables (weighted, unweighted, by stratum, and spread out pair by pair) and those
    of the discordant pairs, each treated case with its nearest comparator. Lengths have signed-rank
    bounds of each treated case against its comparators, with the expected length where a case is
    censored, and in weeks the bounds of the effect. `studies` (study_id, mh_data, gamma_alpha) says
    which table's Mantel-Haenszel bounds are the study's main ones and at which one-sided level its
    reported gamma is crossed. Where no bound can be had there is one row,
    gamma 1, with the reason; so it is with what needs pairs where links aren't kept.
    """
    rows: list[dict[str, Any]] = []
    choices = studies.set_index("study_id")
    links = links.sort_values(LINK_ORDER)  # means of comparators don't depend on the rows' order
    for study_id, sample, frame in evidence.samples(asked):
        if sample in UNWEIGHTED_SAMPLES:
            continue
        pairs = links[(links["study_id"] == study_id) & (links["method"] == sample)]
        names = evidence.covariate_names(study_id, "in_balance")
        main_table = "mantel_haenszel_" + choices["mh_data"][study_id]
        nearest = pairs if pairs.empty else nearest_pairs(pairs, frame, names)
        for outcome in outcomes[outcomes["study_id"] == study_id].to_dict("records"):
            observed = evidence.with_outcome(frame, study_id, outcome["outcome"])
            methods: dict[str, Bounds] = {}
            if outcome["kind"] == "binary":
                methods = _bounds_of_events(observed, pairs, nearest)
            elif outcome["kind"] == "length":
                methods = _bounds_of_lengths(observed, pairs)
            for method, bounds in methods.items():
                head = {
                    "study_id": study_id,
                    "sample": sample,
                    "outcome": outcome["outcome"],
                    "method": method,
                    "is_main_method": method in (main_table, "signed_rank"),
                }
                alpha = float(choices["gamma_alpha"][study_id])
                if evidence.lacks_links(study_id, sample) and method not in WITHOUT_PAIRS:
                    found = [{**NO_PAIRS, "status_reason": NO_LINKS}]
                elif pairs.empty and not evidence.lacks_links(study_id, sample):
                    found = [NO_PAIRS]
                else:
                    found = _bound_rows(bounds, alpha)
                rows += [{**head, **row} for row in found]
    return typed_table(rows, BOUND_COLUMNS)


def _bounds_of_events(
    frame: pd.DataFrame, links: pd.DataFrame, nearest: pd.DataFrame
) -> dict[str, Bounds]:
    values = frame.set_index("case_id")["value"]
    unweighted = frame.assign(weight=np.where(frame["weight"] > 0, 1.0, 0.0))
    tables: dict[str, Callable[[], pd.DataFrame]] = {
        "pooled": lambda: event_table(frame),
        "unweighted": lambda: event_table(unweighted),
        "strata": lambda: event_table(frame, by="stratum"),
        "pairs": lambda: pair_table(links, values),
    }
    return {
        f"mantel_haenszel_{name}": lambda table=table: mantel_haenszel_bounds(table(), GAMMAS)
        for name, table in tables.items()
    } | {"discordant_pairs": lambda: discordant_pair_bounds(nearest, values, GAMMAS)}


def _bounds_of_lengths(frame: pd.DataFrame, links: pd.DataFrame) -> dict[str, Bounds]:
    def signed_rank() -> HiddenBiasBounds:
        differences = pair_differences(links, expected_lengths(frame))
        return signed_rank_bounds(differences.to_numpy(float) / DAYS_PER_WEEK, GAMMAS)

    return {"signed_rank": signed_rank}


def _bound_rows(bounds: Bounds, alpha: float) -> list[dict[str, Any]]:
    try:
        found = bounds()
    except NotEstimableError as reason:
        return [{"gamma": 1.0, "status": "not_estimable", "status_reason": str(reason)}]
    ceiling = found.ceiling_gamma or {}
    shared = {
        "direction": found.direction,
        "crossing_gamma": found.crossing_gamma[0.05],
        "crossing_gamma_01": found.crossing_gamma[0.01],
        "reported_gamma": found.crossing_gamma[alpha],
        "ceiling_gamma": ceiling.get(0.05),
        "ceiling_gamma_01": ceiling.get(0.01),
        "status": "ok",
        "status_reason": None,
    }
    records = found.table.to_dict("records")
    return [{str(name): value for name, value in row.items()} | shared for row in records]
