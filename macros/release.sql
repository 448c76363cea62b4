{#- What may be shown of columns: each of them where the condition holds, null elsewhere. -#}
{% macro shown(columns, condition) -%}
    {%- set listed = [columns] if columns is string else columns -%}
    {%- for column in listed -%}
    {%- if not loop.first %}    {% endif -%}
    case when {{ condition }} then {{ column }} end as {{ column.split('.')[-1] }}
    {%- if not loop.last -%},
    {% endif -%}
    {%- endfor -%}
{%- endmacro %}

{#- The columns that end every release table. It asks for int_release_profile, as `profiles`. -#}
{% macro release_tail(disclosure="'shown'", reason='null') -%}
    {{ disclosure }} as disclosure,
    cast({{ reason }} as string) as disclosure_reason,
    profiles.profile,
    profiles.profile_version
{%- endmacro %}

{#- The readable name of a cell; equal names are one count. -#}
{% macro cell_id(parts) -%}
    concat_ws('/', {{ parts | join(', ') }})
{%- endmacro %}

{#- The cell of what an outcome leaves of the wider one (outside), or has in common with the remainder (shared). -#}
{% macro nested_cell(part) -%}
    {{ cell_id(
        ['study_id', 'sample', 'population', 'arm', 'within_outcome', "'" ~ part ~ "'", 'outcome']
    ) }}
{%- endmacro %}

{#- One relation between cells, as rows: the sum of coefficient times count is 0. -#}
{% macro relation(source, relation_id, terms, condition='true') -%}
{% for cell, coefficient in terms -%}
    select
        study_id,
        {{ relation_id }} as relation_id,
        {{ cell }} as cell_id,
        {{ coefficient }} as coefficient
    from {{ source }}
    where {{ condition }}
    {{ 'union all' if not loop.last }}
{% endfor -%}
{%- endmacro %}

{#- A figure of an estimate, to two decimals where more would give counts that are rounded. -#}
{% macro shown_estimate(column) -%}
    case
        when judged.disclosure != 'shown' then null
        when judged.gives_exact_counts then {{ rounded('judged.' ~ column, 2) }}
        else judged.{{ column }}
    end as {{ column }}
{%- endmacro %}

{#- A figure that stands beside others of nearly the same cases: three decimals, as more would tell
    the cases by which they differ; two where the profile rounds counts. -#}
{%- macro coarse(column) -%}
    case
        when not judged.is_shown then null
        when profiles.rates_from_rounded then {{ rounded('judged.' ~ column, 2) }}
        else {{ rounded('judged.' ~ column, 3) }}
    end as {{ column }}
{%- endmacro -%}
