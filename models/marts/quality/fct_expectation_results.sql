-- What each authority's delivery was expected to be and whether it is: every file accepted, few
-- rows quarantined, and the expectation suites of the standard tables. A critical failure
-- closes the gate to everything behind it.
with suites as (
    select * from {{ ref('py_expectation_results') }}
),

files as (
    select
        *,
        coalesce(delivery || '/', '') || file_name as file_path
    from {{ ref('fct_load_log') }}
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
        {{ ordered_list('distinct file_path', 'file_path', ', ') }} as file_names
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
        file_path as file_names
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
        {{ ordered_list('distinct file_path', 'file_path', ', ') }} as file_names
    from files
    where holds = 'cases' or holds is null
    group by la_code
),

quarantine_counts as (
    select
        la_code,
        file_key,
        reason_code as expectation,
        column_name,
        count(*) as n_quarantined
    from quarantined
    group by all
    union all
    select
        la_code,
        file_key,
        'all reasons together' as expectation,
        cast(null as varchar) as column_name,
        count(*) as n_quarantined
    from quarantined
    group by all
),

files_read as (
    select
        file_key,
        coalesce(delivery || '/', '') || file_name as file_names,
        n_read
    from {{ ref('stg_landing__load_log') }}
),

quarantine_rates as (
    select
        quarantine_counts.la_code,
        'quarantine' as suite,
        quarantine_counts.expectation,
        quarantine_counts.column_name,
        thresholds.severity,
        quarantine_counts.n_quarantined
        <= thresholds.max_quarantined_share * files_read.n_read as success,
        quarantine_counts.n_quarantined as unexpected_count,
        files_read.n_read as element_count,
        files_read.file_names
    from quarantine_counts
    inner join files_read
        using (file_key)
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
