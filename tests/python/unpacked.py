"""Files as text in which a planted value shows, however a file packs it."""

from __future__ import annotations

import base64
import gzip
import re
import zipfile
from pathlib import Path
from urllib.parse import unquote

import duckdb

PICTURE = re.compile(r"base64,([A-Za-z0-9+/=]+)")
DOCUMENTATION = re.compile(r'id="dbt-docs-data">([^<]+)<')


def text_of(path: Path) -> str:
    """All that a file holds: workbooks unzipped, Parquet read, and of a page also what lies in its
    links, its pictures and its packed data."""
    if path.suffix == ".parquet":
        with duckdb.connect() as memory:
            rows = memory.execute(f"select columns(*)::varchar from '{path}'").fetchall()
        return "\n".join(value for row in rows for value in row if value)
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            return "\n".join(book.read(name).decode("utf-8") for name in book.namelist())
    if path.suffix != ".html":
        return path.read_bytes().decode("latin-1")
    page = path.read_text(encoding="utf-8")
    pictures = [
        base64.b64decode(found).decode("utf-8", "replace") for found in PICTURE.findall(page)
    ]
    data = [gzip.decompress(base64.b64decode(f)).decode() for f in DOCUMENTATION.findall(page)]
    return "\n".join([page, unquote(page), *pictures, *data])


def texts_in(folder: Path) -> dict[str, str]:
    """The text of every file below a folder, by path."""
    return {str(path): text_of(path) for path in sorted(folder.rglob("*")) if path.is_file()}
