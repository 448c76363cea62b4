-- Who changed since the last delivery: each record of a return that is new, says something else, or
-- is there no more, against the delivery before it of the same authority and format. Yearly returns
-- leave out what closed before their year, so that much of what is gone is only over.
with
records as (select * from {{ ref('int_delivered_records') }}),

deliveries as (
    select
        la_code,
        delivery,
        lag(delivery) over (
            partition by la_code, format order by extract_as_of_date, submission, delivery
        ) as previous_delivery
    from {{ ref('int_admitted_deliveries') }}
),

pairs as (
    select * from deliveries
    where previous_delivery is not null
),

present as (
    select
        records.*,
        pairs.previous_delivery
    from records
    inner join pairs using (la_code, delivery)
),

past as (
    select
        records.la_code,
        records.table_name,
        pairs.delivery,
        pairs.previous_delivery,
        records.child_id,
        records.record_id,
        records.content
    from records
    inner join pairs
        on
            records.la_code = pairs.la_code
            and records.delivery = pairs.previous_delivery
)

select
    coalesce(present.la_code, past.la_code) as la_code,
    coalesce(present.table_name, past.table_name) as table_name,
    coalesce(present.delivery, past.delivery) as delivery,
    coalesce(present.previous_delivery, past.previous_delivery) as previous_delivery,
    coalesce(present.child_id, past.child_id) as child_id,
    coalesce(present.record_id, past.record_id) as record_id,
    case
        when past.record_id is null then 'new'
        when present.record_id is null then 'gone'
        else 'changed'
    end as change
from present
full outer join past
    on
        present.la_code = past.la_code
        and present.delivery = past.delivery
        and present.record_id = past.record_id
where present.content is distinct from past.content
