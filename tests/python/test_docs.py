"""What the guides say is so: queries run, walk-throughs work, links and names lead somewhere."""

from __future__ import annotations

import ast
import csv
import dataclasses
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from csc_outcomes.cli import main
from csc_outcomes.disclosure.profiles import SYMBOLS
from csc_outcomes.estimators.analyses import ESTIMATORS
from csc_outcomes.estimators.design import SE_TYPES
from csc_outcomes.landing.columns import FORMATS, RECORD_FORMATS
from csc_outcomes.landing.contract import FILE_KEYS, Delivery, load_document, parse_delivery
from csc_outcomes.landing.door import land
from csc_outcomes.landing.keys import DEFAULT_KEY_FILE, new_key
from csc_outcomes.landing.opt_outs import read_child_lists
from csc_outcomes.randomisation.record import ALLOCATION_COLUMNS
from csc_outcomes.report.sections import ORDER
from projects import ROOT, STUDY_SEEDS, Project

PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "extracts" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
CASE_LIST, STUDY_FILES, STUDY, TRAPS, START, RELEASE = (
    ROOT / "docs" / f"{name}.md"
    for name in (
        "add_a_case_list",
        "add_study_files",
        "add_a_study",
        "traps_first",
        "start_here",
        "release",
    )
)
KEY_TABLES, REPORT = ROOT / "docs" / "key_tables.md", ROOT / "docs" / "report.md"
FORMAT_PAGES = {
    "case_list": CASE_LIST,
    "study_files": STUDY_FILES,
    **dict.fromkeys(RECORD_FORMATS, ROOT / "docs" / "add_an_extract.md"),
}
# What a walk-through shows: the seeds of a study, and other readings of its rules.
SHOWN_SEEDS = (*STUDY_SEEDS, "study_readings", "study_data_cuts")
# A school year, which isn't a path.
YEARS = r"\d{4}/\d"
# A vertical bar inside a table's cell.
ESCAPED_BAR = r"\|"
# Folders that a build or a reader of the guides makes.
MADE = (
    "spark/",
    "published",
    "landing",
    "warehouse",
    "keys",
    "target",
    "logs",
    "reports",
    "certificates",
    ".venv",
    "extracts/anytown",
)
# Folders of a published build and of a bundle of a release.
PUBLISHED = ("analyst/", "release/", "docs/index.html", "tables/", "figures/")


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in one language ('' for plain ones), in order."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block for tag, block in found if tag == language]


def all_blocks(language: str) -> list[Any]:
    """Every such block of every page, as a named parameter."""
    return [
        pytest.param(block, id=f"{page.stem}-{number}")
        for page in PAGES
        for number, block in enumerate(blocks(page, language), 1)
    ]


def code_spans(page: Path) -> set[str]:
    """What stands between single backticks, outside fenced blocks."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return set(re.findall(r"`([^`\n]+)`", text))


def first_cells(page: Path) -> list[str]:
    """The first cell of each row of each table."""
    cells = re.findall(r"^\| ([^|]+?) \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def seed(name: str) -> list[dict[str, str]]:
    """The rows of a seed."""
    path = next((ROOT / "seeds").rglob(f"{name}.csv"))
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# Queries and programs


@pytest.fixture(scope="session")
def release(built: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published release tables, which queries of `rpt_` tables read."""
    folder = (built.path / "published" / "current").resolve() / "release"
    with duckdb.connect(str(folder / "csc_outcomes.duckdb"), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize("query", all_blocks("sql"))
def test_a_query_runs_and_finds_what_it_should(
    tables: duckdb.DuckDBPyConnection, release: duckdb.DuckDBPyConnection, query: str
) -> None:
    clean = query.startswith("-- finds nothing in the synthetic extracts")
    rows = (release if "rpt_" in query else tables).execute(query).fetchall()
    assert bool(rows) != clean


def shown_results() -> list[Any]:
    """Each query that is followed by its result, with that result."""
    pattern = r"^```sql\n((?:(?!```).)*?)^```\n\n```text\n(.*?)^```$"
    return [
        pytest.param(query, result, id=f"{page.stem}-{number}")
        for page in PAGES
        for number, (query, result) in enumerate(
            re.findall(pattern, page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL), 1
        )
    ]


def cell(value: Any) -> str:
    """One value as the guides show it."""
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return "" if value is None else str(value)


def as_text(result: duckdb.DuckDBPyConnection) -> str:
    """A result as the guides show it: up to three decimals, columns aligned, rows in order."""
    assert result.description is not None
    header = [column[0] for column in result.description]
    rows = [[cell(value) for value in row] for row in result.fetchall()]
    lines = [header, *sorted(rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    padded = (
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True))
        for line in lines
    )
    return "".join(f"{line.rstrip()}\n" for line in padded)


@pytest.mark.parametrize(("query", "result"), shown_results())
def test_a_result_is_as_shown(
    tables: duckdb.DuckDBPyConnection,
    release: duckdb.DuckDBPyConnection,
    query: str,
    result: str,
) -> None:
    assert as_text((release if "rpt_" in query else tables).execute(query)) == result


def test_only_the_wrong_query_joins_cases_without_their_authority() -> None:
    queries = [block.values[0] for block in all_blocks("sql")]
    joins = [join for query in queries for join in re.split(r"\bjoin\b", query)[1:]]
    keys = [re.split(r"\b(?:where|group by|order by|from)\b", join)[0] for join in joins]
    wrong = [key for key in keys if re.search(r"(case|child)_id", key) and "la_code" not in key]
    assert wrong == [
        " fct_study_cases as study_cases\n    on cases.case_id = study_cases.case_id\n"
    ]


@pytest.mark.parametrize("program", all_blocks("python"))
def test_a_program_runs_as_it_stands(built: Project, program: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=built.path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout


def test_the_summary_in_the_readme_is_what_a_build_prints(built: Project) -> None:
    output = (built.path / "build_output.txt").read_text(encoding="utf-8")
    (shown,) = [block for block in blocks(ROOT / "README.md", "") if "Published build" in block]
    # copies of the project publish no pages
    others = ("Published build", "To look at it, open published/current/index.html")
    lines = [line for line in shown.splitlines() if line and not line.startswith(others)]
    assert len(lines) > 5
    assert [line for line in lines if line not in output.splitlines()] == []


def test_every_analysis_runs(built: Project, tmp_path: Path) -> None:
    copy = Project(tmp_path / "copy")
    results = {"published", "landing", "logs"}
    shutil.copytree(
        built.path, copy.path, ignore=lambda at, _: results if Path(at) == built.path else ()
    )
    compiling = copy.dbt("compile", "--select", "path:analyses")
    assert compiling.returncode == 0, compiling.stdout[-3000:]
    compiled = copy.path / "target" / "compiled" / "csc_outcomes" / "analyses"
    names = sorted(path.stem for path in (ROOT / "analyses").glob("*.sql"))
    described = yaml.safe_load((ROOT / "analyses" / "analyses.yml").read_text(encoding="utf-8"))
    assert sorted(analysis["name"] for analysis in described["analyses"]) == names
    assert all(analysis["description"] for analysis in described["analyses"])
    key_tables = (ROOT / "docs" / "key_tables.md").read_text(encoding="utf-8")
    with built.warehouse() as warehouse:
        for name in names:
            assert f"`{name}`" in key_tables, name
            query = (compiled / f"{name}.sql").read_text(encoding="utf-8")
            assert re.match(r"-- (Not in the )?(FACT22|Project Crewe) report", query), name
            assert warehouse.execute(query).fetchall(), name


# Links and names


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings get."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_is_named_exists(page: Path) -> None:
    models = {path.stem for path in ROOT.glob("**/models/**/*.*")}
    for span in code_spans(page):
        if re.fullmatch(r"(stg|std|int|dim|fct|def|rpt|py)_\w+", span) and span != "std_error":
            assert span in models, span
        elif span.startswith((*MADE, *PUBLISHED)) or re.match(YEARS, span):
            continue
        elif re.fullmatch(r"([\w.-]+/)+[\w.-]*", span):
            assert (ROOT / span).exists(), span


def test_every_public_table_has_a_question() -> None:
    marts = {path.stem for path in (ROOT / "models" / "marts").rglob("*.sql")}
    public = {name for name in marts if name.startswith(("dim_", "fct_", "def_", "rpt_"))}
    assert public - code_spans(ROOT / "docs" / "key_tables.md") == set()


def test_every_command_exists(capsys: pytest.CaptureFixture[str]) -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"(?:^|`)make (\w+)", text, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for analysis in set(re.findall(r"dbt show --select (\w+)", text)):
        assert (ROOT / "analyses" / f"{analysis}.sql").exists(), analysis
    commands = set(re.findall(r"(?:^|`)csc ([\w-]+(?: new)?)", text, re.MULTILINE))
    assert commands >= {"land", "key new", "summary", "power", "report", "check-release"}
    for command in commands:
        with pytest.raises(SystemExit) as leaving:
            main([*command.split(), "--help"])
        assert leaving.value.code == 0, command
    assert "usage: csc" in capsys.readouterr().out


# The walk-through of a case list


def delivery_of(block: str, tmp_path: Path) -> Delivery:
    """A block of an extract.yml, whole or in part, as the door reads it."""
    given = yaml.safe_load(block)
    example: dict[str, Any] = yaml.safe_load(blocks(CASE_LIST, "yaml")[0])
    if "la_code" not in given:
        part = given if "files" in given else {"files": [{**example["files"][0], **given}]}
        block = yaml.safe_dump({**example, **part}, default_flow_style=False)
        if "holds" in given:  # a file of another kind has none of the example's columns
            block = yaml.safe_dump({**example, "files": [given]}, default_flow_style=False)
    path = tmp_path / "extract.yml"
    path.write_text(block, encoding="utf-8")
    return parse_delivery(load_document(path))


@pytest.mark.parametrize("block", all_blocks("yaml"))
def test_an_example_of_extract_yml_is_accepted(block: str, tmp_path: Path) -> None:
    assert delivery_of(block, tmp_path).files


def test_the_case_list_walk_through_lands_as_it_says(tmp_path: Path) -> None:
    cases, opt_outs = blocks(CASE_LIST, "csv")
    delivery = tmp_path / "extracts" / "anytown" / "2024-03"
    delivery.mkdir(parents=True)
    (delivery / "cases.csv").write_text(cases, encoding="utf-8")
    (delivery / "extract.yml").write_text(blocks(CASE_LIST, "yaml")[0], encoding="utf-8")
    (delivery.parent / "opt_outs.csv").write_text(opt_outs, encoding="utf-8")
    new_key(tmp_path / DEFAULT_KEY_FILE)

    report = land(tmp_path)
    assert report.summary() in [block.strip() for block in blocks(CASE_LIST, "")]
    (outcome,) = report.outcomes
    assert outcome.status == "landed"
    assert outcome.unknown_columns is None
    assert outcome.n_read == len(cases.splitlines()) - 1
    assert (outcome.n_refused_rows, outcome.n_opted_out) == (1, 1)


def test_the_study_files_walk_through_lands_as_it_says(tmp_path: Path) -> None:
    contract = blocks(STUDY_FILES, "yaml")[0]
    delivery = tmp_path / "extracts" / "anytown" / "2024-03-study-files"
    delivery.mkdir(parents=True)
    (delivery / "extract.yml").write_text(contract, encoding="utf-8")
    names = [file["name"] for file in yaml.safe_load(contract)["files"]]
    files = blocks(STUDY_FILES, "csv")[: len(names)]  # the list of objections follows them
    for name, content in zip(names, files, strict=True):
        (delivery / name).write_text(content, encoding="utf-8")
    opt_outs = blocks(CASE_LIST, "csv")[1]
    (delivery.parent / "opt_outs.csv").write_text(opt_outs, encoding="utf-8")
    new_key(tmp_path / DEFAULT_KEY_FILE)

    report = land(tmp_path)
    assert report.summary() in [block.strip() for block in blocks(STUDY_FILES, "")]
    assert [outcome.unknown_columns for outcome in report.outcomes] == [None] * 3


def test_opt_outs_and_merges_are_read_as_shown(tmp_path: Path) -> None:
    opt_outs, merge_map = blocks(START, "csv")
    (tmp_path / "opt_outs.csv").write_text(opt_outs, encoding="utf-8")
    (tmp_path / "merge_map.csv").write_text(merge_map, encoding="utf-8")
    lists = read_child_lists(tmp_path)
    assert lists.opted_out == {"C-1007", "C-1034"}
    assert lists.merge("C-0412") in lists.opted_out


def test_objections_are_read_as_shown(tmp_path: Path) -> None:
    objections = blocks(STUDY_FILES, "csv")[-1]
    (tmp_path / "objections.csv").write_text(objections, encoding="utf-8")
    lists = read_child_lists(tmp_path)
    assert lists.objections == {("1003", "school_data"), ("1005", "study")}
    assert lists.is_left_out("1003", "school_absences")
    assert not lists.is_left_out("1003", "allocations")


# Tables of names


def test_every_key_of_extract_yml_is_explained() -> None:
    named = first_cells(CASE_LIST)
    keys = {field.name.removeprefix("is_") for field in dataclasses.fields(Delivery)}
    keys |= {*FILE_KEYS}
    assert keys - set(named) == set()


@pytest.mark.parametrize(
    ("format_name", "holds"), [(name, holds) for name, kinds in FORMATS.items() for holds in kinds]
)
def test_every_canonical_column_is_explained(format_name: str, holds: str) -> None:
    text = FORMAT_PAGES[format_name].read_text(encoding="utf-8")
    table = text[text.index(f"\n`holds: {holds}`\n") :].split("\n\n")[1]
    rows = dict(re.findall(r"^\| `(\w+)` \| ([\w, ]+) \|", table, re.MULTILINE))
    assert rows == {
        column.name: column.kind + (", required" if column.is_required else "")
        for column in FORMATS[format_name][holds]
    }


def test_reasons_and_thresholds_are_those_of_the_seeds() -> None:
    text = CASE_LIST.read_text(encoding="utf-8")
    reasons = text + STUDY_FILES.read_text(encoding="utf-8")
    for row in seed("quarantine_reasons"):
        assert f"| `{row['reason_code']}` | {row['meaning']} | {row['what_to_do']} |" in reasons
    for row in seed("delivery_thresholds"):
        share = f"{float(row['max_quarantined_share']):.0%}"
        assert f"| {row['severity']} | {share} |" in text
    suite = json.loads((ROOT / "expectations" / "std_cin_cases.json").read_text(encoding="utf-8"))
    metas = [rule["meta"] for rule in suite["expectations"] if rule["severity"] == "critical"]
    unmapped = {m["column"]: m["max_share"] for m in metas if "mapped" in m["name"]}
    assert unmapped == {"sex_code": 0.2, "ethnicity_code": 0.2}
    assert "more than 20% of an authority's cases have an unmapped `sex_code`" in text


def test_disclosure_profiles_and_symbols_are_those_of_the_release() -> None:
    text = RELEASE.read_text(encoding="utf-8")
    table = text[text.index("| | `dfe` |") :].split("\n\n")[0].splitlines()
    names, rows = table[0], table[2:]
    profiles = {row["profile"]: row for row in seed("disclosure_profiles")}
    assert re.findall(r"`(\w+)`", names) == list(profiles)
    shown = {row.split("`")[1]: [c.strip() for c in row.split("|")[2:-1]] for row in rows}
    of_words = {"true": "yes", "false": "no"}
    columns = [name for name in profiles["dfe"] if name not in ("profile", "title", "source")]
    assert list(shown) == columns
    for column, cells in shown.items():
        values = [profile[column] for profile in profiles.values()]
        assert cells == [of_words.get(value, value) for value in values], column
    for symbol, meaning in SYMBOLS.items():
        assert f"| `{symbol}` | {meaning} |" in text


def test_every_section_of_a_report_is_explained() -> None:
    folder = ROOT / "python" / "csc_outcomes" / "report" / "sections"
    modules = [(folder / f"{name}.py").read_text(encoding="utf-8") for name in ORDER]
    titles = [re.findall(r'\bSection\(\s*"\w+", "([^"]+)"', text)[-1] for text in modules]
    text = REPORT.read_text(encoding="utf-8")
    table = text[text.index("| section | what it answers |") :].split("\n\n")[0]
    named = [cell.split(", ") for cell in re.findall(r"^\| ([^|]+?) \|", table, re.MULTILINE)[1:]]
    assert [title for cells in named for title in cells] == titles


def test_what_release_tables_leave_out_is_told(
    tables: duckdb.DuckDBPyConnection, release: duckdb.DuckDBPyConnection
) -> None:
    text = KEY_TABLES.read_text(encoding="utf-8")
    section = text[text.index("## Release tables\n") :].split("\n## ")[0]
    told = {
        name: (of, set(re.findall(r"`(\w+)`", left)))
        for name, of, left in re.findall(
            r"^\| `(rpt_\w+)` \| `(\w+)` \| (.*) \|$", section, re.MULTILINE
        )
    }
    own = [name for (name,) in release.execute("show tables").fetchall()]
    assert set(told) == set(own) - {"rpt_release"}
    for name, (of, left) in told.items():
        whole = {row[0] for row in tables.execute(f"describe {of}").fetchall()}
        kept = {row[0] for row in release.execute(f"describe {name}").fetchall()}
        assert whole - kept == left, name


def test_every_refusal_is_explained() -> None:
    codes = {"opt_outs_invalid", "objections_invalid"}  # put together from the files' names
    for path in (ROOT / "python" / "csc_outcomes" / "landing").glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(call.func, "id", "") if isinstance(call, ast.Call) else ""
            if isinstance(call, ast.Call) and name in ("Refused", "_refuse"):
                texts = [a.value for a in call.args if isinstance(a, ast.Constant)]
                codes |= {text for text in texts[:1] if re.fullmatch(r"[a-z_]+", str(text))}
    assert len(codes) > 20
    assert codes - set(first_cells(CASE_LIST)) == set()


def test_parameters_and_outcomes_are_those_of_the_seeds() -> None:
    text = STUDY.read_text(encoding="utf-8")
    for row in seed("parameters"):
        default = f"`{row['default_value']}`" if row["default_value"] else "none"
        assert f"| `{row['parameter_id']}` | {default.replace('|', ESCAPED_BAR)} |" in text
        assert f"| {row['meaning']} |" in text
    for row in seed("outcome_definitions"):
        assert f"| `{row['outcome']}` | {row['rule']} |" in text


def test_what_an_analysis_can_be_made_of_is_complete() -> None:
    spans = code_spans(STUDY)
    cohorts = ROOT / "models" / "intermediate" / "cohorts"
    attributes = (cohorts / "int_case_attributes.sql").read_text(encoding="utf-8")
    lists = re.findall(r"set (?:numbers|texts) = \[(.*?)\]", attributes, re.DOTALL)
    names = set(re.findall(r"'(\w+)'", " ".join(lists)))
    assert len(names) >= 10
    assert (names | set(ESTIMATORS) | set(SE_TYPES)) - spans == set()
    (analyses,) = [found for found in study_seeds() if found["name"] == "study_analyses"]
    for column in analyses["columns"]:
        for test in column.get("data_tests", []):
            allowed = test.get("accepted_values", {"arguments": {"values": []}})
            assert set(allowed["arguments"]["values"]) - spans == set(), column["name"]
    assert {row["sample"] for row in seed("sample_definitions")} - spans == set()


def study_seeds() -> list[dict[str, Any]]:
    """The property file of the study seeds."""
    text = (ROOT / "seeds" / "studies" / "_studies.yml").read_text(encoding="utf-8")
    described: dict[str, list[dict[str, Any]]] = yaml.safe_load(text)
    return described["seeds"]


def test_the_rows_of_the_study_fit_the_seeds() -> None:
    headers = {name: list(seed(name)[0]) for name in SHOWN_SEEDS}
    shown: dict[str, list[dict[str, str]]] = {}
    for block in blocks(STUDY, "csv"):
        rows = list(csv.DictReader(block.splitlines(), strict=True))
        if list(rows[0]) == list(ALLOCATION_COLUMNS):
            continue
        name = next(name for name, header in headers.items() if header == list(rows[0]))
        assert all(None not in row and None not in row.values() for row in rows), name
        shown.setdefault(name, []).extend(rows)
    assert set(shown) == set(SHOWN_SEEDS)
    outcomes = {row["outcome"] for row in shown["study_outcomes"]}
    assert outcomes <= {row["outcome"] for row in seed("outcome_definitions")}
    assert {row["outcome"] for row in shown["study_analyses"]} <= outcomes
    assert {row["estimator"] for row in shown["study_analyses"]} <= set(ESTIMATORS)
    samples = {row["sample"] for row in seed("sample_definitions")}
    assert {row["sample"] for row in shown["study_analyses"]} <= samples
    subgroups = {row["subgroup"] for row in shown["study_subgroups"]}
    assert {row["subgroup"] for row in shown["study_analyses"]} - {""} == subgroups
    parameters = {row["parameter_id"] for row in seed("parameters")}
    for name in ("study_parameters", "study_readings"):
        assert {row["parameter_id"] for row in shown[name]} <= parameters
    (delivery,) = [yaml.safe_load(block) for block in blocks(CASE_LIST, "yaml")[:1]]
    assert {row["la_code"] for row in shown["studies"]} == {delivery["la_code"]}
    studies = {row["study_id"]: row["design"] for row in shown["studies"]}
    assert studies == {"anytown": "matched_comparison", "anytown_trial": "rct"}
    assert {row["study_id"] for rows in shown.values() for row in rows} == set(studies)


def test_what_the_design_of_a_trial_sets_is_that_of_the_seed() -> None:
    text = STUDY.read_text(encoding="utf-8")
    table = text[text.index("| parameter | with `rct` |") :].split("\n\n")[0]
    shown: dict[str, str] = {}
    for names, values in re.findall(r"^\| (`[^|]+`) \| (`[^|]+`) \|", table, re.MULTILINE):
        spans = (re.findall(r"`(\w+)`", cells) for cells in (names, values))
        shown |= dict(zip(*spans, strict=True))
    seeded = [row for row in seed("design_parameters") if row["design"] == "rct"]
    assert shown == {row["parameter_id"]: row["value"] for row in seeded}


def test_the_allocations_of_a_trial_land_as_shown(tmp_path: Path) -> None:
    allocations = next(
        block for block in blocks(STUDY, "csv") if block.startswith(",".join(ALLOCATION_COLUMNS))
    )
    delivery = tmp_path / "extracts" / "anytown" / "2025-12-study-files"
    delivery.mkdir(parents=True)
    (delivery / "extract.yml").write_text(blocks(STUDY, "yaml")[0], encoding="utf-8")
    (delivery / "allocations.csv").write_text(allocations, encoding="utf-8")
    new_key(tmp_path / DEFAULT_KEY_FILE)
    (outcome,) = land(tmp_path).outcomes
    assert (outcome.status, outcome.unknown_columns) == ("landed", None)
    assert outcome.n_read == len(allocations.splitlines()) - 1


def test_what_is_added_in_one_row_is_one_row() -> None:
    text = STUDY.read_text(encoding="utf-8")
    section = text[text.index("## One row each") :].split("\n## ")[0]
    rows = re.findall(r"`([^`]+,[^`]+)` in\s+`(\w+)\.csv`", section)
    assert [name for _, name in rows] == ["study_covariates", "study_outcomes", "study_analyses"]
    for row, name in rows:
        (values,) = csv.reader([row])
        added = dict(zip(seed(name)[0], values, strict=True))
        assert added["study_id"] == "anytown"
