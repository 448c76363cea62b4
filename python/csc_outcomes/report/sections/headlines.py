"""The primary outcomes in plain English, each beside what it may and may not mean."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from csc_outcomes.report.blocks import Block, Column, Prose, Section, Table, Tone
from csc_outcomes.report.cells import why_hidden
from csc_outcomes.report.formats import is_missing, listed, shown
from csc_outcomes.report.pages import study_row
from csc_outcomes.report.source import Source
from csc_outcomes.report.words import (
    certainty,
    difference,
    found_in,
    interval,
    level,
    meanings,
    outcome_labels,
    span,
)

COLUMNS = [
    Column("label", "Outcome"),
    Column("change", "Difference"),
    Column("span", "95% interval"),
    Column("treated", "Programme"),
    Column("comparator", "Comparison"),
    Column("stars", "Stars"),
    Column("trust", "How far to trust it"),
]
NOTE = (
    "Stars follow the p-value, adjusted for the primary outcomes where it is: ** below 1%, * below "
    "5%."
)
TRUST = {
    "fail": "don't read it as an effect: a check fails",
    "warn": "with caution: checks warn",
    "pass": "no check warns",
}

MATCHED = (
    "The comparison cases were chosen to be like the programme's in what was recorded. What wasn't "
    "recorded may differ, so a difference between the arms need not be the programme's doing."
)
ALLOCATED = (
    "Who was offered the programme was settled by chance, so a difference beyond chance may be put "
    "down to the offer. The cases that dropped out or weren't recorded may still tilt it."
)


def section(source: Source, study_id: str) -> Section | None:
    """One block per primary outcome; a notice where the study has none."""
    study = study_row(source, study_id)
    general = ALLOCATED if study["design"] == "rct" else MATCHED
    estimates = source.table("effect_estimates", study_id=study_id)
    primary = estimates[estimates["is_primary"].fillna(False).astype(bool)]
    effects = primary[primary["term"] == "treated"]
    blocks: list[Block] = [Prose((general,))]
    if effects.empty:
        blocks.append(Prose(("The study names no primary outcome with an estimate.",)))
    else:
        blocks.append(_at_a_glance(source, effects, primary))
    for _, row in effects.iterrows():
        blocks += _headline(source, row, primary)
    return Section("headlines", "What was found", blocks)


def _at_a_glance(source: Source, effects: pd.DataFrame, primary: pd.DataFrame) -> Table:
    """One row per primary outcome: both arms, the difference, and how far to trust it."""
    labels = outcome_labels(source)
    rows = []
    for _, row in effects.iterrows():
        unit, told = str(row["unit"]), not _is_untold(row)
        has_interval = told and not (is_missing(row["ci_low"]) or is_missing(row["ci_high"]))
        levels = _levels(row, primary) if told else {}
        values: dict[str, Any] = {
            "label": labels.get(row["outcome"], row["outcome"].replace("_", " ")),
            **{name: level(value, unit) for name, value in levels.items()},
            "change": difference(row["estimate"], unit) if told else None,
            "span": span(row["ci_low"], row["ci_high"], unit) if has_interval else None,
            "stars": row.get("stars"),
            "trust": TRUST.get(str(row.get("worst_verdict"))) if told else "nothing is shown",
        }
        known = {str(name): value for name, value in row.items()}
        rows.append({**known, "treated": None, "comparator": None, **values})
    title = "The primary outcomes at a glance"
    return Table("primary_outcomes", title, pd.DataFrame(rows), COLUMNS, NOTE)


def _levels(row: pd.Series, primary: pd.DataFrame) -> dict[str, float]:
    """The arms' own values, where the analysis has them."""
    own = primary[primary["analysis_id"] == row["analysis_id"]]
    found = {
        term: own.loc[own["term"] == f"{term}_mean", "estimate"].dropna()
        for term in ("treated", "comparator")
    }
    return {term: float(values.iloc[0]) for term, values in found.items() if len(values)}


def _headline(source: Source, row: pd.Series, primary: pd.DataFrame) -> list[Block]:
    label = outcome_labels(source).get(row["outcome"], row["outcome"].replace("_", " "))
    said = [_effect(row, primary), *([] if _is_untold(row) else [certainty(row)])]
    return [
        Prose(said, title=label, is_lead=True),
        Prose((_verdict(source, row),), tone=_tone(row)),
        Prose(items=_meaning(source, row["outcome"])),
    ]


def _is_untold(row: pd.Series) -> bool:
    return is_missing(row["estimate"])


def _effect(row: pd.Series, primary: pd.DataFrame) -> str:
    """The arms' values, the difference and its interval in one sentence, or why there is none."""
    if _is_untold(row):
        symbol, reason = why_hidden(row.to_dict())
        word = "Not estimable" if symbol == "x" else f"Not shown [{symbol}]"
        return f"{word}: {reason}."
    unit = str(row["unit"])
    levels = _levels(row, primary)
    change = (
        f"{difference(row['estimate'], unit)} ({interval(row['ci_low'], row['ci_high'], unit)})"
    )
    if len(levels) < 2:
        return f"The programme's cases: {change}."
    treated, comparator = (level(value, unit) for value in levels.values())
    if unit == "proportion":
        arms = f"{treated} of the programme's cases, {comparator} of the comparison cases"
        return f"{arms}: {change}."
    return f"{treated} in the programme, {comparator} in the comparison: {change}."


def _verdict(source: Source, row: pd.Series) -> str:
    """What the analysis rests on, and what its diagnostics say."""
    found = source.table_or_empty(
        "study_diagnostics", study_id=row["study_id"], analysis_id=row["analysis_id"]
    )
    sentences = [_rests_on(row)]
    for verdict, start in (
        ("fail", "Don't read this as an effect, for a check fails:"),
        ("warn", "Read it with these checks, which warn:"),
    ):
        checks = found[found["verdict"] == verdict] if len(found) else found
        if len(checks):
            told = "; ".join(_check(check) for check in checks.to_dict("records"))
            sentences.append(f"{start} {told}.")
    if len(found) and found["verdict"].isin(["pass"]).all():
        sentences.append("No check of the analysis warns or fails.")
    return " ".join(sentence for sentence in sentences if sentence)


def _rests_on(row: pd.Series) -> str:
    sizes = [
        f"{shown(row[name], 'integer')} {what}"
        for name, what in (("n_treated", "programme cases"), ("n_comparator", "comparison cases"))
        if not is_missing(row[name])
    ]
    return f"It rests on {listed(sizes)}." if sizes else ""


def _check(check: dict[Hashable, Any]) -> str:
    """What is checked, what was found and the threshold."""
    meaning = str(check["meaning"])
    text = meaning[0].lower() + meaning[1:] if meaning[1:2].islower() else meaning
    if found_in(check, "value") is None or found_in(check, "threshold") is None:
        return text
    found, threshold = (found_in(check, name) for name in ("value", "threshold"))
    return f"{text} ({found}; threshold {threshold})"


def _meaning(source: Source, outcome: str) -> list[str]:
    rule = source.table_or_empty("outcomes", outcome=outcome)
    lines = [f"Counted as: {rule['rule'].iloc[0]}." if len(rule) else ""]
    known = meanings().get(outcome, {})
    lines += [f"It may mean: {known['may']}"] if known else []
    lines += [f"It needn't mean: {known['may_not']}"] if known else []
    return [line for line in lines if line]


def _tone(row: pd.Series) -> Tone:
    """Failed checks stop a reader; no finding is called good, for that is the reader's to say."""
    if _is_untold(row):
        return "caution"
    tones: dict[str, Tone] = {"fail": "stop", "warn": "caution"}
    return tones.get(str(row.get("worst_verdict")), "plain")
