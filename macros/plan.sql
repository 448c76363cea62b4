{#-
The text forms that a plan is locked in. Empty cells are left out, so a new column that a row
doesn't use changes nothing. `csc plan` renders these macros too: only plain Jinja here.
-#}

{#- The cells of a row as one text: name=value; name=value. -#}
{% macro plan_value(columns) -%}
    coalesce(nullif(concat_ws(
        '; '
        {%- for column in columns %},
        '{{ column }}=' || cast({{ column }} as string)
        {%- endfor %}
    ), ''), 'nothing set')
{%- endmacro %}

{#- The rows of a relation as items of one kind. -#}
{% macro plan_items(relation, kind, item, value) -%}
    select
        study_id,
        '{{ kind }}' as kind,
        {{ item }} as item,
        {{ value }} as value,
        false as is_default
    from {{ relation }}
{%- endmacro %}

{#- One spelling for each value of a parameter, by its type; what can't be read stays as it is. -#}
{% macro plan_parameter(value, data_type) -%}
    case {{ data_type }}
        when 'boolean' then lower(trim({{ value }}))
        when 'date' then coalesce(cast(try_cast({{ value }} as date) as string), {{ value }})
        when 'varchar' then trim({{ value }})
        when 'integer'
            then coalesce(
                cast(try_cast(try_cast({{ value }} as double) as bigint) as string) || '.0',
                {{ value }}
            )
        else coalesce(cast(try_cast({{ value }} as double) as string), {{ value }})
    end
{%- endmacro %}
