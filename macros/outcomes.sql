{#- One binary outcome of a rule model in the shape of fct_case_outcomes; null where the rule can't tell. -#}
{% macro binary_outcome(outcome, relation, condition, event_date=none, origin_date=none, watched_until_date=none) -%}
    select
        study_id,
        la_code,
        case_id,
        '{{ outcome }}' as outcome,
        {{ origin_date or 'cast(null as date)' }} as origin_date,
        case when {{ condition }} then {{ event_date or 'cast(null as date)' }} end as event_date,
        case when {{ condition }} then 1.0 when not ({{ condition }}) then 0.0 end as value,
        false as is_censored,
        {{ watched_until_date or 'cast(null as date)' }} as watched_until_date
    from {{ relation }}
{%- endmacro %}

{#- Escalated or not; unknown where no first day can be told, as for a comparator without a match under `programme_entry`. -#}
{% macro escalated_by(first_date) -%}
    case when counted_from_date is not null then {{ first_date }} is not null end
{%- endmacro %}

{#- Whether a closure counts under a choice of length_ends_with or closed_length_base. -#}
{% macro closure_counts(choice) -%}
    case {{ choice }}
        when 'first_closure' then closures.is_closed_recorded
        when 'closure_without_rereferral'
            then
                closures.is_closed_recorded
                and rereferred.rereferral_after_closure_date is null
        else closures.is_closed_without_later_escalation
    end
{%- endmacro %}

{#- Whether it followed within a window: unknown until the window has passed, though it may have happened. -#}
{% macro followed_by(window_end_date) -%}
    case
        when {{ window_end_date }} <= followed_until
            then coalesce(event_date <= {{ window_end_date }}, false)
    end
{%- endmacro %}

{#- Whether outcomes are worked out of those cases alone that a sample can hold. -#}
{% macro are_outcomes_of_samples() -%}
    {%- set choice = var('outcomes_of') -%}
    {%- if choice not in ['every_case', 'sample_cases'] -%}
        {%- do exceptions.raise_compiler_error(
            'outcomes_of is ' ~ choice ~ ', but may be every_case or sample_cases: dbt_project.yml, vars'
        ) -%}
    {%- endif -%}
    {{ return(choice == 'sample_cases') }}
{%- endmacro %}

{#- The studies that ask what follows a closure, as they are set and at each data cut. -#}
{% macro following_studies() -%}
    select studies.*
    from {{ ref('int_studies') }} as studies
    where
        (studies.reading = 'main' or studies.data_cut is not null)
        and studies.base_study_id in (
            select outcomes.study_id from {{ ref('study_outcomes') }} as outcomes
            where outcomes.outcome like '%m_after_closure' or outcomes.outcome like 'closed_for_%m'
        )
{%- endmacro %}
