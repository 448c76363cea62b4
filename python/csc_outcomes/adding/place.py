"""Which files are meant, whose they are, and where their delivery belongs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from csc_outcomes.landing.contract import Delivery, FileSpec, shown
from csc_outcomes.landing.deliveries import CONTRACT_FILE, NEVER_DATA, DeliveryFolder
from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.opt_outs import CHILD_LIST_FILES
from csc_outcomes.landing.readers import check_path


@dataclass(frozen=True)
class Source:
    """The files that PATH names, and the delivery folder in extracts/ where they lie already."""

    files: tuple[Path, ...]
    folder: Path
    in_place: bool  # in extracts/<authority>/<delivery>/


def find_source(path: Path, extracts: Path) -> Source:
    """The files at `path`, a file or a folder; Refused where there are none or one leads out."""
    if not path.exists():
        raise Refused("file_not_found", f"{path} is not there")
    folder = path if path.is_dir() else path.parent
    in_place = folder.resolve().parent.parent == extracts.resolve()
    names = [path.name]
    if path.is_dir() or in_place:
        names = sorted(entry.name for entry in folder.iterdir() if _is_data(entry))
    if lists := sorted({*names} & {*CHILD_LIST_FILES}):
        raise Refused(
            "child_list_here",
            f"{' and '.join(lists)} belongs in extracts/<authority>/, beside the delivery's "
            "folder: move it there first, else nobody's wish would be kept",
        )
    if not names:
        raise Refused("file_not_found", f"{folder} holds no files")
    return Source(tuple(check_path(folder, name) for name in names), folder, in_place)


def _is_data(entry: Path) -> bool:
    is_ours = entry.name == CONTRACT_FILE or entry.name in NEVER_DATA
    return entry.is_file() and not is_ours and not entry.name.startswith((".", "~$"))


@dataclass(frozen=True)
class Authority:
    """An authority that has deliveries already, newest last."""

    slug: str
    la_code: str | None
    deliveries: tuple[tuple[str, Delivery], ...]

    @property
    def la_name(self) -> str | None:
        """Its name, as its newest delivery has it."""
        return self.deliveries[-1][1].la_name if self.deliveries else None


def find_authority(
    folders: list[DeliveryFolder], source: Source, la_code: str | None, target: str | None
) -> Authority | None:
    """The authority of the folder that the files lie in, else the one with that code; deliveries
    named `target` or the folder itself are left out."""
    slug = source.folder.resolve().parent.name if source.in_place else None
    if slug is None:
        slug = next((f.path.parent.name for f in folders if la_code and f.la_code == la_code), None)
    if slug is None:
        return None
    own = [folder for folder in folders if folder.path.parent.name == slug]
    other = source.folder.name if source.in_place else target
    known = [(f.path.name, f.delivery) for f in own if f.delivery and f.path.name != other]
    known.sort(key=lambda item: (item[1].as_of_date, item[0]))
    codes = [folder.la_code for folder in own if folder.la_code]
    return Authority(slug, codes[-1] if codes else None, tuple(known))


def earlier_delivery(
    authority: Authority | None, format_name: str, as_of: date | None
) -> Delivery | None:
    """The newest delivery of the same format before that day."""
    if authority is None:
        return None
    same = [delivery for _, delivery in authority.deliveries if delivery.format == format_name]
    same = [delivery for delivery in same if as_of is None or delivery.as_of_date < as_of]
    return same[-1] if same else None


def check_one_folder(folders: list[DeliveryFolder], la_code: str, slug: str) -> None:
    """Refused where another folder is that authority's already."""
    for folder in folders:
        if folder.la_code == la_code and folder.path.parent.name != slug:
            raise Refused(
                "la_code_in_two_folders",
                f"la_code {la_code} has the folder {folder.path.parent.name} already; an authority "
                "has one folder",
            )


def earlier_spec(
    earlier: Delivery | None, name: str, sheet: str | None, headers: set[str]
) -> FileSpec | None:
    """The file of an earlier delivery that a new one continues: of the same name, else the one
    whose declared headers are there for the greater half."""
    if earlier is None:
        return None
    for spec in earlier.files:
        if spec.name == name and spec.sheet in (None, sheet):
            return spec
    best, best_share = None, 0.5
    for spec in earlier.files:
        declared = {" ".join(header.split()).casefold() for header in spec.columns.values()}
        share = len(declared & headers) / len(declared) if declared else 0.0
        if share > best_share:
            best, best_share = spec, share
    return best


def slug_of(la_name: str) -> str:
    """A folder's name for an authority: small letters, digits and underscores."""
    slug = re.sub(r"[^a-z0-9]+", "_", la_name.casefold()).strip("_")
    if not slug:
        raise Refused("extract_yml_invalid", f"no folder can be named after '{shown(la_name)}'")
    return slug


def check_delivery_name(name: str) -> str:
    """A delivery's folder name; Refused unless it is a plain one."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}", name):
        raise Refused(
            "unsafe_file_name",
            "--delivery must be a plain name such as 2024-03: letters, digits, - _ and .",
        )
    return name
