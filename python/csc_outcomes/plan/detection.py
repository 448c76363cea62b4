"""What the samples of a study can detect, by their sizes alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from csc_outcomes.plan.markdown import sentence, table
from csc_outcomes.plan.power import design_effect, detectable_effect, detectable_rate
from csc_outcomes.plan.seeds import Row
from csc_outcomes.plan.sizes import ArmSize, sample_sizes

# The rate itself would be an outcome, so all are shown.
COMPARATOR_RATES = (0.05, *(tenth / 10 for tenth in range(1, 10)), 0.95)
# How alike cases of one cluster are is an outcome too. 1: a cluster says no more than one case.
INTRACLASS_CORRELATIONS = (0.1, 0.4, 1.0)
# Below this design effect clusters matter so little that the worst case alone is shown.
NEGLIGIBLE_DESIGN_EFFECT = 1.1
# Numbers of children below this are not written into a text that many may read.
FEWEST_SHOWN = 10
ARMS = ("treated", "comparator")
# Builds the samples, and neither publishes nor sums up anything.
DRAW_SAMPLES = (
    "dbt build --select +fct_matched_cases +fct_study_cases --indirect-selection cautious"
)


class Sample(NamedTuple):
    """A sample that primary analyses use, with its clusters; no arm where no build holds it, and
    then `source` says why."""

    name: str
    cluster: str
    analyses: tuple[tuple[str, str], ...]  # analysis and outcome
    source: str
    arms: Mapping[str, ArmSize]

    @property
    def is_large_enough(self) -> bool:
        """Whether both arms have enough cases for their sizes to be shown."""
        return all(arm in self.arms and self.arms[arm].n_cases >= FEWEST_SHOWN for arm in ARMS)


def samples(project: Path, study_id: str, analyses: list[Row]) -> list[Sample]:
    """The samples of these analyses, with sizes from the newest build."""
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in analyses:
        key = (row["sample"], _cluster(row["se_type"]))
        groups.setdefault(key, []).append((row["analysis_id"], row["outcome"]))
    return [
        Sample(name, cluster, tuple(own), *sample_sizes(project, study_id, name, cluster))
        for (name, cluster), own in groups.items()
    ]


def _cluster(se_type: str) -> str:
    return next((unit for unit in ("family", "child") if se_type.endswith(unit)), "case")


def detection(found: list[Sample], kinds: Mapping[str, str]) -> list[str]:
    """Paragraphs: sizes, then the smallest effects that would be found; `kinds` of outcomes."""
    if not found:
        return ["No primary analysis is named."]
    parts = [
        "The smallest true effects that would be found four times in five (two-sided 5 %, power "
        "80 %), by the sizes of the samples alone."
    ]
    for sample in found:
        parts += _sample(sample, kinds)
    return parts


def _sample(sample: Sample, kinds: Mapping[str, str]) -> list[str]:
    title = f"### Sample `{sample.name}`, for " + sentence(
        f"`{analysis}`" for analysis, _ in sample.analyses
    )
    if not sample.arms:
        return [
            title,
            f"Open: {sample.source}. This draws it without estimating anything, then run "
            f"`csc plan` again:\n\n```\n{DRAW_SAMPLES}\n```",
        ]
    if not sample.is_large_enough:
        return [
            title,
            f"An arm has fewer than {FEWEST_SHOWN} cases: too few to show or to detect anything.",
        ]
    correlations = _correlations(sample)
    parts = [title, _sizes(sample), _assumption(sample, correlations)]
    own = {kinds.get(outcome, "binary") for _, outcome in sample.analyses}
    if "binary" in own:
        parts.append(_rates(sample, correlations))
    if own - {"binary"}:
        parts.append(_lengths(sample, correlations))
    return parts


def _sizes(sample: Sample) -> str:
    unit = {"child": "children", "family": "families", "case": "cases"}[sample.cluster]
    header = ["arm", "cases", "effective cases", unit, f"cases a {sample.cluster}"]
    width = 3 if sample.cluster == "case" else 5
    sizes = [(arm, sample.arms[arm]) for arm in ARMS]
    body = [
        [arm, str(n.n_cases), f"{n.n_effective:.1f}", str(n.n_clusters), f"{n.cluster_size:.2f}"]
        for arm, n in sizes
    ]
    return table(header[:width], [line[:width] for line in body])


def _correlations(sample: Sample) -> tuple[float, ...]:
    """The intraclass correlations to show: none without clusters."""
    if sample.cluster == "case":
        return (0.0,)
    largest = max(design_effect(arm.cluster_size, 1.0) for arm in sample.arms.values())
    return (1.0,) if largest < NEGLIGIBLE_DESIGN_EFFECT else INTRACLASS_CORRELATIONS


def _assumption(sample: Sample, correlations: tuple[float, ...]) -> str:
    text = (
        "Sizes are those of the sample as last drawn. Weights make the effective number of "
        "comparators smaller than their number."
    )
    if sample.cluster == "case":
        return f"{text} Cases count as independent."
    if correlations == (1.0,):
        return (
            f"{text} Cases of one {sample.cluster} are taken to be all alike (intraclass "
            "correlation 1, the worst case)."
        )
    return (
        f"{text} How alike cases of one {sample.cluster} are is an outcome too, so several "
        "intraclass correlations (ICC) are shown; 1 is the worst case."
    )


def _effect(sample: Sample, correlation: float) -> float:
    treated, comparator = (
        sample.arms[arm].n_effective / design_effect(sample.arms[arm].cluster_size, correlation)
        for arm in ARMS
    )
    return detectable_effect(treated, comparator)


def _rates(sample: Sample, correlations: tuple[float, ...]) -> str:
    effects = [_effect(sample, correlation) for correlation in correlations]
    header = ["rate among comparators"]
    for correlation in correlations:
        suffix = f", ICC {correlation:g}" if len(correlations) > 1 else ""
        header += [f"rise{suffix}", f"fall{suffix}"]
    body = []
    for rate in COMPARATOR_RATES:
        found = [detectable_rate(rate, sign * effect) for effect in effects for sign in (1, -1)]
        body.append([f"{rate:.0%}", *(_points(other - rate) for other in found)])
    return (
        "Rates, in percentage points. The rate among comparators is an outcome and wasn't looked "
        "at, so all are shown; `-`: no rate is far enough.\n\n" + table(header, body)
    )


def _points(difference: float) -> str:
    return "-" if math.isnan(difference) else f"{100 * abs(difference):.1f}"


def _lengths(sample: Sample, correlations: tuple[float, ...]) -> str:
    found = [
        f"{_effect(sample, correlation):.2f}"
        + (f" (ICC {correlation:g})" if len(correlations) > 1 else "")
        for correlation in correlations
    ]
    return (
        f"Lengths, in standard deviations: {sentence(found)}. Somewhat more, since the lengths of "
        "open cases are censored."
    )
