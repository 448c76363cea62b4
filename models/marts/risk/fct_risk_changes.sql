-- How the scores of each arm changed between referral and the latest information, over the cases of
-- the study's sample that are coded at both, and how far the arms lie apart: descriptive, without
-- weights or a test (FACT22 report and Project Crewe report, figures 6 to 8). Sums of points are
-- exact, so the deviation is worked out from them and doesn't depend on the order of rows.
with
studies as (select * from {{ ref('studies') }}),
changes as (select * from {{ ref('int_risk_case_changes') }}),

expected as (
    {% for component in ['risk', 'protective', 'engagement', 'total'] -%}
    {% for arm in ['treated', 'comparator'] -%}
    select
        study_id,
        '{{ component }}' as component,
        '{{ arm }}' as arm
    from studies
    {{ 'union all' if not loop.last }}
    {% endfor -%}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

complete as (
    select
        study_id,
        component,
        arm,
        count(change) as n,
        count(*) - count(change) as n_incomplete,
        avg(case when change is not null then referral end) as mean_referral,
        avg(case when change is not null then latest end) as mean_latest,
        avg(change) as mean_change,
        sum(change) as sum_change,
        sum(change * change) as sum_squares,
        avg(case when change is not null then gap_days end) as mean_gap_days
    from changes
    group by study_id, component, arm
),

described as (
    select
        expected.study_id,
        expected.component,
        expected.arm,
        coalesce(complete.n, 0) as n,
        coalesce(complete.n_incomplete, 0) as n_incomplete,
        complete.mean_referral,
        complete.mean_latest,
        complete.mean_change,
        case
            when complete.n > 1
                then
                    sqrt(
                        (
                            complete.sum_squares
                            - complete.sum_change * complete.sum_change / complete.n
                        ) / (complete.n - 1)
                    )
        end as sd_change,
        complete.mean_gap_days
    from expected
    left join complete using (study_id, component, arm)
)

select
    study_id,
    component,
    arm,
    n,
    n_incomplete,
    mean_referral,
    mean_latest,
    mean_change,
    sd_change,
    mean_gap_days / (365.25 / 12) as mean_gap_months,
    max(case when arm = 'treated' then mean_referral end) over both_arms
    - max(case when arm = 'comparator' then mean_referral end) over both_arms
        as difference_at_referral,
    max(case when arm = 'treated' then mean_change end) over both_arms
    - max(case when arm = 'comparator' then mean_change end) over both_arms
        as difference_in_change,
    case when n = 0 then 'not_estimable' else 'ok' end as status,
    case
        when n = 0
            then 'no_codings: no case of this arm in the sample is coded at both time points'
    end as status_reason
from described
window both_arms as (partition by study_id, component)
