-- How much of all the time that an arm's cases were open the longest of them gives, and the same of
-- the time to their closure: a mean that mostly tells of one case is not released.
with
eligible as (
    select * from {{ ref('fct_study_cases') }}
    where is_eligible
),

outcomes as (select * from {{ ref('fct_case_outcomes') }}),

lengths as (
    select
        eligible.study_id,
        eligible.arm,
        lengths.value as days_open,
        case
            when closures.value = 1
                then {{ days_between('lengths.origin_date', 'closures.event_date') }}
        end as days_to_closure
    from eligible
    inner join outcomes as lengths using (study_id, la_code, case_id)
    left join outcomes as closures
        on
            eligible.study_id = closures.study_id
            and eligible.la_code = closures.la_code
            and eligible.case_id = closures.case_id
            and closures.outcome = 'closed_recorded'
    where lengths.outcome = 'case_length_days'
)

select
    study_id,
    arm,
    max(days_open) / nullif(cast(sum(days_open) as double), 0) as largest_share_open,
    max(days_to_closure) / nullif(cast(sum(days_to_closure) as double), 0)
        as largest_share_closed
from lengths
group by study_id, arm
