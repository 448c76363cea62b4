"""Made-up children as tables of the Standard Safeguarding Dataset, on one day.

Ids are the system's own, flags Y and N, categories in words, factors as JSON in both shapes that
builds write; what a build can't fill holds its placeholders. Source:
data-to-insight/ssd-data-model-next (MIT).
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

from csc_outcomes.synthetic.returns.files import CsvTables
from csc_outcomes.synthetic.returns.lives import Child, CpPlan, Episode, Section47

PLACEHOLDER_TEXT, PLACEHOLDER_ID, PLACEHOLDER_DATE = "PLACEHOLDER_DATA", "-1", date(1900, 1, 1)
TABLES: dict[str, tuple[str, ...]] = {
    "ssd_person": (
        *("pers_person_id", "pers_legacy_id", "pers_sex", "pers_gender", "pers_ethnicity"),
        *("pers_dob", "pers_common_child_id", "pers_upn_unknown", "pers_send_flag"),
        *("pers_expected_dob", "pers_death_date", "pers_is_mother", "pers_nationality"),
    ),
    "ssd_linked_identifiers": (
        *("link_table_id", "link_person_id", "link_identifier_type", "link_identifier_value"),
        *("link_valid_from_date", "link_valid_to_date"),
    ),
    "ssd_family": ("fami_table_id", "fami_family_id", "fami_person_id"),
    "ssd_disability": ("disa_table_id", "disa_person_id", "disa_disability_code"),
    "ssd_contacts": (
        *("cont_contact_id", "cont_person_id", "cont_contact_date", "cont_contact_source_code"),
        "cont_contact_outcome_json",
    ),
    "ssd_cin_episodes": (
        *("cine_referral_id", "cine_person_id", "cine_referral_date"),
        *("cine_cin_primary_need_code", "cine_referral_source_code", "cine_referral_source_desc"),
        *("cine_referral_outcome_json", "cine_referral_nfa", "cine_close_reason"),
        *("cine_close_date", "cine_referral_team", "cine_referral_worker_id"),
    ),
    "ssd_cin_assessments": (
        *("cina_assessment_id", "cina_person_id", "cina_referral_id"),
        *("cina_assessment_start_date", "cina_assessment_child_seen", "cina_assessment_auth_date"),
        *("cina_assessment_outcome_nfa", "cina_assessment_team", "cina_assessment_worker_id"),
    ),
    "ssd_assessment_factors": (
        *("cinf_table_id", "cinf_assessment_id", "cinf_assessment_factors_json"),
    ),
    "ssd_cin_plans": (
        *("cinp_cin_plan_id", "cinp_referral_id", "cinp_person_id", "cinp_cin_plan_start_date"),
        *("cinp_cin_plan_end_date", "cinp_cin_plan_team", "cinp_cin_plan_worker_id"),
    ),
    "ssd_s47_enquiry": (
        *("s47e_s47_enquiry_id", "s47e_referral_id", "s47e_person_id", "s47e_s47_start_date"),
        *("s47e_s47_end_date", "s47e_s47_nfa"),
    ),
    "ssd_initial_cp_conference": (
        *("icpc_icpc_id", "icpc_icpc_meeting_id", "icpc_s47_enquiry_id", "icpc_person_id"),
        *("icpc_cp_plan_id", "icpc_referral_id", "icpc_icpc_transfer_in", "icpc_icpc_target_date"),
        *("icpc_icpc_date", "icpc_icpc_outcome_cp_flag"),
    ),
    "ssd_cp_plans": (
        *("cppl_cp_plan_id", "cppl_referral_id", "cppl_icpc_id", "cppl_person_id"),
        *("cppl_cp_plan_start_date", "cppl_cp_plan_end_date", "cppl_cp_plan_initial_category"),
        *("cppl_cp_plan_ola", "cppl_cp_plan_latest_category"),
    ),
    "ssd_cp_reviews": (
        *("cppr_cp_review_id", "cppr_person_id", "cppr_cp_plan_id", "cppr_cp_review_due"),
        "cppr_cp_review_date",
    ),
    "ssd_cla_episodes": (
        *("clae_cla_episode_id", "clae_person_id", "clae_cla_episode_start_date"),
        *("clae_cla_episode_start_reason", "clae_cla_primary_need_code"),
        *("clae_cla_episode_ceased_date", "clae_cla_episode_ceased_reason", "clae_cla_id"),
        *("clae_referral_id", "clae_entered_care_date"),
    ),
}
CATEGORIES = {
    "NEG": "Neglect",
    "PHY": "Physical abuse",
    "SAB": "Sexual abuse",
    "EMO": "Emotional abuse",
    "MUL": "Multiple",
}
GENDERS = {"M": "01", "F": "02", "U": "00"}
SOURCES = {"1A": "Family member, relative or carer", "2A": "Schools", "6": "Police"}


class SsdTables:
    """One set of tables, written as children are added."""

    def __init__(self, folder: Path) -> None:
        self._tables = CsvTables(folder, TABLES)
        self._n_ids = 0

    def add(self, child: Child) -> None:
        """Writes the rows of a child."""
        self._add_person(child)
        referrals: dict[date, str] = {}
        for e in child.episodes:
            referrals[e.referral] = referral = self._new_id()
            self._add_episode(child.child_id, referral, e)
        for period in child.care:
            period_id = self._new_id()
            for c in period.episodes:
                self._tables.write(
                    "ssd_cla_episodes",
                    self._new_id(),
                    child.child_id,
                    _moment(c.start),
                    c.start_reason,
                    c.need,
                    _moment(c.end),
                    c.end_reason,
                    period_id,
                    referrals[period.referral],
                    _moment(period.start),
                )

    def close(self) -> None:
        """Ends the files."""
        self._tables.close()

    def _add_person(self, child: Child) -> None:
        child_id, write = child.child_id, self._tables.write
        write(
            "ssd_person",
            child_id,
            PLACEHOLDER_ID,
            child.sex,
            GENDERS[child.sex],
            child.ethnicity,
            _moment(child.birth or PLACEHOLDER_DATE),
            PLACEHOLDER_TEXT,
            None if child.upn else "UN1",
            "N",
            _moment(child.expected_birth),
            _moment(child.death),
            "N",
            child.nationality,
        )
        if child.upn:
            number = "Unique Pupil Number"
            write("ssd_linked_identifiers", self._new_id(), child_id, number, child.upn, None, None)
        write("ssd_family", self._new_id(), child.family_id, child_id)
        for code in child.disabilities:
            write("ssd_disability", self._new_id(), child_id, code)

    def _add_episode(self, child_id: str, referral: str, e: Episode) -> None:
        write = self._tables.write
        contact = json.dumps({"NEW_REFERRAL_FLAG": "Y", "NFA_FLAG": "N"})
        write("ssd_contacts", self._new_id(), child_id, _moment(e.referral), e.source, contact)
        outcome = json.dumps({"SINGLE_ASSESSMENT_FLAG": _yes(not e.is_nfa)})
        write(
            "ssd_cin_episodes",
            referral,
            child_id,
            _moment(e.referral),
            e.need,
            e.source,
            SOURCES.get(e.source or ""),
            outcome,
            _yes(e.is_nfa),
            e.close_reason,
            _moment(e.close),
            PLACEHOLDER_TEXT,
            PLACEHOLDER_ID,
        )
        self._add_assessments(child_id, referral, e)
        for plan in e.cin_plans:
            days = _moment(plan.start), _moment(plan.end)
            write("ssd_cin_plans", self._new_id(), referral, child_id, *days, None, PLACEHOLDER_ID)
        conferences = {s.icpc: self._add_enquiry(child_id, referral, s) for s in e.section_47s}
        if e.transfer_icpc:
            conferences[e.transfer_icpc] = self._add_conference(
                child_id, referral, PLACEHOLDER_ID, None, e.transfer_icpc, is_transfer=True
            )
        for protection in e.cp_plans:
            conference = conferences.get(protection.start, PLACEHOLDER_ID)
            self._add_cp_plan(child_id, referral, conference, protection)

    def _add_assessments(self, child_id: str, referral: str, e: Episode) -> None:
        for a in e.assessments:
            assessment = self._new_id()
            self._tables.write(
                "ssd_cin_assessments",
                assessment,
                child_id,
                referral,
                _moment(a.start),
                "Y",
                _moment(a.authorised),
                "N",
                None,
                PLACEHOLDER_ID,
            )
            if a.factors:
                number = self._new_id()
                factors: Any = list(a.factors)
                if int(number) % 2:
                    factors = dict.fromkeys(a.factors, "Yes")
                    factors["8B"] = "No"
                text = json.dumps(factors)
                self._tables.write("ssd_assessment_factors", number, assessment, text)

    def _add_enquiry(self, child_id: str, referral: str, s: Section47) -> str:
        enquiry = self._new_id()
        days = _moment(s.start), _moment(s.icpc)
        nfa = _yes(s.is_icpc_not_required)
        self._tables.write("ssd_s47_enquiry", enquiry, referral, child_id, *days, nfa)
        if s.icpc is None:
            return PLACEHOLDER_ID
        return self._add_conference(child_id, referral, enquiry, s.icpc_target, s.icpc)

    def _add_conference(
        self,
        child_id: str,
        referral: str,
        enquiry: str,
        target: date | None,
        day: date,
        is_transfer: bool = False,
    ) -> str:
        conference = self._new_id()
        self._tables.write(
            "ssd_initial_cp_conference",
            conference,
            PLACEHOLDER_ID,
            enquiry,
            child_id,
            None,
            referral,
            _yes(is_transfer),
            _moment(target),
            _moment(day),
            "Y",
        )
        return conference

    def _add_cp_plan(self, child_id: str, referral: str, conference: str, p: CpPlan) -> None:
        plan = self._new_id()
        self._tables.write(
            "ssd_cp_plans",
            plan,
            referral,
            conference,
            child_id,
            _moment(p.start),
            _moment(p.end),
            CATEGORIES[p.initial_category],
            _yes(p.is_other_authority),
            CATEGORIES[p.latest_category],
        )
        for review in p.reviews:
            day = _moment(review)
            self._tables.write("ssd_cp_reviews", self._new_id(), child_id, plan, day, day)

    def _new_id(self) -> str:
        self._n_ids += 1
        return str(1_000_000 + self._n_ids)


def _moment(day: date | None) -> str | None:
    """A day as databases export a DATETIME."""
    return f"{day.isoformat()} 00:00:00" if day else None


def _yes(flag: bool | None) -> str:
    return "Y" if flag else "N"
