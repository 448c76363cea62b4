-- Overlap: the share of eligible treated cases whose propensity score lies between the lowest and
-- the highest of the comparators. Treated cases outside have nobody like them.
with
scores as (
    select * from {{ ref('fct_propensity_scores') }}
    where status = 'ok'
),

ranges as (
    select
        study_id,
        min(score) as lowest_score,
        max(score) as highest_score
    from scores
    where arm = 'comparator'
    group by study_id
)

select
    scores.study_id,
    avg(
        case
            when scores.score between ranges.lowest_score and ranges.highest_score then 1e0
            else 0e0
        end
    ) as share_of_treated_overlapping
from scores
inner join ranges using (study_id)
where scores.arm = 'treated'
group by scores.study_id
