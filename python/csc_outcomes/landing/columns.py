"""The canonical columns of every kind of extract: the one place that names them.

`FORMATS[format][holds]` is the tuple of columns a file of that kind lands with.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["id", "date", "code", "codes", "text"]  # "codes": several in one cell


@dataclass(frozen=True)
class Column:
    """A canonical column: what its text means and whether a file can do without it."""

    name: str
    kind: Kind = "text"
    is_required: bool = False
    known_codes: tuple[str, ...] = ()  # codes that need no mapping and admit no others
    spellings: Mapping[str, str] = field(default_factory=dict)  # other words for known codes
    is_lenient: bool = False  # an id that can't be read is left out and speaks against nothing

    @property
    def id_kind(self) -> str:
        """What an id identifies (child, case, family, coder, ...); part of its pseudonym."""
        return self.name.removesuffix("_id")


def _date(name: str, is_required: bool = False) -> Column:
    return Column(name, "date", is_required)


def _flag(name: str) -> Column:
    return Column(name, "code", known_codes=YES_NO, spellings=YES_NO_WORDS)


YES_NO = ("1", "0")
YES_NO_WORDS = {"true": "1", "yes": "1", "y": "1", "false": "0", "no": "0", "n": "0"}
CHILD_ID = Column("child_id", "id", is_required=True)
CASE_ID = Column("case_id", "id")
ARM = Column("arm", "code", known_codes=("treated", "comparator"))
RESPONDENT_ID = Column("respondent_id", "id", is_required=True)
ORGANISATION = Column(
    "organisation", "code", is_required=True, known_codes=("programme", "authority")
)

CASES = (
    CHILD_ID,
    CASE_ID,
    Column("family_id", "id"),
    _date("birth_date"),
    Column("age_at_plan_start"),
    Column("sex_code", "code"),
    Column("ethnicity_code", "code"),
    Column("nationality"),
    Column("ward"),
    Column("n_siblings_under_18"),
    Column("n_previous_referrals"),
    _date("referral_date"),
    _date("plan_start_date", is_required=True),
    _date("closure_date"),
    Column("closure_reason_code", "code"),
    Column("primary_need_code", "code"),
    Column("programme_id"),
    ARM,
    _date("programme_start_date"),
    _date("programme_end_date"),
    _date("first_cp_date"),
    _date("first_lac_date"),
    _date("first_cp_date_during"),
    _date("first_cp_date_after"),
    _date("first_lac_date_during"),
    _date("first_lac_date_after"),
    Column("n_cp_escalations"),
    Column("n_lac_escalations"),
    _date("rereferral_dates"),  # one cell, may hold several
    _date("earlier_support_dates"),  # one cell, may hold several
    Column("is_index_child", "code", known_codes=YES_NO),
    Column("has_disability", "code", known_codes=YES_NO),
    Column("is_outcome_known", "code", known_codes=YES_NO),
)

PROGRAMME_ENROLMENTS = (
    CHILD_ID,
    CASE_ID,
    Column("programme_id", is_required=True),
    ARM,
    _date("start_date", is_required=True),
    _date("end_date"),
)

REFERRALS = (CHILD_ID, CASE_ID, _date("referral_date", is_required=True))

RISK_CODINGS = (
    CHILD_ID,
    CASE_ID,  # without it the child's latest case begun by then
    Column("time_point", "code", is_required=True, known_codes=("referral", "latest")),
    Column("factor_id", "code", is_required=True),
    Column("is_present", "code", known_codes=YES_NO),
    Column("engagement_level", "code"),
    Column("coder_id", "id"),
    _date("coded_date"),
)

STAFF_SURVEY = (
    RESPONDENT_ID,
    ORGANISATION,
    Column("role"),
    Column("item_number", is_required=True),
    Column("score", is_required=True),
    _date("survey_date"),
    Column("programme_id"),
)

FINANCIAL_RETURNS = (
    Column("programme_id", is_required=True),
    _date("month", is_required=True),  # any day of it
    Column("cost_category", "code", is_required=True),
    Column("line_id"),
    Column("amount", is_required=True),  # pounds
)

ALLOCATIONS = (
    CHILD_ID,
    CASE_ID,
    Column("family_id", "id", is_required=True),
    Column("programme_id", is_required=True),
    ARM,
    Column(
        "allocation_status",
        "code",
        is_required=True,
        known_codes=("allocated", "not_approved", "over_capacity", "not_taken_up"),
    ),
    _date("allocated_date"),
)

SDQ_ANSWERS = (
    CHILD_ID,
    Column("wave", is_required=True),
    Column("form", "code", known_codes=("early_years", "school_age")),
    Column("informant"),
    Column("item_number", is_required=True),
    Column("score", is_required=True),
    _date("answered_date"),
)

SCHOOL_ABSENCES = (
    CHILD_ID,
    Column("school_year", is_required=True),
    Column("term", "code", is_required=True, known_codes=("autumn", "spring", "summer")),
    Column("school_id", "id"),
    Column("sessions_possible"),
    Column("sessions_absent", is_required=True),  # half days
)

STAFF_STRESS = (
    RESPONDENT_ID,
    ORGANISATION,
    Column("role"),
    _date("survey_date"),
    Column("stress_score"),
    Column("main_factor", "code"),
    Column("programme_id"),
)

WORKLOAD_COUNTS = (
    RESPONDENT_ID,  # a worker or a family
    ORGANISATION,
    Column("measure", "code", is_required=True, known_codes=("visits_in_month", "cases_held")),
    _date("counted_date", is_required=True),
    Column("n_counted", is_required=True),
    Column("programme_id"),
)

INTERVIEWS = (
    Column("participant_id", "id", is_required=True),
    Column("participant_type", is_required=True),
    Column("organisation", "code", known_codes=ORGANISATION.known_codes),
    _date("interview_date", is_required=True),
    Column("case_number"),
    Column("case_outcome"),
    Column("topic", "code", known_codes=("experience", "delivery")),
    Column("programme_id"),
)

# What the return formats of all authorities come down to: one record kind per entity. A record
# names the episode it belongs to by the id of the referral (as far as the source has one) or by
# the day of the referral; std_* models find it by either.
REFERRAL = (Column("referral_id", "id"), _date("referral_date"))

CHILDREN = (
    CHILD_ID,
    Column("upn", "id", is_lenient=True),
    _date("birth_date"),
    _date("expected_birth_date"),
    _date("death_date"),
    Column("sex_code", "code"),
    Column("ethnicity_code", "code"),
    Column("nationality"),
    _flag("has_disability"),
    Column("disability_codes", "codes"),
)

EPISODES = (
    CHILD_ID,
    Column("referral_id", "id"),
    _date("referral_date", is_required=True),
    Column("referral_source_code", "code"),
    _flag("is_nfa"),  # 1: no further action after the referral
    Column("primary_need_code", "code"),
    _date("close_date"),
    Column("close_reason_code", "code"),
    _date("icpc_date"),  # of a child who moved in with a plan of another authority
)

# Annex A tells of a child in need apart from its referral.
CIN_SPELLS = (
    CHILD_ID,
    _date("start_date", is_required=True),
    _date("close_date"),
    Column("close_reason_code", "code"),
    Column("primary_need_code", "code"),
)

ASSESSMENTS = (
    CHILD_ID,
    *REFERRAL,
    Column("assessment_id", "id"),
    _date("start_date", is_required=True),
    _date("authorised_date"),
    Column("factor_codes", "codes"),
)

# SSD keeps the disabilities of a child in a table of their own, one row each.
DISABILITIES = (
    CHILD_ID,
    Column("disability_code", "code", is_required=True),
)

# SSD keeps the factors of an assessment in a table of their own.
ASSESSMENT_FACTORS = (
    Column("assessment_id", "id", is_required=True),
    Column("factor_codes", "codes", is_required=True),
)

CIN_PLANS = (
    CHILD_ID,
    *REFERRAL,
    _date("start_date", is_required=True),
    _date("end_date"),
)

SECTION_47S = (
    CHILD_ID,
    *REFERRAL,
    Column("section_47_id", "id"),
    _date("start_date", is_required=True),
    _date("icpc_target_date"),
    _date("icpc_date"),
    _flag("is_icpc_not_required"),
)

# SSD keeps initial child protection conferences in a table of their own. One of a child who moved
# in with a plan of another authority follows no section 47 enquiry.
CONFERENCES = (
    CHILD_ID,
    *REFERRAL,
    Column("section_47_id", "id"),
    _date("icpc_target_date"),
    _date("icpc_date"),
    _flag("is_transfer_in"),
)

CP_PLANS = (
    CHILD_ID,
    *REFERRAL,
    Column("cp_plan_id", "id"),
    _date("start_date", is_required=True),
    _date("end_date"),
    Column("initial_category_code", "code"),
    Column("latest_category_code", "code"),
    Column("n_previous_cp_plans"),
    _flag("is_other_authority"),  # 1: a plan of another authority, no escalation of this one
)

CP_REVIEWS = (
    CHILD_ID,
    Column("cp_plan_id", "id"),
    _date("plan_start_date"),
    _date("review_date", is_required=True),
)

CARE_EPISODES = (
    CHILD_ID,
    Column("referral_id", "id"),
    Column("care_period_id", "id"),
    _date("start_date", is_required=True),
    Column("start_reason_code", "code"),
    Column("legal_status_code", "code"),
    Column("primary_need_code", "code"),
    _date("end_date"),
    Column("end_reason_code", "code"),
)

FAMILIES = (
    CHILD_ID,
    Column("family_id", "id", is_required=True),
)

EVENT_TYPES = (
    *("contact", "early_help", "pre_proceedings", "family_group_meeting", "court_application"),
    *("missing", "away_from_placement", "care_review", "health_check", "care_leaver", "uasc"),
    *("adoption", "placed_for_adoption", "previous_permanence", "deprivation_of_liberty"),
    "social_worker",
)
# What no outcome rests on yet: contacts, early help, missing spells, adoption steps, ...
EVENTS = (
    CHILD_ID,
    Column("event_type", "code", is_required=True, known_codes=EVENT_TYPES),
    _date("start_date"),
    _date("end_date"),
    Column("detail_code", "code"),
)

RECORDS: dict[str, tuple[Column, ...]] = {
    "children": CHILDREN,
    "disabilities": DISABILITIES,
    "episodes": EPISODES,
    "cin_spells": CIN_SPELLS,
    "assessments": ASSESSMENTS,
    "assessment_factors": ASSESSMENT_FACTORS,
    "cin_plans": CIN_PLANS,
    "section_47s": SECTION_47S,
    "conferences": CONFERENCES,
    "cp_plans": CP_PLANS,
    "cp_reviews": CP_REVIEWS,
    "care_episodes": CARE_EPISODES,
    "families": FAMILIES,
    "events": EVENTS,
}
# All of these land as the same records: what differs is how the door finds them in the files.
RECORD_FORMATS = ("cin_census", "ssd", "ssda903", "annex_a", "records")

FORMATS: dict[str, dict[str, tuple[Column, ...]]] = {
    "case_list": {
        "cases": CASES,
        "programme_enrolments": PROGRAMME_ENROLMENTS,
        "referrals": REFERRALS,
    },
    "study_files": {
        "risk_codings": RISK_CODINGS,
        "staff_survey": STAFF_SURVEY,
        "financial_returns": FINANCIAL_RETURNS,
        "allocations": ALLOCATIONS,
        "sdq_answers": SDQ_ANSWERS,
        "school_absences": SCHOOL_ABSENCES,
        "staff_stress": STAFF_STRESS,
        "workload_counts": WORKLOAD_COUNTS,
        "interviews": INTERVIEWS,
        "programme_enrolments": PROGRAMME_ENROLMENTS,
    },
    **dict.fromkeys(RECORD_FORMATS, RECORDS),
}
