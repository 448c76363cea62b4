"""A PostgreSQL server of a test's own, from programs that are installed already."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

USER = "postgres"  # Debian's packages make it; the server refuses to run as root
BUILDER = "csc_builder"


@dataclass(frozen=True)
class Server:
    """A running server with an empty database csc_outcomes, owned by csc_builder; `environment`
    is what a program needs to get at it as csc_builder."""

    folder: Path
    programs: Path
    password: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PGHOST": str(self.folder),
            "PGDATABASE": "csc_outcomes",
            "PGUSER": BUILDER,
            "PGPASSFILE": str(self.folder / "passwords"),
        }

    def run(self, program: str, *arguments: str, **environment: str) -> str:
        """What one of PostgreSQL's own programs prints."""
        result = subprocess.run(
            [str(self.programs / program), *arguments],
            env={**os.environ, **self.environment, **environment},
            text=True,
            capture_output=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout


@contextmanager
def server() -> Iterator[Server]:
    """A server behind a socket in a new folder, stopped and deleted at the end; the test is
    skipped where PostgreSQL's programs are missing."""
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL server: install postgresql, or name its programs' folder in "
                    "CSC_POSTGRESQL")  # fmt: skip
    folder = Path(tempfile.mkdtemp(prefix="csc_pg_", dir="/tmp"))  # a socket's path must be short
    first, second = secrets.token_hex(12), secrets.token_hex(12)
    running = Server(folder, programs, second)
    try:
        _write_secret(folder / "first", first)
        _write_secret(folder / "passwords", f"*:*:*:*:{second}\n")
        _own(folder)
        data = str(folder / "data")
        _as_server(programs, "initdb", "--pgdata", data, "--username", USER,
                   "--auth", "scram-sha-256", "--pwfile", str(folder / "first"))  # fmt: skip
        _as_server(programs, "pg_ctl", "--pgdata", data, "--wait", "--log", str(folder / "log"),
                   "--options", f"-k {folder} -c listen_addresses='' -c fsync=off",
                   "start")  # fmt: skip
        try:
            for statement in (
                f"create role {BUILDER} login password '{second}'",
                f"create database csc_outcomes owner {BUILDER}",
            ):
                running.run("psql", "--quiet", "--command", statement,
                            PGUSER=USER, PGPASSWORD=first, PGDATABASE=USER)  # fmt: skip
            yield running
        finally:
            _as_server(programs, "pg_ctl", "--pgdata", data, "--mode", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _programs() -> Path | None:
    named = os.environ.get("CSC_POSTGRESQL")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = [Path(named)] if named else debian
    needed = ("initdb", "pg_ctl", "psql", "pg_dump", "vacuumdb")
    return next((p for p in found if all((p / name).exists() for name in needed)), None)


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _own(folder: Path) -> None:
    """Gives the folder to the server's user; root still reads the password file as its own."""
    folder.chmod(0o711)
    if os.geteuid() == 0:
        user = pwd.getpwnam(USER)
        for path in (folder, folder / "first"):
            os.chown(path, user.pw_uid, user.pw_gid)


def _as_server(programs: Path, program: str, *arguments: str) -> None:
    user = USER if os.geteuid() == 0 else None
    group = pwd.getpwnam(USER).pw_gid if user else None
    subprocess.run(
        [str(programs / program), *arguments],
        user=user,
        group=group,
        extra_groups=[] if user else None,
        cwd="/",
        stdout=subprocess.DEVNULL,
        check=True,
    )
