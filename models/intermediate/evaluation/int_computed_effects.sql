-- What the build computes of the comparison of arms, in the shape in which published figures ask
-- for it: study, source, sample, subject and term.
with
rates as (select * from {{ ref('fct_group_outcomes') }}),
events as (select * from {{ ref('int_sample_event_counts') }}),
sizes as (select * from {{ ref('int_sample_sizes') }}),

sizes_of_both as (
    select
        study_id,
        sample,
        sum(n_escalation_date_assumed) as n_escalation_date_assumed
    from sizes
    group by all
),

estimates as (
    select * from {{ ref('fct_effect_estimates') }}
    where status = 'ok'
),

relative_effects as (
    select
        effects.study_id,
        effects.sample,
        effects.analysis_id,
        effects.estimate / nullif(comparators.estimate, 0) as ratio
    from estimates as effects
    inner join estimates as comparators using (study_id, analysis_id)
    where effects.term = 'treated' and comparators.term = 'comparator_mean'
),

flow as (select * from {{ ref('fct_sample_flow') }}),
matched_shares as (select * from {{ ref('fct_matched_shares') }}),
balance as (select * from {{ ref('fct_covariate_balance') }}),

studies as (
    select * from {{ ref('int_study_settings') }}
    where reading = 'main'
),

figures as (
    {{ computed_figure(
        'rates', 'rate', 'sample', 'outcome', 'arm', 'value', where="status = 'ok'"
    ) }}
    union all
    {{ computed_figure('events', 'event_count', 'sample', 'outcome', 'term', 'n_events') }}
    union all
    {{ computed_figure(
        'events', 'unweighted_rate', 'sample', 'outcome', 'term', 'unweighted_mean'
    ) }}
    union all
    {{ computed_figure(
        'sizes', 'assumed_undated', 'sample', "''", 'arm', 'n_escalation_date_assumed'
    ) }}
    union all
    {{ computed_figure(
        'sizes_of_both', 'assumed_undated', 'sample', "''", "'both'", 'n_escalation_date_assumed'
    ) }}
    union all
    {{ computed_figure('estimates', 'estimate', 'sample', 'analysis_id', 'term', 'estimate') }}
    union all
    {{ computed_figure(
        'estimates', 'significance', 'sample', 'analysis_id', 'term',
        text_value="case when p_adjusted < 0.01 then 'p<0.01' else 'n.s.' end", where='is_primary'
    ) }}
    union all
    {{ computed_figure(
        'estimates', 'stars', 'sample', 'analysis_id', 'term', text_value='stars'
    ) }}
    union all
    {{ computed_figure(
        'relative_effects', 'ratio', 'sample', 'analysis_id', "'treated'", 'ratio'
    ) }}
    union all
    {{ computed_figure('flow', 'flow', "''", 'step', 'arm', 'n_out') }}
    union all
    {{ computed_figure(
        'matched_shares', 'matched_share', 'method', "'recorded'", 'arm', 'share_of_recorded'
    ) }}
    {% for arm in ['treated', 'comparator'] -%}
    union all
    {{ computed_figure(
        'balance', 'balance', 'method', 'covariate', "'" ~ arm ~ "'", 'mean_' ~ arm,
        where='n_' ~ arm ~ ' > 0'
    ) }}
    {% endfor -%}
    {% for fact in [
        'study_start', 'study_end', 'earliest_case_start', 'latest_case_start', 'balance_origin'
    ] -%}
    union all
    {{ computed_figure('studies', 'study', subject="'" ~ fact ~ "'", text_value=fact) }}
    {% endfor -%}
)

select * from figures
