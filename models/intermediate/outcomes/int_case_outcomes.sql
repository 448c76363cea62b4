{{ config(materialized='view') }}
-- Every outcome of every case of a study in one shape: a value, the dates it rests on, and whether
-- it is censored. Binary outcomes are 1 or 0, or the share of a comparator's links for which it
-- escalated (`index_date_of_comparator`); lengths and absences are in days. A null value means
-- that the outcome can't be told for this case.
with
arms as (select * from {{ ref('int_study_arms') }}),
studies as (select * from {{ ref('int_studies') }}),
binary_outcomes as (select * from {{ ref('int_binary_outcomes') }}),
lengths as (select * from {{ ref('int_case_lengths') }}),
absences as (select * from {{ ref('int_absences') }}),
linked as (select * from {{ ref('int_linked_escalations') }}),

outcomes as (
    select
        binary_outcomes.study_id,
        binary_outcomes.la_code,
        binary_outcomes.case_id,
        binary_outcomes.outcome,
        binary_outcomes.origin_date,
        binary_outcomes.event_date,
        coalesce(linked.value, binary_outcomes.value) as value,
        binary_outcomes.is_censored,
        binary_outcomes.watched_until_date,
        true as rests_on_record
    from binary_outcomes
    left join linked using (study_id, la_code, case_id, outcome)
    union all
    select
        study_id,
        la_code,
        case_id,
        'case_length_days' as outcome,
        length_origin_date as origin_date,
        case when not is_censored then end_date end as event_date,
        cast(case_length_days as double) as value,
        is_censored,
        end_date as watched_until_date,
        false as rests_on_record
    from lengths
    union all
    select
        study_id,
        la_code,
        case_id,
        'closed_case_length_days' as outcome,
        length_origin_date as origin_date,
        cast({{ dbt.dateadd('day', 'closed_case_length_days', 'length_origin_date') }} as date)
            as event_date,
        cast(closed_case_length_days as double) as value,
        false as is_censored,
        cast({{ dbt.dateadd('day', 'closed_case_length_days', 'length_origin_date') }} as date)
            as watched_until_date,
        false as rests_on_record
    from lengths
    where closed_case_length_days is not null
    {% for outcome in ['absence_days', 'log_absence_days'] -%}
    union all
    select
        study_id,
        la_code,
        case_id,
        '{{ outcome }}' as outcome,
        cast(null as date) as origin_date,
        cast(null as date) as event_date,
        {{ outcome }} as value,
        false as is_censored,
        cast(null as date) as watched_until_date,
        false as rests_on_record
    from absences
    {% endfor -%}
)

-- Of a case whose outcome isn't completely recorded only the school's record can be told: it has no
-- length, and of the rest nothing is known.
select
    outcomes.study_id,
    outcomes.la_code,
    outcomes.case_id,
    outcomes.outcome,
    arms.arm,
    coalesce(outcomes.origin_date, arms.plan_start_date) as origin_date,
    {% for column in ['event_date', 'value'] -%}
    case
        when not outcomes.rests_on_record or arms.is_outcome_known is not false
            then outcomes.{{ column }}
    end as {{ column }},
    {% endfor -%}
    outcomes.is_censored,
    coalesce(outcomes.watched_until_date, studies.observed_until) as observed_until_date,
    md5(concat_ws('|', outcomes.outcome, studies.definition_hash)) as definition_hash
from outcomes
inner join arms using (study_id, la_code, case_id)
inner join studies using (study_id, la_code)
