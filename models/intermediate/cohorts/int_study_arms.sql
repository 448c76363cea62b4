-- The cases of each study that are matched and whose outcomes are worked out: every case of its
-- authorities or, where the project asks for no more (`outcomes_of`), those that a sample of the
-- study can hold, which are few of a nation's.
with
cases as (select * from {{ ref('int_study_eligibility') }})

select * from cases
{%- if are_outcomes_of_samples() %}
where is_eligible or {{ is_allocated_child('ineligible_reason') }}
{%- endif %}
