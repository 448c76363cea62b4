-- Each re-referral of a case with the day its window is counted from: the case's original
-- referral, the referral before it, or the closure (`rereferral_anchor`). The Department for
-- Education counts from the previous referral, the FACT22 report from the original one
-- (appendix 2, "Outcomes").
with
arms as (select * from {{ ref('int_study_arms') }}),
studies as (select * from {{ ref('int_studies') }}),
closures as (select * from {{ ref('int_closures') }}),

rereferrals as (
    select
        la_code,
        case_id,
        referral_date,
        lag(referral_date) over (
            partition by la_code, case_id order by referral_date
        ) as previous_rereferral_date
    from {{ ref('int_admitted_referrals') }}
    where is_rereferral
    group by la_code, case_id, referral_date
),

observed as (
    select
        arms.study_id,
        arms.la_code,
        arms.case_id,
        arms.referral_date as original_referral_date,
        closures.closure_date,
        studies.rereferral_anchor,
        rereferrals.referral_date as rereferral_date,
        rereferrals.previous_rereferral_date
    from arms
    inner join studies using (study_id, la_code)
    inner join closures using (study_id, la_code, case_id)
    inner join rereferrals using (la_code, case_id)
    where
        rereferrals.referral_date <= studies.observed_until
        and (rereferrals.referral_date >= studies.study_start or studies.rereferral_from = 'none')
        and coalesce(rereferrals.referral_date > arms.referral_date, true)
)

select
    study_id,
    la_code,
    case_id,
    rereferral_date,
    case rereferral_anchor
        when 'closure' then closure_date
        when 'previous_referral' then greatest(previous_rereferral_date, original_referral_date)
        else original_referral_date
    end as anchor_date
from observed
