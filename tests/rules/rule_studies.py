"""The configurations under which the rules are compared: each is a study of the project."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from episodes import AS_OF, FACT22, LEAP, PROGRAMME, TRIAL, TRIAL_PROGRAMME, Calendar

ALL = tuple(AS_OF)
CLOCKS = ("plan_start", "study_start", "later_of_both", "programme_entry")


@dataclass(frozen=True)
class Study:
    """A study: its facts and the parameters that differ from the documented defaults."""

    study_id: str
    calendar: Calendar
    parameters: dict[str, str] = field(default_factory=dict)
    la_codes: tuple[str, ...] = ALL
    follows: tuple[str, ...] = ()
    has_start_window: bool = True
    is_trial: bool = False
    cuts: tuple[date, ...] = ()
    clocks: tuple[str, ...] = ()
    readings: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def programme(self) -> str:
        return TRIAL_PROGRAMME if self.is_trial else PROGRAMME


STUDIES = [
    Study(
        "as_printed",
        FACT22,
        follows=("rereferred_12m_after_closure",),
        cuts=(date(2018, 12, 31), date(2019, 11, 18)),
        clocks=("referral",),
    ),
    Study(
        "exclusive",
        FACT22,
        {
            "later_escalation_inclusive": "false",
            "closure_by_study_end_inclusive": "false",
            "eligibility_closure_inclusive": "false",
            "opened_before_entry": "inclusive",
            "open_at_entry_inclusive": "false",
            "escalation_from": "programme_entry",
            "competing_escalation": "lac",
            "survival_entry": "programme_entry",
        },
        follows=("closed_for_12m",),
    ),
    Study(
        "each_link",
        replace(FACT22, end=date(2019, 6, 30)),
        {
            "escalation_from": "programme_entry",
            "index_date_of_comparator": "each_link",
            "caliper_length": "183",
            "caliper_unit": "days",
            "strata_within": "study",
        },
    ),
    Study(
        "from_counts",
        FACT22,
        {"escalation_from": "programme_entry", "links_kept_up_to": "0"},
        la_codes=("S61", "S63"),
    ),
    Study(
        "censored_at_closure",
        LEAP,
        {
            "censor_at": "closure_date",
            "closed_length_base": "closure_without_rereferral",
            "escalation_from": "case_open",
            "index_date_of_comparator": "each_link",
            "rereferral_anchor": "previous_referral",
            "rereferral_from": "none",
            "rereferral_months": "6",
            "caliper_anchor": "symmetric",
            "absence_school_year": "2016/17",
            "survival_entry": "programme_entry",
        },
        la_codes=("S61", "S62"),
        readings={"half_years_of_365": {"year_mode": "365d"}},
    ),
    Study(
        "first_closure",
        LEAP,
        {
            "length_ends_with": "first_closure",
            "length_origin": "referral",
            "rereferral_anchor": "closure",
            "year_mode": "365d",
            "closure_reasons_counted": "RC1|RC7",
            "undated_escalation": "exclude",
            "comparator_may_join_later": "true",
            "competing_escalation": "cp",
        },
        follows=("escalated_24m_after_closure",),
        readings={"by_the_calendar": {"year_mode": "calendar"}},
    ),
    Study(
        "without_matching",
        FACT22,
        {
            "comparator_rule": "app3",
            "opened_before_entry": "any",
            "earliest_plan_start": "2015-08-31",
            "rereferral_anchor": "previous_referral",
            "rereferral_months": "18",
            "closure_reasons_counted": "RC7",
            "closed_length_base": "first_closure",
            "length_origin": "recoded_referral",
        },
        la_codes=("S61",),
    ),
    Study(
        "trial",
        TRIAL,
        {
            "case_unit": "index_child",
            "length_origin": "recoded_referral",
            "length_ends_with": "closure_without_rereferral",
            "closed_length_base": "closure_without_rereferral",
            "rereferral_anchor": "closure",
            "rereferral_months": "3",
            "objection_scope": "study",
            "absence_school_year": "2015/16",
        },
        follows=("closed_for_24m",),
        has_start_window=False,
        is_trial=True,
        cuts=(date(2016, 4, 30), date(2016, 4, 29), date(2012, 1, 1)),
        clocks=("referral", "recoded_referral"),
    ),
    Study(
        "trial_other_terms",
        TRIAL,
        {
            "absence_school_year": "2016/17",
            "absence_terms": "spring|summer",
            "log_mode": "drop_zero",
            "rereferral_months": "24",
            "rereferral_from": "none",
            "censor_at": "closure_date",
            "undated_escalation": "exclude",
            "closure_by_study_end_inclusive": "false",
            "comparator_may_join_later": "true",
            "survival_entry": "programme_entry",
        },
        la_codes=("S62", "S63"),
        is_trial=True,
        clocks=(*CLOCKS, "referral", "recoded_referral"),
        cuts=(date(2017, 7, 31), date(2017, 7, 30)),
    ),
    Study(
        "trial_of_one_term",
        TRIAL,
        {"absence_school_year": "2015/16", "absence_terms": "autumn"},
        la_codes=("S63",),
        is_trial=True,
        cuts=(date(2015, 12, 31), date(2015, 12, 30)),
    ),
]
