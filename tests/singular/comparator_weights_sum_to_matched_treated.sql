-- Each matched treated case shares a weight of one among its comparators, so the comparators'
-- weights add up to the number of treated cases, or, where a study scales weights by propensity
-- score as MatchIt does, to their own number.
{{ config(group = 'warehouse') }}
with cases as (
    select
        cases.study_id,
        cases.method,
        cases.arm,
        cases.weight,
        studies.psm_weight_scale = 'matchit' and cases.method like 'psm%' as is_scaled
    from {{ ref('int_sample_cases') }} as cases
    inner join {{ ref('int_studies') }} as studies using (study_id, la_code)
    where cases.method not in ('unmatched', 'allocated_children')
),

arms as (
    select
        study_id,
        method,
        count(*) filter (where arm = case when is_scaled then 'comparator' else 'treated' end)
            as n_expected,
        coalesce(sum(weight) filter (where arm = 'comparator'), 0) as weight_of_comparators
    from cases
    group by all
)

select * from arms
where abs(weight_of_comparators - n_expected) > 1e-9 * greatest(n_expected, 1)
