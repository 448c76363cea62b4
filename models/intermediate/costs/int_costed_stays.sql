-- From which day on each case costs the authority: a treated case from its entry to the programme,
-- a comparator from the entry of each treated case it serves. What was spent before is left out
-- (FACT22 report, appendix 10, "Costs data").
with
cases as (select * from {{ ref('fct_study_cases') }}),
ages as (select * from {{ ref('int_age_bands') }}),
costed as (select * from {{ ref('int_costed_cases') }}),

links as (
    select * from {{ ref('fct_matched_links') }}
    where method = 'cem_caliper'
),

matched as (
    select distinct
        study_id,
        la_code,
        treated_case_id as case_id
    from links
),

stays as (
    select
        cases.study_id,
        cases.la_code,
        cases.case_id,
        cases.case_id as treated_case_id,
        cases.arm,
        cases.entry_date as from_date,
        cast(1.0 as double) as weight,
        matched.case_id is not null as is_matched,
        costed.case_id is not null as is_costed
    from cases
    left join matched using (study_id, la_code, case_id)
    left join costed using (study_id, la_code, case_id)
    where cases.arm = 'treated' and (matched.case_id is not null or costed.case_id is not null)
    union all
    select
        links.study_id,
        links.comparator_la_code as la_code,
        links.comparator_case_id as case_id,
        links.treated_case_id,
        'comparator' as arm,
        treated.entry_date as from_date,
        links.weight,
        true as is_matched,
        false as is_costed
    from links
    inner join cases as treated
        on
            links.study_id = treated.study_id
            and links.la_code = treated.la_code
            and links.treated_case_id = treated.case_id
)

select
    stays.study_id,
    stays.la_code,
    stays.case_id,
    stays.treated_case_id,
    stays.arm,
    ages.age_band,
    stays.from_date,
    stays.weight,
    stays.is_matched,
    stays.is_costed
from stays
inner join ages using (study_id, la_code, case_id)
