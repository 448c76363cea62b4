{#- One kind of computed figure in the shape in which published figures ask for it. -#}
{% macro computed_figure(
    relation, source, sample="''", subject="''", term="''", value='null', text_value='null', where='true'
) -%}
    select
        study_id,
        '{{ source }}' as source,
        {{ sample }} as sample,
        {{ subject }} as subject,
        {{ term }} as term,
        cast({{ value }} as double) as value,
        cast({{ text_value }} as string) as text_value
    from {{ relation }}
    where {{ where }}
{%- endmacro %}

{#- One finding against an analysis, where the condition holds. -#}
{% macro fitness_finding(verdict, because, condition) -%}
    select
        la_code,
        study_id,
        analysis_id,
        '{{ verdict }}' as verdict,
        {{ because }} as because
    from evidence
    where {{ condition }}
{%- endmacro %}

{#- What stands against something in one row, worst first: where it is impossible, reasons for caution are beside the point. -#}
{% macro worst_findings(findings, keys) -%}
listed as (
    select
        {{ keys | join(', ') }},
        verdict,
        {{ ordered_list('distinct because', 'because', '; ') }} as because
    from {{ findings }}
    group by all
),

worst as (
    select * from listed
    qualify row_number() over (
        partition by {{ keys | join(', ') }}
        order by case verdict when 'cannot' then 0 else 1 end
    ) = 1
)
{%- endmacro %}
