-- Whether a case's family had support as a child in need before the study started (Project Crewe
-- report, "CIN case outcomes"): an earlier start that the case's row tells of, or another case
-- of the family. The spell that was still open when the study started counts too, as the
-- report's words have it, unless `history_includes_index` says otherwise. A child without a
-- family id is a family. Only studies that ask for it are here.
with
arms as (select * from {{ ref('int_study_arms') }}),

asking as (
    select study_id from {{ ref('study_covariates') }}
    where attribute = 'has_earlier_support'
    union
    select study_id from {{ ref('study_subgroups') }}
    where attribute = 'has_earlier_support'
),

studies as (
    select * from {{ ref('int_studies') }}
    where base_study_id in (select asking.study_id from asking)
),

cases as (select * from {{ ref('int_admitted_cin_cases') }}),
told as (select * from {{ ref('int_admitted_earlier_support') }}),

spells as (
    select
        la_code,
        coalesce(family_id, child_id) as family,
        least(plan_start_date, coalesce(referral_date, plan_start_date)) as start_date,
        closure_date,
        false as is_told
    from cases
    union all
    select
        cases.la_code,
        coalesce(cases.family_id, cases.child_id) as family,
        told.support_date as start_date,
        cast(null as date) as closure_date,
        true as is_told
    from told
    inner join cases using (la_code, case_id)
),

families as (
    select
        studies.study_id,
        spells.la_code,
        spells.family,
        min(spells.start_date) as first_support_date
    from studies
    inner join spells
        on
            studies.la_code = spells.la_code
            and studies.study_start > spells.start_date
            and (
                studies.history_includes_index
                or spells.is_told
                or studies.study_start > spells.closure_date
            )
    group by all
)

select
    arms.study_id,
    arms.la_code,
    arms.case_id,
    families.first_support_date,
    families.first_support_date is not null as has_earlier_support
from arms
inner join studies using (study_id, la_code)
left join families
    on
        arms.study_id = families.study_id
        and arms.la_code = families.la_code
        and coalesce(arms.family_id, arms.child_id) = families.family
