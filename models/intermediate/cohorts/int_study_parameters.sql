-- One row per study with every parameter typed: the study's own value, or the default where it
-- sets none.
{%- set parameters = {
    'balance_origin': 'date',
    'year_days': 'double',
    'survival_origin': 'varchar',
    'survival_entry': 'varchar',
    'closure_by_study_end_inclusive': 'boolean',
    'later_escalation_inclusive': 'boolean',
    'censor_at': 'varchar',
    'escalation_from': 'varchar',
    'rereferral_anchor': 'varchar',
    'rereferral_months': 'integer',
    'rereferral_from': 'varchar',
    'year_mode': 'varchar',
    'eligibility_closure_inclusive': 'boolean',
    'open_at_entry_inclusive': 'boolean',
    'age_bin_mode': 'varchar',
    'caliper_length': 'double',
    'caliper_unit': 'varchar',
    'caliper_anchor': 'varchar',
    'undated_escalation': 'varchar',
    'closure_reasons_counted': 'varchar'
} %}
with
studies as (select * from {{ ref('studies') }}),
parameters as (select * from {{ ref('parameters') }}),
chosen as (select * from {{ ref('study_parameters') }}),

resolved as (
    select
        studies.study_id,
        parameters.parameter_id,
        coalesce(chosen.value, parameters.default_value) as value
    from studies
    cross join parameters
    left join chosen
        on studies.study_id = chosen.study_id and parameters.parameter_id = chosen.parameter_id
),

typed as (
    select
        study_id,
        {% for parameter, type in parameters.items() -%}
        cast(
            max(value) filter (where parameter_id = '{{ parameter }}') as {{ type }}
        ) as {{ parameter }},
        {% endfor -%}
        md5(
            {{ ordered_list("parameter_id || '=' || coalesce(value, '')", 'parameter_id') }}
        ) as parameters_hash
    from resolved
    group by study_id
)

select * from typed
