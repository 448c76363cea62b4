-- What the build computes of the comparison of costs and benefits, in the shape in which published
-- figures ask for it. The report cuts the saving per case that it gives in words to whole pounds,
-- its difference between the rates of re-referral is that of the rounded rates, and it compares
-- escalations with the national rate alone.
with
costs as (select * from {{ ref('fct_cost_per_case') }}),

benefits as (
    select * from {{ ref('fct_individual_benefits') }}
    where status = 'ok'
),

rereferrals as (select * from {{ ref('fct_rereferral_savings') }}),

escalations as (
    select * from {{ ref('fct_escalation_savings') }}
    where compared_with = 'national_rate'
),

rounded_rates as (
    select
        study_id,
        max(case when arm = 'treated' then {{ rounded('100 * rereferral_rate', 1) }} end)
        - max(case when arm = 'comparator' then {{ rounded('100 * rereferral_rate', 1) }} end)
            as difference
    from rereferrals
    group by study_id
),

assumptions as (
    select
        study_id,
        assumption_id,
        {{ try_number('value', 'double') }} as value
    from {{ ref('def_benefit_assumptions') }}
),

figures as (
    {% for measure in ['weekly_cost_gbp', 'mean_weeks_open', 'cost_per_case_gbp'] -%}
    {{ computed_figure('costs', 'case_cost', "''", "'" ~ measure ~ "'", 'arm', measure) }}
    union all
    {% endfor -%}
    {{ computed_figure(
        'costs', 'case_cost', "''", "'cost_basis'", 'arm', text_value='cost_basis'
    ) }}
    {% for measure in [
        'closure_rate_used', 'lifetime_earnings_gbp', 'lifetime_tax_gbp', 'employment_points'
    ] -%}
    union all
    {{ computed_figure('benefits', 'benefit', "''", "'" ~ measure ~ "'", 'arm', measure) }}
    {% endfor -%}
    {% for measure in [
        'rereferral_rate', 'saving_gbp', 'carried_saving_per_case_gbp'
    ] -%}
    union all
    {{ computed_figure(
        'rereferrals', 'rereferral_saving', "''", "'" ~ measure ~ "'", 'arm', measure
    ) }}
    {% endfor -%}
    union all
    {{ computed_figure(
        'rounded_rates', 'rereferral_saving', "''", "'rounded_points'", "'difference'",
        'difference', where='difference is not null'
    ) }}
    {% for measure, value in {
        'n_escalated': 'n_escalated',
        'escalation_rate': 'escalation_rate',
        'reference_rate': 'reference_rate',
        'extra_cost_gbp': 'extra_cost_gbp',
        'saving_gbp': 'saving_gbp',
        'saving_per_case_gbp': 'saving_per_case_gbp',
        'whole_pounds_per_case': truncated('expected_saving_per_case_gbp')
    }.items() -%}
    union all
    {{ computed_figure(
        'escalations', 'escalation_saving', 'counted_over', "'" ~ measure ~ "'", "'treated'", value
    ) }}
    {% endfor -%}
    union all
    {{ computed_figure(
        'assumptions', 'benefit_assumption', "''", 'assumption_id', value='value',
        where='value is not null'
    ) }}
)

select * from figures
