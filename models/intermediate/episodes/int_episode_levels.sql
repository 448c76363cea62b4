-- The levels that each measure is shown at, so that a level with nobody in it is a zero and no gap,
-- with how far before the year the extracts must reach for the count to be whole.
with
measures as (select * from {{ ref('monitoring_measures') }}),
breakdowns as (select * from {{ ref('monitoring_breakdowns') }}),
codes as (select * from {{ ref('code_sets') }}),
presets as (select * from {{ ref('rereferral_presets') }}),

coded as (
    select distinct
        breakdown,
        code_set
    from breakdowns
),

levels as (
    select
        coded.breakdown,
        codes.code as level,
        codes.valid_from_year,
        codes.valid_to_year
    from codes
    inner join coded using (code_set)
    union all
    {% for breakdown, bands in {
        'duration': 'monitoring_duration_bands', 'age': 'monitoring_age_bands'
    }.items() -%}
    select
        '{{ breakdown }}' as breakdown,
        band as level,
        cast(null as integer) as valid_from_year,
        cast(null as integer) as valid_to_year
    from {{ ref(bands) }}
    union all
    {% endfor -%}
    select
        'definition' as breakdown,
        preset as level,
        cast(null as integer) as valid_from_year,
        cast(null as integer) as valid_to_year
    from presets
    where not is_default
    {% for month in range(1, 13) -%}
    union all
    select
        'month' as breakdown,
        '{{ '%02d' % month }}' as level,
        cast(null as integer) as valid_from_year,
        cast(null as integer) as valid_to_year
    {% endfor -%}
    union all
    select
        'total' as breakdown,
        'total' as level,
        cast(null as integer) as valid_from_year,
        cast(null as integer) as valid_to_year
)

select
    breakdowns.measure,
    breakdowns.breakdown,
    levels.level,
    breakdowns.denominator,
    measures.needs,
    presets.window_length,
    presets.window_unit,
    levels.valid_from_year,
    levels.valid_to_year
from breakdowns
inner join measures using (measure)
inner join levels using (breakdown)
left join presets
    on
        breakdowns.measure in ('rereferrals', 'rereferred_children')
        and case
            when breakdowns.breakdown = 'total' then presets.is_default
            else levels.level = presets.preset
        end
