{%- set coded = {
    'std_children': ['sex_code', 'ethnicity_code'],
    'std_cin_cases': ['primary_need_code', 'closure_reason_code'],
    'std_people': ['sex_code', 'ethnicity_code'],
    'std_child_disabilities': ['disability_code'],
    'std_cin_episodes': ['referral_source_code', 'primary_need_code', 'close_reason_code'],
    'std_assessment_factors': ['factor_code'],
    'std_cp_plans': ['initial_category_code', 'latest_category_code'],
    'std_care_periods': ['end_reason_code']
} -%}
-- How many codes each authority uses in each coded column, and how many of them the code sets don't
-- know as of the event: those are kept as UNMAPPED.
with
counted as (
    {% for table, columns in coded.items() -%}
    {% for column in columns -%}
    select
        la_code,
        '{{ table }}' as table_name,
        '{{ column }}' as column_name,
        count(*) as n_rows,
        count({{ column }}) as n_coded,
        count(*) filter (where {{ column }} = 'UNMAPPED') as n_unmapped
    from {{ ref(table) }}
    group by la_code
    {{ 'union all' if not loop.last }}
    {% endfor -%}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select
    la_code,
    table_name,
    column_name,
    n_rows,
    n_coded,
    n_unmapped,
    n_unmapped / cast(nullif(n_coded, 0) as double) as share_unmapped
from counted
