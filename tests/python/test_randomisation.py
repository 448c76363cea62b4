"""Allocation by lot: families stay whole, anyone can replay it, and what was touched is found."""

from __future__ import annotations

import csv
import datetime
import hashlib
import json
import random
import re
import shutil
import stat
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from scipy.stats import binomtest

from csc_outcomes.cli import main
from csc_outcomes.landing.columns import FORMATS
from csc_outcomes.landing.door import land
from csc_outcomes.landing.keys import DEFAULT_KEY_FILE, KEY_VARIABLE, new_key
from csc_outcomes.randomisation.draws import Lots, draw
from csc_outcomes.randomisation.errors import AllocationError
from csc_outcomes.randomisation.families import Child, Family
from csc_outcomes.randomisation.record import ALLOCATION_COLUMNS, AUDIT_COLUMNS, audit_columns
from csc_outcomes.randomisation.rules import STATUSES, Allocation, Batch, Rules, allocate
from projects import ROOT

BY_RULES_1 = ROOT / "tests" / "fixtures" / "allocated_by_rules_1"
GUIDE = ROOT / "docs" / "randomise_a_trial.md"
HEADER = ["family_id", "child_id", "case_id", "recommended_date", "approved"]
NEW = ("--block-sizes", "10", "--programme", "p", "--seed", "11", "--share-treated", "0.7")
FILES = {"allocation.json", "allocation_audit.csv", "allocations.csv"}
DAY = datetime.date(2015, 8, 3)
KEY = b"k" * 32
Row = list[str]
Run = Callable[..., tuple[int, str]]


def rows_of(families: Iterable[int], day: str = "2015-08-03", approved: str = "yes") -> list[Row]:
    """Rows of families; a family has one to three children by its number."""
    return [
        [f"F{family}", f"{family}{child}", f"K{family}{child}", day, approved]
        for family in families
        for child in range(1 + family % 3)
    ]


def write_list(path: Path, rows: list[Row], header: list[str] = HEADER) -> Path:
    """Writes a list of recommended cases."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `csc allocate` with a key of its own; exit status and all it says."""
    monkeypatch.setenv(KEY_VARIABLE, KEY.hex())

    def call(*arguments: Any) -> tuple[int, str]:
        status = main(["allocate", *map(str, arguments)])
        said = capsys.readouterr()
        return status, said.out + said.err

    return call


@pytest.fixture
def first(tmp_path: Path, run: Run) -> Path:
    """A folder with 40 families allocated."""
    listed = write_list(tmp_path / "first.csv", rows_of(range(40)))
    status, said = run(listed, *NEW, "--output", tmp_path / "one")
    assert status == 0, said
    return tmp_path / "one"


def family(number: int, n_children: int = 1, is_approved: bool = True) -> Family:
    """A family by itself."""
    ids = [f"{number}-{child}" for child in range(n_children)]
    children = tuple(Child(i, "", str(number), i, "") for i in ids)
    return Family(str(number), DAY, is_approved, children)


def watched(lots: Lots, n_families: int) -> tuple[float, float]:
    """The shares of the next arms that are certain, and that the likelier arm gets right, for
    somebody who knows the share and the sizes of blocks and sees every arm once it is drawn."""
    fresh = {(size, 0, 0): 1 / len(lots.block_sizes) for size in lots.block_sizes}
    belief, n_certain, n_right = dict(fresh), 0, 0
    for number in range(n_families):
        is_treated = draw(lots, number).arm == "treated"
        chances = {
            (size, seen, n): (int(lots.share * size) - n) / (size - seen)
            for size, seen, n in belief
        }
        chance = sum(belief[state] * chances[state] for state in belief)
        n_certain += not 1e-9 < chance < 1 - 1e-9
        n_right += (chance >= 0.5) == is_treated
        after: dict[tuple[int, int, int], float] = defaultdict(float)
        for (size, seen, n), likely in belief.items():
            own = chances[size, seen, n]
            likely *= own if is_treated else 1 - own
            if seen + 1 < size:
                after[size, seen + 1, n + is_treated] += likely
            else:
                for state, share in fresh.items():
                    after[state] += likely * share
        total = sum(after.values())
        belief = {state: likely / total for state, likely in after.items() if likely > 0}
    return n_certain / n_families, n_right / n_families


def allocated(
    families: list[Family], seed: int, capacity: int | None = None, **rules: Any
) -> Allocation:
    """One batch in blocks of 10 with a share of 0.7."""
    lots = Lots(seed, Fraction(7, 10), (10,))
    return allocate(Rules("p", lots, **rules), [Batch(families, DAY, capacity)], KEY)


# The draws


def test_draws_stay_the_same_for_ever() -> None:
    lots = Lots(20150801, Fraction(7, 10), (10,))
    arms = "".join(draw(lots, n).arm[0] for n in range(20))
    assert arms == "ttttctctctttttttccct"
    digest = hashlib.sha256(b"csc_allocate_1|draw|20150801|1|1").hexdigest()
    assert draw(lots, 0).digits == digest[:16] == "75aa56f86661bd85"


def test_every_block_has_its_share_and_no_prefix_strays_further_than_a_block_allows() -> None:
    for seed in range(300):
        lots = Lots(seed, Fraction(7, 10), (10,))
        arms = np.array([draw(lots, n).arm == "treated" for n in range(57)])
        assert (arms[:50].reshape(5, 10).sum(axis=1) == 7).all()
        strays = np.abs(np.cumsum(arms) - 0.7 * np.arange(1, 58))
        assert strays.max() <= 2.1 + 1e-9


def test_blocks_of_several_sizes_stay_the_same_for_ever() -> None:
    lots = Lots(20150801, Fraction(7, 10), (10, 20))
    draws = [draw(lots, n) for n in range(60)]
    assert "".join(one.arm[0] for one in draws[:30]) == "ttttctctctctttcttttccccccttttt"
    assert [one.block_size for one in draws if one.position == 1] == [20, 20, 10, 10]
    digest = hashlib.sha256(b"csc_allocate_2|draw|20150801|1|1").hexdigest()
    assert draws[0].digits == digest[:16]
    first = int(hashlib.sha256(b"csc_allocate_2|block_size|20150801|1").hexdigest()[:16], 16)
    assert draws[0].block_size == (10, 20)[first * 2 // 2**64]


def test_blocks_of_several_sizes_have_their_share_and_each_size_is_as_likely() -> None:
    sizes: list[int] = []
    second: list[tuple[int, int]] = []
    for seed in range(200):
        lots = Lots(seed, Fraction(7, 10), (10, 20, 30))
        draws = [draw(lots, n) for n in range(150)]
        own = [one.block_size for one in draws if one.position == 1]
        whole: dict[int | None, list[bool]] = {}
        for one in draws:
            whole.setdefault(one.block, []).append(one.arm == "treated")
        assert list(whole) == list(range(1, len(own) + 1))
        for size, arms in list(zip(own, whole.values(), strict=True))[:-1]:
            assert size == len(arms)
            assert sum(arms) * 10 == 7 * len(arms)
        strays = np.cumsum([one.arm == "treated" for one in draws]) - 0.7 * np.arange(1, 151)
        assert np.abs(strays).max() <= 0.21 * 30 + 1e-9
        sizes.extend(size for size in own[:5] if size)
        second.append((own[0] or 0, own[1] or 0))
    counts = Counter(sizes)
    assert set(counts) == {10, 20, 30}
    for size in counts:
        assert binomtest(counts[size], len(sizes), 1 / 3).pvalue > 1e-4
    # One size says nothing of the next.
    assert abs(np.corrcoef(np.array(second).T)[0, 1]) < 4 / 200**0.5


def test_the_guide_says_what_sizes_of_blocks_give_away() -> None:
    pattern = r"^\| `([\d,]+)` \| (\d+) % \| (\d+) % \|$"
    said = re.findall(pattern, GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [sizes for sizes, *_ in said] == ["10", "20", "10,20", "10,20,30"]
    for sizes, certain, right in said:
        block_sizes = tuple(map(int, sizes.split(",")))
        lots = [Lots(seed, Fraction(7, 10), block_sizes) for seed in range(60)]
        found = np.array([watched(own, 120) for own in lots])
        margin = 4 * found.std(axis=0, ddof=1) / 60**0.5 + 0.005
        assert (np.abs(found.mean(axis=0) - [int(certain) / 100, int(right) / 100]) < margin).all()
    # Where the size is known, the last run of one arm is certain: on average 2.125 of ten places.
    orders = [[n in comparators for n in range(10)] for comparators in combinations(range(10), 3)]
    runs = [next(n for n in range(10, 0, -1) if order[-n:] == [order[-1]] * n) for order in orders]
    assert np.mean(runs) == pytest.approx(2.125)


def test_every_place_is_treated_as_often_as_the_share_over_many_seeds() -> None:
    lots = [Lots(seed, Fraction(7, 10), (10,)) for seed in range(3000)]
    patterns = np.array([[draw(own, n).arm == "treated" for n in range(10)] for own in lots])
    for place in range(10):
        assert binomtest(int(patterns[:, place].sum()), 3000, 0.7).pvalue > 1e-4
    # Each of the 120 orders of a block is as likely as the others: 25 of 3,000 seeds.
    orders = Counter(map(bytes, patterns))
    assert len(orders) == 120
    chi_squared = sum((n - 25) ** 2 / 25 for n in orders.values())
    assert chi_squared < 119 + 5 * (2 * 119) ** 0.5
    # One block says nothing of the next.
    second = np.array([draw(own, 10).arm == "treated" for own in lots])
    assert abs(np.corrcoef(patterns[:, 0], second)[0, 1]) < 4 / 3000**0.5


def test_simple_draws_have_the_share_on_average_only() -> None:
    lots = [Lots(seed, Fraction(2, 3), ()) for seed in range(200)]
    arms = np.array([[draw(own, n).arm == "treated" for n in range(30)] for own in lots])
    assert binomtest(int(arms.sum()), arms.size, 2 / 3).pvalue > 1e-4
    assert len(set(arms.sum(axis=1))) > 5
    assert draw(lots[0], 3).block is None


@pytest.mark.parametrize(
    ("share", "size"), [("2/3", 10), ("0.667", 9), ("0.7", 1), ("0", 10), ("1", 10), ("1.5", 2)]
)
def test_a_share_that_a_block_cannot_have_is_refused(share: str, size: int) -> None:
    with pytest.raises(AllocationError, match="share"):
        Lots(1, Fraction(share), (size,))
    with pytest.raises(AllocationError, match="share"):
        Lots(1, Fraction(share), (30 if share == "0.7" else 3, size))


# Who is drawn


def test_a_family_is_never_split(first: Path) -> None:
    rows = read(first / "allocations.csv")
    arms: dict[str, set[str]] = {}
    for row in rows:
        arms.setdefault(row["family_id"], set()).add(row["arm"])
    assert len(arms) == 40
    assert all(len(own) == 1 for own in arms.values())
    assert Counter(next(iter(own)) for own in arms.values()) == {"treated": 28, "comparator": 12}
    assert {row["allocation_status"] for row in rows} == {"allocated"}
    assert {row["allocated_date"] for row in rows} == {"2015-08-03"}


def test_the_order_of_rows_changes_nothing(tmp_path: Path, run: Run) -> None:
    rows = rows_of(range(30), "2015-08-05") + rows_of(range(30, 45))
    found = []
    for number in range(3):
        listed = write_list(tmp_path / f"{number}.csv", rows)
        assert run(listed, *NEW)[0] == 0
        audit = read(tmp_path / f"{number}_allocation" / "allocation_audit.csv")
        found.append([{k: v for k, v in line.items() if k != "chain"} for line in audit])
        random.Random(number).shuffle(rows)
    assert found[0] == found[1] == found[2]
    days = {row[0]: row[3] for row in rows}
    allocations = read(tmp_path / "0_allocation" / "allocations.csv")
    assert [days[row["family_id"]] for row in allocations] == sorted(
        days[row["family_id"]] for row in allocations
    )


def test_within_a_day_the_key_and_the_seed_settle_the_order() -> None:
    families = [family(n) for n in range(20)]
    lots = Lots(1, Fraction(7, 10), (10,))

    def order(seed: int, key: bytes) -> list[str]:
        rules = Rules("p", Lots(seed, lots.share, (10,)))
        steps = allocate(rules, [Batch(families, DAY, None)], key).steps
        return [step.family_key for step in steps]

    orders = [order(1, KEY), order(2, KEY), order(1, b"other" * 8)]
    assert len(set(map(tuple, orders))) == 3
    assert order(1, KEY) == orders[0]


def test_families_that_are_not_approved_are_never_drawn(tmp_path: Path, run: Run) -> None:
    rows = rows_of(range(20)) + rows_of(range(20, 35), approved="no")
    assert run(write_list(tmp_path / "a.csv", rows), *NEW, "--output", tmp_path / "o")[0] == 0
    for row in read(tmp_path / "o" / "allocations.csv"):
        is_approved = int(row["family_id"][1:]) < 20
        status = "allocated" if is_approved else "not_approved"
        assert row["allocation_status"] == status
        assert (row["arm"] != "") == (row["allocated_date"] != "") == is_approved
    audit = read(tmp_path / "o" / "allocation_audit.csv")
    refused = [line for line in audit if line["allocation_status"] == "not_approved"]
    assert len(refused) == 15
    assert {(line["event"], line["draw"], line["drawn_arm"]) for line in refused} == {
        ("not_drawn", "", "")
    }
    # They take no place of a block: the 20 that were drawn fill two.
    drawn = [line for line in audit if line["event"] == "drawn"]
    assert Counter(line["block"] for line in drawn) == {"1": 10, "2": 10}
    assert Counter(line["arm"] for line in drawn) == {"treated": 14, "comparator": 6}


@pytest.mark.parametrize("capacity", [0, 1, 9, 28, 40])
def test_nobody_is_drawn_once_the_programme_is_full(capacity: int) -> None:
    for seed in range(20):
        found = allocated([family(n) for n in range(40)], seed, capacity)
        steps = found.steps
        n_treated = sum(step.arm == "treated" for step in steps)
        assert n_treated == min(capacity, 28)
        over = [step.sequence for step in steps if step.status == "over_capacity"]
        assert all(step.arm == "" and step.draw is None for step in steps if step.sequence in over)
        # Whoever comes after the last place is in neither arm, not a comparator.
        assert over == list(range(41 - len(over), 41))
        if capacity <= 28 and capacity:
            assert [s.arm for s in steps if s.status == "allocated"][-1:] == ["treated"] or not over


def test_places_may_be_children_and_then_a_family_needs_one_for_each() -> None:
    for seed in range(20):
        families = [family(n, 1 + n % 4) for n in range(60)]
        found = allocated(families, seed, 50, capacity_in="children")
        treated = [step for step in found.steps if step.arm == "treated"]
        assert 46 < sum(step.n_children for step in treated) <= 50
        used = 0
        for step in found.steps:
            assert (step.status == "over_capacity") == (used + step.n_children > 50)
            used += step.n_children if step.arm == "treated" else 0


def test_a_child_who_joins_a_treated_family_takes_a_place_too() -> None:
    rules = Rules("p", Lots(1, Fraction(7, 10), (10,)), capacity_in="children")
    alone, with_another = family(1), family(1, 2)
    lists = [[alone], [with_another], [family(n) for n in range(2, 30)]]
    found = allocate(rules, [Batch(families, DAY, 5) for families in lists], KEY)
    assert found.standings["1"].arm == "treated"
    assert (found.standings["1"].n_children, found.used["children"]) == (2, 5)
    assert sum(standing.arm == "treated" for standing in found.standings.values()) == 4


def test_drawing_on_leaves_out_those_drawn_for_a_full_programme() -> None:
    found = allocated([family(n) for n in range(40)], 3, 10, when_full="draw")
    drawn = Counter((step.draw and step.draw.arm, step.arm, step.status) for step in found.steps)
    assert drawn == {
        ("treated", "treated", "allocated"): 10,
        ("treated", "", "over_capacity"): 18,
        ("comparator", "comparator", "allocated"): 12,
    }


# Files


def test_the_same_again_is_the_same_to_the_byte(tmp_path: Path, first: Path, run: Run) -> None:
    assert run(tmp_path / "first.csv", *NEW, "--output", tmp_path / "two")[0] == 0
    assert contents(first) == contents(tmp_path / "two")
    assert set(contents(first)) == FILES | {"recommended_1.csv"}
    status, said = run(tmp_path / "first.csv", *NEW, "--output", first)
    assert status == 0
    assert "all of it is there already" in said
    other = run(tmp_path / "first.csv", *NEW[:-4], "--seed", 12, *NEW[-2:], "--output", first)
    assert other == (
        2,
        f"{first} is there already and holds something else; nothing was changed. "
        "Give another --output\n",
    )
    assert contents(first) == contents(tmp_path / "two")


def test_files_are_for_their_owner_alone(first: Path) -> None:
    assert stat.S_IMODE(first.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in first.iterdir()} == {0o600}
    assert [path.name for path in first.parent.iterdir() if path.name.startswith(".")] == []


def test_the_files_have_the_columns_that_are_delivered(first: Path) -> None:
    kind = {column.name: column for column in FORMATS["study_files"]["allocations"]}
    assert set(ALLOCATION_COLUMNS) == set(kind)
    rows = read(first / "allocations.csv")
    assert list(rows[0]) == list(ALLOCATION_COLUMNS)
    assert set(STATUSES) < set(kind["allocation_status"].known_codes)
    assert {row["arm"] for row in rows} == set(kind["arm"].known_codes)
    assert all(row[name] for row in rows for name, column in kind.items() if column.is_required)


def test_the_files_are_delivered_as_they_are(tmp_path: Path, first: Path) -> None:
    delivery = tmp_path / "project" / "extracts" / "anytown" / "2015-08-study-files"
    delivery.mkdir(parents=True)
    shutil.copy2(first / "allocations.csv", delivery)
    listed = {"name": "allocations.csv", "holds": "allocations"}
    contract = {
        "la_code": "990",
        "la_name": "Anytown",
        "format": "study_files",
        "as_of_date": "2015-08-31",
        "files": [{**listed, "columns": {name: name for name in ALLOCATION_COLUMNS}}],
    }
    (delivery / "extract.yml").write_text(yaml.safe_dump(contract), encoding="utf-8")
    new_key(tmp_path / "project" / DEFAULT_KEY_FILE)
    (outcome,) = land(tmp_path / "project").outcomes
    assert (outcome.status, outcome.n_refused_rows) == ("landed", 0)
    assert outcome.n_read == len(read(first / "allocations.csv"))


def test_the_log_names_nobody(first: Path) -> None:
    log = (first / "allocation_audit.csv").read_text(encoding="utf-8")
    assert log.splitlines()[0] == ",".join(AUDIT_COLUMNS)
    families = {line["family"] for line in read(first / "allocation_audit.csv")}
    assert len(families) == 40
    assert all(re.fullmatch(r"[0-9a-f]{32}", family) for family in families)
    settings = (first / "allocation.json").read_text(encoding="utf-8")
    for row in read(first / "allocations.csv"):
        assert row["family_id"] not in log.split(",")
        assert f"{row['child_id']}," not in log.replace("\n", ",").split(",")
        assert row["family_id"] not in settings


def test_in_each_block_of_the_log_the_smallest_draws_are_treated(first: Path) -> None:
    lines = [line for line in read(first / "allocation_audit.csv") if line["event"] == "drawn"]
    for block in ("1", "2", "3", "4"):
        own = sorted((line["draw"], line["drawn_arm"]) for line in lines if line["block"] == block)
        assert [arm for _, arm in own] == ["treated"] * 7 + ["comparator"] * 3


def test_unless_told_otherwise_blocks_have_ten_or_twenty_places(tmp_path: Path, run: Run) -> None:
    listed = write_list(tmp_path / "a.csv", rows_of(range(90)))
    assert run(listed, *NEW[2:], "--output", tmp_path / "one")[0] == 0
    lines = read(tmp_path / "one" / "allocation_audit.csv")
    lots = Lots(11, Fraction(7, 10), (10, 20))
    assert list(lines[0]) == list(audit_columns(lots))
    assert set(lines[0]) - set(AUDIT_COLUMNS) == {"block_size"}
    for number, line in enumerate(lines):
        one = draw(lots, number)
        assert (line["block"], line["position"]) == (str(one.block), str(one.position))
        assert (line["block_size"], line["draw"]) == (str(one.block_size), one.digits)
        assert line["drawn_arm"] == one.arm
    assert {line["block_size"] for line in lines} == {"10", "20"}
    settings = json.loads((tmp_path / "one" / "allocation.json").read_text(encoding="utf-8"))
    assert (settings["method"], settings["block_sizes"]) == ("csc_allocate_2", [10, 20])
    assert "block_size" not in settings
    # The order in which sizes are named says nothing; a later list goes on in the same block.
    named = ("--block-sizes", "20,10", *NEW[2:])
    assert run(listed, *named, "--output", tmp_path / "one")[0] == 0
    _, _, both = go_on(run, tmp_path, rows_of(range(90, 120), "2015-09-01"))
    after = read(both / "allocation_audit.csv")
    assert after[:90] == lines
    assert [line["draw"] for line in after[90:]] == [draw(lots, n).digits for n in range(90, 120)]
    assert run("--verify", both)[0] == 0
    path = both / "allocation.json"
    text = path.read_text(encoding="utf-8")
    for old, new, expected in (("    20\n", "    30\n", 1), ("allocate_2", "allocate_1", 2)):
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        assert run("--verify", both)[0] == expected


def test_the_settings_count_families_and_children_by_arm(tmp_path: Path, run: Run) -> None:
    rows = rows_of(range(30)) + rows_of(range(30, 34), approved="no")
    listed = write_list(tmp_path / "a.csv", rows)
    assert run(listed, *NEW, "--capacity", 10, "--output", tmp_path / "one")[0] == 0
    counts = json.loads((tmp_path / "one" / "allocation.json").read_text("utf-8"))["counts"]
    families: dict[str, set[str]] = {}
    children: Counter[str] = Counter()
    for row in read(tmp_path / "one" / "allocations.csv"):
        state = row["arm"] or row["allocation_status"]
        families.setdefault(state, set()).add(row["family_id"])
        children[state] += 1
    assert set(counts) == {"treated", "comparator", "not_approved", "over_capacity"}
    assert {state: n["families"] for state, n in counts.items()} == {
        state: len(own) for state, own in families.items()
    }
    assert {state: n["children"] for state, n in counts.items()} == children
    text = (tmp_path / "one" / "allocation.json").read_text(encoding="utf-8")
    changed = text.replace('"families": 10', '"families": 11', 1)
    assert changed != text
    (tmp_path / "one" / "allocation.json").write_text(changed, encoding="utf-8")
    status, said = run("--verify", tmp_path / "one")
    assert (status, "allocation.json, line" in said) == (1, True)


# The check


def test_a_record_made_by_earlier_rules_is_verified_and_gone_on_from(
    tmp_path: Path, run: Run
) -> None:
    before = contents(BY_RULES_1)
    assert run("--verify", BY_RULES_1)[0] == 0
    listed = write_list(tmp_path / "third.csv", rows_of(range(20, 24), "2015-10-01"))
    new = ("--continue", BY_RULES_1, "--capacity", 40, "--output", tmp_path / "three")
    assert run(listed, *new)[0] == 0
    assert contents(BY_RULES_1) == before
    after = contents(tmp_path / "three")
    assert after["allocation_audit.csv"].startswith(before["allocation_audit.csv"])
    settings = json.loads(after["allocation.json"])
    assert (settings["method"], settings["block_size"]) == ("csc_allocate_1", 10)
    assert settings["counts"]["treated"]["families"] > 10
    assert run("--verify", tmp_path / "three")[0] == 0
    # One size draws as it always did.
    again = write_list(tmp_path / "a.csv", rows_of(range(13)) + rows_of([13], approved="no"))
    assert run(again, *NEW, "--output", tmp_path / "again")[0] == 0
    log = (tmp_path / "again" / "allocation_audit.csv").read_bytes()
    assert before["allocation_audit.csv"].startswith(log)


@pytest.mark.parametrize(
    ("old", "new"),
    [("csc_allocate_1", "csc_allocate_9"), ('"record_version": 2', '"record_version": 3')],
)
def test_rules_that_this_version_does_not_have_are_said(
    first: Path, run: Run, old: str, new: str
) -> None:
    path = first / "allocation.json"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    status, said = run("--verify", first)
    assert (status, "made by rules that this version doesn't have" in said) == (2, True)


def test_what_was_not_touched_is_verified(first: Path, run: Run) -> None:
    status, said = run("--verify", first)
    assert status == 0
    assert said.startswith("Yes: all 40 lines")
    chain = json.loads((first / "allocation.json").read_text(encoding="utf-8"))["chain"]
    assert chain in said
    assert read(first / "allocation_audit.csv")[-1]["chain"] == chain
    assert run("--verify", first / "allocation_audit.csv") == (status, said)


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("allocations.csv", b",treated,", b",comparator,", "allocations.csv, line "),
        ("allocation_audit.csv", b",treated,treated,", b",treated,comparator,", "line "),
        ("allocation_audit.csv", b"\n2,1,", b"\n3,1,", "allocation_audit.csv, line 3"),
        ("allocation.json", b'"seed": 11', b'"seed": 12', "allocations.csv, line "),
        ("allocation.json", b'"capacity": null', b'"capacity": 3', "allocations.csv, line "),
        ("allocation.json", b'"chain": "', b'"chain": "0', "allocation.json, line "),
        ("allocation.json", b'"7/10"', b'"6/10"', "allocations.csv, line "),
        ("recommended_1.csv", b"yes", b"no", "recommended_1.csv is not the list"),
    ],
)
def test_what_was_touched_is_found(
    first: Path, run: Run, name: str, old: bytes, new: bytes, said: str
) -> None:
    content = (first / name).read_bytes()
    assert old in content
    (first / name).write_bytes(content.replace(old, new, 1))
    status, answer = run("--verify", first)
    assert (status, answer[:3]) == (1, "No:")
    assert said in answer


def test_a_line_taken_out_or_added_is_found(first: Path, run: Run) -> None:
    path = first / "allocations.csv"
    content = path.read_bytes()
    path.write_bytes(content.rstrip(b"\n").rpartition(b"\n")[0] + b"\n")
    assert run("--verify", first)[0] == 1
    path.write_bytes(content + b"9,9,F9,p,treated,allocated,2015-08-03\n")
    assert run("--verify", first)[0] == 1
    path.unlink()
    assert "allocations.csv is not there" in run("--verify", first)[1]


def test_a_list_put_in_place_of_another_with_its_hash_is_found(first: Path, run: Run) -> None:
    path, settings = first / "recommended_1.csv", first / "allocation.json"
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(path.read_bytes().replace(b"F7,", b"G7,"))
    after = hashlib.sha256(path.read_bytes()).hexdigest()
    settings.write_text(settings.read_text().replace(before, after))
    status, said = run("--verify", first)
    assert status == 1
    assert "allocation_audit.csv, line 2" in said


def test_what_cannot_be_checked_is_said(
    tmp_path: Path, first: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("--verify", tmp_path)[0] == 2
    monkeypatch.setenv(KEY_VARIABLE, (b"x" * 32).hex())
    status, said = run("--verify", first)
    assert status == 2
    assert "another pseudonym key" in said
    monkeypatch.delenv(KEY_VARIABLE)
    status, said = run("--verify", first, "--project-dir", tmp_path)
    assert status == 2
    assert "csc key new" in said
    monkeypatch.setenv(KEY_VARIABLE, KEY.hex())
    (first / "allocation.json").write_text("{}", encoding="utf-8")
    assert "not as `csc allocate` writes it" in run("--verify", first)[1]


# Later lists


def go_on(run: Run, tmp_path: Path, rows: list[Row], *more: Any) -> tuple[int, str, Path]:
    """Allocates a second list after the first."""
    listed = write_list(tmp_path / "second.csv", rows)
    out = tmp_path / "both"
    status, said = run(listed, "--continue", tmp_path / "one", "--output", out, *more)
    return status, said, out


def test_a_later_list_goes_on_and_changes_nothing(tmp_path: Path, first: Path, run: Run) -> None:
    before = contents(first)
    status, said, both = go_on(run, tmp_path, rows_of(range(40, 57), "2015-09-01"))
    assert status == 0, said
    after = contents(both)
    for name in ("allocations.csv", "allocation_audit.csv"):
        assert after[name].startswith(before[name])
    assert after["recommended_1.csv"] == before["recommended_1.csv"]
    assert contents(first) == before
    lines = read(both / "allocation_audit.csv")[40:]
    assert [(line["batch"], line["sequence"]) for line in lines] == [
        ("2", str(n)) for n in range(41, 58)
    ]
    assert Counter(line["block"] for line in lines) == {"5": 10, "6": 7}
    assert {r["allocated_date"] for r in read(both / "allocations.csv")[-5:]} == {"2015-09-01"}
    assert run("--verify", both)[0] == 0
    # Naming the log does the same, and the same again is the same to the byte.
    again = run(
        tmp_path / "second.csv",
        "--continue",
        first / "allocation_audit.csv",
        "--output",
        tmp_path / "again",
    )
    assert again[0] == 0
    assert contents(tmp_path / "again") == after


def test_a_block_that_one_list_began_is_ended_by_the_next(tmp_path: Path, run: Run) -> None:
    listed = write_list(tmp_path / "first.csv", rows_of(range(4)))
    assert run(listed, *NEW, "--output", tmp_path / "one")[0] == 0
    _, _, both = go_on(run, tmp_path, rows_of(range(4, 10)))
    lines = read(both / "allocation_audit.csv")
    assert {line["block"] for line in lines} == {"1"}
    assert Counter(line["arm"] for line in lines) == {"treated": 7, "comparator": 3}


def test_a_family_met_again_keeps_its_arm_for_a_new_child_too(
    tmp_path: Path, first: Path, run: Run
) -> None:
    arms = {row["family_id"]: row["arm"] for row in read(first / "allocations.csv")}
    rows = [[f"f0{n}", f"new{n}", "", "2015-09-01", "no"] for n in range(20)]
    status, said, both = go_on(run, tmp_path, rows + rows_of([40], "2015-09-01"))
    assert status == 0, said
    met = [line for line in read(both / "allocation_audit.csv") if line["batch"] == "2"]
    assert Counter(line["event"] for line in met) == {"drawn": 1, "not_drawn": 20}
    rows = [[f" f{n}", f"new{n}", "", "2015-09-01", "no"] for n in range(20)]
    (tmp_path / "both").rename(tmp_path / "other")
    status, said, both = go_on(run, tmp_path, rows)
    new = [row for row in read(both / "allocations.csv") if row["child_id"].startswith("new")]
    assert len(new) == 20
    for row in new:
        assert row["arm"] == arms[row["family_id"].upper()]
        assert (row["allocation_status"], row["allocated_date"]) == ("allocated", "2015-08-03")
    met = [line for line in read(both / "allocation_audit.csv") if line["batch"] == "2"]
    assert {(line["event"], line["draw"]) for line in met} == {("met_again", "")}
    before = {line["family"]: int(line["n_children"]) for line in met}
    assert sorted(before.values()) == sorted(2 + n % 3 for n in range(20))


def test_places_that_are_added_are_given_to_those_who_were_not_drawn(
    tmp_path: Path, run: Run
) -> None:
    rows = rows_of(range(30)) + rows_of([30], approved="no")
    listed = write_list(tmp_path / "first.csv", rows)
    assert run(listed, *NEW, "--capacity", 7, "--output", tmp_path / "one")[0] == 0
    one = read(tmp_path / "one" / "allocations.csv")
    waiting = {r["family_id"] for r in one if r["allocation_status"] == "over_capacity"}
    assert len(waiting) >= 20
    again = [row for row in rows_of(range(31), "2015-09-01") if row[0] in waiting | {"F30"}]
    _, said, both = go_on(run, tmp_path, again, "--capacity", 14)
    two = {row["case_id"]: row for row in read(both / "allocations.csv")}
    assert len(two) == len(one)
    for row in one:
        if row["allocation_status"] == "allocated":
            assert two[row["case_id"]] == row
    treated = {row["family_id"] for row in two.values() if row["arm"] == "treated"}
    assert len(treated) == 14
    # Without a new capacity the old one holds over all lists.
    (tmp_path / "both").rename(tmp_path / "other")
    _, said, both = go_on(run, tmp_path, again)
    rows_after = read(both / "allocations.csv")
    assert len({row["family_id"] for row in rows_after if row["arm"] == "treated"}) == 7
    assert "over capacity" in said


def test_nothing_goes_on_from_what_was_touched_or_under_other_rules(
    tmp_path: Path, first: Path, run: Run
) -> None:
    rows = rows_of([40], "2015-09-01")
    status, said, both = go_on(run, tmp_path, rows, "--seed", 11)
    assert (status, "--seed: an allocation goes on as it began" in said) == (2, True)
    status, said, _ = go_on(run, tmp_path, rows, "--date", "2015-08-01")
    assert (status, "after the day of allocation" in said) == (2, True)
    status, said, _ = go_on(run, tmp_path, rows_of([40], "2015-08-01"))
    assert (status, "before that of the batch before" in said) == (2, True)
    status, said, _ = go_on(run, tmp_path, [["F99", "390", "", "2015-09-01", "yes"]])
    assert (status, "under another family" in said) == (2, True)
    path = first / "allocations.csv"
    path.write_bytes(path.read_bytes().replace(b",treated,", b",comparator,", 1))
    status, said, _ = go_on(run, tmp_path, rows)
    assert (status, "nothing can go on from it" in said) == (2, True)
    assert not both.exists()


# Lists that aren't clear


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["F1", "1", "", "2015-08-03", "yes"], ["F2", "01", "", "2015-08-03", "yes"]],
         "records 1 and 2 put one child into two families"),
        ([["F1", "1", "", "2015-08-03", "yes"], ["f1", "2", "", "2015-08-03", "no"]],
         "records 1 and 2 are of one family, and only one is approved"),
        ([["F1", "1", "K", "2015-08-03", "yes"], ["F1", "1", "k ", "2015-08-03", "yes"]],
         "records 1 and 2 are one case"),
        ([["F1", "1", "", "03/08/2015", "yes"]], "record 1: recommended_date is no day"),
        ([["F1", "1", "", "2015-02-30", "yes"]], "record 1: recommended_date is no day"),
        ([["F1", "1", "", "2015-08-03", ""]], "record 1: approved is neither yes nor no"),
        ([["", "1", "", "2015-08-03", "yes"]], "record 1: family_id is no readable id"),
        ([["F1", "=1+1", "", "2015-08-03", "yes"]], "record 1: child_id is no readable id"),
        ([["F1", "1", "2015-08-03", "yes"]], "record 1 has 4 cells where there are 5 headers"),
        ([], "there is no case in it"),
    ],
)  # fmt: skip
def test_a_list_that_is_not_clear_allocates_nobody(
    tmp_path: Path, run: Run, rows: list[Row], said: str
) -> None:
    status, answer = run(write_list(tmp_path / "list.csv", rows), *NEW)
    assert status == 2
    assert answer.startswith("list.csv: ")
    assert said in answer
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


def test_headers_that_are_missing_or_too_many_are_refused_without_a_value(
    tmp_path: Path, run: Run
) -> None:
    path = write_list(tmp_path / "list.csv", [], ["family_id", "child_id", "approved"])
    assert "not found: recommended_date" in run(path, *NEW)[1]
    path = write_list(tmp_path / "list.csv", [], [*HEADER, "Jo Bloggs"])
    status, said = run(path, *NEW)
    assert (status, "Bloggs" in said, "column 6 is not needed" in said) == (2, False, True)
    path.write_bytes("family_id,child_id,recommended_date,approved\nF\xe9,".encode("latin-1"))
    assert run(path, *NEW) == (2, "list.csv: it is not text in UTF-8\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give the FILE"),
        (("list.csv",), "a new allocation needs --programme, --seed, --share-treated"),
        (("list.csv", *NEW, "--seed", "-1"), "the seed must be a whole number from 0 on"),
        (("list.csv", *NEW, "--capacity", "-1"), "--capacity can't be below 0"),
        (("list.csv", *NEW, "--simple"), "leave out --block-sizes"),
        (("list.csv", *NEW, "--block-sizes", "10,9"), "take a block size of 10 or 20 or 30"),
        (("list.csv", *NEW, "--block-sizes", "10,10"), "the block size 10 stands there twice"),
        (("list.csv", *NEW[2:-1], "2/3"), "take a block size of 3 or 6 or 9"),
        (("list.csv", *NEW, "--programme", " "), "--programme is empty"),
        (("list.csv", "--verify", "x"), "--verify takes a folder alone"),
        (("nothing.csv", *NEW), "No such file or directory"),
        (("list.csv", "--continue", "x"), "there is no allocation.json in x"),
    ],
)
def test_a_command_that_is_not_clear_is_refused(
    tmp_path: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_list(tmp_path / "list.csv", rows_of(range(3)))
    status, answer = run(*arguments)
    assert status == 2
    assert said in answer
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


def test_the_message_holds_counts_and_no_child(tmp_path: Path, run: Run) -> None:
    listed = write_list(tmp_path / "list.csv", rows_of(range(10), "2015-08-03"))
    status, said = run(listed, *NEW, "--capacity-in", "children", "--when-full", "draw")
    assert status == 0
    assert re.search(r"treated +7 +\d+\ncomparator +3 +\d+\nnot approved +0 +0\n", said)
    assert "--verify" in said
    assert not re.search(r"\bK?\d1\b|F\d", said.partition("Last link")[0])


def test_the_guide_can_be_followed(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = GUIDE.read_text(encoding="utf-8")
    (listed,) = re.findall(r"^```csv\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "recommended.csv").write_text(listed, encoding="utf-8")
    write_list(tmp_path / "september.csv", rows_of(range(3), "2015-09-01"))
    commands = re.findall(r"^```\ncsc allocate ([^\n]+)\n```$", text, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        status, said = run(*command.split())
        assert status == 0, said
    named = set(re.findall(r"^\| `([a-z][\w.]+)` \|", text, re.MULTILINE)) - {"allocation_status"}
    assert named == FILES | {"recommended_1.csv"} | set(STATUSES)
    assert set(contents(tmp_path / "recommended_allocation")) == named - set(STATUSES)
