-- What the build computes of pupils' absences and of children's behaviour, in the shape in which
-- published figures ask for it. The reports print no score and no day, only words: here they follow
-- from the sign of the difference and, for behaviour, from the six tests at 5 per cent.
with
flow as (select * from {{ ref('fct_attendance_flow') }}),

both_arms as (
    select
        study_id,
        step,
        sum(n_children) as n_children
    from flow
    group by study_id, step
),

absences as (
    select * from {{ ref('fct_effect_estimates') }}
    where outcome = 'absence_days' and term = 'treated' and status = 'ok'
),

behaviour as (
    select
        study_id,
        min(p_value) as least_p_value,
        max(case when scale = 'total' then favours end) as favours
    from {{ ref('fct_sdq_comparison') }}
    where status = 'ok'
    group by study_id
),

figures as (
    {{ computed_figure('flow', 'pupils', "''", 'step', 'arm', 'n_children') }}
    union all
    {{ computed_figure('both_arms', 'pupils', "''", 'step', "'both'", 'n_children') }}
    union all
    {{ computed_figure(
        'absences', 'absence', "''", 'analysis_id', "'difference'", 'estimate',
        "case when estimate > 0 then 'higher absence'
            when estimate < 0 then 'lower absence' else 'same absence' end"
    ) }}
    union all
    {{ computed_figure(
        'behaviour', 'behaviour', "''", "'all_scales'", "'difference'", 'least_p_value',
        "case when least_p_value < 0.05 then 'significant difference'
            when favours = 'treated' then 'no significant difference, treated better'
            else 'no significant difference, treated not better' end"
    ) }}
)

select * from figures
