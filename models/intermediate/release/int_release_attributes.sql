-- What is counted of cases: whether each binary outcome is known and has happened, whether a length
-- is known and has ended, whether another number is known, and the two-valued covariates.
with
outcomes as (select * from {{ ref('fct_case_outcomes') }}),
reported as (select * from {{ ref('study_outcomes') }}),
covariates as (select * from {{ ref('fct_study_covariates') }}),

two_valued as (
    select
        study_id,
        covariate
    from covariates
    group by all
    having count(*) filter (where value not in (0, 1)) = 0 and count(value) > 0
)

select
    outcomes.study_id,
    outcomes.case_id,
    outcomes.outcome as attribute,
    reported.kind,
    outcomes.value,
    case reported.kind
        when 'binary' then outcomes.value = 1
        when 'length' then not outcomes.is_censored
    end as has_it
from outcomes
inner join reported using (study_id, outcome)
where outcomes.value is not null
union all
select
    covariates.study_id,
    covariates.case_id,
    'covariate_' || covariates.covariate as attribute,
    'covariate' as kind,
    covariates.value,
    covariates.value = 1 as has_it
from covariates
inner join two_valued using (study_id, covariate)
where covariates.value is not null
