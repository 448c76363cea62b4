"""Small faults put into the SQL of the rules, one at a time, and which of them the data notice.

A mutant is one change of one compiled model: a comparison that takes or leaves its edge, a term
that is dropped, a join of another kind. It is killed when an answer of the rules differs from the
reference. Only what rests on the changed model is run again, beside the sound tables.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
import yaml
from sqlglot import exp

from compare import COMPARED, Comparison, between
from front_door import Model
from pipeline import COUNTED, Rules

# The models that hold rules: who is in a study, what happened to a case, and when.
RULES = (
    "std_escalations",
    "std_programme_enrolments",
    "int_case_enrolments",
    "int_studies",
    "int_study_cases",
    "int_study_eligibility",
    "int_undated_escalations",
    "int_observed_escalations",
    "int_matched_pairs",
    "int_case_index_dates",
    "int_closures",
    "int_escalations_in_study",
    "int_escalations_before_study",
    "int_linked_escalations",
    "int_rereferral_anchors",
    "int_rereferral_windows",
    "int_rereferrals",
    "int_rereferrals_after_closure",
    "int_short_observations",
    "int_followups",
    "int_lasting_closures",
    "int_case_lengths",
    "int_case_clocks",
    "int_competing_ends",
    "int_first_cases",
    "int_absences",
    "int_binary_outcomes",
    "int_case_outcomes",
)
# Those that make cases, referrals and escalations of returns.
RETURN_RULES = (
    "std_cin_episodes",
    "std_cin_plans",
    "std_plan_chains",
    "std_chain_cases",
    "std_episode_cases",
    "std_return_cases",
    "std_escalation_starts",
    "std_rereferrals",
    "std_referrals",
    "int_episode_history",
    "int_episode_rereferrals",
)
LISTED = Path(__file__).with_name("surviving_mutants.yml")
MOST_SECONDS = 10
KILLED, FAILED, SURVIVED = "killed", "does not run", "survived"
Change = tuple[exp.Expression, exp.Expression | None]


@dataclass(frozen=True)
class Mutant:
    """One change of one model; `name` says which, and stays as long as that SQL does."""

    model: str
    before: str
    after: str
    place: int
    sql: str

    @property
    def name(self) -> str:
        return f"{self.model}: {_short(self.before)} -> {_short(self.after)} #{self.place}"


def _short(text: str) -> str:
    """A text that fits into a line; a long one keeps its start and a mark of all of it."""
    if len(text) <= 90:
        return text
    return f"{text[:70].strip()} ... {hashlib.sha256(text.encode()).hexdigest()[:6]}"


# What can be changed, by kind of expression


def _edges(node: exp.Expression) -> Iterator[exp.Expression]:
    kinds: dict[type, Sequence[type]] = {
        exp.LT: (exp.LTE, exp.GTE),
        exp.LTE: (exp.LT, exp.GT),
        exp.GT: (exp.GTE, exp.LTE),
        exp.GTE: (exp.GT, exp.LT),
        exp.EQ: (exp.NEQ,),
        exp.NEQ: (exp.EQ,),
        exp.And: (exp.Or,),
        exp.Or: (exp.And,),
        exp.Min: (exp.Max,),
        exp.Max: (exp.Min,),
        exp.Add: (exp.Sub,),
        exp.Sub: (exp.Add,),
        exp.Lag: (exp.Lead,),
        exp.Lead: (exp.Lag,),
    }
    for other in kinds.get(type(node), ()):
        yield other(**{name: _copied(value) for name, value in node.args.items()})


def _copied(value: Any) -> Any:
    if isinstance(value, list):
        return [_copied(one) for one in value]
    return value.copy() if isinstance(value, exp.Expression) else value


def _terms(node: exp.Expression) -> Iterator[exp.Expression]:
    """One side of and, or and coalesce alone; what is negated by itself."""
    if isinstance(node, exp.And | exp.Or):
        yield node.left.copy()
        yield node.right.copy()
    elif isinstance(node, exp.Not):
        yield node.this.copy()
    elif isinstance(node, exp.Is):
        yield exp.Not(this=node.copy())
    elif isinstance(node, exp.Coalesce):
        yield node.this.copy()
        if node.expressions:
            yield node.expressions[0].copy()
    elif isinstance(node, exp.Greatest | exp.Least):
        other = exp.Least if isinstance(node, exp.Greatest) else exp.Greatest
        yield other(**{name: _copied(value) for name, value in node.args.items()})
        parts = [node.this, *node.expressions]
        for left_out in range(len(parts)):
            kept = [part.copy() for place, part in enumerate(parts) if place != left_out]
            if len(kept) == 1:
                yield kept[0]
            else:
                changed = node.copy()
                changed.set("this", kept[0])
                changed.set("expressions", kept[1:])
                yield changed


def _constants(node: exp.Expression) -> Iterator[exp.Expression]:
    if isinstance(node, exp.Literal) and node.is_number:
        number = float(node.this)
        yield exp.Literal.number(int(number) + 1 if number == int(number) else number + 1)
    elif isinstance(node, exp.Literal) and not isinstance(node.parent, exp.Interval):
        yield exp.Literal.string(f"{node.this}?")
    elif isinstance(node, exp.Boolean):
        yield exp.Boolean(this=not node.this)


def _lengths(node: exp.Expression) -> Iterator[exp.Expression]:
    """A day or a month more."""
    if isinstance(node, exp.DateDiff):
        yield exp.paren(exp.Add(this=node.copy(), expression=exp.Literal.number(1)))
    elif isinstance(node, exp.Anonymous) and node.name.lower() == "to_months":
        changed = node.copy()
        inner = changed.expressions[0]
        more = exp.Add(this=exp.paren(inner.copy()), expression=exp.Literal.number(1))
        changed.set("expressions", [more])
        yield changed


def _branches(node: exp.Expression) -> Iterator[exp.Expression]:
    """A case without one of its branches; a range without one of its ends."""
    if isinstance(node, exp.Case):
        for place in range(len(node.args["ifs"])):
            if len(node.args["ifs"]) > 1:
                changed = node.copy()
                changed.args["ifs"].pop(place)
                yield changed
        if node.args.get("default"):
            changed = node.copy()
            changed.set("default", None)
            yield changed
    elif isinstance(node, exp.Between):
        this, low, high = node.this, node.args["low"], node.args["high"]
        for first, last in ((exp.GT, exp.LTE), (exp.GTE, exp.LT)):
            yield exp.paren(
                exp.And(
                    this=first(this=this.copy(), expression=low.copy()),
                    expression=last(this=this.copy(), expression=high.copy()),
                )
            )


def _orders(node: exp.Expression) -> Iterator[exp.Expression]:
    if isinstance(node, exp.Ordered):
        changed = node.copy()
        changed.set("desc", not node.args.get("desc"))
        yield changed


def _rows(node: exp.Expression) -> Iterator[exp.Expression]:
    """Filters, joins and sets."""
    if isinstance(node, exp.Filter):
        yield node.this.copy()
    elif isinstance(node, exp.Join):
        changed = node.copy()
        is_left = node.side.upper() == "LEFT"
        if node.args.get("kind") != "CROSS":
            changed.set("side", None if is_left else "LEFT")
            changed.set("kind", "INNER" if is_left else None)
            yield changed
        for place in range(len(node.args.get("using") or [])):
            if len(node.args["using"]) > 1:
                changed = node.copy()
                changed.args["using"].pop(place)
                yield changed
    elif isinstance(node, exp.Union):
        changed = node.copy()
        changed.set("distinct", not node.args.get("distinct"))
        yield changed
    elif isinstance(node, exp.Select):
        for part in ("where", "having", "qualify", "distinct"):
            if node.args.get(part):
                changed = node.copy()
                changed.set(part, None)
                yield changed
    elif isinstance(node, exp.Window):
        for place in range(len(node.args.get("partition_by") or [])):
            if len(node.args["partition_by"]) > 1:
                changed = node.copy()
                changed.args["partition_by"].pop(place)
                yield changed
    elif isinstance(node, exp.Order) and len(node.expressions) > 1:
        for place in range(len(node.expressions)):
            changed = node.copy()
            changed.expressions.pop(place)
            yield changed


OPERATORS: tuple[Callable[[exp.Expression], Iterator[exp.Expression]], ...] = (
    *(_edges, _terms, _constants, _lengths, _branches, _orders, _rows),
)


def mutants_of(model: Model) -> list[Mutant]:
    """Every mutant of a model, each SQL once, in the order of the SQL."""
    tree = sqlglot.parse_one(model.sql, read="duckdb")
    for node in tree.walk():
        node.pop_comments()
    found: list[Mutant] = []
    seen = {tree.sql("duckdb")}
    places: Counter[tuple[str, str]] = Counter()
    for node in list(tree.walk(bfs=False)):
        for operator in OPERATORS:
            for changed in operator(node):
                before, after = _told(node, changed)
                sql = _with(tree, node, changed)
                if sql in seen:
                    continue
                seen.add(sql)
                places[before, after] += 1
                place = places[before, after]
                found.append(Mutant(model.name, before, after, place, sql))
    return found


def _with(tree: exp.Expression, node: exp.Expression, changed: exp.Expression) -> str:
    """The SQL of the tree with one node changed."""
    if node is tree:
        return changed.sql("duckdb")
    of_two = exp.And | exp.Or
    if isinstance(node.parent, of_two | exp.Not) and isinstance(changed, of_two):
        changed = exp.paren(changed)
    node.replace(changed)
    sql = tree.sql("duckdb")
    changed.replace(node)
    return sql


def _told(node: exp.Expression, changed: exp.Expression) -> tuple[str, str]:
    """What was and what is now, short enough to read: of a whole query only the part that goes."""
    if isinstance(node, exp.Select):
        for part in ("where", "having", "qualify", "distinct"):
            if node.args.get(part) and not changed.args.get(part):
                return node.args[part].sql("duckdb"), "nothing"
    if isinstance(node, exp.Union):
        return "union" if node.args.get("distinct") else "union all", "the other union"
    if isinstance(node, exp.Case):
        ifs, kept = node.args["ifs"], changed.args["ifs"]
        if len(kept) == len(ifs):
            return f"else {node.args['default'].sql('duckdb')}", "nothing"
        gone = next(i for i, branch in enumerate(ifs) if i == len(kept) or branch != kept[i])
        return ifs[gone].sql("duckdb"), "nothing"
    return node.sql("duckdb"), changed.sql("duckdb")


# Running them


class Runner:
    """Runs mutants over tables that agree with the reference."""

    def __init__(self, rules: Rules, compared: Mapping[str, Comparison] = COMPARED) -> None:
        self.rules, self.connection, self.compared = rules, rules.connection, compared
        self.connection.execute("create schema if not exists mutant")
        self.connection.execute("set memory_limit = '1GB'; set temp_directory = ''")
        self.sound: dict[str, Any] = {}

    def fate(self, mutant: Mutant) -> str:
        """What becomes of a mutant."""
        timer = threading.Timer(MOST_SECONDS, self.connection.interrupt)
        timer.start()
        try:
            return KILLED if self._is_noticed(mutant) else SURVIVED
        except duckdb.Error:
            return FAILED
        finally:
            timer.cancel()
            self._clear()

    def _is_noticed(self, mutant: Mutant) -> bool:
        changed: set[str] = set()
        for name in self.rules.below(mutant.model):
            model = self.rules.models[name]
            if name != mutant.model and not changed.intersection(model.reads):
                continue
            sql = mutant.sql if name == mutant.model else model.sql
            self._make(name, sql, changed)
            if self._print(f"mutant.{name}") == self._sound(name):
                continue
            changed.add(name)
            if any(self._differs(how, changed) for how in self._comparisons(name)):
                return True
        return False

    def _make(self, name: str, sql: str, changed: Iterable[str]) -> None:
        if name == COUNTED:
            self.rules.count_into(f"mutant.{name}", set(changed))
            return
        for other in changed:
            sql = sql.replace(f'"main"."{other}"', f'"mutant"."{other}"')
        self.connection.execute(f"create or replace table mutant.{name} as {sql}")

    def _comparisons(self, name: str) -> list[Comparison]:
        """Those that read a model."""
        return [how for how in self.compared.values() if f" {name} " in how[0]]

    def _differs(self, how: Comparison, changed: Iterable[str]) -> bool:
        found, *expected = how
        for name in changed:
            found = found.replace(f" {name} ", f" mutant.{name} ")
        query = f"select 1 from ({between(found, *expected)}) limit 1"
        return bool(self.connection.execute(query).fetchall())

    def _print(self, table: str) -> Any:
        """A number of rows and a sum over them: the same where the rows are."""
        query = f"select count(*), sum(hash(row_of)::hugeint) from {table} as row_of"
        return self.connection.execute(query).fetchall()

    def _sound(self, name: str) -> Any:
        if name not in self.sound:
            self.sound[name] = self._print(f"main.{name}")
        return self.sound[name]

    def _clear(self) -> None:
        made = self.connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'mutant'"
        ).fetchall()
        for (name,) in made:
            self.connection.execute(f"drop table mutant.{name}")


def all_mutants(rules: Rules) -> list[Mutant]:
    return [mutant for name in RULES for mutant in mutants_of(rules.models[name])]


def listed(kind: str) -> dict[str, str]:
    """The mutants listed as `equivalent` (no data can tell them from the rule) or `not_reached`
    (these cases don't, and it says what does), each with its reason."""
    reasons = yaml.safe_load(LISTED.read_text(encoding="utf-8"))[kind]
    return {name: reason for reason, names in reasons.items() for name in names}


def fate(mutant: Mutant, runners: Iterable[Runner]) -> str:
    """What becomes of a mutant on the first cases that tell it from the rule: few first."""
    found = SURVIVED
    for runner in runners:
        found = runner.fate(mutant)
        if found != SURVIVED:
            break
    return found
