-- What fewer escalations to child protection save: the treated cases that would have escalated at
-- the reference rate, less those that did, cut to whole cases, times what such a case costs more
-- (Project Crewe report, appendix 9, table 9). Counted over the window that the study's assumptions
-- state and over the whole study.
with
arms as (
    select * from {{ ref('int_costed_arms') }}
    where arm = 'treated'
),

assumptions as (select * from {{ ref('int_benefit_assumptions') }}),
studies as (select * from {{ ref('studies') }}),

counted as (
    select
        studies.study_id,
        'study' as counted_over,
        studies.study_start as counted_from_date,
        studies.study_end as counted_to_date,
        arms.n_escalated
    from studies
    inner join arms using (study_id)
    union all
    select
        studies.study_id,
        'stated_window' as counted_over,
        coalesce(assumptions.escalations_from, studies.study_start) as counted_from_date,
        coalesce(assumptions.escalations_to, studies.study_end) as counted_to_date,
        arms.n_escalated_in_window as n_escalated
    from studies
    inner join arms using (study_id)
    inner join assumptions using (study_id)
    where assumptions.escalations_from is not null or assumptions.escalations_to is not null
),

compared as (
    select
        counted.study_id,
        counted.counted_over,
        counted.counted_from_date,
        counted.counted_to_date,
        assumptions.escalation_reference_rate as reference_rate,
        counted.n_escalated,
        arms.n_costed,
        counted.n_escalated / nullif(arms.n_costed, 0) as escalation_rate,
        assumptions.escalation_reference_rate * arms.n_costed - counted.n_escalated
            as expected_avoided,
        assumptions.cin_case_cost_gbp,
        assumptions.cp_case_cost_gbp,
        assumptions.cp_case_cost_gbp - assumptions.cin_case_cost_gbp as extra_cost_gbp,
        assumptions.is_illustrative
    from counted
    inner join arms using (study_id)
    inner join assumptions using (study_id)
),

saved as (
    select
        *,
        {{ truncated('expected_avoided') }} as n_avoided,
        {{ truncated('expected_avoided') }} * extra_cost_gbp as saving_gbp,
        expected_avoided * extra_cost_gbp / nullif(n_costed, 0) as expected_saving_per_case_gbp,
        case
            when n_escalated is null or n_costed = 0
                then 'no_escalations_known: no eligible treated case has a known outcome'
            when reference_rate is null or extra_cost_gbp is null
                then 'assumption_missing: benefit_assumptions lacks the reference rate or a cost'
        end as status_reason
    from compared
)

select
    study_id,
    counted_over,
    counted_from_date,
    counted_to_date,
    reference_rate,
    n_costed,
    n_escalated,
    escalation_rate,
    expected_avoided,
    cast(n_avoided as bigint) as n_avoided,
    cin_case_cost_gbp,
    cp_case_cost_gbp,
    extra_cost_gbp,
    saving_gbp,
    {{ truncated('saving_gbp / nullif(n_costed, 0)', 2) }} as saving_per_case_gbp,
    expected_saving_per_case_gbp,
    is_illustrative,
    case when status_reason is null then 'ok' else 'not_estimable' end as status,
    status_reason
from saved
