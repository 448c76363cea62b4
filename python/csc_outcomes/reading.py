"""What people read of a build beside its tables: the workbook, the pages, the documentation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from csc_outcomes.landing.door import where_raised
from csc_outcomes.progress import say


class ReadingFailed(Exception):
    """A workbook or page could not be made, so nothing was published."""


def add_reading(draft: Path, build_id: str, manifest: Path, with_pages: bool) -> None:
    """Writes `release/csc_outcomes.xlsx`, and with pages the documentation, the report and quality
    pages and the start page, all from the draft's own tables.

    `manifest` is dbt's manifest of this build; without one there is no documentation page. Raises
    ReadingFailed, which says what to do, never a value.
    """
    release = draft / "release" / "csc_outcomes.duckdb"
    if release.is_file():
        _made("the workbook", lambda: _workbook(release))
    if with_pages and manifest.is_file():
        _made("the documentation", lambda: _documentation(draft, manifest))
    if with_pages:
        _made("the report pages", lambda: _pages(draft, build_id))


def _made(what: str, make: Callable[[], None]) -> None:
    """Makes one of them, with a line of progress; they come to several seconds."""
    say(f"publishing: {what}")
    try:
        make()
    except OSError:  # a full disk says itself what it is
        raise
    except Exception as error:  # its message may hold a value
        raise ReadingFailed(
            f"Not published: {what} could not be made ({where_raised(error)}); the tables "
            "published before are unchanged. To publish tables without pages: "
            "dbt build --vars 'pages: false'"
        ) from None


def _workbook(release: Path) -> None:
    from csc_outcomes.bi.workbook import write_workbook

    write_workbook(release, release.with_suffix(".xlsx"))


def _documentation(draft: Path, manifest: Path) -> None:
    from csc_outcomes.docs_page import write_docs_page

    write_docs_page(draft, manifest)


def _pages(draft: Path, build_id: str) -> None:
    from csc_outcomes.report.pages import write_pages

    write_pages(draft, build_id)
