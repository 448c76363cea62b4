"""Every outcome rule against an independent reference, on made-up cases at the edges of windows.

The short form runs the compiled rules on what the suite's build left; with CSC_LONG=1 the cases
come in through the front door, every mutant of the rules is run, and estimators are mutated too.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from long_form import IS_LONG, times
from projects import ROOT, Project

sys.path.insert(0, str(ROOT / "tests" / "rules"))
import compare
import compare_returns
import episodes
import front_door
import return_reference
import returns
import sql_mutants
from episodes import Extract
from pipeline import Rules
from return_reference import Returned
from rule_studies import STUDIES, Study
from sql_mutants import KILLED, SURVIVED, Mutant, Runner

N_CASES = times(1_200, 1_600)
N_SMALL = 400
N_FRONT_DOOR = 51_000
N_RETURNED = times(150, 300)  # children of each of four authorities
N_RETURNED_FRONT_DOOR = 1_000
OF_RETURNS = (
    *("as_printed", "exclusive", "first_closure", "without_matching", "censored_at_closure"),
    "trial_other_terms",
)
N_SQL_MUTANTS = 30
N_CODE_MUTANTS = 30  # of each module
SEED = 20_201_123
AGREES = dict.fromkeys(compare.TABLES, 0)
Extracts = Mapping[str, Extract]


@pytest.fixture(scope="module")
def extracts() -> Extracts:
    return episodes.make(N_CASES)


@pytest.fixture(scope="module")
def rules(built: Project, extracts: Extracts, tmp_path_factory: pytest.TempPathFactory) -> Rules:
    """The rules run on the made-up cases, with the reference's answers beside them."""
    rules = Rules(built)
    rules.load(tmp_path_factory.mktemp("rules"), extracts, STUDIES)
    compare.expect(rules.connection, STUDIES, extracts)
    return rules


@pytest.fixture(scope="module")
def runner(rules: Rules) -> Runner:
    return Runner(rules)


@pytest.fixture(scope="module")
def small_runner(built: Project, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """Few cases, which tell most mutants apart in a fraction of the time."""
    rules, extracts = Rules(built), episodes.make(N_SMALL)
    rules.load(tmp_path_factory.mktemp("small"), extracts, STUDIES)
    compare.expect(rules.connection, STUDIES, extracts)
    assert compare.differences(rules.connection) == AGREES
    return Runner(rules)


def test_rules_equal_the_reference(rules: Rules) -> None:
    assert compare.differences(rules.connection) == AGREES


def test_cases_lie_on_both_sides_of_every_rule(rules: Rules) -> None:
    found = rules.connection.execute(
        "select outcome, count(*) filter (where value = 0), count(*) filter (where value > 0)"
        " from expected_outcomes group by outcome"
    ).fetchall()
    defined = rules.connection.execute("select outcome from outcome_definitions").fetchall()
    assert {name for name, _, _ in found} == {name for (name,) in defined}
    assert all(n_no > 10 and n_yes > 10 for _, n_no, n_yes in found), found
    reasons = rules.connection.execute(
        "select distinct ineligible_reason from expected_eligibility"
    ).fetchall()
    assert len(reasons) == 11  # eligible, and ten reasons why not


# A rule that takes or leaves its edge wrongly: the model, what it says, what it would say.
PLANTED = [
    ("int_closures", "<= studies.observed_until", "< studies.observed_until"),
    ("int_case_lengths", "length_origin_date <= end_date", "length_origin_date < end_date"),
    ("int_rereferrals", "> anchored.anchor_date", ">= anchored.anchor_date"),
    ("int_escalations_in_study", "<= escalations.escalation_date", "< escalations.escalation_date"),
    ("int_study_eligibility", "> studies.latest_case_start", ">= studies.latest_case_start"),
    ("int_absences", ">= ended.last_day", "> ended.last_day"),
]


@pytest.mark.parametrize(("model", "sound", "wrong"), PLANTED, ids=[m for m, _, _ in PLANTED])
def test_a_wrong_rule_is_seen(
    rules: Rules, runner: Runner, model: str, sound: str, wrong: str
) -> None:
    sql = rules.models[model].sql
    assert sound in sql
    planted = Mutant(model, sound, wrong, 1, sql.replace(sound, wrong, 1))
    assert runner.fate(planted) == KILLED


def test_a_harmless_change_survives_and_is_reported(rules: Rules, runner: Runner) -> None:
    sql = rules.models["int_closures"].sql
    harmless = Mutant("int_closures", "", "", 1, f"select * from ({sql}) where true")
    assert runner.fate(harmless) == SURVIVED
    assert compare.differences(rules.connection) == AGREES, "a mutant was left behind"


def test_mutants_of_the_rules_die(
    rules: Rules,
    small_runner: Runner,
    runner: Runner,
    runner_of_returns: Runner,
    capsys: pytest.CaptureFixture[str],
) -> None:
    runners = (small_runner, runner, runner_of_returns)
    mutants_die(rules, sql_mutants.RULES, runners, capsys)


def mutants_die(
    rules: Rules,
    models: Sequence[str],
    runners: Sequence[Runner],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of those that data can tell from the rules, 95 in 100 and no fewer; of a sample, on fewer
    cases, 90."""
    equivalent, not_reached = (sql_mutants.listed(k) for k in ("equivalent", "not_reached"))
    if not IS_LONG:
        models = random.Random(SEED).sample(models, 5)
    mutants = [m for name in models for m in sql_mutants.mutants_of(rules.models[name])]
    there = {mutant.name for mutant in mutants}
    known = {n for n in (*equivalent, *not_reached) if n.split(":")[0] in models}
    assert known <= there, sorted(known - there)  # listed, and no mutant any more
    if not IS_LONG:
        mutants = random.Random(SEED).sample(mutants, N_SQL_MUTANTS)
    told = [mutant for mutant in mutants if mutant.name not in equivalent]
    fates = {m.name: sql_mutants.fate(m, runners) for m in told}
    counted = Counter(fates.values())
    survivors = {name for name, fate in fates.items() if fate == SURVIVED}
    share = counted[KILLED] / (counted[KILLED] + counted[SURVIVED])
    with capsys.disabled():
        n_equivalent = len(mutants) - len(told)
        print(f"\n{len(mutants)} mutants of the rules: {dict(counted)}, {n_equivalent} equivalent")
        print(f"{share:.1%} killed", *sorted(survivors - set(not_reached)), sep="\n  survived: ")
    assert share >= (0.95 if IS_LONG else 0.9), survivors


# Cases, referrals and escalations that yearly returns make


@pytest.fixture(scope="module")
def returned() -> list[Returned]:
    return [return_reference.read(one) for one in returns.make(N_RETURNED).values()]


def studies_of_returns(returned: Sequence[Returned]) -> list[Study]:
    """Studies in which authorities with returns alone have something to say."""
    la_codes = tuple(one.authority.la_code for one in returned)
    return [replace(s, la_codes=la_codes) for s in STUDIES if s.study_id in OF_RETURNS]


def expect_returned(
    connection: duckdb.DuckDBPyConnection, returned: Sequence[Returned]
) -> tuple[int, int]:
    """Puts the reference's answers beside the tables; how many cases and outcomes it knows of."""
    compare_returns.expect(connection, returned)
    extracts = {one.authority.la_code: return_reference.extract_of(one) for one in returned}
    compare.expect(connection, studies_of_returns(returned), extracts)
    ((n_outcomes,),) = connection.execute("select count(*) from expected_outcomes").fetchall()
    return sum(len(one.cases) for one in returned), n_outcomes


@pytest.fixture(scope="module")
def rules_of_returns(
    built: Project, returned: list[Returned], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rules]:
    rules = Rules(built, (*front_door.READ, *compare_returns.READ))
    authorities = [one.authority for one in returned]
    studies = studies_of_returns(returned)
    rules.load(tmp_path_factory.mktemp("returns"), {}, studies, returned=authorities)
    expect_returned(rules.connection, returned)
    yield rules
    rules.connection.close()


@pytest.fixture(scope="module")
def runner_of_returns(rules_of_returns: Rules) -> Runner:
    return Runner(rules_of_returns, compare_returns.COMPARED | compare.COMPARED)


def test_cases_of_returns_equal_the_reference(rules_of_returns: Rules) -> None:
    compared = compare_returns.COMPARED | compare.COMPARED
    found = compare.differences(rules_of_returns.connection, compared)
    assert found == dict.fromkeys(compared, 0)


def test_returns_lie_on_the_edges(returned: list[Returned]) -> None:
    every = [told for one in returned for told in one.records]
    assert {told.fate for told in every} == {"loaded", "quarantined", "duplicate", "superseded"}
    cases = [case for one in returned for case in one.cases]
    needs = [need for one in returned for mine in one.needs.values() for need in mine]
    days = {day for need in needs for day in (need.day, need.closure)}
    anniversaries = {
        (need.day - previous.day).days
        for r in returned
        for mine in r.needs.values()
        for previous, need in pairwise(mine)
    }
    assert days >= {date(2019, 3, 31), date(2019, 4, 1), date(2020, 2, 29)}
    assert anniversaries >= {365, 366}
    assert any(need.closure == need.day for need in needs)
    assert any(need.is_assumed for need in needs)
    assert any(case.is_outcome_known is False for case in cases)
    assert any(case.n_plans > 1 for case in cases)
    assert any(case.escalated for case in cases)
    assert {case.made_of for case in cases} == {"plans", "episode"}


# The same of returns, and of re-referrals in every table that holds them.
PLANTED_IN_RETURNS = [
    ("std_cin_episodes", "spells.start_date >= referrals", "spells.start_date > referrals"),
    ("std_plan_chains", "<= 1", "<= 2"),
    ("std_return_cases", "< newest.extract_as_of_date", "<= newest.extract_as_of_date"),
    ("std_episode_cases", "('RC8', 'RC9')", "('RC8')"),
    ("std_rereferrals", "cases.referral_date < episodes", "cases.referral_date <= episodes"),
    ("int_rereferrals_after_closure", "closure_date < rereferrals", "closure_date <= rereferrals"),
    ("int_episode_rereferrals", "then referral_date <= ", "then referral_date < "),
]


@pytest.mark.parametrize(
    ("model", "sound", "wrong"), PLANTED_IN_RETURNS, ids=[m for m, _, _ in PLANTED_IN_RETURNS]
)
def test_a_wrong_rule_of_returns_is_seen(
    rules_of_returns: Rules, runner_of_returns: Runner, model: str, sound: str, wrong: str
) -> None:
    sql = rules_of_returns.models[model].sql
    assert sound in sql
    planted = Mutant(model, sound, wrong, 1, sql.replace(sound, wrong, 1))
    assert runner_of_returns.fate(planted) == KILLED


def test_mutants_of_the_rules_of_returns_die(
    rules_of_returns: Rules,
    runner_of_returns: Runner,
    small_runner: Runner,
    runner: Runner,
    capsys: pytest.CaptureFixture[str],
) -> None:
    runners = (runner_of_returns, small_runner, runner)
    mutants_die(rules_of_returns, sql_mutants.RETURN_RULES, runners, capsys)


# What doesn't change the answers, and what changes them as it should


def answers(connection: duckdb.DuckDBPyConnection) -> set[tuple[object, ...]]:
    """What became of every case, by the name that its source gave it."""
    return set(
        connection.execute(
            "select o.study_id, c.la_code, c.case_name, o.outcome, o.arm, o.value, o.event_date,"
            " o.origin_date, o.is_censored, o.observed_until_date"
            " from int_case_outcomes as o inner join case_rows as c using (la_code, case_id)"
        ).fetchall()
    )


N_FEW = 300
FEW = [
    replace(study, cuts=())
    for study in STUDIES
    if study.study_id in ("as_printed", "each_link", "censored_at_closure", "trial")
]
SAME_CALENDAR = 28 * 365 + 7  # days after which the calendar repeats
NAMES = {"S61": "S71", "S62": "S69", "S63": "S70"}  # in another order
Answers = set[tuple[object, ...]]
Ran = Callable[..., Answers]


@pytest.fixture(scope="module")
def few() -> Extracts:
    return episodes.make(N_FEW, seed=2)


@pytest.fixture(scope="module")
def ran(built: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Runs the rules on extracts; gives back what became of every case."""
    rules = Rules(built)

    def run(given: Extracts, studies: Sequence[Study] = FEW, twice: bool = False) -> Answers:
        rules.load(tmp_path_factory.mktemp("few"), given, studies, twice)
        compare.name_cases(rules.connection, given)
        return answers(rules.connection)

    yield run
    rules.connection.close()


@pytest.fixture(scope="module")
def before(few: Extracts, ran: Ran) -> Answers:
    return ran(few)


ALL_CHANGES = ("shuffled", "with_another_child", "delivered_twice", "renamed")
CHANGES = [ALL_CHANGES, *([(change,) for change in ALL_CHANGES] if IS_LONG else [])]


@pytest.mark.parametrize("changes", CHANGES, ids="_".join)
def test_order_names_repeats_and_other_children_change_nothing(
    few: Extracts, ran: Ran, before: Answers, changes: tuple[str, ...]
) -> None:
    given, studies, name_now = dict(few), FEW, {code: code for code in few}
    added = f"C{len(few['S61'].cases) + 1}"
    if "with_another_child" in changes:
        given["S61"] = episodes.with_another_child(given["S61"])
    if "shuffled" in changes:
        given = {code: episodes.rearranged(extract, SEED) for code, extract in given.items()}
    if "renamed" in changes:
        name_now = NAMES
        given = {NAMES[code]: episodes.renamed(e, NAMES[code]) for code, e in given.items()}
        studies = [
            replace(study, la_codes=tuple(NAMES[code] for code in study.la_codes)) for study in FEW
        ]
    after = ran(given, studies, twice="delivered_twice" in changes)
    of_added = {row for row in after if (row[1], row[2]) == (name_now["S61"], added)}
    assert bool(of_added) == ("with_another_child" in changes)
    assert after - of_added == {(row[0], name_now[str(row[1])], *row[2:]) for row in before}


def test_whole_calendars_move_the_days_alone(few: Extracts, ran: Ran, before: Answers) -> None:
    studies = [study for study in FEW if not study.is_trial]  # school years have names
    moved = {code: episodes.moved(extract, -SAME_CALENDAR) for code, extract in few.items()}
    after = ran(moved, [episodes.moved(study, -SAME_CALENDAR) for study in studies])
    told = {study.study_id for study in studies}
    of_studies = [row for row in before if str(row[0]).split("~")[0] in told]
    expected = {row for row in of_studies if "absence" not in str(row[3])}
    assert after == {episodes.moved(row, -SAME_CALENDAR) for row in expected}


@pytest.mark.skipif(not IS_LONG, reason="takes minutes: CSC_LONG=1 runs it")
@pytest.mark.parametrize("days", [-1, -100, 31])
def test_any_days_move_windows_of_days(few: Extracts, ran: Ran, days: int) -> None:
    """In a study whose windows are of 365 days and that matches nobody by months."""
    studies = [study for study in STUDIES if study.study_id == "first_closure"]
    first = ran(few, studies)
    moved = {code: episodes.moved(extract, days) for code, extract in few.items()}
    after = ran(moved, [episodes.moved(study, days) for study in studies])
    assert after == {episodes.moved(row, days) for row in first}


# The long form


@pytest.mark.skipif(not IS_LONG, reason="takes minutes: CSC_LONG=1 runs it")
def test_marts_equal_the_reference_through_the_front_door(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = episodes.make(N_FRONT_DOOR, seed=3)
    project = front_door.build(tmp_path, many, STUDIES)
    with project.warehouse() as warehouse:
        n_judged = compare.expect(warehouse, STUDIES, many)
        ((n_outcomes,),) = warehouse.execute("select count(*) from expected_outcomes").fetchall()
        n_cases = sum(len(extract.cases) for extract in many.values())
        with capsys.disabled():
            print(f"\n{n_cases} cases, {n_judged} in {len(STUDIES)} studies, {n_outcomes} outcomes")
        assert compare.differences(warehouse) == AGREES
        assert (
            warehouse.execute(
                "select * from fct_case_outcomes except select * from int_case_outcomes"
            ).fetchall()
            == []
        )


@pytest.mark.skipif(not IS_LONG, reason="takes minutes: CSC_LONG=1 runs it")
def test_returns_equal_the_reference_through_the_front_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    authorities = returns.make(N_RETURNED_FRONT_DOOR, seed=3).values()
    many = [return_reference.read(authority) for authority in authorities]
    read = (*front_door.READ, *compare_returns.READ)
    studies = studies_of_returns(many)
    project = front_door.build(tmp_path, {}, studies, [one.authority for one in many], read)
    monkeypatch.chdir(project.path)  # views read what landed there
    with project.warehouse() as warehouse:
        n_cases, n_outcomes = expect_returned(warehouse, many)
        with capsys.disabled():
            print(f"\n{sum(len(one.records) for one in many)} records of returns,")
            print(f"{n_cases} cases in {len(studies)} studies, {n_outcomes} outcomes")
        compared = compare_returns.COMPARED | compare.COMPARED
        assert compare.differences(warehouse, compared) == dict.fromkeys(compared, 0)


def mutate_code(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = ROOT / "tests" / "rules" / "code_mutants.py"
    return subprocess.run(
        [sys.executable, str(program), *arguments],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )


def test_changes_of_code_that_no_test_notices_are_reported(tmp_path: Path) -> None:
    blind = tmp_path / "test_blind.py"
    blind.write_text("def test_nothing():\n    pass\n", encoding="utf-8")
    arguments = ("--size", "3", "--module", "multiplicity")
    unseen = mutate_code(*arguments, "--tests", str(blind))
    assert unseen.returncode == 1, unseen.stdout
    assert unseen.stdout.count("survived, line") == 3
    assert "0 of 3 mutants killed" in unseen.stdout


@pytest.mark.skipif(not IS_LONG, reason="takes minutes: CSC_LONG=1 runs it")
def test_mutants_of_estimators_die(capsys: pytest.CaptureFixture[str]) -> None:
    result = mutate_code("--size", str(N_CODE_MUTANTS))
    with capsys.disabled():
        print("\n" + result.stdout)
    assert result.returncode == 0, result.stdout
