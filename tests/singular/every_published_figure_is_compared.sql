-- No figure of the reports is lost on the way to the comparison.
with figures as (
    select * from {{ ref('published_figures') }}
),

compared as (
    select * from {{ ref('fct_published_comparison') }}
)

select figures.figure_id
from figures
left join compared
    on figures.figure_id = compared.figure_id
where compared.figure_id is null
