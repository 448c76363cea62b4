-- The figures that an authority watches, by financial year, in DfE's definitions as far as those
-- are printed (`monitoring_measures`). Counted only where the extracts tell of every day that a
-- figure needs; elsewhere there is a reason and no number.
with
counts as (select * from {{ ref('int_episode_counts') }}),
completeness as (select * from {{ ref('int_episode_completeness') }}),
breakdowns as (select * from {{ ref('monitoring_breakdowns') }}),

totals as (
    select * from completeness
    where breakdown = 'total'
),

expected as (
    select * from completeness
    where breakdown = 'total' or status != 'no_extract'
    union all
    -- what no list of levels has: unknown and UNMAPPED
    select
        counts.la_code,
        counts.year,
        counts.measure,
        counts.breakdown,
        counts.level,
        breakdowns.denominator,
        totals.status,
        totals.reason
    from counts
    inner join totals using (la_code, year, measure)
    inner join breakdowns
        on counts.measure = breakdowns.measure and counts.breakdown = breakdowns.breakdown
    left join completeness
        on
            counts.la_code = completeness.la_code
            and counts.year = completeness.year
            and counts.measure = completeness.measure
            and counts.breakdown = completeness.breakdown
            and counts.level = completeness.level
    where completeness.level is null
),

counted as (
    select
        expected.*,
        case when expected.status = 'ok' then coalesce(counts.n, 0) end as n
    from expected
    left join counts using (la_code, year, measure, breakdown, level)
),

shared as (
    select
        counted.*,
        case when counted.n is not null then denominators.n end as n_denominator
    from counted
    left join counted as denominators
        on
            counted.la_code = denominators.la_code
            and counted.year = denominators.year
            and counted.denominator = denominators.measure
            and denominators.breakdown = 'total'
)

select
    la_code,
    year,
    measure,
    breakdown,
    level,
    n,
    n_denominator as denominator,
    case
        when denominator is null then cast(n as double)
        when n_denominator > 0 then n / cast(n_denominator as double)
    end as value,
    case when denominator is null then 'count' else 'proportion' end as unit,
    status = 'ok' as is_complete,
    status,
    reason as status_reason
from shared
