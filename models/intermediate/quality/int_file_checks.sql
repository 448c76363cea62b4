-- What is expected of an authority's files whatever they hold: each is accepted, and cases come in.
-- A delivery that a newer submission replaces is past judging, also one that never landed.
with
deliveries as (select * from {{ ref('std_deliveries') }}),

submitted_again as (
    select distinct files.file_key
    from {{ ref('fct_load_log') }} as files
    inner join deliveries
        on
            files.la_code = deliveries.la_code
            and files.format = deliveries.format
            and files.extract_as_of_date = deliveries.extract_as_of_date
            and files.submission < deliveries.submission
),

files as (
    select files.*
    from {{ ref('fct_load_log') }} as files
    left join deliveries using (la_code, delivery)
    left join submitted_again using (file_key)
    where coalesce(not deliveries.is_replaced, true) and submitted_again.file_key is null
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
    cast(null as string) as column_name,
    'critical' as severity,
    success,
    case when success then 0 else 1 end as unexpected_count,
    1 as element_count,
    file_names
from checks
