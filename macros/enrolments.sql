{#- A file of programme enrolments, typed; beside a case list or as a study file of its own. -#}
{% macro typed_enrolments(landed_table) -%}
select
    la_code,
    case_id as source_case_id,
    child_id,
    delivery,
    file_name,
    file_key,
    source_row_number,
    record_hash,
    id_flags,
    extract_as_of_date,
    {{ stated('programme_id') }} as programme_id,
    {{ stated('arm') }} as arm,
    arm_source,
    {{ typed_date('start_date') }} as start_date,
    {{ typed_date('end_date') }} as end_date,
    {{ unreadable(dates=['start_date', 'end_date']) }} as unreadable_dates
from {{ source('landing', landed_table) }}
{%- endmacro %}

{#- Whether a case that isn't eligible is a child's that a trial allocated, and counts among those. -#}
{% macro is_allocated_child(ineligible_reason) -%}
    {{ ineligible_reason }} in ('not_index_child', 'outcome_incomplete')
{%- endmacro %}
