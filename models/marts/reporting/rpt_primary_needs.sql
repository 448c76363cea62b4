-- Why the children of each arm are in need, as far as that may be released. A share is that of the
-- counts as released; the country's figures are published as they are.
with
needs as (select * from {{ ref('fct_primary_needs') }}),
decisions as (select * from {{ ref('py_release_decisions') }})

select
    needs.study_id,
    needs.series,
    needs.need_code,
    needs.label,
    case when needs.as_of_date is null then counts.released else needs.n end as n,
    case
        when needs.as_of_date is null
            then counts.released / cast(nullif(wholes.released, 0) as double)
        else needs.share
    end as share,
    needs.counted_by,
    needs.as_of_date,
    {{ release_tail(
        "case when needs.as_of_date is null then coalesce(counts.disclosure, 'c') else 'shown' end",
        'counts.disclosure_reason'
    ) }}
from needs
left join decisions as counts
    on
        needs.study_id = counts.scope
        and counts.cell_id = 'needs/' || needs.series || '/' || needs.need_code
left join decisions as wholes
    on needs.study_id = wholes.scope and wholes.cell_id = 'needs/' || needs.series
cross join {{ ref('int_release_profile') }} as profiles
