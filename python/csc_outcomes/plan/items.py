"""The items of a plan: what the model int_plan_items gives over the seed files."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, StrictUndefined

from csc_outcomes.plan.seeds import load_seeds

MODEL = Path("models", "intermediate", "evaluation", "int_plan_items.sql")
MACROS = Path("macros", "plan.sql")


class PlanItem(NamedTuple):
    """One planned thing; `value` is its normalised text."""

    kind: str
    item: str
    value: str


class Difference(NamedTuple):
    """An item whose value is another one than planned; None where there is none."""

    kind: str
    item: str
    planned: str | None
    current: str | None

    def __str__(self) -> str:
        if self.planned is None:
            return f"{self.kind} {self.item}: added ({self.current})"
        if self.current is None:
            return f"{self.kind} {self.item}: removed ({self.planned})"
        return f"{self.kind} {self.item}: {self.planned} -> {self.current}"


class Plan(NamedTuple):
    """The items of a study's present configuration, and those that are mere defaults."""

    items: frozenset[PlanItem]
    defaults: frozenset[PlanItem]


def present_plan(project: Path, study_id: str) -> Plan:
    """What `study_id` would lock now. The SQL of the dbt model runs over the seed files, so that
    what is locked and what a build compares it with are spelt alike; raises PlanError."""
    seeds: set[str] = set()

    def rendered(model: Path) -> str:
        texts = (path.read_text(encoding="utf-8") for path in (project / MACROS, model))
        return Environment(undefined=StrictUndefined).from_string("".join(texts)).render(ref=ref)

    def ref(name: str) -> str:
        model = next((project / "models").rglob(f"{name}.sql"), None)
        if model is not None:
            return f"({rendered(model)})"
        seeds.add(name)
        return name

    query = rendered(project / MODEL)
    with load_seeds(project, sorted(seeds)) as connection:
        found = connection.execute(
            f"select kind, item, value, is_default from ({query}) where study_id = ?", [study_id]
        ).fetchall()
    return Plan(
        items=frozenset(PlanItem(*row[:3]) for row in found),
        defaults=frozenset(PlanItem(*row[:3]) for row in found if row[3]),
    )


def differences(planned: Collection[PlanItem], present: Plan) -> list[Difference]:
    """What differs between a locked plan and the present one, in order of kind and item; as in the
    model int_plan_differences, a parameter unknown to the plan counts where it isn't the
    default."""
    known = {(item.kind, item.item) for item in planned}
    return differences_of_versions(
        planned,
        (
            item
            for item in present.items
            if item not in present.defaults or (item.kind, item.item) in known
        ),
    )


def differences_of_versions(
    earlier: Iterable[PlanItem], later: Iterable[PlanItem]
) -> list[Difference]:
    """What differs between two locked plans, in order of kind and item."""
    before = {(item.kind, item.item): item.value for item in earlier}
    now = {(item.kind, item.item): item.value for item in later}
    return [
        Difference(*key, before.get(key), now.get(key))
        for key in sorted(set(before) | set(now))
        if before.get(key) != now.get(key)
    ]
