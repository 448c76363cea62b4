-- A case is re-referred when a referral follows its anchor within the window,
-- `rereferral_months` long and inclusive of the anniversary; re-referred at any time when one
-- follows in the study at all (FACT22 report, appendices 2 and 4).
with
arms as (select * from {{ ref('int_study_arms') }}),
studies as (select * from {{ ref('int_studies') }}),
anchored as (select * from {{ ref('int_rereferral_anchors') }})

select
    arms.study_id,
    arms.la_code,
    arms.case_id,
    arms.referral_date,
    arms.referral_date is not null or studies.rereferral_anchor = 'closure' as is_window_known,
    min(anchored.rereferral_date) as first_rereferral_date,
    min(anchored.rereferral_date) filter (
        where
        anchored.rereferral_date > anchored.anchor_date
        and anchored.rereferral_date <= {{ window_end(
            'anchored.anchor_date', 'studies.rereferral_months', 'studies.year_mode'
        ) }}
    ) as first_rereferral_in_window_date
from arms
inner join studies using (study_id, la_code)
left join anchored using (study_id, la_code, case_id)
group by all
