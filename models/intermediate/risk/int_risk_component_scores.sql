-- The points of a coded case at a time point, added up by component. Where the carer's and the
-- child's engagement are both rated, the study says what counts (ambiguity A29): their mean, their
-- sum, or the carer's alone.
with
points as (
    select * from {{ ref('int_risk_points') }}
    where points is not null
),

parameters as (select * from {{ ref('int_study_parameters') }})

select
    points.study_id,
    points.la_code,
    points.case_id,
    points.time_point,
    points.component,
    case
        when points.component = 'engagement' and parameters.engagement_mode = 'mean'
            then sum(points.points) / cast(count(*) as double)
        else cast(sum(points.points) as double)
    end as score,
    count(*) as n_factors_coded,
    max(points.coded_date) as coded_date
from points
inner join parameters using (study_id)
where
    points.component != 'engagement'
    or parameters.engagement_mode != 'parent'
    or points.domain = 'parent'
group by
    points.study_id,
    points.la_code,
    points.case_id,
    points.time_point,
    points.component,
    parameters.engagement_mode
