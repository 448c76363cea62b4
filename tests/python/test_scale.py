"""The scale benchmark says which stage got slower, and its tables say what was measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pytest

from projects import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
import scale_pandas
import scale_runs
from scale import FIELDS, FLOOR, Results, how_long, over_bounds
from scale import _parser as options_of
from scale_checks import differences
from scale_nodes import PARTS, parts_of
from scale_runs import WHOLE, Cost, Scale, StageFailed, run
from scale_tables import TO_WEIGHTS, as_markdown, draw, exponents, summarised


def _rows(costs: dict[int, dict[str, float]]) -> list[dict[str, str]]:
    return [
        dict(zip(FIELDS, (str(n), "1GB", "0", stage, str(cpu), "1", "100"), strict=True))
        for n, stages in costs.items()
        for stage, cpu in stages.items()
    ]


PANDAS = dict(zip(FIELDS, ("100000", "", "0", "pandas", "16", "1", "100"), strict=True))
NATIONS = {
    FLOOR: {"whole": 10.0, "dbt start": 5.0},
    10**5: {"whole": 20.0, "gate": 9.0, "dbt start": 5.0, "csv scan": 2.0, "door": 3.0},
    10**6: {"whole": 110.0, "gate": 15.0, "dbt start": 5.0, "csv scan": 20.0, "door": 30.0},
}
MEASURED = [PANDAS, *_rows(NATIONS)]


def test_a_slower_stage_is_named() -> None:
    bounds = {"door": 1.0, "gate": 2.0}
    assert over_bounds({"door": 1.3, "gate": 2.5}, bounds) == []
    assert over_bounds({"door": 1.31, "gate": 2.5}, bounds) == [
        "slower: door takes 1.31 of dbt start, bound 1.00"
    ]
    assert over_bounds({"outcomes": 0.1}, bounds) == [
        "slower: outcomes takes 0.10 of dbt start, bound 0.00"
    ]


def test_ratios_are_of_scans_under_the_same_limit() -> None:
    table = summarised(MEASURED).set_index(["cases", "stage"])
    assert table.loc[(10**5, "door"), "csv scans"] == 1.5
    assert table.loc[(10**5, TO_WEIGHTS), "cpu"] == 20 - 9
    assert table.loc[(10**6, TO_WEIGHTS), "csv scans"] == (110 - 15) / 20
    assert table.loc[(10**5, "whole"), "dbt share"] == 0.5
    assert pd.isna(table.loc[(10**5, "door"), "parquet scans"])
    assert table.loc[(10**5, "pandas"), "csv scans"] == 8.0


def test_what_the_gate_takes_is_no_part_of_the_way_to_weights() -> None:
    stages = {"whole": (9, 8, 700), "gate": (4, 3, 700), "outcomes": (2, 2, 500)}
    rows = [
        dict(zip(FIELDS, map(str, (10**5, "1GB", 0, stage, *cost)), strict=True))
        for stage, cost in stages.items()
    ]
    table = summarised(rows).set_index("stage")
    assert [*table.loc[TO_WEIGHTS, ["cpu", "wall", "peak_mb"]]] == [5, 5, 500]


def test_growth_is_fitted_by_stage() -> None:
    growth = exponents(summarised(MEASURED)).set_index("stage")
    assert growth.loc["door", "all sizes"] == growth.loc["csv scan", "two largest"] == 1.0
    assert growth.loc["whole", "all sizes"] == 0.74


def test_tables_and_plot_are_written(tmp_path: Path) -> None:
    table = summarised(MEASURED)
    assert "100,000 cases" in as_markdown(table)
    draw(table, tmp_path / "scale.svg")
    assert (tmp_path / "scale.svg").read_text(encoding="utf-8").startswith("<svg")


def test_what_is_measured_is_kept(tmp_path: Path) -> None:
    results = Results(tmp_path / "work" / "results.csv")
    results.add(100, "1GB", 0, "door", cost=Cost(1.5, 2.5, 300))
    again = Results(tmp_path / "work" / "results.csv")
    assert again.has(100, "1GB", 0, "door")
    assert not again.has(100, "2GB", 0, "door")
    assert again.rows == results.rows


def test_a_process_is_measured_with_its_children(tmp_path: Path) -> None:
    busy = "sum(range(10**7)); x = b'x' * (300 * 2**20)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])"
    cost = run([sys.executable, "-c", child], tmp_path, tmp_path / "log")
    assert cost.cpu > 0.1
    assert cost.peak_mb > 300
    with pytest.raises(StageFailed, match="no such thing"):
        run([sys.executable, "-c", "raise SystemExit('no such thing')"], tmp_path, tmp_path / "log")


def test_the_whole_run_tells_its_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scale = Scale(tmp_path, "1GB", 2)
    assert [*scale.stages(), "tests"] == [*scale.stages(with_tests=True)]
    figures = {part: [1.0, 2.0, 100.0] for part in PARTS} | {"dbt start": [5.0, 6.0, 900.0]}
    (tmp_path / "parts.json").write_text(json.dumps(figures), encoding="utf-8")
    monkeypatch.setattr(scale_runs, "run", lambda *_: Cost(11.0, 17.0, 50.0))
    costs = scale.measure(WHOLE, scale.stages()[WHOLE])
    assert costs[WHOLE] == Cost(11.0, 17.0, 900.0)
    assert costs["gate"] == Cost(1.0, 2.0, 100.0)
    assert scale.measure("door", ["land"]) == {"door": Cost(11.0, 17.0, 50.0)}


def test_every_model_belongs_to_one_part() -> None:
    paths = {
        "stg": "models/staging/stg.sql",
        "cases": "models/standard/cases.sql",
        "children": "models/standard/children.sql",
        "facts": "models/intermediate/quality/facts.sql",
        "fct_expectation_results": "models/marts/quality/fct_expectation_results.sql",
        "arms": "models/intermediate/cohorts/arms.sql",
        "pairs": "models/intermediate/matching/pairs.sql",
        "fct_matched_cases": "models/marts/evaluation/fct_matched_cases.sql",
        "fct_matched_links": "models/marts/evaluation/fct_matched_links.sql",
        "closures": "models/intermediate/outcomes/closures.sql",
        "fct_case_outcomes": "models/marts/outcomes/fct_case_outcomes.sql",
    }
    after = {"cases": ["stg"], "facts": ["stg", "children"], "pairs": ["arms"]}
    after |= {"fct_expectation_results": ["facts"], "fct_matched_links": ["pairs"]}
    after |= {"arms": ["cases", "fct_expectation_results"], "fct_case_outcomes": ["closures"]}
    nodes = {key: {"name": key, "original_file_path": path} for key, path in paths.items()}
    parts = parts_of({"nodes": nodes, "parent_map": after})
    assert [parts[key] for key in paths] == [
        PARTS[part] for part in (0, 0, 1, 1, 1, 2, 3, 3, 3, 4, 4)
    ]


def test_how_long_a_run_takes_counts_what_is_not_measured_yet(tmp_path: Path) -> None:
    results = Results(tmp_path / "results.csv")
    options = options_of().parse_args(["--cases", "1e6", "--repeats", "2"])
    assert how_long(options, results).startswith("11 measurements to make, about 3 minutes")
    results.add(10**6, "4GB", 1, WHOLE, cost=Cost(1, 1, 1))
    assert how_long(options, results).startswith("10 measurements to make, about 2 minutes")


def test_counts_that_differ_are_named() -> None:
    ours = {"a": 1.0, "b": 2.0, "c": 0.0}
    assert differences(ours, {"a": 1.0 + 1e-12, "b": 2.0}) == []
    assert differences(ours, {"a": 1.1, "b": 2.0, "d": 3.0}) == [
        "a: 1.0 in the warehouse, 1.1 there",
        "d: 0 in the warehouse, 3.0 there",
    ]


def _case(start: str, close: str | None = None, entry: str | None = None, **facts: object) -> dict:
    programme = {"programme_id": "p" if entry else None}
    dates = {"birth_date": "2010-01-31", "referral_date": "2019-01-01", "plan_start_date": start}
    dates |= {"closure_date": close, "programme_start_date": entry}
    none = dict.fromkeys([*scale_pandas.ESCALATIONS, "rereferral_dates"])
    known = {"la_code": "SA0", "n_siblings_under_18": 0, "n_previous_referrals": 0}
    codes = {"sex_code": "F", "ethnicity_code": "WBRI", "nationality": "British"}
    return none | known | codes | dates | programme | facts


def test_the_pandas_pipeline_keeps_the_rules_at_their_edges() -> None:
    rows = [
        _case("2019-08-31", entry="2020-02-01"),
        _case("2019-02-28", close="2020-02-01"),  # six months to the day, open on the day of entry
        _case("2020-02-01", rereferral_dates="2020-01-01;2020-03-01"),  # on the anniversary
        _case("2019-02-27"),  # a day outside the caliper
        _case("2019-08-31", close="2019-12-31"),  # closed before the study
        _case("2019-08-31", la_code="SA1"),  # of another authority
        _case("2019-08-31", n_siblings_under_18=None),  # has no stratum
    ]
    cases = pd.DataFrame(rows)
    for column in scale_pandas.DATES:
        cases[column] = pd.to_datetime(cases[column])
    study = {
        "study_id": "s",
        "la_code": "*",
        "programme_id": "p",
        "study_start": "2020-01-01",
        "study_end": "2020-12-31",
        "earliest_case_start": "2019-01-01",
        "latest_case_start": "2020-06-30",
    }
    found = scale_pandas.work(cases, study, is_pooled=False)
    assert found["eligible treated"] == 1
    assert found["eligible comparators"] == 5
    assert found["matched treated"] == 1
    assert found["matched comparators"] == 2
    assert found["sum of weights"] == 1.0
    assert found["sum of squared weights"] == 0.5
    assert found["closed_recorded"] == 1
    assert found["rereferred_12m"] == 1
    assert scale_pandas.work(cases, study, is_pooled=True)["matched comparators"] == 3
