-- Whether an estimate under another reading of the rules may stand beside the main one: not where
-- few cases have the outcome or few have it not, nor where the reading moves a few cases of an arm
-- without weights, for the two estimates and that arm's size would give their number.
with
cases as (select * from {{ ref('int_analysed_cases') }}),
outcomes as (select * from {{ ref('int_analysed_outcomes') }}),
readings as (select * from {{ ref('int_study_readings') }}),
study_cases as (select * from {{ ref('fct_study_cases') }}),
reported as (select * from {{ ref('study_outcomes') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

arms as (
    select
        readings.base_study_id as study_id,
        readings.reading,
        cases.method as sample,
        outcomes.outcome,
        study_cases.arm,
        min(cases.weight) = max(cases.weight) as is_unweighted,
        count(outcomes.value) as n_known,
        count(case when reported.kind = 'binary' and outcomes.value = 1 then 1 end) as n_with
    from cases
    inner join readings using (study_id)
    inner join study_cases
        on readings.base_study_id = study_cases.study_id and cases.case_id = study_cases.case_id
    inner join outcomes
        on cases.study_id = outcomes.study_id and cases.case_id = outcomes.case_id
    inner join reported
        on
            readings.base_study_id = reported.study_id
            and outcomes.outcome = reported.outcome
    group by
        readings.base_study_id,
        readings.reading,
        cases.method,
        outcomes.outcome,
        study_cases.arm
),

compared as (
    select
        arms.*,
        arms.n_known - arms.n_with as n_without,
        case when arms.is_unweighted then abs(arms.n_known - main.n_known) end as n_moved,
        case when arms.is_unweighted then abs(arms.n_with - main.n_with) end as n_with_moved
    from arms
    left join arms as main
        on
            arms.study_id = main.study_id
            and arms.sample = main.sample
            and arms.outcome = main.outcome
            and arms.arm = main.arm
            and main.reading = 'main'
    where arms.reading != 'main'
)

select
    compared.study_id,
    compared.reading,
    compared.sample,
    compared.outcome,
    count(
        case
            when
                compared.n_with between 1 and profiles.smallest_count - 1
                or compared.n_without between 1 and profiles.smallest_count - 1
                or compared.n_moved between 1 and profiles.smallest_count - 1
                or compared.n_with_moved between 1 and profiles.smallest_count - 1
                then 1
        end
    ) = 0 as is_shown
from compared
cross join profiles
group by
    compared.study_id,
    compared.reading,
    compared.sample,
    compared.outcome
