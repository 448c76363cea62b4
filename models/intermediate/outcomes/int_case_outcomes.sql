-- Every outcome of every case of a study in one shape: a value, the dates it rests on, and
-- whether it is censored. Binary outcomes are 1 or 0; lengths are in days. A null value means
-- that the outcome can't be told for this case.
with
arms as (select * from {{ ref('int_study_arms') }}),
studies as (select * from {{ ref('int_studies') }}),
closures as (select * from {{ ref('int_closures') }}),
lengths as (select * from {{ ref('int_case_lengths') }}),
escalations as (select * from {{ ref('int_escalations_in_study') }}),
before_study as (select * from {{ ref('int_escalations_before_study') }}),
rereferrals as (select * from {{ ref('int_rereferrals') }}),
short_observations as (select * from {{ ref('int_short_observations') }}),

outcomes as (
    {% for outcome, relation, condition, event_date, origin_date in [
        ('closed_recorded', 'closures', 'is_closed_recorded', 'closure_date', none),
        (
            'closed_without_later_escalation', 'closures', 'is_closed_without_later_escalation',
            'closure_date', none
        ),
        (
            'escalated_after_closure', 'closures',
            'case when is_closed_recorded then not is_closed_without_later_escalation end',
            'later_escalation_date', none
        ),
        (
            'escalated', 'escalations', escalated_by('first_escalation_date'),
            'first_escalation_date', 'counted_from_date'
        ),
        (
            'escalated_cp', 'escalations', escalated_by('first_cp_date'),
            'first_cp_date', 'counted_from_date'
        ),
        (
            'escalated_lac', 'escalations', escalated_by('first_lac_date'),
            'first_lac_date', 'counted_from_date'
        ),
        (
            'escalated_before_study', 'before_study', 'is_escalated_before_study',
            'escalation_before_study_date', none
        ),
        (
            'rereferred_12m', 'rereferrals',
            'case when is_window_known then first_rereferral_in_window_date is not null end',
            'first_rereferral_in_window_date', 'referral_date'
        ),
        (
            'rereferred_any', 'rereferrals', 'first_rereferral_date is not null',
            'first_rereferral_date', 'referral_date'
        ),
        ('short_observation', 'short_observations', 'is_short_observation', none, 'referral_date')
    ] -%}
    {{ binary_outcome(outcome, relation, condition, event_date, origin_date) }}
    union all
    {% endfor -%}
    select
        study_id,
        la_code,
        case_id,
        'case_length_days' as outcome,
        plan_start_date as origin_date,
        case when not is_censored then end_date end as event_date,
        cast(case_length_days as double) as value,
        is_censored,
        end_date as watched_until_date
    from lengths
    union all
    select
        study_id,
        la_code,
        case_id,
        'closed_case_length_days' as outcome,
        plan_start_date as origin_date,
        end_date as event_date,
        cast(case_length_days as double) as value,
        false as is_censored,
        end_date as watched_until_date
    from lengths
    where not is_censored
)

select
    outcomes.study_id,
    outcomes.la_code,
    outcomes.case_id,
    outcomes.outcome,
    arms.arm,
    coalesce(outcomes.origin_date, arms.plan_start_date) as origin_date,
    outcomes.event_date,
    outcomes.value,
    outcomes.is_censored,
    coalesce(outcomes.watched_until_date, studies.observed_until) as observed_until_date,
    md5(concat_ws('|', outcomes.outcome, studies.definition_hash)) as definition_hash
from outcomes
inner join arms using (study_id, la_code, case_id)
inner join studies using (study_id, la_code)
