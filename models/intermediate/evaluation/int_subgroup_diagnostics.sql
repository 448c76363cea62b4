-- The figures that diagnostics judge of a subgroup: clusters, events and balance of its own cases,
-- per sample and subgroup, and per outcome where they depend on one. Those of the whole sample
-- would let a subgroup of a few pass. Differences are standardised as in the balance table, by all
-- eligible treated cases.
with
counted as (
    select * from {{ ref('int_judged_outcomes') }}
    where subgroup is not null
),

balance as (select * from {{ ref('int_subgroup_balance') }}),

figures as (
    {% for figure in ['clusters', 'events'] -%}
    select
        study_id,
        sample,
        subgroup,
        outcome,
        '{{ figure }}_' || arm as diagnostic,
        cast(n_{{ figure }} as double) as value
    from counted
    union all
    {% endfor -%}
    select
        study_id,
        sample,
        subgroup,
        cast(null as string) as outcome,
        'largest_abs_smd' as diagnostic,
        max(abs(smd)) as value
    from balance
    group by study_id, sample, subgroup
)

select * from figures
