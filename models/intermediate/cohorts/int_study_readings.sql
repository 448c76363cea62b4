-- A study as it is set, each other reading of its rules (`study_readings`), and the study as it
-- stood at an earlier cut of its data (`study_data_cuts`). Each goes through the same models
-- under an id of its own, the study's and the reading's joined by ~, and never reaches a public
-- table under the study's name.
with
studies as (select * from {{ ref('studies') }}),
changed as (select * from {{ ref('study_readings') }}),
cuts as (select * from {{ ref('study_data_cuts') }}),

named as (
    select
        study_id as base_study_id,
        'main' as reading,
        cast(null as date) as data_cut
    from studies
    union
    select
        study_id as base_study_id,
        reading,
        cast(null as date) as data_cut
    from changed
    union
    select
        study_id as base_study_id,
        concat('as_of_', cast(data_cut as string)) as reading,
        data_cut
    from cuts
)

select
    case when reading = 'main' then base_study_id else base_study_id || '~' || reading end
        as study_id,
    base_study_id,
    reading,
    data_cut
from named
