-- What is expected of an authority's files whatever they hold: each is accepted, and cases come in.
-- A delivery that a newer submission replaces is past judging.
with
files as (
    select files.*
    from {{ ref('fct_load_log') }} as files
    left join {{ ref('std_deliveries') }} as deliveries
        on
            files.la_code = deliveries.la_code
            and files.delivery = deliveries.delivery
    where coalesce(not deliveries.is_replaced, true)
),

accepted as (
    select
        la_code,
        'file is accepted' as expectation,
        status != 'refused' as success,
        {{ file_path('files') }} as file_names
    from files
),

loaded as (
    select
        la_code,
        'cases are loaded' as expectation,
        sum(n_loaded) > 0 as success,
        {{ ordered_list('distinct ' ~ file_path('files'), file_path('files'), ', ') }} as file_names
    from files
    where
        holds in ('cases', 'episodes', 'cin_spells', 'cin_plans')
        or status = 'refused'
    group by la_code
),

checks as (
    select * from accepted
    union all
    select * from loaded
)

select
    la_code,
    'delivery' as suite,
    expectation,
    cast(null as varchar) as column_name,
    'critical' as severity,
    success,
    case when success then 0 else 1 end as unexpected_count,
    1 as element_count,
    file_names
from checks
