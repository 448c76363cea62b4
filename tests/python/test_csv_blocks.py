"""Text read in blocks, column by column, gives what the same text gives row by row."""

import csv
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from csc_outcomes.landing import Refused, csv_blocks, csv_rows
from csc_outcomes.landing.contract import Delivery, FileSpec
from csc_outcomes.landing.csv_blocks import parse_block
from csc_outcomes.landing.readers import open_parts

HEADER = "child_ref,case_ref,ward"
SPEC = FileSpec(
    "cases.csv",
    "cases",
    {"child_id": "child_ref", "case_id": "case_ref", "ward": "ward"},
)
DELIVERY = Delivery("S01", "Synthetic", "case_list", None, (SPEC,))  # type: ignore[arg-type]
Read = tuple[dict[int, tuple[str, ...]], list[tuple[int, csv_rows.BadRow]]] | str


@contextmanager
def block_of(n_chars: int) -> Iterator[None]:
    """Blocks so small that their borders fall everywhere."""
    with mock.patch.object(csv_rows, "BLOCK_CHARS", n_chars):
        yield


def read(content: bytes, spec: FileSpec = SPEC) -> Read:
    """The records by number and what is no record; where the file is refused, why."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / spec.name
        path.write_bytes(content)
        records: dict[int, tuple[str, ...]] = {}
        bad: list[tuple[int, csv_rows.BadRow]] = []
        try:
            with open_parts(path, [spec], DELIVERY) as parts:
                for batch in parts.batches():
                    columns = [batch.cells[name].to_pylist() for name in spec.columns]
                    numbers = map(int, batch.row_numbers)
                    found = dict(zip(numbers, zip(*columns, strict=True), strict=True))
                    assert records.keys().isdisjoint(found)
                    records |= found
                    bad += batch.bad
        except Refused as refusal:
            return f"{refusal.code}: {refusal.reason}"
    return records, sorted(bad, key=lambda one: one[0])


def read_row_by_row(content: bytes, spec: FileSpec = SPEC) -> Read:
    """The reference: Python's csv module alone."""
    with mock.patch.object(csv_rows, "parse_block", return_value=None):
        return read(content, spec)


CELLS = st.one_of(
    st.sampled_from(
        ["", " ", "\t", "C1", "NULL", "0012", '"', '""', "a,b", "é£", "\u2028", "\x85"]
    ),
    st.text("ab,\"' \n\r;é\u3000", max_size=5),
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=12),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
    st.integers(1, 60),
)
def test_well_written_files_read_the_same(
    rows: list[list[str]], quoting: int, line_end: str, encoding: str, n_chars: int
) -> None:
    stream = io.StringIO()
    stream.write(HEADER + line_end)
    csv.writer(stream, quoting=quoting, lineterminator=line_end).writerows(rows)  # type: ignore
    content = stream.getvalue().encode(encoding)
    with block_of(n_chars):
        assert read(content) == read_row_by_row(content)


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.text(st.sampled_from('aab,,""\n\n\r \u3000é'), max_size=60), st.integers(1, 60))
@example('a,b,c\n"a,b,c\nd,e,f\n', 4)
@example('a,b"c,d\n"x ""y""",z,w\n', 9)
@example('a,b,"c"d\n', 60)
@example('"a""","b\nb","""c"\n', 60)
@example('"x",y,z\na"b,c,d\ne,f,g"\n', 60)
@example("a,b,c\rd,e,f\r\ng,h,i", 6)
def test_whatever_text_it_is_it_reads_the_same(text: str, n_chars: int) -> None:
    content = f"{HEADER}\n{text}".encode()
    with block_of(n_chars):
        assert read(content) == read_row_by_row(content)


@pytest.mark.parametrize(
    "text",
    [
        "a,b,c\n" * 500 + "a,b\n" + "a,b,c,d\n" * 3 + ",,\n \n\n" + "a,b,c",
        "a,b,c\n" * 500 + 'a,5" pipe,c\n' + "a,b,c\n" * 500,
        '"a","b\n\nb","c"\n' * 300,
        "a,b,c\n" * 200 + 'a,"' + "\n" * 198 + '",c\na,b,c\n',
        "a,b,c\n" * 200 + 'a,"' + "\n" * 199 + '",c\na,b,c\n',
        "a,b,c\n" * 200 + 'a,"' + "\n" * 200 + '",c\na,b,c\n',
        f"a,b,{'x' * 99_990}\n" * 2,
        f"a,b,{'x' * 100_000}\n",
        f"a,b,{'x' * 100_001}\n",
        "a,b,c\n" * 200 + "a,\0,c\n",
        "a,b,c\n" * 200 + "a,b,c\r" * 200,
        '"' * 3_001,
        "=1+1,@x,-y\n" * 150,
        "",
    ],
)
def test_long_files_read_the_same(text: str) -> None:
    content = f"{HEADER}\n{text}".encode()
    for n_chars in (100, 1 << 22):
        with block_of(n_chars):
            assert read(content) == read_row_by_row(content)


def test_what_breaks_off_in_its_encoding_is_refused_the_same() -> None:
    content = f"{HEADER}\n{'a,b,c' * 50}\n".encode() + b"a,\xff,c\n"
    with block_of(50):
        assert read(content) == read_row_by_row(content)
        assert str(read(content)).startswith("wrong_encoding")


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [
        (b'a,b\n"c","d ""e"""\n', True),
        (b'a,b\r\n"c\nc",d\r\n', True),
        (b'a,b\n5" pipe,d"\n', False),
        (b'a,b\n"c"d,e\n', False),
        (b'a,b\nc,"d\n', True),  # as far as the first line
        (b"a,b\rc,d\r", False),
        (b"a,\0\n", False),
    ],
)
def test_clean_text_is_taken_in_blocks(text: bytes, is_taken: bool) -> None:
    found = parse_block(text, ",", 2, max_lines=200, is_last=False)
    assert (found is not None) == is_taken


def test_a_block_ends_where_a_record_does() -> None:
    found = parse_block(b'a,b\n"c\n', ",", 2, max_lines=200, is_last=False)
    assert found is not None
    assert found[1] == 4
    assert found[0].columns.to_pylist() == [{"0": "a", "1": "b"}]


def test_records_over_the_limit_are_left_to_be_read_row_by_row() -> None:
    text = b"a," + b"x" * csv_blocks.MAX_RECORD_BYTES + b"\n"
    assert parse_block(text, ",", 2, max_lines=200, is_last=True) is None
