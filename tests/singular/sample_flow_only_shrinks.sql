-- Each step starts with what the one before let through, no step adds cases, and the last lets
-- through the matched sample.
with flow as (
    select
        *,
        lag(n_out) over (partition by study_id, arm order by step_order) as n_out_before
    from {{ ref('fct_sample_flow') }}
),

matched as (
    select
        study_id,
        arm,
        count(*) as n_matched
    from {{ ref('fct_matched_cases') }}
    where method = 'cem_caliper'
    group by all
)

select
    flow.study_id,
    flow.step,
    flow.arm,
    flow.n_out_before,
    flow.n_in,
    flow.n_out,
    matched.n_matched
from flow
left join matched
    on flow.study_id = matched.study_id and flow.arm = matched.arm and flow.step = 'matched'
where
    flow.n_in != coalesce(flow.n_out_before, flow.n_in)
    or flow.n_out > flow.n_in
    or flow.n_out < 0
    or (flow.step = 'matched' and flow.n_out != coalesce(matched.n_matched, 0))
