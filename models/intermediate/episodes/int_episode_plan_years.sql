-- Each child in need plan, child protection plan of the authority and period of care in each
-- financial year in which it ran. An end on 31 March is in the year. One that is open in its last
-- record and that later deliveries leave out isn't known to run then.
with
years as (select * from {{ ref('int_episode_authority_years') }}),
bands as (select * from {{ ref('monitoring_duration_bands') }}),

plans as (
    select
        la_code,
        'cin_plans' as holds,
        cin_plan_id as plan_id,
        child_id,
        start_date,
        end_date,
        extract_as_of_date,
        cast(null as string) as first_category_code,
        cast(null as string) as latest_category_code,
        cast(null as integer) as n_previous_plans
    from {{ ref('int_admitted_cin_plans') }}
    union all
    select
        la_code,
        'cp_plans' as holds,
        cp_plan_id as plan_id,
        child_id,
        start_date,
        end_date,
        extract_as_of_date,
        initial_category_code as first_category_code,
        coalesce(latest_category_code, initial_category_code) as latest_category_code,
        n_previous_cp_plans as n_previous_plans
    from {{ ref('int_admitted_cp_plans') }}
    where not coalesce(is_other_authority, false)
    union all
    select
        la_code,
        'care_episodes' as holds,
        care_period_id as plan_id,
        child_id,
        start_date,
        end_date,
        extract_as_of_date,
        cast(null as string) as first_category_code,
        cast(null as string) as latest_category_code,
        cast(null as integer) as n_previous_plans
    from {{ ref('int_admitted_care_periods') }}
)

select
    plans.la_code,
    plans.holds,
    plans.plan_id,
    plans.child_id,
    years.year,
    plans.start_date >= years.year_start as is_started,
    coalesce(plans.end_date > years.year_end, true) as is_open_at_year_end,
    plans.first_category_code,
    plans.latest_category_code,
    coalesce(plans.n_previous_plans > 0, false) as is_second_or_later,
    bands.band as duration_band
from plans
inner join years
    on
        plans.la_code = years.la_code
        and plans.start_date <= years.year_end
        and case
            when plans.end_date is null then plans.extract_as_of_date >= years.year_end
            else plans.end_date >= years.year_start
        end
left join bands
    on
        {{ is_in_duration_band(
            'plans.start_date',
            'least(coalesce(plans.end_date, years.year_end), years.year_end)',
            'bands'
        ) }}
