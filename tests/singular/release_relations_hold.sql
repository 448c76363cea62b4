{{ config(group='warehouse') }}
-- What is said of counts that give one another is true of the counts, so that what protects them
-- rests on what a reader can work out.
select
    relations.scope,
    relations.relation_id
from {{ ref('int_release_relations') }} as relations
left join {{ ref('int_release_cells') }} as cells using (scope, cell_id)
group by all
having sum(relations.coefficient * cells.n) != 0 or count(*) != count(cells.cell_id)
