-- Whether a referral is a re-referral by each of the definitions in use (`rereferral_presets`): it
-- comes within the window, its last day included, of an earlier referral or closure of the child.
with
episodes as (select * from {{ ref('int_episode_history') }}),
presets as (select * from {{ ref('rereferral_presets') }}),

clocks as (
    select
        episodes.la_code,
        episodes.episode_id,
        episodes.child_id,
        episodes.referral_date,
        episodes.referral_year,
        episodes.is_referral_date_assumed,
        presets.preset,
        presets.is_default,
        presets.window_length,
        presets.window_unit,
        case
            when presets.clock_from = 'referral' then episodes.previous_referral_date
            else episodes.previous_closure_date
        end as clock_date
    from episodes
    cross join presets
)

select
    la_code,
    episode_id,
    child_id,
    referral_date,
    referral_year,
    is_referral_date_assumed,
    preset,
    is_default,
    clock_date,
    coalesce(
        case
            when window_unit = 'month'
                then referral_date <= {{ add_months('clock_date', 'window_length') }}
            else {{ days_between('clock_date', 'referral_date') }} <= window_length
        end,
        false
    ) as is_rereferral
from clocks
