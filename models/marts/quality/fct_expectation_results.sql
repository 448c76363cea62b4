-- What each authority's delivery was expected to be and whether it is: every file accepted, few
-- rows quarantined, and the expectation suites of the standard tables. A critical failure
-- closes the gate to everything behind it.
with suites as (
    select * from {{ ref('py_expectation_results') }}
),

files as (
    select * from {{ ref('fct_load_log') }}
),

quarantined as (
    select * from {{ ref('fct_quarantined_rows') }}
),

thresholds as (
    select * from {{ ref('delivery_thresholds') }}
),

suite_files as (
    select
        la_code,
        holds,
        {{ ordered_list('distinct file_name', 'file_name', ', ') }} as file_names
    from files
    where status = 'landed'
    group by all
),

from_suites as (
    select
        suites.la_code,
        suites.suite,
        suites.expectation,
        suites.column_name,
        suites.severity,
        suites.success,
        suites.unexpected_count,
        suites.element_count,
        suite_files.file_names
    from suites
    left join suite_files
        on suites.la_code = suite_files.la_code and suites.holds = suite_files.holds
),

refused_files as (
    select
        la_code,
        'delivery' as suite,
        'file is accepted' as expectation,
        cast(null as varchar) as column_name,
        'critical' as severity,
        status = 'landed' as success,
        case when status = 'landed' then 0 else 1 end as unexpected_count,
        1 as element_count,
        file_name as file_names
    from files
),

no_cases as (
    select
        la_code,
        'delivery' as suite,
        'cases are loaded' as expectation,
        cast(null as varchar) as column_name,
        'critical' as severity,
        sum(n_loaded) > 0 as success,
        case when sum(n_loaded) > 0 then 0 else 1 end as unexpected_count,
        1 as element_count,
        {{ ordered_list('distinct file_name', 'file_name', ', ') }} as file_names
    from files
    where holds = 'cases' or holds is null
    group by la_code
),

quarantined_by_reason as (
    select
        la_code,
        file_name,
        file_key,
        table_name,
        reason_code,
        column_name,
        count(*) as n_quarantined
    from quarantined
    group by all
),

n_read_by_file as (
    select
        file_key,
        n_read
    from {{ ref('stg_landing__load_log') }}
),

quarantine_rates as (
    select
        quarantined_by_reason.la_code,
        'quarantine' as suite,
        quarantined_by_reason.reason_code as expectation,
        quarantined_by_reason.column_name,
        thresholds.severity,
        quarantined_by_reason.n_quarantined
        <= thresholds.max_quarantined_share * n_read_by_file.n_read as success,
        quarantined_by_reason.n_quarantined as unexpected_count,
        n_read_by_file.n_read as element_count,
        quarantined_by_reason.file_name as file_names
    from quarantined_by_reason
    inner join n_read_by_file
        on quarantined_by_reason.file_key = n_read_by_file.file_key
    cross join thresholds
),

results as (
    select * from from_suites
    union all
    select * from refused_files
    union all
    select * from no_cases
    union all
    select * from quarantine_rates
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
    file_names
from results
