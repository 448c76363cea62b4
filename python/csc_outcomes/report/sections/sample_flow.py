"""Who is in the study, and who dropped out on the way."""

from __future__ import annotations

from csc_outcomes.report.blocks import Block, Column, Section, Table, present
from csc_outcomes.report.figures import flow
from csc_outcomes.report.figures.common import SAMPLES
from csc_outcomes.report.source import Source
from csc_outcomes.report.words import arm


def section(source: Source, study_id: str) -> Section | None:
    """The flow of a trial's families or of cases, and how many found a match."""
    trial = flow.trial_flow(source.table_or_empty("trial_flow", study_id=study_id))
    cases = flow.sample_flow(source.table_or_empty("sample_flow", study_id=study_id))
    blocks: list[Block] = [one for one in (trial or cases,) if one is not None]
    shares = source.table_or_empty("matched_shares", study_id=study_id)
    if len(shares):
        data = shares.assign(
            group=[arm(one) for one in shares["arm"]],
            sample=[SAMPLES.get(one, one) for one in shares["method"]],
        )
        columns = (
            Column("sample", "Sample"),
            Column("group", "Group"),
            Column("n_recorded", "Recorded", "integer"),
            Column("n_eligible", "Eligible", "integer"),
            Column("n_matched", "Matched", "integer"),
            Column("share_of_eligible", "Share of the eligible", "percent", 1),
        )
        blocks.append(
            Table("matched_shares", "How many found a match", data, present(columns, data))
        )
    return Section("sample_flow", "Who is in the study", blocks) if blocks else None
