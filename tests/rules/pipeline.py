"""The compiled rules without dbt: every model that outcomes rest on, run in DuckDB in order.

The door lands the extracts as in any build. What the gate finds is left out: nothing is withheld.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from csc_outcomes.evaluation.caliper_tables import caliper_weights
from csc_outcomes.published_statistics.landing import land_everything
from episodes import Extract
from front_door import (
    READ,
    Model,
    compiled,
    in_order,
    land,
    land_returns,
    seed_csv,
    seed_rows,
)
from projects import Project
from returns import Authority
from rule_studies import Study

GATE = "fct_expectation_results"
COUNTED = "py_caliper_weights"
DATABASE = "csc_outcomes"


class Rules:
    """An in-memory warehouse with the rule models of a project that was compiled before.

    `models` are in order, each after what it reads; `connection` holds them as tables.
    """

    def __init__(self, built: Project, read: Iterable[str] = READ) -> None:
        self.built = built
        self.models = needed(compiled(built), read)
        self.connection = duckdb.connect()
        self.connection.execute(f"attach ':memory:' as {DATABASE}; use {DATABASE}")
        self.connection.execute("set threads = 1; set preserve_insertion_order = true")
        self.landing = Path()

    def load(
        self,
        folder: Path,
        extracts: Mapping[str, Extract],
        studies: Sequence[Study],
        twice: bool = False,
        returned: Iterable[Authority] = (),
    ) -> None:
        """Lands extracts in a folder, every delivery `twice` if asked to, and what authorities
        `returned`; runs every model."""
        project = Project(folder)
        for part in ("dbt_project.yml", "extracts/demonstration.key"):
            (folder / part).parent.mkdir(parents=True, exist_ok=True)
            (folder / part).write_bytes((self.built.path / part).read_bytes())
        for extract in extracts.values():
            for delivery in ("1", "2")[: 1 + twice]:
                land(project, extract, delivery)
        for authority in returned:
            land_returns(project, authority)
        land_everything(folder)
        self.landing = folder / "landing"
        self._seed(studies)
        self.run(self.models)

    def run(self, names: Iterable[str], sql: Mapping[str, str] | None = None) -> None:
        """Runs models again, with other SQL where `sql` has some."""
        for name in names:
            if name == COUNTED:
                self.count_into(name)
                continue
            code = (sql or {}).get(name) or self.models[name].sql
            code = code.replace("read_parquet('landing/", f"read_parquet('{self.landing}/")
            self.connection.execute(f'create or replace table "{name}" as {code}')

    def below(self, name: str) -> list[str]:
        """A model and all that rest on it, in order."""
        touched = {name}
        for model in self.models.values():
            if touched.intersection(model.reads):
                touched.add(model.name)
        return [model for model in self.models if model in touched]

    def count_into(self, table: str, changed: Iterable[str] = ()) -> None:
        """What the Python model among the rules makes; `changed` are read in the schema mutant."""
        read = ("int_matchable_cases", "int_study_settings")
        relations = [
            self.connection.table(f"mutant.{name}" if name in changed else name) for name in read
        ]
        weights = caliper_weights(self.connection, *relations)
        self.connection.register("counted_weights", weights)
        self.connection.execute(f"create or replace table {table} as from counted_weights")
        self.connection.unregister("counted_weights")

    def _seed(self, studies: Sequence[Study]) -> None:
        """The seeds of the built project, with these studies in place of its own."""
        with self.built.warehouse() as warehouse:
            read = {name for model in self.models.values() for name in model.reads}
            there = {
                n for (n,) in warehouse.execute("select table_name from duckdb_tables()").fetchall()
            }
            for name in sorted((read - set(self.models)) & there):
                where = " where false" if name == GATE else ""
                table = warehouse.execute(f'select * from "{name}"{where}').to_arrow_table()
                self._put(name, table)
            for name, rows in seed_rows(studies).items():
                types = dict(
                    warehouse.execute(
                        "select column_name, data_type from duckdb_columns() where table_name = ?",
                        [name],
                    ).fetchall()
                )
                path = self.landing.parent / f"{name}.csv"
                path.write_bytes(seed_csv(name, rows))
                self.connection.execute(
                    f"create or replace table {name} as from read_csv(?, columns = {types}, "
                    "header = true, auto_detect = false, delim = ',', quote = '\"')",
                    [str(path)],
                )

    def _put(self, name: str, table: pa.Table) -> None:
        self.connection.register("given", table)
        self.connection.execute(f'create or replace table "{name}" as from given')
        self.connection.unregister("given")


def needed(models: Mapping[str, Model], read: Iterable[str]) -> dict[str, Model]:
    """The models that what is read rests on, without the gate."""
    wanted, open_names = set(), list(read)
    while open_names:
        name = open_names.pop()
        if name in wanted or name == GATE:
            continue
        wanted.add(name)
        reads = models[name].reads if name in models else ()
        open_names += [read for read in reads if read in models or read == COUNTED]
    counted = Model(COUNTED, "", "", ("int_matchable_cases", "int_study_settings"))
    known = {**models, COUNTED: counted}
    return in_order({name: model for name, model in known.items() if name in wanted})
