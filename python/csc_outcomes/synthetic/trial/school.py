"""Absences from school of the allocated children, session by session counts of each term.

The two terms that count are drawn until the models of `measures.py` have the printed signs and find
nothing; the rows that mustn't count (another term, another year, children whose records were
objected to) are there to be left out.
"""

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.days import IntArray, day_number
from csc_outcomes.synthetic.luck import OutOfLuckError, choose
from csc_outcomes.synthetic.trial.facts import TrialFacts
from csc_outcomes.synthetic.trial.families import ALLOCATED

PHASES = ("primary", "secondary")
TERMS = ("autumn", "spring")
HEADERS = ("child_ref", "school_year", "term", "school_ref", "sessions_possible", "sessions_missed")


def draw_pupils(rng: np.random.Generator, cases: pd.DataFrame, facts: TrialFacts) -> pd.DataFrame:
    """One row per pupil of whom the file tells: `child_ref`, `phase`, `treated`, `is_objected`.

    Raises OutOfLuckError where too few of the allocated children are of school age.
    """
    wanted = facts.school
    first, last = (day_number(wanted["born"][bound]) for bound in ("from", "to"))
    children = cases[cases["kind"].isin(ALLOCATED) & cases["birth"].between(first, last)]
    is_older = children["age"] >= wanted["first_secondary_age"]
    parts = []
    for phase in PHASES:
        pool = children.index[is_older == (phase == "secondary")]
        n_objected = wanted["objections"][phase]
        rows = choose(rng, pool, wanted["pupils"][phase] + n_objected, f"{phase} pupils")
        part = children.loc[rows, ["child_ref", "arm", "support"]].assign(phase=phase)
        parts.append(part.assign(is_objected=np.arange(len(rows)) < n_objected))
    pupils = pd.concat(parts, ignore_index=True)
    return pupils.assign(treated=(pupils["arm"] == "treated").astype(int))


def draw_absences(
    rng: np.random.Generator, pupils: pd.DataFrame, facts: TrialFacts
) -> pd.DataFrame:
    """The rows of school_absences.csv: text under `HEADERS`."""
    wanted = facts.school
    sessions = _sessions(rng, pupils, facts)
    schools = [
        f"{phase[0].upper()}{rng.integers(1, wanted['schools'][phase] + 1):02d}"
        for phase in pupils["phase"]
    ]
    share = rng.beta(12, 10, len(pupils))
    autumn = np.rint(sessions * share).astype(np.int64)
    by_term = {"autumn": autumn, "spring": sessions - autumn}
    for term, missed in by_term.items():
        if (missed > wanted["possible"][term]).any():
            raise OutOfLuckError(f"more sessions missed than there are in {term}")
    here = pupils.assign(school=schools)
    rows = [
        _term_rows(here, wanted["year"], term, wanted["possible"][term], missed)
        for term, missed in by_term.items()
    ]
    rows.append(_extra(rng, here, wanted["year"], "summer", wanted["with_summer"], facts))
    rows.append(
        _extra(rng, here, wanted["year_before"], "spring", wanted["with_year_before"], facts)
    )
    table = _two_schools(rng, pd.concat(rows, ignore_index=True), here, facts)
    return table.sample(frac=1, random_state=rng)[list(HEADERS)].astype(str)


def objections(rng: np.random.Generator, pupils: pd.DataFrame) -> pd.DataFrame:
    """The rows of objections.csv."""
    refs = rng.permutation(pupils.loc[pupils["is_objected"], "child_ref"].to_numpy(str))
    return pd.DataFrame({"child_id": refs, "objects_to": "school_data"})


def _sessions(rng: np.random.Generator, pupils: pd.DataFrame, facts: TrialFacts) -> IntArray:
    """Sessions missed in both terms: a negative binomial by phase and arm, with some of none."""
    wanted = facts.school
    means = np.array(
        [
            wanted["mean_sessions"][phase][treated]
            for phase, treated in zip(pupils["phase"], pupils["treated"], strict=True)
        ]
    )
    shape = wanted["dispersion"]
    drawn = rng.poisson(rng.gamma(shape, means / (1 - wanted["share_zero"]) / shape))
    drawn[rng.random(len(pupils)) < wanted["share_zero"]] = 0
    return np.minimum(drawn, sum(wanted["possible"][term] for term in TERMS) // 2)


def _term_rows(
    pupils: pd.DataFrame, year: str, term: str, possible: int, missed: IntArray
) -> pd.DataFrame:
    values = (pupils["child_ref"], year, term, pupils["school"], possible, missed)
    return pd.DataFrame(dict(zip(HEADERS, values, strict=True)))


def _extra(
    rng: np.random.Generator,
    pupils: pd.DataFrame,
    year: str,
    term: str,
    n: int,
    facts: TrialFacts,
) -> pd.DataFrame:
    some = pupils.loc[rng.choice(pupils.index.to_numpy(), n, replace=False)]
    return _term_rows(some, year, term, facts.school["possible"][term], rng.integers(5, 60, n))


def _two_schools(
    rng: np.random.Generator, rows: pd.DataFrame, pupils: pd.DataFrame, facts: TrialFacts
) -> pd.DataFrame:
    """Some pupils changed school in the autumn: half of each term's sessions at another school."""
    counted = pupils.loc[~pupils["is_objected"], "child_ref"].to_numpy(str)
    movers = rng.choice(counted, facts.school["two_schools"], replace=False)
    moved = rows["child_ref"].isin(movers) & (rows["school_year"] == facts.school["year"])
    first, second = rows[moved].copy(), rows[moved].copy()
    second["school_ref"] += "X"
    for name in ("sessions_possible", "sessions_missed"):
        second[name] = first[name] // 2
        first[name] -= second[name]
    return pd.concat([rows[~moved], first, second], ignore_index=True)
