-- The figures that diagnostics judge, per study and sample, and per outcome where they depend on
-- one.
with balance as (
    select
        study_id,
        method as sample,
        max(abs(smd)) as largest_abs_smd,
        max(variance_ratio) as largest_variance_ratio,
        min(variance_ratio) as smallest_variance_ratio
    from {{ ref('fct_covariate_balance') }}
    group by all
),

eligible as (
    select
        study_id,
        count(*) filter (where arm = 'treated') as n_treated
    from {{ ref('fct_study_cases') }}
    where is_eligible
    group by study_id
),

samples as (
    select distinct
        study_id,
        sample
    from {{ ref('int_study_analyses') }}
),

sizes as (
    select
        samples.study_id,
        samples.sample,
        coalesce(max(sizes.n_cases) filter (where sizes.arm = 'treated'), 0)
        / cast(nullif(max(eligible.n_treated), 0) as double) as share_of_treated_matched,
        coalesce(max(sizes.n_children) filter (where sizes.arm = 'treated'), 0)
            as clusters_treated,
        coalesce(max(sizes.n_children) filter (where sizes.arm = 'comparator'), 0)
            as clusters_comparator
    from samples
    left join {{ ref('int_sample_sizes') }} as sizes using (study_id, sample)
    left join eligible using (study_id)
    group by all
),

events as (
    select
        study_id,
        sample,
        outcome,
        'events_' || term as diagnostic,
        cast(n_events as double) as value
    from {{ ref('int_sample_event_counts') }}
    where term in ('treated', 'comparator')
),

observation as (
    select
        study_id,
        sample,
        'rereferred_12m' as outcome,
        'share_observed_in_full' as diagnostic,
        1 - unweighted_mean as value
    from {{ ref('int_sample_event_counts') }}
    where outcome = 'short_observation' and term = 'both'
),

figures as (
    {% for relation, diagnostics in {
        'balance': ['largest_abs_smd', 'largest_variance_ratio', 'smallest_variance_ratio'],
        'sizes': ['share_of_treated_matched', 'clusters_treated', 'clusters_comparator']
    }.items() -%}
    {% for diagnostic in diagnostics -%}
    select
        study_id,
        sample,
        cast(null as varchar) as outcome,
        '{{ diagnostic }}' as diagnostic,
        cast({{ diagnostic }} as double) as value
    from {{ relation }}
    union all
    {% endfor -%}
    {% endfor -%}
    select * from events
    union all
    select * from observation
)

select * from figures
