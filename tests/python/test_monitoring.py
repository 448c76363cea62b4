"""Figures that need no study, counted a second time by hand, and published ones beside them."""

from __future__ import annotations

import calendar
import csv
import io
import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from csc_outcomes.published_statistics.landing import (
    FOLDER,
    FOLDER_VARIABLE,
    SCHEMA,
    land_statistics,
)
from projects import Project, copy_project
from reference_data import reference_file

Row = dict[str, Any]
Key = tuple[int, str, str, str]

WHOLE, YEARLY = "S93", "S94"
COLUMNS = {
    "children": ["child_id", "birth_date", "expected_birth_date", "sex_code"],
    "episodes": [
        "child_id",
        "referral_date",
        "referral_source_code",
        "is_nfa",
        "primary_need_code",
        "close_date",
        "close_reason_code",
    ],
    "assessments": ["child_id", "referral_date", "start_date", "authorised_date", "factor_codes"],
    "section_47s": ["child_id", "referral_date", "start_date", "icpc_date"],
    "cin_plans": ["child_id", "referral_date", "start_date", "end_date"],
    "cp_plans": [
        "child_id",
        "referral_date",
        "start_date",
        "end_date",
        "initial_category_code",
        "latest_category_code",
        "n_previous_cp_plans",
        "is_other_authority",
    ],
    "care_episodes": ["child_id", "start_date", "start_reason_code", "end_date", "end_reason_code"],
}
AS_OF, WINDOW_START = date(2021, 6, 30), date(2017, 4, 1)


# --- a population ---------------------------------------------------------------------------------


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def population(seed: int, n_children: int = 400) -> dict[str, list[Row]]:
    """Records of made-up children whose dates lie on the edges of windows and bands more often
    than chance would have it."""
    draw = random.Random(seed)
    records: dict[str, list[Row]] = {kind: [] for kind in COLUMNS}

    def later(day: date) -> date:
        if draw.random() < 0.4:
            edge = months_later(day, draw.choice([3, 6, 12, 24]))
            return edge + timedelta(days=draw.choice([-1, 0, 1]))
        return day + timedelta(days=draw.randint(0, 700))

    def known(day: date | None) -> date | None:
        return day if day is None or day <= AS_OF else None

    for number in range(n_children):
        child = f"C{number}"
        day = date(2016, 1, 1) + timedelta(days=draw.randint(0, 1900))
        birth = day - timedelta(days=draw.randint(-200, 6200))
        records["children"].append(
            {
                "child_id": child,
                "birth_date": birth if birth <= AS_OF and draw.random() < 0.9 else None,
                "expected_birth_date": birth if birth > AS_OF else None,
                "sex_code": draw.choice("FM"),
            }
        )
        for turn in range(draw.randint(1, 4)):
            if day > AS_OF:
                break
            is_nfa = draw.random() < 0.15
            end = day if is_nfa else known(later(day))
            reason = draw.choice(["RC1", "RC7", "RC7", "RC8", None]) if end and not is_nfa else None
            records["episodes"].append(
                {
                    "child_id": child,
                    "referral_date": day,
                    "referral_source_code": draw.choice(["1A", "6", "6", "9", None]),
                    "is_nfa": int(is_nfa),
                    "primary_need_code": draw.choice(["N1", "N1", "N5", None]),
                    "close_date": end,
                    "close_reason_code": reason,
                }
            )
            if not is_nfa:
                add_steps(draw, records, child, day, end, turn, later, known)
            day = max(later(day), day + timedelta(days=1))
    return records


def add_steps(
    draw: random.Random,
    records: dict[str, list[Row]],
    child: str,
    day: date,
    end: date | None,
    turn: int,
    later: Any,
    known: Any,
) -> None:
    """What happens in an episode."""
    of_episode = {"child_id": child, "referral_date": day}
    start = day + timedelta(days=turn)
    records["assessments"].append(
        {
            **of_episode,
            "start_date": start,
            "authorised_date": known(start + timedelta(days=draw.randint(1, 60))),
            "factor_codes": draw.choice(["", "1A", "1A;2A", "3B"]),
        }
    )
    if draw.random() < 0.4:
        icpc = known(start + timedelta(days=15)) if draw.random() < 0.6 else None
        records["section_47s"].append({**of_episode, "start_date": start, "icpc_date": icpc})
    if draw.random() < 0.4:
        records["cin_plans"].append(
            {**of_episode, "start_date": start, "end_date": known(later(start))}
        )
    if draw.random() < 0.4:
        moved = end if end and draw.random() < 0.2 else start + timedelta(days=40)
        if known(moved):
            records["cp_plans"].append(
                {
                    **of_episode,
                    "start_date": moved,
                    "end_date": known(later(moved)),
                    "initial_category_code": draw.choice(["NEG", "EMO"]),
                    "latest_category_code": draw.choice(["NEG", "PHY"]),
                    "n_previous_cp_plans": draw.choice(["0", "1", "2", None]),
                    "is_other_authority": draw.choice(["0", "0", "1"]),
                }
            )
    if turn == 0 and draw.random() < 0.5:
        into_care = start + timedelta(days=draw.randint(0, 500))
        if known(into_care):
            out = known(into_care + timedelta(days=draw.randint(1, 900)))
            records["care_episodes"].append(
                {
                    "child_id": child,
                    "start_date": into_care,
                    "start_reason_code": "S",
                    "end_date": out,
                    "end_reason_code": "E8" if out else None,
                }
            )


def file(rows: Iterable[Mapping[str, Any]], columns: list[str]) -> bytes:
    """A CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({c: "" if row[c] is None else row[c] for c in columns} for row in rows)
    return text.getvalue().encode()


def deliver(
    project: Project,
    la_code: str,
    delivery: str,
    records: Mapping[str, list[Row]],
    as_of: date,
    window_start: date | None,
    kinds: Iterable[str] = COLUMNS,
) -> None:
    """Lays records down as a delivery of an authority's own tables."""
    contract: Row = {
        "la_code": la_code,
        "la_name": f"Authority {la_code}",
        "synthetic": "true",
        "format": "records",
        "as_of_date": as_of.isoformat(),
        "files": [
            {"name": f"{k}.csv", "holds": k, "columns": {c: c for c in COLUMNS[k]}} for k in kinds
        ],
    }
    if window_start:
        contract["window_start"] = window_start.isoformat()
    files: dict[str, bytes | Path] = {f"{k}.csv": file(records[k], COLUMNS[k]) for k in kinds}
    project.add_delivery(la_code.lower(), delivery, contract, files)


# --- the same figures by hand ---------------------------------------------------------------------


def year_of(day: date) -> int:
    return day.year + (day.month > 3)


def duration_band(first: date, last: date) -> str:
    if last <= months_later(first, 3):
        return "up_to_3_months"
    if last <= months_later(first, 6):
        return "over_3_to_6_months"
    if last < months_later(first, 12):
        return "over_6_months_under_1_year"
    return "1_year_under_2_years" if last < months_later(first, 24) else "2_years_or_more"


def age_band(child: Row, day: date) -> str:
    birth, due = child["birth_date"], child["expected_birth_date"]
    if birth is None:
        return "unborn" if due and due > day else "unknown"
    if birth > day:
        return "unborn"
    age = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
    limits = {1: "under_1", 5: "1_to_4", 10: "5_to_9", 16: "10_to_15"}
    return next((band for limit, band in limits.items() if age < limit), "16_or_more")


def windows(earlier: list[Row], day: date) -> Iterator[str]:
    """The definitions of a re-referral that a referral on `day` meets."""
    for months, name in ((12, "dfe"), (72, "referral_6_years")):
        if any(day <= months_later(e["referral_date"], months) for e in earlier):
            yield name
    if any((day - e["referral_date"]).days <= 365 for e in earlier):
        yield "referral_365_days"
    ends = [e["close_date"] for e in earlier if e["close_date"] and e["close_date"] <= day]
    if any(day <= months_later(end, 12) for end in ends):
        yield "closure_12_months"
    for days, name in ((365, "closure_365_days"), (183, "closure_6_months")):
        if any((day - end).days <= days for end in ends):
            yield name


def by_hand(records: Mapping[str, list[Row]]) -> Counter[Key]:
    """Every figure above 0, by year, measure, breakdown and level."""
    n: Counter[Key] = Counter()
    children: dict[tuple[int, str, str], set[str]] = {}

    def add(year: int, measure: str, **levels: str) -> None:
        n[year, measure, "total", "total"] += 1
        for breakdown, level in levels.items():
            n[year, measure, breakdown, level] += 1

    def add_child(year: int, measure: str, child: str, level: str = "total") -> None:
        children.setdefault((year, measure, level), set()).add(child)

    people = {row["child_id"]: row for row in records["children"]}
    for e in records["episodes"]:
        day, end, child = e["referral_date"], e["close_date"], e["child_id"]
        year, reason = year_of(day), e["close_reason_code"]
        add(
            year,
            "referrals",
            source=e["referral_source_code"] or "unknown",
            month=f"{day.month:02d}",
        )
        add_child(year, "referred_children", child)
        earlier = [
            o for o in records["episodes"] if o["child_id"] == child and o["referral_date"] < day
        ]
        for definition in windows(earlier, day):
            level = "total" if definition == "dfe" else definition
            n[year, "rereferrals", "total" if level == "total" else "definition", level] += 1
            add_child(year, "rereferred_children", child, level)
        if e["is_nfa"]:
            add(year, "nfa_referrals")
        if end:
            add(year_of(end), "closures", closure_reason=reason or "unknown")
        if reason == "RC8" and year_of(end) == year:
            add(year, "not_in_need_referrals")
        if e["is_nfa"]:
            continue
        for y in range(year, year_of(min(end or AS_OF, AS_OF)) + 1):
            last = date(y, 3, 31)
            is_open = end is None or end > last
            if reason == "RC8" and not is_open:
                continue
            add(y, "any_point_episodes")
            add_child(y, "any_point_children", child)
            if y == year:
                add(y, "started_episodes")
                add_child(y, "started_children", child)
            band = duration_band(day, last if is_open else end)
            if is_open:
                need = e["primary_need_code"] or "N0"
                age = age_band(people[child], last)
                add(y, "open_episodes", duration=band, age=age, primary_need=need)
            else:
                add(y, "ended_episodes", duration=band, closure_reason=reason or "unknown")
                add_child(y, "ended_children", child)
            steps = {
                kind
                for kind in ("cp_plans", "care_episodes")
                for plan in records[kind]
                if plan["child_id"] == child
                and plan.get("is_other_authority") != "1"
                and day <= plan["start_date"] <= (end or AS_OF)
                and year_of(plan["start_date"]) == y
            }
            for kind, measure in (
                ("cp_plans", "episodes_to_cp"),
                ("care_episodes", "episodes_to_care"),
            ):
                if kind in steps:
                    add(y, measure)
            if steps:
                add(y, "escalated_episodes")
    count_plans(records, add)
    for a in records["assessments"]:
        if a["authorised_date"]:
            add(year_of(a["authorised_date"]), "assessments")
            for code in filter(None, a["factor_codes"].split(";")):
                n[year_of(a["authorised_date"]), "assessments", "factor", code] += 1
    for s in records["section_47s"]:
        add(year_of(s["start_date"]), "section_47s")
        if s["icpc_date"]:
            add(year_of(s["icpc_date"]), "icpcs")
    for (year, measure, level), found in children.items():
        n[year, measure, "total" if level == "total" else "definition", level] = len(found)
    return n


def count_plans(records: Mapping[str, list[Row]], add: Any) -> None:
    """Plans and periods of care."""
    for kind, name in (
        ("cin_plans", "cin_plans"),
        ("cp_plans", "cp_plans"),
        ("care_episodes", "care_periods"),
    ):
        for p in records[kind]:
            if p.get("is_other_authority") == "1":
                continue
            start, end, is_cp = p["start_date"], p["end_date"], kind == "cp_plans"
            first = {"category": p["initial_category_code"]} if is_cp else {}
            latest = {"category": p["latest_category_code"]} if is_cp else {}
            add(year_of(start), f"{name}_started", **first)
            if is_cp and int(p["n_previous_cp_plans"] or 0) > 0:
                add(year_of(start), "second_cp_plans")
            for y in range(year_of(start), year_of(end or AS_OF) + 1):
                last = date(y, 3, 31)
                is_open = end is None or end > last
                band = duration_band(start, last if is_open else end)
                lasted = {"duration": band} if is_cp else {}
                if is_open:
                    add(y, f"{name}_open", **lasted, **latest)
                else:
                    add(y, f"{name}_ended", **lasted)


DENOMINATORS = {
    "rereferrals": "referrals",
    "nfa_referrals": "referrals",
    "not_in_need_referrals": "referrals",
    "rereferred_children": "referred_children",
    "second_cp_plans": "cp_plans_started",
    "episodes_to_cp": "any_point_episodes",
    "episodes_to_care": "any_point_episodes",
    "escalated_episodes": "any_point_episodes",
}


# --- the tests ------------------------------------------------------------------------------------


C1 = "Referrals,Re_referrals,Re_referrals_percent,No_Further_Action,Referrals_rate"
AREA = "time_period,time_identifier,geographic_level,country_code,region_code,old_la_code,la_name"


def published_file(*rows: str, columns: str = C1) -> str:
    """A file as DfE publishes them; rows say time period, authority and figures."""
    lines = [f"{AREA},category,{columns}"]
    for row in rows:
        period, la_code, figures = row.split(" ")
        level = "Local authority" if la_code else "National"
        lines.append(f"{period},Reporting year,{level},E92000001,,{la_code},Area,Some,{figures}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def records() -> dict[str, list[Row]]:
    """The population of the authority whose extract covers several years."""
    return population(20)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, records: dict[str, list[Row]]) -> Project:
    """A build of an authority's own tables, of one that delivers referrals year by year, and of
    published figures, as far as monitoring needs it."""
    project = copy_project(tmp_path_factory.mktemp("monitoring"), with_extracts=False)
    deliver(project, WHOLE, "2021", records, AS_OF, WINDOW_START)
    episodes = [
        {**row, "close_date": row["close_date"] if row["close_date"] else None}
        for row in records["episodes"]
    ]
    for year in (2019, 2021):
        first, last = date(year - 1, 4, 1), date(year, 3, 31)
        seen = [
            {
                **row,
                "close_date": row["close_date"]
                if row["close_date"] and row["close_date"] <= last
                else None,
                "close_reason_code": row["close_reason_code"]
                if row["close_date"] and row["close_date"] <= last
                else None,
            }
            for row in episodes
            if row["referral_date"] <= last and (row["close_date"] or AS_OF) >= first
        ]
        of_year = {**records, "episodes": seen}
        kinds = ("children", "episodes")
        deliver(project, YEARLY, str(year), of_year, last, first, kinds)
    figures = by_hand(records)
    n = figures[2020, "referrals", "total", "total"]
    again = figures[2020, "rereferrals", "total", "total"]
    percent = round(100 * again / n, 1)
    folder = project.path / FOLDER
    folder.mkdir()
    (folder / "c1_referrals_2013_to_2021.csv").write_text(
        published_file(
            f"202021 {WHOLE} {figures[2021, 'referrals', 'total', 'total'] + 2},c,c,z,:",
            f"2020 {WHOLE} {n},{again},{percent},x,1.5",
            f"2020 999 {n},{again},{percent},x,1.5",
            "2020  10,u,k,1,1",
        ),
        encoding="utf-8-sig",
    )
    (folder / "c1_referrals_2013_to_2020.csv").write_text(
        published_file(f"2020 {WHOLE} 1,1,1,1,1"), encoding="utf-8"
    )
    (folder / "notes.csv").write_text("something else\n", encoding="utf-8")
    result = project.dbt(
        "build",
        "--exclude-resource-types",
        "test",
        "unit_test",
        "--select",
        "+fct_monitoring_comparison",
        "+fct_cin_episodes",
    )
    (project.path / "output.txt").write_text(result.stdout, encoding="utf-8")
    assert result.returncode == 0, result.stdout[-5000:]
    return project


@pytest.fixture(scope="module")
def tables(project: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of that build."""
    with project.warehouse() as connection:
        yield connection


def test_figures_are_those_counted_by_hand(
    tables: duckdb.DuckDBPyConnection, records: dict[str, list[Row]]
) -> None:
    found = {
        (year, measure, breakdown, level): (n, denominator, value, unit)
        for year, measure, breakdown, level, n, denominator, value, unit in tables.sql(
            "select year, measure, breakdown, level, n, denominator, value, unit "
            f"from fct_monitoring where la_code = '{WHOLE}' and is_complete"
        ).fetchall()
    }
    whole = {year for year, measure, _, _ in found if measure == "referrals"}
    assert whole == {2018, 2019, 2020, 2021}
    expected = by_hand(records)
    counted = {key: n for key, (n, *_) in found.items() if n}
    wanted = {key: n for key, n in expected.items() if key[0] in whole and key in found}
    assert counted == wanted
    absent = {key for key in expected if key[0] in whole and key not in found}
    assert {key[1] for key in absent} == {"rereferrals", "rereferred_children"}
    for (year, measure, breakdown, _level), (n, denominator, value, unit) in found.items():
        of = DENOMINATORS.get(measure) if breakdown in ("total", "definition") else measure
        if of is None:
            assert (denominator, value, unit) == (None, n, "count")
        else:
            assert denominator == expected[year, of, "total", "total"], (measure, breakdown)
            assert unit == "proportion"
            assert value == (n / denominator if denominator else None)
    assert len(counted) > 350


def test_years_that_the_extracts_do_not_cover_have_a_reason_and_no_number(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    statuses = {
        (year, measure, level): status
        for year, measure, level, status in tables.sql(
            "select year, measure, level, status from fct_monitoring "
            f"where la_code = '{WHOLE}' and breakdown in ('total', 'definition')"
        ).fetchall()
    }
    again = {year: statuses[year, "rereferrals", "total"] for year in range(2018, 2023)}
    assert again == {
        2018: "left_truncated",
        **dict.fromkeys((2019, 2020, 2021), "ok"),
        2022: "not_over",
    }
    six_years = {
        statuses[year, "rereferrals", "referral_6_years"] for year in (2018, 2019, 2020, 2021)
    }
    assert six_years == {"left_truncated"}
    assert statuses[2019, "rereferrals", "closure_6_months"] == "ok"
    yearly = {
        (year, measure): status
        for year, measure, status in tables.sql(
            "select year, measure, status from fct_monitoring "
            f"where la_code = '{YEARLY}' and breakdown = 'total'"
        ).fetchall()
    }
    assert [yearly[year, "referrals"] for year in (2019, 2020, 2021)] == ["ok", "gap", "ok"]
    assert [yearly[year, "rereferrals"] for year in (2019, 2021)] == ["left_truncated", "gap"]
    assert yearly[2021, "cp_plans_open"] == yearly[2021, "episodes_to_cp"] == "no_extract"
    (bad,) = tables.sql(
        "select count(*) from fct_monitoring where (status = 'ok') != is_complete "
        "or is_complete != (n is not null) or (status_reason is null) != is_complete"
    ).fetchall()
    assert bad == (0,)


def test_yearly_returns_count_as_one_extract_of_the_same_days_does(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    """An episode open in one return and closed in a later one is one episode, and a stock or a
    flow is the same whoever tells of it."""
    differ = tables.sql(
        f"""
        select year, measure, breakdown, level, yearly.n, whole.n
        from fct_monitoring as yearly
        inner join fct_monitoring as whole using (year, measure, breakdown, level)
        where yearly.la_code = '{YEARLY}' and whole.la_code = '{WHOLE}'
            and yearly.is_complete and whole.is_complete and yearly.n != whole.n
        """
    ).fetchall()
    assert differ == []


def test_own_figures_stand_beside_published_ones(tables: duckdb.DuckDBPyConnection) -> None:
    compared = {
        (year, measure, statistic): (verdict, reason)
        for year, measure, statistic, verdict, reason in tables.sql(
            "select year, measure, statistic, verdict, reason from fct_monitoring_comparison "
            f"where la_code = '{WHOLE}' and breakdown = 'total'"
        ).fetchall()
    }
    assert compared[2020, "referrals", "count"] == ("agrees", None)
    assert compared[2020, "rereferrals", "count"] == ("agrees", None)
    assert compared[2020, "rereferrals", "percent"] == ("agrees", None)
    assert compared[2021, "referrals", "count"] == ("differs", None)
    assert compared[2021, "rereferrals", "count"][0] == "suppressed"
    assert compared[2020, "nfa_referrals", "count"] == ("not_published", "Not available")
    assert compared[2020, "nfa_referrals", "percent"][0] == "not_published"
    assert compared[2018, "rereferrals", "count"][0] == "own_incomplete"
    assert compared[2022, "referrals", "count"][0] == "own_incomplete"
    areas = tables.sql("select distinct la_code from fct_monitoring_comparison").fetchall()
    assert {area for (area,) in areas} == {WHOLE, YEARLY}
    printed = tables.sql(
        "select area_code, value, symbol from fct_published_statistics "
        "where year = 2020 and measure = 'referrals' order by area_code"
    ).fetchall()
    assert [code for code, _, _ in printed] == ["999", "E92000001", WHOLE]
    assert printed[1] == ("E92000001", 10, None)


def test_build_says_which_file_it_left_out(project: Project) -> None:
    output = (project.path / "output.txt").read_text(encoding="utf-8")
    assert "published statistics: 2 files; left out notes.csv: there is no column" in output


def test_episode_rows_show_no_birth_date(tables: duckdb.DuckDBPyConnection) -> None:
    columns = [name for name, *_ in tables.sql("describe fct_cin_episodes").fetchall()]
    assert not [name for name in columns if "birth" in name]


def landed(project: Path) -> list[Row]:
    """What lies in the landing folder."""
    rows: list[Row] = pq.read_table(project / "landing" / FOLDER).to_pylist()
    return rows


def test_without_a_folder_an_empty_table_lands(tmp_path: Path) -> None:
    report = land_statistics(tmp_path)
    assert (report.n_landed, report.refused, report.summary()) == (0, (), "")
    assert pq.read_table(tmp_path / "landing" / FOLDER).schema.equals(SCHEMA)
    assert landed(tmp_path) == []


def test_cells_land_as_they_are_printed(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "c1_x.csv").write_text(
        published_file("2024 901 10,c,:,u,1.50", "2023  1,2,3,4,"), encoding="utf-8-sig"
    )
    assert land_statistics(tmp_path).summary() == "published statistics: 1 files"
    rows = landed(tmp_path)
    assert [row["text"] for row in rows] == ["10", "c", ":", "u", "1.50", "1", "2", "3", "4", ""]
    assert rows[0] == {
        "file_name": "c1_x.csv",
        "source_row_number": 1,
        "time_period": "2024",
        "geographic_level": "Local authority",
        "country_code": "E92000001",
        "region_code": "",
        "old_la_code": "901",
        "column_name": "Referrals",
        "text": "10",
    }


def test_a_file_is_read_once_and_forgotten_with_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv(FOLDER_VARIABLE, str(elsewhere))
    source = elsewhere / "c1_x.csv"
    source.write_text(published_file("2024 901 1,2,3,4,5"), encoding="utf-8")
    land_statistics(tmp_path)
    folder = tmp_path / "landing" / FOLDER
    (path,) = folder.glob("statistics_*.parquet")
    os.utime(path, (1, 1))
    (folder / "of_someone_else.txt").touch()
    land_statistics(tmp_path)
    assert path.stat().st_mtime == 1
    source.write_text(published_file("2024 901 6,2,3,4,5"), encoding="utf-8")
    land_statistics(tmp_path)
    assert not path.exists()
    assert [row["text"] for row in landed_tables(folder)] == ["6", "2", "3", "4", "5"]
    source.unlink()
    land_statistics(tmp_path)
    assert landed_tables(folder) == []
    assert (folder / "of_someone_else.txt").is_file()


def landed_tables(folder: Path) -> list[Row]:
    """The rows of all Parquet files in a folder."""
    rows: list[Row] = []
    for path in sorted(folder.glob("*.parquet")):
        rows += pq.read_table(path).to_pylist()
    return rows


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no header"),
        (b"a,b\n1,2\n", "no column time_period, geographic_level"),
        (b"time_period,geographic_level,x,x\n2024,National,1,2\n", "twice"),
        (b"time_period,geographic_level,x\n2024,National\n", "row 1 has not as many cells"),
        (b'time_period,geographic_level,x\n2024,National,"1\n', "row 1 has not as many cells"),
        (b"time_period,geographic_level,x\n2024,National,\xff\n", "not utf-8"),
        (b"\0", "NUL"),
    ],
)
def test_what_is_no_such_table_is_left_out_by_name(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "c1_bad.csv").write_bytes(content)
    (tmp_path / FOLDER / "c1_good.csv").write_text(published_file("2024 901 1,2,3,4,5"))
    report = land_statistics(tmp_path)
    assert report.n_landed == 1
    (line,) = report.refused
    assert line.startswith("c1_bad.csv: ")
    assert reason in line
    assert {row["file_name"] for row in landed(tmp_path)} == {"c1_good.csv"}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published figures out of the public samples of DfE's files."""
    folder = reference_file("official_statistics")
    project = copy_project(tmp_path_factory.mktemp("published"), with_extracts=False)
    (project.path / FOLDER).symlink_to(folder)
    result = project.dbt(
        "build",
        "--exclude-resource-types",
        "test",
        "unit_test",
        "--select",
        "+fct_published_statistics",
        "monitoring_breakdowns",
    )
    assert result.returncode == 0, result.stdout[-5000:]
    with project.warehouse() as connection:
        yield connection


def test_published_files_come_back(printed: duckdb.DuckDBPyConnection) -> None:
    def percent(la_code: str, years: tuple[int, ...]) -> list[float]:
        return [
            value
            for (value,) in printed.execute(
                "select value from fct_published_statistics where la_code = $la_code "
                "and measure = 'rereferrals' and statistic = 'percent' "
                "and list_contains($years, year) order by year",
                {"la_code": la_code, "years": list(years)},
            ).fetchall()
        ]

    assert percent("331", (2018, 2019, 2020)) == [20.9, 25.2, 24.6]
    assert percent("895", (2015, 2016, 2017)) == [18.2, 21.9, 25.3]
    assert dict(
        printed.sql(
            "select geographic_level, count(distinct area_code) from fct_published_statistics "
            "group by all"
        ).fetchall()
    ) == {"national": 1, "regional": 11, "local_authority": 158}


def test_published_percentages_are_those_of_the_published_counts(
    printed: duckdb.DuckDBPyConnection,
) -> None:
    """The columns mean what the seed says: each percentage is that of its count."""
    n_compared, n_off = printed.sql(
        """
        with figures as (
            select * from fct_published_statistics
            where geographic_level = 'local_authority' and value is not null
        )
        select
            count(*),
            count(*) filter (
                where abs(100 * part.value / nullif(whole.value, 0) - percent.value) > 0.0500001
            )
        from figures as percent
        inner join figures as part
            using (year, area_code, measure, breakdown, level)
        inner join monitoring_breakdowns as shares
            on percent.measure = shares.measure and percent.breakdown = shares.breakdown
        inner join figures as whole
            on whole.measure = shares.denominator and whole.breakdown = 'total'
                and whole.year = percent.year and whole.area_code = percent.area_code
        where percent.statistic = 'percent' and part.statistic = 'count'
            and whole.statistic = 'count'
        """
    ).fetchall()[0]
    assert n_compared > 10_000
    assert n_off == 0


def test_published_flows_and_stocks_fit_together(printed: duckdb.DuckDBPyConnection) -> None:
    """What is counted as an episode of need: started ones are referrals less those without further
    action or need, those of the year are ended or open, and needs add up to all that are open."""
    rows = printed.sql(
        """
        select
            max(value) filter (where measure = 'referrals') as referrals,
            max(value) filter (where measure = 'nfa_referrals') as nfa,
            max(value) filter (where measure = 'not_in_need_referrals') as not_in_need,
            max(value) filter (where measure = 'started_episodes') as started,
            max(value) filter (where measure = 'any_point_episodes') as any_point,
            max(value) filter (where measure = 'ended_episodes') as ended,
            max(value) filter (where measure = 'open_episodes' and breakdown = 'total') as still,
            sum(value) filter (where breakdown = 'primary_need') as needs
        from fct_published_statistics
        where statistic = 'count' and year = 2024 and geographic_level = 'national'
        """
    ).fetchall()
    ((referrals, nfa, not_in_need, started, any_point, ended, still, needs),) = rows
    assert abs(referrals - nfa - not_in_need - started) <= 20
    assert abs(ended + still - any_point) <= 20
    assert abs(needs - still) <= 60
