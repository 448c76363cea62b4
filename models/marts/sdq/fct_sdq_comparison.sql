-- Scores of the two arms of a trial on each scale of the Strengths and Difficulties Questionnaire
-- and in total, compared by ranks at a single wave (Project Crewe report, appendix 6).
with
comparison as (select * from {{ ref('py_sdq_comparison') }}),
parameters as (select * from {{ ref('int_study_parameters') }}),

directed as (
    select
        comparison.*,
        case
            when comparison.scale = 'prosocial' then 'higher_is_better'
            when comparison.scale = 'total' and parameters.sdq_total = 'five_scales' then 'mixed'
            else 'lower_is_better'
        end as score_direction
    from comparison
    inner join parameters using (study_id)
)

select
    study_id,
    scale,
    score_direction,
    n_treated,
    n_comparator,
    lower_quartile_treated,
    median_treated,
    upper_quartile_treated,
    lower_quartile_comparator,
    median_comparator,
    upper_quartile_comparator,
    u_statistic,
    p_value,
    method,
    shift,
    superiority,
    case
        when score_direction = 'mixed' or superiority is null then null
        when superiority = 0.5 then 'neither'
        when (superiority > 0.5) = (score_direction = 'higher_is_better') then 'treated'
        else 'comparator'
    end as favours,
    status,
    status_reason
from directed
