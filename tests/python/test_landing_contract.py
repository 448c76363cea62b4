"""extract.yml says what is wrong, where, and what was probably meant."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from csc_outcomes.landing import Refused
from csc_outcomes.landing.contract import load_document, parse_delivery

COLUMNS = {"child_id": "child", "plan_start_date": "opened", "sex_code": "sex", "arm": "flag"}


def document(file: dict[str, Any] | None = None, **keys: Any) -> dict[str, Any]:
    entry = {"name": "cases.csv", "holds": "cases", "columns": COLUMNS, **(file or {})}
    return {
        "la_code": "S31",
        "la_name": "Synthetic",
        "synthetic": "true",
        "format": "case_list",
        "as_of_date": "2019-11-22",
        "files": [entry],
        **keys,
    }


def load(tmp_path: Path, text: str | bytes) -> dict[str, Any]:
    path = tmp_path / "extract.yml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_document(path)


def test_a_whole_contract_is_read() -> None:
    delivery = parse_delivery(
        document(
            {
                "encoding": "windows-1252",
                "delimiter": ";",
                "header_row": "3",
                "date_formats": ["dmy", "iso", "dmy"],
                "codes": {"arm": {"1": "treated", "0": "comparator"}},
                "constants": {"programme_id": "fact22"},
                "ignored_columns": ["comment"],
            },
            window_start="2017-01-01",
        )
    )
    (spec,) = delivery.files
    assert (delivery.as_of_date, delivery.window_start) == (date(2019, 11, 22), date(2017, 1, 1))
    assert (spec.encoding, spec.delimiter, spec.header_row) == ("cp1252", ";", 3)
    assert spec.date_formats == ("dmy", "iso")
    assert spec.constants == {"programme_id": "fact22"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (document(as_of_dat="2019-11-22"), "unknown key 'as_of_dat'; did you mean 'as_of_date'?"),
        (document({"holds": "case"}), "'case'; did you mean 'cases'?"),
        (document({"colums": {}}), "'colums'; did you mean 'columns'?"),
        (document(format="case_lists"), "did you mean 'case_list'?"),
        (document({"columns": {**COLUMNS, "birthdate": "x"}}), "did you mean 'birth_date'?"),
        (document({"columns": {"child_id": "child"}}), "plan_start_date is required"),
        (document({"columns": {**COLUMNS, "ward": ["a"]}}), "ward must be a single value"),
        (document({"codes": {"arm": {"1": "treatd"}}}), "did you mean 'treated'?"),
        (document({"codes": {"ward": {"1": "x"}}}), "unknown coded column 'ward'"),
        (document({"constants": {"arm": "1"}}), "arm stands in both columns and constants"),
        (document({"constants": {"family_id": "1"}}), "family_id is an id"),
        (document({"date_formats": ["dmy", "mdy"]}), "ambiguous"),
        (document({"date_formats": ["ymd"]}), "unknown date format 'ymd'"),
        (document({"encoding": "utf8x"}), "did you mean 'utf-8'?"),
        (document({"header_row": "0"}), "header_row must be a row number"),
        (document(la_code="301"), "la_code 301 and synthetic: true disagree"),
        (document(synthetic="false"), "la_code S31 and synthetic: false disagree"),
        (document(synthetic="yes"), "synthetic must be true or false"),
        (document(la_code="Coventry"), "three capitals or digits"),
        (document(as_of_date="22/11/2019"), "as_of_date must be a day such as 2019-11-22"),
        (document(window_start="2020-01-01"), "window_start lies after as_of_date"),
        (document(files=[]), "at least one file"),
        (document(files=document()["files"] * 2), "cases.csv is declared twice as cases"),
    ],
)
def test_a_wrong_contract_is_refused_with_what_and_where(
    wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(Refused) as refusal:
        parse_delivery(wrong)
    assert refusal.value.code == "extract_yml_invalid"
    assert message in refusal.value.reason
    assert refusal.value.reason.startswith("extract.yml")


def test_scalars_stay_text(tmp_path: Path) -> None:
    assert load(tmp_path, "a: no\nb: 012\nc: 2019-11-22\n") == {
        "a": "no",
        "b": "012",
        "c": "2019-11-22",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [\n", "line"),
        ("a: 1\na: 2\n", "the key 'a' stands there twice"),
        ("- a\n", "must be a mapping"),
        ("[" * 900_000, "over 20 levels deep"),
        ("- " * 300_000, "over 20 levels deep"),
        (b"\xff\xfea\x00\x00", "extract.yml"),
        ("!!python/object/apply:os.system [ls]", "must be a mapping"),
        ("a: " + "x" * 1_000_001, "is over"),
    ],
)
def test_unreadable_yaml_is_refused(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(Refused, match=message) as refusal:
        load(tmp_path, text)
    assert refusal.value.code == "extract_yml_unreadable"


def test_a_missing_extract_yml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"no extract\.yml"):
        load_document(tmp_path / "extract.yml")


@pytest.mark.parametrize("name", ["extract.yaml", "Extract.yml", "extract.yml.txt"])
def test_a_contract_under_nearly_its_name_is_noticed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("la_code: S01\n")
    with pytest.raises(Refused, match=f"no extract.yml; rename {name} to extract.yml"):
        load_document(tmp_path / "extract.yml")
