-- The day from which a case can be compared: a treated case's entry to the programme; for a
-- comparator the earliest entry among the treated cases it is matched to. Comparators without a
-- match have none.
with
arms as (select * from {{ ref('int_study_arms') }}),

first_linked_entries as (
    select
        study_id,
        la_code,
        comparator_case_id as case_id,
        min(entry_date) as index_date
    from {{ ref('int_matched_pairs') }}
    group by all
)

select
    arms.study_id,
    arms.la_code,
    arms.case_id,
    coalesce(arms.entry_date, first_linked_entries.index_date) as index_date
from arms
left join first_linked_entries using (study_id, la_code, case_id)
