-- One row per study and authority: `studies.la_code` names one, several joined by |, or with *
-- every authority that delivered anything. Whether its data were admitted is for what reads it.
with
studies as (select * from {{ ref('studies') }}),

delivered as (
    select distinct la_code
    from {{ ref('stg_landing__load_log') }}
    where la_code != 'unknown'
),

named as (
    select
        study_id,
        {{ each_of('la_code') }} as la_code
    from studies
    where la_code != '*'
    union distinct
    select
        studies.study_id,
        delivered.la_code
    from studies
    cross join delivered
    where studies.la_code = '*'
)

select
    named.study_id,
    named.la_code,
    studies.programme_id,
    studies.study_start,
    studies.study_end,
    studies.earliest_case_start,
    studies.latest_case_start
from named
inner join studies using (study_id)
