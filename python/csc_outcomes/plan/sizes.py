"""How large the samples of a study are. Only cases, weights and ids of clusters are read, no
outcome."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import duckdb

TABLES = {"fct_matched_cases", "fct_study_cases"}
CLUSTERS = {
    "case": "cases.la_code || cases.case_id",
    "child": "cases.child_id",
    "family": "coalesce(cases.family_id, cases.child_id)",
}
QUERY = """
    with clusters as (
        select
            samples.arm,
            {cluster} as cluster,
            count(*) as n_cases,
            sum(samples.weight order by samples.weight) as weight,
            sum(samples.weight ** 2 order by samples.weight) as squared_weight
        from fct_matched_cases as samples
        inner join fct_study_cases as cases
            using (study_id, la_code, case_id)
        where samples.study_id = ? and samples.method = ? and samples.weight > 0
        group by all
    )

    select
        arm,
        sum(n_cases)::integer,
        sum(weight order by weight) ** 2 / sum(squared_weight order by squared_weight),
        count(*),
        sum(n_cases ** 2) / sum(n_cases)
    from clusters
    group by arm
"""


class ArmSize(NamedTuple):
    """One arm of a sample: cases, effective cases (Kish), clusters, and the mean over cases of the
    size of their cluster."""

    n_cases: int
    n_effective: float
    n_clusters: int
    cluster_size: float


def sample_sizes(
    project: Path, study_id: str, sample: str, cluster: str
) -> tuple[str, dict[str, ArmSize]]:
    """The size of each arm by its name, or none where no build holds the sample; the text says
    which build it was, or why none."""
    why = "no build holds this sample yet"
    for name, path in _builds(project).items():
        if not path.exists():
            continue
        try:
            with duckdb.connect(str(path.resolve()), read_only=True) as connection:
                arms = _arms(connection, study_id, sample, cluster)
        except duckdb.IOException:
            why = f"the {name} is in use by another program"
            continue
        if arms:
            return name, arms
    return why, {}


def _builds(project: Path) -> dict[str, Path]:
    """The warehouse first: its sample may be newer than the published one."""
    warehouse = os.environ.get("CSC_WAREHOUSE", "warehouse/csc_outcomes.duckdb")
    return {
        "warehouse": project / warehouse,
        "published build": project / "published" / "current" / "analyst" / "csc_outcomes.duckdb",
    }


def _arms(
    connection: duckdb.DuckDBPyConnection, study_id: str, sample: str, cluster: str
) -> dict[str, ArmSize]:
    found = connection.execute("select table_name from duckdb_tables()").fetchall()
    if not {name for (name,) in found} >= TABLES:
        return {}
    found = connection.execute(
        QUERY.format(cluster=CLUSTERS[cluster]), [study_id, sample]
    ).fetchall()
    return {arm: ArmSize(*figures) for arm, *figures in found}
