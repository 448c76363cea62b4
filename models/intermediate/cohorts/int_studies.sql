-- One row per study, reading and authority: what all its authorities share, and the last day that
-- can be observed in this one, the earliest of the study's end, the day the authority's extract was
-- taken and the data cut. What follows a closure is observed beyond the study's end
-- (`followed_until`).
with
settings as (select * from {{ ref('int_study_settings') }}),
authorities as (select * from {{ ref('int_study_authorities') }}),

extracts as (
    select
        la_code,
        max(extract_as_of_date) as extract_as_of_date
    from {{ ref('int_admitted_cin_cases') }}
    group by la_code
)

select
    settings.*,
    authorities.la_code,
    least(
        settings.study_end,
        extracts.extract_as_of_date,
        coalesce(settings.data_cut, extracts.extract_as_of_date)
    ) as observed_until,
    least(
        extracts.extract_as_of_date, coalesce(settings.data_cut, extracts.extract_as_of_date)
    ) as followed_until
from settings
inner join authorities
    on settings.base_study_id = authorities.study_id
inner join extracts
    on authorities.la_code = extracts.la_code
