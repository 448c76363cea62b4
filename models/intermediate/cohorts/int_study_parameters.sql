-- One row per study and reading with every parameter typed: the reading's value, else the study's.
{%- set parameters = {
    'balance_origin': 'date',
    'year_days': 'double',
    'arm_source': 'varchar',
    'comparators_matched': 'boolean',
    'comparator_rule': 'varchar',
    'comparator_may_join_later': 'boolean',
    'case_unit': 'varchar',
    'opened_before_entry': 'varchar',
    'objection_scope': 'varchar',
    'history_includes_index': 'boolean',
    'survival_origin': 'varchar',
    'survival_entry': 'varchar',
    'length_origin': 'varchar',
    'length_ends_with': 'varchar',
    'closed_length_base': 'varchar',
    'closure_by_study_end_inclusive': 'boolean',
    'later_escalation_inclusive': 'boolean',
    'censor_at': 'varchar',
    'escalation_from': 'varchar',
    'index_date_of_comparator': 'varchar',
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
    'closure_reasons_counted': 'varchar',
    'earliest_plan_start': 'date',
    'match_ratio': 'varchar',
    'link_weight': 'varchar',
    'psm_neighbours': 'integer',
    'psm_weight_scale': 'varchar',
    'psm_open_at_entry': 'boolean',
    'bootstrap_draws': 'integer',
    'fewest_events': 'integer',
    'interaction_main_effect': 'boolean',
    'balance_test': 'varchar',
    'gamma_alpha': 'double',
    'mh_data': 'varchar',
    'interim_list_children': 'integer',
    'cost_denominator': 'varchar',
    'price_base_year': 'integer',
    'smallest_staff_group': 'integer',
    'stress_band_width': 'double',
    'need_classified_by': 'varchar',
    'risk_sample': 'varchar',
    'risk_sample_design': 'varchar',
    'risk_sample_size': 'integer',
    'risk_sample_seed': 'integer',
    'engagement_mode': 'varchar',
    'box_hinges': 'varchar',
    'box_whiskers': 'varchar',
    'competing_escalation': 'varchar',
    'incidence_horizon_days': 'integer',
    'survival_horizon_days': 'integer',
    'calibration_controls': 'integer',
    'sdq_total': 'varchar',
    'sdq_wave': 'integer',
    'sdq_forms': 'varchar',
    'absence_school_year': 'varchar',
    'absence_terms': 'varchar',
    'log_mode': 'varchar',
    'retention_months': 'integer'
} %}
with
readings as (select * from {{ ref('int_study_readings') }}),
of_study as (select * from {{ ref('int_parameter_values') }}),
changed as (select * from {{ ref('study_readings') }}),

resolved as (
    select
        readings.study_id,
        of_study.parameter_id,
        coalesce(changed.value, of_study.value) as value
    from readings
    inner join of_study
        on readings.base_study_id = of_study.study_id
    left join changed
        on
            readings.base_study_id = changed.study_id
            and readings.reading = changed.reading
            and of_study.parameter_id = changed.parameter_id
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
