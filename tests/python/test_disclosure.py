"""Control of counts: what is hidden, what stays true, and what an attacker makes of the rest."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from csc_outcomes.disclosure.audit import attacked
from csc_outcomes.disclosure.cells import FEWEST_VALUES, controlled
from csc_outcomes.disclosure.profiles import DisclosureError, Profile, profile_from, read_profile
from long_form import times
from release_marts import random_mart

PROFILES = ("dfe", "opensafely", "tre10")
# written down here once more: the seed must not loosen by itself
LARGEST_HIDDEN = {"dfe": 5, "opensafely": 7, "tre10": 9}
ROUNDED_TO = {
    "dfe": {"authority": 1, "region": 10},
    "opensafely": {"authority": 5, "region": 5},
    "tre10": {"authority": 1, "region": 1},
}


def cells(counts: dict[str, int | None], level: str = "authority", **priority: int) -> pd.DataFrame:
    return pd.DataFrame(
        [("s", name, n, level, priority.get(name, 1)) for name, n in counts.items()],
        columns=["scope", "cell_id", "n", "level", "priority"],
    ).astype({"n": "Int64"})


def sums(**totals: list[str]) -> pd.DataFrame:
    """total = the sum of its parts, as relations."""
    rows = [
        ("s", total, cell, -1 if cell == total else 1)
        for total, parts in totals.items()
        for cell in [total, *parts]
    ]
    return pd.DataFrame(rows, columns=["scope", "relation_id", "cell_id", "coefficient"])


def symbols(decisions: pd.DataFrame) -> dict[str, str]:
    return dict(zip(decisions.cell_id, decisions.disclosure, strict=True))


def released(decisions: pd.DataFrame) -> dict[str, int]:
    shown = decisions.dropna(subset="released")
    return {cell: int(n) for cell, n in zip(shown.cell_id, shown.released, strict=True)}


# --- examples worked by hand ---


def test_a_small_count_takes_the_smallest_other_part_with_it():
    """4 + 6 + 30 = 40: 4 is hidden; alone it were 40 - 36. 6 is the smallest loss."""
    given = cells({"a": 4, "b": 6, "c": 30, "all": 40}, all=9)
    result = controlled(given, sums(all=["a", "b", "c"]), read_profile("dfe"))
    assert symbols(result) == {"a": "c", "b": "c", "c": "shown", "all": "shown"}
    assert released(result) == {"c": 30, "all": 40}


def test_priority_goes_before_size():
    given = cells({"a": 4, "b": 6, "c": 30, "all": 40}, all=9, b=8)
    result = controlled(given, sums(all=["a", "b", "c"]), read_profile("dfe"))
    assert symbols(result) == {"a": "c", "b": "shown", "c": "c", "all": "shown"}


def test_none_is_shown_and_never_hides_for_another():
    """4 + 0 = 4 and 3 + 0 + 20 = 23: the true zeros are shown, the 20 hides for the 3."""
    given = cells({"a": 4, "b": 0, "ab": 4, "c": 3, "d": 0, "e": 20, "cde": 23}, cde=9)
    relations = sums(ab=["a", "b"], cde=["c", "d", "e"])
    result = controlled(given, relations, read_profile("dfe"))
    assert released(result) == {"b": 0, "d": 0, "cde": 23}
    assert symbols(result)["ab"] == "c"


def test_where_the_total_leaves_too_few_values_it_is_hidden_too():
    """5 + 1 = 6: of a reader who sees the 6, 1 to 5 stay possible. 1 + 1 + 1 + 1 + 2 = 6 with
    five hidden parts leaves 1 or 2 only."""
    two = controlled(cells({"a": 5, "b": 1, "t": 6}), sums(t=["a", "b"]), read_profile("dfe"))
    assert symbols(two) == {"a": "c", "b": "c", "t": "shown"}
    parts = {"a": 1, "b": 1, "c": 1, "d": 1, "e": 2}
    five = controlled(cells({**parts, "t": 6}), sums(t=list(parts)), read_profile("dfe"))
    assert symbols(five)["t"] == "c"


def test_a_square_needs_four():
    """Rows and columns with totals: one small count takes one of its row, one of its column and
    the one across."""
    table = {"a": 2, "b": 40, "c": 50, "d": 60, "e": 70, "f": 80, "g": 90, "h": 91, "i": 92}
    names = list(table)
    rows = {f"row{i}": names[3 * i : 3 * i + 3] for i in range(3)}
    columns = {f"col{i}": names[i::3] for i in range(3)}
    totals = {total: sum(table[p] for p in parts) for total, parts in {**rows, **columns}.items()}
    given = cells({**table, **totals}, **dict.fromkeys(totals, 5))
    result = symbols(controlled(given, sums(**rows, **columns), read_profile("dfe")))
    assert sorted(cell for cell, symbol in result.items() if symbol == "c") == ["a", "b", "d", "e"]


def test_the_edges_of_each_profile():
    counts = {"n0": 0, "n1": 1, "n5": 5, "n6": 6, "n7": 7, "n8": 8, "n9": 9, "n10": 10, "n12": 12}
    nothing = sums().astype({"coefficient": int})
    shown = {p: released(controlled(cells(counts), nothing, read_profile(p))) for p in PROFILES}
    assert shown["dfe"] == {"n0": 0, "n6": 6, "n7": 7, "n8": 8, "n9": 9, "n10": 10, "n12": 12}
    assert shown["opensafely"] == {"n0": 0, "n8": 10, "n9": 10, "n10": 10, "n12": 10}
    assert shown["tre10"] == {"n0": 0, "n10": 10, "n12": 12}


def test_a_region_goes_to_the_nearest_ten():
    counts = {"n0": 0, "n5": 5, "n6": 6, "n14": 14, "n15": 15}
    result = controlled(cells(counts, "region"), sums(), read_profile("dfe"))
    assert released(result) == {"n0": 0, "n6": 10, "n14": 10, "n15": 20}


def test_a_rounded_total_protects_its_last_part():
    """3 + 20 = 23, shown as 20 for the region: the 3 may be 1 to 4 (15 to 24 less 20)."""
    given = pd.concat([cells({"a": 3, "b": 20}), cells({"region": 23}, "region")])
    relations = sums(region=["a", "b"])
    result = controlled(given, relations, read_profile("dfe"))
    assert released(result) == {"b": 20, "region": 20}
    found = attacked(result, relations, given, read_profile("dfe")).iloc[0]
    assert (found.lowest, found.highest, found.recovered) == (1, 4, False)


def test_symbols_tell_not_applicable_and_rounded_away_from_hidden():
    coarse = Profile(
        profile="coarse",
        profile_version=1,
        title="",
        smallest_count=3,
        authority_rounding=20,
        region_rounding=20,
        smallest_n=3,
        smallest_residual_df=1,
        largest_share=1,
        true_zero_shown=True,
        rates_from_rounded=False,
        source="",
    )
    result = controlled(cells({"none": None, "a": 2, "b": 9, "c": 10}), sums(), coarse)
    assert symbols(result) == {"none": "z", "a": "c", "b": "k", "c": "shown"}
    assert released(result) == {"c": 20}
    reasons = dict(zip(result.cell_id, result.disclosure_reason, strict=True))
    assert pd.isna(reasons["c"])
    assert reasons["b"] == "Rounds to 0 but is not 0"


def test_the_reason_does_not_tell_a_small_count_from_its_protector():
    given = cells({"a": 4, "b": 6, "c": 30, "all": 40}, all=9)
    result = controlled(given, sums(all=["a", "b", "c"]), read_profile("dfe"))
    assert result.loc[result.disclosure == "c", "disclosure_reason"].nunique() == 1


def test_the_same_counts_in_another_order_give_the_same_release():
    mart = random_mart(5)
    first = controlled(mart.cells, mart.relations, read_profile("dfe"))
    shuffled = controlled(
        mart.cells.sample(frac=1, random_state=1),
        mart.relations.sample(frac=1, random_state=2),
        read_profile("dfe"),
    )
    pd.testing.assert_frame_equal(first, shuffled)


@pytest.mark.parametrize(
    ("counts", "relations", "code"),
    [
        ({"a": 4, "t": 5}, sums(t=["a"]), "relation_false"),
        ({"a": 4}, sums(t=["a"]), "cell_unknown"),
        ({"a": -1}, sums(), "count_invalid"),
    ],
)
def test_what_does_not_fit_together_is_refused_by_name(counts, relations, code):
    with pytest.raises(DisclosureError, match=f"^{code}: cell .* of scope s"):
        controlled(cells(counts), relations, read_profile("dfe"))


def test_a_cell_twice_is_refused():
    with pytest.raises(DisclosureError, match="cell_twice"):
        controlled(pd.concat([cells({"a": 9}), cells({"a": 9})]), sums(), read_profile("dfe"))


def test_an_unknown_profile_is_answered_with_those_there_are():
    rows = pd.DataFrame({"profile": ["dfe", "other"]})
    with pytest.raises(DisclosureError, match=r"'none'; .* has dfe, other"):
        profile_from(rows, "none")


# --- random marts ---


@cache
def marts() -> tuple[pd.DataFrame, pd.DataFrame]:
    found = [random_mart(seed) for seed in range(times(40, 200))]
    both = [pd.concat([getattr(m, part) for m in found]) for part in ("cells", "relations")]
    return both[0].sort_values(["scope", "cell_id"], ignore_index=True), both[1]


@cache
def released_marts(profile: str) -> pd.DataFrame:
    """The cells beside what is decided of them."""
    given, relations = marts()
    decided = controlled(given, relations, read_profile(profile))
    return given.merge(decided, on=["scope", "cell_id"], validate="1:1")


@pytest.mark.parametrize("profile", PROFILES)
def test_no_small_count_is_shown_and_what_is_shown_is_true(profile):
    result = released_marts(profile)
    base = result.level.map(ROUNDED_TO[profile]).astype(int)
    is_small = result.n.between(1, LARGEST_HIDDEN[profile])
    assert is_small.sum() > times(100, 500)
    shown = result.disclosure == "shown"
    assert (shown == result.released.notna()).all()
    assert not (shown & is_small).any()
    assert shown[result.n == 0].all()
    assert (result.released[result.n == 0] == 0).all()
    assert not (result.released[result.n > 0] == 0).any()
    off = (result.released - result.n).abs()[shown]
    assert (off * 2 <= base[shown]).all()
    assert (result.released[shown] % base[shown] == 0).all()
    assert result.loc[~shown, "disclosure_reason"].notna().all()


@pytest.mark.parametrize("profile", PROFILES)
def test_an_attacker_recovers_no_small_count(profile, capsys):
    result, (_, relations) = released_marts(profile), marts()
    small = result.n.between(1, LARGEST_HIDDEN[profile])
    # of each mart some four, spread over it
    place = small.groupby(result.scope).cumsum() - 1
    count = small.groupby(result.scope).transform("sum")
    targets = small & ((place % (count // 3).clip(lower=1) == 0) | (place == count - 1))
    alone = result.copy()
    base = alone.level.map(ROUNDED_TO[profile]).astype(int)
    alone["released"] = ((alone.n + base // 2) // base * base).mask(small)
    rates = {}
    for name, published in {"both": result, "primary": alone}.items():
        ends = attack(published, relations, profile, targets)
        recovered = sum(low == high for low, high in ends)
        rates[name] = recovered / len(ends)
        if name == "both":
            assert len(ends) >= times(100, 500)
            assert recovered == 0
            assert all(high - low + 1 >= FEWEST_VALUES for low, high in ends)
    hidden = (result.disclosure == "c").sum()
    with capsys.disabled():
        print(
            f"\n{profile}: {len(ends)} small counts attacked, 0 recovered; hiding them alone gives "
            f"{rates['primary']:.0%} away; {hidden} of {len(result)} counts hidden"
        )
    # the attack is able to succeed
    assert rates["primary"] > (times(0, 1) / 100 if profile == "opensafely" else 0.2)


def attack(
    published: pd.DataFrame, relations: pd.DataFrame, profile: str, targets: pd.Series
) -> list[tuple[int, int]]:
    """Lowest and highest value that a reader can't rule out, of each targeted hidden count.

    Works on counts themselves, first by narrowing intervals relation by relation, then by linear
    programmes over the equations of a scope; nothing of it is the library's."""
    found = []
    ties = dict(list(relations.groupby("scope")))
    for scope, part in published.assign(target=targets).groupby("scope"):
        part = part.reset_index(drop=True)
        place = {cell: i for i, cell in enumerate(part.cell_id)}
        equations = [
            [(place[cell], int(k)) for cell, k in zip(rows.cell_id, rows.coefficient, strict=True)]
            for _, rows in ties[scope].groupby("relation_id")
        ]
        low, high = guesses(part, profile)
        narrowed(equations, low, high)
        for cell in np.flatnonzero(part.target):
            found.append(ends(int(cell), equations, low, high))
    return found


def guesses(part: pd.DataFrame, profile: str) -> tuple[list[float], list[float]]:
    """What each count may be by itself, from what is printed in its place."""
    low, high = [], []
    for printed, level in zip(part.released, part.level, strict=True):
        base = ROUNDED_TO[profile][level]
        if pd.isna(printed):
            behind = [1.0, np.inf]
        else:
            behind = [n for n in range(int(printed) - base, int(printed) + base + 1) if n >= 0]
            behind = [n for n in behind if (n + base // 2) // base * base == printed]
            behind = [n for n in behind if not 1 <= n <= LARGEST_HIDDEN[profile]]
            behind = [0] if printed == 0 else behind
        low.append(float(behind[0]))
        high.append(float(behind[-1]))
    return low, high


def narrowed(equations: list, low: list[float], high: list[float]) -> None:
    """Narrows intervals by one equation at a time four rounds at most (in place)."""
    for _ in range(4):
        before = (list(low), list(high))
        for equation in equations:
            for cell, k in equation:
                rest = [(j, -w / k) for j, w in equation if j != cell]
                least = sum(w * (low[j] if w > 0 else high[j]) for j, w in rest)
                most = sum(w * (high[j] if w > 0 else low[j]) for j, w in rest)
                low[cell] = max(low[cell], np.ceil(least - 1e-9))
                high[cell] = min(high[cell], np.floor(most + 1e-9))
        if before == (low, high):
            return


def ends(cell: int, equations: list, low: list[float], high: list[float]) -> tuple[int, int]:
    if low[cell] == high[cell]:
        return int(low[cell]), int(high[cell])
    used, seen = {cell}, set()
    while True:
        tied = {
            e
            for e, equation in enumerate(equations)
            if any(j in used and low[j] < high[j] for j, _ in equation)
        }
        if tied == seen:
            break
        seen = tied
        used |= {j for e in tied for j, _ in equations[e]}
    names = {j: i for i, j in enumerate(sorted(used))}
    matrix = np.zeros((len(seen), len(names)))
    for row, e in enumerate(sorted(seen)):
        for j, k in equations[e]:
            matrix[row, names[j]] += k
    if not len(matrix):
        return int(low[cell]), 10**9
    aim = np.zeros(len(names))
    aim[names[cell]] = 1
    cap = 10.0**6
    bounds = [(low[j], min(high[j], cap)) for j in sorted(used)]
    least, most = (
        linprog(sign * aim, A_eq=matrix, b_eq=np.zeros(len(matrix)), bounds=bounds).fun
        for sign in (1, -1)
    )
    return int(np.ceil(least - 1e-6)), int(np.floor(-most + 1e-6))


def test_the_audit_finds_what_the_attacker_finds():
    """On marts where small counts alone are hidden, so that there is something to find."""
    given, relations = marts()
    scopes = [f"mart_{seed}" for seed in range(8)]
    given, relations = (part[part.scope.isin(scopes)] for part in (given, relations))
    given = given.reset_index(drop=True)
    small = given.n.between(1, 5)
    base = given.level.map(ROUNDED_TO["dfe"]).astype(int)
    published = given.assign(released=((given.n + base // 2) // base * base).mask(small))
    published["disclosure"] = np.where(small, "c", "shown")
    found = attacked(published.drop(columns="level"), relations, given, read_profile("dfe"))
    theirs = attack(published, relations, "dfe", small)
    assert sum(low == high for low, high in theirs) == found.recovered.sum() > 10
    assert list(found.lowest) == [low for low, _ in theirs]
    bounded = [(mine, high) for mine, (_, high) in zip(found.highest, theirs, strict=True)]
    assert all(mine == high for mine, high in bounded if pd.notna(mine))
