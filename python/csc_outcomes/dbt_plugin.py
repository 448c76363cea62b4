"""The plugin that dbt-duckdb loads: it gives SQL the two functions that frame a build, csc_land and csc_close_build."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin

from csc_outcomes.landing.door import land
from csc_outcomes.project import project_dir
from csc_outcomes.publish import Build, close_build


class Plugin(BasePlugin):
    """Registers the functions; the door and the publish step themselves know nothing of dbt."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        if self.creds is not None and self.creds.path != ":memory:":
            Path(self.creds.path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        def csc_land() -> str:
            return land(project_dir()).summary()

        def csc_close_build(build: str) -> str:
            return close_build(Build(**json.loads(build)), project_dir(), conn.cursor())

        conn.create_function("csc_land", csc_land, [], "VARCHAR", side_effects=True)
        conn.create_function("csc_close_build", csc_close_build, ["VARCHAR"], "VARCHAR", side_effects=True)
