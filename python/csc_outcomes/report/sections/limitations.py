"""What the study can't say, from its design, its diagnostics and its data."""

from __future__ import annotations

from csc_outcomes.report.blocks import Prose, Section
from csc_outcomes.report.formats import is_missing, shown
from csc_outcomes.report.lead import is_synthetic, study_authorities
from csc_outcomes.report.pages import study_row
from csc_outcomes.report.source import Source

OF_DESIGN = {
    "rct": (
        "The trial estimates the effect of being allocated to the programme, not of receiving it. "
        "Families that were allocated and didn't take part count where they were allocated.",
        "A trial in one authority says what happened there and then; another place has other "
        "families, thresholds and services.",
    ),
    "matched_comparison": (
        "Cases weren't allocated by chance. Matching makes the arms alike in what was recorded, "
        "and in nothing else; the hidden-bias bounds say how strong an unrecorded difference would "
        "have to be to undo a finding.",
        "A case had to be open to enter the programme, which the comparison's cases need not have "
        "been for as long: time before entry in which a programme case couldn't close or be "
        "re-referred counts for it or against it by design.",
    ),
}


def section(source: Source, study_id: str) -> Section | None:
    """A list of sentences, each with its number where there is one."""
    study = study_row(source, study_id)
    lines = [
        *OF_DESIGN.get(str(study["design"]), ()),
        *_estimand(study["estimand"], study["evidence_level"]),
        *_lost(source, study_id),
        *_unclustered(source, study_id),
        *_failed(source, study_id),
        "An interval covers chance alone: not error in the records, not a difference between the "
        "arms that nobody recorded, and not the choice of analysis, of which the sensitivity "
        "section shows others.",
    ]
    if is_synthetic(source, study_authorities(source, study)):
        lines.append("The data are synthetic: nothing here is evidence on the programme.")
    return Section("limitations", "Limitations", [Prose(items=lines)])


def _estimand(estimand: object, evidence: object) -> list[str]:
    """Whom the estimate speaks of; nothing where the study doesn't say."""
    level = "" if is_missing(evidence) else f" The level of evidence is {evidence}."
    if is_missing(estimand):
        return [level.strip()] if level else []
    text = f"What is estimated: {str(estimand)[:1].lower() + str(estimand)[1:]}"
    if str(estimand).isupper() or str(estimand)[:3].isupper():
        text = f"What is estimated: {estimand}"
    return [f"{text}; it needn't hold for other cases.{level}"]


def _lost(source: Source, study_id: str) -> list[str]:
    """The programme's cases that found no match."""
    rows = source.table_or_empty("matched_shares", study_id=study_id, arm="treated")
    if rows.empty:
        return []
    estimates = source.table("effect_estimates", study_id=study_id)
    main = set(estimates[estimates["is_primary"].fillna(False).astype(bool)]["sample"])
    return [
        f"{shown(row['n_matched'], 'integer')} of {shown(row['n_eligible'], 'integer')} eligible "
        f"programme cases ({shown(row['share_of_eligible'], 'percent')}) found a match; the "
        "estimates speak of these, not of the ones without."
        for row in rows[rows["method"].isin(main)].to_dict("records")
        if not any(is_missing(row[n]) for n in ("n_matched", "n_eligible", "share_of_eligible"))
    ]


def _unclustered(source: Source, study_id: str) -> list[str]:
    """What stands against all analyses of the study alike."""
    rows = source.table_or_empty("fitness_for_analysis", study_id=study_id)
    if rows.empty:
        return []
    cautious = rows[rows["verdict"] == "with_caution"]
    reasons = {r.strip() for because in cautious["because"].dropna() for r in because.split(";")}
    return [f"{reason}." for reason in sorted(reasons) if reason]


def _failed(source: Source, study_id: str) -> list[str]:
    rows = source.table_or_empty("study_diagnostics", study_id=study_id)
    if rows.empty:
        return []
    n = int(rows[rows["verdict"] == "fail"]["analysis_id"].nunique())
    return [f"{n} analyses fail at least one check; see the doubts."] if n else []
