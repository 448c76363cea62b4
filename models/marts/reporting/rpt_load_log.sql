{%- set fates = ['read', 'loaded', 'quarantined', 'duplicate', 'superseded', 'opted_out'] -%}
-- One row per extract file: how many source records it has and what became of each of them, as far
-- as that may be released. Each count is hidden by itself: a row says `c` where any of its counts
-- is.
with
files as (
    select
        *,
        {{ load_log_cell('files') }} as cell
    from {{ ref('fct_load_log') }} as files
),

decisions as (select * from {{ ref('py_release_decisions') }})

select
    files.la_code,
    files.la_name,
    files.is_synthetic,
    files.format,
    files.delivery,
    files.file_name,
    files.holds,
    files.extract_as_of_date,
    files.submission,
    {% for fate in fates -%}
    {{ fate }}_cell.released as n_{{ fate }},
    {% endfor -%}
    files.status,
    files.reason_code,
    {{ without_numbers('files.reason') }} as reason,
    files.unknown_columns,
    {% set symbols = [] -%}
    {% set reasons = [] -%}
    {% for fate in fates -%}
    {% do symbols.append("nullif(coalesce(" ~ fate ~ "_cell.disclosure, 'c'), 'shown')") -%}
    {% do reasons.append(fate ~ '_cell.disclosure_reason') -%}
    {% endfor -%}
    {{ release_tail(
        'coalesce(' ~ symbols | join(', ') ~ ", 'shown')", 'coalesce(' ~ reasons | join(', ') ~ ')'
    ) }}
from files
{% for fate in fates -%}
left join decisions as {{ fate }}_cell
    on
        files.la_code = {{ fate }}_cell.scope
        and files.cell || '/{{ fate }}' = {{ fate }}_cell.cell_id
{% endfor -%}
cross join {{ ref('int_release_profile') }} as profiles
