-- Each respondent's mean over the items they answered, for the whole tool and for each scale: an
-- unanswered item is left out, not guessed.
with
answers as (select * from {{ ref('int_staff_answers') }}),

scored as (
    {% for scale in ["'all'", 'scale'] -%}
    select
        study_id,
        organisation,
        respondent_id,
        role,
        {{ scale }} as scale,
        stress_score
    from answers
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select
    study_id,
    organisation,
    respondent_id,
    role,
    scale,
    count(*) as n_answers,
    cast(sum(stress_score) as double) / count(*) as mean_score
from scored
group by
    study_id,
    organisation,
    respondent_id,
    role,
    scale
