"""Writes the pages of a build: one self-contained file each, that loads nothing.

Pictures stand in the page as data addresses in `<picture>`, the wide and the narrow drawing of the
same chart: a browser draws the one it needs, text alternatives are those of an image, and the ids
inside two drawings can't clash as they would in line.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from csc_outcomes.progress import Progress
from csc_outcomes.project import FolderInUse
from csc_outcomes.report import cells, drawing
from csc_outcomes.report.blocks import Column, Figure, Section, Table
from csc_outcomes.report.source import Kind, MissingTable, Source

TONES = {"good": "Good:", "caution": "Caution:", "stop": "Stop:"}
KINDS: tuple[Kind, ...] = ("analyst", "release")
NOT_FOR_RELEASE = "Analyst's view. Not for release: contains small numbers."


def write_pages(draft: Path, build_id: str) -> list[Path]:
    """Writes every page of a build into its folder: a report per study and the quality page, for
    analysts and for release, and the start page. Returns what it wrote.

    A study has a page where it has estimates; the same tables give the same bytes.
    """
    from csc_outcomes.report import quality, start

    written: list[Path] = []
    for kind in KINDS:
        if not (draft / kind / "csc_outcomes.duckdb").is_file():
            continue
        with Source(draft, kind) as source:
            pages = {
                f"report_{study}.html": report_page(source, study) for study in studies(source)
            }
            pages["quality.html"] = quality.quality_page(source)
        written += [_write(draft / kind / name, text) for name, text in pages.items()]
    written.append(_write(draft / "index.html", start.start_page(draft, build_id)))
    return written


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def studies(source: Source) -> list[str]:
    """The studies that have estimates, in order."""
    return sorted(set(source.table("effect_estimates")["study_id"]))


def report_page(source: Source, study_id: str) -> str:
    """The study's report as one HTML document. Raises LookupError for an unknown study."""
    from csc_outcomes.report.sections import sections_of

    return _report(source, study_id, sections_of(source, study_id))


def _report(source: Source, study_id: str, sections: Sequence[Section]) -> str:
    from csc_outcomes.report.lead import lead_of

    study = study_row(source, study_id)
    return render(
        "sections.html",
        source,
        title=f"{study['study_name']}: evaluation report"
        f" ({'release' if source.is_release else 'analyst'})",
        heading=f"{study['study_name']}: evaluation report",
        lead=lead_of(source, study_id),
        sections=sections,
    )


def study_row(source: Source, study_id: str) -> dict[str, Any]:
    """What the build says of the study. Raises LookupError, naming the studies that it has."""
    rows = source.table("studies")
    found = rows[rows["study_id"] == study_id]
    if found.empty:
        known = ", ".join(sorted(rows["study_id"]))
        raise LookupError(f"no study {study_id} in this build; it has {known or 'none'}")
    return {str(k): v for k, v in found.iloc[0].to_dict().items()}


def kind_of(source: Source) -> dict[str, str]:
    """What the top of each page, and each printed sheet, says of who may see it."""
    if not source.is_release:
        return {"name": "analyst", "title": NOT_FOR_RELEASE}
    profile = source.table_or_empty("release")
    if profile.empty:
        return {"name": "release", "title": "Release view: under a disclosure profile."}
    row = profile.iloc[0]
    return {
        "name": "release",
        "title": f"Release view: disclosure profile {row['profile']}, version "
        f"{row['profile_version']}.",
    }


def render(template: str, source: Source | None, *, title: str, heading: str, **values: Any) -> str:
    """A page from a template that extends base.html: its frame, style, script and policy.

    `source` gives the build and who may see the page; None for a page that shows no numbers, which
    then passes its own `build_id`.
    """
    frame = {
        "kind": kind_of(source) if source else None,
        "build_id": source.build_id if source else "",
        "strap": "csc_outcomes: outcomes and evaluations in children's social care",
        **_inline(),
    }
    page = _environment().get_template(template)
    return page.render(title=title, heading=heading, **{**frame, **values}) + "\n"


@lru_cache(maxsize=1)
def _inline() -> dict[str, Any]:
    """Style and script as the page holds them, and the policy that lets in these two alone."""
    static = files("csc_outcomes.report") / "static"
    css = (static / "page.css").read_text(encoding="utf-8")
    script = "\n".join(
        (static / name).read_text(encoding="utf-8") for name in ("sortable.js", "page.js")
    )
    policy = (
        "default-src 'none'; img-src data:; "
        f"style-src '{_hash(css)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return {"css": Markup(css), "javascript": Markup(script), "policy": policy}


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("csc_outcomes.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = _breakable
    environment.globals.update(
        tones=TONES,
        rows_in_page=cells.ROWS_IN_PAGE,
        figure_rows_in_page=cells.FIGURE_ROWS_IN_PAGE,
        cells=lambda table: cells.table_rows(table.data, table.columns),
        legend=cells.legend,
        csv_uri=lambda table: "data:text/csv;charset=utf-8," + quote(cells.csv_text(table)),
        data_of=figure_table,
        drawn=_drawn,
    )
    return environment


def _breakable(text: str) -> Markup:
    """The text, whose names may break after an underscore where a column is narrow."""
    return Markup("_<wbr>").join(text.split("_"))


def figure_table(figure: Figure) -> Table:
    """The figure's data as a table; its CSV has the figure's name."""
    columns = figure.columns or [_as_is(figure, str(name)) for name in figure.data.columns]
    return Table(f"{figure.id}-data", f"{figure.title}: data", figure.data, columns)


def _as_is(figure: Figure, name: str) -> Column:
    """A column as the data have it, its label made of its name."""
    kinds = {"i": "integer", "u": "integer", "f": "number", "b": "flag", "M": "date"}
    kind: Any = kinds.get(getattr(figure.data[name].dtype, "kind", "O"), "text")
    return Column(name, name.replace("_", " ").capitalize(), kind)


def _drawn(figure: Figure) -> dict[str, Any]:
    wide = drawing.svg(figure.chart(drawing.WIDE))
    narrow = drawing.svg(figure.chart(drawing.NARROW))
    return {
        "wide": Markup(drawing.data_uri(wide)),
        "narrow": Markup(drawing.data_uri(narrow)),
        "wide_size": _size(wide),
        "narrow_size": _size(narrow),
    }


def _size(picture: str) -> tuple[int, int]:
    """Width and height in pixels, so that the page doesn't jump while it loads."""
    found = re.search(r'width="([\d.]+)" height="([\d.]+)"', picture)
    return (round(float(found[1])), round(float(found[2]))) if found else (0, 0)


def write_report(source: Source, study_id: str, output: Path) -> list[Path]:
    """Writes report.html, figures/*.svg and *.png and tables/*.csv into `output`.

    An earlier report's files are taken away: those of another view would say what this one hides.
    Raises LookupError for an unknown study, FolderInUse where `output` holds other files. Returns
    what it wrote.
    """
    from csc_outcomes.report.sections import sections_of

    study_row(source, study_id)
    _clear(output)
    sections = sections_of(source, study_id)
    for folder in (output, output / "figures", output / "tables"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = [_write(output / "report.html", _report(source, study_id, sections))]
    blocks = [
        block
        for section in sections
        for block in section.all_blocks()
        if isinstance(block, (Figure, Table))
    ]
    progress = Progress(f"{study_id}: files beside the report", len(blocks), "figures and tables")
    for block in blocks:
        progress.step(block.id)
        written += _files_of(block, output)
    for path in written:
        path.chmod(0o600)
    return written


def _clear(output: Path) -> None:
    """Takes away figures and tables of a report that was written here before."""
    folders = [output / "figures", output / "tables"]
    earlier = [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
    if earlier and not (output / "report.html").is_file():
        raise FolderInUse(
            f"{output} holds figures or tables that aren't a report's: give --output a new folder"
        )
    for path in earlier:
        if path.suffix in (".svg", ".png", ".csv"):
            path.unlink()


def _files_of(block: Figure | Table, output: Path) -> list[Path]:
    if isinstance(block, Table):
        return [_write_csv(block, output / "tables")]
    chart = block.chart(drawing.WIDE)
    data = figure_table(block)
    picture = output / "figures" / f"{block.id}.png"
    picture.write_bytes(drawing.png(chart))
    return [
        _write(output / "figures" / f"{block.id}.svg", drawing.svg(chart)),
        picture,
        _write_csv(data, output / "tables"),
    ]


def _write_csv(table: Table, folder: Path) -> Path:
    path = folder / f"{table.id}.csv"
    path.write_bytes(cells.csv_text(table).encode())
    return path


__all__ = ["MissingTable", "render", "report_page", "write_pages", "write_report"]
