-- The day from which a case can be compared: a treated case's entry to the programme; for a
-- comparator the earliest entry among the treated cases it is matched to. Comparators without a
-- match have none.
with
arms as (select * from {{ ref('int_study_arms') }}),
links as (select * from {{ ref('int_caliper_links') }}),
counted as (select * from {{ ref('py_caliper_weights') }}),

first_linked_entries as (
    select
        links.study_id,
        links.comparator_la_code as la_code,
        links.comparator_case_id as case_id,
        min(treated.entry_date) as index_date
    from links
    inner join arms as treated
        on
            links.study_id = treated.study_id
            and links.la_code = treated.la_code
            and links.treated_case_id = treated.case_id
    group by all
    union all
    select
        study_id,
        la_code,
        case_id,
        first_entry_date as index_date
    from counted
    where arm = 'comparator'
)

select
    arms.study_id,
    arms.la_code,
    arms.case_id,
    coalesce(arms.entry_date, first_linked_entries.index_date) as index_date
from arms
left join first_linked_entries using (study_id, la_code, case_id)
