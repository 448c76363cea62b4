-- The comparators of each treated case by stratum and caliper, and how its weight of one is shared
-- among them: equally, or by how near their starts are (`link_weight`, a quadratic kernel over the
-- caliper), among all of them or with the nearest alone (`match_ratio`, ties by earlier start,
-- younger, earlier row).
with
pairs as (select * from {{ ref('int_matched_pairs') }}),
studies as (select * from {{ ref('int_studies') }}),
comparators as (select * from {{ ref('int_matchable_cases') }}),

ranked as (
    select
        pairs.study_id,
        pairs.la_code,
        pairs.treated_case_id,
        pairs.comparator_la_code,
        pairs.comparator_case_id,
        pairs.gap_days,
        studies.match_ratio,
        case studies.link_weight
            when 'kernel_gap'
                then
                    1.0 - power(
                        pairs.gap_days / (
                            1.0 + studies.caliper_length
                            * case studies.caliper_unit when 'days' then 1.0 else 31.0 end
                        ),
                        2
                    )
            else 1.0
        end as closeness,
        row_number() over (
            partition by pairs.study_id, pairs.la_code, pairs.treated_case_id
            order by
                abs(pairs.gap_days), comparators.plan_start_date,
                comparators.age_at_plan_start nulls last, comparators.file_key,
                comparators.source_row_number
        ) as nearness
    from pairs
    inner join studies using (study_id, la_code)
    inner join comparators
        on
            pairs.study_id = comparators.study_id
            and pairs.comparator_la_code = comparators.la_code
            and pairs.comparator_case_id = comparators.case_id
),

chosen as (
    select * from ranked
    where match_ratio = 'all' or nearness = 1
),

totals as (
    select
        study_id,
        la_code,
        treated_case_id,
        {{ stable_sum('closeness') }} as total_closeness
    from chosen
    group by all
)

select
    chosen.study_id,
    chosen.la_code,
    chosen.treated_case_id,
    chosen.comparator_la_code,
    chosen.comparator_case_id,
    chosen.gap_days,
    cast(chosen.closeness / totals.total_closeness as double) as weight
from chosen
inner join totals using (study_id, la_code, treated_case_id)
