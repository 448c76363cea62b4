-- What re-referrals cost in each arm, as far as that may be released: a rate is that of the counts
-- as released. A saving sets the arms against each other, so both must be shown; under a profile
-- that rounds it would give the true counts away. What a report printed is public.
with
savings as (select * from {{ ref('fct_rereferral_savings') }}),
costs as (select * from {{ ref('rpt_cost_per_case') }}),
decisions as (select * from {{ ref('py_release_decisions') }}),

decided as (
    select
        savings.*,
        cases.released as released_cases,
        costed.released as released_costed,
        rereferred.released as released_rereferred,
        costs.cost_per_case_gbp as released_cost,
        case
            when savings.status != 'ok' then 'x'
            else
                coalesce(
                    nullif(rereferred.disclosure, 'shown'),
                    nullif(costed.disclosure, 'shown'),
                    costs.disclosure,
                    'c'
                )
        end as disclosure,
        case
            when savings.status != 'ok' then savings.status_reason
            else
                coalesce(
                    rereferred.disclosure_reason, costed.disclosure_reason, costs.disclosure_reason
                )
        end as disclosure_reason
    from savings
    left join costs using (study_id, arm)
    {% for count in ['cases', 'costed', 'rereferred'] -%}
    left join decisions as {{ count }}
        on
            savings.study_id = {{ count }}.scope
            and {{ count }}.cell_id = 'costs/' || savings.arm || '/{{ count }}'
    {% endfor -%}
),

judged as (
    select
        decided.*,
        decided.released_rereferred / cast(nullif(decided.released_costed, 0) as double) as rate,
        count(*) over (partition by study_id)
        = count(case when disclosure = 'shown' then 1 end) over (partition by study_id)
            as is_saving_shown
    from decided
)

select
    judged.study_id,
    judged.arm,
    judged.released_cases as n_cases,
    judged.released_costed as n_costed,
    judged.released_rereferred as n_rereferred,
    case when judged.disclosure = 'shown' then judged.rate end as rereferral_rate,
    case when judged.disclosure = 'shown' then judged.released_cost end as cost_per_case_gbp,
    judged.is_like_for_like,
    case when judged.disclosure = 'shown' then judged.rate * judged.released_cost end
        as rereferral_cost_per_case_gbp,
    {% for figure in ['saving_gbp', 'saving_per_case_gbp'] -%}
    case
        when judged.is_saving_shown and profiles.authority_rounding = 1 then judged.{{ figure }}
    end as {{ figure }},
    {% endfor -%}
    judged.carried_saving_gbp,
    judged.carried_saving_per_case_gbp,
    case when judged.is_saving_shown then judged.carried_status end as carried_status,
    case when judged.is_saving_shown then {{ without_numbers('judged.carried_reason') }} end
        as carried_reason,
    judged.is_illustrative,
    judged.status,
    judged.status_reason,
    {{ release_tail('judged.disclosure', 'judged.disclosure_reason') }}
from judged
cross join {{ ref('int_release_profile') }} as profiles
