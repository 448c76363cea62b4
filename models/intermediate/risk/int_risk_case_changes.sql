-- The scores of a case of the study's sample at both time points side by side, with the change
-- between them; null where either is missing. A case outside the sample, such as one without a
-- match, is left out (FACT22 report, appendix 2, "Risk analysis sampling").
with
scores as (
    select * from {{ ref('fct_risk_scores') }}
    where is_matched
),

paired as (
    select
        study_id,
        la_code,
        case_id,
        arm,
        component,
        max(case when time_point = 'referral' then score end) as referral,
        max(case when time_point = 'latest' then score end) as latest,
        max(case when time_point = 'referral' then coded_date end) as referral_coded_date,
        max(case when time_point = 'latest' then coded_date end) as latest_coded_date
    from scores
    group by study_id, la_code, case_id, arm, component
)

select
    study_id,
    la_code,
    case_id,
    arm,
    component,
    referral,
    latest,
    latest - referral as change,
    {{ days_between('referral_coded_date', 'latest_coded_date') }} as gap_days
from paired
