-- A link joins an eligible treated case and an eligible comparator of the same study and authority,
-- those by caliper of the same stratum.
with links as (
    select * from {{ ref('fct_matched_links') }}
),

cases as (
    select * from {{ ref('fct_study_cases') }}
    where is_eligible
)

select
    links.study_id,
    links.treated_case_id,
    links.comparator_case_id
from links
left join cases as treated
    on
        links.study_id = treated.study_id
        and links.la_code = treated.la_code
        and links.treated_case_id = treated.case_id
        and treated.arm = 'treated'
left join cases as comparator
    on
        links.study_id = comparator.study_id
        and links.la_code = comparator.la_code
        and links.comparator_case_id = comparator.case_id
        and comparator.arm = 'comparator'
where
    treated.case_id is null
    or comparator.case_id is null
    or (
        links.method = 'cem_caliper'
        and treated.stratum is distinct from comparator.stratum
    )
