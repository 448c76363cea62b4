"""Codes are known as of their event: what was in use in its collection year, and nothing else."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import duckdb
import pytest

from projects import ROOT, Project, light_copy
from reference_data import reference_file

CODE_SETS = ROOT / "seeds" / "code_sets" / "code_sets.csv"
OFFICIAL = {
    "referralsourcetype": "referral_source",
    "disabilitytype": "disability",
    "categoryofabuse": "cp_category",
    "primaryneedcodetype": "primary_need",
    "reasonforclosuretype": "closure_reason",
    "assessmentfactorstype": "assessment_factor",
    "ethnicitytype": "ethnicity",
}
MODEL = """
select
    code_set,
    code,
    event_date,
    {{ collection_year('event_date') }} as collection_year,
    case code_set
        when 'closure_reason' then {{ known_code_as_of('code', 'closure_reason', 'event_date') }}
        when 'referral_source' then {{ known_code_as_of('code', 'referral_source', 'event_date') }}
        else {{ known_code_as_of('code', 'assessment_factor', 'event_date') }}
    end as known_code
from {{ ref('asked') }}
"""
# code set, code, day of the event, collection year, what the code is as of that day
CASES = [
    ("closure_reason", "RC9", "2022-03-31", 2022, "UNMAPPED"),
    ("closure_reason", "RC9", "2022-04-01", 2023, "RC9"),
    ("closure_reason", "RC8", "2010-12-31", 2011, "RC8"),
    ("closure_reason", "RC8", "2031-01-01", 2031, "RC8"),
    ("closure_reason", "RC8", "1970-01-01", 1970, "RC8"),  # before all lists
    ("closure_reason", "RC9", "1970-01-01", 1970, "UNMAPPED"),
    ("closure_reason", "RC9", "2150-01-01", 2150, "RC9"),
    ("referral_source", "5D", "2022-03-31", 2022, "UNMAPPED"),
    ("referral_source", "5D", "2022-04-01", 2023, "5D"),
    ("assessment_factor", "18A", "2020-03-31", 2020, "18A"),
    ("assessment_factor", "18A", "2020-04-01", 2021, "UNMAPPED"),
    ("assessment_factor", "19A", "2020-04-01", 2021, "UNMAPPED"),
    ("assessment_factor", "18B", "2020-03-31", 2020, "UNMAPPED"),
    ("assessment_factor", "19C", "2020-04-01", 2021, "19C"),
    ("assessment_factor", "24A", "2021-03-31", 2021, "UNMAPPED"),
    ("assessment_factor", "24A", "2021-04-01", 2022, "24A"),
    ("assessment_factor", "24A", "", None, "24A"),
    ("assessment_factor", "RC8", "2020-03-31", 2020, "UNMAPPED"),  # of another set
    ("assessment_factor", "", "2020-03-31", 2020, None),
]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[object, ...]]:
    """What the macros make of each case, in the cases' order."""
    project: Project = light_copy(tmp_path_factory.mktemp("codes"))
    asked = ["number,code_set,code,event_date"]
    asked += [f"{n},{s},{code},{day}" for n, (s, code, day, _, _) in enumerate(CASES)]
    (project.path / "seeds" / "asked.csv").write_text("\n".join(asked) + "\n")
    model = MODEL.replace("select\n", "select\n    number,\n", 1)
    (project.path / "models" / "intermediate" / "answered.sql").write_text(model)
    result = project.dbt("build", "--select", "+answered")
    assert result.returncode == 0, result.stdout[-3000:]
    with project.warehouse() as warehouse:
        return warehouse.sql(
            "select code_set, coalesce(code, ''), event_date, collection_year, known_code"
            " from answered order by number"
        ).fetchall()


def test_code_is_known_in_its_years_alone(known: list[tuple[object, ...]]) -> None:
    expected = [
        (code_set, code, date.fromisoformat(day) if day else None, year, answer)
        for code_set, code, day, year, answer in CASES
    ]
    assert known == expected


def seed_rows() -> list[dict[str, str]]:
    with CODE_SETS.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_code_sets_are_those_of_the_schemas_year_by_year() -> None:
    path = reference_file("cin_census", "cin_codes_xsd_2017_2024.csv")
    assert years_of(path) == {
        (row["code_set"], row["code"], row["valid_from_year"], row["valid_to_year"])
        for row in seed_rows()
        if row["code_set"] in OFFICIAL.values()
    }


def years_of(path: Path) -> set[tuple[str, str, str, str]]:
    """Code set, code, first and last year of the schemas' codes; empty where it is the lists' own
    first or last year, of which nobody knows whether the code began or ended there."""
    return {
        (OFFICIAL[codelist], code, first, last)
        for codelist, code, first, last in duckdb.execute(
            "select codelist, code,"
            " case when first_year_in_xsd > 2017 then first_year_in_xsd::varchar else '' end,"
            " case when last_year_in_xsd < 2024 then last_year_in_xsd::varchar else '' end"
            " from read_csv(?, header = true, types = {'code': 'varchar'})",
            [str(path)],
        ).fetchall()
        if codelist in OFFICIAL
    }


def test_each_code_stands_once_in_a_set_with_a_label() -> None:
    rows = seed_rows()
    keys = [(row["code_set"], row["code"]) for row in rows]
    assert len(keys) == len(set(keys))
    assert all(row["label"] and row["source"] for row in rows)
