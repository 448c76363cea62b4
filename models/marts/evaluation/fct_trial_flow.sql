-- Who was recommended for a trial, left before it began and why, was allocated to each arm, and is
-- analysed: the numbers of a flow diagram (Schulz, Altman and Moher 2010, CONSORT; Project Crewe
-- report, "Quantitative design"). Children who opted out of everything never enter the warehouse;
-- `fct_load_log` counts them.
{%- set losses = {
    'approved': ('not_approved', 'The authority did not approve of the case taking part'),
    'within_capacity': ('over_capacity', 'The programme was full; the family is not a comparator'),
    'taken_up': ('not_taken_up', 'The family was not allocated for another reason')
} -%}
{%- set steps = {
    'allocated': ('true', 'Allocated to the arm, whatever they went on to have'),
    'willing': ("coalesce(ineligible_reason, '') != 'objected'", 'Objects to taking part'),
    'in_window': (
        "coalesce(ineligible_reason, 'not_index_child') "
        "in ('not_index_child', 'outcome_incomplete')",
        'The case lies outside the window of the study'
    ),
    'counted_by_unit': (
        "coalesce(ineligible_reason, 'outcome_incomplete') = 'outcome_incomplete'",
        'Not the child by whom the study counts a family, or that child takes no part'
    ),
    'analysed': ('is_eligible', 'What became of the case is not completely recorded')
} %}
with
studies as (
    select * from {{ ref('int_studies') }}
    where reading = 'main' and arm_source = 'allocation'
),

allocations as (select * from {{ ref('int_admitted_allocations') }}),
cases as (select * from {{ ref('fct_study_cases') }}),

recommended as (
    select
        studies.study_id,
        allocations.child_id,
        coalesce(allocations.family_id, allocations.child_id) as family,
        allocations.allocation_status
    from studies
    inner join allocations using (la_code, programme_id)
),

before_allocation as (
    select
        study_id,
        1 as step_order,
        'recommended' as step,
        'all' as arm,
        child_id,
        family,
        'Recommended for the trial' as reason
    from recommended
    {%- set left = [] %}
    {%- for step, (status, reason) in losses.items() %}
    {%- do left.append(status) %}
    union all
    select
        study_id,
        {{ loop.index + 1 }} as step_order,
        '{{ step }}' as step,
        'all' as arm,
        child_id,
        family,
        '{{ reason }}' as reason
    from recommended
    where '{{ left | join('|') }}' not like '%' || allocation_status || '%'
    {%- endfor %}
),

after_allocation as (
    {% for step, (condition, reason) in steps.items() -%}
    select
        cases.study_id,
        {{ loop.index + 4 }} as step_order,
        '{{ step }}' as step,
        cases.arm,
        cases.child_id,
        coalesce(cases.family_id, cases.child_id) as family,
        '{{ reason }}' as reason
    from cases
    inner join studies using (study_id)
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

counted as (
    select * from before_allocation
    union all
    select * from after_allocation
)

select
    study_id,
    step_order,
    step,
    arm,
    count(distinct family) as n_families,
    count(distinct child_id) as n_children,
    reason
from counted
group by all
