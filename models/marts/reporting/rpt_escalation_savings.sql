{%- set savings = [
    'expected_avoided', 'saving_gbp', 'saving_per_case_gbp', 'expected_saving_per_case_gbp'
] -%}
-- What fewer escalations to child protection save, as far as that may be released. What was avoided
-- and saved gives the escalations away, so it is hidden with them, and under a profile that rounds.
with
escalations as (select * from {{ ref('fct_escalation_savings') }}),
decisions as (select * from {{ ref('py_release_decisions') }}),

decided as (
    select
        escalations.*,
        costed.released as released_costed,
        escalated.released as released_escalated,
        comparators.released as released_comparators,
        compared.released as released_compared,
        case
            when escalations.status != 'ok' then 'x'
            when escalations.n_comparators_escalated is not null
                then
                    coalesce(
                        nullif(compared.disclosure, 'shown'),
                        nullif(comparators.disclosure, 'shown'),
                        nullif(escalated.disclosure, 'shown'),
                        costed.disclosure,
                        'c'
                    )
            else coalesce(nullif(escalated.disclosure, 'shown'), costed.disclosure, 'c')
        end as disclosure,
        case
            when escalations.status != 'ok' then escalations.status_reason
            else
                coalesce(
                    compared.disclosure_reason,
                    escalated.disclosure_reason,
                    costed.disclosure_reason,
                    comparators.disclosure_reason
                )
        end as disclosure_reason
    from escalations
    {% for arm, cases, events in [
        ('treated', 'costed', 'escalated'), ('comparator', 'comparators', 'compared')
    ] -%}
    left join decisions as {{ cases }}
        on
            escalations.study_id = {{ cases }}.scope
            and {{ cases }}.cell_id
            = 'costs/{{ arm }}/{{ 'costed' if arm == 'treated' else 'cases' }}'
    left join decisions as {{ events }}
        on
            escalations.study_id = {{ events }}.scope
            and {{ events }}.cell_id
            = 'costs/{{ arm }}/escalated'
            || case escalations.counted_over when 'stated_window' then '_in_window' else '' end
    {% endfor -%}
)

select
    decided.study_id,
    decided.counted_over,
    decided.compared_with,
    decided.counted_from_date,
    decided.counted_to_date,
    case when decided.n_comparators is not null then decided.released_comparators end
        as n_comparators,
    case when decided.n_comparators_escalated is not null then decided.released_compared end
        as n_comparators_escalated,
    case
        when decided.compared_with = 'national_rate' then decided.reference_rate
        when decided.disclosure = 'shown' and decided.n_comparators_escalated is not null
            then
                decided.released_compared
                / cast(nullif(decided.released_comparators, 0) as double)
    end as reference_rate,
    decided.released_costed as n_costed,
    decided.released_escalated as n_escalated,
    case
        when decided.disclosure = 'shown'
            then decided.released_escalated / cast(nullif(decided.released_costed, 0) as double)
    end as escalation_rate,
    {% for figure in savings -%}
    case
        when decided.disclosure = 'shown' and profiles.authority_rounding = 1
            then decided.{{ figure }}
    end as {{ figure }},
    {% endfor -%}
    decided.cin_case_cost_gbp,
    decided.cp_case_cost_gbp,
    decided.extra_cost_gbp,
    decided.is_illustrative,
    decided.status,
    decided.status_reason,
    {{ release_tail('decided.disclosure', 'decided.disclosure_reason') }}
from decided
cross join {{ ref('int_release_profile') }} as profiles
