-- One row per study and reading with every parameter typed: the reading's value, else the study's.
{%- set parameters = {
    'balance_origin': 'date',
    'year_days': 'double',
    'arm_source': 'string',
    'comparators_matched': 'boolean',
    'comparator_rule': 'string',
    'comparator_may_join_later': 'boolean',
    'case_unit': 'string',
    'opened_before_entry': 'string',
    'objection_scope': 'string',
    'history_includes_index': 'boolean',
    'survival_origin': 'string',
    'survival_entry': 'string',
    'length_origin': 'string',
    'length_ends_with': 'string',
    'closed_length_base': 'string',
    'closure_by_study_end_inclusive': 'boolean',
    'later_escalation_inclusive': 'boolean',
    'censor_at': 'string',
    'escalation_from': 'string',
    'index_date_of_comparator': 'string',
    'rereferral_anchor': 'string',
    'rereferral_months': 'integer',
    'rereferral_from': 'string',
    'year_mode': 'string',
    'eligibility_closure_inclusive': 'boolean',
    'open_at_entry_inclusive': 'boolean',
    'age_bin_mode': 'string',
    'strata_within': 'string',
    'links_kept_up_to': 'integer',
    'caliper_length': 'double',
    'caliper_unit': 'string',
    'caliper_anchor': 'string',
    'undated_escalation': 'string',
    'closure_reasons_counted': 'string',
    'earliest_plan_start': 'date',
    'match_ratio': 'string',
    'link_weight': 'string',
    'psm_neighbours': 'integer',
    'psm_weight_scale': 'string',
    'psm_open_at_entry': 'boolean',
    'bootstrap_draws': 'integer',
    'fewest_events': 'integer',
    'interaction_main_effect': 'boolean',
    'balance_test': 'string',
    'gamma_alpha': 'double',
    'mh_data': 'string',
    'interim_list_children': 'integer',
    'cost_denominator': 'string',
    'price_base_year': 'integer',
    'smallest_staff_group': 'integer',
    'stress_band_width': 'double',
    'need_classified_by': 'string',
    'risk_sample': 'string',
    'risk_sample_design': 'string',
    'risk_sample_size': 'integer',
    'risk_sample_seed': 'integer',
    'engagement_mode': 'string',
    'box_hinges': 'string',
    'box_whiskers': 'string',
    'competing_escalation': 'string',
    'incidence_horizon_days': 'integer',
    'survival_horizon_days': 'integer',
    'calibration_controls': 'integer',
    'sdq_total': 'string',
    'sdq_wave': 'integer',
    'sdq_forms': 'string',
    'absence_school_year': 'string',
    'absence_terms': 'string',
    'log_mode': 'string',
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
