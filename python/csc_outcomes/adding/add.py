"""The two things that `csc add-extract` does: add a delivery, or check one that is there."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from csc_outcomes.adding import place, write
from csc_outcomes.adding.doorcheck import Checked, check_folder
from csc_outcomes.adding.drift import (
    Change,
    changed_settings,
    compare,
    compare_specs,
    is_changed,
)
from csc_outcomes.adding.kinds import as_one, counter, find_proposals
from csc_outcomes.adding.known import FLAT_FORMATS, Codes, plain, vocabulary
from csc_outcomes.adding.layout import Layout, find_table
from csc_outcomes.adding.place import Authority, Source
from csc_outcomes.adding.profile import profile_table
from csc_outcomes.adding.propose import Given, Proposal, plain_header, propose
from csc_outcomes.adding.report import drift_lines, listed, proposal_lines, wrapped
from csc_outcomes.adding.return_files import (
    ReturnFile,
    codecs_of,
    sort_files,
    unread_return,
    with_missing,
)
from csc_outcomes.landing import presets, xml_returns
from csc_outcomes.landing.columns import FORMATS
from csc_outcomes.landing.contract import (
    PRESET_FORMATS,
    XML_FORMATS,
    Delivery,
    FileSpec,
    counted,
    shown,
)
from csc_outcomes.landing.deliveries import CONTRACT_FILE, DeliveryFolder, open_deliveries
from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.readers import TABLE_SUFFIXES, is_xml

LEFT_THERE = "Belongs to none of this, and the door refuses it until it is moved away:"
NOT_READ = "Not decided, and not in extract.yml:"
LEFT = "Left where it was, for it belongs to none of this:"


def add(project: Path, extracts: Path, options: argparse.Namespace) -> tuple[list[str], int]:
    """Adds what lies at PATH as a delivery: lines to print, and 0 where all is decided, else 1;
    Refused where nothing could be written."""
    if not extracts.is_dir():
        raise Refused("file_not_found", f"no extracts folder at {extracts}; make it")
    source = place.find_source(options.path, extracts)
    recognised = _recognise(source, options)
    if recognised is not None and recognised.format == "cin_census" and len(recognised.files) > 1:
        return _add_each(project, extracts, options, source, recognised)
    return _add_one(project, extracts, options, source, recognised)


def _add_each(
    project: Path,
    extracts: Path,
    options: argparse.Namespace,
    source: Source,
    recognised: presets.Recognised,
) -> tuple[list[str], int]:
    """Each return is a delivery of its own: it has a reference date of its own."""
    if source.in_place:
        raise Refused(
            "several_returns",
            "each return needs a delivery folder of its own: move them out of extracts/ and run "
            "this on them again",
        )
    lines, status = [f"{len(recognised.files)} returns, each a delivery of its own."], 0
    sorted_files = sort_files(source, recognised, options)
    lines += listed(LEFT, [shown(name) for name in sorted_files.left])
    lines += listed(NOT_READ, sorted_files.undecided)
    status = int(bool(sorted_files.undecided))
    for path in recognised.files:
        one = replace(source, files=(path,))
        alone = presets.recognise([path]) or recognised
        try:
            more, its_status = _add_one(project, extracts, options, one, alone)
        except Refused as refusal:
            reason = f"{shown(path.name)}: refused [{refusal.code}]: {refusal.reason}"
            more, its_status = wrapped(reason), 2
        lines += ["", *more]
        status = max(status, its_status)
    return lines, status


def _recognise(source: Source, options: argparse.Namespace) -> presets.Recognised | None:
    """The return format of the files; None where they are flat files."""
    if options.format in FLAT_FORMATS or (options.holds and options.format is None):
        return None
    if options.format in XML_FORMATS:
        return _as_return(source)
    if options.format is not None and (options.holds or options.constant):
        raise Refused(
            "unknown_column",
            f"--holds and --constant are for {', '.join(FLAT_FORMATS)}, not {options.format}",
        )
    if options.format is not None:
        return presets.Recognised(options.format, "you say so", source.files)
    found = presets.recognise(source.files, codecs_of(source, options.encoding))
    if found is None or not options.map or found.format != "annex_a":
        return found
    known = {column.name for kind in FORMATS[found.format].values() for column in kind}
    return found if known.issuperset(options.map) else None


def _as_return(source: Source) -> presets.Recognised:
    returns = [path for path in source.files if is_xml(path.name)]
    found = presets.recognise(returns)
    if found is None:
        unread = [reason for reason in map(unread_return, returns) if reason]
        raise Refused("xml_unreadable", "; ".join(unread) or f"{source.folder} holds no XML file")
    return found


def _add_one(
    project: Path,
    extracts: Path,
    options: argparse.Namespace,
    source: Source,
    recognised: presets.Recognised | None,
) -> tuple[list[str], int]:
    folders = open_deliveries(extracts)
    said = _said_by_return(recognised)
    la_code = options.la_code or (said.la_code if said else None)
    authority = place.find_authority(folders, source, la_code, options.delivery)
    format_name = recognised.format if recognised else None
    if recognised is not None:
        lines = wrapped(
            f"{_counted_names(source)}: format {format_name}, because {recognised.because}."
        )
        if recognised.format == "annex_a" and options.format is None:
            lines += wrapped("  Is it a list of your own? Then: --format case_list")
        proposals: list[Proposal] = []
        sorted_files = sort_files(source, recognised, options)
        left = [*sorted_files.left]
        returns, undecided = sorted_files.files, sorted_files.undecided
        files: Sequence[Path] = [file.path for file in returns]
    else:
        returns, undecided = (), ()
        proposals, left = find_proposals(project, source, options, authority)
        format_name = proposals[0].format
        lines = _proposal_lines(proposals)
        files = tuple(dict.fromkeys(proposal.table.path for proposal in proposals))
    lines += listed(LEFT_THERE if source.in_place else LEFT, [shown(name) for name in left])
    lines += listed(NOT_READ, undecided)
    assert format_name is not None
    about = _about(options, authority, said, la_code, format_name, source)
    if isinstance(about, str):
        return [*lines, "", *wrapped(about)], 2
    slug = authority.slug if authority else place.slug_of(about.la_name)
    place.check_one_folder(folders, about.la_code, slug)
    name = _delivery_name(options, source, about, said)
    _check_name(authority, about, name)
    text = (
        write.preset_text(about, returns)
        if recognised is not None
        else write.flat_text(about, proposals)
    )
    earlier = place.earlier_delivery(authority, about.format, about.as_of_date)
    planned = _Planned(
        extracts / slug / name, about, tuple(files), text, proposals, earlier, returns
    )
    more, status = _write(extracts, planned, options)
    is_open = bool(undecided) or _may_be_data(left) or (source.in_place and bool(left))
    if is_open and not status:
        more[-1:] = wrapped("Next: see to the files that are not in it, as said above.")
    return [*lines, *more], max(status, int(is_open))


@dataclass(frozen=True)
class _Planned:
    """A delivery as it is to be: its folder, its files and the text of its extract.yml."""

    target: Path
    about: write.About
    files: tuple[Path, ...]
    text: str
    proposals: Sequence[Proposal]
    earlier: Delivery | None
    returns: Sequence[ReturnFile] = ()


def _may_be_data(names: Sequence[str]) -> bool:
    """Whether one of the files left behind is of a type that is read: then look again."""
    return any(Path(name).suffix.lower() in (*TABLE_SUFFIXES, ".xml") for name in names)


def _write(extracts: Path, planned: _Planned, options: argparse.Namespace) -> tuple[list[str], int]:
    """Checks the delivery as the door does, puts it in its place and says what became of it."""
    target, text, files = planned.target, planned.text, planned.files
    slug, name = target.parent.name, target.name
    proposals = planned.proposals
    was_there = write.is_there(target, text, files)
    if not was_there:
        write.check_free(target, files, options.force)
    is_open = any(proposal.missing for proposal in proposals)
    with write.staged(extracts, slug, name, files, text) as (root, folder):
        checked = Checked(None, (), ()) if is_open else check_folder(root, folder)
        if checked.refusals:
            raise _with_next_step(as_one(checked.refusals), planned)
        drift, has_drift = _drift(planned.earlier, proposals, checked.delivery)
        if not was_there:
            write.put(folder, target)
    if options.move:
        write.remove_moved(files, target)
    lines = drift
    undecided = _undecided(proposals)
    notes = [note for proposal in proposals for note in proposal.notes]
    lines += listed("Found:", notes)
    lines += listed("Not decided, and written as a comment:", undecided)
    if is_open:
        lines += [
            "",
            *wrapped("The door refuses this delivery until the required columns are mapped."),
        ]
    else:
        lines += listed("The door would land:", checked.lines)
    where = f"{extracts.name}/{slug}/{name}/{CONTRACT_FILE}"
    lines += ["", f"{'Unchanged' if was_there else 'Wrote'} {where}"]
    lines += wrapped(
        "Next: decide what is listed, by the flags or in that file."
        if undecided
        else "Next: `csc land` shows what lands; `dbt build` builds."
    )
    return lines, 1 if undecided or has_drift else 0


def _with_next_step(refusal: Refused, planned: _Planned) -> Refused:
    """A refusal of files that lack required headers, with the extract.yml that would do."""
    entries = (
        with_missing(planned.about.format, planned.returns)
        if planned.about.format in PRESET_FORMATS
        else []
    )
    if not entries:
        return refusal
    told = [
        f"--map {shlex.quote(f'{name}={header}')}"
        for entry, before in ((entry, _before(entry, planned)) for entry in entries)
        for name, header in entry.columns.items()
        if name not in before and entry.sheet is None
    ]
    where = "/".join(planned.target.parts[-3:])
    reason = refusal.reason.replace("; mend columns: in extract.yml or ask for the column", "")
    flags = f"say which header it is ({', '.join(told)}), or " if told else ""
    lines = "\n".join(f"  {line}" for line in ("files:", *write.entry_lines(entries)))
    return Refused(
        refusal.code,
        f"{reason}\nNothing was written. Ask for the column, or {flags}put the files in "
        f"{where}/ with an extract.yml that ends\n"
        f"{lines}",
    )


def _before(entry: ReturnFile, planned: _Planned) -> Mapping[str, str]:
    return next(file.columns for file in planned.returns if file.path == entry.path)


def check(project: Path, extracts: Path, options: argparse.Namespace) -> tuple[list[str], int]:
    """Compares the files of a delivery with its extract.yml, in place, writing nothing: 0 where
    every declared header is there, else 1; Refused where there is nothing to compare."""
    folder = options.path if options.path.is_dir() else options.path.parent
    if not (folder / CONTRACT_FILE).is_file():
        raise Refused("no_extract_yml", f"{folder} has no {CONTRACT_FILE} to compare with")
    if folder.resolve().parent.parent != extracts.resolve():
        raise Refused("not_a_delivery", f"{folder} is no <authority>/<delivery> in {extracts}")
    extracts = extracts.resolve()
    folders = open_deliveries(extracts)
    opened = next(found for found in folders if found.path == folder.resolve())
    if opened.delivery is None:
        assert opened.refusal is not None
        raise opened.refusal
    lines = [f"{opened.label}: format {opened.delivery.format}, as of {opened.delivery.as_of_date}"]
    changed = False
    for spec in opened.delivery.files:
        if opened.delivery.format in FLAT_FORMATS and spec.columns:
            more, differs = _check_file(project, opened, opened.delivery, spec)
            lines += more
            changed = changed or differs
    checked = check_folder(extracts, folder.resolve())
    lines += listed("The door would land:", checked.lines)
    lines += listed("The door refuses:", [f"[{r.code}] {r.reason}" for r in checked.refusals])
    return lines, 1 if changed or checked.refusals else 0


def _check_file(
    project: Path, opened: DeliveryFolder, delivery: Delivery, spec: FileSpec
) -> tuple[list[str], bool]:
    path = opened.path / spec.name
    if not path.is_file():
        return [], True
    known = {plain(header) for header in spec.columns.values()} | vocabulary()
    layout = Layout(header_row=spec.header_row, sheet=spec.sheet)
    table = find_table(path, layout, {"sheet"}, counter(known))
    given = Given(
        declared=spec.columns,
        ignored=spec.ignored_columns,
        codes=spec.codes,
        constants=spec.constants,
    )
    proposal = propose(
        table, profile_table(table), delivery.format, spec.holds, Codes(project), given
    )
    changes = compare(spec, proposal)
    lines = ["", *drift_lines(f"{shown(spec.name)}, declared against found", changes)]
    settings = changed_settings(spec, proposal)
    lines += _settings_lines(settings)
    return lines, is_changed(changes) or bool(settings)


# Whose they are


def _said_by_return(
    recognised: presets.Recognised | None,
) -> xml_returns.ReturnHeader | None:
    if recognised is None or recognised.format != "cin_census":
        return None
    return xml_returns.read_header(recognised.files[0])


def _about(
    options: argparse.Namespace,
    authority: Authority | None,
    said: xml_returns.ReturnHeader | None,
    la_code: str | None,
    format_name: str,
    source: Source,
) -> write.About | str:
    """What extract.yml says of the delivery, or a sentence on what is missing for it."""
    la_code = la_code or (authority.la_code if authority else None)
    la_name = options.la_name or (authority.la_name if authority else None)
    as_of = options.as_of or _day_of(source)
    missing = [
        flag
        for flag, value in (
            ("--la-code 331 (three digits)", la_code),
            ("--la-name NAME", la_name),
            (
                "--as-of 2024-03-31 (the day of the extract)",
                as_of or (said and said.reference_date),
            ),
        )
        if not value
    ]
    if missing:
        return f"Nothing was written. To write extract.yml, give {', '.join(missing)}."
    assert la_code
    assert la_name
    if authority and authority.la_code and authority.la_code != la_code:
        raise Refused(
            "la_code_differs",
            f"the authority of {authority.slug} is {authority.la_code}, not {shown(la_code)}",
        )
    is_synthetic = options.synthetic or bool(
        authority and authority.deliveries and authority.deliveries[-1][1].is_synthetic
    )
    about = write.About(
        la_code=la_code,
        la_name=la_name,
        format=format_name,
        as_of_date=options.as_of if said else as_of,
        is_synthetic=is_synthetic,
        window_start=options.window_start,
        submission=options.submission,
    )
    about.check()
    return about


def _check_name(authority: Authority | None, about: write.About, delivery: str) -> None:
    """Refused where the other deliveries of the authority have another name for it."""
    others = (
        [other for name, other in authority.deliveries if name != delivery] if authority else []
    )
    if others and plain_header(others[-1].la_name) != plain_header(about.la_name):
        raise Refused(
            "la_name_differs",
            f"{about.la_code} is '{shown(others[-1].la_name)}' in its other deliveries, not "
            f"'{shown(about.la_name)}': leave --la-name out, or mend la_name in those first",
        )


def _day_of(source: Source) -> date | None:
    """The day that a delivery's folder is named after, where it is one."""
    try:
        return date.fromisoformat(source.folder.name) if source.in_place else None
    except ValueError:
        return None


def _delivery_name(
    options: argparse.Namespace,
    source: Source,
    about: write.About,
    said: xml_returns.ReturnHeader | None,
) -> str:
    if source.in_place:
        return source.folder.name
    if options.delivery:
        return place.check_delivery_name(options.delivery)
    day = about.as_of_date or (said.reference_date if said else None)
    assert day is not None
    ends = {"case_list": "", "study_files": "-study-files"}
    name = f"{day:%Y-%m}{ends.get(about.format, '-' + about.format.replace('_', '-'))}"
    submission = about.submission or (said.submission if said else None) or 1
    return f"{name}-{submission}" if submission > 1 else name


# What is said


def _proposal_lines(proposals: Sequence[Proposal]) -> list[str]:
    lines: list[str] = []
    for proposal in proposals:
        lines += [*proposal_lines(proposal), ""]
    return lines[:-1]


def _drift(
    earlier: Delivery | None, proposals: Sequence[Proposal], delivery: Delivery | None
) -> tuple[list[str], bool]:
    """What differs from the delivery before, and whether a declared column isn't where it was."""
    if earlier is None or earlier.format == "cin_census":  # its elements have fixed names
        return [], False
    title = f"Against the delivery as of {earlier.as_of_date}"
    lines: list[str] = []
    has_changed = False
    if not proposals and delivery is not None:
        changes = compare_specs(earlier.files, delivery.files)
        return ["", *drift_lines(title, changes)], is_changed(changes)
    for proposal in proposals:
        headers = {plain_header(header) for header in proposal.table.headers}
        layout = proposal.table.layout
        spec = place.earlier_spec(earlier, proposal.table.path.name, layout.sheet, headers)
        if spec is None:
            continue
        found: list[Change] = compare(spec, proposal)
        name = shown(proposal.table.path.name)
        lines += ["", *drift_lines(f"{title}, {name}", found)]
        lines += _settings_lines(changed_settings(spec, proposal))
        has_changed = has_changed or any(c.change == "missing" or not c.is_sure for c in found)
    return lines, has_changed


def _settings_lines(settings: Mapping[str, tuple[str, str]]) -> list[str]:
    return [f"  {key}: declared {old!r}, found {new!r}" for key, (old, new) in settings.items()]


def _undecided(proposals: Sequence[Proposal]) -> list[str]:
    sentences = []
    for proposal in proposals:
        sentences += [*proposal.likely, *proposal.undecided]
        for name, match in proposal.codes.items():
            if match.n_unmatched_values:
                sentences.append(
                    f"codes of {name}: {match.n_unmatched_values} of {match.n_values} values "
                    f"unmatched, in {counted(match.n_unmatched_records, 'record')}; extract.yml "
                    "says how to see them"
                )
    return sentences


def _counted_names(source: Source) -> str:
    names = [shown(path.name) for path in source.files]
    return names[0] if len(names) == 1 else f"{source.folder.name} ({len(names)} files)"
