"""What is known of headers and of codes: headers.yml, values.yml and the project's seeds."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from csc_outcomes.landing.columns import FORMATS, YES_NO, Column
from csc_outcomes.landing.records import CODE_PREFIX

FLAT_FORMATS = ("case_list", "study_files", "records")
SEEDS = {  # code set: the seed and the column that hold its codes
    "factor_id": ("frameworks/risk_factors.csv", "factor_id"),
    "engagement_level": ("frameworks/engagement_levels.csv", "level"),
    "cost_category": ("unit_costs/cost_categories.csv", "cost_category"),
}
CODE_AND_LABEL = ("{code} - {label}", "{code}: {label}", "{code} {label}", "{label} ({code})")


@cache
def _knowledge(name: str) -> Any:
    text = files("csc_outcomes.adding").joinpath(name).read_text(encoding="utf-8")
    return yaml.safe_load(text)


def plain(header: str) -> str:
    """A header in lower-case words: CamelCase parted, marks and underscores as spaces."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header.replace("\ufeff", ""))
    return " ".join(re.sub(r"[^a-z0-9£]+", " ", parted.casefold()).split())


@cache
def spellings(holds: str, column: str) -> frozenset[str]:
    """Plain headers that are known for a canonical column of one kind, its own name included."""
    headers = _knowledge("headers.yml")
    listed = [*headers.get(holds, {}).get(column, ()), *headers["any"].get(column, ())]
    return frozenset({plain(column), *(plain(str(header)) for header in listed)})


@cache
def vocabulary() -> frozenset[str]:
    """All plain headers that are known for anything in a flat file."""
    return frozenset(
        header
        for format_name in FLAT_FORMATS
        for holds, columns in FORMATS[format_name].items()
        for column in columns
        for header in spellings(holds, column.name)
    )


@dataclass(frozen=True)
class CodeMatch:
    """Spellings to declare (as listed in this project, never as found), and what is left over."""

    codes: Mapping[str, str]
    n_values: int = 0
    n_unmatched_values: int = 0
    n_unmatched_records: int = 0
    known_codes: tuple[str, ...] = ()


class Codes:
    """The codes that the project knows, each with its spellings."""

    def __init__(self, project: Path) -> None:
        self._seeds = project / "seeds"
        self._sets: dict[str, dict[str, str]] = {}
        for row in _rows(self._seeds / "code_sets" / "code_sets.csv"):
            _learn(self._sets.setdefault(row["code_set"], {}), row["code"], row["label"])

    def known(self, column: Column) -> dict[str, str]:
        """Spelling in lower case -> code, of a coded column; empty where no codes are known."""
        values = _knowledge("values.yml")
        name = values["sets_of_columns"].get(column.name, column.name)
        known = dict(self._sets.get(name, {}))
        if name in SEEDS:
            path, key = SEEDS[name]
            for row in _rows(self._seeds / path):
                _learn(known, row[key], row.get("label") or row[key])
        for code in column.known_codes:
            _learn(known, code, code.replace("_", " "))
        words_of = "yes_no" if column.known_codes == YES_NO else name
        listed = values["spellings"].get(words_of, {})
        codes = set(known.values())
        for code, words in listed.items():
            if code in codes:
                known |= {word.casefold(): code for word in words if word.casefold() not in known}
        return known

    def match(self, column: Column, values: Counter[str]) -> CodeMatch:
        """Which values of a column are known; only what the door wouldn't know by itself has to be
        declared."""
        known = self.known(column)
        declared: dict[str, str] = {}
        unmatched: dict[str, int] = {}
        for value, n_records in values.items():
            spelled = " ".join(value.split()).casefold()
            bare = CODE_PREFIX.sub("", spelled, count=1) or spelled
            found = next((text for text in (spelled, bare) if text in known), None)
            if found is None:
                unmatched[spelled] = n_records
            elif not _is_read_by_itself(column, found, known[found]):
                declared[found] = known[found]
        return CodeMatch(
            dict(sorted(declared.items(), key=lambda item: (item[1], item[0]))),
            len(values),
            len(unmatched),
            sum(unmatched.values()),
            tuple(sorted(set(known.values()))),
        )


def _is_read_by_itself(column: Column, spelling: str, code: str) -> bool:
    if column.known_codes:
        own = {known.casefold(): known for known in column.known_codes} | dict(column.spellings)
        return own.get(spelling) == code
    return spelling.upper() == code


def _learn(known: dict[str, str], code: str, label: str) -> None:
    for text in (code, label, *(form.format(code=code, label=label) for form in CODE_AND_LABEL)):
        known.setdefault(" ".join(text.split()).casefold(), code)


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
