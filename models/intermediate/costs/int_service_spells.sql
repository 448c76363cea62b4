-- When each stay's case was open and escalated, from its first costed day on. An escalation while
-- the case is open lasts until it closes; a later one lasts until the study's end (FACT22 report,
-- appendix 10, assumption 2).
with
stays as (select * from {{ ref('int_costed_stays') }}),

dates as (
    select
        study_id,
        la_code,
        case_id,
        max(observed_until_date) as observed_until_date,
        max(case when outcome = 'closed_recorded' then event_date end) as closure_date,
        max(case when outcome = 'escalated_cp' then event_date end) as cp_date,
        max(case when outcome = 'escalated_lac' then event_date end) as lac_date,
        max(case when outcome = 'rereferred_any' then event_date end) as rereferral_date
    from {{ ref('fct_case_outcomes') }}
    where outcome in ('closed_recorded', 'escalated_cp', 'escalated_lac', 'rereferred_any')
    group by
        study_id,
        la_code,
        case_id
),

ended as (
    select
        *,
        coalesce(closure_date, observed_until_date) as case_end_date
    from dates
)

select
    stays.study_id,
    stays.la_code,
    stays.case_id,
    stays.treated_case_id,
    stays.arm,
    stays.age_band,
    stays.from_date,
    stays.weight,
    stays.is_matched,
    stays.is_costed,
    ended.closure_date,
    ended.rereferral_date,
    {% for kind in ['cp', 'lac'] -%}
    case
        when ended.{{ kind }}_date is not null then greatest(ended.{{ kind }}_date, stays.from_date)
    end as {{ kind }}_from_date,
    case
        when ended.{{ kind }}_date < ended.case_end_date then ended.case_end_date
        when ended.{{ kind }}_date is not null then ended.observed_until_date
    end as {{ kind }}_to_date,
    {% endfor -%}
    ended.case_end_date
from stays
inner join ended using (study_id, la_code, case_id)
