"""The turns of a build on two engines: SQL models go to Spark, Python models to DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any


@dataclass(frozen=True)
class Round:
    """DuckDB fits the models `python`, then Spark builds what can be built now: everything that
    rests on them, but on none of the models in `later`. The first round has no `python`."""

    python: tuple[str, ...]
    later: tuple[str, ...]

    @property
    def selection(self) -> list[str]:
        """What dbt builds on Spark in this round, as options of `dbt build`."""
        chosen = ["--select", *(f"{name}+" for name in self.python)] if self.python else []
        left = ["--exclude", *(f"{name}+" for name in self.later)] if self.later else []
        return [*chosen, *left]


def rounds(manifest: Mapping[str, Any]) -> list[Round]:
    """The rounds of the project that dbt's manifest (as in manifest.json) describes.

    A Python model waits for as many rounds as there are Python models, one behind the other, on the
    longest way to it.
    """
    nodes, parents = manifest["nodes"], manifest["parent_map"]
    depths: dict[str, int] = {}
    for start in nodes:  # depth first, without recursion: chains of models grow long
        waiting = [start]
        while waiting:
            node = waiting[-1]
            above = [parent for parent in parents.get(node, ()) if parent in nodes]
            unknown = [parent for parent in above if parent not in depths]
            if unknown:
                waiting += unknown
                continue
            depth = max((depths[parent] for parent in above), default=0)
            depths[node] = depth + _is_python(nodes[node])
            waiting.pop()
    by_depth: dict[int, list[str]] = {0: []}
    for node, depth in sorted(depths.items()):
        if _is_python(nodes[node]):
            by_depth.setdefault(depth, []).append(nodes[node]["name"])
    order = [by_depth[depth] for depth in sorted(by_depth)]
    return [
        Round(tuple(sorted(names)), tuple(sorted(chain.from_iterable(order[number + 1 :]))))
        for number, names in enumerate(order)
    ]


def _is_python(node: Mapping[str, Any]) -> bool:
    return node["resource_type"] == "model" and node.get("language") == "python"
