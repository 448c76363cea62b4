"""The door under attack: hostile files are refused at once, and of many files, most of them
damaged, every record is accounted for, in the landing folder and in the tables behind it."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from builds import Clean, build
from csc_outcomes.landing import door, land
from csc_outcomes.landing.parts import Batch
from fuzzed_files import COLUMNS, HEADER, OPTED_OUT, Fuzzed, fuzzed
from landing_project import DEMONSTRATION_KEY
from long_form import times
from projects import Project
from small_project import NAME
from test_landing_files import zip_bytes
from test_presets import bomb
from test_xml_returns import HOSTILE
from xml_files import census, child

N_FILES = times(100, 1_000)
N_AUTHORITIES = 20
MAX_SECONDS, MAX_KB = 2, 300_000
# Lands projects one after the other, and says of each: the longest that a file took, the peak of
# memory, the time of all.
LANDER = """
import json, sys, time
from csc_outcomes.landing import door
took = []
land_file = door._Door._land_file
def timed(*arguments):
    started = time.process_time()
    outcomes = list(land_file(*arguments))
    took.append(time.process_time() - started)
    return iter(outcomes)
door._Door._land_file = timed
for project in sys.argv[1:]:
    took.clear()
    with open("/proc/self/clear_refs", "w") as stream:
        stream.write("5")  # the peak starts anew
    started = time.process_time()
    door.land(project)
    seconds = time.process_time() - started
    with open("/proc/self/status") as stream:
        peak = next(int(line.split()[1]) for line in stream if line.startswith("VmHWM"))
    print(json.dumps([max(took, default=0), peak, seconds]))
"""


def land_measured(*projects: Path) -> list[tuple[float, int, float]]:
    """Lands in a process of its own: seconds of the slowest file, peak in KB, seconds in all."""
    command = [sys.executable, "-c", LANDER, *map(str, projects)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return [tuple(json.loads(line)) for line in result.stdout.splitlines()]


def new_project(folder: Path) -> Path:
    """A folder with nothing but the key of synthetic deliveries."""
    (folder / "extracts").mkdir(parents=True)
    (folder / "extracts" / "demonstration.key").write_text(DEMONSTRATION_KEY)
    return folder


def deliver(
    project: Path, content: bytes, name: str, la_code: str = "S01", delivery: str = "d", **keys: Any
) -> Path:
    """One file of cases and the extract.yml that declares it."""
    folder = project / "extracts" / f"authority_{la_code}" / delivery
    folder.mkdir(parents=True)
    document = {
        "la_code": la_code,
        "la_name": f"Synthetic {la_code}",
        "synthetic": True,
        "format": "case_list",
        "as_of_date": "2020-12-31",
        "files": [{"name": name, "holds": "cases", "columns": COLUMNS, **keys}],
    }
    (folder / "extract.yml").write_text(yaml.safe_dump(document, allow_unicode=True))
    (folder / Path(name).name).write_bytes(content)
    return folder


def logged(project: Path) -> list[dict[str, Any]]:
    return rows(project, "load_log")


def rows(project: Path, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(project / "landing" / kind).to_pylist()
    return found


# Hostile files.

CSV = (",".join(HEADER) + "\nC1,K1,2019-01-02,north\n").encode()


def xml(name: str) -> tuple[Callable[[Path], object], str | None]:
    """A hostile return, beside one that can be read."""
    change, code = HOSTILE[name]

    def attack(project: Path) -> None:
        content = change(census([child()]))
        folder = deliver(project, CSV, "cases.csv")
        (folder / "cases.csv").unlink()
        (folder / "return.xml").write_bytes(
            content.encode() if isinstance(content, str) else content
        )
        (folder / "extract.yml").write_text(
            "{la_code: S01, la_name: A, synthetic: true, format: cin_census, "
            "as_of_date: 2024-03-31}"
        )

    return attack, code


def file(
    content: Callable[[], bytes], name: str, code: str | None
) -> tuple[Callable[[Path], object], str | None]:
    return lambda project: deliver(project, content(), name), code


def linked(project: Path) -> None:
    folder = deliver(project, CSV, "cases.csv")
    (folder / "cases.csv").unlink()
    (folder / "cases.csv").symlink_to("/etc/passwd")


def cell(text: str) -> bytes:
    return f"{','.join(HEADER)}\nC1,K1,2019-01-02,{text}\n".encode()


ATTACKS: dict[str, tuple[Callable[[Path], object], str | None]] = {
    "external entity": xml("external entity"),
    "entity bomb": xml("entity bomb"),
    "depth 200,000": xml("deep"),
    "10 MB of attribute": xml("10 MB of attribute"),
    "zip bomb": file(
        lambda: zip_bytes(**{"xl/worksheets/a.xml": bytes(300_000_000)}),
        "cases.xlsx",
        "workbook_too_large",
    ),
    "Parquet bomb": file(bomb, "cases.parquet", "parquet_too_large"),
    "path traversal": file(lambda: CSV, "../../../cases.csv", "unsafe_file_name"),
    "link out of the folder": (linked, "unsafe_file_name"),
    "10 MB cell": file(lambda: cell("x" * 10**7), "cases.csv", "cell_too_large"),
    "NUL": file(lambda: cell("a\0b"), "cases.csv", "nul_character"),
    "SQL in names": file(lambda: CSV, "cases'); drop table x; --.csv", None),
    "formulas": file(lambda: cell("=cmd|' /C calc'!A0"), "cases.csv", None),
}


def test_hostile_files_are_refused_at_once_and_block_nothing(tmp_path: Path) -> None:
    """All of them, one after the other in one process; those that are text land as text."""
    projects = []
    for name, (attack, _) in ATTACKS.items():
        project = new_project(tmp_path / name.replace("/", " "))
        attack(project)
        deliver(project, CSV, "cases.csv", la_code="S02")
        projects.append(project)
    measured = land_measured(*projects)
    observed = {}
    for (name, (_, code)), project, (slowest, peak, _) in zip(
        ATTACKS.items(), projects, measured, strict=True
    ):
        codes = defaultdict(set)
        for row in logged(project):
            codes[row["la_code"]].add(row["reason_code"])
        assert codes["S02"] == {None}, name
        assert code in codes["S01"], (name, codes)
        assert code is None or None not in codes["S01"], (name, codes)
        assert (slowest < MAX_SECONDS, peak < MAX_KB) == (True, True), (name, slowest, peak)
        observed[name] = (code or "landed as text", round(slowest, 2), peak // 1000)
    assert len(ATTACKS) == 12
    print(f"{len(observed)} of 12:", observed)


# Many files.


def deliver_fuzzed(project: Path, n: int, seed: int) -> dict[tuple[str, str], Fuzzed]:
    """`n` files of 20 authorities; by authority and delivery."""
    chance = random.Random(seed)
    files = {}
    for number in range(n):
        la_code, delivery = f"S{number % N_AUTHORITIES + 1:02d}", f"d{number:04d}"
        file = fuzzed(number, chance)
        deliver(project, file.content, file.name, la_code, delivery, **file.keys)
        files[la_code, delivery] = file
    for la_code in {la_code for la_code, _ in files}:
        lists = project / "extracts" / f"authority_{la_code}" / "opt_outs.csv"
        lists.write_text("child_id\n" + "".join(f"{one}\n" for one in OPTED_OUT))
    return files


def check_accounts(project: Path, files: dict[tuple[str, str], Fuzzed]) -> Counter[str]:
    """Every file is in the load log once and every record of it has one fate; what became of the
    files, and how many records they had."""
    landed, refused = (
        _by_file(rows(project, kind)) for kind in ("case_list__cases", "refused_rows")
    )
    log = {(row["la_code"], row["delivery"]): row for row in logged(project)}
    assert log.keys() == files.keys()
    told: Counter[str] = Counter()
    for key, file in files.items():
        entry = log[key]
        n_landed, n_refused = len(landed[key]), len(refused[key])
        told[entry["reason_code"] or entry["status"]] += 1
        told["records"] += entry["n_read"]
        assert entry["reason_code"] != "unexpected_error", entry
        assert entry["n_read"] == n_landed + n_refused + entry["n_opted_out"], (key, entry)
        numbers = [row["source_row_number"] for row in (*landed[key], *refused[key])]
        assert len(set(numbers)) == len(numbers), key
        assert entry["status"] == "landed" or (entry["n_read"], entry["reason"]) > (-1, "")
        if file.is_exact:
            told["exact"] += 1
            _check_exactly(file, entry, landed[key], len(refused[key]))
    return told


def _by_file(found: list[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    by_file = defaultdict(list)
    for row in found:
        by_file[row["la_code"], row["delivery"]].append(row)
    return by_file


def _check_exactly(
    file: Fuzzed, entry: dict[str, Any], landed: list[dict[str, Any]], n_refused: int
) -> None:
    """Of a file that nothing was done to, the very records: told by the mark in their last cell."""
    assert entry["status"] == "landed", (file.harm, entry)
    fit = [row for row in file.rows if len(row) == len(HEADER)]
    stay = [row for row in fit if row[0] not in OPTED_OUT]
    assert entry["n_read"] == len(file.rows)
    assert n_refused == len(file.rows) - len(fit)
    assert entry["n_opted_out"] == len(fit) - len(stay)
    found = sorted(_mark(row["ward"]) for row in landed)
    assert found == sorted(_mark(row[-1]) for row in stay)


def _mark(cell: str) -> str:
    return "-".join(cell.split("-")[:2])


def test_of_fuzzed_files_every_record_is_accounted_for(tmp_path: Path) -> None:
    project = new_project(tmp_path / "project")
    files = deliver_fuzzed(project, N_FILES, seed=6)
    ((slowest, peak, seconds),) = land_measured(project)
    told = check_accounts(project, files)
    assert slowest < MAX_SECONDS
    assert peak < MAX_KB
    assert told["exact"] > 0.4 * N_FILES
    assert told["landed"] < 0.9 * N_FILES
    print(
        f"{len(files)} files: {dict(told)}; slowest {slowest:.2f} s, peak {peak // 1000} MB, "
        f"{seconds:.1f} s in all"
    )


def test_a_lost_record_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that drops the first record of each batch before anybody counts it."""
    add = door._Landing.add

    def losing(landing: Any, batch: Batch) -> None:
        cells = {name: column.slice(1) for name, column in batch.cells.items()}
        add(landing, batch._replace(cells=cells, row_numbers=batch.row_numbers[1:]))

    project = new_project(tmp_path / "project")
    files = deliver_fuzzed(project, 20, seed=6)
    monkeypatch.setattr(door._Landing, "add", losing)
    land(project)
    with pytest.raises(AssertionError):
        check_accounts(project, files)


# The same files in the tables.


def built_with(project: Project, *options: str) -> None:
    outcome = build(project, *options)
    assert outcome.code == 0, outcome.said[-4000:]


def fates(project: Project) -> Iterable[dict[str, Any]]:
    with project.warehouse() as connection:
        log: list[dict[str, Any]] = (
            connection.execute("select * from fct_load_log").fetchdf().to_dict("records")
        )
    return log


def test_of_fuzzed_files_every_record_has_one_fate_in_the_tables(
    clean: Clean, tmp_path: Path
) -> None:
    """Source records = loaded + quarantined + duplicate + superseded + opted out, file by file."""
    project = clean.pristine(tmp_path / "project")
    shutil.rmtree(project.path / "extracts" / NAME)
    files = deliver_fuzzed(project.path, N_FILES, seed=6)
    built_with(project, "--select", "+fct_load_log", "+fct_quarantined_rows")
    log = list(fates(project))
    assert len(log) == len(files)
    told: Counter[str] = Counter()
    for row in log:
        parts = [
            row[f"n_{fate}"]
            for fate in ("loaded", "quarantined", "duplicate", "superseded", "opted_out")
        ]
        assert row["n_read"] == sum(parts), row
        file = files[row["la_code"], row["delivery"]]
        if file.is_exact:
            assert row["n_read"] == len(file.rows)
        for fate in ("read", "loaded", "quarantined", "duplicate", "superseded", "opted_out"):
            told[fate] += row[f"n_{fate}"]
    assert min(told.values()) > 0, told
    print(f"{len(log)} files, fates: {dict(told)}")
