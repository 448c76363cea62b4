-- Whether an authority's extracts tell of all the days that a figure needs: of its whole year, or
-- of its 31 March alone, and for re-referrals of the window before it, in one unbroken span for
-- each kind of record that is counted. A figure is whole only where all of its records are.
with
years as (select * from {{ ref('int_episode_authority_years') }}),
levels as (select * from {{ ref('int_episode_levels') }}),
needs as (select * from {{ ref('monitoring_needs') }}),
coverage as (select * from {{ ref('int_episode_coverage') }}),

required as (
    select
        years.la_code,
        years.year,
        years.year_end,
        levels.measure,
        levels.breakdown,
        levels.level,
        levels.denominator,
        needs.holds,
        case
            when levels.needs = 'year_end' then years.year_end
            when levels.window_unit = 'month'
                then {{ add_months('years.year_start', '-levels.window_length') }}
            when levels.window_unit = 'day'
                then {{ add_days('years.year_start', '-levels.window_length') }}
            else years.year_start
        end as needed_from
    from years
    inner join levels
        on
            coalesce(years.year >= levels.valid_from_year, true)
            and coalesce(years.year <= levels.valid_to_year, true)
    inner join needs using (measure)
),

found as (
    select
        required.*,
        coalesce(
            max(
                case
                    when coverage.covered_from <= required.needed_from
                        and coverage.covered_to >= required.year_end then 1
                    else 0
                end
            ), 0
        ) = 1 as is_covered,
        min(coverage.covered_from) as first_covered,
        max(coverage.covered_to) as last_covered
    from required
    left join coverage
        on required.la_code = coverage.la_code and required.holds = coverage.holds
    group by all
),

judged as (
    select
        *,
        case
            when is_covered then 'ok'
            when last_covered is null then 'no_extract'
            when last_covered < year_end then 'not_over'
            when first_covered is null then 'window_unknown'
            when first_covered > needed_from then 'left_truncated'
            else 'gap'
        end as status,
        row_number() over (
            partition by la_code, year, measure, breakdown, level order by is_covered, holds
        ) as reason_order
    from found
)

select
    la_code,
    year,
    measure,
    breakdown,
    level,
    denominator,
    status,
    case status
        when 'no_extract' then 'no delivery holds ' || holds
        when 'not_over' then 'the newest extract is of ' || cast(last_covered as string)
        when 'window_unknown'
            then 'no delivery says from which day its ' || holds || ' are complete'
        when 'left_truncated'
            then
                'complete from ' || cast(first_covered as string)
                || ', needed from ' || cast(needed_from as string)
        when 'gap'
            then
                'no delivery tells of some day from ' || cast(needed_from as string)
                || ' to ' || cast(year_end as string)
    end as reason
from judged
where reason_order = 1
