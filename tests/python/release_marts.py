"""Random tables of counts with all their margins, as a release could hold them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass
class Mart:
    """Counts and the relations among them, as `controlled` takes them."""

    cells: pd.DataFrame
    relations: pd.DataFrame


class _Builder:
    def __init__(self, scope: str) -> None:
        self.scope, self.cells, self.relations = scope, {}, []

    def cell(self, name: str, n: int, level: str, priority: int) -> str:
        self.cells.setdefault(name, (int(n), level, priority))
        return name

    def relation(self, total: str, parts: list[str]) -> None:
        name = f"{total}={len(self.relations)}"
        self.relations += [(name, total, -1), *((name, part, 1) for part in parts)]

    def mart(self) -> Mart:
        cells = pd.DataFrame(
            [(self.scope, name, *values) for name, values in self.cells.items()],
            columns=["scope", "cell_id", "n", "level", "priority"],
        ).astype({"n": "Int64"})
        relations = pd.DataFrame(
            [(self.scope, *row) for row in self.relations],
            columns=["scope", "relation_id", "cell_id", "coefficient"],
        )
        return Mart(cells, relations)


def _counts(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Skewed: many small counts, some none, a few large."""
    mean = random.lognormal(random.uniform(0.8, 3.2), random.uniform(0.6, 1.4), shape)
    counts = random.poisson(mean)
    counts[random.random(shape) < random.uniform(0, 0.15)] = 0
    return counts


def _crossed(builder: _Builder, name: str, counts: np.ndarray, level: str) -> None:
    """A table of 1 to 3 ways: every cell, every margin, and all relations of a margin to its parts.
    A `*` stands for all of a way."""
    ways = [[str(i) for i in range(size)] for size in counts.shape]
    for key in itertools.product(*[["*", *way] for way in ways]):
        where = tuple(slice(None) if k == "*" else int(k) for k in key)
        over = key.count("*")
        builder.cell(f"{name}/{'/'.join(key)}", counts[where].sum(), level, 3 * over)
    for key in itertools.product(*[["*", *way] for way in ways]):
        for axis in [i for i, k in enumerate(key) if k == "*"]:
            parts = [(*key[:axis], part, *key[axis + 1 :]) for part in ways[axis]]
            total = f"{name}/{'/'.join(key)}"
            builder.relation(total, [f"{name}/{'/'.join(part)}" for part in parts])


def random_mart(seed: int) -> Mart:
    """One scope: a table of 1 to 3 ways, or one nested in authorities and their region, or two that
    share a margin, or an arm's outcomes with their populations."""
    random = np.random.default_rng(seed)
    builder = _Builder(f"mart_{seed}")
    kind = seed % 4
    if kind == 0:
        ways = int(random.integers(1, 4))
        shape = tuple(int(size) for size in random.integers(2, 7 - ways, ways))
        _crossed(builder, "t", _counts(random, shape), "authority")
    elif kind == 1:
        shape = tuple(int(size) for size in random.integers(2, 4, 2))
        tables = {f"la{i}": _counts(random, shape) for i in range(random.integers(2, 4))}
        for name, counts in tables.items():
            _crossed(builder, name, counts, "authority")
        _crossed(builder, "region", sum(tables.values()), "region")
        keys = [c.split("/", 1)[1] for c in builder.cells if c.startswith("region/")]
        for key in keys:
            builder.relation(f"region/{key}", [f"{name}/{key}" for name in tables])
    elif kind == 2:
        counts = _counts(random, tuple(int(size) for size in random.integers(2, 4, 3)))
        _crossed(builder, "ab", counts.sum(axis=2), "authority")
        _crossed(builder, "bc", counts.sum(axis=0), "authority")
        for b in ["*", *map(str, range(counts.shape[1]))]:
            builder.relation(f"ab/*/{b}", [f"bc/{b}/*"])
    else:
        _arms(builder, random)
    return builder.mart()


def _arms(builder: _Builder, random: np.random.Generator) -> None:
    """Two arms; outcomes with and without; two populations that make up the sample."""
    for arm in ("treated", "comparator"):
        sizes = random.integers(2, 60, 2)
        names = {"young": sizes[0], "old": sizes[1], "all": sizes.sum()}
        for population, size in names.items():
            builder.cell(f"{arm}/{population}/size", size, "authority", 9)
        parts = [f"{arm}/young/size", f"{arm}/old/size"]
        builder.relation(f"{arm}/all/size", parts)
        for outcome in range(int(random.integers(2, 5))):
            rate = random.beta(1, 6)
            ill = [int(random.binomial(size, rate)) for size in sizes]
            for population, n in {"young": ill[0], "old": ill[1], "all": sum(ill)}.items():
                name = f"{arm}/{population}/{outcome}"
                builder.cell(f"{name}/with", n, "authority", 8)
                builder.cell(f"{name}/without", names[population] - n, "authority", 4)
                parts = [f"{name}/with", f"{name}/without"]
                builder.relation(f"{arm}/{population}/size", parts)
            for which in ("with", "without"):
                parts = [f"{arm}/{population}/{outcome}/{which}" for population in ("young", "old")]
                builder.relation(f"{arm}/all/{outcome}/{which}", parts)
