"""How fast case lists go through the door, beside the libraries that read them.

    nice python benchmarks/door.py --records 1000000

Writes a made-up case list of 24 columns into a project of its own, as CSV and, of its first 30,000
records, as a workbook; lands each, each in a process of its own, and prints records per CPU-second
and the peak memory of that process beside those of a plain read of the same file as text. Then
pseudonyms per CPU-second, and what the door takes over deliveries of which none changed.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import openpyxl
import yaml

from xml_returns import NOTHING, measured

COLUMNS = {
    "child_id": "child",
    "case_id": "case",
    "family_id": "family",
    "birth_date": "dob",
    "sex_code": "sex",
    "ethnicity_code": "ethnicity",
    "ward": "ward",
    "referral_date": "referred",
    "plan_start_date": "opened",
    "closure_date": "closed",
    "primary_need_code": "need",
    "n_siblings_under_18": "siblings",
}
N_MORE = 12  # columns that nobody maps
WORKBOOK_RECORDS = 30_000
N_DELIVERIES = 152
N_IDS = 500_000
LAND = "from csc_outcomes.landing import land; land(sys.argv[1])"
DUCKDB = (
    "import duckdb; duckdb.sql('set threads = 1'); duckdb.sql('create table t as select * from "
    "read_csv(\"' + sys.argv[1] + '\", all_varchar=true)')"
)
ARROW = (
    "import pyarrow as pa; from pyarrow import csv; names = open(sys.argv[1]).readline().strip()"
    ".split(','); csv.read_csv(sys.argv[1], csv.ReadOptions(use_threads=False), convert_options="
    "csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False))"
)
CALAMINE = (
    "from python_calamine import CalamineWorkbook as W; "
    "W.from_path(sys.argv[1]).get_sheet_by_index(0).to_python()"
)
PSEUDONYMS = (
    "from csc_outcomes.landing.identifiers import normalise_id, pseudonym_maker; "
    "made = pseudonym_maker(bytes(32), 'S01', 'child'); "
    f"[made(normalise_id(f'C{{n:07d}}')[0]) for n in range({N_IDS})]"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs with `argv`, by default the process's own arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3, help="the cheapest of so many runs")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        started, _ = measured(NOTHING, Path(folder), options.repeats)
        project, path = _project(Path(folder) / "csv", "cases.csv")
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(islice(_rows(), options.records + 1))
        plain = {"DuckDB": DUCKDB, "pyarrow": ARROW}
        _compare(project, path, options.records, plain, started, options.repeats)
        project, path = _project(Path(folder) / "xlsx", "cases.xlsx")
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet("Cases")
        for row in islice(_rows(), WORKBOOK_RECORDS + 1):
            sheet.append(row)
        book.save(path)
        _compare(project, path, WORKBOOK_RECORDS, {"calamine": CALAMINE}, started, options.repeats)
        seconds, _ = measured(PSEUDONYMS, project, options.repeats)
        print(f"pseudonyms: {N_IDS / (seconds - started):,.0f} ids per CPU-second")
        _print_unchanged(Path(folder) / "many", options.records, started)
    return 0


def _compare(
    project: Path, path: Path, n: int, plain: dict[str, str], started: float, repeats: int
) -> None:
    megabytes = path.stat().st_size / 1e6
    print(f"{path.name}: {n:,} records, {megabytes:.0f} MB")
    used, peak = measured(LAND, project, repeats)
    door = used - started
    print(f"  door: {n / door:,.0f} records per CPU-second, peak {peak:.0f} MB")
    for name, code in plain.items():
        used, peak = measured(code, path, repeats)
        print(f"  {name}: {n / used:,.0f} records per CPU-second, peak {peak:.0f} MB")
        print(f"  CPU time of the door / of {name}: {door / used:.1f}")


def _print_unchanged(folder: Path, n_records: int, started: float) -> None:
    """Lands many deliveries, then again as they are, then with one more."""
    n_each = n_records // N_DELIVERIES
    rows = _rows()
    header = next(rows)
    times = {}
    for step, names in (
        ("all new", range(N_DELIVERIES)),
        ("none new", ()),
        ("one new", (N_DELIVERIES,)),
    ):
        for number in names:
            _, path = _project(folder, "cases.csv", f"{number:03d}")
            with path.open("w", encoding="utf-8", newline="") as stream:
                csv.writer(stream).writerows([header, *islice(rows, n_each)])
        times[step], _ = measured(LAND, folder, 1, is_kept=True)
        print(f"{N_DELIVERIES} deliveries, {step}: {times[step] - started:.2f} CPU-seconds")


def _project(folder: Path, name: str, delivery: str = "2024") -> tuple[Path, Path]:
    """A project of one authority and where its file belongs."""
    place = folder / "extracts" / "authority" / delivery
    place.mkdir(parents=True)
    (folder / "extracts" / "demonstration.key").write_text("ab" * 32, encoding="ascii")
    file = {"name": name, "holds": "cases", "columns": COLUMNS}
    document = {
        "la_code": "S01",
        "la_name": "Synthetic",
        "synthetic": True,
        "format": "case_list",
        "as_of_date": "2024-03-31",
        "files": [file],
    }
    (place / "extract.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    return folder, place / name


def _rows(seed: int = 1) -> Iterator[list[str]]:
    """A header, then records: two in five are of a child who was there before."""
    rng = random.Random(seed)
    days = [f"{2014 + n // 336}-{n % 336 // 28 + 1:02d}-{n % 28 + 1:02d}" for n in range(3_360)]
    yield [*COLUMNS.values(), *(f"other_{number}" for number in range(N_MORE))]
    number = 0
    while True:
        number += 1
        child = rng.randint(1, int(number * 0.7) + 10)
        start = rng.randrange(3_000)
        yield [
            f"CH{child:08d}",
            f"CS{number:08d}",
            f"F{child // 2:08d}",
            rng.choice(days),
            rng.choice("MF"),
            rng.choice(("WBRI", "APKN", "BCRB", "MOTH")),
            rng.choice(("North", "South", "East, outer", "West")),
            days[start],
            days[start + 10],
            days[start + 200] if number % 3 else "",
            f"N{rng.randint(1, 9)}",
            str(rng.randint(0, 5)),
            *(str(rng.randint(0, 1)) if place % 3 == 0 else "" for place in range(N_MORE)),
        ]


if __name__ == "__main__":
    sys.exit(main())
