-- How many cases of each arm came to each step and went on, where the counts may be shown and don't
-- give away how few left.
with
facts as (select * from {{ ref('fct_sample_flow') }}),
cells as (select * from {{ ref('int_release_flow') }}),
decisions as (select * from {{ ref('py_release_decisions') }}),
profiles as (select * from {{ ref('int_release_profile') }})

select
    facts.study_id,
    facts.step_order,
    facts.step,
    facts.arm,
    cast(entered.released as bigint) as n_in,
    cast(left_over.released as bigint) as n_out,
    facts.reason,
    {{ release_tail(
        "coalesce(
            nullif(entered.disclosure, 'shown'), nullif(left_over.disclosure, 'shown'), 'shown'
        )",
        'coalesce(entered.disclosure_reason, left_over.disclosure_reason)'
    ) }}
from facts
cross join profiles
inner join cells using (study_id, step_order, arm)
left join decisions as left_over
    on cells.study_id = left_over.scope and cells.out_cell = left_over.cell_id
left join decisions as entered
    on
        cells.study_id = entered.scope
        and case when cells.is_first then cells.out_cell else cells.in_cell end = entered.cell_id
