-- What each authority's delivery was expected to be and whether it is: every file accepted, few
-- rows quarantined, the expectation suites of the standard tables, and the validation rules of
-- returns. A critical failure closes the gate to everything behind it. No broken rule does: records
-- that outcomes can't bear are quarantined one by one.
with
suites as (select * from {{ ref('py_expectation_results') }}),
file_checks as (select * from {{ ref('int_file_checks') }}),
quarantine_rates as (select * from {{ ref('int_quarantine_rates') }}),
files as (select * from {{ ref('fct_load_log') }}),
rules as (select * from {{ ref('fct_rule_scorecard') }}),
reasons as (select * from {{ ref('quarantine_reasons') }}),

suite_files as (
    select
        la_code,
        holds,
        {{ ordered_list('distinct ' ~ file_path('files'), file_path('files'), ', ') }} as file_names
    from files
    where status = 'landed'
    group by all
),

results as (
    select
        suites.la_code,
        suites.suite,
        suites.expectation,
        suites.column_name,
        suites.severity,
        suites.success,
        suites.unexpected_count,
        suites.element_count,
        suite_files.file_names,
        suites.what_to_do
    from suites
    left join suite_files using (la_code, holds)
    union all
    select
        file_checks.*,
        cast(null as string) as what_to_do
    from file_checks
    union all
    select
        quarantine_rates.*,
        reasons.what_to_do
    from quarantine_rates
    left join reasons
        on quarantine_rates.expectation = reasons.reason_code
    union all
    select
        la_code,
        'cin_rules' as suite,
        rule || ': ' || meaning as expectation,
        cast(null as string) as column_name,
        'warning' as severity,
        verdict = 'pass' as success,
        n_flagged as unexpected_count,
        n_checked as element_count,
        file_names,
        'Mend the records that fct_rule_flags lists by file and row; deliver again' as what_to_do
    from rules
    where verdict != 'not_applicable'
)

select
    la_code,
    suite,
    expectation,
    column_name,
    severity,
    success,
    cast(unexpected_count as bigint) as unexpected_count,
    cast(element_count as bigint) as element_count,
    file_names,
    what_to_do
from results
