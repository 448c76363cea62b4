-- The questionnaire by which each child of a study is scored, on the five scales and their total.
-- It is of the wave that the study compares (`sdq_wave`) and of a form that it takes (`sdq_forms`).
-- Of several informants the one who answered first counts; on one day, or without a day, the one
-- who answered most items; then the first by name. The total adds up four scales, or all five
-- (`sdq_total`, ambiguity A25), and needs every one of them.
with
studies as (select * from {{ ref('int_studies') }}),
scale_scores as (select * from {{ ref('int_sdq_scale_scores') }}),

candidates as (
    select
        studies.study_id,
        studies.sdq_total,
        scale_scores.*,
        dense_rank() over (
            partition by studies.study_id, scale_scores.la_code, scale_scores.child_id
            order by
                scale_scores.answered_date asc nulls last,
                scale_scores.n_answers desc,
                scale_scores.informant asc nulls last
        ) as informant_rank
    from studies
    inner join scale_scores
        on studies.la_code = scale_scores.la_code and studies.sdq_wave = scale_scores.wave
    where studies.sdq_forms = 'all' or coalesce(scale_scores.form != 'early_years', true)
),

counted as (
    select * from candidates
    where informant_rank = 1
),

totals as (
    select
        study_id,
        la_code,
        child_id,
        wave,
        informant,
        form,
        answered_date,
        'total' as scale,
        cast(sum(n_items) as bigint) as n_items,
        case when count(score) = count(*) then cast(sum(score) as integer) end as score
    from counted
    where counts_in_total or sdq_total = 'five_scales'
    group by study_id, la_code, child_id, wave, informant, form, answered_date
),

combined as (
    select
        study_id,
        la_code,
        child_id,
        wave,
        informant,
        form,
        answered_date,
        scale,
        n_items,
        score
    from counted
    union all
    select * from totals
)

select * from combined
