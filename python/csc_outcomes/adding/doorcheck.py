"""The door's own check of a delivery that isn't landed yet: what would land, and what wouldn't."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from csc_outcomes.landing.contract import Delivery, FileSpec, counted, shown
from csc_outcomes.landing.deliveries import DeliveryFolder, open_deliveries
from csc_outcomes.landing.door import where_raised
from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.header import listed
from csc_outcomes.landing.readers import check_path, groups, open_parts


@dataclass(frozen=True)
class Checked:
    """What the door says: lines to print, and of each refused file the code and the sentence."""

    delivery: Delivery | None
    lines: tuple[str, ...]
    refusals: tuple[Refused, ...]


def check_folder(extracts: Path, folder: Path) -> Checked:
    """Opens one delivery below `extracts` as the door does and reads all of it, landing nothing."""
    opened = next(found for found in open_deliveries(extracts) if found.path == folder)
    if opened.delivery is None:
        assert opened.refusal is not None
        return Checked(None, (), (opened.refusal,))
    lines: list[str] = []
    refusals: list[Refused] = []
    for outcome in opened.undeclared():
        refusals.append(Refused(outcome.reason_code or "", outcome.reason or ""))
    for spec in opened.delivery.files:
        if spec.aside is not None and spec.aside.is_refused:
            refusals.append(_of_file(spec.name, Refused(spec.aside.code, spec.aside.reason)))
        elif spec.aside is not None:
            lines.append(f"{spec.label}: nothing to land; {spec.aside.reason}")
    for specs in groups(opened.delivery.files):
        try:
            lines += _read(opened, opened.delivery, specs)
        except Refused as refusal:
            refusals.append(_of_file(specs[0].name, refusal))
        except OSError:
            raise
        except Exception as error:  # its message may hold a value
            reason = f"{specs[0].name}: {where_raised(error)}"
            refusals.append(Refused("unexpected_error", reason))
    return Checked(opened.delivery, tuple(lines), tuple(refusals))


def _of_file(name: str, refusal: Refused) -> Refused:
    if name in refusal.reason:
        return refusal
    return Refused(refusal.code, f"{shown(name)}: {refusal.reason}")


def _read(opened: DeliveryFolder, delivery: Delivery, specs: Sequence[FileSpec]) -> list[str]:
    path = check_path(opened.path, specs[0].name)
    n_read, n_bad = [0] * len(specs), [0] * len(specs)
    with open_parts(path, specs, delivery) as parts:
        for batch in parts.batches():
            n_read[batch.part] += len(batch.row_numbers) + len(batch.bad)
            n_bad[batch.part] += len(batch.bad)
        unknown = parts.unknown()
    lines = []
    for spec, n_records, n_refused in zip(specs, n_read, n_bad, strict=True):
        if n_records or len(specs) == 1:
            bad = f", {n_refused:,} of them refused" if n_refused else ""
            lines.append(f"{spec.label} ({spec.holds}): {counted(n_records, 'record')}{bad}")
    if unknown:
        lines.append(f"{specs[0].name}: not mapped: {listed(unknown)}")
    return lines
