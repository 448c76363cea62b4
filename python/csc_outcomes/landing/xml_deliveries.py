"""What extract.yml leaves out of a delivery that is an XML return: the return says it itself."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.readers import check_path, is_xml
from csc_outcomes.landing.xml_returns import file_specs, read_header


def completed(folder: Path, document: Mapping[str, Any]) -> dict[str, Any]:
    """An extract.yml of a return with what the return itself says, as extract.yml would say it.

    as_of_date, window_start (a year back) and submission come from the first readable header where
    they aren't declared; each file becomes one entry per kind of record. Where there is no `files:`
    it is every XML file of the folder. Refused where the day can't be told.
    """
    found = sorted(path.name for path in folder.iterdir() if is_xml(path.name))
    entries = document.get("files") or [{"name": name} for name in found]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return dict(document)  # the check of extract.yml says what is wrong with that
    said = _said(folder, entries, is_needed="as_of_date" not in document)
    parts = [part for entry in entries for part in _parts(entry)]
    return {**said, **document, "files": parts}


def _said(folder: Path, entries: Sequence[Any], is_needed: bool) -> dict[str, str]:
    """The keys of extract.yml that the first readable header answers."""
    fault = None
    for entry in entries:
        try:
            header = read_header(check_path(folder, str(entry.get("name", ""))))
        except Refused as refusal:
            fault = fault or refusal
            continue
        except OSError as error:
            fault = fault or Refused("file_unreadable", f"{entry.get('name')}: {error.strerror}")
            continue
        day = header.reference_date
        if day is None:
            continue
        return {
            "as_of_date": day.isoformat(),
            "window_start": (_year_before(day) + timedelta(days=1)).isoformat(),
            **({"submission": str(header.submission)} if header.submission else {}),
        }
    if is_needed and fault:
        raise fault
    return {}


def _year_before(day: date) -> date:
    """The same day a year earlier, 28 February for the 29th."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def _parts(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """An entry of `files:` for each kind of record, or for the one that it names."""
    return [
        {
            **entry,
            "holds": spec.holds,
            "columns": spec.columns,
            "codes": {**spec.codes, **(entry.get("codes") or {})},
        }
        for spec in file_specs(str(entry.get("name", "")))
        if entry.get("holds", spec.holds) == spec.holds
    ]
