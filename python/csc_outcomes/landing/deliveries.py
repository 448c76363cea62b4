"""Walks the extracts folder: <la_slug>/<delivery>/extract.yml, in sorted order."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from csc_outcomes.landing.contract import (
    PRESET_FORMATS,
    XML_FORMATS,
    Delivery,
    declared_la_code,
    load_document,
    parse_delivery,
    shown,
)
from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.keys import DEMONSTRATION_KEY_FILE
from csc_outcomes.landing.opt_outs import CHILD_LIST_FILES
from csc_outcomes.landing.presets import resolve
from csc_outcomes.landing.report import FileOutcome
from csc_outcomes.landing.xml_deliveries import completed

CONTRACT_FILE = "extract.yml"
NEVER_DATA = ("README.md", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class DeliveryFolder:
    """A delivery's folder; `delivery` is None where `refusal` says why."""

    path: Path
    la_code: str | None = None
    delivery: Delivery | None = None
    refusal: Refused | None = None

    @property
    def label(self) -> str:
        """<la_slug>/<delivery>."""
        return f"{self.path.parent.name}/{self.path.name}"

    def outcome(self, file_name: str, holds: str | None = None) -> FileOutcome:
        """The load log row of a file here, before the file was looked at."""
        outcome = FileOutcome(self.path.name, file_name, la_code=self.la_code, holds=holds)
        if self.delivery is None:
            return outcome
        return replace(
            outcome,
            la_name=self.delivery.la_name,
            is_synthetic=self.delivery.is_synthetic,
            format=self.delivery.format,
            extract_as_of_date=self.delivery.as_of_date,
            extract_window_start=self.delivery.window_start,
            submission=self.delivery.submission,
        )

    def undeclared(self) -> Iterator[FileOutcome]:
        """A refusal for everything that lies here and isn't in extract.yml."""
        if self.delivery is None:
            return
        declared = {CONTRACT_FILE, *(spec.name for spec in self.delivery.files)}
        for name in _entries(self.path, declared):
            reason = (
                f"{self.label}/{shown(name)} is not declared; add it to extract.yml or remove it"
            )
            yield self.outcome(name).refused(Refused("not_declared", reason))


def open_deliveries(extracts: Path) -> list[DeliveryFolder]:
    """All delivery folders with their checked extract.yml, or with what is wrong with it."""
    folders = [
        _open_delivery(path) for la_folder in _folders(extracts) for path in _folders(la_folder)
    ]
    slugs = defaultdict(set)
    for folder in folders:
        slugs[folder.la_code].add(folder.path.parent.name)
    return [_refuse_shared_code(folder, slugs[folder.la_code]) for folder in folders]


def strays(extracts: Path) -> Iterator[FileOutcome]:
    """A refusal for every file that lies outside the delivery folders."""
    places = {extracts: {DEMONSTRATION_KEY_FILE}}
    places |= {folder: {*CHILD_LIST_FILES} for folder in _folders(extracts)}
    for place, known in places.items():
        known = known | {folder.name for folder in _folders(place)}
        for name in _entries(place, known):
            reason = (
                f"{place.name}/{shown(name)} lies outside any delivery; "
                f"move it to <authority>/<delivery>/ and declare it in {CONTRACT_FILE}"
            )
            yield FileOutcome(None, name).refused(Refused("not_declared", reason))


def _open_delivery(path: Path) -> DeliveryFolder:
    folder = DeliveryFolder(path)
    try:
        document = load_document(path / CONTRACT_FILE)
        folder = replace(folder, la_code=declared_la_code(document))
        if document.get("format") in XML_FORMATS:
            document = completed(path, document)
        delivery = parse_delivery(document)
        if delivery.format in PRESET_FORMATS:
            delivery = replace(delivery, files=resolve(path, document))
        return replace(folder, delivery=delivery)
    except Refused as refusal:
        return _refuse(folder, refusal.code, refusal.reason)
    except OSError as error:
        return _refuse(folder, "extract_yml_unreadable", f"extract.yml: {error.strerror}")


def _refuse_shared_code(folder: DeliveryFolder, slugs: set[str]) -> DeliveryFolder:
    """One authority, one folder: else its opt-outs would reach only some of its files."""
    if folder.delivery is None or len(slugs) == 1:
        return folder
    listed = " and ".join(sorted(slugs))
    reason = f"la_code {folder.la_code} is declared in {listed}; keep one folder per authority"
    return _refuse(folder, "la_code_in_two_folders", reason)


def _refuse(folder: DeliveryFolder, code: str, reason: str) -> DeliveryFolder:
    refusal = Refused(code, f"{folder.label}: {reason}")
    return replace(folder, delivery=None, refusal=refusal)


def _folders(place: Path) -> list[Path]:
    return sorted(path for path in place.iterdir() if path.is_dir() and path.name[0] != ".")


def _entries(place: Path, known: set[str]) -> list[str]:
    names = {path.name for path in place.iterdir()} - known - set(NEVER_DATA)
    return sorted(name for name in names if not name.startswith((".", "~$")))
