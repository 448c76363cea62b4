-- Each episode in each financial year in which it was open, as it was known on 31 March: an episode
-- that closed as not in need counts as one of need until the year in which it closed. A closure on
-- 31 March is in the year. An episode that is open in its last record and that later deliveries
-- leave out isn't known to be open then. Referrals without further action are no episodes of need.
with
years as (select * from {{ ref('int_episode_authority_years') }}),
duration_bands as (select * from {{ ref('monitoring_duration_bands') }}),
age_bands as (select * from {{ ref('monitoring_age_bands') }}),

episodes as (
    select * from {{ ref('int_episode_history') }}
    where not is_nfa
),

placed as (
    select
        episodes.*,
        years.year,
        years.year_end,
        episodes.referral_date >= years.year_start as is_started,
        coalesce(episodes.close_date > years.year_end, true) as is_open_at_year_end,
        least(coalesce(episodes.close_date, years.year_end), years.year_end) as last_day,
        {{ age_on('years.year_end', 'episodes.birth_date', 'episodes.expected_birth_date') }}
            as age_at_year_end
    from episodes
    inner join years
        on
            episodes.la_code = years.la_code
            and episodes.referral_date <= years.year_end
            and case
                when episodes.close_date is null
                    then episodes.extract_as_of_date >= years.year_end
                else episodes.close_date >= years.year_start
            end
)

select
    placed.la_code,
    placed.episode_id,
    placed.child_id,
    placed.year,
    placed.is_started,
    placed.is_open_at_year_end,
    placed.is_open_at_year_end or not placed.is_closed_without_need as is_in_need,
    placed.primary_need_code,
    placed.close_reason_code,
    duration_bands.band as duration_band,
    age_bands.band as age_band
from placed
left join duration_bands
    on {{ is_in_duration_band('placed.referral_date', 'placed.last_day', 'duration_bands') }}
left join age_bands
    on
        coalesce(placed.age_at_year_end >= age_bands.from_years, age_bands.from_years is null)
        and coalesce(placed.age_at_year_end < age_bands.to_years, age_bands.to_years is null)
        and placed.age_at_year_end is not null
