-- Whether a figure that compares the arms may be shown: the groups of both arms must be, for the
-- difference and one arm give the other.
with
groups as (select * from {{ ref('int_release_groups') }})

select
    study_id,
    sample,
    population,
    outcome,
    kind,
    {% for column in ['n', 'n_with', 'n_cases'] -%}
    max({{ column }}) filter (where arm = 'treated') as {{ column }}_treated,
    max({{ column }}) filter (where arm = 'comparator') as {{ column }}_comparator,
    {% endfor -%}
    count(*) filter (where is_shown) = count(*) as is_shown,
    coalesce(min(disclosure) filter (where not is_shown), 'shown') as disclosure,
    min(disclosure_reason) filter (where not is_shown) as disclosure_reason
from groups
group by
    study_id,
    sample,
    population,
    outcome,
    kind
