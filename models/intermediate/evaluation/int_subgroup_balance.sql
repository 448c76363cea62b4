-- How alike the arms of a subgroup are: the difference of their weighted means in standard
-- deviations of all eligible treated cases, as in the balance table, per covariate.
with
members as (select * from {{ ref('int_subgroup_cases') }}),
cases as (select * from {{ ref('fct_study_cases') }}),

valued as (
    select
        covariate_values.study_id,
        covariate_values.case_id,
        covariate_values.covariate,
        covariate_values.value
    from {{ ref('fct_study_covariates') }} as covariate_values
    inner join {{ ref('study_covariates') }} as covariates using (study_id, covariate)
    where covariates.in_balance and covariate_values.value is not null
),

eligible as (
    select
        valued.study_id,
        valued.covariate,
        count(*) as n,
        {{ stable_sum('valued.value') }} as total,
        {{ stable_sum('valued.value * valued.value') }} as squares
    from valued
    inner join cases using (study_id, case_id)
    where cases.arm = 'treated' and cases.is_eligible
    group by all
),

means as (
    select
        members.study_id,
        members.method as sample,
        members.subgroup,
        cases.arm,
        valued.covariate,
        {{ stable_sum('members.weight * valued.value') }} / {{ stable_sum('members.weight') }}
            as mean_value
    from members
    inner join cases using (study_id, case_id)
    inner join valued using (study_id, case_id)
    group by all
)

select
    treated.study_id,
    treated.sample,
    treated.subgroup,
    treated.covariate,
    case
        when eligible.n > 1 and eligible.squares > eligible.total * eligible.total / eligible.n
            then
                (treated.mean_value - comparator.mean_value) / sqrt(
                    (eligible.squares - eligible.total * eligible.total / eligible.n)
                    / (eligible.n - 1)
                )
    end as smd
from means as treated
inner join means as comparator using (study_id, sample, subgroup, covariate)
inner join eligible using (study_id, covariate)
where treated.arm = 'treated' and comparator.arm = 'comparator'
