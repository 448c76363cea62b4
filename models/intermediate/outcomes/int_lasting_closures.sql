-- Whether a closure lasts: no re-referral follows it by the study's end (Project Crewe report,
-- "CIN case outcomes") or, in studies that follow closures, within 12 and 24 months of it. A
-- case that didn't close isn't closed for any time, so every case counts; of one that did the
-- window must have passed.
with
closures as (select * from {{ ref('int_closures') }}),
rereferred as (select * from {{ ref('int_rereferrals_after_closure') }}),

followed as (
    select * from {{ ref('int_followups') }}
    where event = 'rereferred'
),

following as (
    {{ following_studies() }}
)

select
    closures.study_id,
    closures.la_code,
    closures.case_id,
    closures.closure_date,
    closures.is_closed_recorded,
    {% for months in ['12', '24'] -%}
    case
        when following.study_id is null then null
        when not closures.is_closed_recorded then false
        when followed.ends_{{ months }}m_date <= followed.followed_until
            then coalesce(followed.event_date > followed.ends_{{ months }}m_date, true)
    end as is_closed_for_{{ months }}m,
    {% endfor -%}
    rereferred.rereferral_after_closure_date
from closures
left join following using (study_id, la_code)
left join rereferred using (study_id, la_code, case_id)
left join followed using (study_id, la_code, case_id)
