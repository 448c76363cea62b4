-- How many treated cases escalated to child protection in a span, beside each rate that they are
-- compared with: the national one that the study's assumptions state, as in the Project Crewe
-- report (appendix 9, table 9), and that of the study's own comparators in the same days. Where the
-- assumptions say that nobody recorded the comparators' escalations, that none of them has one
-- counts for nothing.
with
assumptions as (select * from {{ ref('int_benefit_assumptions') }}),
arms as (select * from {{ ref('int_costed_arms') }}),
studies as (select * from {{ ref('studies') }}),

spans as (
    select
        studies.study_id,
        'study' as counted_over,
        studies.study_start as counted_from_date,
        studies.study_end as counted_to_date
    from studies
    inner join assumptions using (study_id)
    union all
    select
        studies.study_id,
        'stated_window' as counted_over,
        coalesce(assumptions.escalations_from, studies.study_start) as counted_from_date,
        coalesce(assumptions.escalations_to, studies.study_end) as counted_to_date
    from studies
    inner join assumptions using (study_id)
    where assumptions.escalations_from is not null or assumptions.escalations_to is not null
),

counted as (
    select
        spans.*,
        arms.arm,
        arms.n_cases,
        arms.n_costed,
        case spans.counted_over
            when 'study' then arms.n_escalated
            else arms.n_escalated_in_window
        end as n_escalated
    from spans
    inner join arms using (study_id)
),

comparators as (
    select
        counted.study_id,
        counted.counted_over,
        counted.n_cases as n_comparators,
        coalesce(assumptions.comparator_escalations_recorded, true) as is_recorded,
        case
            when coalesce(assumptions.comparator_escalations_recorded, true)
                then counted.n_escalated
        end as n_comparators_escalated
    from counted
    inner join assumptions using (study_id)
    where counted.arm = 'comparator'
),

rates as (
    select
        counted_over,
        study_id,
        'comparator_arm' as compared_with,
        n_comparators,
        n_comparators_escalated,
        n_comparators_escalated / nullif(n_comparators, 0) as reference_rate,
        is_recorded
    from comparators
    union all
    select
        comparators.counted_over,
        comparators.study_id,
        'national_rate' as compared_with,
        null as n_comparators,
        null as n_comparators_escalated,
        assumptions.escalation_reference_rate as reference_rate,
        true as is_recorded
    from comparators
    inner join assumptions using (study_id)
)

select
    study_id,
    counted_over,
    rates.compared_with,
    counted.counted_from_date,
    counted.counted_to_date,
    rates.n_comparators,
    rates.n_comparators_escalated,
    rates.reference_rate,
    rates.is_recorded,
    counted.n_costed,
    counted.n_escalated
from counted
inner join rates using (study_id, counted_over)
where counted.arm = 'treated'
