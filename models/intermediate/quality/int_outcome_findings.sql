-- What stands against an outcome in an authority's data, study or not: the delivery is withheld, a
-- fact that it rests on is missing, or a validation rule that threatens it fails.
with
authorities as (
    select distinct la_code from {{ ref('fct_load_log') }}
    where status = 'landed' and la_code != 'unknown'
),

topics as (select * from {{ ref('outcome_topics') }}),
needs as (select * from {{ ref('data_needs') }}),
facts as (select * from {{ ref('int_data_facts') }}),

missing as (
    select
        authorities.la_code,
        topics.outcome,
        needs.verdict,
        needs.because
    from authorities
    cross join topics
    inner join needs using (topic)
    left join facts using (la_code, fact)
    where facts.fact is null
),

failed as (
    select
        scorecard.la_code,
        topics.outcome,
        'with_caution' as verdict,
        'Rule ' || scorecard.rule || ' fails in ' || scorecard.n_flagged || ' of '
        || scorecard.n_checked || ' records: ' || scorecard.meaning as because
    from {{ ref('fct_rule_scorecard') }} as scorecard
    inner join {{ ref('int_rule_topics') }} as rules using (rule)
    inner join topics
        on rules.topic in (topics.topic, 'everything')
    where scorecard.verdict = 'fail' and not scorecard.is_query
),

withheld as (
    select distinct
        results.la_code,
        topics.outcome,
        'cannot' as verdict,
        'The delivery fails ' || results.suite || ': ' || results.expectation as because
    from {{ ref('fct_expectation_results') }} as results
    cross join topics
    where results.severity = 'critical' and not results.success
)

select * from missing
union
select * from failed
union
select * from withheld
