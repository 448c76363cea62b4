-- The middle of the risk scores of each arm, as far as it may be released. An order statistic is
-- the value of a case: there are no ends, whiskers or outliers, and a median or hinge only where on
-- either side of it are as many cases as the smallest count that is shown.
with
boxes as (select * from {{ ref('fct_risk_distributions') }}),
decisions as (select * from {{ ref('py_release_decisions') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

decided as (
    select
        boxes.*,
        cases.released as released_n,
        boxes.n >= 4 * profiles.smallest_count as is_box_shown,
        {{ figure_disclosure(
            'boxes.status', 'cases',
            is_enough('boxes.n') ~ ' and boxes.n >= 2 * profiles.smallest_count'
        ) }} as disclosure,
        {{ figure_reason(
            'boxes.status', 'boxes.status_reason', 'cases',
            is_enough('boxes.n') ~ ' and boxes.n >= 2 * profiles.smallest_count'
        ) }} as disclosure_reason
    from boxes
    left join decisions as cases
        on
            boxes.study_id = cases.scope
            and cases.cell_id = 'risk/total/' || boxes.arm || '/complete'
    cross join profiles
)

select
    decided.study_id,
    decided.arm,
    decided.measure,
    decided.released_n as n,
    case when decided.disclosure = 'shown' and decided.is_box_shown then decided.lower_hinge end
        as lower_hinge,
    case when decided.disclosure = 'shown' then decided.median end as median,
    case when decided.disclosure = 'shown' and decided.is_box_shown then decided.upper_hinge end
        as upper_hinge,
    decided.box_hinges,
    decided.disclosure = 'shown' and decided.is_box_shown as is_box_shown,
    decided.status,
    decided.status_reason,
    {{ release_tail('decided.disclosure', 'decided.disclosure_reason') }}
from decided
cross join profiles
