"""Every figure that the trial's files have to bring back, from the files alone."""

from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from lifelines.statistics import logrank_test
from scipy.stats import mannwhitneyu

from csc_outcomes.synthetic.risk_marks import COMPONENTS, case_scores
from csc_outcomes.synthetic.trial.codings import risk_facts
from csc_outcomes.synthetic.trial.curves import (
    comparators_are_faster,
    fewer_treated_open_at_the_end,
    open_shares,
)
from csc_outcomes.synthetic.trial.facts import ARMS, TrialFacts
from csc_outcomes.synthetic.trial.study_frame import TrialFrame, completed_years

Measures = dict[str, str | float]
WEEKLY_COST = {"treated": 68.05, "comparator": 55.13}  # table 6
LEAST_ITEMS = 3


def measure_all(frame: TrialFrame, facts: TrialFacts) -> Measures:
    """Measure by name, as in `printed` of the YAML file."""
    return {
        **sample(frame),
        **closures(frame),
        **earlier_support(frame),
        **lengths(frame),
        **escalations(frame, facts),
        **absences(frame, facts),
        **questionnaires(frame, facts),
        **codings(frame, facts),
        **staff(frame),
        **interviews(frame),
    }


def sample(frame: TrialFrame) -> Measures:
    """Who was recommended, allocated and analysed."""
    study, allocations = frame.study, frame.files["allocations"]
    family_arms = study.groupby("family_id")["arm"]
    n_index = study.groupby("family_id")["is_index_child"].sum()
    left_out = allocations[allocations["allocation_status"] != "allocated"]
    never = frame.cases[~frame.cases["child_id"].isin(allocations["child_id"])]
    earlier = never["family_id"].isin(study["family_id"])
    months = study["allocated_date"].str[:7]
    return {
        "families allocated": study["family_id"].nunique(),
        "children allocated": study["child_id"].nunique(),
        "index cases allocated": int(study["is_index_child"].sum()),
        "mean children a family": len(study) / study["family_id"].nunique(),
        "index cases with an incomplete outcome": int(
            (study["is_index_child"] & ~study["is_outcome_known"]).sum()
        ),
        "index cases analysed": len(frame.analysed),
        **{
            f"index cases analysed, {arm}": int((frame.analysed["arm"] == arm).sum())
            for arm in ARMS
        },
        **{f"families allocated, {arm}": int((family_arms.first() == arm).sum()) for arm in ARMS},
        "families in two arms": int((family_arms.nunique() > 1).sum()),
        "families without one index child": int((n_index != 1).sum()),
        **{
            f"families not allocated, {status}": rows["family_id"].nunique()
            for status, rows in left_out.groupby("allocation_status")
        },
        "children never recommended": never.loc[~earlier, "child_id"].nunique(),
        "first allocation": months.min(),
        "last allocation": months.max(),
    }


def closures(frame: TrialFrame) -> Measures:
    """Closures and re-referrals by arm, and the linear models of closure."""
    cases = frame.analysed
    measures: Measures = {}
    for arm in ARMS:
        rows = cases[cases["arm"] == arm]
        measures[f"closed and not re-referred, {arm}"] = int(rows["closed"].sum())
        measures[f"re-referred after closure, {arm}"] = int(rows["rereferred"].sum())
    model = sm.OLS(cases["closed"], _adjusted(cases))
    by_family = {"groups": pd.factorize(cases["family_id"])[0]}
    fits = [model.fit(cov_type="HC1", use_t=True)]
    fits.append(model.fit(cov_type="cluster", cov_kwds=by_family, use_t=True))
    interacted = _adjusted(cases).assign(both=cases["treated"] * cases["history"])
    both = sm.OLS(cases["closed"], interacted).fit(cov_type="HC1", use_t=True)
    total = both.t_test("treated + both = 0")
    at_means = model.exog.mean(axis=0) @ fits[0].params.to_numpy()
    effect, share = float(fits[0].params["treated"]), float(cases["treated"].mean())
    return {
        **measures,
        "effect on closure, pp": 100 * effect,
        "p of the effect on closure above 5 %, HC1": _yes(fits[0].pvalues["treated"] > 0.05),
        "p of the effect on closure above 5 %, by family": _yes(fits[1].pvalues["treated"] > 0.05),
        "predicted closed at covariate means, treated %": 100 * (at_means + (1 - share) * effect),
        "predicted closed at covariate means, comparator %": 100 * (at_means - share * effect),
        "effect on closure with earlier support, pp": 100 * float(total.effect[0]),
        "p of the effect with earlier support above 5 %": _yes(float(total.pvalue) > 0.05),
        "p of the interaction above 5 %": _yes(both.pvalues["both"] > 0.05),
        "interaction with earlier support, pp": 100 * float(both.params["both"]),
        "effect on closure without earlier support, pp": 100 * float(both.params["treated"]),
    }


def _adjusted(cases: pd.DataFrame) -> pd.DataFrame:
    """Constant, treatment and covariates; age as one indicator per completed year."""
    ages = pd.get_dummies(cases["age"], prefix="age", drop_first=True)
    plain = cases[["treated", "female", "disability", "history"]]
    return sm.add_constant(pd.concat([plain, ages], axis=1).astype(float))


def earlier_support(frame: TrialFrame) -> Measures:
    """How many of the analysed families had support before the study."""
    cases = frame.analysed
    return {
        "families with earlier support, share": float(cases["history"].mean()),
        "families with earlier support, the open spell left out": int(cases["history_told"].sum()),
        "index cases open when the study started, share": float(cases["was_open"].mean()),
    }


def lengths(frame: TrialFrame) -> Measures:
    """Weeks open, what they cost, and how the curves of the arms compare."""
    cases = frame.analysed
    weeks = cases.groupby("arm")["days_open"].mean() / 7
    shares = open_shares(cases["days_open"], cases["closed"], cases["arm"])
    treated = cases[cases["treated"] == 1]
    others = cases[cases["treated"] == 0]
    test = logrank_test(
        treated["days_open"], others["days_open"], treated["closed"], others["closed"]
    )
    return {
        **{f"mean weeks open, {arm}": float(weeks[arm]) for arm in ARMS},
        **{f"cost per case, {arm}": float(weeks[arm] * WEEKLY_COST[arm]) for arm in ARMS},
        "comparators close faster between day 100 and 300": _yes(comparators_are_faster(shares)),
        "fewer treated open at the end of the curves": _yes(fewer_treated_open_at_the_end(shares)),
        "p of the log-rank test above 5 %": _yes(test.p_value > 0.05),
    }


def escalations(frame: TrialFrame, facts: TrialFacts) -> Measures:
    """Child protection plans of analysed cases that began in the study."""
    cases = frame.analysed[frame.analysed["escalated"]]
    first, last = (pd.Timestamp(day) for day in facts.outcomes["escalated"]["window"])
    return {
        **{
            f"escalated to child protection, {arm}": int((cases["arm"] == arm).sum())
            for arm in ARMS
        },
        "escalated to child protection, November 2015 to April 2016": int(
            cases["first_cp_date"].between(first, last).sum()
        ),
    }


def absences(frame: TrialFrame, facts: TrialFacts) -> Measures:
    """Days absent over the terms that count, of pupils without an objection."""
    rows, objections = frame.files["school_absences"], frame.files["objections"]
    counted = rows[
        (rows["school_year"] == facts.school["year"])
        & rows["term"].isin(["autumn", "spring"])
        & ~rows["child_id"].isin(objections["child_id"])
    ]
    days = counted["sessions_absent"].astype(int).groupby(counted["child_id"]).sum() / 2
    study = frame.study.assign(age=completed_years(frame.study))
    pupils = study.merge(days.rename("days"), left_on="child_id", right_index=True)
    is_older = pupils["age"] >= facts.school["first_secondary_age"]
    phases = {"all": pupils, "primary": pupils[~is_older], "secondary": pupils[is_older]}
    fits = {
        phase: sm.OLS(some["days"], sm.add_constant(some[["treated", "history"]])).fit(
            cov_type="HC1", use_t=True
        )
        for phase, some in phases.items()
    }
    objected = rows.loc[rows["child_id"].isin(objections["child_id"]), "child_id"]
    return {
        **{f"pupils with absences, {phase}": len(some) for phase, some in phases.items()},
        "pupils whose records were objected to": objected.nunique(),
        "pupils in two schools": int(
            (counted.groupby("child_id")["school_id"].nunique() > 1).sum()
        ),
        "pupils without absences, share": float((pupils["days"] == 0).mean()),
        **{
            f"mean days absent, {phase}": float(phases[phase]["days"].mean())
            for phase in ("primary", "secondary")
        },
        **{
            f"sign of the effect on absences, {phase}": "+" if fit.params["treated"] > 0 else "-"
            for phase, fit in fits.items()
        },
        "p of the effects on absences above 10 %": _yes(
            all(fit.pvalues["treated"] > 0.1 for fit in fits.values())
        ),
    }


def questionnaires(frame: TrialFrame, facts: TrialFacts) -> Measures:
    """Scores of the first wave, by scale and in total."""
    rows = frame.files["sdq_answers"].astype({"item_number": int, "score": int})
    first, later = rows[rows["wave"] == "1"], rows[rows["wave"] != "1"]
    scores = _sdq_scores(first, facts)
    arms = frame.study.set_index("child_id")["arm"].reindex(scores.index)
    by_arm = {arm: scores[arms == arm] for arm in ARMS}
    tests = [
        mannwhitneyu(by_arm["treated"][scale].dropna(), by_arm["comparator"][scale].dropna())
        for scale in scores
    ]
    means = {arm: float(part["total"].mean()) for arm, part in by_arm.items()}
    early = first.loc[first["form"] == "early_years", "child_id"].nunique()
    n_items = len(scores) * 25
    return {
        **{f"questionnaires, {arm}": len(part) for arm, part in by_arm.items()},
        "answers missing, share": 1 - len(first) / n_items,
        "total difficulties, mean": float(scores["total"].mean()),
        "total difficulties, standard deviation": float(scores["total"].std()),
        "total difficulties, treated less comparator": means["treated"] - means["comparator"],
        "p of the six Mann-Whitney tests above 20 %": _yes(
            all(test.pvalue > 0.2 for test in tests)
        ),
        "questionnaires of a second wave": later["child_id"].nunique(),
        "questionnaires on the form for early years at least 3": _yes(early >= 3),
    }


def _sdq_scores(rows: pd.DataFrame, facts: TrialFacts) -> pd.DataFrame:
    """Five scales, 0-10, and total difficulties of each child; a scale with fewer than three
    answers has no score (sdqinfo.org)."""
    turned = rows["score"].where(
        ~rows["item_number"].isin(facts.sdq["reversed"]), 2 - rows["score"]
    )
    scores = pd.DataFrame(index=sorted(rows["child_id"].unique()))
    for scale, section in facts.sdq["scales"].items():
        answers = turned[rows["item_number"].isin(section["items"])].groupby(rows["child_id"])
        enough = answers.count() >= LEAST_ITEMS
        scores[scale] = np.floor(0.5 + 5 * answers.mean()).where(enough)
    difficulties = [scale for scale in scores if scale != "prosocial"]
    return scores.assign(total=scores[difficulties].sum(axis=1, skipna=False))


def codings(frame: TrialFrame, facts: TrialFacts) -> Measures:
    """Scores of the coded cases at both points in time."""
    rows = frame.files["risk_codings"].rename(
        columns={
            "case_id": "case_ref",
            "factor_id": "factor",
            "time_point": "timepoint",
            "is_present": "present",
        }
    )
    risk = risk_facts(facts)
    scored = case_scores(rows, risk.classes, risk.levels)
    arms = frame.analysed.set_index("case_id")["arm"]
    scored["arm"] = scored["case_ref"].map(arms)
    means: Any = scored.groupby(["arm", "timepoint"])[[*COMPONENTS, "total"]].mean()
    change = {arm: means.loc[(arm, "latest")] - means.loc[(arm, "referral")] for arm in ARMS}
    ahead = {
        when: means.loc[("treated", when), "total"] - means.loc[("comparator", when), "total"]
        for when in ("referral", "latest")
    }
    total = {when: part["total"] for when, part in scored.groupby("timepoint")}
    at_referral = rows[(rows["timepoint"] == "referral") & (rows["present"] == "1")]
    coded = scored[scored["timepoint"] == "referral"]
    return {
        **{f"cases coded, {arm}": int((coded["arm"] == arm).sum()) for arm in ARMS},
        **{
            f"coded at referral, {factor}": int((at_referral["factor"] == factor).sum())
            for factor in facts.risk["prevalence"]
        },
        "most totals at referral between -6 and 2": _yes(
            total["referral"].between(-6, 2).mean() > 0.6
        ),
        "most totals at latest between 2 and 6": _yes(total["latest"].between(2, 6).mean() > 0.5),
        "treated less safe at referral": _yes(ahead["referral"] < 0),
        "treated safer at latest": _yes(ahead["latest"] > 0),
        "change of risk factors alike": _yes(
            abs(change["treated"]["risk"] - change["comparator"]["risk"]) <= 0.3
        ),
        "protective factors rise when treated": _yes(change["treated"]["protective"] > 0),
        "protective factors fall a little in comparators": _yes(
            -0.5 <= change["comparator"]["protective"] < 0
        ),
    }


def staff(frame: TrialFrame) -> Measures:
    """Stress by organisation, and what was counted."""
    stress = frame.files["staff_stress"]
    groups = {str(name): rows for name, rows in stress.groupby("organisation")}
    means = {
        name: float(rows["stress_score"].astype(float).mean()) for name, rows in groups.items()
    }
    counts = frame.files["workload_counts"].astype({"n_counted": int})
    month = counts["counted_date"].str[:7]
    average = counts.groupby([counts["measure"], counts["organisation"], month])["n_counted"].mean()
    held = counts[counts["measure"] == "cases_held"].groupby("organisation")["n_counted"]
    visits, cases_held = average["visits_in_month"], average["cases_held"]["programme"]
    return {
        **{f"staff who answered, {name}": len(rows) for name, rows in groups.items()},
        **{
            f"workload the main factor, {name}": int((rows["main_factor"] == "workload").sum())
            for name, rows in groups.items()
        },
        "stress higher in the authority": _yes(means["authority"] > means["programme"]),
        **{f"visits a month, programme, {at}": float(n) for at, n in visits["programme"].items()},
        **{
            f"visits, programme over authority, {at}": float(n / visits["authority"][at])
            for at, n in visits["programme"].items()
        },
        **{f"cases held, programme, {at}": float(n) for at, n in cases_held.items()},
        "most cases held, programme": int(held.max()["programme"]),
        "least cases held, authority": int(held.min()["authority"]),
        "most cases held, authority": int(held.max()["authority"]),
    }


def interviews(frame: TrialFrame) -> Measures:
    """Participants and interviews by kind, and what became of the cases studied."""
    rows = frame.files["interviews"]
    measures: Measures = {
        f"interviewed, {kind} of the {organisation}": (
            f"{part['participant_id'].nunique()} in {len(part)}"
        )
        for (kind, organisation), part in rows.groupby(["participant_type", "organisation"])
    }
    for topic in ("experience", "delivery"):
        measures[f"interviews on {topic}"] = int((rows["topic"] == topic).sum())
    studies = rows[rows["case_number"] != ""].drop_duplicates("case_number")
    for outcome, part in studies.groupby("case_outcome"):
        n = part["organisation"].value_counts()
        measures[f"case studies {outcome}"] = ", ".join(
            f"{n.get(name, 0)} {name}" for name in ("programme", "authority")
        )
    return measures


def _yes(is_so: Any) -> str:
    return "yes" if is_so else "no"
