"""Small faults put into the estimators' code, one at a time, and which of them their tests notice.

    python tests/rules/code_mutants.py --size 30

Every mutant runs in a process forked from this one, which has already imported what is slow to
import, so it costs what its tests cost. A mutant is killed when a test fails, when nothing can be
imported any more, or when the tests use more than their share of the processor. What no test can
tell from the code is listed in equivalent_code_mutants.yml.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import importlib.abc
import importlib.util
import os
import random
import resource
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import yaml

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests" / "python"
# The modules that estimates rest on most, and the tests that are theirs.
MODULES: dict[str, tuple[str, ...]] = {
    "csc_outcomes.estimators.linear": (
        "test_estimators_linear.py",
        "test_estimators_cluster_cr2.py",
    ),
    "csc_outcomes.estimators.logit": ("test_estimators_logit.py",),
    "csc_outcomes.estimators.weighting": ("test_estimators_weighting.py",),
    "csc_outcomes.estimators.cluster_cr2": ("test_estimators_cluster_cr2.py",),
    "csc_outcomes.estimators.hidden_bias": ("test_estimators_hidden_bias.py",),
    "csc_outcomes.estimators.survival": ("test_estimators_survival.py",),
    "csc_outcomes.estimators.censored_normal": ("test_estimators_censored_normal.py",),
    "csc_outcomes.estimators.multiplicity": ("test_estimators_multiplicity.py",),
    "csc_outcomes.evaluation.caliper_counts": ("test_caliper_counts.py",),
}
SLOW_TO_IMPORT = (
    *("numpy", "pandas", "scipy.stats", "scipy.optimize", "scipy.special", "scipy.linalg"),
    *("statsmodels.api", "lifelines", "duckdb", "pyarrow.parquet", "hypothesis", "pytest", "yaml"),
)
MOST_CPU_SECONDS = 60
LEAST_KILLED = 0.8
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
NAMES = {
    **{"min": "max", "max": "min", "any": "all", "all": "any"},
    **{"minimum": "maximum", "maximum": "minimum", "sf": "cdf", "cdf": "sf"},
}


@dataclass(frozen=True)
class Mutant:
    """One change of one module; `name` says which."""

    module: str
    line: int
    before: str
    after: str
    place: int
    source: str

    @property
    def name(self) -> str:
        return f"{self.module.split('.')[-1]}: {self.before} -> {self.after} #{self.place}"


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for place, kind in enumerate(node.ops):
            changed = copy.deepcopy(node)
            changed.ops[place] = COMPARISONS[type(kind)]()
            yield changed
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in ARITHMETIC:
        changed = copy.deepcopy(node)
        changed.op = ARITHMETIC[type(node.op)]()
        yield changed
    elif isinstance(node, ast.BoolOp):
        changed = copy.deepcopy(node)
        changed.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        yield changed
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.Invert):
        yield copy.deepcopy(node.operand)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1)
    elif isinstance(node, ast.If | ast.IfExp):
        changed = copy.deepcopy(node)
        changed.test = ast.UnaryOp(ast.Not(), changed.test)
        yield changed
    elif isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        if name in NAMES:
            changed = copy.deepcopy(node)
            setattr(changed, "id" if isinstance(node, ast.Name) else "attr", NAMES[name])
            yield changed


def _left_alone(tree: ast.AST) -> set[int]:
    """What says nothing of results: annotations, decorators, and what is only printed."""
    alone: set[int] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.Raise | ast.JoinedStr):
            parts = [node]
        elif isinstance(node, ast.FunctionDef):
            parts = [node.returns, *(a.annotation for a in ast.walk(node.args) if _is_arg(a))]
        elif isinstance(node, ast.AnnAssign):
            parts = [node.annotation]
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            parts += node.decorator_list
        for part in parts:
            alone.update(id(inner) for inner in ast.walk(part)) if part else None
    return alone


def _is_arg(node: ast.AST) -> bool:
    return isinstance(node, ast.arg)


def mutants_of(module: str, source: str | None = None) -> list[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    path = ROOT / "python" / Path(*module.split(".")).with_suffix(".py")
    tree = ast.parse(source or path.read_text(encoding="utf-8"))
    alone = _left_alone(tree)
    found: list[Mutant] = []
    counts: dict[tuple[str, str], int] = {}
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            children = value if isinstance(value, list) else [value]
            for place, node in enumerate(children):
                if not isinstance(node, ast.AST) or id(node) in alone:
                    continue
                for changed in _changes(node):
                    _put(parent, field, place, changed)
                    text = ast.unparse(ast.fix_missing_locations(tree))
                    _put(parent, field, place, node)
                    told = _told(node), _told(changed)
                    counts[told] = counts.get(told, 0) + 1
                    line = getattr(node, "lineno", 0)
                    found.append(Mutant(module, line, *told, counts[told], text))
    return sorted(found, key=lambda mutant: mutant.line)


def _put(parent: ast.AST, field: str, place: int, node: ast.AST) -> None:
    value = getattr(parent, field)
    if isinstance(value, list):
        value[place] = node
    else:
        setattr(parent, field, node)


def _told(node: ast.AST) -> str:
    """The text of a node; of a branch its condition alone."""
    if isinstance(node, ast.If):
        return f"if {ast.unparse(node.test)}"
    return ast.unparse(ast.fix_missing_locations(copy.deepcopy(node)))


class _Swapped(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a mutant's source."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, fullname: str, path: object, target: object = None):  # type: ignore[no-untyped-def]
        if fullname == self.mutant.module:
            return importlib.util.spec_from_loader(fullname, self)
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.mutant.source, self.mutant.module, "exec"), module.__dict__)


def is_killed(mutant: Mutant, tests: Iterable[str]) -> bool:
    """Whether the tests notice the mutant."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = _run(mutant, tests)
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) != 0


def _run(mutant: Mutant, tests: Iterable[str]) -> int:
    import pytest

    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_SECONDS, MOST_CPU_SECONDS))
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    sys.meta_path.insert(0, _Swapped(mutant))
    with tempfile.TemporaryDirectory() as folder:
        return int(
            pytest.main(
                [
                    *("-x", "-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}"),
                    *(f"--basetemp={folder}/tests", "-c", str(ROOT / "pyproject.toml")),
                    *(str(TESTS / test) for test in tests),
                ]
            )
        )


def unchanged(module: str) -> Mutant:
    """The module as it is."""
    path = ROOT / "python" / Path(*module.split(".")).with_suffix(".py")
    return Mutant(module, 0, "nothing", "nothing", 1, path.read_text(encoding="utf-8"))


def sample(mutants: list[Mutant], size: int, seed: int) -> list[Mutant]:
    """So many of the mutants, in their order."""
    places = random.Random(seed).sample(range(len(mutants)), min(size, len(mutants)))
    return [mutants[place] for place in sorted(places)]


def equivalents() -> dict[str, str]:
    """The mutants that no test can tell from the code, each with its reason."""
    path = Path(__file__).with_name("equivalent_code_mutants.yml")
    listed = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return {name: reason for reason, names in listed.items() for name in names}


def main(arguments: list[str] | None = None) -> int:
    """Prints what became of the mutants; 1 where too few are killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=30, help="mutants of each module")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--module", choices=[name.split(".")[-1] for name in MODULES])
    parser.add_argument("--tests", nargs="*", help="other tests than the module's own")
    given = parser.parse_args(arguments)
    for name in SLOW_TO_IMPORT:
        importlib.import_module(name)
    known, n_run, n_killed, gone = equivalents(), 0, 0, set()
    for module, tests in MODULES.items():
        if given.module not in (None, module.split(".")[-1]):
            continue
        tests = given.tests or tests
        if is_killed(unchanged(module), tests):
            print(f"{module}: its tests fail without any change")
            return 2
        every = mutants_of(module)
        short = module.split(".")[-1]
        gone |= {n for n in known if n.startswith(f"{short}:")} - {m.name for m in every}
        drawn = [m for m in sample(every, given.size, given.seed) if m.name not in known]
        survivors = [mutant for mutant in drawn if not is_killed(mutant, tests)]
        n_run, n_killed = n_run + len(drawn), n_killed + len(drawn) - len(survivors)
        print(f"{short}: {len(every)} mutants, {len(drawn)} run, {len(survivors)} survived")
        for mutant in survivors:
            print(f"  survived, line {mutant.line}: {mutant.name}", flush=True)
    print(f"{n_killed} of {n_run} mutants killed ({n_killed / n_run:.1%})")
    for name in sorted(gone):
        print(f"listed as equivalent, and no mutant any more: {name}")
    return int(bool(gone) or n_killed < LEAST_KILLED * n_run)


if __name__ == "__main__":
    sys.exit(main())
