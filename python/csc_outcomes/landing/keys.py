"""The keys of pseudonyms: from outside for real deliveries, a public one for synthetic ones."""

import hashlib
import os
import re
import secrets
from collections.abc import Mapping, Set
from pathlib import Path

from csc_outcomes.landing.errors import KeyMissing

KEY_VARIABLE = "CSC_PSEUDONYM_KEY"
KEY_FILE_VARIABLE = "CSC_PSEUDONYM_KEY_FILE"
DEFAULT_KEY_FILE = Path("keys") / "pseudonym.key"
DEMONSTRATION_KEY_FILE = "demonstration.key"
MIN_KEY_BYTES = 32
HOW_TO_MAKE_ONE = "`csc key new` makes one"


def read_key(project_dir: Path, environment: Mapping[str, str] = os.environ) -> bytes:
    """The project's own key, from the environment or a file; KeyMissing says how to make one."""
    if KEY_VARIABLE in environment:
        return _parse(environment[KEY_VARIABLE], f"the environment variable {KEY_VARIABLE}")
    path = key_path(project_dir, environment)
    if not path.is_file():
        raise KeyMissing(
            f"no pseudonym key: real deliveries need one, and {path} is not there. "
            f"{HOW_TO_MAKE_ONE}; or set {KEY_VARIABLE} or {KEY_FILE_VARIABLE}. "
            "Keep it outside the warehouse and keep a copy: another key makes other pseudonyms"
        )
    return _read(path)


def key_path(project_dir: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Where the project's key file is expected (a relative path starts at the project)."""
    return project_dir / environment.get(KEY_FILE_VARIABLE, DEFAULT_KEY_FILE)


def find_demonstration_key(*folders: Path) -> bytes | None:
    """The public key of synthetic deliveries, from the first of `folders` that holds it."""
    for folder in folders:
        if (folder / DEMONSTRATION_KEY_FILE).is_file():
            return _read(folder / DEMONSTRATION_KEY_FILE)
    return None


def keys_of(needed: Set[bool], project_dir: Path, extracts: Path) -> dict[bool, bytes]:
    """The keys by is_synthetic, of those that are `needed`; KeyMissing where there is none."""
    keys = {}
    demonstration = find_demonstration_key(extracts, project_dir / "extracts")
    if True in needed:
        if demonstration is None:
            raise KeyMissing(
                f"no demonstration.key, the key of synthetic deliveries, in {extracts}; "
                "copy it from the extracts folder of the repository"
            )
        keys[True] = demonstration
    if False in needed:
        keys[False] = read_key(project_dir)
        if keys[False] == demonstration:
            raise KeyMissing(
                "the pseudonym key is the public demonstration key, which protects nobody; "
                "`csc key new` makes another"
            )
    return keys


def key_id(key: bytes) -> str:
    """A name for a key that doesn't give it away; part of every file_key."""
    return hashlib.sha256(b"key_id|" + key).hexdigest()[:16]


def new_key(path: Path) -> None:
    """Writes a random key to `path`, readable by its owner alone; FileExistsError where one is."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write("# Pseudonym key: keep it secret, outside the warehouse, with a copy.\n")
        stream.write(f"{secrets.token_hex(MIN_KEY_BYTES)}\n")


def rotate_key(project_dir: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Puts a new random key in the place of the project's key file, in one step; its path.

    The old key is gone with it. KeyMissing where there is no key file to replace.
    """
    path = key_path(project_dir, environment).resolve()  # a link stays, what it leads to is new
    if KEY_VARIABLE in environment:
        raise KeyMissing(
            f"nothing was changed: the key stands in {KEY_VARIABLE}, not in a file; put another "
            f"there, such as one that `csc key new` wrote"
        )
    read_key(project_dir, environment)
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    new_key(draft)
    draft.replace(path)
    return path


def _read(path: Path) -> bytes:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return _parse("".join(line for line in lines if not line.startswith("#")), f"the file {path}")


def _parse(text: str, where: str) -> bytes:
    digits = "".join(text.split())
    if len(digits) % 2 or not re.fullmatch(f"[0-9A-Fa-f]{{{2 * MIN_KEY_BYTES},}}", digits):
        raise KeyMissing(
            f"{where} holds no usable key: it must be at least {MIN_KEY_BYTES} bytes written as "
            f"{2 * MIN_KEY_BYTES} hexadecimal digits; {HOW_TO_MAKE_ONE}"
        )
    return bytes.fromhex(digits)
