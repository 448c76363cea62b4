-- A link joins an eligible treated case and an eligible comparator of the same study, those by
-- caliper of the same stratum; of the same authority too unless the study's strata are pooled.
{{ config(group = 'warehouse') }}
with links as (
    select * from {{ ref('fct_matched_links') }}
),

cases as (
    select * from {{ ref('fct_study_cases') }}
    where is_eligible
),

studies as (
    select
        study_id,
        strata_within
    from {{ ref('int_study_settings') }}
)

select
    links.study_id,
    links.treated_case_id,
    links.comparator_case_id
from links
inner join studies using (study_id)
left join cases as treated
    on
        links.study_id = treated.study_id
        and links.la_code = treated.la_code
        and links.treated_case_id = treated.case_id
        and treated.arm = 'treated'
left join cases as comparator
    on
        links.study_id = comparator.study_id
        and links.comparator_la_code = comparator.la_code
        and links.comparator_case_id = comparator.case_id
        and comparator.arm = 'comparator'
where
    treated.case_id is null
    or comparator.case_id is null
    or (links.la_code != links.comparator_la_code and studies.strata_within = 'authority')
    or (
        links.method = 'cem_caliper'
        and treated.stratum is distinct from comparator.stratum
    )
