"""The quality page and the start page, from small made-up builds."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from csc_outcomes.report.quality import FEW, quality_page
from csc_outcomes.report.source import Kind, Source
from csc_outcomes.report.start import start_page

LARGEST = 3_000_000
BUILD = "0123456789abcdef"
LOG = """
    select
        'S' || la as la_code, 'Synthetic ' || la as la_name, true as is_synthetic,
        'cin_census' as format, 'cin-202' || (file % 4) as delivery, 'file' || file as file_name,
        'children' as holds, date '2024-03-31' as extract_as_of_date,
        100 as n_read, 100 - bad as n_loaded, bad as n_quarantined, 0 as n_duplicate,
        0 as n_superseded, 0 as n_opted_out,
        case when la = 11 and file = 0 then 'refused' else 'landed' end as status,
        case when la = 11 and file = 0 then 'declared cin_start, found start' end as reason,
        case when la = 10 and file = 1 then 'shoe_size' end as unknown_columns
    from (
        select la, file, case when la = 10 and file = 0 then 7 else 0 end as bad
        from range(10, 10 + {n}) as las(la), range(8) as files(file)
    )
"""
RESULTS = """
    select
        'S' || la as la_code, 'std_children' as suite, 'rule ' || rule as expectation,
        'birth_date' as column_name,
        case when rule = 0 then 'critical' else 'warning' end as severity,
        not (la = 10 and rule < 2) as success, 3 as unexpected_count,
        case when rule = 5 then 0 else 100 end as element_count, 'file0' as file_names,
        'Send it again' as what_to_do
    from range(10, 10 + {n}) as las(la), range(30) as rules(rule)
"""
RULES = """
    select
        'S' || la as la_code, '85' || rule as rule, 'Each child has an id' as meaning,
        case when la = 10 and rule = 0 then 'fail' else 'pass' end as verdict,
        'as found' as because, 100 as n_checked, 1 as n_flagged
    from range(10, 10 + {n}) as las(la), range(40) as rules(rule)
"""
OUTCOMES = """
    select
        'S' || la as la_code, 'outcome_' || o as outcome, 'Outcome ' || o as label,
        case when o = 0 then 'cannot' when o = 1 then 'with_caution' else 'can_run' end as verdict,
        case when o < 2 then 'No file of absences' end as because
    from range(10, 10 + {n}) as las(la), range(20) as os(o)
"""
ANALYSES = """
    select
        'S10' as la_code, 'made_up' as study_id, 'analysis_' || a as analysis_id,
        'can_run' as verdict, null::varchar as because
    from range(3) as analyses(a)
"""
CODES = """
    select
        'S' || la as la_code, 'std_children' as table_name, 'sex_code' as column_name,
        100 as n_coded, case when la = 10 then 9 else 0 end as n_unmapped,
        0.09 as share_unmapped
    from range(10, 10 + {n}) as las(la)
"""
QUARANTINED = """
    select
        'S10' as la_code, 'date_unreadable' as reason_code, 'std_children' as table_name,
        'birth_date' as column_name, 'Write dates as declared' as what_to_do, record
    from range(7) as records(record)
"""
CHANGES = """
    select
        'S' || la as la_code, 'cin-202' || (1 + record % 3) as delivery,
        'cin-202' || (record % 3) as previous_delivery, 'children' as table_name,
        md5(record::varchar) as child_id, ['new', 'changed', 'gone'][1 + record // 3 % 3] as change
    from range(10, 10 + {n}) as las(la), range(100) as records(record)
"""
ANALYST = {
    "fct_load_log": LOG,
    "fct_expectation_results": RESULTS,
    "fct_rule_scorecard": RULES,
    "fct_fitness_for_outcomes": OUTCOMES,
    "fct_fitness_for_analysis": ANALYSES,
    "fct_code_coverage": CODES,
    "fct_quarantined_rows": QUARANTINED,
    "fct_delivery_changes": CHANGES,
    "fct_care_period_repairs": "select 'S10' as la_code, 'joined' as repair from range(4)",
    "def_studies": "select 'made_up' as study_id, 'Made up' as study_name",
    "dim_local_authorities": "select distinct la_code, is_synthetic from fct_load_log",
}
HIDDEN = "'c' as disclosure, 'confidential' as disclosure_reason"
RELEASE = {
    "rpt_load_log": "select * replace (null::int as n_loaded, null::int as n_quarantined), "
    f"{HIDDEN} from ({LOG})",
    "rpt_fitness_for_outcomes": OUTCOMES,
    "rpt_release": "select 'dfe' as profile, 1 as profile_version, 'DfE' as title",
}


def generation(folder: Path, n_authorities: int, kind: Kind = "analyst") -> Path:
    """A generation with the tables of `n_authorities`."""
    (folder / kind).mkdir(parents=True)
    with duckdb.connect(str(folder / kind / "csc_outcomes.duckdb")) as connection:
        for table, query in (ANALYST if kind == "analyst" else RELEASE).items():
            connection.execute(
                f"create table {table} as select *, '{BUILD}' as build_id "
                f"from ({query.replace('{n}', str(n_authorities))})"
            )
    return folder


def page_of(folder: Path, kind: Kind = "analyst") -> str:
    with Source(folder, kind) as source:
        return quality_page(source)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> str:
    return page_of(generation(tmp_path_factory.mktemp("few") / "build", 3))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> str:
    return page_of(generation(tmp_path_factory.mktemp("many") / "build", 150))


def rows_of(page: str, table: str) -> list[list[str]]:
    """The cells of a table of the page, as text."""
    (found,) = re.findall(rf'<table[^>]* id="t-{table}"[^>]*>.*?</table>', page, re.DOTALL)
    body = found.split("<tbody>")[1]
    return [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]


def test_one_row_per_authority_says_what_was_found(few: str) -> None:
    assert rows_of(few, "findings") == [
        ["S10", "Synthetic 10", "stopped: a critical expectation fails", *"8011110"],
        ["S11", "Synthetic 11", "a file was refused", *"8100010"],
        ["S12", "Synthetic 12", "no finding", *"8000010"],
    ]
    assert rows_of(few, "records")[0][2:5] == ["800", "793", "7"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("reasons-S10", ["date_unreadable", "std_children", "birth_date", "7"]),
        ("not-met-S10", ["std_children", "rule 0", "birth_date", "critical", "3", "100"]),
        ("scorecard-S10", ["std_children", "1", "1", "27", "1"]),
        ("refused", ["S11", "file0", "declared cin_start, found start"]),
        ("codes-S10", ["sex_code", "9"]),
        ("repairs-S10", ["joined", "4"]),
        ("unknown-S10", ["shoe_size"]),
        ("changes-S10", ["cin-2021", "cin-2020", "children"]),
        ("told-S10", ["cannot", "No file of absences", "Outcome 0"]),
        ("runs-S10", ["can run", "made_up: analysis_0"]),
    ],
)
def test_each_authority_has_its_details(few: str, table: str, words: list[str]) -> None:
    cells = [cell for row in rows_of(few, table) for cell in row]
    for word in words:
        assert any(word in cell for cell in cells), word


def test_changes_add_up(few: str) -> None:
    numbers = [int(cell) for row in rows_of(few, "changes-S12") for cell in row[3:]]
    assert sum(numbers) == 100


def test_150_authorities_fit_a_page(many: str) -> None:
    assert FEW < 150
    assert len(many.encode()) < LARGEST
    assert len(rows_of(many, "findings")) == 150
    assert many.count("<details") >= 150
    assert rows_of(many, "reasons-S10")


def test_no_childs_id_is_on_the_page(few: str) -> None:
    assert not re.search(r"\b[0-9a-f]{32}\b", few)


def test_hidden_numbers_are_symbols_and_sums_with_them_too(tmp_path: Path) -> None:
    page = page_of(generation(tmp_path / "build", 2, "release"), "release")
    (first, _) = rows_of(page, "records")
    assert first[2:5] == ["800", "c", "c"]
    assert "disclosure profile dfe" in page


def test_a_page_of_nothing_says_so(tmp_path: Path) -> None:
    assert "Data quality" in page_of(generation(tmp_path / "build", 0))


def test_the_start_page_links_what_is_there(tmp_path: Path) -> None:
    folder = generation(generation(tmp_path / "build", 1), 1, "release")
    for name in ("analyst/report_made_up.html", "release/quality.html", "docs/index.html"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("", encoding="utf-8")
    page = start_page(folder, BUILD)
    links = re.findall(r'<li><a href="([^"]+)"', page)
    assert all((folder / link).is_file() for link in links)
    assert {"analyst/report_made_up.html", "docs/index.html", "release/quality.html"} < set(links)
    for words in (
        BUILD,
        "dfe, version 1 (DfE)",
        "synthetic",
        "may be passed on",
        "never pass it on",
    ):
        assert words in page
