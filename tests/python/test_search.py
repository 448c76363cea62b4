"""What is left of a child is found whatever packs it and whatever a file is called."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from csc_outcomes.forgetting.search import holders, mentions, unsearched

ID = "0f" * 16
ARRAYS = {
    "string": pa.array(["x", ID]),
    "large_string": pa.array([ID], pa.large_string()),
    "dictionary": pa.array([ID]).dictionary_encode(),
    "list": pa.array([[ID]]),
    "struct": pa.array([{"a": [ID]}]),
    "binary": pa.array([ID.encode()]),
}


def parquet(array: pa.Array) -> bytes:
    """A table of one packed column."""
    stream = io.BytesIO()
    table = pa.table({"a": pa.concat_arrays([array] * 9)})
    pq.write_table(table, stream, compression="zstd", use_dictionary=False, write_statistics=False)
    return stream.getvalue()


def feather() -> bytes:
    stream = io.BytesIO()
    pyarrow.feather.write_feather(pa.table({"a": [ID] * 99}), stream, compression="zstd")
    return stream.getvalue()


def zipped(content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", content)
    return stream.getvalue()


def tarred(content: bytes, mode: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        member = tarfile.TarInfo("a")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    **{f"{name}.pq": lambda array=array: parquet(array) for name, array in ARRAYS.items()},
    "UPPER.PARQUET": lambda: parquet(ARRAYS["string"]),
    "a.arrow": feather,
    "parquet.zip": lambda: zipped(parquet(ARRAYS["string"])),
    "nested.ZIP": lambda: zipped(zipped(ID.encode())),
    "a.tgz": lambda: tarred(ID.encode(), "w:gz"),
    "a.tar": lambda: tarred(parquet(ARRAYS["string"]), "w:"),
    "a.txz": lambda: tarred(ID.encode(), "w:xz"),
    "a.tbz": lambda: tarred(ID.encode(), "w:bz2"),
    "utf16.txt": lambda: ID.encode("utf-16"),
    "torn.anything": lambda: b"PAR1torn",
}


@pytest.mark.parametrize("name", FILES)
def test_a_pseudonym_is_found_however_it_is_packed(tmp_path: Path, name: str) -> None:
    content = FILES[name]()
    assert ID.encode() not in content
    (tmp_path / name).write_bytes(content)
    (tmp_path / "other.parquet").write_bytes(parquet(pa.array(["another"])))
    (tmp_path / "other.txt").write_text("another")
    assert holders(tmp_path, {ID}) == [tmp_path / name]


@pytest.mark.parametrize("name", ["a.db", "a.bak", "a.duckdb"])
def test_a_database_is_one_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    with duckdb.connect(str(tmp_path / name)) as connection:
        connection.execute("pragma force_compression = 'fsst'")
        connection.execute("create table t as select [repeat('0f', 16)] as a from range(9999)")
    assert ID.encode() not in (tmp_path / name).read_bytes()
    assert holders(tmp_path, {ID}) == [tmp_path / name]
    assert holders(tmp_path, {"f0" * 16 + "f"}) == []


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        ("case,child\n1,QX-12\n", True),
        ("(qx-12)", True),
        ("of QX-12.", True),
        ("00qx-12", True),
        ("QX-123", False),
        ("AQX-12", False),
        ("QX-1 2", False),
    ],
)
@pytest.mark.parametrize("form", ["utf-8", "utf-16-le", "utf-16-be", "parquet", "zip"])
def test_an_id_is_found_as_a_whole_word(
    tmp_path: Path, form: str, text: str, is_there: bool
) -> None:
    packed = {"parquet": lambda: parquet(pa.array([text])), "zip": lambda: zipped(text.encode())}
    path = tmp_path / "my_allocation" / "allocations.csv"
    path.parent.mkdir()
    path.write_bytes(packed[form]() if form in packed else text.encode(form))
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "of_the_product").write_text("QX-12")
    assert mentions(tmp_path, {"QX-12"}) == [path] * is_there


def test_a_number_is_found_in_columns_of_numbers(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(parquet(pa.array([4711])))
    assert mentions(tmp_path, {"4711"}) == [tmp_path / "a"]
    assert mentions(tmp_path, {"471"}) == []


def test_what_is_not_searched_is_named(tmp_path: Path) -> None:
    for name in (".git", "extracts", "published/build", "reports"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "published" / "current").symlink_to("build")
    (tmp_path / "reports" / "elsewhere").symlink_to("/no/such/share")
    names = [path.relative_to(tmp_path).as_posix() for path in unsearched(tmp_path)]
    assert names == [".git", "extracts", "reports/elsewhere"]
