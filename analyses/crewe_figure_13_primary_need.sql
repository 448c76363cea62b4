-- Project Crewe report, figure 13: primary need of the trial's cases, both arms together, beside
-- all children in need in England. The figure prints no numbers; the country is counted on the day
-- in england_as_of_date, which is later than the report's.
with needs as (
    select * from {{ ref('fct_primary_needs') }}
    where study_id = 'crewe'
),

shares as (
    select
        need_code,
        label,
        sum(n) filter (where series != 'england') as n_cases,
        max(share) filter (where series = 'treated') as treated_share,
        max(share) filter (where series = 'comparator') as comparator_share,
        max(share) filter (where series = 'england') as england_share,
        max(counted_by) filter (where series != 'england') as counted_by,
        max(as_of_date) as england_as_of_date
    from needs
    group by
        need_code,
        label
)

select
    need_code,
    label,
    n_cases,
    round(100 * n_cases / sum(n_cases) over (), 1) as sample_percent,
    round(100 * england_share, 1) as england_percent,
    round(100 * treated_share, 1) as crewe_percent,
    round(100 * comparator_share, 1) as comparator_percent,
    counted_by,
    england_as_of_date
from shares
order by
    case need_code when 'N0' then 2 else 1 end,
    need_code
