"""The case list: every child's case, earlier cases, and rows on the edges of the trial's rules."""

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.days import NEVER, IntArray, iso_dates
from csc_outcomes.synthetic.luck import OutOfLuckError
from csc_outcomes.synthetic.trial.draws import within
from csc_outcomes.synthetic.trial.facts import TrialFacts
from csc_outcomes.synthetic.trial.families import ALLOCATED, NEVER_RECOMMENDED
from csc_outcomes.synthetic.trial.outcomes import after_study, draw_outcomes

LIST_SEPARATOR = ";"
WITH_INDEX = 0.75  # share of siblings whose case ends as the index child's does
OWN_CLOSURE_DAYS = (60, 420)


def draw_cases(
    rng: np.random.Generator, families: pd.DataFrame, children: pd.DataFrame, facts: TrialFacts
) -> pd.DataFrame:
    """One row per case in day numbers; those of `children` first, then the families' earlier cases.

    Raises OutOfLuckError where the index cases can't be made to fit.
    """
    cases = _joined(children, families).assign(close=NEVER, rereferral=NEVER, cp=NEVER)
    cases["told"] = cases["told"].where(cases["support"].isin(["told", "open_and_told"]), NEVER)
    cases["is_known"] = ~((cases["kind"] == "incomplete") & cases["is_index"])
    is_analysed = (cases["kind"] == "analysed") & cases["is_index"]
    index_cases = cases[is_analysed].assign(
        treated=(cases["arm"] == "treated").astype(int),
        history=(cases["support"] != "none").astype(int),
    )
    made = ["close", "rereferral", "cp"]
    cases.loc[is_analysed, made] = draw_outcomes(rng, index_cases, facts)[made]
    cases = _with_siblings(rng, cases, facts)
    cases = _on_the_edges(rng, cases, facts)
    return pd.concat([cases, _earlier_cases(rng, cases, facts)], ignore_index=True)


def _joined(children: pd.DataFrame, families: pd.DataFrame) -> pd.DataFrame:
    """Children with what is of their family; `child` numbers them."""
    own = families[["kind", "arm", "support", "recoded", "allocated", "told"]]
    joined = children.join(own, on="family")
    joined["recoded"] = np.maximum(joined["start"], joined["recoded"])
    return joined.assign(child=np.arange(len(joined)))


def _with_siblings(
    rng: np.random.Generator, cases: pd.DataFrame, facts: TrialFacts
) -> pd.DataFrame:
    """Most siblings' cases end as the index child's, the others on days of their own."""
    index = cases[cases["is_index"]].set_index("family")[["close", "rereferral", "kind"]]
    of_index = cases[["family"]].join(index, on="family")
    n = len(cases)
    own = cases["recoded"].to_numpy() + within(rng, OWN_CLOSURE_DAYS, n)
    own = np.where(own <= facts.days.as_of, own, NEVER)
    follows = (
        (rng.random(n) < WITH_INDEX)
        & (of_index["kind"] == "analysed").to_numpy()
        & (of_index["close"] > cases["recoded"]).to_numpy()
    )
    drawn = cases.assign(
        close=np.where(follows, of_index["close"], own),
        rereferral=np.where(follows, of_index["rereferral"], NEVER),
    )
    drawn = after_study(rng, drawn, facts)
    is_sibling = ~(cases["is_index"] & (cases["kind"] == "analysed"))
    is_open_for_good = (cases["kind"] == "incomplete") & cases["is_index"]
    changed = cases.copy()
    for name in ("close", "rereferral"):
        changed[name] = cases[name].where(~is_sibling, drawn[name])
        changed[name] = changed[name].mask(is_open_for_good, NEVER)
    return changed


def _on_the_edges(rng: np.random.Generator, cases: pd.DataFrame, facts: TrialFacts) -> pd.DataFrame:
    """The cases, with one of a sibling and one of a child who was never recommended on each edge.

    No edge touches an index case. Referrals before the study's first day are put on never
    recommended children alone: of a sibling they would be earlier support of the family.
    """
    start, end = facts.days.start, facts.days.end
    inside = end - 90
    edges: list[dict[str, int]] = [
        {"start": start},
        {"close": end, "rereferral": NEVER},
        {"close": end + 1, "rereferral": NEVER},
        {"close": inside, "rereferral": inside},
        {"close": inside, "rereferral": inside + 1},
        {"close": inside, "rereferral": end},
        {"told": start},
    ]
    plain = cases["support"] == "none"
    siblings = (
        plain & cases["kind"].isin(ALLOCATED) & ~cases["is_index"] & (cases["recoded"] < inside)
    )
    others = cases["kind"] == NEVER_RECOMMENDED
    cases = cases.copy()
    for rows, own in ((siblings, []), (others, [{"start": start - 1}] * 2)):
        wanted = [*edges, *own]
        free = rng.permutation(cases.index[rows])
        if len(free) < len(wanted):
            raise OutOfLuckError("too few cases for the edges of the rules")
        for row, edge in zip(free, wanted, strict=False):
            if "start" in edge:  # as old at the start as before
                cases.loc[row, "birth"] += edge["start"] - cases.loc[row, "start"]
            cases.loc[row, list(edge)] = list(edge.values())
    return cases


def _earlier_cases(
    rng: np.random.Generator, cases: pd.DataFrame, facts: TrialFacts
) -> pd.DataFrame:
    """A case, closed before the study started, of the oldest child of each family that has one."""
    with_one = cases[cases["support"] == "earlier_case"]
    oldest = with_one.sort_values("birth").drop_duplicates("family")
    n = len(oldest)
    start = facts.days.start - rng.integers(350, 900, n)
    return oldest.assign(
        start=start,
        close=start + rng.integers(60, 300, n),
        rereferral=NEVER,
        cp=NEVER,
        told=NEVER,
        is_index=False,
        kind="earlier",
        is_known=True,
    )


def references(rng: np.random.Generator, cases: pd.DataFrame) -> pd.DataFrame:
    """The cases in file order with `child_ref`, `family_ref` and `case_ref`, which say nothing."""
    shuffled = cases.sample(frac=1, random_state=rng).reset_index(drop=True)
    children = _numbers(rng, "CE", 20_000, cases["child"].nunique())
    families = _numbers(rng, "F", 3_000, cases["family"].nunique())
    return shuffled.assign(
        child_ref=children[shuffled["child"]],
        family_ref=families[shuffled["family"]],
        case_ref=_numbers(rng, "CIN", 50_000, len(shuffled)),
    )


def _numbers(rng: np.random.Generator, prefix: str, first: int, n: int) -> np.ndarray:
    return np.array([f"{prefix}{first + number}" for number in rng.permutation(n)])


def case_list_rows(cases: pd.DataFrame) -> pd.DataFrame:
    """The rows of cases.csv: text under the file's own headers; what is missing is empty."""
    flags = {
        name: np.where(cases[column], "1", "0")
        for name, column in (
            ("is_index", "is_index"),
            ("disability", "disability"),
            ("outcome_known", "is_known"),
        )
    }
    frame = pd.DataFrame(
        {
            "child_ref": cases["child_ref"],
            "family_ref": cases["family_ref"],
            "case_ref": cases["case_ref"],
            "is_index": np.where(cases["kind"] == NEVER_RECOMMENDED, "", flags["is_index"]),
            "dob": iso_dates(cases["birth"]),
            "gender": np.where(cases["female"], "F", "M"),
            "ethnicity": cases["ethnicity"],
            "disability": flags["disability"],
            "accommodation_status": cases["accommodation"],
            "need_code": cases["need"],
            "referral_date": iso_dates(cases["start"]),
            "close_date": iso_dates(cases["close"]),
            "rereferral_dates": iso_dates(cases["rereferral"]),
            "prior_cin_dates": _dates_before(cases["told"].to_numpy()),
            "first_cp_date": iso_dates(cases["cp"]),
            "outcome_known": flags["outcome_known"],
        }
    )
    return frame.astype(str)


def _dates_before(told: IntArray) -> list[str]:
    """One date, or two in one cell where the first lies long enough back to have been followed."""
    first = iso_dates(told)
    second = iso_dates(np.where((told != NEVER) & (told % 5 == 0), told - 400, NEVER))
    return [LIST_SEPARATOR.join(filter(None, pair)) for pair in zip(second, first, strict=True)]
