-- Who was recommended for a trial, left before it began and why, was allocated to each arm, and is
-- analysed: the numbers of a flow diagram (Schulz, Altman and Moher 2010, CONSORT; Project Crewe
-- report, "Quantitative design"). A child is in every step up to the one at which it left. Children
-- who opted out of everything never enter the warehouse; `fct_load_log` counts them.
{%- set steps = [
    ('recommended', 'Recommended for the trial'),
    ('approved', 'The authority did not approve of the case taking part'),
    ('within_capacity', 'The programme was full; the family is not a comparator'),
    ('taken_up', 'The family was not allocated for another reason'),
    ('allocated', 'Allocated to the arm, whatever they went on to have'),
    ('willing', 'Objects to taking part'),
    ('in_window', 'The case lies outside the window of the study'),
    (
        'counted_by_unit',
        'Not the child by whom the study counts a family, or that child takes no part'
    ),
    ('analysed', 'What became of the case is not completely recorded')
] %}
with
studies as (
    select * from {{ ref('int_studies') }}
    where reading = 'main' and arm_source = 'allocation'
),

allocations as (select * from {{ ref('int_admitted_allocations') }}),
cases as (select * from {{ ref('fct_study_cases') }}),

steps as (
    {% for step, reason in steps -%}
    select
        {{ loop.index }} as step_order,
        '{{ step }}' as step,
        '{{ reason }}' as reason
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

members as (
    select
        studies.study_id,
        'all' as arm,
        allocations.child_id,
        coalesce(allocations.family_id, allocations.child_id) as family,
        'recommended' as entered_at,
        case allocations.allocation_status
            when 'not_approved' then 'approved'
            when 'over_capacity' then 'within_capacity'
            when 'not_taken_up' then 'taken_up'
            else 'allocated'
        end as left_at
    from studies
    inner join allocations using (la_code, programme_id)
    union all
    select
        cases.study_id,
        cases.arm,
        cases.child_id,
        coalesce(cases.family_id, cases.child_id) as family,
        'allocated' as entered_at,
        case
            when cases.is_eligible then null
            when cases.ineligible_reason = 'objected' then 'willing'
            when cases.ineligible_reason = 'not_index_child' then 'counted_by_unit'
            when cases.ineligible_reason = 'outcome_incomplete' then 'analysed'
            else 'in_window'
        end as left_at
    from cases
    inner join studies using (study_id, la_code)
)

select
    members.study_id,
    steps.step_order,
    steps.step,
    members.arm,
    count(distinct members.family) as n_families,
    count(distinct members.child_id) as n_children,
    steps.reason
from members
inner join steps as entered
    on members.entered_at = entered.step
left join steps as lost
    on members.left_at = lost.step
inner join steps
    on
        entered.step_order <= steps.step_order
        and coalesce(lost.step_order > steps.step_order, true)
group by all
