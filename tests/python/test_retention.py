"""Real data are read up to the last day on which they may be kept, and not a day longer."""

import csv
from datetime import date
from pathlib import Path

import pytest

from csc_outcomes.cli import main
from csc_outcomes.landing import LandingError, RetentionOver, land
from csc_outcomes.landing.retention import current_day
from landing_project import COLUMNS, HEADER
from projects import Project, copy_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy with a real delivery and its key."""
    monkeypatch.setenv("CSC_PSEUDONYM_KEY", "cd" * 32)
    project = copy_project(tmp_path / "copy", with_extracts=False)
    deliver(project, "alpha", "331")
    return project


def deliver(project: Project, slug: str, la_code: str) -> Path:
    """A case list of one case."""
    contract = {
        "la_code": la_code,
        "la_name": slug.title(),
        "synthetic": la_code.startswith("S"),
        "format": "case_list",
        "as_of_date": "2019-11-22",
        "files": [{"name": "cases.csv", "holds": "cases", "columns": COLUMNS}],
    }
    content = f"{HEADER}\n7,k1,2019-01-02\n".encode()
    return project.add_delivery(slug, "2019-11", contract, {"cases.csv": content})


def end_research(
    project: Project, day: str, study_id: str = "ended", la_code: str = "331", **parameters: str
) -> None:
    project.add_study(study_id, parameters=parameters, la_code=la_code, research_end=day)


@pytest.mark.parametrize(
    ("end", "parameters", "last", "next_day"),
    [
        ("2024-03-31", {}, "2025-03-31", "2025-04-01"),
        ("2024-02-29", {}, "2025-02-28", "2025-03-01"),
        ("2024-12-31", {}, "2025-12-31", "2026-01-01"),
        ("2024-08-31", {"retention_months": "6"}, "2025-02-28", "2025-03-01"),
        ("2024-08-31", {"retention_months": "0"}, "2024-08-31", "2024-09-01"),
    ],
)
def test_the_last_day_is_read_and_the_day_after_is_not(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    end: str,
    parameters: dict[str, str],
    last: str,
    next_day: str,
) -> None:
    end_research(project, end, **parameters)
    monkeypatch.setenv("CSC_TODAY", next_day)
    with pytest.raises(RetentionOver) as refusal:
        land(project.path)
    assert str(refusal.value) == (
        "nothing was read: data had to be destroyed of ended (extracts/alpha, research ended on "
        f"{end}) by {last}. Run `csc purge`, which removes the deliveries and all that was made of "
        "them, and have every other copy destroyed; or, if the research has been extended, correct "
        "research_end in seeds/studies/studies.csv"
    )
    assert not (project.path / "landing").exists()
    monkeypatch.setenv("CSC_TODAY", last)
    assert [outcome.n_read for outcome in land(project.path).outcomes] == [1]


def test_a_delivery_that_cannot_be_read_counts_too(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_research(project, "2024-03-31")
    contract = project.path / "extracts" / "alpha" / "2019-11" / "extract.yml"
    contract.write_text(contract.read_text().replace("holds", "hold"))
    monkeypatch.setenv("CSC_TODAY", "2025-04-01")
    with pytest.raises(RetentionOver, match="ended"):
        land(project.path)


def test_only_real_data_of_the_study_are_held_against_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_research(project, "2024-03-31", "elsewhere", "332")
    end_research(project, "2024-03-31", "made_up", "S02")
    end_research(project, "", "goes_on")
    deliver(project, "beta", "S02")
    monkeypatch.setenv("CSC_TODAY", "2099-01-01")
    report = land(project.path)
    assert (len(report.outcomes), report.refused) == (2, ())


@pytest.mark.parametrize(
    ("la_code", "named"),
    [
        ("331|332", ["extracts/alpha", "extracts/beta"]),
        ("333|332", ["extracts/beta"]),
        ("*", ["extracts/alpha", "extracts/beta"]),
        ("33|S02", []),
    ],
)
def test_data_of_each_authority_of_a_study_are_held_against_it(
    project: Project, monkeypatch: pytest.MonkeyPatch, la_code: str, named: list[str]
) -> None:
    deliver(project, "beta", "332")
    deliver(project, "gamma", "S02")
    end_research(project, "2024-03-31", la_code=la_code)
    monkeypatch.setenv("CSC_TODAY", "2025-03-31")
    land(project.path)
    monkeypatch.setenv("CSC_TODAY", "2025-04-01")
    if not named:
        assert land(project.path).refused == ()
        return
    with pytest.raises(RetentionOver) as refusal:
        land(project.path)
    assert f"ended ({', '.join(named)}, research ended on 2024-03-31)" in str(refusal.value)


def test_every_study_that_is_over_is_named(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_research(project, "2024-03-31", "one")
    end_research(project, "2024-04-30", "another")
    end_research(project, "2024-05-31", "not_yet")
    monkeypatch.setenv("CSC_TODAY", "2025-05-01")
    with pytest.raises(RetentionOver) as refusal:
        land(project.path)
    said = str(refusal.value)
    assert ("one (" in said, "another (" in said, "not_yet" in said) == (True, True, False)


def test_a_preset_of_the_design_counts_unless_the_study_sets_its_own(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_research(project, "2024-03-31", "preset")
    end_research(project, "2024-03-31", "own", retention_months="36")
    preset_months(project, "24")
    monkeypatch.setenv("CSC_TODAY", "2026-03-31")
    assert land(project.path).refused == ()
    monkeypatch.setenv("CSC_TODAY", "2026-04-01")
    with pytest.raises(RetentionOver) as refusal:
        land(project.path)
    assert ("preset (" in str(refusal.value), "own (" in str(refusal.value)) == (True, False)


def preset_months(project: Project, months: str) -> None:
    """Sets retention_months for the design of the copied study."""
    (design,) = {row["design"] for row in seed_rows(project, "studies") if row["study_id"] == "own"}
    path = project.path / "seeds" / "parameters" / "design_parameters.csv"
    if not path.is_file():
        path.write_text("design,parameter_id,value\n")
        path.with_name("_design_parameters.yml").write_text(
            "seeds:\n- name: design_parameters\n  config: {column_types: {design: varchar, "
            "parameter_id: varchar, value: varchar}}\n"
        )
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{design},retention_months,{months}\n")


def seed_rows(project: Project, seed: str) -> list[dict[str, str]]:
    path = next((project.path / "seeds").rglob(f"{seed}.csv"))
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("day", "months"), [("31/03/2024", "12"), ("2024-03-31", "a year"), ("2024-02-30", "12")]
)
def test_what_cannot_be_understood_is_no_licence(project: Project, day: str, months: str) -> None:
    end_research(project, day, retention_months=months)
    with pytest.raises(LandingError, match="how long data may be kept can't be told"):
        land(project.path)


def test_the_day_is_today_or_the_one_that_is_named() -> None:
    assert current_day({}) == date.today()
    assert current_day({"CSC_TODAY": "2026-03-31"}) == date(2026, 3, 31)
    for wrong in ("31/03/2026", "2026-02-30", "20260331", "tomorrow"):
        with pytest.raises(LandingError, match="CSC_TODAY must be a day"):
            current_day({"CSC_TODAY": wrong})


def test_the_command_and_the_build_refuse_in_one_message(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    end_research(project, "2024-03-31")
    monkeypatch.setenv("CSC_TODAY", "2025-04-01")
    assert main(["land", f"--project-dir={project.path}"]) == 2
    said = "data had to be destroyed of ended (extracts/alpha, research ended on 2024-03-31)"
    assert said in capsys.readouterr().err
    build = project.dbt("build", "--select", "stg_landing__load_log")
    assert (build.returncode != 0, build.stdout.count(said) > 0) == (True, True)
    assert "Traceback" not in build.stdout + build.stderr
    assert not list((project.path / "landing").glob("*/*"))
