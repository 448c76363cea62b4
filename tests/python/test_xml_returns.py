"""CIN census returns through the door: every record and element accounted for, or refused."""

import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from csc_outcomes.landing import FileOutcome, LandingReport, door, xml_returns
from landing_project import Project
from reference_data import reference_file
from xml_files import (
    CIN_PLANS_SINCE,
    FIRST_YEAR,
    LAST_YEAR,
    PRE_PROCEEDINGS_SINCE,
    census,
    child,
    header,
)

KINDS = (
    "children",
    "episodes",
    "assessments",
    "cin_plans",
    "section_47s",
    "cp_plans",
    "cp_reviews",
)
SAMPLES = ("CIN2rows", "CIN_Census_2021", "CIN_Census_2021_copy", "CIN_Census_2024")
RECORD_ELEMENTS = {
    "children": "LAchildID",
    "episodes": "CINreferralDate",
    "assessments": "AssessmentActualStartDate",
    "cin_plans": "CINPlanStartDate",
    "section_47s": "S47ActualStartDate",
    "cp_plans": "CPPstartDate",
    "cp_reviews": "CPPreviewDate",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("CSC_PSEUDONYM_KEY", "cd" * 32)
    return Project(tmp_path / "project")


def deliver(
    project: Project, content: str | bytes, delivery: str = "2024", **keys: Any
) -> LandingReport:
    """Lands a return of the synthetic authority S01, with no more in extract.yml than it needs."""
    folder = project.extracts / "alpha" / delivery
    folder.mkdir(parents=True, exist_ok=True)
    document = {"la_code": "S01", "la_name": "Alpha", "synthetic": True, "format": "cin_census"}
    (folder / "extract.yml").write_text(yaml.safe_dump({**document, **keys}))
    text = content.encode() if isinstance(content, str) else content
    (folder / "return.xml").write_bytes(text)
    return project.land()


def by_kind(report: LandingReport) -> dict[str | None, FileOutcome]:
    return {outcome.holds: outcome for outcome in report.outcomes}


def counts(report: LandingReport) -> dict[str | None, int]:
    return {outcome.holds: outcome.n_read for outcome in report.outcomes}


def rows(project: Project, kind: str) -> list[dict[str, Any]]:
    return project.rows(f"records__{kind}")


def said(project: Project, kind: str) -> list[dict[str, Any]]:
    """What the landed records of a kind say, whichever delivery they come from."""
    of_delivery = ("delivery", "file_key")
    return [{k: v for k, v in row.items() if k not in of_delivery} for row in rows(project, kind)]


def accounted(project: Project, report: LandingReport) -> None:
    for outcome in report.outcomes:
        if outcome.status == "landed":
            landed = [
                row for row in rows(project, outcome.holds) if row["file_key"] == outcome.file_key
            ]
            n_gone = outcome.n_refused_rows + outcome.n_opted_out
            assert outcome.n_read == len(landed) + n_gone


def refusal(report: LandingReport) -> str | None:
    (outcome,) = report.outcomes
    assert outcome.status == "refused"
    return outcome.reason_code


@pytest.mark.parametrize("year", range(FIRST_YEAR, LAST_YEAR + 1))
def test_a_return_of_every_collection_year_lands(project: Project, year: int) -> None:
    report = deliver(project, census([child(1, year), child(2, year)], header(year)))
    expected = dict.fromkeys(KINDS, 2) | {"cp_reviews": 4}
    if year < CIN_PLANS_SINCE:
        expected["cin_plans"] = 0
    assert counts(report) == expected
    accounted(project, report)
    children = rows(project, "children")
    assert [row["sex_code"] for row in children] == ["F", "F"]
    assert [row["has_disability"] for row in children] == ["0", "0"]
    unknown = "PreProceedingsandFGDM" if year >= PRE_PROCEEDINGS_SINCE else None
    assert {outcome.unknown_columns for outcome in report.outcomes} == {unknown}
    first = report.outcomes[0]
    assert first.extract_as_of_date is not None
    assert first.extract_window_start is not None
    assert first.extract_as_of_date.isoformat() == f"{year}-03-31"
    assert first.extract_window_start.isoformat() == f"{year - 1}-04-01"
    assert first.submission == 1


def test_every_canonical_column_has_its_element(project: Project) -> None:
    deliver(project, census([child()]))
    (episode,) = rows(project, "episodes")
    (assessment,) = rows(project, "assessments")
    (plan,) = rows(project, "cin_plans")
    (enquiry,) = rows(project, "section_47s")
    (cp_plan,) = rows(project, "cp_plans")
    reviews = rows(project, "cp_reviews")
    records = (episode, assessment, plan, enquiry, cp_plan, *reviews)
    assert {record["child_id"] for record in records} == {rows(project, "children")[0]["child_id"]}
    assert {record["referral_date"] for record in records[:5]} == {"2023-01-01"}
    said = [episode[name] for name in ("referral_source_code", "primary_need_code", "is_nfa")]
    assert said == ["1A", "N4", "0"]
    assert [episode[name] for name in ("close_date", "close_reason_code", "icpc_date")] == [
        "2023-01-28",
        "RC7",
        None,
    ]
    assert (assessment["start_date"], assessment["authorised_date"]) == ("2023-01-02", "2023-01-09")
    assert assessment["factor_codes"] == "2A;3B"
    assert (plan["start_date"], plan["end_date"]) == ("2023-01-10", "2023-01-15")
    enquired = ("start_date", "icpc_target_date", "icpc_date", "is_icpc_not_required")
    assert [enquiry[name] for name in enquired] == ["2023-01-11", "2023-01-25", "2023-01-16", "0"]
    assert (cp_plan["start_date"], cp_plan["end_date"]) == ("2023-01-16", "2023-01-27")
    assert (cp_plan["initial_category_code"], cp_plan["latest_category_code"]) == ("NEG", "EMO")
    assert cp_plan["n_previous_cp_plans"] == "1"
    assert {review["plan_start_date"] for review in reviews} == {"2023-01-16"}
    assert [review["review_date"] for review in reviews] == ["2023-01-20", "2023-01-26"]
    assert [review["source_row_number"] for review in reviews] == [1, 2]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["NONE"], ("0", "NONE")),
        (["MOB", "AUT"], ("1", "MOB;AUT")),
        (["NONE", "LD"], ("1", "NONE;LD")),
        ([""], (None, None)),
        ([], (None, None)),
    ],
)
def test_a_disability_is_any_code_but_none(
    project: Project, codes: list[str], expected: tuple[str | None, str | None]
) -> None:
    one = child()
    one["ChildCharacteristics"]["Disabilities"] = {"Disability": codes}
    deliver(project, census([one]))
    (row,) = rows(project, "children")
    assert (row["has_disability"], row["disability_codes"]) == expected


@pytest.mark.parametrize(
    ("element", "text", "code"),
    [
        ("GenderCurrent", "1", "M"),
        ("GenderCurrent", "2", "F"),
        ("GenderCurrent", "0", "U"),
        ("GenderCurrent", "9", "U"),
        ("Sex", "M", "M"),
        ("Sex", "f", "F"),
        ("Sex", "U", "U"),
        ("Sex", "1", "M"),  # found in returns of 2024-25
        ("Sex", "X", "X"),  # staging says UNMAPPED
    ],
)
def test_sex_by_either_element(project: Project, element: str, text: str, code: str) -> None:
    one = child()
    del one["ChildIdentifiers"]["GenderCurrent"]
    one["ChildIdentifiers"][element] = text
    deliver(project, census([one]))
    assert rows(project, "children")[0]["sex_code"] == code


def test_sex_wins_where_both_elements_stand(project: Project) -> None:
    one = child()
    one["ChildIdentifiers"] |= {"GenderCurrent": "1", "Sex": "F"}
    report = deliver(project, census([one]))
    assert rows(project, "children")[0]["sex_code"] == "F"
    assert report.outcomes[0].unknown_columns is None


@pytest.mark.parametrize(
    "shape",
    [
        {"Reviews": {"CPPreviewDate": ["2023-02-01", "2023-03-01"]}},
        {"Reviews": [{"CPPreviewDate": "2023-02-01"}, {"CPPreviewDate": "2023-03-01"}]},
        {"CPPreviews": {"CPPreviewDate": ["2023-02-01", "2023-03-01"]}},
        {"CPPreviews": ["2023-02-01", "2023-03-01"]},
        {"Reviews": {"CPPreviews": ["2023-02-01", "2023-03-01"]}},
    ],
)
def test_reviews_of_every_shape(project: Project, shape: dict[str, Any]) -> None:
    one = child()
    plan = one["CINdetails"]["ChildProtectionPlans"]
    del plan["Reviews"]
    plan |= shape
    report = deliver(project, census([one]))
    reviews = rows(project, "cp_reviews")
    assert [row["review_date"] for row in reviews] == ["2023-02-01", "2023-03-01"]
    assert {row["plan_start_date"] for row in reviews} == {"2023-01-16"}
    assert report.outcomes[0].unknown_columns is None


@pytest.mark.parametrize("word", ["true", "TRUE", "1", "false", "FALSE", "0"])
def test_booleans_of_every_spelling(project: Project, word: str) -> None:
    one = child()
    one["CINdetails"]["ReferralNFA"] = word
    deliver(project, census([one]))
    assert rows(project, "episodes")[0]["is_nfa"] == str(int(word in ("true", "TRUE", "1")))


def test_a_conference_of_a_transfer_belongs_to_the_episode(project: Project) -> None:
    one = child()
    one["CINdetails"]["DateOfInitialCPC"] = "2023-01-05"
    deliver(project, census([one]))
    assert rows(project, "episodes")[0]["icpc_date"] == "2023-01-05"
    assert rows(project, "section_47s")[0]["icpc_date"] == "2023-01-16"


def test_what_real_returns_look_like_is_read(project: Project) -> None:
    one = child()
    del one["ChildCharacteristics"]
    one["CINdetails"]["Assessments"]["FactorsIdentifiedAtAssessment"] = {}
    one["CINdetails"]["Section47"] = {}
    text = census([one], {**header(), "Content": {"CBDSLevels": {"CBDSLevel": "Child"}}})
    text = text.replace("</UPN>", "</UPN>PersonBirthDate <!-- </Child> -->", 1)
    text = text.replace("C1<", "<![CDATA[C1]]><", 1).replace("N4", "&#78;4 ")
    report = deliver(project, text)
    assert counts(report) == dict.fromkeys(KINDS, 1) | {"cp_reviews": 2}
    assert {outcome.unknown_columns for outcome in report.outcomes} == {None}
    assert rows(project, "assessments")[0]["factor_codes"] is None
    assert rows(project, "section_47s")[0]["start_date"] is None
    assert rows(project, "children")[0]["birth_date"] == "2012-05-06"
    assert rows(project, "episodes")[0]["primary_need_code"] == "N4"
    assert rows(project, "children")[0]["id_flags"] is None


def test_a_value_that_stands_twice_is_not_lost(project: Project) -> None:
    one = child()
    one["CINdetails"]["CINclosureDate"] = ["2023-02-01", "2023-03-01"]
    one["ChildIdentifiers"]["LAchildID"] = ["C1", "C2"]
    deliver(project, census([one]))
    (episode,) = rows(project, "episodes")
    assert episode["close_date"] == "2023-02-01;2023-03-01"  # no day: quarantined
    assert episode["id_flags"] == "id_not_an_identifier"
    assert rows(project, "children")[0]["child_id"] == episode["child_id"]


@pytest.mark.parametrize(
    ("kind", "block", "element", "column"),
    [
        ("episodes", None, "CINreferralDate", "referral_date"),
        ("episodes", None, "CINclosureDate", "close_date"),
        ("assessments", "Assessments", "AssessmentActualStartDate", "start_date"),
        ("cin_plans", "CINPlanDates", "CINPlanStartDate", "start_date"),
        ("section_47s", "Section47", "S47ActualStartDate", "start_date"),
        ("cp_plans", "ChildProtectionPlans", "CPPendDate", "end_date"),
    ],
)
def test_two_days_where_one_belongs_are_no_day(
    project: Project, kind: str, block: str | None, element: str, column: str
) -> None:
    """The standard layer quarantines such a record: unreadable_date, the column is named."""
    one = child()
    place = one["CINdetails"][block] if block else one["CINdetails"]
    place[element] = ["2023-02-01", "2023-02-01"]
    report = deliver(project, census([one]))
    (row,) = rows(project, kind)
    assert row[column] == "2023-02-01;2023-02-01"
    assert row["date_formats"] == "iso"
    with pytest.raises(ValueError, match="Invalid isoformat"):
        date.fromisoformat(row[column])
    assert report.outcomes[0].unknown_columns is None


def test_two_codes_or_flags_where_one_belongs_are_none_that_anybody_knows(
    project: Project,
) -> None:
    one = child()
    one["CINdetails"] |= {"PrimaryNeedCode": ["N1", "N4"], "ReferralNFA": ["true", "false"]}
    one["ChildIdentifiers"]["GenderCurrent"] = ["1", "2"]
    deliver(project, census([one]))
    (episode,) = rows(project, "episodes")
    assert (episode["primary_need_code"], episode["primary_need_code_source"]) == ("N1;N4",) * 2
    assert episode["is_nfa"] == "TRUE;FALSE"  # neither 1 nor 0: a value that can't be read
    assert rows(project, "children")[0]["sex_code"] == "1;2"


def test_unknown_elements_are_named_and_never_shown_where_they_look_like_data(
    project: Project,
) -> None:
    one = child()
    one["CINdetails"] |= {"NewBlock": {"Inner": "Zachary"}, "LAchildID": "Zachary"}
    one["ChildIdentifiers"]["Zachary_2012-05-06"] = "x"
    report = deliver(project, census([one]).replace("</Children>", "<!-- x --></Children><Later/>"))
    (unknown,) = {outcome.unknown_columns for outcome in report.outcomes}
    assert unknown is not None
    first, *hidden = unknown.split(", ", 3)
    assert {first, *hidden[:2]} == {"LAchildID", "Later", "NewBlock"}
    assert hidden[2] == "1 element, not shown: no names of elements"
    assert "Zachary" not in repr(report)


def test_a_return_without_unknown_elements_is_not_searched_for_them(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which takes longer than to read it: counting shows that all elements were taken."""
    monkeypatch.setattr(xml_returns, "_unknown_elements", None)
    one = child()
    one["CINdetails"]["CINclosureDate"] = ["2023-02-01", ""]
    one["CINdetails"]["Section47"] = [{}, one["CINdetails"]["Section47"]]
    one["ChildIdentifiers"] |= {"FormerUPN": "", "UPNunknown": "UN1"}
    report = deliver(project, census([one, child(2)]))
    assert counts(report)["section_47s"] == 3


@pytest.mark.parametrize("namespace", ["", "urn:of:some:maker"])
@pytest.mark.parametrize("prefix", ["", "m:"])
def test_namespaces_do_not_matter(project: Project, namespace: str, prefix: str) -> None:
    if prefix and not namespace:
        pytest.skip("a prefix needs a namespace")
    text = re.sub(r"<(/?)(?=\w)", rf"<\1{prefix}", census([child(), child(2)]))
    declared = f' xmlns{prefix and ":m"}="{namespace}"' if namespace else ""
    report = deliver(project, text.replace("Message>", f"Message{declared}>", 1))
    assert counts(report) == dict.fromkeys(KINDS, 2) | {"cp_reviews": 4}
    assert report.outcomes[0].unknown_columns is None


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("utf-8", "utf-8"),
        ("UTF-8", "utf-8-sig"),
        ("windows-1252", "cp1252"),
        ("iso-8859-1", "latin-1"),
        ("utf-16", "utf-16"),
        ("UTF-16LE", "utf-16-le"),
        ("utf-16", "utf-16-be"),
        ("utf-32", "utf-32"),
        (None, "utf-16"),
        (None, "utf-8"),
    ],
)
def test_any_encoding_gives_the_same_records(
    project: Project, declared: str | None, codec: str
) -> None:
    one = child()
    one["CINdetails"]["ReferralSource"] = "é£"
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    text = census([one]).replace('<?xml version="1.0" encoding="utf-8"?>\n', declaration)
    report = deliver(project, text.encode(codec))
    assert counts(report)["episodes"] == 1
    assert rows(project, "episodes")[0]["referral_source_code"] == "É£"


@pytest.mark.parametrize("chunk_bytes", [50, 1000, 100_000])
def test_it_does_not_matter_where_a_file_is_cut(
    project: Project, monkeypatch: pytest.MonkeyPatch, chunk_bytes: int
) -> None:
    text = census([child(number) for number in range(1, 31)])
    report = deliver(project, text, delivery="whole")
    whole = {kind: said(project, kind) for kind in KINDS}
    monkeypatch.setattr(xml_returns, "CHUNK_BYTES", chunk_bytes)
    monkeypatch.setattr(xml_returns, "BATCH_FIELDS", 100)
    (project.extracts / "alpha" / "whole" / "extract.yml").unlink()
    (project.extracts / "alpha" / "whole" / "return.xml").unlink()
    (project.extracts / "alpha" / "whole").rmdir()
    report = deliver(project, text, delivery="cut")
    assert counts(report) == dict.fromkeys(KINDS, 30) | {"cp_reviews": 60}
    for kind in KINDS:
        assert said(project, kind) == whole[kind]


def test_a_return_without_children_lands_with_no_records(project: Project) -> None:
    for text in (
        census([]),
        census([]).replace("<Children>\n", "<Children/>").replace("</Children>", ""),
    ):
        assert counts(deliver(project, text)) == dict.fromkeys(KINDS, 0)


def test_the_header_must_agree_with_extract_yml(project: Project) -> None:
    report = deliver(project, census([child()], header(la_code="S02")))
    assert refusal(report) == "header_disagrees"
    reason = report.outcomes[0].reason or ""
    assert "S02" in reason
    assert "S01" in reason
    assert report.outcomes[0].holds is None
    report = deliver(project, census([child()]), as_of_date="2024-03-30")
    assert refusal(report) == "header_disagrees"
    report = deliver(project, census([child()]), as_of_date="2024-03-31")
    assert counts(report)["children"] == 1
    report = deliver(project, census([child()], header(Year=1999)))  # Year says nothing
    assert counts(report)["children"] == 1


@pytest.mark.parametrize(
    ("serial", "keys", "expected"),
    [("001", {}, 1), ("3", {}, 3), ("3", {"submission": 5}, 5), ("A7", {}, 1), ("", {}, 1)],
)
def test_the_serial_number_is_the_submission_unless_extract_yml_says_so(
    project: Project, serial: str, keys: dict[str, Any], expected: int
) -> None:
    report = deliver(project, census([child()], header(SerialNo=serial)), **keys)
    assert {outcome.submission for outcome in report.outcomes} == {expected}
    assert {row["submission"] for row in project.rows("load_log")} == {expected}


@pytest.mark.parametrize("submission", ["0", "x", "1.5"])
def test_a_submission_is_a_whole_number(project: Project, submission: str) -> None:
    report = deliver(project, census([child()]), submission=submission)
    assert refusal(report) == "extract_yml_invalid"


def test_the_same_file_twice_is_read_once(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = deliver(project, census([child()]))
    before = {path: path.stat().st_mtime_ns for path in project.files()}
    monkeypatch.setattr(door, "open_parts", None)
    again = project.land()
    assert again.outcomes == first.outcomes
    assert again.n_unchanged == len(KINDS)
    assert {path: path.stat().st_mtime_ns for path in project.files()} == before


def test_a_refused_return_is_one_row_of_the_log_and_is_read_once(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = deliver(project, census([child()])[:-20], as_of_date="2024-03-31")
    assert refusal(first) == "xml_unreadable"
    assert first.outcomes[0].holds is None
    monkeypatch.setattr(door, "open_parts", None)
    assert project.land().outcomes == first.outcomes
    assert all(rows(project, kind) == [] for kind in KINDS)


def test_opted_out_children_land_in_no_kind_and_merged_ones_under_one_id(project: Project) -> None:
    lists = project.extracts / "alpha"
    lists.mkdir()
    (lists / "opt_outs.csv").write_text("child_id\nc2\n")
    (lists / "merge_map.csv").write_text("from_child_id,to_child_id\nC3,C1\nC4,C2\n")
    report = deliver(project, census([child(number) for number in range(1, 6)]))
    accounted(project, report)
    out = {outcome.holds: outcome.n_opted_out for outcome in report.outcomes}
    assert out == dict.fromkeys(KINDS, 2) | {"cp_reviews": 4}
    for kind in KINDS:
        assert len({row["child_id"] for row in rows(project, kind)}) == 2
    assert {outcome.opt_outs_met for outcome in report.outcomes} == {"1"}
    assert report.notes == ()


@pytest.mark.parametrize("name", SAMPLES)
def test_public_samples_are_accounted_for(project: Project, name: str) -> None:
    text = reference_file("cin_census", f"{name}.xml").read_text()
    report = deliver(project, text, la_code="201", synthetic=False)
    found = Counter({kind: text.count(f"<{start}>") for kind, start in RECORD_ELEMENTS.items()})
    assert counts(report) == {kind: found[kind] for kind in KINDS}
    accounted(project, report)
    assert {outcome.unknown_columns for outcome in report.outcomes} == {None}
    day = re.search("<ReferenceDate>(.*?)<", text)
    assert day is not None
    assert {str(outcome.extract_as_of_date) for outcome in report.outcomes} == {day[1]}


DEEP = 200_000
HOSTILE: dict[str, tuple[Callable[[str], str | bytes], str]] = {
    "doctype": (lambda text: text.replace("?>", "?><!DOCTYPE Message>", 1), "xml_document_type"),
    "external entity": (
        lambda text: text.replace(
            "?>", '?><!DOCTYPE Message [<!ENTITY x SYSTEM "file:///etc/passwd">]>', 1
        ).replace("C1<", "&x;<"),
        "xml_document_type",
    ),
    "entity bomb": (
        lambda text: text.replace(
            "?>",
            "?><!DOCTYPE Message [<!ENTITY a0 'ha'>"
            + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
            + "]>",
            1,
        ).replace("C1<", "&a11;<"),
        "xml_document_type",
    ),
    "undeclared entity": (lambda text: text.replace("C1<", "&x;<"), "xml_unreadable"),
    "deep": (
        lambda text: text.replace("C1<", f"{'<a>' * DEEP}{'</a>' * DEEP}<"),
        "xml_unreadable",
    ),
    "deep header": (lambda text: "<a>" * DEEP + text, "xml_unreadable"),
    "NUL": (lambda text: text.replace("C1<", "C\0<"), "nul_character"),
    "10 MB of text": (lambda text: text.replace("C1<", f"{'x' * 10**7}<"), "record_too_large"),
    "large text": (lambda text: text.replace("C1<", f"{'x' * 10**6}<"), "cell_too_large"),
    "10 MB of attribute": (
        lambda text: text.replace("<UPN>", f'<UPN a="{"x" * 10**7}">'),
        "record_too_large",
    ),
    "10 MB before the children": (
        lambda text: text.replace("<Children>", f'<Children a="{"x" * 10**7}">'),
        "not_this_return",
    ),
    "gigantic child": (lambda text: text.replace("C1<", f"{'<a/>' * 10**7}<"), "record_too_large"),
    "many elements": (lambda text: text.replace("<UPN>", f"{'<a/>' * 400_000}<UPN>"), "landed"),
    "truncated": (lambda text: text[: len(text) // 2], "xml_unreadable"),
    "cut before its end": (lambda text: text[:-3], "xml_unreadable"),
    "more after its end": (lambda text: f"{text}<Message/>", "xml_unreadable"),
    "another document": (lambda text: "<html><body/></html>", "not_this_return"),
    "another collection": (
        lambda text: text.replace("<Collection>CIN", "<Collection>SC"),
        "not_this_return",
    ),
    "no XML": (lambda text: "child_id,case_id\n1,2\n", "xml_unreadable"),
    "empty": (lambda text: "", "empty_file"),
    "blank": (lambda text: " \n", "empty_file"),
    "UTF-16 that says UTF-8": (lambda text: text.encode("utf-16"), "wrong_encoding"),
    "UTF-8 that says UTF-16": (
        lambda text: text.replace('encoding="utf-8"', 'encoding="utf-16"'),
        "wrong_encoding",
    ),
    "unknown encoding": (lambda text: text.replace("utf-8", "klingon"), "wrong_encoding"),
    "no encoding of text": (lambda text: text.replace("utf-8", "hex"), "wrong_encoding"),
    "broken encoding": (lambda text: text.replace("N4", "é").encode("cp1252"), "wrong_encoding"),
    "half a comment": (lambda text: text.replace("C1<", "C1<!-- <"), "xml_unreadable"),
    "child in a child": (
        lambda text: text.replace("<UPN>", "<Child><Child></Child><UPN>"),
        "xml_unreadable",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_returns_are_refused_at_once(project: Project, name: str) -> None:
    change, code = HOSTILE[name]
    started = time.process_time()
    report = deliver(project, change(census([child()])), as_of_date="2024-03-31")
    assert time.process_time() - started < 2
    if code == "landed":
        assert (
            report.outcomes[0].unknown_columns == "400,000 elements, not shown: no names of "
            "elements"
        )
    else:
        assert refusal(report) == code
        assert report.outcomes[0].holds is None
        assert "C1" not in repr(report)


LAND_EACH = """
import sys, time
from csc_outcomes.landing import land
for project in sys.argv[1:]:
    with open("/proc/self/clear_refs", "w") as stream:
        stream.write("5")  # the peak starts anew
    started = time.process_time()
    land(project)
    seconds = time.process_time() - started
    with open("/proc/self/status") as stream:
        peak = next(line.split()[1] for line in stream if line.startswith("VmHWM"))
    print(peak, seconds)
"""


def test_hostile_returns_take_little_memory(tmp_path: Path) -> None:
    """All of them, one after the other in a process of their own: below 300 MB and 2 s each."""
    text = census([child()])
    for name, (change, _) in HOSTILE.items():
        content = change(text)
        folder = Project(tmp_path / name).extracts / "alpha" / "2024"
        folder.mkdir(parents=True)
        (folder / "return.xml").write_bytes(
            content.encode() if isinstance(content, str) else content
        )
        (folder / "extract.yml").write_text(
            "{la_code: S01, la_name: A, synthetic: true, format: cin_census, "
            "as_of_date: 2024-03-31}"
        )
    command = [sys.executable, "-c", LAND_EACH, *(str(tmp_path / name) for name in HOSTILE)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    for name, line in zip(HOSTILE, result.stdout.splitlines(), strict=True):
        kilobytes, seconds = line.split()
        assert int(kilobytes) < 300_000, name
        assert float(seconds) < 2, name


def test_damaged_returns_are_refused_or_accounted_for(tmp_path: Path) -> None:
    """Bytes changed and tags dropped: no record is lost in silence and no value gets out."""
    canary = "Qzx7"
    children = [child(number) for number in range(1, 4)]
    for one in children:
        one["ChildIdentifiers"]["FormerUPN"] = canary
    text = census(children)
    tags = [match.span() for match in re.finditer(r"<[^>]*>", text)]
    rng = random.Random(5)
    statuses = Counter()
    for number in range(150):
        content = text
        if number % 2:
            start, end = rng.choice(tags)
            content = text[:start] + text[end:]
        else:
            place = rng.randrange(len(text))
            content = text[:place] + rng.choice("<>&/\"' x\0\n;") + text[place + 1 :]
        project = Project(tmp_path / str(number))
        report = deliver(project, content, as_of_date="2024-03-31")
        accounted(project, report)
        codes = {outcome.reason_code for outcome in report.outcomes}
        assert "unexpected_error" not in codes
        assert canary not in repr(report)
        statuses[report.outcomes[0].status] += 1
        if report.outcomes[0].status == "landed":
            for kind, start_element in RECORD_ELEMENTS.items():
                assert by_kind(report)[kind].n_read >= content.count(f"</{start_element}>") - 1
    assert min(statuses["landed"], statuses["refused"]) > 20


FACTORS = "assessment,factor\nA1,2A\nA2,2B\na2,3A\nA3,4B\n"
ASSESSMENTS = "child,assessment,started\nC1,A1,2023-01-01\nC2,A2,2023-01-02\n,A3,2023-01-03\n"


def deliver_factors(project: Project, assessments: str | None = ASSESSMENTS) -> LandingReport:
    """A delivery whose factors stand in a file without child ids."""
    folder = project.extracts / "alpha" / "2024"
    folder.mkdir(parents=True, exist_ok=True)
    columns = {"assessment_id": "assessment", "factor_codes": "factor"}
    files: list[dict[str, Any]] = [
        {"name": "factors.csv", "holds": "assessment_factors", "columns": columns}
    ]
    (folder / "factors.csv").write_text(FACTORS)
    if assessments is not None:
        columns = {"child_id": "child", "assessment_id": "assessment", "start_date": "started"}
        files.append({"name": "assessments.csv", "holds": "assessments", "columns": columns})
        (folder / "assessments.csv").write_text(assessments)
    document = {"la_code": "S01", "la_name": "Alpha", "synthetic": True, "format": "records"}
    (folder / "extract.yml").write_text(
        yaml.safe_dump({**document, "as_of_date": "2024-03-31", "files": files})
    )
    return project.land()


def test_factors_of_an_opted_out_child_do_not_land(project: Project) -> None:
    report = deliver_factors(project)
    assert by_kind(report)["assessment_factors"].n_opted_out == 0
    assert len(rows(project, "assessment_factors")) == 4
    (project.extracts / "alpha" / "opt_outs.csv").write_text("child_id\nc2\n")
    report = deliver_factors(project)
    assert by_kind(report)["assessment_factors"].n_opted_out == 2
    landed = rows(project, "assessment_factors")
    assert [row["factor_codes"] for row in landed] == ["2A", "4B"]
    # Another file says whose an assessment is: the factors are read again although they are as
    # they were.
    report = deliver_factors(project, ASSESSMENTS.replace("C1,A1", "C2,A1"))
    assert by_kind(report)["assessment_factors"].n_opted_out == 3
    accounted(project, report)


def test_factors_are_refused_where_nobody_can_tell_whose_they_are(project: Project) -> None:
    lists = project.extracts / "alpha"
    lists.mkdir()
    (lists / "opt_outs.csv").write_text("child_id\nc2\n")
    report = deliver_factors(project, None)
    assert refusal(report) == "assessments_not_readable"
    report = deliver_factors(project, "another,header\n1,2\n")
    codes = {outcome.holds: outcome.reason_code for outcome in report.outcomes}
    assert codes["assessment_factors"] == "assessments_not_readable"
    assert codes["assessments"] == "missing_columns"
