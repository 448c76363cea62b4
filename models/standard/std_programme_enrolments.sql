-- One row per child, case where known, programme and start date: from enrolment files and from
-- case lists that carry the programme in the case's row.
with from_files as (
    select
        la_code,
        child_id,
        case_id,
        programme_id,
        arm,
        start_date,
        end_date
    from {{ ref('std_programme_enrolment_records') }}
    where fate = 'loaded'
),

from_case_rows as (
    select
        la_code,
        child_id,
        case_id,
        programme_id,
        coalesce(arm, 'treated') as arm,
        programme_start_date as start_date,
        programme_end_date as end_date
    from {{ ref('std_cin_case_records') }}
    where fate = 'loaded' and programme_start_date is not null and programme_id is not null
)

select * from from_files
union
select * from from_case_rows
