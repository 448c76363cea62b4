"""Prints how many models, dbt tests and pytest tests ran; fails where fewer did than expected."""

import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

build, pytest, expected = (Path(argument) for argument in sys.argv[1:4])
results = json.loads(build.read_text(encoding="utf-8"))["results"]
kinds = [result["unique_id"].split(".")[0] for result in results]
suite = ElementTree.parse(pytest).getroot().find("testsuite")
assert suite is not None
ran = {
    "models": kinds.count("model"),
    "dbt tests": kinds.count("test") + kinds.count("unit_test"),
    "pytest tests": int(suite.attrib["tests"]) - int(suite.attrib["skipped"]),
}
at_least = json.loads(expected.read_text(encoding="utf-8"))
print("; ".join(f"{n} {what} (at least {at_least[what]})" for what, n in ran.items()))
sys.exit(any(ran[what] < n for what, n in at_least.items()))
