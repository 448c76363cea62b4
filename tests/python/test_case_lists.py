"""Lists that look different give the same marts; dirty rows are refused with a reason, and every
row is accounted for."""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest

import authorities
from csc_outcomes.landing.identifiers import normalise_id, pseudonym
from references import case_ids


def source_ids(key: bytes, la_code: str) -> dict[str, str]:
    """Pseudonym -> the source's case id, for the rows of fact22_a."""
    return {
        pseudonym(key, la_code, "case", str(normalise_id(c)[0])): c for c in case_ids("fact22_a")
    }


@pytest.mark.parametrize(
    ("table", "keys", "columns"),
    [
        (
            "fct_case_outcomes",
            ["case_id"],
            "outcome, arm, origin_date, event_date, value, is_censored",
        ),
        (
            "fct_study_cases",
            ["case_id"],
            "arm, is_eligible, ineligible_reason, stratum, entry_date",
        ),
        ("fct_study_covariates", ["case_id"], "covariate, value, bin"),
        ("fct_matched_cases", ["case_id"], "method, arm, weight"),
        ("fct_matched_links", ["treated_case_id", "comparator_case_id"], "gap_days, weight"),
    ],
)
def test_another_dialect_gives_the_same_rows(
    tables: duckdb.DuckDBPyConnection, key: bytes, table: str, keys: list[str], columns: str
) -> None:
    frames = []
    for study, la_code in (("fact22_a", "S41"), ("dialect", authorities.DIALECT)):
        frame = tables.execute(
            f"select {', '.join(keys)}, {columns} from {table} where study_id = ?", [study]
        ).fetchdf()
        ids = source_ids(key, la_code)
        for column in keys:
            frame[column] = frame[column].map(ids)
            assert frame[column].notna().all()
        frames.append(frame.sort_values(list(frame.columns)).reset_index(drop=True))
    assert len(frames[0]) > 0
    pd.testing.assert_frame_equal(frames[0], frames[1], rtol=0, atol=1e-12)


def test_another_dialect_gives_the_same_estimates(tables: duckdb.DuckDBPyConnection) -> None:
    frames = [
        tables.execute(
            "select analysis_id, term, estimate, std_error, p_value, n_comparator, status"
            " from fct_effect_estimates where study_id = ? order by all",
            [study],
        ).fetchdf()
        for study in ("fact22_a", "dialect")
    ]
    pd.testing.assert_frame_equal(*frames, rtol=1e-9, atol=1e-12)


def small_list_rows(
    tables: duckdb.DuckDBPyConnection, key: bytes, study: str, la_code: str
) -> pd.DataFrame:
    ids = {pseudonym(key, la_code, "case", row[1]): row[1] for row in authorities.SMALL_LIST}
    frame = tables.execute(
        "select case_id, outcome, arm, value, event_date, is_censored"
        " from fct_case_outcomes where study_id = ?",
        [study],
    ).fetchdf()
    frame["case_id"] = frame["case_id"].map(ids)
    return frame.sort_values(["case_id", "outcome"]).reset_index(drop=True)


@pytest.mark.parametrize(
    ("study", "la_code"), [("wide", authorities.WIDE), ("workbook", authorities.WORKBOOK)]
)
def test_one_file_three_files_and_a_workbook_are_one_list(
    tables: duckdb.DuckDBPyConnection, key: bytes, study: str, la_code: str
) -> None:
    plain = small_list_rows(tables, key, "plain", authorities.PLAIN)
    assert plain["case_id"].nunique() == len(authorities.SMALL_LIST)
    assert plain["value"].sum() > 0
    pd.testing.assert_frame_equal(plain, small_list_rows(tables, key, study, la_code))


def test_a_file_delivered_twice_counts_once(tables: duckdb.DuckDBPyConnection) -> None:
    rows = tables.execute(
        "select delivery, n_read, n_loaded, n_duplicate, n_superseded from fct_load_log"
        " where la_code = ? order by delivery",
        [authorities.PLAIN],
    ).fetchall()
    n_cases = len(authorities.SMALL_LIST)
    assert rows == [("1", n_cases, 0, n_cases, 0), ("2", n_cases, n_cases, 0, 0)]


def test_each_faulty_row_has_its_reason(tables: duckdb.DuckDBPyConnection) -> None:
    rows = tables.execute(
        "select source_row_number, reason_code, reason from fct_quarantined_rows where la_code = ?",
        [authorities.DIRTY],
    ).fetchall()
    got = {number: code for number, code, _ in rows}
    first = authorities.N_SOUND + 1
    expected = {first + i: code for i, (_, code) in enumerate(authorities.FAULTS)}
    twice = first + len(authorities.FAULTS) + len(authorities.BLEMISHES)
    expected |= {twice: "contradicting_records", twice + 1: "contradicting_records"}
    expected |= {twice + 4: "ragged_row"}
    assert got == expected
    assert all(reason for _, _, reason in rows)


def test_blemishes_cost_the_value_and_not_the_row(
    tables: duckdb.DuckDBPyConnection, key: bytes
) -> None:
    start = authorities.N_SOUND + len(authorities.FAULTS)
    for i, (_, column, expected) in enumerate(authorities.BLEMISHES):
        case_id = pseudonym(key, authorities.DIRTY, "case", f"D{start + i}")
        ((got,),) = tables.execute(
            f"select {column} from fct_cin_cases where case_id = ?", [case_id]
        ).fetchall()
        assert got == expected, column


def test_every_record_is_accounted_for(tables: duckdb.DuckDBPyConnection) -> None:
    rows = tables.execute(
        "select delivery, n_read, n_loaded, n_quarantined, n_duplicate, n_superseded, n_opted_out"
        " from fct_load_log where la_code = ? order by delivery",
        [authorities.DIRTY],
    ).fetchall()
    n_faulty, n_blemished = len(authorities.FAULTS), len(authorities.BLEMISHES)
    n_sound = authorities.N_SOUND
    assert rows == [
        # the newer delivery says something else of one row and the same of the other
        ("2020-06", 2, 0, 0, 1, 1, 0),
        (
            "2020-12",
            n_sound + n_faulty + n_blemished + 2 + 2 + 1,
            n_sound - 1 + n_blemished,
            n_faulty + 2 + 1,
            2,
            0,
            1,
        ),
    ]
    ((n_wrong,),) = tables.execute(
        "select count(*) from fct_load_log where n_read !="
        " n_loaded + n_quarantined + n_duplicate + n_superseded + n_opted_out"
    ).fetchall()
    assert n_wrong == 0


def test_quarantined_rows_hold_no_value(tables: duckdb.DuckDBPyConnection) -> None:
    text = (
        tables.execute("select * from fct_quarantined_rows where la_code = ?", [authorities.DIRTY])
        .fetchdf()
        .to_csv()
    )
    for value in ("Smith", "1.23E+09", "31/06/2018", "soon", "maybe"):
        assert value not in text
