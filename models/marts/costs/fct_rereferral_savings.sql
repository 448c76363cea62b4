-- What re-referrals cost in each arm: the share referred again times what a case costs there, and
-- what an arm would save if all costed cases were in it and not in the other (Project Crewe report,
-- appendix 9, table 8). A printed saving that this doesn't give is carried beside it.
with
arms as (select * from {{ ref('int_costed_arms') }}),
costs as (select * from {{ ref('fct_cost_per_case') }}),
assumptions as (select * from {{ ref('int_benefit_assumptions') }}),

rates as (
    select
        arms.study_id,
        arms.arm,
        arms.n_cases,
        arms.n_costed,
        arms.n_rereferred,
        arms.n_rereferred / nullif(arms.n_costed, 0) as rereferral_rate,
        costs.cost_per_case_gbp,
        costs.is_like_for_like,
        coalesce(costs.is_illustrative, false) or assumptions.is_illustrative as is_illustrative,
        case when arms.arm = 'comparator' then assumptions.rereferral_saving_gbp end
            as carried_saving_gbp,
        assumptions.rereferral_saving_note,
        sum(arms.n_costed) over (partition by arms.study_id) as n_both_arms
    from arms
    inner join assumptions using (study_id)
    left join costs using (study_id, arm)
),

costed as (
    select
        *,
        rereferral_rate * cost_per_case_gbp as rereferral_cost_per_case_gbp,
        max(case when arm = 'treated' then rereferral_rate * cost_per_case_gbp end)
            over (partition by study_id) as cost_treated,
        max(case when arm = 'comparator' then rereferral_rate * cost_per_case_gbp end)
            over (partition by study_id) as cost_comparator
    from rates
),

saved as (
    select
        *,
        n_both_arms
        * case arm
            when 'treated' then cost_comparator - cost_treated
            else cost_treated - cost_comparator
        end as saving_gbp,
        case
            when n_rereferred is null or n_costed = 0
                then 'no_rereferrals_known: no eligible case of this arm has a known outcome'
            when cost_per_case_gbp is null
                then 'no_cost: this arm has no cost per case'
            when cost_treated is null or cost_comparator is null
                then 'other_arm: the other arm has no rate or no cost to compare with'
        end as status_reason
    from costed
),

carried as (
    select
        *,
        case
            when abs(saving_gbp - carried_saving_gbp) <= 0.5 then 'agrees'
            when carried_saving_gbp is not null then 'not_reproducible'
        end as carried_status
    from saved
)

select
    study_id,
    arm,
    n_cases,
    n_costed,
    n_rereferred,
    rereferral_rate,
    cost_per_case_gbp,
    is_like_for_like,
    rereferral_cost_per_case_gbp,
    saving_gbp,
    {{ truncated('saving_gbp / nullif(n_both_arms, 0)', 2) }} as saving_per_case_gbp,
    carried_saving_gbp,
    {{ truncated('carried_saving_gbp / nullif(n_both_arms, 0)', 2) }}
        as carried_saving_per_case_gbp,
    carried_status,
    case
        when carried_status = 'not_reproducible'
            then coalesce(rereferral_saving_note, 'What is computed is another saving, or none')
    end as carried_reason,
    is_illustrative,
    case when status_reason is null then 'ok' else 'not_estimable' end as status,
    status_reason
from carried
