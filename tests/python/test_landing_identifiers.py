"""One id has one spelling; what can't be an id is flagged; pseudonyms need their key."""

import hashlib
import hmac
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from csc_outcomes.cli import main
from csc_outcomes.landing import KeyMissing
from csc_outcomes.landing.identifiers import normalise_id, pseudonym, pseudonym_maker
from csc_outcomes.landing.keys import key_id, new_key, read_key, rotate_key
from csc_outcomes.lock import at_work
from long_form import times


@pytest.mark.parametrize(
    ("raw", "identifier"),
    [
        (" c001\u00a0", "C001"),
        ("000123", "123"),
        ("123", "123"),
        ("123.0", "123"),
        ("000", "0"),
        ("ab/12-3_x.y", "AB/12-3_X.Y"),
        ("1.0E+05", "100000"),
        ("1e+05", "100000"),
        ("2.00E+03", "2000"),
        ("1.2345E+04", "12345"),
        ("1.23450E+04", "12345"),
        ("1.234500E+05", "123450"),
        ("A1", "A1"),
        ("A1\n", "A1"),
        ("X" * 40, "X" * 40),
        ("9" * 40, "9" * 40),
        ("10", "10"),
        ("1E05", "1E05"),  # Excel writes the plus; without it, it is somebody's id
        ("x" * 40, "X" * 40),
    ],
)
def test_ids_come_to_one_spelling(raw: str, identifier: str) -> None:
    assert normalise_id(raw) == (identifier, None)


@pytest.mark.parametrize("raw", ["", "  ", "-1", "N/A", "NA", "null", "NULL", "#MULTIVALUE"])
def test_no_id_is_no_id(raw: str) -> None:
    assert normalise_id(raw) == (None, None)


@pytest.mark.parametrize(
    ("raw", "flag"),
    [
        ("1.23E+05", "id_digits_lost"),
        ("1.2345E+02", "id_digits_lost"),
        ("1.23456789012346E+17", "id_digits_lost"),
        ("Jane Smith", "id_not_an_identifier"),
        ("see note, 12 May", "id_not_an_identifier"),
        ("12,345", "id_not_an_identifier"),
        ("-A1", "id_not_an_identifier"),
        ("é1", "id_not_an_identifier"),
        ("\u0661\u0662", "id_not_an_identifier"),
        ("1.0E+50", "id_not_an_identifier"),
        ("x" * 41, "id_not_an_identifier"),
        ("X" * 41, "id_not_an_identifier"),
        ("1" * 41, "id_not_an_identifier"),
    ],
)
def test_what_cannot_be_an_id_is_flagged(raw: str, flag: str) -> None:
    assert normalise_id(raw) == (raw, flag)


@pytest.mark.parametrize("n_bytes", [32, 63, 64, 65, 200])
@pytest.mark.parametrize("identifier", ["C001", "x" * 100, "é", ""])
def test_a_pseudonym_is_a_keyed_mac(n_bytes: int, identifier: str) -> None:
    key = bytes(range(n_bytes))
    mac = hmac.new(key, f"child|S31|{identifier}".encode(), hashlib.sha256).hexdigest()
    assert pseudonym(key, "S31", "child", identifier) == mac[:32]


def test_pseudonyms_differ_by_kind_authority_and_key() -> None:
    ids = {
        pseudonym(key, la_code, kind, "1")
        for key in (b"a" * 32, b"b" * 32)
        for la_code in ("S01", "S02")
        for kind in ("child", "case", "family")
    }
    assert len(ids) == 12


def test_a_new_key_is_private_and_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "pseudonym.key"
    new_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(read_key(tmp_path, {})) == 32
    with pytest.raises(FileExistsError):
        new_key(path)


def test_a_linked_key_is_replaced_where_it_lies(tmp_path: Path) -> None:
    real, link = tmp_path / "safe" / "real.key", tmp_path / "keys" / "pseudonym.key"
    new_key(real)
    link.parent.mkdir()
    link.symlink_to(real)
    old = real.read_text()
    assert rotate_key(tmp_path, {}) == real
    assert link.is_symlink()
    assert link.read_text() == real.read_text() != old


@pytest.mark.parametrize("from_variable", [True, False])
def test_key_and_land_find_the_project_from_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, from_variable: bool
) -> None:
    (tmp_path / "dbt_project.yml").touch()
    below = tmp_path / "docs"
    below.mkdir()
    monkeypatch.chdir(tmp_path.parent if from_variable else below)
    monkeypatch.delenv("CSC_PROJECT_DIR", raising=False)
    if from_variable:
        monkeypatch.setenv("CSC_PROJECT_DIR", str(tmp_path))
    for variable in ("CSC_PSEUDONYM_KEY", "CSC_PSEUDONYM_KEY_FILE"):
        monkeypatch.delenv(variable, raising=False)
    assert main(["key", "new"]) == 0
    before = (tmp_path / "keys" / "pseudonym.key").read_text()
    assert main(["key", "rotate"]) == 0
    assert (tmp_path / "keys" / "pseudonym.key").read_text() != before
    (tmp_path / "extracts").mkdir()
    assert main(["land"]) == 0
    assert (tmp_path / "landing" / "load_log").is_dir()


def test_no_key_is_replaced_under_a_build(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CSC_PSEUDONYM_KEY", raising=False)
    key = tmp_path / "keys" / "pseudonym.key"
    (tmp_path / "dbt_project.yml").touch()
    new_key(key)
    before = key.read_text()
    with at_work(tmp_path):
        assert main(["key", "rotate", f"--project-dir={tmp_path}"]) == 2
    assert "is at work in" in capsys.readouterr().err
    assert key.read_text() == before


def test_outside_a_project_no_key_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CSC_PROJECT_DIR", raising=False)
    for command in (["key", "new"], ["key", "rotate"], ["land"]):
        assert main(command) == 2
        assert "no dbt_project.yml" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_environment_names_the_key_or_its_file(tmp_path: Path) -> None:
    new_key(tmp_path / "other.key")
    assert read_key(tmp_path, {"CSC_PSEUDONYM_KEY": "0f" * 32}) == b"\x0f" * 32
    assert len(read_key(tmp_path, {"CSC_PSEUDONYM_KEY_FILE": "other.key"})) == 32


@pytest.mark.parametrize("key", ["", "secret", "0f" * 31, "zz" * 32])
def test_a_bad_key_is_refused_and_not_shown(tmp_path: Path, key: str) -> None:
    with pytest.raises(KeyMissing, match="csc key new") as error:
        read_key(tmp_path, {"CSC_PSEUDONYM_KEY": key})
    assert not key or key not in str(error.value)


def test_a_key_id_does_not_hold_the_key() -> None:
    assert len(key_id(b"a" * 32)) == 16
    assert key_id(b"a" * 32) != key_id(b"b" * 32)


# 0.3 s for 10^5 ids; CSC_LONG=1 tries all ids of seven digits, which takes a minute.
N_GUESSED = times(100_000, 10_000_000)


def test_whoever_lacks_the_key_finds_nobody_by_trying_all_ids() -> None:
    key = bytes.fromhex("5a" * 32)
    known = range(0, N_GUESSED, N_GUESSED // 1000)
    pseudonyms = {pseudonym(key, "331", "child", str(number)) for number in known}

    def found(attack: Callable[[str], str]) -> int:
        return sum(attack(str(number)) in pseudonyms for number in range(N_GUESSED))

    def hashed(identifier: str) -> str:
        return hashlib.sha256(f"child|331|{identifier}".encode()).hexdigest()[:32]

    def plain(identifier: str) -> str:
        return hashlib.sha256(identifier.encode()).hexdigest()[:32]

    guess = pseudonym_maker(bytes.fromhex("00" * 32), "331", "child")
    assert [found(attack) for attack in (plain, hashed, guess)] == [0, 0, 0]
    assert found(pseudonym_maker(key, "331", "child")) == len(pseudonyms)  # the attack itself works


def test_pseudonyms_of_two_projects_do_not_join(tmp_path: Path) -> None:
    keys = []
    for name in ("one", "another"):
        new_key(tmp_path / name / "keys" / "pseudonym.key")
        keys.append(read_key(tmp_path / name, {}))
    one, another = ({pseudonym(key, "331", "child", str(n)) for n in range(1000)} for key in keys)
    assert one.isdisjoint(another)
