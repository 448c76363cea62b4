-- Counts of monitoring that a reader can lay beside others: children beside their episodes, which
-- leave those who have several; a year's events beside the records that its delivery brought, and
-- all years' beside the records loaded or checked, where both are the same number.
{%- set children_of = {
    'any_point_children': 'any_point_episodes',
    'started_children': 'started_episodes',
    'ended_children': 'ended_episodes',
    'referred_children': 'referrals',
    'rereferred_children': 'rereferrals'
} %}
{%- set records_of = {
    'assessments': 'assessments',
    'care_periods_started': 'care_episodes',
    'cin_plans_started': 'cin_plans',
    'cp_plans_started': 'cp_plans',
    'referrals': 'episodes',
    'section_47s': 'section_47s'
} %}
with
figures as (
    select
        *,
        {{ monitoring_cell('figures') }} as cell_id
    from {{ ref('fct_monitoring') }} as figures
    where n is not null
),

files as (select * from {{ ref('fct_load_log') }}),
changes as (select * from {{ ref('int_release_delivery_changes') }}),
expectations as (select * from {{ ref('int_release_expectations') }}),

events as (
    {% for measure, table_name in records_of.items() -%}
    select
        *,
        '{{ table_name }}' as table_name,
        sum(n) over (partition by la_code) as n_all_years
    from figures
    where measure = '{{ measure }}' and breakdown = 'total'
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

years as (
    select distinct
        la_code,
        delivery,
        extract(year from extract_as_of_date) as year
    from files
),

elements as (
    select distinct
        la_code,
        element_cell,
        element_count
    from expectations
    where suite != 'quarantine' and element_cell is not null
)

{% for children, episodes in children_of.items() -%}
select {{ release_part(
    'episodes.la_code', "children.cell_id || '/with_several'", 'episodes.cell_id', 'episodes.n',
    'children.cell_id', 'children.n',
    whole_priority="case when episodes.breakdown = 'total' then 9 else 4 end",
    part_priority="case when children.breakdown = 'total' then 8 else 4 end"
) }}
from figures as children
inner join figures as episodes using (la_code, year, breakdown, level)
where children.measure = '{{ children }}' and episodes.measure = '{{ episodes }}'
union all
{% endfor -%}
select {{ release_part(
    'events.la_code', "changes.cell_id || '/in_monitoring'", 'events.cell_id', 'events.n',
    'changes.cell_id', 'changes.n', is_rest_counted=false
) }}
from events
inner join years using (la_code, year)
inner join changes using (la_code, delivery, table_name, n)
where changes.change = 'new'
union all
select {{ release_part(
    'events.la_code', "elements.element_cell || '/' || events.measure", 'elements.element_cell',
    'elements.element_count', 'events.cell_id', 'events.n', whole_priority=6, part_priority=9,
    is_rest_counted=false
) }}
from events
inner join elements
    on events.la_code = elements.la_code and events.n_all_years = elements.element_count
