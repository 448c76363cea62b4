-- The days that a child missed at school in the terms and the year that the study names
-- (`absence_terms`, `absence_school_year`), at all of its schools: a session is half a day (Project
-- Crewe report, appendix 6). `log_mode` says what becomes of nought in the logarithm (ambiguity
-- A27): 1 is added to every child's days, or the child drops out. It has ten decimals, because
-- engines differ in the last digit of a double. A child without a record of those terms isn't here,
-- and at a cut of the data before they ended nobody is.
with
studies as (select * from {{ ref('int_studies') }}),
cases as (select * from {{ ref('int_first_cases') }}),
absences as (select * from {{ ref('int_admitted_school_absences') }}),

-- The last day of the last term that counts: before it the year's absences aren't complete.
ended as (
    select
        study_id,
        la_code,
        cast(
            case
                when '|' || absence_terms || '|' like '%|summer|%'
                    then cast(substr(absence_school_year, 1, 4) as integer) + 1 || '-07-31'
                when '|' || absence_terms || '|' like '%|spring|%'
                    then cast(substr(absence_school_year, 1, 4) as integer) + 1 || '-04-30'
                else substr(absence_school_year, 1, 4) || '-12-31'
            end as date
        ) as last_day
    from studies
    where absence_school_year is not null
),

missed as (
    select
        studies.study_id,
        cases.la_code,
        cases.case_id,
        studies.log_mode,
        cast(sum(absences.sessions_absent) as double) / 2 as absence_days
    from studies
    inner join ended using (study_id, la_code)
    inner join cases using (study_id, la_code)
    inner join absences
        on
            cases.la_code = absences.la_code
            and cases.child_id = absences.child_id
            and studies.absence_school_year = absences.school_year
            and '|' || studies.absence_terms || '|' like '%|' || absences.term || '|%'
    where studies.followed_until >= ended.last_day
    group by studies.study_id, cases.la_code, cases.case_id, studies.log_mode
)

select
    study_id,
    la_code,
    case_id,
    absence_days,
    case
        when log_mode = 'log1p' then {{ rounded('ln(1 + absence_days)', 10) }}
        when absence_days > 0 then {{ rounded('ln(absence_days)', 10) }}
    end as log_absence_days
from missed
