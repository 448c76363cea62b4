-- No figure of the reports is lost on the way to the comparison, and none is there without being
-- told where what is computed comes from, or why nothing is.
with figures as (
    select * from {{ ref('published_figures') }}
),

sources as (
    select * from {{ ref('figure_sources') }}
),

compared as (
    select * from {{ ref('fct_published_comparison') }}
)

select figures.figure_id
from figures
left join sources
    on figures.figure_id = sources.figure_id
left join compared
    on figures.figure_id = compared.figure_id
where
    sources.figure_id is null
    or compared.verdict is null
    or (sources.source = 'none' and sources.fixed_reason is null)
