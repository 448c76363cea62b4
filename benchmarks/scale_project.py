"""A copy of the project with a made-up nation's studies in its seeds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from csc_outcomes.synthetic.nation_facts import Authority, Nation, Programme
from csc_outcomes.synthetic.nation_files import write_authority
from project_copy import ROOT, ProjectCopy

sys.path.insert(0, str(ROOT / "tests" / "python"))

from projects import light_copy

LIKE = "fact22"  # whose rules, covariates and bins the nation's studies have
RULES = ("study_covariates", "study_covariate_bins", "study_outcomes", "study_subgroups")
EVERYWHERE = "*"
ANALYSES = ("closure_main", "length_main", "escalation_main", "rereferral_12m_main")


def scale_project(
    path: Path, nation: Nation, n_cases: int, *, is_light: bool = False
) -> ProjectCopy:
    """Makes a copy of the project at `path`, which must not exist yet, with the case lists of a
    nation of so many cases, and one study of each of its programmes. A light one has no tests in
    its property files, which dbt would read and never run."""
    project = ProjectCopy(light_copy(path).path) if is_light else ProjectCopy.make(path)
    authorities = nation.authorities(n_cases)
    for authority in authorities:
        write_authority(nation, authority, path / "extracts")
    set_studies(project, nation, authorities)
    return project


def set_studies(
    project: ProjectCopy, nation: Nation, authorities: list[Authority], is_pooled: bool = True
) -> None:
    """Gives the copy a nation's studies instead of its own, without readings; a programme that ran
    everywhere is one study, or one of each authority."""
    programmes = dict(_studies(nation, authorities, is_pooled))
    like = next(row for row in project.seed_rows("studies") if row["study_id"] == LIKE)
    studies = [
        like | _facts_of(programme) | {"study_id": study, "la_code": la_code}
        for (study, la_code), programme in programmes.items()
    ]
    for seed in sorted((project.path / "seeds").rglob("*.csv")):
        rows = project.seed_rows(seed.stem)
        if rows and "study_id" in rows[0]:
            own = [row for row in rows if row["study_id"] == LIKE and _is_kept(seed.stem, row)]
            project.write_seed(
                seed.stem, [row | {"study_id": study} for study, _ in programmes for row in own]
            )
    project.write_seed("studies", studies)
    parameters = [
        {"study_id": study, "parameter_id": parameter, "value": value}
        for (study, _), programme in programmes.items()
        for parameter, value in _parameters(programme).items()
        if is_pooled
    ]
    project.write_seed("study_parameters", parameters)


def _is_kept(seed: str, row: dict[str, str]) -> bool:
    return seed in RULES or (seed == "study_analyses" and row["analysis_id"] in ANALYSES)


def _studies(
    nation: Nation, authorities: list[Authority], is_pooled: bool
) -> Iterator[tuple[tuple[str, str], Programme]]:
    """(study_id, la_code) and programme of each study."""
    for programme in nation.programmes:
        name = programme.programme_id
        if programme.is_national and is_pooled:
            yield (name, EVERYWHERE), programme
            continue
        for authority in authorities:
            if programme in authority.programmes:
                suffix = f"_{authority.la_code.lower()}" if programme.is_national else ""
                yield (name + suffix, authority.la_code), programme


def _facts_of(programme: Programme) -> dict[str, str]:
    return {
        "study_name": f"Synthetic programme {programme.programme_id}",
        "programme_id": programme.programme_id,
        "study_start": programme.study_start.isoformat(),
        "study_end": programme.study_end.isoformat(),
        "earliest_case_start": programme.earliest_case_start.isoformat(),
        "latest_case_start": programme.latest_case_start.isoformat(),
        "report": "",
        "research_end": "",
    }


def _parameters(programme: Programme) -> dict[str, str]:
    """What differs from the defaults: a national study seeks comparators in every authority."""
    return {"strata_within": "study"} if programme.is_national else {}
