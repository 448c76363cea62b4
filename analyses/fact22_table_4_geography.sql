-- FACT22 report, Table 4 (appendix 3): where its children live, on the interim list (the first to
-- enter the programme) and of all recorded cases. The programme was offered in East and West; the
-- last column says how many live elsewhere, which the report puts at 30 %.
with areas as (
    select * from {{ ref('fct_areas') }}
    where study_id = 'fact22' and arm = 'treated'
),

totals as (
    select
        children_counted,
        sum(n_children) as n_children,
        sum(share) as share,
        sum(share) filter (where area not in ('East', 'West')) as share_elsewhere
    from areas
    group by children_counted
),

listed as (
    select
        children_counted,
        area,
        n_children,
        share,
        cast(null as double) as share_elsewhere
    from areas
    union all
    select
        children_counted,
        'Total' as area,
        n_children,
        share,
        share_elsewhere
    from totals
)

select
    children_counted,
    area,
    n_children,
    round(100 * share, 0) as percentage,
    round(100 * share_elsewhere, 0) as outside_east_and_west_percent
from listed
order by
    children_counted desc,
    case area
        when 'East' then 1
        when 'West' then 2
        when 'Central' then 3
        when 'South' then 4
        when 'Total' then 6
        else 5
    end
