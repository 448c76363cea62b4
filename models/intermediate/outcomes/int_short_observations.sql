-- A case is observed for less than the re-referral window when its original referral lies so
-- late that the window ends after the last observable day (FACT22 report, appendix 4: "fewer
-- than 12 months" before the study end).
with
arms as (select * from {{ ref('int_study_arms') }}),
studies as (select * from {{ ref('int_studies') }}),

windows as (
    select
        arms.study_id,
        arms.la_code,
        arms.case_id,
        arms.referral_date,
        studies.observed_until,
        {{ window_end('arms.referral_date', 'studies.rereferral_months', 'studies.year_mode') }}
            as window_end_date
    from arms
    inner join studies using (study_id, la_code)
)

select
    study_id,
    la_code,
    case_id,
    referral_date,
    window_end_date,
    window_end_date > observed_until as is_short_observation
from windows
