-- What the build computes, in the shape in which published figures ask for it: study, source, sample, subject and term.
with groups as (
    select * from {{ ref('fct_group_outcomes') }}
),

estimates as (
    select * from {{ ref('fct_effect_estimates') }}
    where status = 'ok'
),

flow as (
    select * from {{ ref('fct_sample_flow') }}
),

balance as (
    select * from {{ ref('fct_covariate_balance') }}
),

sample_outcomes as (
    select
        samples.study_id,
        samples.method as sample,
        samples.arm,
        outcomes.outcome,
        outcomes.value
    from {{ ref('fct_matched_cases') }} as samples
    inner join {{ ref('fct_case_outcomes') }} as outcomes
        on samples.study_id = outcomes.study_id and samples.la_code = outcomes.la_code and samples.case_id = outcomes.case_id
),

by_arm_and_both as (
    select
        study_id,
        sample,
        outcome,
        coalesce(arm, 'both') as term,
        sum(value) as n_events,
        avg(value) as unweighted_rate
    from sample_outcomes
    group by grouping sets ((study_id, sample, outcome, arm), (study_id, sample, outcome))
),

assumed as (
    select
        samples.study_id,
        samples.method as sample,
        coalesce(samples.arm, 'both') as term,
        count(*) filter (where cases.is_escalation_date_assumed) as n_assumed
    from {{ ref('fct_matched_cases') }} as samples
    inner join {{ ref('fct_study_cases') }} as cases
        on samples.study_id = cases.study_id and samples.la_code = cases.la_code and samples.case_id = cases.case_id
    group by grouping sets ((samples.study_id, samples.method, samples.arm), (samples.study_id, samples.method))
),

studies as (
    select * from {{ ref('int_studies') }}
),

length_ratios as (
    select
        effect.study_id,
        effect.sample,
        effect.analysis_id,
        effect.estimate / comparator.estimate as ratio
    from estimates as effect
    inner join estimates as comparator
        on effect.study_id = comparator.study_id and effect.analysis_id = comparator.analysis_id
    where effect.term = 'treated' and comparator.term = 'comparator_mean'
),

figures as (
    select study_id, 'rate' as source, sample, outcome as subject, arm as term, value, cast(null as varchar) as text_value
    from groups
    union all
    select study_id, 'event_count', sample, outcome, term, n_events, null from by_arm_and_both
    union all
    select study_id, 'unweighted_rate', sample, outcome, term, unweighted_rate, null from by_arm_and_both
    union all
    select study_id, 'estimate', sample, analysis_id, term, estimate, null from estimates
    union all
    select study_id, 'ratio', sample, analysis_id, 'treated', ratio, null from length_ratios
    union all
    select study_id, 'significance', sample, analysis_id, term, null, case when p_adjusted < 0.01 then 'p<0.01' else 'n.s.' end
    from estimates
    where is_primary
    union all
    select study_id, 'flow', '', step, arm, n_out, null from flow
    union all
    select study_id, 'assumed_undated', sample, '', term, n_assumed, null from assumed
    union all
    select study_id, 'balance', method, covariate, 'treated', mean_treated, null from balance
    union all
    select study_id, 'balance', method, covariate, 'comparator', mean_comparator, null from balance
    union all
    select
        matched.study_id, 'matched_share', 'cem_caliper', recorded.step, matched.arm,
        cast(matched.n_out as double) / recorded.n_out, null
    from flow as matched
    inner join flow as recorded
        on matched.study_id = recorded.study_id and matched.arm = recorded.arm
    where matched.step = 'matched' and recorded.step = 'recorded' and recorded.n_out > 0
    {% for fact in ['study_start', 'study_end', 'earliest_case_start', 'latest_case_start', 'balance_origin'] -%}
    union all
    select study_id, 'study', '', '{{ fact }}', '', null, cast({{ fact }} as varchar) from studies
    {% endfor %}
)

select
    study_id,
    source,
    sample,
    subject,
    term,
    cast(value as double) as value,
    text_value
from figures
