"""Small extracts in the formats that presets know, made up row by row."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

Table = dict[str, list[Any]]

SSD: dict[str, Table] = {
    "ssd_person": {
        "pers_person_id": ["101", "102", "103"],
        "pers_forename": ["Ann", "Ben", "Cyd"],
        "pers_sex": ["F", "M", "PLACEHOLDER_DATA"],
        "pers_ethnicity": ["WBRI", "MWBC", "NULL"],
        "pers_dob": ["2010-05-06 00:00:00.000", "06/05/2012", "1900-01-01"],
        "pers_nationality": ["British", "-1", ""],
    },
    "ssd_disability": {
        "disa_table_id": ["1", "2", "3"],
        "disa_person_id": ["101", "101", "102"],
        "disa_disability_code": ["MOB", "AUT", "NONE"],
    },
    "ssd_family": {"fami_family_id": ["F1", "-1"], "fami_person_id": ["101", "102"]},
    "ssd_cin_episodes": {
        "cine_referral_id": ["R1", "R2"],
        "cine_person_id": ["101", "102"],
        "cine_referral_date": ["2022-04-01", "2022-05-01"],
        "cine_cin_primary_need_code": ["N1", "N2"],
        "cine_referral_nfa": ["N", "Y"],
        "cine_close_reason": ["", "RC8"],
        "cine_close_date": ["", "2022-06-01"],
        "cine_referral_team": ["T1", "T2"],
    },
    "ssd_cin_assessments": {
        "cina_assessment_id": ["A1", "A2"],
        "cina_person_id": ["101", "102"],
        "cina_referral_id": ["R1", "R2"],
        "cina_assessment_start_date": ["2022-04-03", "2022-05-03"],
        "cina_assessment_auth_date": ["2022-05-03", "2022-06-01"],
    },
    "ssd_assessment_factors": {
        "cinf_table_id": ["1", "2"],
        "cinf_assessment_id": ["A1", "A2"],
        "cinf_assessment_factors_json": ['["1A", "2B"]', '{"3C": "Yes", "4A": "No"}'],
    },
    "ssd_cin_plans": {
        "cinp_cin_plan_id": ["P1"],
        "cinp_referral_id": ["R1"],
        "cinp_person_id": ["101"],
        "cinp_cin_plan_start_date": ["2022-05-10"],
        "cinp_cin_plan_end_date": [""],
    },
    "ssd_s47_enquiry": {
        "s47e_s47_enquiry_id": ["S1"],
        "s47e_referral_id": ["R1"],
        "s47e_person_id": ["101"],
        "s47e_s47_start_date": ["2022-06-01"],
        "s47e_s47_nfa": ["N"],
    },
    "ssd_initial_cp_conference": {
        "icpc_icpc_id": ["I1"],
        "icpc_s47_enquiry_id": ["S1"],
        "icpc_person_id": ["101"],
        "icpc_referral_id": ["R1"],
        "icpc_icpc_transfer_in": ["N"],
        "icpc_icpc_target_date": ["2022-06-20"],
        "icpc_icpc_date": ["2022-06-18"],
    },
    "ssd_cp_plans": {
        "cppl_cp_plan_id": ["C1", "C2", "C3", "C4"],
        "cppl_referral_id": ["R1", "R2", "R2", "R2"],
        "cppl_person_id": ["101", "102", "102", "102"],
        "cppl_cp_plan_start_date": ["2022-06-18", "2022-07-01", "2022-08-01", "2022-09-01"],
        "cppl_cp_plan_end_date": ["", "2022-07-20", "2022-08-20", "1900-01-01"],
        "cppl_cp_plan_initial_category": [
            "Neglect",
            "2. Physical abuse",
            "Multiple: neglect, sexual abuse",
            "EMO",
        ],
        "cppl_cp_plan_latest_category": ["Emotional Abuse", "b) Sexual abuse", "", "SAB"],
        "cppl_cp_plan_ola": ["N", "Y", "N", ""],
    },
    "ssd_cla_episodes": {
        "clae_cla_episode_id": ["E1"],
        "clae_person_id": ["102"],
        "clae_cla_episode_start_date": ["2022-09-01"],
        "clae_cla_episode_start_reason": ["S"],
        "clae_cla_primary_need_code": ["N1"],
        "clae_cla_episode_ceased_date": [None],
        "clae_cla_episode_ceased_reason": [None],
        "clae_cla_id": ["L1"],
        "clae_referral_id": ["R2"],
    },
    "ssd_contacts": {
        "cont_contact_id": ["K1"],
        "cont_person_id": ["103"],
        "cont_contact_date": ["2022-03-01"],
        "cont_contact_source_code": ["6"],
    },
}

HEADER_903: Table = {
    "CHILD": ["201", "202"],
    "SEX": ["1", "2"],
    "DOB": ["06/05/2010", "07/06/2011"],
    "ETHNIC": ["WBRI", "BCRB"],
    "UPN": ["UN1", "UN2"],
    "MOTHER": ["", "1"],
    "MC_DOB": ["", "01/02/2022"],
}

PERSON = {
    "Child Unique ID": ["301", "302"],
    "Gender": ["a) Male", "b) Female"],
    "Ethnicity": ["a) WBRI", "f) MWBC"],
    "Date of Birth": ["2010-05-06", "2012-06-07"],
    "Age of Child (Years)": [12, 10],
}
DISABILITY = {"Does the Child have a Disability": ["a) Yes", "b) No"]}
TEAM = {"Allocated Team": ["North", "South"], "Allocated Worker": ["Pat Q", "Lee R"]}
ANNEX_A: dict[str, Table] = {
    "List 1": PERSON
    | {"Date of Contact": ["01/02/2022", "02/02/2022"], "Contact Source": ["a) 1A", "g) 6"]},
    "List 3": PERSON
    | {
        "Date of referral": ["03/02/2022", "04/02/2022"],
        "Referral Source": ["a) 1A", "g) 6"],
        "Referral NFA?": ["b) No", "a) Yes"],
        "Number of Referrals in Last 12 Months": [1, 2],
    }
    | TEAM,
    "List 6": PERSON
    | DISABILITY
    | {
        "CIN Start Date": ["03/02/2022", "04/02/2022"],
        "Primary Need Code": ["a) N1", "d) N4"],
        "Date Child Was Last Seen": ["", ""],
        "CIN Closure Date": ["", "01/06/2022"],
        "Reason for Closure": ["", "h) RC8"],
        "Case Status": ["a) open", "b) closed"],
    }
    | TEAM,
    "List 7": PERSON
    | DISABILITY
    | {
        "Child Protection Plan Start Date": ["05/03/2022", "06/03/2022"],
        "Initial Category of Abuse": ["a) Neglect", "e) Multiple"],
        "Latest Category of Abuse": ["a) Neglect", "d) Emotional abuse"],
        "Child Protection Plan End Date": ["", "06/09/2022"],
        "Number of Previous Child Protection Plans": [0, 1],
    }
    | TEAM,
    "List 11": {
        "Individual adopter identifier": ["AD1"],
        "Family identifier": ["FA1"],
        "Gender": ["a) Male"],
    },
}


def csv_text(table: Table, delimiter: str = ",") -> str:
    """A table as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter)
    writer.writerow(table)
    writer.writerows(rows_of(table))
    return stream.getvalue()


def rows_of(table: Table) -> list[tuple[Any, ...]]:
    """The records of a table."""
    return list(zip(*table.values(), strict=True))


def write_parquet(path: Path, table: Table) -> None:
    """A table as a Parquet file."""
    pq.write_table(pa.table(table), path)


def write_workbook(path: Path, sheets: dict[str, Table], n_rows_above: int = 0) -> None:
    """Tables as sheets of a workbook, each with some rows above its header."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, table in sheets.items():
        sheet = book.create_sheet(name)
        for number in range(n_rows_above):
            sheet.append([f"About this list, line {number + 1}"])
        sheet.append(list(table))
        for row in rows_of(table):
            sheet.append(list(row))
    book.save(path)
