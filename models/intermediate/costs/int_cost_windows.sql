-- The days whose costs count: from the study's first day to the last that can be observed (FACT22
-- report, appendix 10, "Costs data").
with
studies as (select * from {{ ref('studies') }}),
parameters as (select * from {{ ref('int_study_parameters') }}),

observed as (
    select
        study_id,
        max(observed_until_date) as observed_until_date
    from {{ ref('fct_case_outcomes') }}
    where outcome = 'closed_recorded'
    group by study_id
)

select
    studies.study_id,
    studies.programme_id,
    studies.study_start as window_start_date,
    observed.observed_until_date as window_end_date,
    parameters.price_base_year,
    parameters.cost_denominator
from studies
inner join parameters using (study_id)
left join observed using (study_id)
