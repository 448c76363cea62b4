-- What the programme's cases would have cost the authority without it: mean use of each kind of
-- social care times its unit cost, by age band and for both, per case and per week of a case in the
-- programme (FACT22 report, appendix 10).
with
sums as (select * from {{ ref('int_counterfactual_sums') }}),

judged as (
    select
        *,
        case
            when n_cases = 0 or case_weeks = 0
                then 'no_cases: no case of this age was in the programme within the study'
            when is_mean_missing
                then 'no_comparators: an age group with cases has no matched case of either arm'
            when is_unit_cost_missing
                then 'unit_cost_missing: a component has no unit cost, or cpih lacks its year'
        end as status_reason
    from sums
)

select
    study_id,
    age_band,
    component,
    unit,
    n_cases,
    case_weeks,
    mean_treated,
    mean_comparator,
    mean_without,
    unit_cost_gbp,
    price_base_year,
    case when status_reason is null then cost_gbp / n_cases end as cost_per_case,
    case when status_reason is null then cost_gbp / case_weeks end as cost_per_case_week,
    is_illustrative,
    case when status_reason is null then 'ok' else 'not_estimable' end as status,
    status_reason
from judged
