"""One table of cases delivered by two authorities: a study of both, its strata pooled or within
each authority, its links kept or counted, comes to the answers that R has of the whole table."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pandas as pd
import pytest

from csc_outcomes.authorities import authorities_of, named
from csc_outcomes.disclosure.bundle import _of_study
from csc_outcomes.landing.identifiers import pseudonym
from csc_outcomes.report import pages
from csc_outcomes.report.source import Source
from csc_outcomes.summary import summary_text
from projects import Project, light_copy
from references import FIXTURES, PARAMETERS, contract
from test_reference_answers import answers

TABLE = "fact22_a"
BOTH = ("S61", "S62")
# Links of the whole table; weights of the same from counts; links within each authority.
POOLED, COUNTED, WITHIN = "pooled", "counted", "within"
STUDIES: dict[str, tuple[str, dict[str, str]]] = {
    POOLED: ("|".join(BOTH), {"strata_within": "study"}),
    COUNTED: ("|".join(BOTH), {"strata_within": "study", "links_kept_up_to": "0"}),
    WITHIN: ("*", {"strata_within": "authority"}),
}
# By weights alone, which counts give too, or by links one by one.
BY_WEIGHT = ("closure_main", "escalation_main")
BY_LINK = ("time_to_closure_from_entry", "closure_open_6_to_11_months")
# What each authority spent in each month of the study.
SPENT = dict(zip(BOTH, (1000, 3000), strict=True))
MONTHS = pd.date_range("2018-04-01", "2019-11-01", freq="MS").strftime("%b-%y").tolist()
# The study's days of its first and last month, of thirty days each.
MONTHS_OF_STUDY = 19 / 30 + 18 + 22 / 30


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The children of the table shared out among two authorities, each with a return of costs."""
    project = light_copy(tmp_path_factory.mktemp("many"))
    for la_code in BOTH:
        cases = [row for row in source_rows() if authority_of(row["child_id"]) == la_code]
        project.add_delivery(la_code, "all", contract(la_code), {"cases.csv": written(cases)})
        lines = [{"month": m, "category": "staff", "amount": SPENT[la_code]} for m in MONTHS]
        project.add_delivery(
            la_code, "costs", costs_contract(la_code), {"costs.csv": written(lines)}
        )
    for study_id, (la_code, choices) in STUDIES.items():
        project.add_study(study_id, la_code=la_code, parameters={**PARAMETERS, **choices})
    keep_analyses(project)
    result = project.dbt("build")
    assert result.returncode == 0, result.stdout[-5000:]
    return project


def source_rows() -> list[dict[str, str]]:
    with (FIXTURES / f"{TABLE}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def authority_of(child_id: str) -> str:
    """A child's cases are all in one authority."""
    return BOTH[int(child_id[1:]) % 2]


def written(rows: list[dict[str, Any]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


def costs_contract(la_code: str) -> dict[str, Any]:
    file = {
        "name": "costs.csv",
        "holds": "financial_returns",
        "date_formats": ["mony"],
        "columns": {"month": "month", "cost_category": "category", "amount": "amount"},
        "constants": {"programme_id": "fact22"},
    }
    return {**contract(la_code), "format": "study_files", "files": [file]}


def keep_analyses(project: Project) -> None:
    """The analyses that are asked about alone: a build of all takes minutes."""
    path = project.path / "seeds" / "studies" / "study_analyses.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kept = {*BY_WEIGHT, *BY_LINK}
    path.write_bytes(written([r for r in rows if r["analysis_id"] in kept]))


@pytest.fixture(scope="module")
def tables(project: Project) -> Any:
    with project.warehouse() as connection:
        yield connection


@pytest.fixture(scope="module")
def oracle(key: bytes) -> dict[str, tuple[str, str]]:
    """Authority and pseudonym of each case of the table."""
    codes = {row["case_id"]: authority_of(row["child_id"]) for row in source_rows()}
    return {
        case: (la_code, pseudonym(key, la_code, "case", case)) for case, la_code in codes.items()
    }


def weights(tables: duckdb.DuckDBPyConnection, study_id: str) -> pd.Series:
    return (
        tables.execute(
            "select la_code, case_id, weight from fct_matched_cases"
            " where study_id = ? and method = 'cem_caliper'",
            [study_id],
        )
        .df()
        .set_index(["la_code", "case_id"])["weight"]
    )


@pytest.mark.parametrize("study_id", [POOLED, COUNTED])
def test_pooled_weights_are_those_of_the_whole_table(
    tables: duckdb.DuckDBPyConnection, oracle: dict[str, tuple[str, str]], study_id: str
) -> None:
    given = pd.read_csv(FIXTURES / f"{TABLE}_weights.csv").set_index("case_id")
    expected = given["calendar6m_from_treated.inclusive"].loc[lambda weight: weight > 0]
    expected.index = pd.MultiIndex.from_tuples([oracle[case] for case in expected.index])
    found = weights(tables, study_id)
    assert set(found.index) == set(expected.index)
    assert (found - expected.reindex(found.index)).abs().max() < 1e-12


def test_links_and_weights_within_authorities(
    tables: duckdb.DuckDBPyConnection, oracle: dict[str, tuple[str, str]]
) -> None:
    links = pd.read_csv(FIXTURES / f"{TABLE}_links.csv")
    treated, comparators = (links[c].map(oracle) for c in ("treated_case", "comp_case"))
    is_own = treated.str[0] == comparators.str[0]
    assert 50 < is_own.sum() < len(links) - 50
    expected = {
        POOLED: set(zip(treated, comparators, strict=True)),
        WITHIN: set(zip(treated[is_own], comparators[is_own], strict=True)),
        COUNTED: set(),
    }
    for study_id, pairs in expected.items():
        rows = tables.execute(
            "select la_code, treated_case_id, comparator_la_code, comparator_case_id"
            " from fct_matched_links where study_id = ? and method = 'cem_caliper'",
            [study_id],
        ).fetchall()
        found = {((t, treated_id), (c, other_id)) for t, treated_id, c, other_id in rows}
        assert (len(rows), found) == (len(pairs), pairs), study_id
    share = 1 / is_own[is_own].groupby(treated[is_own]).transform("size")
    within = share.groupby(comparators[is_own]).sum()
    found = weights(tables, WITHIN)
    of_comparators = found.loc[within.index]
    assert of_comparators.to_numpy() == pytest.approx(within.to_numpy(), abs=1e-12)
    assert found.sum() == pytest.approx(2 * treated[is_own].nunique(), abs=1e-9)


def test_estimates_by_weight_are_those_of_the_whole_table(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    rows = tables.sql("select * from fct_effect_estimates where term = 'treated'").df()
    estimates = rows.set_index(["study_id", "analysis_id"])
    assert set(rows["study_id"]) == set(STUDIES)
    assert not estimates.index.duplicated().any()
    for analysis_id in BY_WEIGHT:
        pooled, counted = (estimates.loc[study, analysis_id] for study in (POOLED, COUNTED))
        assert pooled["status"] == counted["status"] == "ok"
        for figure in ("estimate", "std_error", "n_treated", "n_comparator"):
            assert counted[figure] == pytest.approx(pooled[figure], rel=1e-9), analysis_id
    expected = answers(TABLE)["outcomes"]["escalated"]["ols"]
    found = estimates.loc[(POOLED, "escalation_main")]
    assert found["estimate"] == pytest.approx(expected["coef"]["treated"], abs=1e-9)
    assert found["std_error"] == pytest.approx(
        expected["se_cluster_CR1_stata"]["treated"], abs=1e-9
    )


def test_what_needs_links_says_that_none_are_kept(tables: duckdb.DuckDBPyConnection) -> None:
    rows = tables.sql(
        "select study_id, analysis_id, status, split_part(status_reason, ':', 1) as code"
        " from fct_effect_estimates where analysis_id like '%from_entry'"
        " or analysis_id like '%months'"
    ).df()
    for study_id, expected in ((POOLED, "ok"), (COUNTED, "not_estimable"), (WITHIN, "ok")):
        own = rows[rows["study_id"] == study_id]
        assert set(own["analysis_id"]) == set(BY_LINK)
        assert set(own["status"]) == {expected}, study_id
        assert (set(own["code"]) == {"links_not_kept"}) == (study_id == COUNTED)
    told = tables.sql(
        "select study_id, analysis_id from fct_study_diagnostics where diagnostic = 'links_kept'"
    ).fetchall()
    assert sorted(told) == sorted((COUNTED, analysis) for analysis in (*BY_WEIGHT, *BY_LINK))
    bounds = tables.sql(
        "select distinct study_id from fct_hidden_bias_bounds"
        " where status_reason like 'links_not_kept:%'"
    ).fetchall()
    assert bounds == [(COUNTED,)]


def test_each_case_counts_once(tables: duckdb.DuckDBPyConnection) -> None:
    flow = (
        tables.sql(
            "select study_id, arm, max(n_in) as recorded, min(n_out) as kept from fct_sample_flow"
            " group by all"
        )
        .df()
        .set_index(["study_id", "arm"])
    )
    n = pd.Series([row["treated"] == "1" for row in source_rows()]).value_counts()
    for study_id in STUDIES:
        assert flow.loc[(study_id, "treated"), "recorded"] == n[True]
        assert flow.loc[(study_id, "comparator"), "recorded"] == n[False]
    for table in ("fct_sample_flow", "fct_group_outcomes", "fct_covariate_balance"):
        columns = [
            c
            for (c,) in tables.sql(
                "select column_name from information_schema.columns"
                f" where table_name = '{table}' and column_name not in ('study_id', 'build_id')"
            ).fetchall()
        ]
        pooled, counted = (
            tables.execute(f"select {', '.join(columns)} from {table} where study_id = ?", [study])
            .df()
            .sort_values(columns)
            .reset_index(drop=True)
            for study in (POOLED, COUNTED)
        )
        assert len(pooled) > 0
        pd.testing.assert_frame_equal(pooled, counted, rtol=1e-9, obj=table)


def test_costs_of_all_authorities_are_added_up_once(tables: duckdb.DuckDBPyConnection) -> None:
    costs = (
        tables.sql("select * from fct_programme_costs where cost_category = 'total'")
        .df()
        .set_index("study_id")
    )
    assert costs.loc[POOLED, "status"] == costs.loc[WITHIN, "status"] == "ok"
    assert costs.loc[POOLED, "nominal_gbp"] == pytest.approx(sum(SPENT.values()) * MONTHS_OF_STUDY)
    assert costs.loc[POOLED, "n_cases"] == costs.loc[WITHIN, "n_cases"]
    reasons = tables.sql(
        "select study_id, split_part(status_reason, ':', 1) from fct_counterfactual_costs"
        " where age_band = 'all' and component = 'total'"
    ).fetchall()
    told = {study_id: code for study_id, code in reasons if study_id in STUDIES}
    assert told == {POOLED: None, COUNTED: "links_not_kept", WITHIN: None}
    drawn = tables.sql(
        "select study_id, count(is_matched) from fct_risk_sample group by all"
    ).fetchall()
    assert {study_id for study_id, n_told in drawn if n_told == 0} == {COUNTED}


def test_fitness_is_told_of_each_authority(tables: duckdb.DuckDBPyConnection) -> None:
    found = tables.sql("select study_id, la_code, analysis_id from fct_fitness_for_analysis")
    expected = {
        (study_id, la_code, analysis_id)
        for study_id in STUDIES
        for la_code in BOTH
        for analysis_id in (*BY_WEIGHT, *BY_LINK)
    }
    rows = [row for row in found.fetchall() if row[0] in STUDIES]
    assert (len(rows), set(rows)) == (len(expected), expected)


@pytest.mark.parametrize(
    ("la_code", "expected"),
    [
        ("S61", ("S61",)),
        ("S62|S61|S62", ("S61", "S62")),
        (" S61 | S6", ("S6", "S61")),
        ("*", ("S51", "S61")),
        ("", ()),
    ],
)
def test_the_authorities_of_a_study(la_code: str, expected: tuple[str, ...]) -> None:
    assert authorities_of(la_code, ["S61", "S51", "S61"]) == expected


def test_many_authorities_are_told_by_their_number() -> None:
    codes = [f"S{n}" for n in range(61, 67)]
    assert (named(codes[:2]), named(codes)) == ("S61, S62", "6 authorities")


def test_a_bundle_of_a_study_holds_its_authorities_alone() -> None:
    studies = pd.DataFrame({"study_id": ["two", "every", "one"], "la_code": ["S61|S62", "*", "S6"]})
    release = SimpleNamespace(tables={"rpt_studies": studies})
    table = pd.DataFrame({"la_code": ["S6", "S61", "S62", "S63"]})
    for study_id, expected in (("two", ["S61", "S62"]), ("every", list(table.la_code))):
        assert list(_of_study(cast(Any, release), table, study_id).la_code) == expected
    assert list(_of_study(cast(Any, release), table, "one").la_code) == ["S6"]


@pytest.mark.parametrize("study_id", [POOLED, WITHIN])
def test_the_report_names_both_authorities(project: Project, study_id: str) -> None:
    current = (project.path / "published" / "current").resolve()
    with Source(current, "analyst") as source:
        page = pages.report_page(source, study_id)
    names = ", ".join(f"Reference table {la_code} ({la_code})" for la_code in BOTH)
    for text in (names, "the authorities are made up", "4 analyses in 2 authorities, 8 in all,"):
        assert text in page, text
    title = next(
        line for line in summary_text(current).splitlines() if line.startswith(f"{study_id} (")
    )
    assert title.startswith(f"{study_id} (synthetic data): ")
