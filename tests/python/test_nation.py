"""The made-up nation: its case lists go through the door, are the same each time, and hold
together."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from csc_outcomes.landing import land
from csc_outcomes.synthetic import main
from csc_outcomes.synthetic.days import NEVER, day_number
from csc_outcomes.synthetic.nation import UNKNOWN, draw_cases
from csc_outcomes.synthetic.nation_facts import Authority, Nation, load_nation
from csc_outcomes.synthetic.nation_files import write_authority
from projects import ROOT

N_FILES, N_DRAWN = 10_000, 100_000


@pytest.fixture(scope="module")
def nation() -> Nation:
    return load_nation()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A landing zone with the whole nation in it."""
    folder = tmp_path_factory.mktemp("nation")
    out = folder / "extracts"
    assert main(["--mode", "nation", "--n", str(N_FILES), "--out", str(out)]) == 0
    shutil.copy2(ROOT / "extracts" / "demonstration.key", out)
    return folder


@pytest.fixture(scope="module")
def largest(nation: Nation) -> Authority:
    """The authority with most cases, large enough to have some of everything."""
    return replace(max(nation.authorities(N_DRAWN), key=lambda one: one.n_cases), n_cases=N_DRAWN)


@pytest.fixture(scope="module")
def cases(nation: Nation, largest: Authority) -> pd.DataFrame:
    return pd.DataFrame(draw_cases(nation, largest))


def test_every_record_lands(project: Path, nation: Nation) -> None:
    report = land(project)
    assert {outcome.status for outcome in report.outcomes} == {"landed"}
    assert len(report.outcomes) == nation.n_authorities == 152
    landed = pq.read_table(project / "landing" / "case_list__cases").to_pandas()
    assert len(landed) == N_FILES
    assert landed["id_flags"].isna().all()
    assert not landed.duplicated(["la_code", "case_id"]).any()
    assert set(landed["arm"]) == {"treated", "comparator"}
    programmes = set(landed["programme_id"].dropna())
    assert "national" in programmes
    assert "local_large" in programmes


def test_nothing_can_be_taken_for_real(project: Path) -> None:
    contracts = [
        yaml.safe_load(path.read_text()) for path in project.glob("extracts/*/*/extract.yml")
    ]
    assert {one["synthetic"] for one in contracts} == {True}
    assert all(one["la_code"].startswith("S") for one in contracts)
    assert {one["la_name"] for one in contracts} == {
        f"Synthetic {one['la_code']}" for one in contracts
    }


def test_an_authority_is_the_same_alone(project: Path, nation: Nation, tmp_path: Path) -> None:
    one = nation.authorities(N_FILES)[77]
    write_authority(nation, one, tmp_path)
    for written in (tmp_path / one.folder).iterdir():
        assert (
            written.read_bytes() == (project / "extracts" / one.folder / written.name).read_bytes()
        )
    write_authority(replace(nation, seed=1), one, tmp_path)
    other = (tmp_path / one.folder / "cases.csv").read_bytes()
    assert other != (project / "extracts" / one.folder / "cases.csv").read_bytes()


@pytest.mark.parametrize("n_cases", [152, 999, N_DRAWN, 10**7])
def test_sizes_are_skewed_and_add_up(nation: Nation, n_cases: int) -> None:
    sizes = [one.n_cases for one in nation.authorities(n_cases)]
    assert sum(sizes) == n_cases
    assert min(sizes) >= 1
    if n_cases > 10_000:
        assert max(sizes) > 5 * np.median(sizes) > 15 * min(sizes)


def test_fewer_cases_than_authorities_are_refused(nation: Nation, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 152"):
        nation.authorities(151)
    assert main(["--mode", "nation", "--n", "151", "--out", str(tmp_path)]) == 2


def test_dates_are_in_order(cases: pd.DataFrame, nation: Nation) -> None:
    start, close = cases["start"], cases["close"]
    assert start.between(nation.first_day, nation.last_day).all()
    assert ((close > start) & ((close <= nation.last_day) | (close == NEVER))).all()
    known = cases[(cases["referral"] != NEVER)]
    assert (known["referral"] < known["start"]).all()
    assert ((cases["birth"] <= start) | (cases["birth"] == NEVER)).all()
    joined = cases[cases["entry"] != NEVER]
    assert (joined["start"] < joined["entry"]).all()
    assert (joined["entry"] <= joined["exit"]).all()
    assert (joined["exit"] <= joined["close"].clip(upper=nation.last_day)).all()
    for column in ("cp_after", "lac_after"):
        after = cases[cases[column] != NEVER]
        assert (after[column] >= after["close"]).all()
        assert (after[column] <= nation.last_day).all()
    for column in ("cp_during", "lac_during"):
        during = cases[cases[column] != NEVER]
        assert (during[column] >= during["start"]).all()
        assert (during[column] <= during["close"]).all()


def test_children_come_back(cases: pd.DataFrame) -> None:
    chains = cases.sort_values(["child", "start"])
    before = chains.groupby("child")[["close", "again", "sex"]].shift()
    is_later = before["close"].notna()
    assert 0.15 < is_later.mean() < 0.35
    assert cases["child"].value_counts().max() >= 4
    later = chains[is_later & (chains["referral"] != NEVER)]
    assert (later["referral"] == before.loc[later.index, "again"]).all()
    assert (later["referral"] > before.loc[later.index, "close"]).all()


def test_edges_and_gaps_are_there(cases: pd.DataFrame, nation: Nation) -> None:
    for column in ("ethnicity", "nationality", "ward", "siblings", "referrals", "need"):
        assert 0 < (cases[column] == UNKNOWN).mean() < 0.05
    for column in ("birth", "referral", "close"):
        assert 0 < (cases[column] == NEVER).mean() < 0.3
    closed = pd.to_datetime(cases.loc[cases["close"] != NEVER, "close"], unit="D")
    assert 0.05 < closed.dt.is_month_end.mean() < 0.1
    assert ((closed.dt.month == 2) & (closed.dt.day == 29)).any()
    assert (cases["n_cp"] > (cases["cp_during"] != NEVER) + (cases["cp_after"] != NEVER)).any()
    both = (cases["while_open"] != NEVER) & (cases["again"] != NEVER)
    assert both.any()


def test_the_national_programme_is_of_the_size_that_is_said(
    nation: Nation, largest: Authority, cases: pd.DataFrame
) -> None:
    programme = nation.programmes[0]
    assert programme.is_national
    could = cases["start"].between(
        day_number(programme.earliest_case_start), day_number(programme.latest_case_start)
    ) & (cases["close"] >= day_number(programme.study_start))
    treated = cases["programme"] == largest.programmes.index(programme)
    assert not (treated & ~could).any()
    assert 0.012 < treated.mean() < 0.014  # 130,000 of 10 million
    assert 0.012 < (could & ~treated).mean() < 0.018


def test_the_programme_changes_what_it_says(cases: pd.DataFrame) -> None:
    treated = cases[cases["entry"] != NEVER]
    others = cases[(cases["entry"] == NEVER) & (cases["close"] != NEVER)]
    treated = treated[treated["close"] != NEVER]
    escalated = [
        ((arm["cp_after"] != NEVER) | (arm["lac_after"] != NEVER)).mean()
        for arm in (treated, others)
    ]
    assert escalated[0] - escalated[1] == pytest.approx(0.189, abs=0.04)
    again = [(arm["again"] != NEVER).mean() for arm in (treated, others)]
    assert again[0] < again[1]
