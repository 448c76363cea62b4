-- One row per extract file: how many source records it has and what became of each of them.
-- n_read = n_loaded + n_quarantined + n_duplicate + n_superseded + n_opted_out, exactly.
with
files as (select * from {{ ref('stg_landing__load_log') }}),

fates as (
    {% for records, _, _ in record_tables() -%}
    select
        file_key,
        fate
    from {{ ref(records) }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

counted as (
    select
        file_key,
        count(*) filter (where fate = 'loaded') as n_loaded,
        count(*) filter (where fate = 'quarantined') as n_quarantined,
        count(*) filter (where fate = 'duplicate') as n_duplicate,
        count(*) filter (where fate = 'superseded') as n_superseded
    from fates
    group by file_key
)

select
    files.la_code,
    files.la_name,
    files.is_synthetic,
    files.format,
    files.delivery,
    files.file_name,
    files.holds,
    files.file_key,
    files.sha256,
    files.extract_as_of_date,
    files.submission,
    files.n_read,
    coalesce(counted.n_loaded, 0) as n_loaded,
    coalesce(counted.n_quarantined, 0) + files.n_refused_rows as n_quarantined,
    coalesce(counted.n_duplicate, 0) as n_duplicate,
    coalesce(counted.n_superseded, 0) as n_superseded,
    files.n_opted_out,
    files.status,
    files.reason_code,
    files.reason,
    files.unknown_columns
from files
left join counted
    on files.file_key = counted.file_key
