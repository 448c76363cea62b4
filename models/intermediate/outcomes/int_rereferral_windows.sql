-- The days on which a re-referral of a case would count: from the day after its anchor to the
-- last day of the window, inside the study as far as it could be observed. Counted from the
-- previous referral, each re-referral ends one window and starts another; otherwise a re-referral
-- doesn't end it. Days after the closure are counted apart: open cases are seldom referred again,
-- so a rate of 0 may say little of cases that stay open (FACT22 report, appendix 2, "Outcomes").
with
arms as (select * from {{ ref('int_study_arms') }}),
studies as (select * from {{ ref('int_studies') }}),
closures as (select * from {{ ref('int_closures') }}),

rereferrals as (
    select distinct
        la_code,
        case_id,
        referral_date
    from {{ ref('int_admitted_referrals') }}
    where is_rereferral
),

anchors as (
    select
        arms.study_id,
        arms.la_code,
        arms.case_id,
        case studies.rereferral_anchor
            when 'closure' then closures.closure_date
            else arms.referral_date
        end as anchor_date
    from arms
    inner join studies using (study_id, la_code)
    inner join closures using (study_id, la_code, case_id)
    union all
    select
        arms.study_id,
        arms.la_code,
        arms.case_id,
        rereferrals.referral_date as anchor_date
    from arms
    inner join studies using (study_id, la_code)
    inner join rereferrals using (la_code, case_id)
    where
        studies.rereferral_anchor = 'previous_referral'
        and rereferrals.referral_date > arms.referral_date
),

bounded as (
    select
        anchors.study_id,
        anchors.la_code,
        anchors.case_id,
        anchors.anchor_date,
        closures.closure_date,
        greatest(
            cast({{ dbt.dateadd('day', 1, 'anchors.anchor_date') }} as date),
            case when studies.rereferral_from = 'study_start' then studies.study_start end
        ) as first_day,
        least(
            {{ window_end(
                'anchors.anchor_date', 'studies.rereferral_months', 'studies.year_mode'
            ) }},
            lead(anchors.anchor_date) over (
                partition by anchors.study_id, anchors.la_code, anchors.case_id
                order by anchors.anchor_date
            ),
            studies.observed_until
        ) as last_day
    from anchors
    inner join studies using (study_id, la_code)
    inner join closures using (study_id, la_code, case_id)
    where anchors.anchor_date is not null
),

counted as (
    select
        *,
        greatest({{ days_between('first_day', 'last_day') }} + 1, 0) as n_days
    from bounded
)

select
    study_id,
    la_code,
    case_id,
    anchor_date,
    first_day,
    last_day,
    n_days as at_risk_days,
    case
        when closure_date is null then 0
        else greatest(least({{ days_between('closure_date', 'last_day') }}, n_days), 0)
    end as closed_at_risk_days
from counted
