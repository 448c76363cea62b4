{#- Codes of returns are good for some years only: what a code meant is asked as of its event. -#}

{#- The collection year of a day: the year in which its financial year ends, 2023 for 2022-23. -#}
{% macro collection_year(date) -%}
    cast(
        extract(year from {{ date }}) + case when extract(month from {{ date }}) >= 4 then 1 else 0 end
        as integer
    )
{%- endmacro %}

{#-
A code that was in its code set in the collection year of the date, UNMAPPED where the source says
something else or uses a code outside its years, null where it says nothing. Without a date the
code need only be good for some year. `std_code_years` goes from 1980 to 2079.
-#}
{% macro known_code_as_of(column, code_set, date) -%}
    case
        when {{ column }} is null then null
        when {{ column }} || ' ' || case
            when {{ date }} is null then 'any year'
            else cast(least(greatest({{ collection_year(date) }}, 1980), 2079) as string)
        end in (
            select code || ' ' || coalesce(cast(collection_year as string), 'any year')
            from {{ ref('std_code_years') }}
            where code_set = '{{ code_set }}'
        ) then {{ column }}
        else 'UNMAPPED'
    end
{%- endmacro %}
