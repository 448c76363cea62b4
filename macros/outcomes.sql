{#- One binary outcome of a rule model in the shape of fct_case_outcomes; null where the rule can't tell. -#}
{% macro binary_outcome(outcome, relation, condition, event_date=none, origin_date=none) -%}
    select
        study_id,
        la_code,
        case_id,
        '{{ outcome }}' as outcome,
        {{ origin_date or 'cast(null as date)' }} as origin_date,
        case when {{ condition }} then {{ event_date or 'cast(null as date)' }} end as event_date,
        case when {{ condition }} then 1.0 when not ({{ condition }}) then 0.0 end as value,
        false as is_censored,
        cast(null as date) as watched_until_date
    from {{ relation }}
{%- endmacro %}

{#- Escalated or not; unknown where no first day can be told, as for a comparator without a match under `programme_entry`. -#}
{% macro escalated_by(first_date) -%}
    case when counted_from_date is not null then {{ first_date }} is not null end
{%- endmacro %}
