-- What the build computes of who was randomised and when, in the shape in which published figures
-- ask for it.
with
flow as (select * from {{ ref('fct_trial_flow') }}),

flow_of_both as (
    select
        study_id,
        step,
        sum(n_families) as n_families,
        sum(n_children) as n_children
    from flow
    group by
        study_id,
        step
),

shares as (
    select
        study_id,
        step,
        flow.arm,
        cast(flow.n_families as double) / flow_of_both.n_families as share
    from flow
    inner join flow_of_both using (study_id, step)
    where flow.arm != 'all'
),

left_out as (
    select
        study_id,
        ineligible_reason,
        count(*) as n_cases
    from {{ ref('fct_study_cases') }}
    where ineligible_reason is not null
    group by
        study_id,
        ineligible_reason
),

entries as (
    select
        study_id,
        min(entry_date) as first_entry,
        max(entry_date) as last_entry
    from {{ ref('fct_study_cases') }}
    group by study_id
),

lengths as (
    select
        study_id,
        {{ completed_months('study_start', 'study_end') }} as n_months
    from {{ ref('int_study_settings') }}
    where reading = 'main'
),

figures as (
    {% for unit in ['families', 'children'] -%}
    {{ computed_figure('flow', 'trial_flow', "'" ~ unit ~ "'", 'step', 'arm', 'n_' ~ unit) }}
    union all
    {{ computed_figure(
        'flow_of_both', 'trial_flow', "'" ~ unit ~ "'", 'step', "'both'", 'n_' ~ unit
    ) }}
    union all
    {% endfor -%}
    {{ computed_figure('shares', 'trial_share', "'families'", 'step', 'arm', 'share') }}
    union all
    {{ computed_figure('left_out', 'left_out', "''", 'ineligible_reason', "'both'", 'n_cases') }}
    {% for moment in ['first_entry', 'last_entry'] -%}
    union all
    {{ computed_figure(
        'entries', 'entry_month', "''", "'" ~ moment ~ "'",
        text_value='substring(cast(' ~ moment ~ ' as string), 1, 7)',
        where=moment ~ ' is not null'
    ) }}
    {% endfor -%}
    union all
    {{ computed_figure('lengths', 'study_length', "''", "'months'", value='n_months') }}
)

select * from figures
