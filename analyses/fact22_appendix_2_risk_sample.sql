-- FACT22 report, appendix 2, "Risk analysis sampling": the treated cases drawn for the coding of
-- case notes, each with its closest match, and which of the two are coded at both time points.
with sample as (
    select * from {{ ref('fct_risk_sample') }}
    where study_id = 'fact22'
),

coded as (
    select
        la_code,
        case_id
    from {{ ref('fct_risk_scores') }}
    where study_id = 'fact22' and component = 'total'
    group by
        la_code,
        case_id
    having count(score) = 2
)

select
    sample.draw_number,
    sample.is_matched,
    sample.gap_days,
    treated_coded.case_id is not null as is_treated_coded,
    comparator_coded.case_id is not null as is_comparator_coded,
    sample.treated_case_id,
    sample.comparator_case_id
from sample
left join coded as treated_coded
    on
        sample.la_code = treated_coded.la_code
        and sample.treated_case_id = treated_coded.case_id
left join coded as comparator_coded
    on
        sample.la_code = comparator_coded.la_code
        and sample.comparator_case_id = comparator_coded.case_id
order by sample.draw_number
