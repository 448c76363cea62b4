-- What an authority watches, as it may be released. A share is that of the counts as released:
-- where either of them is hidden, so is the row.
with
figures as (
    select
        *,
        {{ monitoring_cell('figures') }} as cell_id
    from {{ ref('fct_monitoring') }} as figures
),

breakdowns as (select * from {{ ref('monitoring_breakdowns') }}),
decisions as (select * from {{ ref('py_release_decisions') }}),

decided as (
    select
        figures.*,
        counts.released as released_n,
        wholes.released as released_denominator,
        case
            when figures.status != 'ok' then 'x'
            when counts.disclosure is null or figures.denominator is null
                then coalesce(counts.disclosure, 'c')
            when counts.disclosure != 'shown' then counts.disclosure
            else coalesce(wholes.disclosure, 'c')
        end as disclosure,
        case
            when figures.status != 'ok' then figures.status_reason
            else coalesce(counts.disclosure_reason, wholes.disclosure_reason)
        end as disclosure_reason
    from figures
    left join breakdowns using (measure, breakdown)
    left join decisions as counts
        on figures.la_code = counts.scope and figures.cell_id = counts.cell_id
    left join decisions as wholes
        on
            figures.la_code = wholes.scope
            and wholes.cell_id = 'monitoring/' || figures.year || '/' || breakdowns.denominator
            || '/total/total'
)

select
    decided.la_code,
    decided.year,
    decided.measure,
    decided.breakdown,
    decided.level,
    case when disclosure = 'shown' then decided.released_n end as n,
    case when disclosure = 'shown' then decided.released_denominator end as denominator,
    case
        when disclosure = 'shown' and decided.denominator is null
            then cast(decided.released_n as double)
        when disclosure = 'shown' and decided.released_denominator > 0
            then decided.released_n / cast(decided.released_denominator as double)
    end as value,
    decided.unit,
    decided.is_complete,
    decided.status,
    decided.status_reason,
    {{ release_tail('decided.disclosure', 'decided.disclosure_reason') }}
from decided
cross join {{ ref('int_release_profile') }} as profiles
