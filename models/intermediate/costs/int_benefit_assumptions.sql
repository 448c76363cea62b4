-- One row per study whose benefits are valued, with every assumption typed; null where none is
-- stated or its value can't be read. Illustrative unless all of them are published.
{%- set assumptions = {
    'closure_analysis': 'varchar',
    'closure_rate_decimals': 'integer',
    'attainment_rate_closed': 'double',
    'attainment_rate_open': 'double',
    'attainment_npv_gbp': 'double',
    'income_tax_rate': 'double',
    'national_insurance_rate': 'double',
    'attainment_employment_points': 'double',
    'n_treated_costed': 'integer',
    'n_comparator_costed': 'integer',
    'rereferral_saving_gbp': 'double',
    'escalation_reference_rate': 'double',
    'cin_case_cost_gbp': 'double',
    'cp_case_cost_gbp': 'double',
    'escalations_from': 'date',
    'escalations_to': 'date',
    'comparator_escalations_recorded': 'boolean'
} %}
with
studies as (select * from {{ ref('studies') }}),
assumptions as (select * from {{ ref('benefit_assumptions') }})

select
    assumptions.study_id,
    {% for assumption, type in assumptions.items() -%}
    {%- set typed = 'assumptions.value' -%}
    {%- if type == 'date' -%}
    {%- set typed = try_date(typed, "'iso'") -%}
    {%- elif type != 'varchar' -%}
    {%- set typed = try_number(typed, type) -%}
    {%- endif -%}
    max(case when assumptions.assumption_id = '{{ assumption }}' then {{ typed }} end)
        as {{ assumption }},
    {% endfor -%}
    max(case when assumptions.assumption_id = 'rereferral_saving_gbp' then assumptions.note end)
        as rereferral_saving_note,
    max(case when assumptions.status = 'published' then 0 else 1 end) = 1 as is_illustrative
from assumptions
inner join studies using (study_id)
group by assumptions.study_id
