-- How many things each measure counts, in all and by each level of what it is broken down by.
-- Things that stand for one definition or one factor count in that breakdown alone.
with
counted as (
    {% for part in ['referrals', 'needs', 'plans', 'steps'] -%}
    select * from {{ ref('int_episode_counted_' ~ part) }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

broken_down as (
    select
        la_code,
        year,
        measure,
        'total' as breakdown,
        'total' as level
    from counted
    where definition is null and factor is null
    {% for breakdown in monitoring_breakdowns() -%}
    union all
    select
        la_code,
        year,
        measure,
        '{{ breakdown }}' as breakdown,
        {{ breakdown }} as level
    from counted
    where {{ breakdown }} is not null
    {% endfor -%}
)

select
    la_code,
    year,
    measure,
    breakdown,
    level,
    count(*) as n
from broken_down
group by la_code, year, measure, breakdown, level
