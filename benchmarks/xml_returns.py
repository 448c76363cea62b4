"""How fast a CIN census return goes through the door, and in how much memory.

    nice python benchmarks/xml_returns.py --megabytes 100

Writes a made-up return into a project of its own, lands it in a process of its own and prints
megabytes per CPU-second and the peak memory of that process, beside those of a plain lxml parse of
the same file: the ratio tells more than the figures where the machine is busy.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "python"))

from xml_files import census, child, element  # noqa: E402

FACTORS = ("2A", "2B", "3A", "3B", "4A", "4B", "5A", "6A", "16A", "17A")
EXTRACT = "{la_code: S01, la_name: Synthetic, synthetic: true, format: cin_census}"
LAND = "from csc_outcomes.landing import land; print('\\n'.join(land(sys.argv[1]).lines()))"
PARSE = "from lxml import etree; etree.parse(sys.argv[1])"
NOTHING = "from csc_outcomes.landing import land"
MEASURED = "import os, sys; {}; print(open('/proc/self/status').read(), sum(os.times()[:2]))"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs with `argv`, by default the process's own arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument(
        "--repeats", type=int, default=1, help="the cheapest of so many runs counts"
    )
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        delivery = project / "extracts" / "authority" / "2024"
        delivery.mkdir(parents=True)
        (project / "extracts" / "demonstration.key").write_text("ab" * 32, encoding="ascii")
        (delivery / "extract.yml").write_text(EXTRACT, encoding="utf-8")
        path = delivery / "return.xml"
        n_children = write_return(path, int(options.megabytes * 1e6))
        megabytes = path.stat().st_size / 1e6
        print(f"{megabytes:.0f} MB, {n_children:,} children")
        started, _ = measured(NOTHING, project, options.repeats)
        seconds = {}
        for name, code, place in (("door", LAND, project), ("plain lxml parse", PARSE, path)):
            used, peak = measured(code, place, options.repeats)
            seconds[name] = max(used - (started if name == "door" else 0), 1e-9)
            print(f"{name}: {megabytes / seconds[name]:.1f} MB per CPU-second, peak {peak:.0f} MB")
        ratio = seconds["plain lxml parse"] / seconds["door"]
        print(f"speed of the door / of a plain parse: {ratio:.2f}")
    return 0


def measured(code: str, place: Path, repeats: int, is_kept: bool = False) -> tuple[float, float]:
    """(CPU-seconds, peak memory in MB) of a process that runs `code`, of the cheapest run; what
    landed before is gone but where `is_kept`."""
    runs = []
    for _ in range(repeats):
        command = [sys.executable, "-c", MEASURED.format(code), str(place)]
        landing = place / "landing"
        if landing.is_dir() and not is_kept:
            subprocess.run(["rm", "-r", str(landing)], check=True)
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        peak = re.search(r"VmHWM:\s+(\d+) kB", result.stdout)
        assert peak is not None
        runs.append((float(result.stdout.split()[-1]), int(peak[1]) / 1024))
    return min(runs)


def write_return(path: Path, n_bytes: int, seed: int = 1) -> int:
    """Writes a return of about that size; returns the number of its children."""
    start, end = census([]).split("</Children>")
    n_written = n_children = 0
    with path.open("w", encoding="utf-8") as stream:
        stream.write(start)
        for text in _children(random.Random(seed)):
            n_written += stream.write(text)
            n_children += 1
            if n_written >= n_bytes:
                break
        stream.write(f"    </Children>{end}")
    return n_children


def _children(rng: random.Random) -> Iterator[str]:
    """Children with as many records as in a return: about five each, one in eight with a plan."""
    number = 0
    while True:
        number += 1
        one = child(number, rng.randint(2015, 2024))
        one["ChildIdentifiers"]["PersonBirthDate"] = (
            f"{rng.randint(2004, 2023)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        )
        episode = one["CINdetails"]
        assessment = episode["Assessments"]
        factors = sorted(rng.sample(FACTORS, rng.randint(1, 5)))
        assessment["FactorsIdentifiedAtAssessment"] = {"AssessmentFactors": factors}
        if rng.random() < 0.5:
            del episode["Section47"]
        if rng.random() < 0.8:
            del episode["ChildProtectionPlans"]
        if rng.random() < 0.4:
            del episode["CINclosureDate"], episode["ReasonForClosure"]
        one["CINdetails"] = [episode] * (2 if rng.random() < 0.2 else 1)
        yield element("Child", one, 2)


if __name__ == "__main__":
    sys.exit(main())
