-- Which groups of respondents are too small to be shown. A group is as small as its least answered
-- scale. Where a role is hidden, so are the next larger ones until those hidden are together large
-- enough, for the organisation less the roles shown would give them away.
with
stress as (select * from {{ ref('int_staff_stress') }}),
studies as (select * from {{ ref('studies') }}),
parameters as (select * from {{ ref('int_study_parameters') }}),

sized as (
    select
        stress.study_id,
        stress.organisation,
        stress.role,
        min(stress.n_respondents) as n_smallest,
        min(parameters.smallest_staff_group) as smallest_staff_group
    from stress
    inner join studies using (study_id)
    inner join parameters using (study_id)
    group by
        stress.study_id,
        stress.organisation,
        stress.role
),

ordered as (
    select
        study_id,
        organisation,
        role,
        n_smallest < smallest_staff_group as is_small,
        smallest_staff_group,
        min(n_smallest) over (partition by study_id, organisation, role = 'all') as n_of_smallest,
        coalesce(sum(n_smallest) over (
            partition by study_id, organisation, role = 'all'
            order by n_smallest, role
            rows between unbounded preceding and 1 preceding
        ), 0) as n_in_smaller_roles
    from sized
)

select
    study_id,
    organisation,
    role,
    is_small or (
        role != 'all'
        and n_of_smallest < smallest_staff_group
        and n_in_smaller_roles < smallest_staff_group
    ) as is_suppressed
from ordered
