-- What the programme's cases would have cost the authority without it: mean use of each kind of
-- social care times its unit cost, by age band and for both, per case and per week of a case in the
-- programme (FACT22 report, appendix 10). The difference of the matched arms needs two cases and
-- two children in each.
with
sums as (select * from {{ ref('int_counterfactual_sums') }}),

counted as (
    select distinct study_id
    from {{ ref('py_caliper_weights') }}
),

matched as (
    select
        study_id,
        count(*) = 2 and min(least(n_cases, n_children)) >= 2 as is_enough
    from {{ ref('int_sample_sizes') }}
    where sample = 'cem_caliper'
    group by study_id
),

joined as (
    select
        sums.*,
        counted.study_id is null and coalesce(matched.is_enough, false) as is_enough,
        counted.study_id is not null as is_unlinked
    from sums
    left join matched using (study_id)
    left join counted using (study_id)
),

judged as (
    select
        *,
        case
            when n_cases = 0 or case_weeks = 0
                then 'no_cases: no case of this age was in the programme within the study'
            when is_unlinked
                then
                    'links_not_kept: the study has more links than it keeps (links_kept_up_to), '
                    || 'and a comparator costs from the entry of each case it serves'
            when is_mean_missing
                then 'no_comparators: an age group with cases has no matched case of either arm'
            when not is_enough
                then 'too_few_cases: a matched arm has fewer than two cases or children'
            when is_unit_cost_missing
                then 'unit_cost_missing: a component has no unit cost, or cpih lacks its year'
        end as status_reason
    from joined
)

select
    study_id,
    age_band,
    component,
    unit,
    n_cases,
    case_weeks,
    {% for mean in ['mean_treated', 'mean_comparator', 'mean_without'] -%}
    case when is_enough then {{ mean }} end as {{ mean }},
    {% endfor -%}
    unit_cost_gbp,
    price_base_year,
    case when status_reason is null then cost_gbp / n_cases end as cost_per_case,
    case when status_reason is null then cost_gbp / case_weeks end as cost_per_case_week,
    is_illustrative,
    case when status_reason is null then 'ok' else 'not_estimable' end as status,
    status_reason
from judged
