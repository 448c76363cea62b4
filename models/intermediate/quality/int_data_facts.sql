-- What an authority's data show at all: one row per authority and fact that is there.
with
cases as (select * from {{ ref('std_cin_cases') }}),
escalations as (select * from {{ ref('std_escalations') }}),
files as (
    select * from {{ ref('stg_landing__load_log') }}
    where status = 'landed'
),

facts as (
    {% for column in ['closure_date', 'referral_date'] -%}
    select
        la_code,
        '{{ column }}' as fact
    from cases
    where {{ column }} is not null
    union
    {% endfor -%}
    select
        la_code,
        'closure_of_referral' as fact
    from {{ ref('std_cin_episode_records') }}
    where close_date is not null
    union
    select
        la_code,
        'closure_of_referral' as fact
    from cases
    where made_of = 'list'
    union
    select
        la_code,
        'plan_start' as fact
    from cases
    where made_of != 'episode'
    union
    select
        la_code,
        escalation_type as fact
    from escalations
    union
    select
        la_code,
        case holds when 'cp_plans' then 'cp' when 'care_episodes' then 'lac' else 'absence' end
            as fact
    from files
    where holds in ('cp_plans', 'care_episodes', 'school_absences')
    union
    select
        la_code,
        'rereferral' as fact
    from {{ ref('std_referrals') }}
    where is_rereferral
)

select * from facts
union
select
    la_code,
    'escalation' as fact
from facts
where fact in ('cp', 'lac')
