-- FACT22 report, appendix 4, "Staff stress": mean scores from 1 to 5, where low is less stress. The
-- report prints roles of two people as well; here groups that small are hidden.
select
    role,
    scale,
    max(n_respondents) filter (where organisation = 'programme') as fact22_respondents,
    round(max(mean_score) filter (where organisation = 'programme'), 2) as fact22,
    max(n_respondents) filter (where organisation = 'authority') as authority_respondents,
    round(max(mean_score) filter (where organisation = 'authority'), 2) as authority,
    max(is_suppressed) as has_hidden_groups
from {{ ref('fct_staff_stress') }}
where study_id = 'fact22'
group by
    role,
    scale
order by
    case role when 'all' then 0 else 1 end,
    role,
    case scale when 'all' then 0 else 1 end,
    scale
