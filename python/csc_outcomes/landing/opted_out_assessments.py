"""Factors of an assessment that stand in a file without child ids: whose they are.

Such a file names assessments alone, so a child who opted out is recognised by its assessments in
the other files of the delivery.
"""

from collections.abc import Sequence, Set
from functools import cached_property
from pathlib import Path

from csc_outcomes.landing.columns import CHILD_ID
from csc_outcomes.landing.contract import Delivery, FileSpec
from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.identifiers import normalise_id
from csc_outcomes.landing.opt_outs import OPT_OUTS_FILE, ChildLists
from csc_outcomes.landing.readers import check_path, open_parts

ASSESSMENTS, FACTORS, ASSESSMENT_ID = "assessments", "assessment_factors", "assessment_id"


def needs_assessments(specs: Sequence[FileSpec]) -> bool:
    """Whether a file names no child but its assessments."""
    return any(spec.holds == FACTORS for spec in specs)


def assessment_files(delivery: Delivery) -> tuple[str, ...]:
    """The files of a delivery that say whose an assessment is."""
    return tuple(spec.name for spec in _assessment_specs(delivery))


class OptedOutAssessments:
    """The assessments of one delivery's children who opted out, looked up if they are needed."""

    def __init__(self, folder: Path, delivery: Delivery, lists: ChildLists | Refused) -> None:
        self._folder = folder
        self._delivery = delivery
        self._lists = lists

    def found(self) -> Set[str]:
        """The normalised ids; Refused where nobody can tell whose an assessment is."""
        if isinstance(self._lists, Refused) or not self._lists.opted_out:
            return frozenset()
        return self._found

    @cached_property
    def _found(self) -> Set[str]:
        specs = _assessment_specs(self._delivery)
        try:
            if not specs:
                raise Refused("file_not_found", "no file of this delivery holds assessments")
            return frozenset().union(*map(self._found_in, specs))
        except Refused as refusal:
            raise Refused(
                "assessments_not_readable",
                f"children opted out ({OPT_OUTS_FILE}), and whose factors are theirs can't be "
                f"told: {refusal.reason}",
            ) from None

    def _found_in(self, spec: FileSpec) -> Set[str]:
        assert not isinstance(self._lists, Refused)
        found = set()
        path = check_path(self._folder, spec.name)
        with open_parts(path, [spec], self._delivery) as parts:
            for batch in parts.batches():
                for child, assessment in zip(
                    batch.cells[CHILD_ID.name].to_pylist(),
                    batch.cells[ASSESSMENT_ID].to_pylist(),
                    strict=True,
                ):
                    who, which = normalise_id(child)[0], normalise_id(assessment)[0]
                    if who and which and self._lists.merge(who) in self._lists.opted_out:
                        found.add(which)
        return found


def _assessment_specs(delivery: Delivery) -> list[FileSpec]:
    """Those whose assessments have ids: an XML return's have none, and factors of their own."""
    return [
        spec
        for spec in delivery.files
        if spec.holds == ASSESSMENTS and ASSESSMENT_ID in spec.columns
    ]
