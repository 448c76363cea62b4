"""XML returns: one pass over a file gives the records of all kinds, in memory that doesn't grow.

The file is cut behind `</Child>` into chunks of a quarter of a megabyte; each is parsed together
with everything up to and including `<Children>`, and one XSLT writes all its records. Measured
against a plain lxml parse of the same file: up to here 3.5 times its CPU time, with chunks of 4 MB
5 times, as their trees outgrow the processor's caches; iterparse takes twice that of a plain parse
before Python does anything with the 30,000 tags of a megabyte. An XSLT with one for-each or one
concat per value, or with variables for what records inherit, is no faster.

Cutting is safe. A cut inside a comment, a CDATA section or a nested Child leaves a chunk that does
not parse, and then the file is refused; where every chunk parses, each began and ended directly
inside Children, as in the whole file. Nothing is looked up outside the file: a document type is
refused before lxml sees it, and with it all entities; the limits of libxml2 (256 levels, ten
million characters) stay in force.

Every element is accounted for: the XSLT marks each value that it takes, and where the marks are
fewer than the elements, those that nobody knows are named.
"""

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO
from xml.sax.saxutils import quoteattr

import pyarrow as pa
import yaml
from lxml import etree

from csc_outcomes.landing.contract import Delivery, FileSpec, counted, shown
from csc_outcomes.landing.csv_rows import MAX_CELL_CHARS
from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.header import DATE_OR_LONG_NUMBER
from csc_outcomes.landing.parts import Batch

XML_SUFFIX = ".xml"
PRESET = Path(__file__).parent / "presets" / "cin_census.yml"
CHUNK_BYTES = 1 << 18
MAX_CHILD_BYTES = 2_000_000
MAX_PROLOGUE_BYTES = 200_000  # up to and including <Children>
BATCH_FIELDS = 150_000  # that wait until their records are handed on
MAX_UNKNOWN = 1_000
CHILDREN = re.compile(rb"<((?:[\w.-]+:)?)Children(?:\s[^<>]*?)?(/?)>")
CHILD_END = re.compile(rb"</(?:[\w.-]+:)?Child\s*>")
DOCUMENT_TYPE = (b"<!DOCTYPE", b"<!ENTITY")
DECLARED_ENCODING = re.compile(r"""^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([\w.-]{1,40})["']""")
ELEMENT_NAME = re.compile(r"[A-Z][A-Za-z0-9_]{1,39}")
AUTHORITY = re.compile(r"[A-Z0-9]{3}")
SERIAL_NUMBER = re.compile(r"0*([1-9][0-9]{0,5})")
# In what an XSLT writes no value holds any of these three, for it makes spaces of them.
FIELD_END, VALUE_END, INHERITED_END = "\t", "\r", "\n"
TEXT_IN_XSLT = {FIELD_END: "&#9;", VALUE_END: "&#13;", INHERITED_END: "&#10;"}
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
WITHOUT_MARK = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))


@dataclass(frozen=True)
class ReturnHeader:
    """What a return says about itself; None where it doesn't."""

    la_code: str | None
    reference_date: date | None
    submission: int | None


@dataclass(frozen=True)
class _Kind:
    """One kind of record: where its records stand and where their columns do."""

    records: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    derived: Mapping[str, Mapping[str, Any]]
    codes: Mapping[str, Mapping[str, str]]

    @property
    def is_value(self) -> bool:
        """Whether the element of a record is a value of its own: a review is its date."""
        return (".",) in self.columns.values()


@dataclass(frozen=True)
class _Layout:
    """A return format, as its preset describes it."""

    root: str
    collection: str
    header: Mapping[str, str]
    kinds: Mapping[str, _Kind]
    known: frozenset[str]  # paths of all known elements, containers included
    containers: tuple[str, ...]  # paths of those that neither are records nor give a value


def file_specs(name: str) -> tuple[FileSpec, ...]:
    """The parts of the CIN census return `name`: one for each kind of record it holds."""
    return tuple(
        FileSpec(
            name=name,
            holds=holds,
            columns={column: " or ".join(paths) for column, paths in _all_columns(kind).items()},
            codes=kind.codes,
        )
        for holds, kind in _layout().kinds.items()
    )


def read_header(path: Path) -> ReturnHeader:
    """What the return at `path` says about itself; Refused where it is no CIN census return."""
    with path.open("rb") as stream:
        return _Prologue.read(path, _utf8_blocks(path, stream))[0].header


class XmlReturn:
    """An open return: its records, kind by kind."""

    def __init__(
        self, path: Path, stream: BinaryIO, specs: Sequence[FileSpec], delivery: Delivery
    ) -> None:
        layout = _layout()
        self._path = path
        self._specs = specs
        self._kinds = [layout.kinds[spec.holds] for spec in specs]
        self._blocks = _utf8_blocks(path, stream)
        self._prologue, self._rest = _Prologue.read(path, self._blocks)
        _check_header(path, self._prologue.header, delivery)
        self._transform = _transform(tuple(spec.holds for spec in specs), self._prologue.namespace)
        self._widths = [len(kind.columns) for kind in self._kinds]
        self._n_read = [0] * len(specs)
        self._unknown: dict[str, None] = {}
        self._n_hidden = 0

    def batches(self) -> Iterator[Batch]:
        """All records; those of all kinds of the same children follow each other."""
        waiting: list[list[str]] = [[] for _ in self._specs]
        for chunk in self._chunks():
            for fields, more in zip(waiting, self._records(chunk), strict=True):
                fields += more
            if sum(map(len, waiting)) >= BATCH_FIELDS:
                yield from self._handed_on(waiting)
        yield from self._handed_on(waiting)

    def _handed_on(self, waiting: list[list[str]]) -> Iterator[Batch]:
        for part, fields in enumerate(waiting):
            if fields:
                yield self._batch(part, fields)
                waiting[part] = []

    def unknown(self) -> tuple[str, ...]:
        """Names of the outermost elements that the preset doesn't know."""
        hidden = f"{counted(self._n_hidden, 'element')}, not shown: no names of elements"
        return (*self._unknown, *([hidden] if self._n_hidden else []))

    def _chunks(self) -> Iterator[bytes]:
        """The document in pieces, each a whole document again."""
        start, end = self._prologue.start, self._prologue.end
        rest = self._rest
        for block in self._blocks:
            rest += block
            cut = _last_child_end(rest)
            if cut:
                yield b"".join((start, rest[:cut], end))
                rest = rest[cut:]
            elif len(rest) > MAX_CHILD_BYTES:
                raise Refused(
                    "record_too_large",
                    f"{self._path.name}: a Child is over {MAX_CHILD_BYTES:,} bytes long, or none "
                    f"of its ends is there ({self._after()})",
                )
        cut = _last_child_end(rest)
        if cut:
            yield b"".join((start, rest[:cut], end))
        yield start + rest[cut:]

    def _records(self, chunk: bytes) -> list[list[str]]:
        """The fields of all records of a chunk, by part, record after record."""
        document = _parse(chunk)
        if document is None:
            raise Refused(
                "xml_unreadable",
                f"{self._path.name} is not well-formed XML, or cut short ({self._after()}); ask "
                "for it again",
            )
        text = str(self._transform(document))
        n_values = text.count(VALUE_END)
        text = text.replace(VALUE_END + FIELD_END, FIELD_END).replace(VALUE_END, ";")
        text = text.replace(INHERITED_END + FIELD_END, FIELD_END).replace(INHERITED_END, ";")
        fields = text.split(FIELD_END)
        n_parts = len(self._specs)
        n_elements, n_containers, *n_records = map(int, fields[: n_parts + 2])
        place = n_parts + 2
        parts = []
        for n, width in zip(n_records, self._widths, strict=True):
            parts.append(fields[place : place + n * width])
            place += n * width
        assert place == len(fields) - 1
        n_holders = sum(
            n for n, kind in zip(n_records, self._kinds, strict=True) if not kind.is_value
        )
        if n_elements != self._prologue.n_elements + n_containers + n_holders + n_values:
            self._note_unknown(document)
        return parts

    def _batch(self, part: int, fields: list[str]) -> Batch:
        kind, width = self._kinds[part], self._widths[part]
        if max(map(len, fields), default=0) > MAX_CELL_CHARS:
            raise Refused("cell_too_large", f"a value is over {MAX_CELL_CHARS:,} characters long")
        cells = {
            name: pa.array(fields[place::width], pa.string())
            for place, name in enumerate(kind.columns)
        }
        for name, rule in kind.derived.items():
            others = frozenset(code.upper() for code in rule["other_than"])
            found = cells[rule["column"]].dictionary_encode()
            has_other = [_has_other(cell, others) for cell in found.dictionary.to_pylist()]
            cells[name] = pa.array(has_other, pa.string()).take(found.indices)
        first, n = self._n_read[part] + 1, len(fields) // width
        self._n_read[part] += n
        return Batch(part, cells, range(first, first + n))

    def _note_unknown(self, document: Any) -> None:
        for name in _unknown_elements(document.getroot(), self._prologue.namespace):
            if len(self._unknown) >= MAX_UNKNOWN:
                return
            if ELEMENT_NAME.fullmatch(name) and not DATE_OR_LONG_NUMBER.search(name):
                self._unknown[shown(name)] = None
            else:
                self._n_hidden += 1

    def _after(self) -> str:
        return f"somewhere after child {sum(self._n_read[:1]):,}"


@dataclass(frozen=True)
class _Prologue:
    """Everything up to `<Children>`, which each chunk begins with, and what it says."""

    start: bytes
    end: bytes  # what closes what `start` leaves open
    namespace: str
    n_elements: int
    header: ReturnHeader

    @classmethod
    def read(cls, path: Path, blocks: Iterator[bytes]) -> tuple["_Prologue", bytes]:
        """The prologue, and what was read of the file behind it."""
        content = b""
        for block in blocks:
            content += block
            opening = CHILDREN.search(content)
            if opening or len(content) > MAX_PROLOGUE_BYTES:
                break
        else:
            opening = CHILDREN.search(content)
        start = content[: opening.end()] if opening else content
        if any(mark in start for mark in DOCUMENT_TYPE):
            raise Refused(
                "xml_document_type",
                f"{path.name} declares a document type or entities; a return has neither",
            )
        if not content.strip():
            raise Refused("empty_file", f"{path.name} is empty; ask for it again")
        return cls._parsed(path, start), content[len(start) :]

    @classmethod
    def _parsed(cls, path: Path, start: bytes) -> "_Prologue":
        layout = _layout()
        parser = etree.XMLPullParser(("start", "end"), **_PARSER_OPTIONS)
        opened: list[Any] = []
        n_elements = 0
        try:
            parser.feed(start)
            for event, element in parser.read_events():
                if event == "end":
                    opened.pop()
                    continue
                opened.append(element)
                n_elements += 1
        except etree.XMLSyntaxError:
            raise Refused(
                "xml_unreadable", f"{path.name} is not well-formed XML; ask for it again"
            ) from None
        names = [etree.QName(element).localname for element in opened]
        is_empty = start.endswith(b"/>")
        if names != [layout.root, "Children"][: 1 if is_empty else 2]:
            raise _no_return(path)
        root = opened[0]
        ends = [f"</{_tag(element)}>" for element in reversed(opened)]
        namespace = etree.QName(root).namespace or ""
        header = _header(path, root, namespace)
        return cls(start, "".join(ends).encode(), namespace, n_elements, header)


def _tag(element: Any) -> str:
    name = etree.QName(element).localname
    return f"{element.prefix}:{name}" if element.prefix else name


def _header(path: Path, root: Any, namespace: str) -> ReturnHeader:
    layout = _layout()
    prefix = f"{{{namespace}}}" if namespace else ""
    said = {}
    for name, element_path in layout.header.items():
        steps = "/".join(f"{prefix}{step}" for step in element_path.split("/"))
        texts = {" ".join((found.text or "").split()) for found in root.iterfind(steps)}
        if len(texts) > 1:
            raise Refused(
                "header_disagrees", f"{path.name}: its header has two different {element_path}"
            )
        said[name] = next(iter(texts), "")
    if said["collection"].upper() != layout.collection:
        raise _no_return(path)
    serial = SERIAL_NUMBER.fullmatch(said["serial_number"])
    return ReturnHeader(
        la_code=said["la_code"] if AUTHORITY.fullmatch(said["la_code"]) else None,
        reference_date=_day(said["reference_date"]),
        submission=int(serial[1]) if serial else None,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _no_return(path: Path) -> Refused:
    layout = _layout()
    return Refused(
        "not_this_return",
        f"{path.name} is no {layout.collection} census return: that is a {layout.root} with "
        f"Collection {layout.collection} in its header and Children",
    )


def _check_header(path: Path, header: ReturnHeader, delivery: Delivery) -> None:
    """Refused where the return is of another authority or another day than extract.yml says."""
    if header.la_code != delivery.la_code:
        raise Refused(
            "header_disagrees",
            f"{path.name} is of authority {header.la_code or 'unknown'} (LEA in its header), "
            f"extract.yml says la_code {delivery.la_code}; deliver it with its own authority",
        )
    if header.reference_date != delivery.as_of_date:
        raise Refused(
            "header_disagrees",
            f"{path.name} is as of {header.reference_date or 'no day'} (ReferenceDate in its "
            f"header), extract.yml says as_of_date {delivery.as_of_date}; leave as_of_date out "
            "or mend it",
        )


def _utf8_blocks(path: Path, stream: BinaryIO) -> Iterator[bytes]:
    """The file in UTF-8, block by block; Refused where it isn't text in its encoding."""
    start = stream.read(1024)
    encoding, mark_length = _encoding(path, start)
    stream.seek(mark_length)
    decoder = codecs.getincrementaldecoder(encoding)()
    is_utf8 = encoding == "utf-8"
    try:
        while block := stream.read(CHUNK_BYTES):
            text = decoder.decode(block)
            yield _without_nul(path, block if is_utf8 else text.encode())
        decoder.decode(b"", final=True)
    except UnicodeError:
        raise Refused(
            "wrong_encoding", f"{path.name} is not {encoding} throughout, as it declares"
        ) from None


def _without_nul(path: Path, block: bytes) -> bytes:
    if b"\0" in block:
        raise Refused("nul_character", f"{path.name} holds NUL characters: it is no XML file")
    return block


def _encoding(path: Path, start: bytes) -> tuple[str, int]:
    """(Python codec, length of the byte order mark) of a file; Refused where two are declared."""
    marked = next(((codec, len(m)) for m, codec in BYTE_ORDER_MARKS if start.startswith(m)), None)
    seen = marked or next(((codec, 0) for m, codec in WITHOUT_MARK if start.startswith(m)), None)
    family = seen[0] if seen else "latin-1"
    declaration = DECLARED_ENCODING.search(start[seen[1] if seen else 0 :].decode(family, "ignore"))
    declared = declaration[1] if declaration else None
    try:
        codec = codecs.lookup(declared).name if declared else None
        b" ".decode(codec or "utf-8", "ignore")  # which no codec but those of text can
    except LookupError:
        raise Refused(
            "wrong_encoding", f"{path.name} declares an encoding that nobody knows"
        ) from None
    if seen is None:
        codec = codec or "utf-8"
        is_wrong = codec.startswith(("utf-16", "utf-32"))
    else:
        is_wrong = codec is not None and codec not in (seen[0], seen[0][:6].rstrip("-"))
    if is_wrong:
        raise Refused(
            "wrong_encoding",
            f"{path.name} declares the encoding {declared}, but its bytes are in another",
        )
    return seen or (codec or "utf-8", 0)


def _last_child_end(content: bytes) -> int:
    """Where the last `</Child>` of some bytes ends; 0 where there is none."""
    place = content.rfind(b"</Child>")
    if place >= 0:
        return place + len(b"</Child>")
    ends = [match.end() for match in CHILD_END.finditer(content)]
    return ends[-1] if ends else 0


_PARSER_OPTIONS: dict[str, Any] = {
    "encoding": "utf-8",  # whatever the declaration says: the blocks are UTF-8
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "recover": False,
    "remove_comments": True,
    "remove_pis": True,
    "remove_blank_text": True,
    "collect_ids": False,
}


def _parse(content: bytes) -> Any:
    """The document; None where it is none. lxml's own message may hold values and goes nowhere."""
    try:
        return etree.ElementTree(etree.fromstring(content, etree.XMLParser(**_PARSER_OPTIONS)))
    except (etree.XMLSyntaxError, ValueError):
        return None


def _unknown_elements(root: Any, namespace: str) -> Iterator[str]:
    """The names of the outermost elements under Children, or beside it, that nobody knows."""
    prefix = f"{{{namespace}}}" if namespace else ""
    known = _layout().known
    children, child = f"{prefix}Children", f"{prefix}Child"
    for block in root:
        if block.tag != children:
            if block.tag != f"{prefix}Header":
                yield etree.QName(block).localname
            continue
        for record in block:
            if record.tag != child:
                yield etree.QName(record).localname
                continue
            pending = [(record, "")]
            while pending:
                parent, path = pending.pop()
                for element in parent:
                    name = etree.QName(element).localname
                    is_ours = element.tag == prefix + name and path + name in known
                    if is_ours:
                        pending.append((element, f"{path}{name}/"))
                    else:
                        yield name


def _has_other(cell: str, others: frozenset[str]) -> str:
    """'1' where a list of codes has one other than those, '0' where it has none, '' if empty."""
    codes = {code.strip().upper() for code in cell.split(";")} - {""}
    return str(int(bool(codes - others))) if codes else ""


def _all_columns(kind: _Kind) -> dict[str, tuple[str, ...]]:
    derived = {name: kind.columns[rule["column"]] for name, rule in kind.derived.items()}
    return {**kind.columns, **derived}


@cache
def _layout() -> _Layout:
    """The preset, checked by use: all of its paths are of elements it knows."""
    document = yaml.safe_load(PRESET.read_text(encoding="utf-8"))
    kinds = {
        holds: _Kind(
            records=_listed(entry["record"]),
            columns={column: _listed(path) for column, path in entry["columns"].items()},
            derived=entry.get("derived", {}),
            codes=entry.get("codes", {}),
        )
        for holds, entry in document["kinds"].items()
    }
    records = {path for kind in kinds.values() for path in kind.records}
    values = {
        path
        for kind in kinds.values()
        for paths in kind.columns.values()
        for path in paths
        if path != "."
    }
    ends = {_bare(path) for path in (*records, *values, *document["unused"])}
    known = {"/".join(path.split("/")[:n]) for path in ends for n in range(1, path.count("/") + 2)}
    # Records are counted in any case: as such, or by the mark of the value that they are.
    taken = {_bare(path) for path in (*values, *records)}
    return _Layout(
        root=document["root"],
        collection=document["collection"],
        header=document["header"],
        kinds=kinds,
        known=frozenset(known),
        containers=tuple(sorted(known - taken)),
    )


def _listed(entry: str | list[str]) -> tuple[str, ...]:
    return (entry,) if isinstance(entry, str) else tuple(entry)


def _bare(path: str) -> str:
    return path.split("[", 1)[0]


@cache
def _transform(holds: tuple[str, ...], namespace: str) -> etree.XSLT:
    """The XSLT that writes counts and then, kind by kind, every field of every record.

    First the number of elements, that of known ones without a value, and the records of each kind;
    all of these and each field end in FIELD_END, each value in a field in VALUE_END, or in
    INHERITED_END where it is another record's own.
    """
    layout = _layout()
    kinds = [layout.kinds[name] for name in holds]
    counts = [
        "count(/descendant::*)",
        _count(layout.containers, namespace),
    ]
    counts += [_count(kind.records, namespace) for kind in kinds]
    head = "".join(f"<xsl:value-of select={quoteattr(count)}/>{_FIELD_END}" for count in counts)
    body = "".join(_of_records(kind, path, namespace) for kind in kinds for path in kind.records)
    is_of = f" xmlns:r={quoteattr(namespace)}" if namespace else ""
    stylesheet = f"""
        <xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"{is_of}>
        <xsl:output method="text" encoding="utf-8"/>
        <xsl:template match="/">{head}{body}</xsl:template>
        <xsl:template match="*">{_value(VALUE_END)}</xsl:template>
        <xsl:template match="*" mode="inherited">{_value(INHERITED_END)}</xsl:template>
        </xsl:stylesheet>"""
    denied = etree.XSLTAccessControl.DENY_ALL
    return etree.XSLT(etree.XML(stylesheet), access_control=denied)


def _value(end: str) -> str:
    return f'<xsl:value-of select="normalize-space()"/><xsl:text>{TEXT_IN_XSLT[end]}</xsl:text>'


_FIELD_END = f"<xsl:text>{TEXT_IN_XSLT[FIELD_END]}</xsl:text>"


def _of_records(kind: _Kind, record: str, namespace: str) -> str:
    fields = "".join(
        f"{_of_column(paths, record, namespace)}{_FIELD_END}" for paths in kind.columns.values()
    )
    where = quoteattr(_absolute(record, namespace))
    return f"<xsl:for-each select={where}>{fields}</xsl:for-each>"


def _of_column(paths: Sequence[str], record: str, namespace: str) -> str:
    """Takes the elements at the first of `paths` where any stands."""
    taken: list[str] = []
    earlier: list[str] = []
    for path in paths:
        relative = _relative(path, record, namespace)
        taken.append(f"{relative}[not({' or '.join(earlier)})]" if earlier else relative)
        earlier.append(f"current()/{relative}")
    is_own = all(path == "." or _is_below(path, record) for path in paths)
    mode = "" if is_own else ' mode="inherited"'
    return f"<xsl:apply-templates select={quoteattr(' | '.join(taken))}{mode}/>"


def _is_below(path: str, record: str) -> bool:
    return not record or path.startswith(f"{_bare(record)}/")


def _relative(path: str, record: str, namespace: str) -> str:
    """The way from a record to an element, both given by their paths from Child."""
    if path == ".":
        return path
    here = [step for step in _bare(record).split("/") if step]
    there = path.split("/")
    n_shared = next(
        (n for n, (a, b) in enumerate(zip(here, there, strict=False)) if a != b),
        min(len(here), len(there)),
    )
    return "/".join([".."] * (len(here) - n_shared) + _steps(there[n_shared:], namespace))


def _absolute(path: str, namespace: str) -> str:
    below = [step for step in path.split("/") if step]
    return "/".join(["", "*", *_steps(["Children", "Child", *below], namespace)])


def _count(paths: Sequence[str], namespace: str) -> str:
    return " + ".join(f"count({_absolute(path, namespace)})" for path in paths)


def _steps(steps: Sequence[str], namespace: str) -> list[str]:
    return [f"r:{step}" if namespace else step for step in steps]
