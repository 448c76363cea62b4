"""Which header is which canonical column, and what a flat file holds.

What is exact or known counts as decided. What is only likely (a header that resembles a known one,
a reading that has to be confirmed) is shown and left for the user, as is whatever has two answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher

from csc_outcomes.adding.known import CodeMatch, Codes, plain, spellings
from csc_outcomes.adding.layout import Table, looks_like_data
from csc_outcomes.adding.profile import FORMS, ColumnProfile, TableProfile
from csc_outcomes.landing.columns import FORMATS, Column
from csc_outcomes.landing.contract import counted, shown

SIMILAR = 0.86  # likeness of spellings from which a header is proposed, to be confirmed
CLEARLY = 0.99  # share of the telling dates that settles dmy or mdy; the rest are typing errors
MIN_KIND_SHARE = 0.5  # of a date column's values that must be dates, of an id column's readable
SURE = ("given", "declared", "exact", "known")
UNREAD_DATES = "dates in a form that isn't read (such as dd.mm.yyyy): ask for another export"


@dataclass(frozen=True)
class Match:
    """A canonical column and the header for it, with how sure that is and why."""

    column: str
    header: str
    confidence: str  # given, declared, exact, known, likely
    because: str = ""

    @property
    def is_sure(self) -> bool:
        """Whether nobody has to look at it."""
        return self.confidence in SURE


@dataclass(frozen=True)
class Given:
    """What the user, or an earlier delivery, has decided already."""

    columns: Mapping[str, str] = field(default_factory=dict)  # canonical column -> header
    constants: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    date_formats: tuple[str, ...] = ()
    declared: Mapping[str, str] = field(default_factory=dict)  # by an earlier delivery
    takes_likely: bool = False


@dataclass(frozen=True)
class Proposal:
    """What one table holds and how its columns are mapped; `undecided` are sentences."""

    table: Table
    profile: TableProfile
    format: str
    holds: str
    matches: tuple[Match, ...]
    constants: Mapping[str, str]
    likely_constants: Mapping[str, str]
    ignored: tuple[str, ...]
    codes: Mapping[str, CodeMatch]
    declared_codes: Mapping[str, Mapping[str, str]]
    date_formats: tuple[str, ...]
    list_separator: str | None
    undecided: tuple[str, ...]
    notes: tuple[str, ...]
    missing: tuple[str, ...]  # required columns that nothing is mapped to

    @property
    def mapped(self) -> dict[str, str]:
        """Canonical column -> header, of what is decided."""
        return {match.column: match.header for match in self.matches if match.is_sure}

    @property
    def likely(self) -> tuple[str, ...]:
        """A sentence on each match that the user has to confirm."""
        return tuple(
            f"{match.column}: likely '{shown(match.header)}' ({match.because})"
            for match in self.matches
            if not match.is_sure
        )

    @property
    def unmapped(self) -> tuple[str, ...]:
        """Headers that serve no column and aren't ignored, as far as they may be shown."""
        used = {plain_header(header) for header in (*self.ignored, *self._all_headers())}
        return tuple(
            header
            for header in self.table.headers
            if header.strip() and plain_header(header) not in used
        )

    def _all_headers(self) -> Iterator[str]:
        yield from (match.header for match in self.matches)

    def column_profile(self, header: str) -> ColumnProfile:
        """The profile of the column with that header."""
        headers = [plain_header(found) for found in self.table.headers]
        return self.profile.columns[headers.index(plain_header(header))]


def plain_header(header: str) -> str:
    """A header as the door compares it: case and spaces don't count."""
    return " ".join(header.replace("\ufeff", "").split()).casefold()


def score(proposal: Proposal) -> float:
    """How well a kind fits a table: headers it explains, less what it can't do without."""
    columns = {column.name: column for column in FORMATS[proposal.format][proposal.holds]}
    fit = sum(1.0 if match.is_sure else 0.5 for match in proposal.matches)
    for name in proposal.missing:
        is_hard = columns[name].kind in ("id", "date") or columns[name].kind == "codes"
        is_likely = any(match.column == name for match in proposal.matches)
        fit -= 0.5 if is_likely or not is_hard else 3.0
    stem = plain(proposal.table.path.stem)
    return fit + 0.75 * (plain(proposal.holds) in (stem, plain(proposal.table.layout.sheet or "")))


def propose(
    table: Table, profile: TableProfile, format_name: str, holds: str, codes: Codes, given: Given
) -> Proposal:
    """The proposed mapping of a table as one kind of one format."""
    columns = {column.name: column for column in FORMATS[format_name][holds]}
    undecided: list[str] = []
    matches = _fixed(table, columns, given, undecided)
    matches += _by_name(table, profile, holds, columns, matches, given, undecided)
    constants = {name: value for name, value in given.constants.items() if name in columns}
    by_prefix, programme = _programme_by_prefix(table, profile, columns, matches, constants)
    matches += by_prefix
    matches += _plan_from_referral(columns, matches)
    if given.takes_likely:
        matches = [_taken(match) for match in matches]
        constants |= programme
        programme = {}
    sure = {match.column for match in matches if match.is_sure} | set(constants)
    missing = tuple(
        name for name, column in columns.items() if column.is_required and name not in sure
    )
    undecided += _asked(matches, missing, columns)
    if "programme_id" in columns and "arm" in sure and not sure & {"programme_id"}:
        undecided.append("programme_id: nothing names the programme: --constant programme_id=NAME")
    proposal = Proposal(
        table,
        profile,
        format_name,
        holds,
        tuple(matches),
        constants,
        programme,
        given.ignored,
        {},
        given.codes,
        (),
        None,
        (),
        (),
        missing,
    )
    formats, separator, asked, notes = _dates(proposal, columns, given)
    matched, codes_asked = _codes(proposal, columns, codes, given)
    if table.has_doubt and proposal.unmapped:
        undecided.append(
            f"{counted(len(proposal.unmapped), 'header')} not shown, for they may be data: name "
            "them with --map or --ignore, or mend the file's header row"
        )
    return replace(
        proposal,
        codes=matched,
        date_formats=formats,
        list_separator=separator,
        undecided=(*undecided, *asked, *codes_asked),
        notes=tuple(notes),
    )


def _fixed(
    table: Table, columns: Mapping[str, Column], given: Given, undecided: list[str]
) -> list[Match]:
    """What the user gave, and what an earlier delivery declares where its header is there."""
    there = {plain_header(header): header for header in table.headers}
    matches = []
    for name, header in given.columns.items():
        if name in columns and plain_header(header) in there:
            matches.append(Match(name, there[plain_header(header)], "given"))
    done = {match.column for match in matches}
    for name, header in given.declared.items():
        if name in columns and name not in done and plain_header(header) in there:
            matches.append(Match(name, there[plain_header(header)], "declared"))
    return matches


def _by_name(
    table: Table,
    profile: TableProfile,
    holds: str,
    columns: Mapping[str, Column],
    fixed: list[Match],
    given: Given,
    undecided: list[str],
) -> list[Match]:
    """Exact and known headers first, then those that resemble a known one."""
    taken = {plain_header(match.header) for match in fixed}
    taken |= {plain_header(header) for header in given.ignored}
    done = {match.column for match in fixed} | set(given.constants)
    free = {
        place: header
        for place, header in enumerate(table.headers)
        if header.strip() and plain_header(header) not in taken
    }
    matches: list[Match] = []
    ways = ("exact", "known") if table.has_doubt else ("exact", "known", "likely")
    for confidence in ways:
        wanted = {name: column for name, column in columns.items() if name not in done}
        found = _pairs(confidence, holds, wanted, free, given.declared)
        for name, places in found.items():
            fitting = [place for place in places if _fits(columns[name], profile.columns[place])]
            if not fitting and confidence != "likely":
                undecided.append(
                    f"{name}: '{shown(free[places[0]])}' has the name for it, but it holds "
                    f"{profile.columns[places[0]].looks_like()}"
                )
                done.add(name)
            elif len(fitting) > 1:
                headers = " and ".join(f"'{shown(free[place])}'" for place in fitting)
                undecided.append(f"{name}: {headers} may both be it")
                done.add(name)
            elif fitting:
                because = f"like '{_nearest(holds, name, free[fitting[0]], given.declared)}'"
                header = free[fitting[0]]
                matches.append(
                    Match(name, header, confidence, because if confidence == "likely" else "")
                )
                done.add(name)
        used = {match.header for match in matches}
        free = {place: header for place, header in free.items() if header not in used}
    return matches


def _pairs(
    confidence: str,
    holds: str,
    columns: Mapping[str, Column],
    free: Mapping[int, str],
    declared: Mapping[str, str],
) -> dict[str, list[int]]:
    """Canonical column -> places of the headers that may be it; a likely header goes to the
    column that it resembles most."""
    found: dict[str, list[int]] = {}
    if confidence != "likely":
        for name in columns:
            names = {plain(name)} if confidence == "exact" else spellings(holds, name)
            places = [place for place, header in free.items() if plain(header) in names]
            if places:
                found[name] = places
        return found
    for place, header in free.items():
        if looks_like_data(header):
            continue
        scores = {name: _likeness(holds, name, header, declared) for name in columns}
        best = max(scores, key=lambda name: scores[name], default=None)
        if best is not None and scores[best] >= SIMILAR:
            found.setdefault(best, []).append(place)
    return found


def _known(holds: str, name: str, declared: Mapping[str, str]) -> list[str]:
    return sorted({*spellings(holds, name), plain(declared.get(name, name))})


def _likeness(holds: str, name: str, header: str, declared: Mapping[str, str]) -> float:
    return max(_like(plain(header), spelling) for spelling in _known(holds, name, declared))


def _nearest(holds: str, name: str, header: str, declared: Mapping[str, str]) -> str:
    known = _known(holds, name, declared)
    return max(known, key=lambda spelling: _like(plain(header), spelling))


def _like(header: str, spelling: str) -> float:
    """1 for the same words in another order; short words must be equal, for few letters tell too
    little."""
    if min(len(header), len(spelling)) < 5:
        return float(header == spelling)
    first, second = (
        " ".join(sorted(set(text.split()) - {"of", "the", "s"})) for text in (header, spelling)
    )
    likeness = SequenceMatcher(None, header, spelling).ratio()
    return max(likeness, SequenceMatcher(None, first, second).ratio())


def _fits(column: Column, profile: ColumnProfile) -> bool:
    """Whether a column's values speak against its name; an empty column speaks for nothing."""
    if not profile.n_filled:
        return True
    if column.kind == "date":
        return profile.date_share >= MIN_KIND_SHARE
    if column.kind == "id" and not column.is_lenient:
        n_readable = profile.n_filled - profile.n_unreadable_ids
        return n_readable >= MIN_KIND_SHARE * profile.n_filled and not profile.n_dated
    if column.kind == "code":
        return profile.n_dated < MIN_KIND_SHARE * profile.n_filled
    return True


def _programme_by_prefix(
    table: Table,
    profile: TableProfile,
    columns: Mapping[str, Column],
    matches: list[Match],
    constants: Mapping[str, str],
) -> tuple[list[Match], dict[str, str]]:
    """`x_flag` beside `x_start` (and `x_end`) is whether, and from when, a case had programme x:
    the matches and the constant that names it."""
    done = {match.column for match in matches} | set(constants)
    wanted = {"arm", "programme_start_date", "programme_id"}
    if not wanted <= set(columns) or wanted & done:
        return [], {}
    used = {match.header for match in matches}
    free = {
        plain(header): (header, column)
        for header, column in zip(table.headers, profile.columns, strict=True)
        if header not in used
    }
    flags = [name for name in free if name.endswith(" flag")]
    names = [flag.removesuffix(" flag") for flag in flags]
    names = [name for name in names if {f"{name} start", f"{name} start date"} & set(free)]
    if len(names) != 1:
        return [], {}
    name = names[0]
    programme = name.replace(" ", "_")
    because = f"a flag beside a start: programme_id {shown(programme)}"
    found = [Match("arm", free[f"{name} flag"][0], "likely", because)]
    for column, ends in (
        ("programme_start_date", (f"{name} start", f"{name} start date")),
        ("programme_end_date", (f"{name} end", f"{name} end date")),
    ):
        for end in ends:
            if end in free and column not in done and _fits(columns[column], free[end][1]):
                found.append(Match(column, free[end][0], "likely", because))
    return found, {"programme_id": programme}


def _plan_from_referral(columns: Mapping[str, Column], matches: list[Match]) -> list[Match]:
    """A case list that knows the referral alone: cases start with it, if the user agrees."""
    done = {match.column: match for match in matches}
    if "plan_start_date" not in columns or "plan_start_date" in done or "referral_date" not in done:
        return []
    because = "no plan start in the file: do cases start with the referral?"
    return [Match("plan_start_date", done["referral_date"].header, "likely", because)]


def _taken(match: Match) -> Match:
    return match if match.is_sure else replace(match, confidence="given")


def _asked(
    matches: list[Match], missing: tuple[str, ...], columns: Mapping[str, Column]
) -> list[str]:
    likely = {match.column for match in matches if not match.is_sure}
    asked = []
    for name in missing:
        if name not in likely:
            by_constant = "" if columns[name].kind == "id" else f", or --constant {name}=VALUE"
            asked.append(f"{name} is required: --map {name}='HEADER'{by_constant}")
    return asked


def _dates(
    proposal: Proposal, columns: Mapping[str, Column], given: Given
) -> tuple[tuple[str, ...], str | None, list[str], list[str]]:
    """(date formats, list separator, what is undecided, notes) over all mapped date columns."""
    profiles = {
        match.header: proposal.column_profile(match.header)
        for match in proposal.matches
        if columns[match.column].kind == "date"
    }
    n = dict.fromkeys(FORMS, 0)
    for profile in profiles.values():
        for form, n_values in profile.dates.items():
            n[form] += n_values
    undecided: list[str] = []
    notes: list[str] = []
    formats = [form for form in ("iso", "dmony", "mony", "excel_serial") if n[form]]
    slashed = _slashed(n, profiles, given, undecided, notes)
    formats += [slashed] if slashed else []
    if n["unread"]:
        where = ", ".join(f"'{shown(h)}'" for h, p in profiles.items() if p.dates["unread"])
        undecided.append(f"dates of {where}: {n['unread']:,} {UNREAD_DATES}")
    separators = {mark for profile in profiles.values() for mark in profile.separators}
    separators -= {"\n"} if len(separators) > 1 else set()
    if len(separators) > 1:
        undecided.append("list_separator: several dates of one cell are separated in several ways")
    separator = next(iter(separators)) if len(separators) == 1 else None
    return given.date_formats or tuple(formats), separator, undecided, notes


def _slashed(
    n: Mapping[str, int],
    profiles: Mapping[str, ColumnProfile],
    given: Given,
    undecided: list[str],
    notes: list[str],
) -> str | None:
    """dmy or mdy where dates above the 12th tell; None where there are none or they disagree."""
    n_telling = n["dmy"] + n["mdy"]
    if given.date_formats:
        return None
    if not n_telling:
        if n["dmy_or_mdy"]:
            undecided.append(
                f"date_formats: all {n['dmy_or_mdy']:,} dates with slashes have both numbers up to "
                "12, so day and month can't be told apart: --date-format dmy (or mdy)"
            )
        return None
    for form, other in (("dmy", "mdy"), ("mdy", "dmy")):
        if n[form] >= CLEARLY * n_telling:
            rest = f", {counted(n[other], 'date')} can only be {FORMS[other]}" if n[other] else ""
            notes.append(f"{FORMS[form]}: {counted(n[form], 'date')} can be nothing else{rest}")
            return form
    sides = {
        form: ", ".join(f"'{shown(h)}'" for h, p in profiles.items() if p.dates[form])
        for form in ("dmy", "mdy")
    }
    undecided.append(
        f"date_formats: {counted(n['dmy'], 'date')} can only be {FORMS['dmy']} ({sides['dmy']}), "
        f"{counted(n['mdy'], 'date')} only {FORMS['mdy']} ({sides['mdy']}): no file may hold both"
    )
    return None


def _codes(
    proposal: Proposal, columns: Mapping[str, Column], codes: Codes, given: Given
) -> tuple[dict[str, CodeMatch], list[str]]:
    """Known spellings of each coded column, and how many values nobody knows."""
    matched: dict[str, CodeMatch] = {}
    asked: list[str] = []
    for match in proposal.matches:
        column = columns[match.column]
        if column.kind != "code":
            continue
        known = codes.known(column)
        if not known:
            continue
        values = proposal.column_profile(match.header).values
        declared = {source.casefold() for source in given.codes.get(column.name, {})}
        if values is None:
            n_distinct = proposal.column_profile(match.header).n_distinct
            asked.append(
                f"codes of {column.name}: {n_distinct:,} different or very long values, too many "
                "to be codes; none was matched"
            )
            continue
        left = type(values)(
            {v: n for v, n in values.items() if " ".join(v.split()).casefold() not in declared}
        )
        matched[column.name] = codes.match(column, left)
    return matched, asked
