{#- Validation rules of returns as flags: one row per record that breaks a rule, and never a value. -#}

{#- The records of a relation for which each rule's condition holds; other rules to add come after. -#}
{% macro rule_flags(relation, record_kind, rules) -%}
    {% for rule, condition in rules.items() -%}
    select
        la_code,
        delivery,
        file_key,
        file_name,
        source_row_number,
        '{{ record_kind }}' as record_kind,
        '{{ rule }}' as rule
    from {{ relation }}
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
{%- endmacro %}

{#- The records of a return that is not replaced, with the day and the period it speaks of. -#}
{% macro of_judged_returns(records) -%}
    select
        {{ records }}.*,
        returns.format,
        returns.reference_date,
        returns.period_start
    from {{ records }}
    inner join returns
        on
            {{ records }}.la_code = returns.la_code
            and {{ records }}.delivery = returns.delivery
{%- endmacro %}

{#- Two records of one child in one return. -#}
{% macro same_child(first, second) -%}
    {{ first }}.la_code = {{ second }}.la_code
    and {{ first }}.delivery = {{ second }}.delivery
    and {{ first }}.child_id = {{ second }}.child_id
{%- endmacro %}

{#- Two records that are not one and the same row of one file. -#}
{% macro other_record(first, second) -%}
    (
        {{ first }}.file_key != {{ second }}.file_key
        or {{ first }}.source_row_number != {{ second }}.source_row_number
    )
{%- endmacro %}

{#-
Whether one plan starts while another runs: from its start to its end, or to the return's reference
date where it has no end. The last day counts unless `before` is the sign.
-#}
{% macro starts_during(first, second, before='<=') -%}
    {{ first }}.start_date >= {{ second }}.start_date
    and (
        {{ first }}.start_date {{ before }} {{ second }}.end_date
        or ({{ second }}.end_date is null and {{ first }}.start_date <= {{ second }}.reference_date)
    )
{%- endmacro %}

{#- Days from the last working day before a date to that date; bank holidays count as working days. -#}
{% macro days_since_working_day(date) -%}
    case mod({{ days_between("date '2000-01-03'", date) }}, 7) when 0 then 3 when 6 then 2 else 1 end
{%- endmacro %}
