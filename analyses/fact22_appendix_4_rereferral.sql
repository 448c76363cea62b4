-- FACT22 report, appendix 4, "Re-referrals of CIN cases": within a year of the original referral,
-- at any time in the study, and the share of cases observed for less than that year. The report
-- counts that share unweighted; it does so here too.
with rates as (
    select
        outcome,
        arm,
        value as rate
    from {{ ref('fct_group_outcomes') }}
    where
        study_id = 'fact22'
        and sample = 'cem_caliper'
        and outcome in ('rereferred_12m', 'rereferred_any')
),

short as (
    select
        outcomes.outcome,
        samples.arm,
        avg(outcomes.value) as rate
    from {{ ref('fct_matched_cases') }} as samples
    inner join {{ ref('fct_case_outcomes') }} as outcomes
        using (study_id, la_code, case_id)
    where
        samples.study_id = 'fact22'
        and samples.method = 'cem_caliper'
        and outcomes.outcome = 'short_observation'
    group by all
),

combined as (
    select * from rates
    union all
    select * from short
)

select
    outcome,
    round(100 * max(rate) filter (where arm = 'treated'), 1) as fact22_percent,
    round(100 * max(rate) filter (where arm = 'comparator'), 1) as comparator_percent
from combined
group by outcome
order by outcome
