-- The mean of respondents' means, for each organisation as a whole and for each role in it. Groups
-- may be of one person: fct_staff_stress hides the small ones.
with
respondents as (select * from {{ ref('int_staff_respondents') }}),

grouped as (
    {% for role in ["'all'", 'role'] -%}
    select
        study_id,
        organisation,
        {{ role }} as role,
        scale,
        n_answers,
        mean_score
    from respondents
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select
    study_id,
    organisation,
    role,
    scale,
    count(*) as n_respondents,
    cast(sum(n_answers) as bigint) as n_answers,
    {{ stable_sum('mean_score') }} / count(*) as mean_score
from grouped
group by
    study_id,
    organisation,
    role,
    scale
