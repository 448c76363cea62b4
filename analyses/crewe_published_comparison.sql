-- Project Crewe report, every figure printed in it: beside what this build computes, worst news
-- first. On the synthetic extract agreement is by design; on real data a difference deserves a
-- question.
with figures as (
    select * from {{ ref('fct_published_comparison') }}
    where study_id = 'crewe'
)

select
    verdict,
    figure_id,
    measure,
    figure_group,
    published_as_printed as published,
    coalesce(computed_as_text, cast(round(computed, 2) as varchar)) as computed,
    unit,
    reason
from figures
order by
    case verdict
        when 'differs' then 1
        when 'not_reproducible' then 2
        when 'agrees' then 3
        else 4
    end,
    figure_id
