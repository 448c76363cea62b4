-- Project Crewe report, "Stress": what staff say their stress is mainly due to. The report prints
-- that 8 of the authority's 9 name workload, and 6 of the programme's 19; a reason that gives away
-- one that fewer than five named is hidden here.
select
    survey_month,
    main_factor,
    max(n) filter (where organisation = 'programme') as programme,
    max(n_respondents) filter (where organisation = 'programme') as programme_respondents,
    max(n) filter (where organisation = 'authority') as authority,
    max(n_respondents) filter (where organisation = 'authority') as authority_respondents,
    max(is_suppressed) as has_hidden_groups
from {{ ref('fct_staff_stress_factors') }}
where study_id = 'crewe'
group by
    survey_month,
    main_factor
order by
    survey_month,
    main_factor
