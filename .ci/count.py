"""Prints how many models, dbt tests and pytest tests ran, and fails where fewer did than expected."""

import json
import sys
import xml.etree.ElementTree as ElementTree

build, pytest, expected = sys.argv[1:4]
with open(build, encoding="utf-8") as file:
    kinds = [result["unique_id"].split(".")[0] for result in json.load(file)["results"]]
suite = ElementTree.parse(pytest).getroot().find("testsuite")
assert suite is not None
ran = {
    "models": kinds.count("model"),
    "dbt tests": kinds.count("test") + kinds.count("unit_test"),
    "pytest tests": int(suite.attrib["tests"]) - int(suite.attrib["skipped"]),
}
with open(expected, encoding="utf-8") as file:
    at_least = json.load(file)
print("; ".join(f"{n} {what} (at least {at_least[what]})" for what, n in ran.items()))
sys.exit(any(ran[what] < n for what, n in at_least.items()))
