-- How much of each arm a matching method kept, reckoned from the sizes as released.
with
facts as (select * from {{ ref('fct_matched_shares') }}),
sizes as (select * from {{ ref('int_release_sizes') }}),
flow as (select * from {{ ref('int_release_flow') }}),
decisions as (select * from {{ ref('py_release_decisions') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

counted as (
    select
        facts.study_id,
        facts.method,
        facts.arm,
        cast(recorded.released as bigint) as n_recorded,
        cast(eligible.n as bigint) as n_eligible,
        case when matched.study_id is null then 0 else cast(matched.n as bigint) end as n_matched
    from facts
    inner join flow
        on facts.study_id = flow.study_id and facts.arm = flow.arm and flow.is_first
    inner join decisions as recorded
        on flow.study_id = recorded.scope and flow.out_cell = recorded.cell_id
    left join sizes as eligible
        on
            facts.study_id = eligible.study_id
            and facts.arm = eligible.arm
            and eligible.sample = 'unmatched'
    left join sizes as matched
        on
            facts.study_id = matched.study_id
            and facts.arm = matched.arm
            and facts.method = matched.sample
),

judged as (
    select
        *,
        n_recorded is not null and n_eligible is not null and n_matched is not null as is_shown,
        n_matched / cast(nullif(n_recorded, 0) as double) as share_of_recorded,
        n_matched / cast(nullif(n_eligible, 0) as double) as share_of_eligible
    from counted
)

select
    judged.study_id,
    judged.method,
    judged.arm,
    judged.n_recorded,
    judged.n_eligible,
    judged.n_matched,
    {{ shown(['judged.share_of_recorded', 'judged.share_of_eligible'], 'judged.is_shown') }},
    {{ release_tail(
        "case when judged.is_shown then 'shown' else 'c' end",
        "case when not judged.is_shown then 'A size is hidden' end"
    ) }}
from judged
cross join profiles
