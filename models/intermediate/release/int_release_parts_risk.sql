-- The counts of cases whose notes were coded, and how they add up: coded at both time points or
-- not, a factor present or absent or not coded in them, both arms together.
with
changes as (select * from {{ ref('fct_risk_changes') }}),
factors as (select * from {{ ref('fct_risk_prevalence') }}),

coded as (
    select
        study_id,
        arm,
        max(n + n_incomplete) as n_coded
    from changes
    group by study_id, arm
),

arms as (
    select * from factors
    where arm != 'both'
),

both_arms as (
    select * from factors
    where arm = 'both'
)

select {{ release_lone(
    'study_id', "'risk/' || component || '/' || arm || '/complete'", 'n', priority=7
) }}
from changes
union all
select {{ release_lone(
    'study_id', "'risk/' || component || '/' || arm || '/incomplete'", 'n_incomplete'
) }}
from changes
union all
{% for count, priority in {'complete': 7, 'incomplete': 4}.items() -%}
select {{ release_part(
    'changes.study_id', "'risk/' || component || '/' || arm || '/at_both'",
    "'risk/' || arm || '/coded'", 'coded.n_coded',
    "'risk/' || component || '/' || arm || '/" ~ count ~ "'",
    'changes.n' if count == 'complete' else 'changes.n_incomplete',
    part_priority=priority, is_rest_counted=false
) }}
from changes
inner join coded using (study_id, arm)
union all
{% endfor -%}
{% for count, n in {
    'present': 'n_present', 'absent': 'n_coded - n_present'
}.items() -%}
select {{ release_part(
    'study_id', "'risk/' || factor_id || '/' || arm || '/presence'",
    "'risk/' || factor_id || '/' || arm || '/coded'", 'n_coded',
    "'risk/' || factor_id || '/' || arm || '/" ~ count ~ "'", n,
    whole_priority=6, part_priority=4 if count == 'present' else 1
) }}
from factors
union all
{% endfor -%}
{% for count, n, priority in [
    ('coded', 'n_coded', 6), ('present', 'n_present', 4),
] -%}
select {{ release_part(
    'arms.study_id', "'risk/' || factor_id || '/" ~ count ~ "_in_arms'",
    "'risk/' || factor_id || '/both/" ~ count ~ "'", 'both_arms.' ~ n,
    "'risk/' || factor_id || '/' || arms.arm || '/" ~ count ~ "'", 'arms.' ~ n,
    whole_priority=priority + 1, part_priority=priority, is_rest_counted=false
) }}
from arms
inner join both_arms using (study_id, factor_id)
union all
{% endfor -%}
select {{ release_part(
    'arms.study_id', "'risk/' || factor_id || '/' || arm || '/not_coded'",
    "'risk/' || arm || '/coded'", 'coded.n_coded',
    "'risk/' || factor_id || '/' || arm || '/coded'", 'arms.n_coded', part_priority=6
) }}
from arms
inner join coded using (study_id, arm)
