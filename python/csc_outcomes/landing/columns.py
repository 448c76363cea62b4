"""The canonical columns of every kind of extract: the one place that names them.

`FORMATS[format][holds]` is the tuple of columns a file of that kind lands with.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "date", "code", "text"]


@dataclass(frozen=True)
class Column:
    """A canonical column: what its text means and whether a file can do without it."""

    name: str
    kind: Kind = "text"
    is_required: bool = False
    known_codes: tuple[str, ...] = ()  # codes that need no mapping and admit no others

    @property
    def id_kind(self) -> str:
        """What an id identifies (child, case, family, coder, ...); part of its pseudonym."""
        return self.name.removesuffix("_id")


def _date(name: str, is_required: bool = False) -> Column:
    return Column(name, "date", is_required)


CHILD_ID = Column("child_id", "id", is_required=True)
CASE_ID = Column("case_id", "id")
ARM = Column("arm", "code", known_codes=("treated", "comparator"))
RESPONDENT_ID = Column("respondent_id", "id", is_required=True)
YES_NO = ("1", "0")
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
    Column("case_id", "id", is_required=True),
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
    },
}
