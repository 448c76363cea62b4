-- Project Crewe report, "Risk analysis method": the cases of each arm drawn for the coding of case
-- notes, and whether they are coded at both time points.
with sample as (
    select
        study_id,
        la_code,
        draw_number,
        coalesce(treated_case_id, comparator_case_id) as case_id,
        case when treated_case_id is null then 'comparator' else 'treated' end as arm
    from {{ ref('fct_risk_sample') }}
    where study_id = 'crewe'
),

coded as (
    select
        la_code,
        case_id
    from {{ ref('fct_risk_scores') }}
    where study_id = 'crewe' and component = 'total'
    group by
        la_code,
        case_id
    having count(score) = 2
)

select
    sample.draw_number,
    sample.arm,
    coded.case_id is not null as is_coded,
    sample.case_id
from sample
left join coded
    on sample.la_code = coded.la_code and sample.case_id = coded.case_id
order by sample.draw_number
