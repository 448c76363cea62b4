-- What is expected of an authority's files whatever they hold: each is accepted, and cases come in.
with
files as (select * from {{ ref('fct_load_log') }}),

accepted as (
    select
        la_code,
        'file is accepted' as expectation,
        status = 'landed' as success,
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
    where holds = 'cases' or holds is null
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
