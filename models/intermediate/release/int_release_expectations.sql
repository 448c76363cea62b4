-- The cells of what expectations and validation rules counted. The same records stand behind many
-- of them, and behind the load log: equal numbers of an authority's suite are one cell, the rule's
-- count is that of the scorecard, a file's records are those of the load log. Files themselves are
-- no children and have no cells.
with
results as (select * from {{ ref('fct_expectation_results') }}),

rules as (
    select
        *,
        rule || ': ' || meaning as expectation,
        'rules/of_' || dense_rank() over (partition by la_code order by n_checked) as of_cell
    from {{ ref('fct_rule_scorecard') }}
    where verdict != 'not_applicable'
),

files as (
    select
        files.la_code,
        {{ file_path('files') }} as file_names,
        files.n_read as element_count,
        min({{ load_log_cell("files") }}) as file_cell
    from {{ ref('fct_load_log') }} as files
    group by all
)

select
    results.*,
    case
        when results.suite = 'cin_rules' then 'rules/' || rules.rule || '/flagged'
        when results.suite != 'delivery'
            then
                'expectations/' || results.suite || '/' || dense_rank() over (
                    partition by results.la_code, results.suite
                    order by
                        results.expectation,
                        results.column_name nulls last,
                        results.file_names nulls last,
                        results.element_count nulls last,
                        results.unexpected_count nulls last
                )
    end as unexpected_cell,
    case
        when results.suite = 'cin_rules' then rules.of_cell
        when results.suite = 'quarantine' then files.file_cell || '/read'
        when results.suite != 'delivery'
            then
                'expectations/' || results.suite || '/of_' || dense_rank() over (
                    partition by results.la_code, results.suite
                    order by results.element_count nulls last
                )
    end as element_cell
from results
left join rules using (la_code, expectation)
left join files
    on
        results.la_code = files.la_code
        and results.file_names = files.file_names
        and results.element_count = files.element_count
