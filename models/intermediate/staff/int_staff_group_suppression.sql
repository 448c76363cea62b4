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
)

select
    study_id,
    organisation,
    role,
    {{ is_small_or_gives_one_away(
        'n_smallest', 'role', "study_id, organisation, role = 'all'", 'smallest_staff_group'
    ) }} as is_suppressed
from sized
