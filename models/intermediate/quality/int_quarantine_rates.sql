-- The share of each file's records that was quarantined, by reason and in all, against the shares
-- that a delivery may have (`delivery_thresholds`). Records that no outcome rests on only warn. A
-- totals row is where it should be and speaks against nothing; a delivery that a newer submission
-- replaces is past judging.
with
quarantined as (
    select * from {{ ref('fct_quarantined_rows') }}
    where reason_code != 'totals_row'
),

files as (
    select files.*
    from {{ ref('stg_landing__load_log') }} as files
    left join {{ ref('std_deliveries') }} as deliveries
        on
            files.la_code = deliveries.la_code
            and files.delivery = deliveries.delivery
    where coalesce(not deliveries.is_replaced, true)
),

thresholds as (select * from {{ ref('delivery_thresholds') }}),

counted as (
    select
        file_key,
        reason_code as expectation,
        column_name,
        count(*) as n_quarantined
    from quarantined
    group by all
    union all
    select
        file_key,
        'all reasons together' as expectation,
        cast(null as string) as column_name,
        count(*) as n_quarantined
    from quarantined
    group by all
)

select
    files.la_code,
    'quarantine' as suite,
    counted.expectation,
    counted.column_name,
    thresholds.severity,
    counted.n_quarantined <= greatest(
        thresholds.max_quarantined_share * files.n_read, thresholds.always_allowed
    ) as success,
    counted.n_quarantined as unexpected_count,
    files.n_read as element_count,
    {{ file_path('files') }} as file_names
from counted
inner join files using (file_key)
cross join thresholds
where
    thresholds.severity = 'warning'
    or coalesce(files.holds not in ('families', 'events', 'cp_reviews', 'disabilities'), true)
