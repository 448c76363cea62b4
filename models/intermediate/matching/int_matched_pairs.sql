-- Every comparator of the same stratum that started within the caliper of a treated case and
-- was open on the day that case entered the programme (FACT22 report, appendix 2, "Matching"), in
-- the same authority or in any of the study's (`strata_within`); comparators may serve several
-- treated cases. Studies with more links than they keep have none: weights come from counts.
with
studies as (select * from {{ ref('int_studies') }}),

counted as (
    select distinct study_id
    from {{ ref('py_caliper_weights') }}
),

matchable as (
    select
        cases.*,
        case studies.strata_within when 'study' then '' else cases.la_code end as pool
    from {{ ref('int_matchable_cases') }} as cases
    inner join studies using (study_id, la_code)
    left join counted using (study_id)
    where cases.stratum is not null and counted.study_id is null
),

candidates as (
    select
        treated.study_id,
        treated.la_code,
        treated.case_id as treated_case_id,
        comparator.la_code as comparator_la_code,
        comparator.case_id as comparator_case_id,
        treated.entry_date,
        treated.plan_start_date as treated_start_date,
        comparator.plan_start_date as comparator_start_date,
        comparator.closure_date as comparator_closure_date,
        {{ days_between('treated.plan_start_date', 'comparator.plan_start_date') }} as gap_days
    from matchable as treated
    inner join matchable as comparator
        on
            treated.study_id = comparator.study_id
            and treated.stratum = comparator.stratum
            and treated.pool = comparator.pool
            and treated.arm = 'treated'
            and comparator.arm = 'comparator'
),

within_caliper as (
    select candidates.*
    from candidates
    inner join studies using (study_id, la_code)
    where
        case
            when studies.caliper_unit = 'days'
                then abs(candidates.gap_days) <= studies.caliper_length
            else
                {{ within_months(
                    'candidates.comparator_start_date', 'candidates.treated_start_date',
                    'studies.caliper_length'
                ) }}
                and (
                    studies.caliper_anchor = 'treated'
                    or {{ within_months(
                        'candidates.treated_start_date', 'candidates.comparator_start_date',
                        'studies.caliper_length'
                    ) }}
                )
        end
        and candidates.comparator_start_date <= candidates.entry_date
        and (
            candidates.comparator_closure_date is null
            or candidates.comparator_closure_date > candidates.entry_date
            or (
                candidates.comparator_closure_date = candidates.entry_date
                and studies.open_at_entry_inclusive
            )
        )
)

select
    study_id,
    la_code,
    treated_case_id,
    comparator_la_code,
    comparator_case_id,
    entry_date,
    gap_days
from within_caliper
