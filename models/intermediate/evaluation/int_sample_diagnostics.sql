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

asked as (
    select distinct
        study_id,
        sample,
        outcome
    from {{ ref('int_study_analyses') }}
    where reading = 'main'
),

-- What is matched is a share only where comparators are sought.
shares as (
    select
        asked.study_id,
        asked.sample,
        coalesce(max(sizes.n_cases) filter (where sizes.arm = 'treated'), 0)
        / cast(nullif(max(eligible.n_treated), 0) as double) as share_of_treated_matched
    from asked
    inner join {{ ref('int_study_settings') }} as studies using (study_id)
    left join {{ ref('int_sample_sizes') }} as sizes using (study_id, sample)
    left join eligible using (study_id)
    where studies.comparators_matched
    group by all
),

arms as (
    select code as arm
    from {{ ref('code_sets') }}
    where code_set = 'arm'
),

judged as (
    select
        asked.study_id,
        asked.sample,
        asked.outcome,
        arms.arm,
        case when outcomes.kind != 'number' then coalesce(counted.n_events, 0) end as events,
        coalesce(counted.n_clusters, 0) as clusters
    from asked
    inner join {{ ref('study_outcomes') }} as outcomes using (study_id, outcome)
    cross join arms
    left join {{ ref('int_judged_outcomes') }} as counted
        on
            asked.study_id = counted.study_id
            and asked.sample = counted.sample
            and asked.outcome = counted.outcome
            and arms.arm = counted.arm
            and counted.subgroup is null
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
        'shares': ['share_of_treated_matched']
    }.items() -%}
    {% for diagnostic in diagnostics -%}
    select
        study_id,
        sample,
        cast(null as string) as outcome,
        '{{ diagnostic }}' as diagnostic,
        cast({{ diagnostic }} as double) as value
    from {{ relation }}
    union all
    {% endfor -%}
    {% endfor -%}
    {% for figure in ['events', 'clusters'] -%}
    select
        study_id,
        sample,
        outcome,
        '{{ figure }}_' || arm as diagnostic,
        cast({{ figure }} as double) as value
    from judged
    union all
    {% endfor -%}
    select * from observation
)

select * from figures
