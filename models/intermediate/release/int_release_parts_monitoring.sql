-- The counts of an authority's monitoring and the sums that readers know of: levels that make up a
-- total, shares and what they leave of their denominator, windows that lie in one another, and the
-- sums of `monitoring_sums` over measures and years. Levels of `factor` and `definition` overlap
-- and make up nothing.
with
figures as (
    select
        *,
        {{ monitoring_cell('figures') }} as cell_id
    from {{ ref('fct_monitoring') }} as figures
    where n is not null
),

totals as (
    select * from figures
    where breakdown = 'total'
),

breakdowns as (select * from {{ ref('monitoring_breakdowns') }}),
sums as (select * from {{ ref('monitoring_sums') }}),
presets as (select * from {{ ref('rereferral_presets') }}),

-- The default definition of a re-referral is the one of the total.
windows as (
    select
        figures.*,
        lead(figures.cell_id) over nested as wider_cell_id,
        lead(figures.n) over nested as n_wider
    from figures
    inner join presets
        on
            (figures.breakdown = 'definition' and figures.level = presets.preset)
            or (figures.breakdown = 'total' and presets.is_default)
    where figures.measure in ('rereferrals', 'rereferred_children')
    window nested as (
        partition by figures.la_code, figures.year, figures.measure, presets.clock_from
        order by
            case presets.window_unit when 'month' then 30.5 else 1 end * presets.window_length
            nulls last,
            figures.n nulls last,
            figures.level
    )
)

select {{ release_lone(
    'la_code', 'cell_id', 'n', "case when breakdown = 'total' then 9 else 4 end"
) }}
from figures
union all
select {{ release_part(
    'figures.la_code', "totals.cell_id || '/by_' || figures.breakdown", 'totals.cell_id',
    'totals.n', 'figures.cell_id', 'figures.n'
) }}
from figures
inner join totals using (la_code, year, measure)
where figures.breakdown not in ('total', 'factor', 'definition')
union all
select {{ release_part(
    'figures.la_code', "figures.cell_id || '/of_' || totals.measure", 'totals.cell_id', 'totals.n',
    'figures.cell_id', 'figures.n'
) }}
from figures
inner join breakdowns using (measure, breakdown)
inner join totals
    on
        figures.la_code = totals.la_code
        and figures.year = totals.year
        and breakdowns.denominator = totals.measure
union all
select {{ release_part(
    'la_code', "cell_id || '/in_wider_window'", 'wider_cell_id', 'n_wider', 'cell_id', 'n',
    whole_priority=4
) }}
from windows
where wider_cell_id is not null
union all
select {{ release_part(
    'wholes.la_code', "'monitoring/' || wholes.year || '/' || sums.relation", 'wholes.cell_id',
    'wholes.n', 'parts.cell_id', 'parts.n', part_priority=9, coefficient='sums.coefficient',
    is_rest_counted='sums.is_rest_counted'
) }}
from sums
inner join totals as wholes
    on sums.whole = wholes.measure
inner join totals as parts
    on
        wholes.la_code = parts.la_code
        and sums.part = parts.measure
        and wholes.year = parts.year + sums.years_before
union all
-- Why referrals closed, of those in need and of all.
select {{ release_part(
    'ended.la_code', "ended.cell_id || '/of_closures'", 'closed.cell_id', 'closed.n',
    'ended.cell_id', 'ended.n', whole_priority=4
) }}
from figures as ended
inner join figures as closed using (la_code, year, breakdown, level)
where
    ended.measure = 'ended_episodes'
    and closed.measure = 'closures'
    and ended.breakdown = 'closure_reason'
