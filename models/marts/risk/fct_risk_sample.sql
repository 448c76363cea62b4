-- The cases whose notes are to be coded, in the random order that the study's seed settles. Closest
-- pairs: treated cases, each with its closest matched comparator (FACT22 report, appendix 2, "Risk
-- analysis sampling"); one whose closest comparator already serves a case drawn before is passed
-- over, so that no notes are coded twice, and one without a match is drawn and marked. Arms by
-- themselves: as many cases of either arm, in turns (Project Crewe report, "Risk analysis method").
-- Where links are too many to be kept nobody can tell who has a match.
with
draw_order as (select * from {{ ref('int_risk_draw_order') }}),
closest as (select * from {{ ref('int_closest_matches') }}),
counted as (select distinct study_id from {{ ref('py_caliper_weights') }}),

paired as (
    select
        draw_order.*,
        closest.comparator_la_code,
        closest.comparator_case_id,
        closest.gap_days,
        counted.study_id is null as is_linked,
        row_number() over (
            partition by
                draw_order.study_id,
                coalesce(closest.comparator_case_id, draw_order.case_id)
            order by draw_order.random_order
        ) as comparator_turn
    from draw_order
    left join closest
        on
            draw_order.study_id = closest.study_id
            and draw_order.la_code = closest.la_code
            and draw_order.case_id = closest.treated_case_id
    left join counted
        on draw_order.study_id = counted.study_id
    where draw_order.risk_sample_design = 'closest_pairs'
),

pairs as (
    select
        *,
        row_number() over (partition by study_id order by random_order) as draw_number
    from paired
    where comparator_turn = 1
),

singles as (
    select
        *,
        row_number() over (partition by study_id order by random_order asc, arm desc) as draw_number
    from draw_order
    where risk_sample_design = 'by_arm' and random_order <= risk_sample_size
)

select
    study_id,
    la_code,
    draw_number,
    case_id as treated_case_id,
    comparator_la_code,
    comparator_case_id,
    gap_days,
    case when is_linked then comparator_case_id is not null end as is_matched
from pairs
where draw_number <= risk_sample_size
union all
select
    study_id,
    la_code,
    draw_number,
    case when arm = 'treated' then case_id end as treated_case_id,
    case when arm = 'comparator' then la_code end as comparator_la_code,
    case when arm = 'comparator' then case_id end as comparator_case_id,
    null as gap_days,
    cast(null as boolean) as is_matched
from singles
