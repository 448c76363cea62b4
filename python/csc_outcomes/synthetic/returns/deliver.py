"""Deliveries of made-up children in any format that authorities have, each with its extract.yml."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path

import yaml

from csc_outcomes.synthetic.returns.annex_a import AnnexA
from csc_outcomes.synthetic.returns.boundaries import boundary_children
from csc_outcomes.synthetic.returns.census import CensusReturn, first_day, last_day
from csc_outcomes.synthetic.returns.files import Delivery
from csc_outcomes.synthetic.returns.histories import Span, make_children
from csc_outcomes.synthetic.returns.lives import Child, as_known
from csc_outcomes.synthetic.returns.record_files import RecordFiles, record_contract
from csc_outcomes.synthetic.returns.ssd import SsdTables
from csc_outcomes.synthetic.returns.ssda903 import CareReturn

SEED = 2024
NOTICE = "# Synthetic: made by `csc synthetic --mode returns`. No row describes a real child.\n"
YEARLY = ("cin_census", "ssda903")
FOLDERS = {
    "cin_census": "cin",
    "ssda903": "903",
    "ssd": "ssd",
    "annex_a": "annex-a",
    "records": "records",
}
FORMATS = tuple(FOLDERS)


@dataclass(frozen=True)
class Authority:
    """Who the deliveries come from."""

    la_code: str
    la_name: str


def returned_children(
    n_children: int, first_year: int, last_year: int, seed: int = SEED
) -> Iterator[Child]:
    """Made-up children over the collection years: those on the edges of the rules come first, and
    count; `n_children` in all."""
    span = Span(first_day(first_year), last_day(last_year))
    edges = boundary_children(span)[:n_children]
    return chain(edges, make_children(n_children - len(edges), span, seed))


def write_returns(
    children: Iterable[Child],
    formats: Sequence[str],
    authority: Authority,
    first_year: int,
    last_year: int,
    folder: Path,
) -> list[Path]:
    """Writes deliveries of each format below `folder`, one per year where it is a yearly return;
    gives back their folders. One pass over the children, who are never all in memory."""
    with ExitStack() as stack:
        places = [
            (name, year, folder / f"{FOLDERS[name]}-{year}")
            for name in formats
            for year in (range(first_year, last_year + 1) if name in YEARLY else (last_year,))
        ]
        deliveries = [
            stack.enter_context(closing(_delivery(name, place, authority, year)))
            for name, year, place in places
        ]
        for child in children:
            known = as_known(child, last_day(last_year))
            for (name, _, _), delivery in zip(places, deliveries, strict=True):
                told = child if name in YEARLY else known  # a yearly return tells of its own day
                if told is not None:
                    delivery.add(told)
    for name, year, place in places:
        _write_contract(place, name, authority, year)
    return [place for _, _, place in places]


def _delivery(name: str, folder: Path, authority: Authority, year: int) -> Delivery:
    if name == "cin_census":
        return CensusReturn(folder / f"cin_census_{year}.xml", authority.la_code, year)
    if name == "ssda903":
        return CareReturn(folder, year)
    if name == "ssd":
        return SsdTables(folder)
    if name == "annex_a":
        return AnnexA(folder / "annex_a.xlsx", last_day(year))
    return RecordFiles(folder)


def _write_contract(folder: Path, name: str, authority: Authority, year: int) -> None:
    names = sorted(path.name for path in folder.iterdir() if path.suffix != ".yml")
    found: list[dict[str, object]] = [{"name": file} for file in names]
    document: dict[str, object] = {
        "la_code": authority.la_code,
        "la_name": authority.la_name,
        "synthetic": True,
        "format": name,
        "as_of_date": last_day(year),
    }
    start = _window_start(name, year)
    if start:
        document["window_start"] = start
    document["files"] = record_contract() if name == "records" else found
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    (folder / "extract.yml").write_text(NOTICE + text, encoding="utf-8", newline="\n")


def _window_start(name: str, year: int) -> date | None:
    """The first day that a yearly return or Annex A looks back to."""
    return first_day(year) if name in (*YEARLY, "annex_a") else None
