-- What fewer escalations to child protection save: the treated cases that would have escalated at
-- the reference rate, less those that did, cut to whole cases, times what such a case costs more
-- (Project Crewe report, appendix 9, table 9, which refers to the national rate alone). Counted
-- over the window that the study's assumptions state and over the whole study.
with
escalations as (select * from {{ ref('int_compared_escalations') }}),
assumptions as (select * from {{ ref('int_benefit_assumptions') }}),

compared as (
    select
        escalations.*,
        escalations.n_escalated / nullif(escalations.n_costed, 0) as escalation_rate,
        escalations.reference_rate * escalations.n_costed - escalations.n_escalated
            as expected_avoided,
        assumptions.cin_case_cost_gbp,
        assumptions.cp_case_cost_gbp,
        assumptions.cp_case_cost_gbp - assumptions.cin_case_cost_gbp as extra_cost_gbp,
        assumptions.is_illustrative
    from escalations
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
            when not is_recorded
                then 'not_recorded: nobody recorded which comparators escalated'
            when compared_with = 'comparator_arm' and reference_rate is null
                then 'no_escalations_known: no eligible comparator has a known outcome'
            when reference_rate is null or extra_cost_gbp is null
                then 'assumption_missing: benefit_assumptions lacks the reference rate or a cost'
        end as status_reason
    from compared
)

select
    study_id,
    counted_over,
    compared_with,
    counted_from_date,
    counted_to_date,
    n_comparators,
    n_comparators_escalated,
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
