{%- set ties = [] -%}
{%- for arm in ['treated', 'comparator'] -%}
{%- for own in ['areas/all/', 'needs/', 'attendance/allocated/'] -%}
{%- for theirs in [
    'flow/' ~ arm ~ '/recorded/out',
    'flow/' ~ arm ~ '/counted_by_unit/out',
    'allocated_children/all/' ~ arm ~ '/size'
] -%}
{%- do ties.append((own ~ arm, theirs)) -%}
{%- endfor -%}
{%- endfor -%}
{%- endfor -%}
-- The counts of the tables that rest on a study's own files and on its children's needs and homes,
-- the sums that tie them, and which of them are counts of the study's arms: the same number of the
-- same arm is the same count.
with
parts as (
    select * from {{ ref('int_release_parts_risk') }}
    union all
    select * from {{ ref('int_release_parts_pupils') }}
    union all
    select * from {{ ref('int_release_parts_people') }}
)

select * from parts
union all
{{ release_ties('parts', ties) }}
