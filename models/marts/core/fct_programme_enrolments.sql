-- One row per child, programme and start date.
select * from {{ ref('int_admitted_programme_enrolments') }}
