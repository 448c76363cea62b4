"""`csc check-release`: what may go out, what may not and why, and the folder to hand over."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from csc_outcomes.cli import main
from csc_outcomes.disclosure.tables import formula_cells
from csc_outcomes.hashes import file_sha256

ROOT = Path(__file__).parents[2]
TAIL = {"disclosure": "shown", "disclosure_reason": None, "profile": "dfe", "profile_version": 1}
HIDDEN = {**TAIL, "disclosure": "c", "disclosure_reason": "Hidden"}
GROUP = {"study_id": "one", "arm": "treated", "n": 30, "n_events": 6, "value": 0.2, "unit": "-"}
ESTIMATE = {
    "study_id": "one",
    "analysis_id": "main",
    "estimate": -0.1,
    "std_error": 0.05,
    "df": 52.0,
    "n_treated": 30,
    "n_comparator": 24,
    "status": "ok",
    "status_reason": None,
}
CURVE = {"study_id": "one", "n": 30, "n_at_risk": 24, "survival": 0.8, "status": "ok"}
CURVE |= {"status_reason": None, "time_days": 90}
BUILD = "0123456789abcdef"
# counts behind the tables: 30 = 6 + 24
CELLS = [("one", "size", 30, "shown"), ("one", "with", 6, "shown"), ("one", "without", 24, "shown")]


def rows(**changed: object) -> dict[str, list[dict[str, object]]]:
    return {
        "rpt_release": [
            {"profile": "dfe", "profile_version": 1, "title": "t", "is_synthetic": True}
        ],
        "rpt_studies": [
            {"study_id": "one", "la_code": "A01", "label": "=1+1", **TAIL},
            {"study_id": "two", "la_code": "A02", "label": "-", **TAIL},
        ],
        "rpt_group_outcomes": [
            {**GROUP, **TAIL},
            {**GROUP, "study_id": "two", "n": None, "n_events": None, "value": None, **HIDDEN},
        ],
        "rpt_effect_estimates": [{**ESTIMATE, **TAIL}],
        "rpt_survival_curves": [{**CURVE, **TAIL}],
        **changed,
    }


def publish(project: Path, tables: dict, cells: list = CELLS) -> Path:
    """A published build with a release, and its warehouse."""
    generation = project / "published" / BUILD
    release = generation / "release"
    shutil.rmtree(project / "published", ignore_errors=True)
    for folder in (release, project / "warehouse", project / "seeds" / "disclosure"):
        folder.mkdir(parents=True, exist_ok=True)
    (project / "dbt_project.yml").touch()
    seed = "seeds/disclosure/disclosure_profiles.csv"
    shutil.copyfile(ROOT / seed, project / seed)
    warehouse = project / "warehouse" / "csc_outcomes.duckdb"
    warehouse.unlink(missing_ok=True)
    with (
        duckdb.connect(str(release / "csc_outcomes.duckdb")) as shipped,
        duckdb.connect(str(warehouse)) as own,
    ):
        for name, given in tables.items():
            shown = pd.DataFrame(given)  # noqa: F841 DuckDB reads it by its name
            own.execute(f"create table {name} as from shown")
            shipped.execute(f"create table {name} as select *, '{BUILD}' as build_id from shown")
            shipped.execute(f"copy {name} to '{release / name}.parquet' (format parquet)")
        counts = pd.DataFrame(cells, columns=["scope", "cell_id", "n", "disclosure"])
        counts["released"] = counts.n.where(counts.disclosure == "shown").astype("Int64")
        counts["level"] = "authority"
        signs = {"size": -1, "with": 1, "without": 1}
        ties = counts.assign(relation_id="size", coefficient=counts.cell_id.map(signs))  # noqa: F841
        own.execute("create table int_release_cells as select scope, cell_id, n, level from counts")
        own.execute(
            "create table int_release_relations as "
            "select scope, relation_id, cell_id, coefficient from ties"
        )
        own.execute(
            "create table py_release_decisions as "
            "select scope, cell_id, disclosure, released from counts"
        )
    (release / "quality.html").write_text(f"<h1>Quality</h1><p>Build {BUILD}</p>")
    with zipfile.ZipFile(release / "csc_outcomes.xlsx", "w") as book:
        book.writestr("xl/worksheets/sheet1.xml", "<c><v>1</v></c>")
    files = {
        path.relative_to(generation).as_posix(): file_sha256(path) for path in release.iterdir()
    }
    (generation / "manifest.json").write_text(json.dumps({"build_id": BUILD, "files": files}))
    (project / "published" / "current").symlink_to(BUILD)
    return release


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("CSC_PROJECT_DIR", str(tmp_path))
    return tmp_path


def bundle(project: Path) -> tuple[Path, dict]:
    folder = project / "reports" / f"release_{BUILD}"
    return folder, json.loads((folder / "manifest.json").read_text())


def statuses(project: Path) -> dict[str, str]:
    return {output["name"]: output["status"] for output in bundle(project)[1]["outputs"]}


def test_a_clean_release_is_bundled_with_hashes_and_a_place_to_sign(project, capsys):
    publish(project, rows())
    assert main(["check-release"]) == 0
    said = capsys.readouterr().out
    assert "8 outputs" in said
    assert set(statuses(project).values()) == {"ok"}
    folder, manifest = bundle(project)
    assert manifest["approver"] == {"name": "", "date": "", "decision": ""}
    assert (manifest["profile"], manifest["profile_version"]) == ("dfe", 1)
    assert manifest["build_id"] == BUILD
    assert manifest["is_synthetic"]
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert found == {*manifest["files"], "manifest.json"}
    assert {"quality.html", "csc_outcomes.xlsx", "tables/rpt_studies.csv"} < found
    assert all(file_sha256(folder / name) == told for name, told in manifest["files"].items())
    assert "0 blocked, 0 need review" in said
    assert str(folder) in said


def test_the_same_release_gives_the_same_bundle(project):
    publish(project, rows())
    hashes = []
    for _ in range(2):
        assert main(["check-release"]) == 0
        hashes.append(
            {p.name: file_sha256(p) for p in bundle(project)[0].rglob("*") if p.is_file()}
        )
    assert hashes[0] == hashes[1]


def test_no_cell_of_the_bundle_opens_as_a_formula(project):
    texts = ["=1+1", "+1", "-1", "@x", "\t=1", "|x", "%x", "plain", None]
    tables = rows(rpt_studies=[{"study_id": f"s{i}", "t": t, **TAIL} for i, t in enumerate(texts)])
    assert formula_cells(pd.DataFrame(tables["rpt_studies"])) == 7
    publish(project, tables)
    assert main(["check-release"]) == 0
    with (bundle(project)[0] / "tables" / "rpt_studies.csv").open(newline="") as stream:
        cells = [row["t"] for row in csv.DictReader(stream)]
    assert cells == [*(f"'{text}" for text in texts[:7]), "plain", ""]
    assert "-0.1" in (bundle(project)[0] / "tables" / "rpt_effect_estimates.csv").read_text()


def test_one_study_alone(project):
    watched = [{"la_code": la_code, "n": 20, **TAIL} for la_code in ("A01", "A02")]
    publish(project, rows(rpt_monitoring=watched))
    assert main(["check-release", "--study", "two", "--output", str(project / "out")]) == 0
    with (project / "out" / "tables" / "rpt_group_outcomes.csv").open(newline="") as stream:
        assert [row["study_id"] for row in csv.DictReader(stream)] == ["two"]
    with (project / "out" / "tables" / "rpt_monitoring.csv").open(newline="") as stream:
        assert [row["la_code"] for row in csv.DictReader(stream)] == ["A02"]
    assert not (project / "out" / "csc_outcomes.xlsx").exists()


GROUPS, EFFECTS, CURVES = "rpt_group_outcomes", "rpt_effect_estimates", "rpt_survival_curves"
BAD = {
    "small": (GROUPS, {**GROUP, "n_events": 5, **TAIL}, "n_events shows 1 counts that are too"),
    "hides nothing": (GROUPS, {**GROUP, **HIDDEN}, "hide nothing"),
    "silent": (GROUPS, {**GROUP, "n": None, **HIDDEN, "disclosure_reason": None}, "don't say why"),
    "symbol": (GROUPS, {**GROUP, **TAIL, "disclosure": "?"}, "no known symbol"),
    "no tail": (GROUPS, GROUP, "no column disclosure"),
    "profile": (GROUPS, {**GROUP, **TAIL, "profile": "tre10"}, "another profile than dfe"),
    "df": (EFFECTS, {**ESTIMATE, "df": 0.0, **TAIL}, "fewer than 1 degrees of freedom"),
    "n": (CURVES, {**CURVE, "n": 3, **TAIL}, "rest on fewer than 6 cases"),
    "why": (CURVES, {**CURVE, "survival": None, "status": "z", **TAIL}, "without a status_reason"),
}
for lost, table, row in [("status", CURVES, CURVE), ("df", EFFECTS, ESTIMATE)]:
    kept = {name: value for name, value in row.items() if name != lost}
    BAD[f"no {lost}"] = (table, {**kept, "analysis_id": None, **TAIL}, f"without {lost}")


@pytest.mark.parametrize("case", BAD)
def test_a_bad_table_is_blocked_named_and_left_out(project, capsys, case):
    table, row, reason = BAD[case]
    publish(project, rows(**{table: [row]}))
    assert main(["check-release"]) == 1
    found = {o["name"]: o for o in bundle(project)[1]["outputs"]}
    assert found[table]["status"] == "blocked"
    assert reason in found[table]["reason"]
    assert found[table]["what_to_do"]
    assert not (bundle(project)[0] / "tables" / f"{table}.csv").exists()
    assert {o["status"] for name, o in found.items() if name != table} == {"ok"}
    assert "blocked       table     " + table in capsys.readouterr().out


def test_a_figure_left_in_a_hidden_row_needs_review(project):
    publish(project, rows(rpt_group_outcomes=[{**GROUP, "n": None, **HIDDEN}]))
    assert main(["check-release"]) == 0
    assert statuses(project)["rpt_group_outcomes"] == "needs review"


def test_a_count_that_can_be_worked_out_blocks(project):
    cells = [("one", "size", 30, "shown"), ("one", "with", 4, "c"), ("one", "without", 26, "shown")]
    publish(project, rows(), cells)
    assert main(["check-release"]) == 1
    assert statuses(project)["all counts together"] == "blocked"


@pytest.mark.parametrize("there_is", ["no", "another"])
def test_counts_that_could_not_be_attacked_need_review(project, there_is):
    publish(project, rows())
    warehouse = project / "warehouse" / "csc_outcomes.duckdb"
    if there_is == "no":
        warehouse.unlink()
    else:
        with duckdb.connect(str(warehouse)) as own:
            own.execute("update rpt_group_outcomes set n = 31 where n = 30")
    assert main(["check-release"]) == 0
    assert statuses(project)["all counts together"] == "needs review"


def test_pages_and_workbooks_that_may_not_go_out(project):
    release = publish(project, rows())
    page = release / "quality.html"
    for text in (
        f"<p>Analyst's view. Not for release: contains small numbers. {BUILD}</p>",
        "<p>of some build</p>",
    ):
        page.write_text(text)
        assert main(["check-release"]) == 1
        assert statuses(project)["quality.html"] == "blocked"
        assert not (bundle(project)[0] / "quality.html").exists()
    with zipfile.ZipFile(release / "csc_outcomes.xlsx", "w") as book:
        book.writestr("xl/worksheets/sheet1.xml", "<c><f>1+1</f></c>")
    assert main(["check-release"]) == 1
    assert "live formulas" in str(bundle(project)[1]["outputs"])


def test_a_file_changed_after_publishing_is_blocked(project):
    release = publish(project, rows())
    page = release / "quality.html"
    page.write_text(page.read_text() + "<p>more</p>")
    assert main(["check-release"]) == 1
    assert "changed after it was published" in str(bundle(project)[1]["outputs"])


def test_what_can_not_be_checked_says_what_to_do(project, capsys):
    publish(project, rows())
    assert main(["check-release", "--study", "none"]) == 2
    assert "it has one, two" in capsys.readouterr().err
    (project / "mine").mkdir()
    (project / "mine" / "notes.txt").touch()
    assert main(["check-release", "--output", str(project / "mine")]) == 2
    assert "give --output a new folder" in capsys.readouterr().err
    assert main(["check-release"]) == 0
    manifest = next((project / "reports").rglob("manifest.json"))
    signed = manifest.read_text().replace('"name": ""', '"name": "A. N. Officer"', 1)
    manifest.write_text(signed)
    assert main(["check-release"]) == 2
    assert "its approver filled in" in capsys.readouterr().err
    assert manifest.read_text() == signed
    shutil.rmtree(project / "published")
    assert main(["check-release"]) == 2
    assert "run `dbt build` first" in capsys.readouterr().err
