-- The comparator that started closest to each matched treated case. Of two at the same distance it
-- is the one that started earlier, is younger, or stands further up in its file: never a matter of
-- pseudonyms, which change with the key.
with
links as (
    select * from {{ ref('fct_matched_links') }}
    where method = 'cem_caliper'
),

records as (select * from {{ ref('int_admitted_cin_cases') }}),

ranked as (
    select
        links.study_id,
        links.la_code,
        links.treated_case_id,
        links.comparator_la_code,
        links.comparator_case_id,
        links.gap_days,
        row_number() over (
            partition by links.study_id, links.la_code, links.treated_case_id
            order by
                abs(links.gap_days),
                records.plan_start_date,
                records.age_completed_years nulls last,
                records.source_row_number,
                records.extract_as_of_date nulls last,
                records.file_key
        ) as closeness
    from links
    inner join records
        on links.comparator_la_code = records.la_code and links.comparator_case_id = records.case_id
)

select
    study_id,
    la_code,
    treated_case_id,
    comparator_la_code,
    comparator_case_id,
    gap_days
from ranked
where closeness = 1
