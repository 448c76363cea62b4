{%- set rules = {
    '8500': 'child_id is null',
    '8510': 'child_id is not null and n_records_of_child > 1',
    '1520': 'n_children_of_upn > 1',
    '8590': 'child_id is not null and n_episodes = 0',
    '8520': 'birth_date > reference_date',
    '8525Q': '(birth_date is null) = (expected_birth_date is null)',
    '8535Q': 'death_date < birth_date',
    '8775Q':
        'birth_date < ' ~ add_months('reference_date', -300)
        ~ ' and coalesce(last_close_date > ' ~ add_months('birth_date', 300) ~ ', true)',
    '4180': "coalesce(sex_code, '') not in ('M', 'F', 'U')",
    '4220': 'not has_known_ethnicity',
    '8540':
        'birth_date is not null and n_further_action > 0'
        ~ ' and (n_disability_codes = 0 or n_unknown_disabilities > 0)',
    '8790': 'n_none_disabilities > 0 and n_different_disabilities + n_unknown_disabilities > 1',
    '8794': 'n_repeated_disabilities > 0'
} -%}
-- Records of children that break a rule about ids, birth, sex, ethnicity or disability (cin_rules).
with
children as (select * from {{ ref('int_judged_children') }}),

ethnicities as (
    select code from {{ ref('code_sets') }}
    where code_set = 'ethnicity'
),

judged as (
    select
        children.*,
        ethnicities.code is not null as has_known_ethnicity
    from children
    left join ethnicities
        on children.ethnicity_code = ethnicities.code
)

{{ rule_flags('judged', 'children', rules) }}
