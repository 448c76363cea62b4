-- The cases of each sample with their weights. Matched: a treated case counts once, a
-- comparator as the sum of its links. Unmatched: every eligible case counts once, as the
-- "before" of every balance table.
with
cases as (select * from {{ ref('int_sample_cases') }}),
studies as (select study_id from {{ ref('studies') }})

select
    cases.study_id,
    cases.method,
    cases.la_code,
    cases.case_id,
    cases.arm,
    cases.weight
from cases
inner join studies using (study_id)
