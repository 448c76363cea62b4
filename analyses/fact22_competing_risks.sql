-- Not in the FACT22 report: closure without a later escalation and escalation as competing ends of
-- a case. Percentage of the matched cases that has ended in each way by a day, as far as both arms
-- are watched, and the difference between the arms at the days set beforehand. Counted from
-- programme entry, where neither arm is safe from closing, and from plan start, as the report does.
with
curves as (
    select * from {{ ref('fct_cumulative_incidence') }}
    where
        study_id = 'fact22'
        and sample = 'cem_caliper'
        and clock in ('plan_start', 'programme_entry')
),

differences as (
    select * from {{ ref('fct_incidence_differences') }}
    where study_id = 'fact22' and sample = 'cem_caliper'
),

days as (
    select at_days from (values (180), (365), (540), (730)) as days (at_days)
    union
    select at_days from differences
),

by_arm as (
    select
        curves.clock,
        curves.cause,
        days.at_days,
        curves.arm,
        max_by(curves.incidence, curves.time_days) filter (
            where curves.time_days <= days.at_days
        ) as incidence
    from curves
    cross join days
    group by all
    having max(curves.time_days) >= days.at_days
)

select
    by_arm.clock,
    by_arm.cause,
    by_arm.at_days,
    round(
        100 * max(by_arm.incidence) filter (where by_arm.arm = 'treated'), 1
    ) as treated_percent,
    round(
        100 * max(by_arm.incidence) filter (where by_arm.arm = 'comparator'), 1
    ) as comparator_percent,
    round(100 * max(differences.difference), 1) as difference_pp,
    round(100 * max(differences.ci_low), 1) as low_pp,
    round(100 * max(differences.ci_high), 1) as high_pp,
    max(differences.p_value) as p_value,
    max(differences.status_reason) as status_reason
from by_arm
left join differences
    on
        by_arm.clock = differences.clock
        and by_arm.cause = differences.cause
        and by_arm.at_days = differences.at_days
group by by_arm.clock, by_arm.cause, by_arm.at_days
order by by_arm.clock desc, by_arm.cause asc, by_arm.at_days asc
