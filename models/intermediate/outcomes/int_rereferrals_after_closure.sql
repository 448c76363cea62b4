-- The first re-referral after a case's closure, within the study (Project Crewe report, "CIN case
-- outcomes": "closed and re-referred"): one on the day of closure doesn't follow it.
with
closures as (
    select * from {{ ref('int_closures') }}
    where is_closed_recorded
),

studies as (select * from {{ ref('int_studies') }}),

rereferrals as (
    select * from {{ ref('int_admitted_referrals') }}
    where is_rereferral
)

select
    closures.study_id,
    closures.la_code,
    closures.case_id,
    min(rereferrals.referral_date) as rereferral_after_closure_date
from closures
inner join studies using (study_id, la_code)
inner join rereferrals
    on
        closures.la_code = rereferrals.la_code
        and closures.case_id = rereferrals.case_id
        and closures.closure_date < rereferrals.referral_date
        and studies.observed_until >= rereferrals.referral_date
group by all
