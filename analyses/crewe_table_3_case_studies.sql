-- Project Crewe report, table 3 (appendix 1): how the case studies stood when they were last
-- interviewed, for the programme, the authority and both.
select
    case_outcome,
    coalesce(max(n_case_studies) filter (where organisation = 'programme'), 0) as programme,
    coalesce(max(n_case_studies) filter (where organisation = 'authority'), 0) as authority,
    max(n_case_studies) filter (where organisation = 'all') as total
from {{ ref('fct_case_studies') }}
where study_id = 'crewe'
group by case_outcome
order by
    case case_outcome when 'all' then 1 else 0 end,
    case_outcome
