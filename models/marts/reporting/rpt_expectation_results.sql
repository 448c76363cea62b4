-- What each authority's delivery was expected to be and whether it is, as far as that may be
-- released. Files are counted as they are, the records of children as decided.
with
results as (select * from {{ ref('int_release_expectations') }}),
decisions as (select * from {{ ref('py_release_decisions') }}),

decided as (
    select
        results.*,
        case
            when results.element_cell is null then results.unexpected_count
            else unexpected.released
        end as released_unexpected,
        case
            when results.element_cell is null then results.element_count
            else elements.released
        end as released_elements,
        case
            when results.element_cell is null then 'shown'
            when results.unexpected_count is null or results.element_count is null then 'x'
            when unexpected.disclosure = 'shown' then coalesce(elements.disclosure, 'c')
            else coalesce(unexpected.disclosure, 'c')
        end as disclosure,
        coalesce(unexpected.disclosure_reason, elements.disclosure_reason) as disclosure_reason
    from results
    left join decisions as unexpected
        on
            results.la_code = unexpected.scope
            and results.unexpected_cell = unexpected.cell_id
    left join decisions as elements
        on results.la_code = elements.scope and results.element_cell = elements.cell_id
)

select
    decided.la_code,
    decided.suite,
    decided.expectation,
    decided.column_name,
    decided.severity,
    decided.success,
    decided.released_unexpected as unexpected_count,
    decided.released_elements as element_count,
    decided.file_names,
    decided.what_to_do,
    {{ release_tail('decided.disclosure', 'decided.disclosure_reason') }}
from decided
cross join {{ ref('int_release_profile') }} as profiles
