-- What the build computes of how the arms' curves run, in the shape in which published figures
-- ask for it. The arm closes faster whose share of open cases falls by more between days 100 and
-- 300, which the Project Crewe report names.
{%- set window_days = {'first': 100, 'last': 300} %}
with
curves as (
    select
        study_id,
        sample,
        clock,
        arm,
        min(survival) filter (where time_days <= {{ window_days.first }})
        - min(survival) filter (where time_days <= {{ window_days.last }}) as decline
    from {{ ref('fct_survival_curves') }}
    group by
        study_id,
        sample,
        clock,
        arm
),

declines as (
    select
        study_id,
        sample,
        clock,
        max(case when arm = 'treated' then decline end) as treated_decline,
        max(case when arm = 'comparator' then decline end) as comparator_decline
    from curves
    group by
        study_id,
        sample,
        clock
),

figures as (
    {{ computed_figure(
        'declines', 'window_decline', 'sample', 'clock', "'difference'",
        'treated_decline - comparator_decline',
        "case when treated_decline < comparator_decline then 'comparator closes faster'
            when treated_decline > comparator_decline then 'treated closes faster'
            else 'neither closes faster' end",
        'treated_decline is not null and comparator_decline is not null'
    ) }}
)

select * from figures
