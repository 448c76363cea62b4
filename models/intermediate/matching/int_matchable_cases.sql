-- Eligible cases with their stratum, and what the caliper and the open-at-entry rule need, in
-- studies that seek comparators (`comparators_matched`, `comparator_rule`).
with
arms as (
    select * from {{ ref('int_study_arms') }}
    where is_eligible
),

strata as (
    select * from {{ ref('int_strata') }}
    where is_eligible
),

studies as (
    select * from {{ ref('int_studies') }}
    where comparators_matched and comparator_rule = 'matched'
)

select
    arms.study_id,
    arms.la_code,
    arms.case_id,
    arms.child_id,
    arms.arm,
    arms.entry_date,
    arms.plan_start_date,
    arms.closure_date,
    arms.age_at_plan_start,
    arms.file_key,
    arms.source_row_number,
    strata.stratum
from arms
inner join studies using (study_id, la_code)
left join strata using (study_id, la_code, case_id)
