-- FACT22 report, Figure 2: primary need of its cases beside all children in need in England on
-- 31 March 2019. The report counts a family by its oldest child; where the extract has no family
-- ids every case counts, as counted_by says.
with needs as (
    select * from {{ ref('fct_primary_needs') }}
    where study_id = 'fact22'
)

select
    need_code,
    label,
    round(100 * max(share) filter (where series = 'treated'), 1) as fact22_percent,
    round(100 * max(share) filter (where series = 'comparator'), 1) as comparator_percent,
    round(100 * max(share) filter (where series = 'england'), 1) as england_percent,
    max(counted_by) filter (where series = 'treated') as fact22_counted_by
from needs
group by need_code, label
order by
    case need_code when 'N0' then 2 else 1 end,
    need_code
