"""A third programme from its extract and seed rows alone, against rules written out once more."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from lifelines import CoxPHFitter

import third_programme as third
from csc_outcomes.landing.identifiers import pseudonym

END = pd.Timestamp(third.END)
OUTCOMES = [
    "closed_without_later_escalation",
    "escalated",
    "rereferred_12m",
    "case_length_days",
    "escalated_lac",
    "closed_case_length_days",
]
# What the edges come to, by hand: comparators by treated case, and outcomes by case.
LINKS = {
    "Tcal": {"before30", "after30"},
    "Tbin": {"aged17"},
    "Topen": {"closes_after"},
    "Tlater": {"day_after", "after_end", "closed_after_end"},
    "Tearly": {"cp_before", "cp_on", "lac_between", "lac_on_late"},
    "Tlate": {"cp_before", "cp_on", "lac_between", "lac_on_late"},
    "Tagain": {"last_day", "too_late", "on_closing", "while_open", "past_the_end", "new_year"},
    "Tmonth": {"march"},
}
BY_HAND = {
    "closed_without_later_escalation": {
        "Tlater": 1,
        "day_after": 0,
        "after_end": 1,
        "closed_after_end": 0,
        "after30": 1,  # closed on the study's last day
        "Tcal": 0,
    },
    "escalated": {
        "Tearly": 1,
        "Tlate": 0,
        "cp_before": 0,
        "cp_on": 1,
        "lac_between": 1,
        "lac_on_late": 1,
        "after_end": 0,
        "Tlater": 1,
    },
    "rereferred_12m": {
        "Tagain": 1,
        "last_day": 1,
        "too_late": 0,
        "on_closing": 0,
        "while_open": 0,
        "past_the_end": 0,
        "new_year": 1,
    },
    "case_length_days": {
        "before30": 212,  # 1 January to 1 August: 365 / 12 * 7
        "after_end": 224,  # from the referral on 20 January to 1 September
        "Tcal": 404,  # 20 January 2021 to 28 February 2022
        "closed_after_end": 404,
        "day_after": 404,  # escalated afterwards: censored at the end of the study
    },
    "closed_case_length_days": {"before30": 212, "after_end": 224},
}
LINKED_BY_HAND = {"cp_before": 0, "cp_on": 0.5, "lac_between": 0.5, "lac_on_late": 1, "Tlate": 0}


@pytest.fixture(scope="module")
def cases() -> pd.DataFrame:
    """The extract, with the rules applied by pandas."""
    frame = pd.DataFrame(third.rows())
    for name in ("start", "referred", "closed", "entered", "cp", "lac", "again"):
        frame[name] = pd.to_datetime(frame[name].replace("", None))
    frame["age"] = frame["age"].astype(float)
    frame["is_old"] = np.floor(frame["age"]) >= 9.5
    frame["is_treated"] = frame["entered"].notna()
    is_eligible = (frame["closed"].isna() | (frame["closed"] >= third.START)) & frame[
        "start"
    ].between(third.FIRST_OPEN, third.LAST_OPEN)
    is_eligible &= ~frame["is_treated"] | (
        (frame["start"] < frame["entered"]) & (frame["entered"] <= END)
    )
    return frame[is_eligible].set_index("case", drop=False)


@pytest.fixture(scope="module")
def links(cases: pd.DataFrame) -> pd.DataFrame:
    """Treated case, comparator and weight."""
    pairs = cases[cases["is_treated"]].merge(
        cases[~cases["is_treated"]], on=["ethnicity", "is_old"], suffixes=("", "_c")
    )
    pairs = pairs[
        ((pairs["start"] - pairs["start_c"]).dt.days.abs() <= 30)
        & (pairs["start_c"] <= pairs["entered"])
        & (pairs["closed_c"].isna() | (pairs["closed_c"] > pairs["entered"]))
    ]
    pairs["weight"] = 1 / pairs.groupby("case")["case"].transform("size")
    return pairs[["case", "case_c", "entered", "weight"]]


@pytest.fixture(scope="module")
def outcomes(cases: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """The outcomes of the matched cases with their weights."""
    weights = links.groupby("case_c")["weight"].sum()
    index_dates = links.groupby("case_c")["entered"].min()
    frame = cases[cases.index.isin(links["case"]) | cases.index.isin(links["case_c"])].copy()
    frame["weight"] = weights.reindex(frame.index).fillna(1.0)
    index_date = frame["entered"].fillna(index_dates)
    seen = {kind: frame[kind].where(frame[kind] <= END) for kind in ("cp", "lac")}
    is_closed = frame["closed"] <= END
    later = np.logical_or.reduce([seen[kind] > frame["closed"] for kind in seen])
    since = {kind: seen[kind] >= index_date for kind in seen}
    again = frame["again"].where(frame["again"] <= END)
    window_end = frame["closed"].where(is_closed) + pd.DateOffset(months=6)
    frame["closed_without_later_escalation"] = (is_closed & ~later).astype(float)
    frame["escalated"] = (since["cp"] | since["lac"]).astype(float)
    frame["escalated_lac"] = since["lac"].astype(float)
    frame["rereferred_12m"] = ((again > frame["closed"]) & (again <= window_end)).astype(float)
    ended = frame["closed"].where(is_closed & ~later)
    frame["closed_case_length_days"] = (ended - frame["referred"]).dt.days.astype(float)
    frame["case_length_days"] = (ended.fillna(END) - frame["referred"]).dt.days.astype(float)
    return frame


def pseudonyms(names: pd.Index | list[str], key: bytes) -> list[str]:
    return [pseudonym(key, third.LA_CODE, "case", name.upper()) for name in names]


def value_of(
    tables: duckdb.DuckDBPyConnection, key: bytes, study: str, case: str, outcome: str
) -> float | None:
    (found,) = tables.execute(
        "select value from fct_case_outcomes where study_id = ? and case_id = ? and outcome = ?",
        [study, *pseudonyms([case], key), outcome],
    ).fetchall()
    return found[0]


def estimates(tables: duckdb.DuckDBPyConnection, study: str) -> dict[str, dict[Any, Any]]:
    rows = tables.execute(
        "select * from fct_effect_estimates where study_id = ? and term = 'treated'", [study]
    ).fetchdf()
    records = rows.set_index("analysis_id", drop=False).to_dict("index")
    return {str(analysis): dict(row) for analysis, row in records.items()}


def clustered(outcomes: pd.DataFrame, name: str, covariates: list[str]) -> Any:
    design = sm.add_constant(outcomes[["is_treated", *covariates]].astype(float))
    model = sm.WLS(outcomes[name], design, weights=outcomes["weight"])
    groups = pd.factorize(outcomes["family"])[0]
    return model.fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)


def test_edges_of_matching(tables: duckdb.DuckDBPyConnection, key: bytes) -> None:
    got = tables.execute(
        "select treated_case_id, comparator_case_id from fct_matched_links"
        " where study_id = ? and method = 'cem_caliper'",
        [third.STUDY],
    ).fetchall()
    for treated, comparators in LINKS.items():
        (name,) = pseudonyms([treated], key)
        assert {c for t, c in got if t == name} == set(pseudonyms(sorted(comparators), key))
    assert not {t for t, _ in got} & set(pseudonyms(["Tafter"], key))


@pytest.mark.parametrize("outcome", BY_HAND)
def test_edges_of_outcomes(tables: duckdb.DuckDBPyConnection, key: bytes, outcome: str) -> None:
    got = {case: value_of(tables, key, third.STUDY, case, outcome) for case in BY_HAND[outcome]}
    assert got == BY_HAND[outcome]


def test_every_case_of_the_sample(
    tables: duckdb.DuckDBPyConnection, key: bytes, outcomes: pd.DataFrame
) -> None:
    expected = outcomes.set_index(pd.Index(pseudonyms(outcomes.index, key)))
    sample = tables.execute(
        "select case_id, weight from fct_matched_cases"
        " where study_id = ? and method = 'cem_caliper'",
        [third.STUDY],
    ).fetchdf()
    weights = sample.set_index("case_id")["weight"]
    assert set(weights.index) == set(expected.index)
    assert weights.to_numpy() == pytest.approx(expected["weight"].reindex(weights.index))
    got = tables.execute(
        "select case_id, outcome, value from fct_case_outcomes where study_id = ?", [third.STUDY]
    ).fetchdf()
    got = got.pivot(index="case_id", columns="outcome", values="value").reindex(expected.index)
    for outcome in OUTCOMES:
        pd.testing.assert_series_equal(
            got[outcome].astype(float), expected[outcome], check_names=False
        )


@pytest.mark.parametrize(
    ("analysis", "outcome", "covariates"),
    [
        ("closure", "closed_without_later_escalation", []),
        ("closure_adjusted", "closed_without_later_escalation", ["age"]),
        ("escalation", "escalated", []),
        ("rereferral", "rereferred_12m", []),
    ],
)
def test_effects_with_clusters_of_families(
    tables: duckdb.DuckDBPyConnection,
    outcomes: pd.DataFrame,
    analysis: str,
    outcome: str,
    covariates: list[str],
) -> None:
    got = estimates(tables, third.STUDY)[analysis]
    expected = clustered(outcomes, outcome, covariates)
    assert got["status"] == "ok"
    assert got["estimate"] == pytest.approx(expected.params["is_treated"])
    assert got["std_error"] == pytest.approx(expected.bse["is_treated"])
    assert got["n_clusters"] == outcomes["family"].nunique() < len(outcomes)


def test_a_constant_covariate_is_dropped_with_a_note(tables: duckdb.DuckDBPyConnection) -> None:
    got = estimates(tables, third.STUDY)
    assert got["closure_adjusted"]["status_reason"] == "dropped_covariate: siblings (constant)"
    assert pd.isna(got["closure"]["status_reason"])


def test_the_clock_of_survival_starts_with_the_referral(
    tables: duckdb.DuckDBPyConnection, outcomes: pd.DataFrame
) -> None:
    got = estimates(tables, third.STUDY)["time_to_closure"]
    timed = outcomes[["case_length_days", "is_treated", "weight", "family"]].astype(
        {"is_treated": float}
    )
    timed["is_ended"] = outcomes["closed_case_length_days"].notna()
    fitter = CoxPHFitter().fit(
        timed,
        "case_length_days",
        "is_ended",
        weights_col="weight",
        cluster_col="family",
        robust=True,
    )
    assert got["clock"] == "referral"
    assert got["estimate"] == pytest.approx(fitter.params_["is_treated"], abs=1e-6)


def test_link_by_link(
    tables: duckdb.DuckDBPyConnection,
    key: bytes,
    cases: pd.DataFrame,
    links: pd.DataFrame,
    outcomes: pd.DataFrame,
) -> None:
    for case, value in LINKED_BY_HAND.items():
        assert value_of(tables, key, third.BY_LINK, case, "escalated") == value
    comparators = cases.loc[links["case_c"]]
    entered = links["entered"].to_numpy()
    is_escalated = np.logical_or.reduce(
        [
            (comparators[kind].to_numpy() >= entered) & (comparators[kind].to_numpy() <= END)
            for kind in ("cp", "lac")
        ]
    )
    treated = outcomes[outcomes["is_treated"]]
    expected = treated["escalated"].mean() - np.average(is_escalated, weights=links["weight"])
    got = estimates(tables, third.BY_LINK)
    assert got["escalation"]["estimate"] == pytest.approx(expected)
    by_earliest = estimates(tables, third.STUDY)["escalation"]["estimate"]
    assert got["escalation"]["estimate"] != pytest.approx(by_earliest)
    assert got["escalation_logit"]["status"] == "not_estimable"
    assert got["escalation_logit"]["status_reason"].startswith("not_binary: ")
    assert got["closure"]["estimate"] == estimates(tables, third.STUDY)["closure"]["estimate"]


def test_the_flow_says_who_is_left_out(tables: duckdb.DuckDBPyConnection) -> None:
    got = tables.execute(
        "select step, n_in - n_out from fct_sample_flow"
        " where study_id = ? and arm = 'treated' and n_in > n_out",
        [third.STUDY],
    ).fetchall()
    assert dict(got)["entered_in_study"] == 1
