-- A study as it is set, and each other reading of its rules (`study_readings`): a reading goes
-- through the same models under an id of its own, the study's and the reading's joined by ~, and
-- never reaches a public table under the study's name.
with
studies as (select * from {{ ref('studies') }}),
changed as (select * from {{ ref('study_readings') }}),

readings as (
    select
        study_id,
        study_id as base_study_id,
        'main' as reading
    from studies
    union
    select
        study_id || '~' || reading as study_id,
        study_id as base_study_id,
        reading
    from changed
)

select * from readings
