"""Each validation rule on a case that breaks it and on one that just doesn't, in one return."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from csc_outcomes.landing.columns import RECORDS
from projects import Project, copy_project

KINDS = ("children", "episodes", "assessments", "section_47s", "cin_plans", "cp_plans")
REFERRED = "2024-05-01"
Row = dict[str, str]
Broken = tuple[str, ...]


class Return:
    """The records of one return, and which rules each of them is meant to break."""

    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[Row, Broken]]] = {kind: [] for kind in KINDS}
        self.n_children = 0

    def child(self, *broken: str, episode: bool = True, **changes: str) -> str:
        """A child without fault but for the changes; gives back its id."""
        self.n_children += 1
        child_id = changes.pop("child_id", f"C{self.n_children:04}")
        row = {
            "child_id": child_id,
            "birth_date": "2015-05-05",
            "sex_code": "F",
            "ethnicity_code": "WBRI",
            "disability_codes": "NONE",
        }
        self.rows["children"].append((row | changes, broken))
        if episode:
            self.episode(child_id)
        return child_id

    def referred(self, *broken: str, **changes: str) -> str:
        """A child without fault with one episode that has the changes."""
        child_id = self.child(episode=False)
        self.episode(child_id, *broken, **changes)
        return child_id

    def episode(self, child_id: str, *broken: str, **changes: str) -> None:
        """An open episode of a child."""
        row = {
            "child_id": child_id,
            "referral_date": REFERRED,
            "is_nfa": "0",
            "primary_need_code": "N1",
        }
        self.rows["episodes"].append((row | changes, broken))

    def add(self, kind: str, child_id: str, start: str, *broken: str, **changes: str) -> None:
        """An assessment, enquiry or plan of the child's episode."""
        row = {"child_id": child_id, "referral_date": REFERRED, "start_date": start}
        self.rows[kind].append((row | changes, broken))

    def protect(self, child_id: str, start: str, *broken: str, **changes: str) -> None:
        """A protection plan that starts on the day of the conference after an enquiry."""
        if start:
            referred = {"referral_date": changes.get("referral_date", REFERRED)}
            self.add("section_47s", child_id, start, icpc_date=start, **referred)
        self.add("cp_plans", child_id, start, *broken, **changes)

    def files(self) -> dict[str, bytes]:
        """One CSV per kind of record."""
        return {
            f"{kind}.csv": csv_of((row for row, _ in rows), names(kind))
            for kind, rows in self.rows.items()
        }

    def expected(self) -> set[tuple[str, int, str]]:
        """File, row and rule of every flag that is due."""
        return {
            (kind, number, rule)
            for kind, rows in self.rows.items()
            for number, (_, broken) in enumerate(rows, 1)
            for rule in broken
        }


def names(kind: str) -> list[str]:
    """The columns of one kind of record."""
    return [column.name for column in RECORDS[kind]]


def csv_of(rows: Iterable[Row], columns: list[str]) -> bytes:
    """A CSV file of rows in which every column may be missing."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def contract(la_code: str, as_of_date: str, kinds: Mapping[str, list[str]]) -> dict[str, Any]:
    """An extract.yml that takes each column by its own name."""
    return {
        "la_code": la_code,
        "la_name": f"Authority {la_code}",
        "synthetic": "true",
        "format": "records",
        "as_of_date": as_of_date,
        "files": [
            {"name": f"{kind}.csv", "holds": kind, "columns": {name: name for name in columns}}
            for kind, columns in kinds.items()
        ],
    }


def keys(of: Return) -> None:
    of.child("8500", child_id="", episode=False)
    twice = of.child("8510")
    of.child("8510", child_id=twice, episode=False)
    of.child("1520", upn="A801234567890")
    of.child("1520", upn="A801234567890")
    of.child(upn="B801234567890")
    of.child("8590", episode=False)


def episode_dates(of: Return) -> None:
    of.referred("8600", referral_date="")
    of.referred("8600", referral_date="2025-04-01")
    of.referred(referral_date="2025-03-31")
    closed = {"close_reason_code": "RC7"}
    of.referred("8630", close_date="2024-04-30", **closed)
    of.referred(close_date=REFERRED, **closed)
    of.referred("8805", close_date="2024-06-01")
    of.referred("8810", **closed)
    born = of.child(episode=False, birth_date="2025-02-06")
    of.episode(born, "8606")  # 281 days before
    born = of.child(episode=False, birth_date="2025-02-05")
    of.episode(born)
    unborn = {"birth_date": "", "sex_code": "U"}
    expected = of.child(episode=False, expected_birth_date="2025-02-06", **unborn)
    of.episode(expected, "8606")
    expected = of.child(episode=False, expected_birth_date="2025-02-05", **unborn)
    of.episode(expected)


def several_episodes(of: Return) -> None:
    closed = {"close_date": "2024-08-01", "close_reason_code": "RC7"}
    child = of.referred("8815", "8816")
    of.episode(child, "8815", "8820", referral_date="2024-09-01")
    child = of.referred(is_nfa="1")  # one that led to nothing may stay open and overlaps nothing
    of.episode(child, referral_date="2024-09-01")
    child = of.referred("8816")
    of.episode(child, "8820", referral_date="2024-06-01", **closed)
    child = of.referred("8816")
    of.episode(child, "8820", referral_date="2024-09-01", is_nfa="1")
    child = of.referred(**closed)
    of.episode(child, "8820", referral_date="2024-07-31")
    child = of.referred(**closed)
    of.episode(child, referral_date="2024-08-01")


def after_closure(of: Return) -> None:
    closed = {"close_date": "2024-08-01", "close_reason_code": "RC7"}
    late, last_day = "2024-08-02", "2024-08-01"
    of.add("assessments", of.referred("8565", **closed), "2024-06-01", authorised_date=late)
    of.add("assessments", of.referred("8565", **closed), late)
    of.add("assessments", of.referred(**closed), "2024-06-01", authorised_date=last_day)
    of.add("section_47s", of.referred("8565", **closed), late)
    of.add("section_47s", of.referred("8565", **closed), "2024-06-01", icpc_date=late)
    of.referred("8565", icpc_date=late, **closed)
    of.add("cin_plans", of.referred("8565", **closed), "2024-06-01", end_date=late)
    of.add("cin_plans", of.referred("8565", **closed), late)
    of.add("cin_plans", of.referred(**closed), "2024-06-01", end_date=last_day)
    of.protect(of.referred("8565", **closed), "2024-06-01", end_date=late)
    of.protect(of.referred(**closed), "2024-06-01", end_date=last_day)


def no_further_action(of: Return) -> None:
    of.referred("8568", is_nfa="")
    of.referred("8568", is_nfa="perhaps")
    # 1 April 2024 was a Monday: the last working day before it was Friday 29 March
    of.referred("8569Q", is_nfa="1", referral_date="2024-03-28")
    of.referred(is_nfa="1", referral_date="2024-03-29")
    of.referred(referral_date="2024-03-28")
    of.add("assessments", of.referred("8831", is_nfa="1"), "2024-06-01")
    of.add("section_47s", of.referred("8831", is_nfa="1"), "2024-06-01")
    of.referred("8831", is_nfa="1", icpc_date="2024-06-01")
    friday = {"referral_date": "2024-03-29"}
    of.add("cp_plans", of.referred(is_nfa="1", **friday), "2024-03-29", "8832", **friday)
    of.add("cin_plans", of.referred(is_nfa="1"), "2024-06-01", "4000")
    of.referred("8610", primary_need_code="")
    of.referred(primary_need_code="", is_nfa="1")


def closed_after_assessment(of: Return) -> None:
    for reason in ("RC8", "RC9"):
        closed = {"close_date": "2024-08-01", "close_reason_code": reason}
        of.referred("8825Q", **closed)
        assessed = of.referred(**closed)
        of.add("assessments", assessed, "2024-06-01")
        with_plan = of.referred("2990", **closed)
        of.add("assessments", with_plan, "2024-06-01")
        of.add("cin_plans", with_plan, "2024-06-02", end_date="2024-07-01")
        with_enquiry = of.referred("2990", **closed)
        of.add("assessments", with_enquiry, "2024-06-01")
        of.add("section_47s", with_enquiry, "2024-06-01")
    of.referred(close_date="2024-08-01", close_reason_code="RC7")


def cin_plans(of: Return) -> None:
    child = of.referred()
    of.add("cin_plans", child, "2024-06-01", "4004")
    of.add("cin_plans", child, "2024-07-01", "4004", "4014")
    of.add("cin_plans", of.referred(), "2024-06-01")
    of.add("cin_plans", of.referred(), "", "4010")
    of.add("cin_plans", of.referred(), "2025-04-01", "4010")
    of.add("cin_plans", of.referred(), "2025-03-31")
    of.add("cin_plans", of.referred(), "2024-06-02", "4011", end_date="2024-06-01")
    of.add("cin_plans", of.referred(), "2024-06-02", "4012Q", end_date="2024-06-02")
    of.add("cin_plans", of.referred(), "2024-06-02", end_date="2024-06-03")
    early = {"referral_date": "2024-03-01"}
    of.add("cin_plans", of.referred(**early), "2024-03-01", "4013", end_date="2024-03-31", **early)
    of.add("cin_plans", of.referred(**early), "2024-03-01", end_date="2024-04-01", **early)
    of.add("cin_plans", of.referred(), "2024-06-01", "4013", end_date="2025-04-01")
    of.add("cin_plans", of.referred(), "2024-06-01", end_date="2025-03-31")
    child = of.referred()
    of.add("cin_plans", child, "2024-06-01", end_date="2024-07-01")
    of.add("cin_plans", child, "2024-07-01", "4014", end_date="2024-08-01")
    child = of.referred()
    of.add("cin_plans", child, "2024-06-01", end_date="2024-07-01")
    of.add("cin_plans", child, "2024-07-02", end_date="2024-08-01")
    of.add("cin_plans", of.referred(), "2024-04-30", "4015")
    of.add("cin_plans", of.referred(), REFERRED)


def two_kinds_of_plans(of: Return) -> None:
    child = of.referred()
    of.protect(child, "2024-05-15")
    of.add("cin_plans", child, "2024-06-01", "4001", "4016")
    child = of.referred()
    of.add("cin_plans", child, "2024-05-15", "4001", "4017")
    of.protect(child, "2024-06-01")
    child = of.referred()
    of.protect(child, "2024-06-01", end_date="2024-07-01")
    of.add("cin_plans", child, "2024-06-10", "4016", end_date="2024-08-01")
    child = of.referred()
    of.protect(child, "2024-06-01", end_date="2024-07-01")
    of.add("cin_plans", child, "2024-07-01", end_date="2024-08-01")
    child = of.referred()
    of.add("cin_plans", child, "2024-05-15", "4017", end_date="2024-07-01")
    of.protect(child, "2024-06-01", end_date="2024-08-01")
    child = of.referred()
    of.add("cin_plans", child, "2024-05-15", end_date="2024-07-01")
    of.protect(child, "2024-07-01", end_date="2024-08-01")


def cp_plans(of: Return) -> None:
    of.protect(of.referred(), "", "8720")
    of.protect(of.referred(), "2025-04-01", "8720")
    of.protect(of.referred(), "2025-03-31")
    of.protect(of.referred(), "2024-06-01", "8840", end_date="2024-06-01")
    of.protect(of.referred(), "2024-06-01", "8925", end_date="2024-05-31")
    of.protect(of.referred(), "2024-06-01", end_date="2024-06-02")
    early = {"referral_date": "2024-02-01"}
    of.protect(of.referred(**early), "2024-02-01", "8930", end_date="2024-03-31", **early)
    of.protect(of.referred(**early), "2024-02-01", end_date="2024-04-01", **early)
    of.protect(of.referred(), "2024-06-01", "8930", end_date="2025-04-01")
    child = of.referred()
    of.protect(child, "2024-06-01", "8935")
    of.protect(child, "2024-07-01", "8935", "8940")
    child = of.referred()
    of.protect(child, "2024-06-01", end_date="2024-07-01")
    of.protect(child, "2024-07-01", "8940")
    child = of.referred()
    of.protect(child, "2024-06-01", end_date="2024-07-01")
    of.protect(child, "2024-07-02")
    of.protect(of.referred(), "2024-04-30", "1105")
    of.protect(of.referred(), REFERRED)


def conferences(of: Return) -> None:
    child = of.referred()
    of.add("section_47s", child, "2024-05-02", icpc_date="2024-06-01")
    of.add("cp_plans", child, "2024-06-02", "2885")
    of.add("cp_plans", of.referred(), "2024-06-02", "2885")
    of.add("cp_plans", of.referred(icpc_date="2024-06-02"), "2024-06-02")
    child = of.referred(icpc_date="2024-06-02")
    of.add("section_47s", child, "2024-05-02")  # this enquiry led to no conference
    of.add("cp_plans", child, "2024-06-02")
    child = of.referred(icpc_date="2024-06-02")
    of.add("section_47s", child, "2024-05-02", icpc_date="2024-06-01")
    of.add("cp_plans", child, "2024-06-02", "2885")
    early = {"referral_date": "2024-03-01"}
    of.add("cp_plans", of.referred(**early), "2024-03-31", **early)  # before the period


def people(of: Return) -> None:
    born_late = of.child("8520", birth_date="2025-04-01", episode=False)
    of.episode(born_late, referral_date="2025-03-01")
    born_last_day = of.child(birth_date="2025-03-31", episode=False)
    of.episode(born_last_day, referral_date="2025-03-01")
    of.child("8525Q", expected_birth_date="2015-05-04")
    of.child("8525Q", birth_date="")
    of.child("8535Q", death_date="2015-05-04")
    of.child(death_date="2015-05-05")
    of.child("8775Q", birth_date="2000-03-30")
    of.child(birth_date="2000-03-31")
    grown = of.child("8775Q", birth_date="2000-03-30", episode=False)
    of.episode(grown, close_date="2025-03-31", close_reason_code="RC6")
    grown = of.child(birth_date="2000-03-30", episode=False)
    of.episode(grown, close_date="2025-03-30", close_reason_code="RC6")
    of.child("4180", sex_code="")
    of.child("4180", sex_code="1")
    of.child(sex_code="U")
    of.child("4220", ethnicity_code="")
    of.child("4220", ethnicity_code="WEUR")
    of.child("8540", disability_codes="")
    of.child("8540", disability_codes="MOB;ZZZ")
    of.child(disability_codes="MOB;HAND")
    undecided = of.child(disability_codes="", episode=False)
    of.episode(undecided, is_nfa="1")
    of.child("8790", disability_codes="NONE;MOB")
    of.child("8794", disability_codes="MOB;HAND;MOB")


@pytest.fixture(scope="module")
def judged() -> Return:
    """A return in which every rule is broken, and just not broken."""
    of = Return()
    for add in (
        keys,
        episode_dates,
        several_episodes,
        after_closure,
        no_further_action,
        closed_after_assessment,
        cin_plans,
        two_kinds_of_plans,
        cp_plans,
        conferences,
        people,
    ):
        add(of)
    return of


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, judged: Return) -> Project:
    """A project with that return, and one of an earlier year that says little, built as far as the
    rules need."""
    built = copy_project(tmp_path_factory.mktemp("rules"), with_extracts=False)
    full = contract("S91", "2025-03-31", {kind: names(kind) for kind in KINDS})
    built.add_delivery("s91", "2025", full | {"window_start": "2024-04-01"}, judged.files())
    thin = {"children": ["child_id", "sex_code"], "cin_plans": ["child_id", "start_date"]}
    thin |= {"episodes": ["child_id", "referral_date", "is_nfa", "close_date"]}
    rows = {
        "children": {"child_id": "X1", "sex_code": "1"},
        "cin_plans": {"child_id": "X1", "start_date": "2020-01-01"},
        "episodes": {"child_id": "X1", "referral_date": "2020-04-01", "is_nfa": "1"},
    }
    files = {f"{kind}.csv": csv_of([rows[kind]], columns) for kind, columns in thin.items()}
    built.add_delivery("s92", "2020", contract("S92", "2020-03-31", thin), files)
    result = built.dbt(
        "build",
        "--exclude-resource-types",
        "test",
        "unit_test",
        "--select",
        "+fct_rule_scorecard",
        "+fct_code_coverage",
    )
    assert result.returncode == 0, result.stdout[-5000:]
    return built


def test_each_rule_has_a_case_that_breaks_it(judged: Return, project: Project) -> None:
    with project.warehouse() as warehouse:
        rules = {rule for (rule,) in warehouse.sql("select rule from cin_rules").fetchall()}
    assert {rule for _, _, rule in judged.expected()} == rules


def test_exactly_the_records_that_break_a_rule_are_flagged(
    judged: Return, project: Project
) -> None:
    with project.warehouse() as warehouse:
        flags = warehouse.sql(
            "select record_kind, source_row_number, rule from fct_rule_flags where la_code = 'S91'"
        ).fetchall()
    assert len(flags) == len(set(flags))
    found, expected = set(flags), judged.expected()
    assert found - expected == set(), "flagged without cause"
    assert expected - found == set(), "not flagged"


def test_scorecard_counts_what_was_checked_and_flagged(judged: Return, project: Project) -> None:
    with project.warehouse() as warehouse:
        cards = warehouse.sql(
            "select rule, verdict, n_checked, n_flagged from fct_rule_scorecard"
            " where la_code = 'S91' and rule in ('8630', '2885')"
        ).fetchall()
    n_episodes, n_plans = len(judged.rows["episodes"]), len(judged.rows["cp_plans"])
    assert set(cards) == {("8630", "fail", n_episodes, 1), ("2885", "fail", n_plans, 3)}


@pytest.mark.parametrize(
    ("rule", "verdict", "because"),
    [
        ("8600", "fail", None),
        ("8568", "pass", None),
        ("8569Q", "not_applicable", "The delivery does not say what period it covers"),
        ("4011", "not_applicable", "The rule begins with the return of 2022"),
        ("4180", "not_applicable", "The rule begins with the return of 2025"),
        ("8610", "not_applicable", "Nothing is said in episodes.primary_need_code"),
        ("8815", "not_applicable", "Nothing is said in episodes.close_date"),
        ("8720", "not_applicable", "No delivery holds cp_plans"),
    ],
)
def test_rule_that_cannot_be_judged_says_why(
    project: Project, rule: str, verdict: str, because: str | None
) -> None:
    with project.warehouse() as warehouse:
        card = warehouse.execute(
            "select verdict, because from fct_rule_scorecard where la_code = 'S92' and rule = ?",
            [rule],
        ).fetchone()
    assert card == (verdict, because)


def test_unmapped_codes_are_kept_and_counted(project: Project) -> None:
    with project.warehouse() as warehouse:
        rows = warehouse.sql(
            "select table_name, n_coded, n_unmapped from fct_code_coverage"
            " where la_code = 'S92' and column_name = 'sex_code' and n_coded > 0"
        ).fetchall()
    assert ("std_people", 1, 1) in rows
