-- Each matched treated case shares a weight of one among its comparators, so the comparators'
-- weights add up to the number of treated cases.
with cases as (
    select * from {{ ref('fct_matched_cases') }}
    where method = 'cem_caliper'
),

arms as (
    select
        study_id,
        count(*) filter (where arm = 'treated') as n_treated,
        coalesce(sum(weight) filter (where arm = 'comparator'), 0) as weight_of_comparators
    from cases
    group by study_id
)

select * from arms
where abs(weight_of_comparators - n_treated) > 1e-9 * greatest(n_treated, 1)
