"""Does an extract bring back what was printed? Worked out again from the file alone."""

from pathlib import Path

import numpy as np
import pandas as pd

from csc_outcomes.estimators.balance import covariate_balance
from csc_outcomes.estimators.censored_normal import fit_censored_normal
from csc_outcomes.estimators.multiplicity import benjamini_hochberg, stars
from csc_outcomes.estimators.result import two_sided_p
from csc_outcomes.synthetic.boundaries import BOUNDARIES, LEAST_ROWS, boundary_rows
from csc_outcomes.synthetic.facts import StudyFacts, load_facts
from csc_outcomes.synthetic.measured_study import (
    BINARIES,
    MeasuredStudy,
    largest_share_gap,
    measure_study,
)
from csc_outcomes.synthetic.propensity import COVARIATES, difference_p, propensity_weights

Measures = dict[str, str | float]
OUTCOME_NAMES = {
    "closed_recorded": "closed recorded",
    "closed_well": "closed without later escalation",
    "escalated": "escalated",
    "escalated_lac": "escalated to LAC",
    "rereferred_12m": "rereferred within 12 months",
    "rereferred_any": "rereferred at any time",
}
ARMS = {True: "treated", False: "comparator"}


def verify(path: Path, facts: StudyFacts | None = None) -> pd.DataFrame:
    """One row per printed figure and boundary: quantity, target, got, tolerance, ok.

    `path` is the CSV file; nothing else is read. A tolerance of 0 asks for equality.
    """
    extract = pd.read_csv(path, dtype=str, keep_default_na=False)
    return check(extract, facts or load_facts())


def check(extract: pd.DataFrame, facts: StudyFacts) -> pd.DataFrame:
    """The same for an extract in memory, all text under the file's own headers."""
    study = measure_study(extract, facts)
    got = {
        **sample_flow(study),
        **balance_table(study),
        **outcome_rates(study),
        **lengths(study),
        **significance(study),
        **programme(study, facts),
    }
    printed = [
        judge(name, target, got[name], slack) for name, (target, slack) in facts.printed.items()
    ]
    n_found = boundary_rows(study)["boundary"].value_counts()
    boundaries = [
        {
            "quantity": f"boundary rows: {name}",
            "target": f">= {LEAST_ROWS}",
            "got": int(n_found.get(name, 0)),
            "tolerance": 0,
            "ok": n_found.get(name, 0) >= LEAST_ROWS,
        }
        for name in BOUNDARIES
    ]
    return pd.DataFrame(printed + boundaries)


def failures(extract: pd.DataFrame, facts: StudyFacts) -> pd.DataFrame:
    """The rows of the check that aren't ok."""
    table = check(extract, facts)
    return table[~table["ok"]]


def sample_flow(study: MeasuredStudy) -> Measures:
    """Counts of every step of the sample, and the first and last days of it."""
    cases = study.cases
    treated, eligible, weight = cases["treated"], cases["is_eligible"], cases["weight"]
    start = cases.loc[eligible, "plan_start_date"]
    treated_start = cases.loc[eligible & treated, "plan_start_date"]
    return {
        "recorded treated cases": int(treated.sum()),
        "eligible treated cases": int((treated & eligible).sum()),
        "eligible comparator cases": int((~treated & eligible).sum()),
        "matched treated cases": int((treated & (weight > 0)).sum()),
        "matched comparator cases": int((~treated & (weight > 0)).sum()),
        "ineligible comparator cases": int((~treated & ~eligible).sum()),
        "sum of comparator weights": float(weight[~treated].sum()),
        "first programme entry": _day(cases.loc[eligible, "programme_start_date"].min()),
        "latest plan start of an eligible case": _day(start.max()),
        "earliest plan start of an eligible case": _day(start.min()),
        "latest plan start of an eligible treated case": _day(treated_start.max()),
        "earliest plan start of an eligible treated case": _day(treated_start.min()),
    }


def balance_table(study: MeasuredStudy) -> Measures:
    """Table 3 before and after matching, with the stars of a two-sample test."""
    eligible = study.cases[study.cases["is_eligible"]]
    measures: Measures = {"largest gap in the exactly matched shares": largest_share_gap(eligible)}
    for when, sample in (("before", eligible.assign(weight=1.0)), ("after", eligible)):
        frame = sample.assign(treated=sample["treated"].astype(int))
        frame = frame.astype(dict.fromkeys(COVARIATES, float))
        balance = covariate_balance(frame, COVARIATES).set_index("covariate")
        for name, row in balance.iterrows():
            label, scale = (f"{name} %", 100) if name in BINARIES else (name, 1)
            for arm in ARMS.values():
                measures[f"{label}, {arm}, {when} matching"] = scale * row[f"mean_{arm}"]
        marks = balance["p_value"].map(stars)
        if when == "before":
            measures |= {f"stars before matching ({name})": mark for name, mark in marks.items()}
        else:
            measures["stars after matching (all seven)"] = "".join(marks)
    return measures


def outcome_rates(study: MeasuredStudy) -> Measures:
    """Counts and weighted percentages of the matched sample."""
    cases = study.cases
    matched = cases[cases["weight"] > 0]
    measures: Measures = {
        "undated escalations, all cases": int((cases["undated"] & cases["is_eligible"]).sum())
    }
    for is_treated, arm in ARMS.items():
        rows = matched[matched["treated"] == is_treated]
        weight = rows["weight"]
        for column, name in OUTCOME_NAMES.items():
            measures[f"{name}, {arm} cases"] = int(rows[column].sum())
            measures[f"{name}, {arm} %"] = 100 * float(np.average(rows[column], weights=weight))
        closed = rows["closed_recorded"]
        share_after = np.average(rows.loc[closed, "escalated_after"], weights=weight[closed])
        measures[f"escalated after closure, {arm} cases"] = int(rows["escalated_after"].sum())
        measures[f"escalated after closure, {arm} % of closed"] = 100 * float(share_after)
        measures[f"short observation, {arm} cases"] = int(rows["short_observation"].sum())
        measures[f"undated escalations, matched {arm} cases"] = int(rows["undated"].sum())
    return measures


def lengths(study: MeasuredStudy) -> Measures:
    """Mean length of cases that closed well, and the censored-normal regression."""
    matched = study.cases[study.cases["weight"] > 0]
    measures: Measures = {}
    for is_treated, arm in ARMS.items():
        rows = matched[(matched["treated"] == is_treated) & matched["closed_well"]]
        mean = np.average(rows["length_weeks"], weights=rows["weight"])
        measures[f"mean weeks of closed cases, {arm}"] = float(mean)
    _, groups = np.unique(matched["child_id"], return_inverse=True)
    fit = fit_censored_normal(
        matched["length_weeks"].to_numpy(),
        np.where(matched["closed_well"], 0, 1),
        np.column_stack([np.ones(len(matched)), matched["treated"]]),
        ("constant", "treated"),
        matched["weight"].to_numpy(),
        groups,
    ).coefficients
    measures["latent mean length in weeks, comparator"] = float(fit.coef[0])
    measures["effect on length in weeks"] = float(fit.coef[1])
    measures["p (length)"] = two_sided_p(fit.coef[1] / fit.std_error("treated"), None)
    return measures


def significance(study: MeasuredStudy) -> Measures:
    """p-values and stars: primary outcomes after Benjamini-Hochberg, the others as they are."""
    cases = study.cases
    treated, weight = cases["treated"].to_numpy(), cases["weight"].to_numpy()
    _, child = np.unique(cases["child_id"], return_inverse=True)
    measures: Measures = {
        f"p ({name})": difference_p(cases[column].to_numpy(float), treated, weight, child)
        for column, name in OUTCOME_NAMES.items()
    }
    measures["p (length)"] = lengths(study)["p (length)"]
    primary = [
        "closed without later escalation",
        "length",
        "escalated",
        "rereferred within 12 months",
    ]
    adjusted = benjamini_hochberg([float(measures[f"p ({name})"]) for name in primary])
    measures |= {f"stars ({name})": stars(p) for name, p in zip(primary, adjusted, strict=True)}
    for name in ("rereferred at any time", "escalated to LAC"):
        measures[f"stars ({name})"] = stars(float(measures[f"p ({name})"]))
    measures["p (escalated, propensity score)"] = _propensity_p(cases[cases["is_eligible"]])
    measures["stars (escalated, propensity score)"] = stars(
        float(measures["p (escalated, propensity score)"])
    )
    return measures


def programme(study: MeasuredStudy, facts: StudyFacts) -> Measures:
    """Weeks in service, wards of the first treated children to enter, and needs."""
    treated = study.cases[study.cases["treated"]]
    eligible = treated[treated["is_eligible"]]
    stay = eligible["programme_end_date"] - eligible["programme_start_date"]
    n_first = sum(facts.wards.values())
    first_in = treated.sort_values(["programme_start_date", "case_id"]).head(n_first)
    wards = first_in["ward"].value_counts()
    return {
        "case-weeks in the programme": float(stay.dt.days.sum() / 7),
        **{
            f"ward {name}, first {n_first} treated children": int(wards.get(name, 0))
            for name in facts.wards
        },
        "need N1 for over half of the treated": "yes"
        if (treated["primary_need_code"] == "N1").mean() > 0.5
        else "no",
    }


def _propensity_p(eligible: pd.DataFrame) -> float:
    treated = eligible["treated"].to_numpy()
    _, child = np.unique(eligible["child_id"], return_inverse=True)
    weights = propensity_weights(eligible.rename(columns={"plan_start_date": "start_date"}))
    return difference_p(eligible["escalated"].to_numpy(float), treated, weights, child)


def judge(name: str, target: str | float, got: str | float, slack: float) -> dict[str, object]:
    """A row of a check: is `got` the target, give or take `slack`?"""
    if isinstance(target, str) or isinstance(got, str):
        is_ok = str(target) == str(got)
    else:
        is_ok = abs(got - target) <= slack
    return {"quantity": name, "target": target, "got": got, "tolerance": slack, "ok": is_ok}


def _day(value: pd.Timestamp) -> str:
    return value.date().isoformat()
