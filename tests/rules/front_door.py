"""Extracts in, marts out: lands made-up cases in a copy of the project and builds the rule models.

`Warehouse` then runs the compiled rules again without dbt, on what that build left behind.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))
from episodes import PROGRAMME, TRIAL_PROGRAMME, Case, Extract
from projects import ROOT, Project, light_copy
from returns import KINDS, Authority, Delivery, Record, by_child
from rule_studies import Study

# The models that the comparison reads.
READ = (
    "fct_case_outcomes",
    "int_case_outcomes",
    "int_case_clocks",
    "int_competing_ends",
    "int_rereferral_windows",
    "int_study_eligibility",
    "int_matched_pairs",
)
CASE_COLUMNS = (
    *("case_id", "child_id", "family_id", "referral_date", "plan_start_date", "closure_date"),
    *("closure_reason_code", "birth_date", "age_at_plan_start", "n_siblings_under_18"),
    *("n_previous_referrals", "sex_code", "ethnicity_code", "nationality", "is_index_child"),
    *("is_outcome_known", "first_cp_date", "first_cp_date_during", "first_cp_date_after"),
    *("first_lac_date", "first_lac_date_during", "first_lac_date_after", "n_cp_escalations"),
    *("n_lac_escalations", "rereferral_dates", "arm", "programme_start_date"),
)


def text(value: Any) -> str:
    """A cell as a case list writes it."""
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, bool) else str(value)


def as_csv(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([text(value) for value in row] for row in rows)
    return buffer.getvalue().encode()


def cases_of(cases: Iterable[Case]) -> bytes:
    """A case list."""
    rows = (
        (
            *(c.name, c.child, c.family, c.referral, c.start, c.closure, c.closure_reason),
            *(c.birth, c.age, c.siblings, c.earlier_referrals, c.sex, c.ethnicity),
            *(c.nationality, c.is_index_child, c.is_outcome_known, *c.cp_days, *c.lac_days),
            *(c.n_cp, c.n_lac, ";".join(map(str, sorted(c.rereferrals))), c.arm, c.programme_start),
        )
        for c in cases
    )
    return as_csv(CASE_COLUMNS, rows)


def files_of(extract: Extract) -> dict[str, tuple[str, bytes]]:
    """What each file of a case list holds, and the file."""
    return {
        "cases": ("cases", cases_of(extract.cases[extract.n_older :])),
        "enrolments": (
            "programme_enrolments",
            as_csv(
                ("programme_id", "arm", "child_id", "case_id", "start_date", "end_date"),
                ((e.programme, e.arm, e.child, e.case, e.start, e.end) for e in extract.enrolments),
            ),
        ),
        "referrals": (
            "referrals",
            as_csv(
                ("child_id", "case_id", "referral_date"),
                ((r.child, r.case, r.day) for r in extract.referrals),
            ),
        ),
    }


def study_files_of(extract: Extract) -> dict[str, tuple[str, bytes]]:
    allocations = ("child_id", "case_id", "family_id", "arm", "allocation_status", "allocated_date")
    absences = ("child_id", "school_year", "term", "school_id", "sessions_absent")
    return {
        "allocations": (
            "allocations",
            as_csv(
                allocations,
                ((a.child, a.case, a.family, a.arm, a.status, a.day) for a in extract.allocations),
            ),
        ),
        "absences": (
            "school_absences",
            as_csv(
                absences,
                ((a.child, a.year, a.term, a.school, a.sessions) for a in extract.absences),
            ),
        ),
    }


def file_entry(name: str, holds: str, content: bytes) -> dict[str, Any]:
    """The entry of extract.yml that takes each column of a file by its own name."""
    columns = content.decode().split("\n", 1)[0].split(",")
    return {
        "name": f"{name}.csv",
        "holds": holds,
        "date_formats": ["iso"],
        "columns": {column: column for column in columns},
    }


def contract(
    extract: Extract,
    layout: str,
    files: Mapping[str, tuple[str, bytes]],
    as_of: date | None = None,
) -> dict[str, Any]:
    """extract.yml of an authority's files."""
    described = []
    for name, (holds, content) in files.items():
        entry = file_entry(name, holds, content)
        programme = {"allocations": TRIAL_PROGRAMME, "cases": PROGRAMME}.get(name)
        if programme:
            entry["constants"] = {"programme_id": programme}
        described.append(entry)
    return {
        "la_code": extract.la_code,
        "la_name": f"Made-up authority {extract.la_code}",
        "synthetic": True,
        "format": layout,
        "as_of_date": str(as_of or extract.as_of),
        "files": described,
    }


def land(project: Project, extract: Extract, delivery: str = "1") -> None:
    """Puts an authority's extract before the door."""
    slug = extract.la_code.lower()
    for layout, files in (
        ("case_list", files_of(extract)),
        ("study_files", study_files_of(extract)),
    ):
        project.add_delivery(
            slug,
            f"{layout}_{delivery}",
            contract(extract, layout, files),
            {f"{name}.csv": content for name, (_, content) in files.items()},
        )
    if extract.n_older:
        older = {"cases": ("cases", cases_of(extract.cases[: extract.n_older]))}
        as_of = extract.as_of - timedelta(days=200)
        project.add_delivery(
            slug,
            f"case_list_before_{delivery}",
            contract(extract, "case_list", older, as_of),
            {"cases.csv": older["cases"][1]},
        )
    (project.path / "extracts" / slug / "objections.csv").write_bytes(
        as_csv(("child_id", "objects_to"), extract.objections)
    )


# Returns


def land_returns(project: Project, authority: Authority) -> None:
    """Puts an authority's returns before the door."""
    slug = authority.la_code.lower()
    for delivery in authority.deliveries:
        described = {
            "la_code": authority.la_code,
            "la_name": f"Made-up authority {authority.la_code}",
            "synthetic": True,
        }
        if delivery.is_census:
            described |= {"format": "cin_census", "files": [{"name": "cin.xml"}]}
            files = {"cin.xml": census(authority.la_code, delivery)}
        else:
            tables = {kind: rows for kind, rows in delivery.records.items() if rows}
            files = {f"{kind}.csv": table(kind, rows) for kind, rows in tables.items()}
            described |= {
                "format": "records",
                "as_of_date": str(delivery.as_of),
                "submission": delivery.submission,
                "files": [file_entry(kind, kind, files[f"{kind}.csv"]) for kind in tables],
            }
        project.add_delivery(slug, delivery.name, described, files)
    beside = {
        "programme_enrolments": as_csv(
            ("programme_id", "arm", "child_id", "start_date"),
            ((e.programme, e.arm, e.child, e.start) for e in authority.enrolments),
        ),
        "allocations": as_csv(
            ("child_id", "family_id", "arm", "allocation_status", "allocated_date"),
            ((a.child, a.family, a.arm, a.status, a.day) for a in authority.allocations),
        ),
    }
    entries = [file_entry(holds, holds, content) for holds, content in beside.items()]
    entries[1]["constants"] = {"programme_id": TRIAL_PROGRAMME}
    described = {
        "la_code": authority.la_code,
        "la_name": f"Made-up authority {authority.la_code}",
        "synthetic": True,
        "format": "study_files",
        "as_of_date": str(authority.as_of),
        "files": entries,
    }
    files = {f"{holds}.csv": content for holds, content in beside.items()}
    project.add_delivery(slug, "study_files", described, files)


def table(kind: str, records: Sequence[Record]) -> bytes:
    """Records of one kind as a file."""
    names = [f.name for f in fields(KINDS[kind])]
    columns = ["child_id" if name == "child" else name for name in names]
    return as_csv(columns, ([getattr(r, name) for name in names] for r in records))


def census(la_code: str, delivery: Delivery) -> bytes:
    """A return as the CIN census has it: plans stand within the first referral of their day."""
    message = ElementTree.Element("Message")
    header = ElementTree.SubElement(message, "Header")
    details = ElementTree.SubElement(header, "CollectionDetails")
    _say(details, Collection="CIN", Year=delivery.as_of.year, ReferenceDate=delivery.as_of)
    source = ElementTree.SubElement(header, "Source")
    _say(source, SourceLevel="L", LEA=la_code, SerialNo=delivery.submission)
    children = ElementTree.SubElement(message, "Children")
    for child, told in by_child(delivery).items():
        element = ElementTree.SubElement(children, "Child")
        _say(ElementTree.SubElement(element, "ChildIdentifiers"), LAchildID=child)
        seen = set()
        for e in told["episodes"]:
            block = ElementTree.SubElement(element, "CINdetails")
            _say(block, CINreferralDate=e.referral_date, PrimaryNeedCode=e.primary_need_code)
            _say(block, CINclosureDate=e.close_date, ReasonForClosure=e.close_reason_code)
            inner = [] if e.referral_date in seen else told["cin_plans"]
            for plan in inner:
                if plan.referral_date == e.referral_date:
                    dates = ElementTree.SubElement(block, "CINPlanDates")
                    _say(dates, CINPlanStartDate=plan.start_date, CINPlanEndDate=plan.end_date)
            _say(block, ReferralNFA=int(e.is_nfa))
            inner = [] if e.referral_date in seen else told["cp_plans"]
            for plan in inner:
                if plan.referral_date == e.referral_date:
                    dates = ElementTree.SubElement(block, "ChildProtectionPlans")
                    _say(dates, CPPstartDate=plan.start_date, CPPendDate=plan.end_date)
            seen.add(e.referral_date)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(message)


def _say(parent: ElementTree.Element, **texts: Any) -> None:
    for name, value in texts.items():
        if value is not None:
            ElementTree.SubElement(parent, name).text = str(value)


def seed_rows(studies: Iterable[Study]) -> dict[str, list[dict[str, Any]]]:
    """The rows of the study seeds that set these studies; strata are those of the FACT22 report."""
    rows: dict[str, list[dict[str, Any]]] = {
        name: []
        for name in (
            *("studies", "study_parameters", "study_outcomes", "study_analyses"),
            *("study_readings", "study_data_cuts", "study_covariates", "study_covariate_bins"),
            "study_subgroups",
        )
    }
    for study in studies:
        own, calendar = {"study_id": study.study_id}, study.calendar
        rows["studies"].append(
            {
                **own,
                "study_name": f"Made-up study {study.study_id}",
                "design": "rct" if study.is_trial else "matched_comparison",
                "la_code": "|".join(study.la_codes),
                "programme_id": study.programme,
                "study_start": calendar.start,
                "study_end": calendar.end,
                "earliest_case_start": calendar.earliest if study.has_start_window else None,
                "latest_case_start": calendar.latest if study.has_start_window else None,
            }
        )
        rows["study_parameters"] += [
            {**own, "parameter_id": name, "value": value}
            for name, value in study.parameters.items()
        ]
        outcomes = ["case_length_days", *study.follows]
        rows["study_outcomes"] += [
            {**own, "outcome": outcome, "outcome_order": place, "is_primary": False}
            for place, outcome in enumerate(outcomes, 1)
        ]
        rows["study_analyses"] += [
            {
                **own,
                "analysis_id": f"clock_{clock}",
                "outcome": "case_length_days",
                "sample": "unmatched",
                "estimator": "cox",
                "covariates": "none",
                "clock": clock,
                "is_primary": False,
                "in_curve": False,
            }
            for clock in study.clocks
        ]
        rows["study_readings"] += [
            {**own, "reading": reading, "parameter_id": name, "value": value}
            for reading, changes in study.readings.items()
            for name, value in changes.items()
        ]
        rows["study_data_cuts"] += [{**own, "data_cut": cut} for cut in study.cuts]
        for seed in ("study_covariates", "study_covariate_bins"):
            rows[seed] += [
                {**row, **own}
                for row in seed_file(seed)
                if row["study_id"] == "fact22" and not study.is_trial
            ]
    return rows


def seed_file(seed: str) -> list[dict[str, str]]:
    """The rows of a study seed as the project has it."""
    path = ROOT / "seeds" / "studies" / f"{seed}.csv"
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def seed_csv(seed: str, rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Those rows as the seed's own file has its columns."""
    columns = list(seed_file(seed)[0])
    return as_csv(columns, ([row.get(column) for column in columns] for row in rows))


def configure(project: Project, studies: Iterable[Study]) -> None:
    """Leaves no other studies in the project's seeds than these."""
    for seed, rows in seed_rows(studies).items():
        (project.path / "seeds" / "studies" / f"{seed}.csv").write_bytes(seed_csv(seed, rows))


def build(
    target: Path,
    extracts: Mapping[str, Extract],
    studies: Iterable[Study],
    returned: Iterable[Authority] = (),
    read: Iterable[str] = READ,
) -> Project:
    """A small copy of the project with these extracts and studies, and what authorities `returned`,
    built as far as the models that are `read`. Returns are made too badly for the gate, which would
    withhold them: where there are any it stands open."""
    project = light_copy(target)
    configure(project, studies)
    returned = list(returned)
    if returned:
        open_gate(project)
    for extract in extracts.values():
        land(project, extract)
    for authority in returned:
        land_returns(project, authority)
    selected = [f"+{model}" for model in read]
    without = ("--exclude-resource-types", "test", "unit_test")
    result = project.dbt("build", *without, "--select", *selected)
    assert result.returncode == 0, result.stdout[-5000:]
    return project


def open_gate(project: Project) -> None:
    """Lets the data of every authority through, whatever expectations say of them."""
    path, withheld = (
        project.path / "macros" / "standard.sql",
        "severity = 'critical' and not success",
    )
    text = path.read_text(encoding="utf-8")
    assert text.count(withheld) == 1
    path.write_text(text.replace(withheld, "false"), encoding="utf-8")


@dataclass(frozen=True)
class Model:
    """A compiled model: its SQL, and the names of what it reads."""

    name: str
    sql: str
    path: str
    reads: tuple[str, ...]


def compiled(project: Project) -> dict[str, Model]:
    """Every SQL model that was compiled, in an order in which each comes after what it reads."""
    manifest = json.loads((project.path / "target" / "manifest.json").read_text(encoding="utf-8"))
    models = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model" and node["language"] == "sql":
            reads = tuple(key.split(".")[-1] for key in node["depends_on"]["nodes"])
            code = node.get("compiled_code") or ""
            models[node["name"]] = Model(node["name"], code, node["original_file_path"], reads)
    return in_order(models)


def in_order(models: Mapping[str, Model]) -> dict[str, Model]:
    """The models, each after those of them that it reads."""
    ordered: dict[str, Model] = {}

    def place(name: str) -> None:
        if name in models and name not in ordered:
            for read in models[name].reads:
                place(read)
            ordered[name] = models[name]

    for name in models:
        place(name)
    return ordered
