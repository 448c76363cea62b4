-- The files of judged returns with how many records of each kind they hold.
with
returns as (select * from {{ ref('int_judged_returns') }}),
children as (select * from {{ ref('int_judged_children') }}),
episodes as (select * from {{ ref('int_judged_episodes') }}),
activities as (select * from {{ ref('int_judged_activities') }}),

counted as (
    select
        la_code,
        delivery,
        file_key,
        file_name,
        'children' as record_kind,
        count(*) as n_records
    from children
    group by all
    union all
    select
        la_code,
        delivery,
        file_key,
        file_name,
        'episodes' as record_kind,
        count(*) as n_records
    from episodes
    group by all
    union all
    select
        la_code,
        delivery,
        file_key,
        file_name,
        record_kind,
        count(*) as n_records
    from activities
    group by all
)

select
    counted.*,
    returns.format,
    returns.reference_date,
    returns.period_start,
    returns.collection_year
from counted
inner join returns
    on
        counted.la_code = returns.la_code
        and counted.delivery = returns.delivery
