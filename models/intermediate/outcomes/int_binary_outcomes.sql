{{ config(materialized='view') }}
-- Every outcome that is 1 or 0 for every case of a study: a condition on what a rule model
-- found, the day it happened and the day it is counted from. Null where the rule can't tell.
with
closures as (select * from {{ ref('int_closures') }}),
escalations as (select * from {{ ref('int_escalations_in_study') }}),
before_study as (select * from {{ ref('int_escalations_before_study') }}),
rereferrals as (select * from {{ ref('int_rereferrals') }}),
short_observations as (select * from {{ ref('int_short_observations') }}),
lasting as (select * from {{ ref('int_lasting_closures') }}),

{% for event in ['rereferred', 'escalated'] -%}
followed_{{ event }} as (
    select * from {{ ref('int_followups') }}
    where event = '{{ event }}'
),

{% endfor -%}

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
        ('short_observation', 'short_observations', 'is_short_observation', none, 'referral_date'),
        (
            'closed_without_rereferral', 'lasting',
            'is_closed_recorded and rereferral_after_closure_date is null', 'closure_date', none
        ),
        (
            'rereferred_after_closure', 'lasting', 'rereferral_after_closure_date is not null',
            'rereferral_after_closure_date', 'closure_date'
        ),
        ('closed_for_12m', 'lasting', 'is_closed_for_12m', 'closure_date', none),
        ('closed_for_24m', 'lasting', 'is_closed_for_24m', 'closure_date', none),
        (
            'rereferred_12m_after_closure', 'followed_rereferred', followed_by('ends_12m_date'),
            'event_date', 'closure_date'
        ),
        (
            'rereferred_24m_after_closure', 'followed_rereferred', followed_by('ends_24m_date'),
            'event_date', 'closure_date'
        ),
        (
            'escalated_12m_after_closure', 'followed_escalated', followed_by('ends_12m_date'),
            'event_date', 'closure_date'
        ),
        (
            'escalated_24m_after_closure', 'followed_escalated', followed_by('ends_24m_date'),
            'event_date', 'closure_date'
        )
    ] -%}
    {{ binary_outcome(
        outcome, relation, condition, event_date, origin_date,
        'followed_until' if relation.startswith('followed') else none
    ) }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select * from outcomes
