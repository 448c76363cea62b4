{%- set ties = [
    ('costs/programme/cases', 'unmatched/all/treated/size'),
    ('costs/programme/cases', 'cem_caliper/all/treated/size'),
    ('costs/programme/cases', 'flow/treated/recorded/out')
] -%}
{%- for arm in ['treated', 'comparator'] -%}
{%- for own, theirs in {
    'cases': 'size',
    'costed': 'size',
    'rereferred': 'rereferred_after_closure/with',
    'escalated': 'escalated_cp/with',
    'closed': 'closed_recorded/with',
    'censored': 'case_length_days/without'
}.items() -%}
{%- do ties.append(('costs/' ~ arm ~ '/' ~ own, 'unmatched/all/' ~ arm ~ '/' ~ theirs)) -%}
{%- endfor -%}
{%- endfor -%}
-- The counts of cases of the tables of costs and savings, the sums that tie them, and which of them
-- are counts of the study's arms and outcomes.
with parts as (select * from {{ ref('int_release_parts_arms_costed') }})

select * from parts
union all
{{ release_ties('parts', ties) }}
