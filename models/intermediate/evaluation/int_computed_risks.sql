-- What the build computes of coded risks, in the shape in which published figures ask for it. The
-- reports put most of it in words; here the words follow from the scores, where higher is safer:
-- changes within 0.3 points of each other are similar, one of less than a point is small.
with
drawn as (
    select
        study_id,
        count(treated_case_id) as n_drawn,
        count(*) filter (where not is_matched) as n_unmatched
    from {{ ref('fct_risk_sample') }}
    group by all
),

changes as (
    select * from {{ ref('fct_risk_changes') }}
    where status = 'ok'
),

boxes as (
    select * from {{ ref('fct_risk_distributions') }}
    where status = 'ok'
),

both_arms as (
    select
        study_id,
        component,
        sum(n) as n,
        {{ stable_sum('n * mean_gap_months') }} / sum(n) as mean_gap_months
    from changes
    group by all
),

contrasts as (
    select
        study_id,
        component,
        max(difference_at_referral) as at_referral,
        max(difference_in_change) as in_change,
        min(mean_change) as least_change
    from changes
    group by all
),

factors as (
    select
        study_id,
        max(abs(in_change)) as largest
    from contrasts
    where component in ('risk', 'protective')
    group by all
),

figures as (
    {% for subject in ['drawn', 'unmatched'] -%}
    {{ computed_figure(
        'drawn', 'risk_sample', subject="'" ~ subject ~ "'", term="'treated'", value='n_' ~ subject
    ) }}
    union all
    {% endfor -%}
    {{ computed_figure('changes', 'risk_cases', "''", 'component', 'arm', 'n') }}
    union all
    {{ computed_figure('both_arms', 'risk_cases', "''", 'component', "'both'", 'n') }}
    union all
    {{ computed_figure(
        'both_arms', 'risk_gap_months', "''", 'component', "'both'", 'mean_gap_months'
    ) }}
    union all
    {{ computed_figure('boxes', 'risk_median', "''", 'measure', 'arm', 'median') }}
    union all
    {{ computed_figure(
        'changes', 'risk_change', "''", 'component', 'arm', 'mean_change',
        "case when " ~ rounded('mean_change', 1) ~ " = 0 then 'unchanged'
            when mean_change between -1 and 0 then 'small decrease'
            when mean_change < 0 then 'decrease' else 'increase' end"
    ) }}
    union all
    {{ computed_figure(
        'contrasts', 'risk_change', "''", 'component', "'difference'", 'in_change',
        "case when in_change < 0 then 'smaller increase' else 'no smaller increase' end"
    ) }}
    union all
    {{ computed_figure(
        'contrasts', 'risk_at_referral', "''", 'component', "'difference'", 'at_referral',
        "case when at_referral > 0 then 'lower risk' else 'no lower risk' end"
    ) }}
    union all
    {{ computed_figure(
        'contrasts', 'risk_improvement', "''", 'component', "'difference'", 'in_change',
        "case when least_change > 0 and abs(in_change) <= 0.3
            then 'similar improvement' else 'no similar improvement' end"
    ) }}
    union all
    {{ computed_figure(
        'factors', 'risk_change', "''", "'risk_and_protective'", "'difference'", 'largest',
        "case when largest <= 0.3 then 'very similar' else 'not similar' end"
    ) }}
)

select * from figures
