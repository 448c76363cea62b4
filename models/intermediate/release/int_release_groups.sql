-- What may be said of each group: its counts as released, and whether a rate, mean or estimate that
-- rests on it may be shown. That asks for all of its counts, for enough cases and that no single
-- one gives more than its share of the sum.
with
groups as (select * from {{ ref('int_release_group_cells') }}),
decisions as (select * from {{ ref('py_release_decisions') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

decided as (
    select
        groups.study_id,
        groups.sample,
        groups.population,
        groups.arm,
        groups.attribute as outcome,
        groups.kind,
        known.released as n,
        having_it.released as n_with,
        without_it.released as n_without,
        size.released as n_cases,
        coalesce(
            nullif(known.disclosure, 'shown'),
            nullif(having_it.disclosure, 'shown'),
            nullif(without_it.disclosure, 'shown')
        ) as hidden_as,
        coalesce(
            known.disclosure_reason, having_it.disclosure_reason, without_it.disclosure_reason
        ) as hidden_because,
        case
            when groups.n_known < profiles.smallest_n
                then 'Rests on fewer than ' || profiles.smallest_n || ' cases'
            when groups.largest_share > profiles.largest_share
                then 'One case gives too much of the sum'
        end as thin_because
    from groups
    cross join profiles
    inner join decisions as size
        on groups.study_id = size.scope and groups.size_cell = size.cell_id
    inner join decisions as known
        on groups.study_id = known.scope and groups.known_cell = known.cell_id
    left join decisions as having_it
        on groups.study_id = having_it.scope and groups.with_cell = having_it.cell_id
    left join decisions as without_it
        on groups.study_id = without_it.scope and groups.without_cell = without_it.cell_id
)

select
    study_id,
    sample,
    population,
    arm,
    outcome,
    kind,
    n_cases,
    n,
    n_with,
    n_without,
    hidden_as is null and thin_because is null as is_shown,
    coalesce(hidden_as, case when thin_because is not null then 'u' else 'shown' end) as disclosure,
    coalesce(hidden_because, thin_because) as disclosure_reason
from decided
