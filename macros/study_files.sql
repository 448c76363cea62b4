{#- What every kind of study file has in common, whatever its records say. -#}

{#- Where a landed record comes from and what the door says of it. -#}
{% macro landed_columns() -%}
        la_code,
        delivery,
        file_name,
        file_key,
        source_row_number,
        id_flags,
        extract_as_of_date
{%- endmacro %}

{#- Where a record stands in its file and what became of it; `unreadable` names the column that lists what can't be read. -#}
{% macro fate_columns(unreadable=none) -%}
    delivery,
    file_name,
    file_key,
    source_row_number,
    {% if unreadable %}{{ unreadable }},
    {% endif -%}
    fate,
    quarantine_code
{%- endmacro %}

{#- Whether a record is of a study: of its authority and of its programme, or of none in particular. -#}
{% macro is_of_study(relation) -%}
    studies.la_code = {{ relation }}.la_code
    and (studies.programme_id = {{ relation }}.programme_id or {{ relation }}.programme_id is null)
{%- endmacro %}

{#-
Whether a group must be hidden whose total is shown: where it is below the limit, and where the
smaller groups hidden are together below it, for the total less the groups shown gives them away.
-#}
{% macro is_small_or_gives_one_away(n, name, total, limit) -%}
    {{ n }} < {{ limit }}
    or (
        min({{ n }}) over (partition by {{ total }}) < {{ limit }}
        and coalesce(sum({{ n }}) over (
            partition by {{ total }}
            order by {{ n }}, {{ name }}
            rows between unbounded preceding and 1 preceding
        ), 0) < {{ limit }}
    )
{%- endmacro %}
