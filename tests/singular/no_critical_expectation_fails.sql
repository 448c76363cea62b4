-- The gate: one critical failure stops the build before the marts, unless failing authorities
-- are to be withheld. The closing message names the authority, file, column, rule and count.
{{ config(enabled = not var('withhold_failing_la')) }}
select
    la_code,
    file_names,
    suite,
    expectation,
    column_name,
    unexpected_count
from {{ ref('fct_expectation_results') }}
where severity = 'critical' and not success
