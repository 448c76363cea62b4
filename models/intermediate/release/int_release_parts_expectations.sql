-- The counts of expectations and rules and the sums that tie them: what was found among the records
-- that were looked at, a file's quarantined records by reason, and the load log. Where a standard
-- table or a rule has as many records as the files it is made of, a reader may take them for the
-- same.
with
results as (
    select distinct
        la_code,
        suite,
        expectation = 'all reasons together' as is_all,
        file_names,
        unexpected_cell,
        element_cell,
        unexpected_count,
        element_count
    from {{ ref('int_release_expectations') }}
    where element_cell is not null
),

reasons as (
    select * from results
    where suite = 'quarantine' and not is_all
),

all_reasons as (
    select * from results
    where suite = 'quarantine' and is_all
),

quarantined as (
    select
        {{ load_log_cell('files') }} || '/read' as element_cell,
        files.n_quarantined
    from {{ ref('fct_load_log') }} as files
),

elements as (
    select distinct
        la_code,
        element_cell,
        element_count
    from results
    where suite != 'quarantine'
),

told as (
    {% for told in ['read', 'loaded'] -%}
    select
        files.la_code,
        {{ load_log_cell('files') }} || '/{{ told }}' as cell_id,
        files.n_{{ told }} as n,
        '{{ told }}_' || files.format || '_' || files.holds as series,
        sum(files.n_{{ told }}) over (
            partition by files.la_code, files.format, files.holds
        ) as n_series
    from {{ ref('fct_load_log') }} as files
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select {{ release_lone('la_code', 'unexpected_cell', 'unexpected_count') }}
from results
union all
select {{ release_part(
    'la_code', "unexpected_cell || '/among'", 'element_cell', 'element_count', 'unexpected_cell',
    'unexpected_count', whole_priority=6
) }}
from results
union all
select {{ release_part(
    'reasons.la_code', "all_reasons.unexpected_cell || '/by_reason'",
    'all_reasons.unexpected_cell', 'all_reasons.unexpected_count', 'reasons.unexpected_cell',
    'reasons.unexpected_count', whole_priority=4
) }}
from reasons
inner join all_reasons using (la_code, file_names, element_cell)
union all
select {{ release_part(
    'la_code', "unexpected_cell || '/in_load_log'",
    "replace(element_cell, '/read', '/quarantined')", 'n_quarantined', 'unexpected_cell',
    'unexpected_count', whole_priority=4, is_rest_counted=false
) }}
from all_reasons
inner join quarantined using (element_cell)
union all
select {{ release_part(
    'told.la_code', "elements.element_cell || '/' || told.series", 'elements.element_cell',
    'elements.element_count', 'told.cell_id', 'told.n', whole_priority=6, part_priority=6,
    is_rest_counted=false
) }}
from told
inner join elements
    on told.la_code = elements.la_code and told.n_series = elements.element_count
