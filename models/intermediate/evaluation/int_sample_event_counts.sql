-- Unweighted events and rates of each sample and outcome, by arm and for both arms together.
with sample_outcomes as (
    select
        samples.study_id,
        samples.method as sample,
        samples.arm,
        outcomes.outcome,
        outcomes.event_date,
        outcomes.value
    from {{ ref('fct_matched_cases') }} as samples
    inner join {{ ref('fct_case_outcomes') }} as outcomes using (study_id, la_code, case_id)
),

terms as (
    select
        code as arm,
        code as term
    from {{ ref('code_sets') }}
    where code_set = 'arm'
    union all
    select
        code as arm,
        'both' as term
    from {{ ref('code_sets') }}
    where code_set = 'arm'
)

select
    sample_outcomes.study_id,
    sample_outcomes.sample,
    sample_outcomes.outcome,
    terms.term,
    count(sample_outcomes.event_date) as n_events,
    {{ stable_sum('sample_outcomes.value') }} / nullif(count(sample_outcomes.value), 0)
        as unweighted_mean
from sample_outcomes
inner join terms using (arm)
group by all
