-- One row per child and family. A source may know several families of one child (domain: filled
-- in at each contact), so a family is sure only where there is one.
select
    la_code,
    child_id,
    family_id,
    count(*) over (partition by la_code, child_id) = 1 as is_only_family
from {{ ref('std_family_records') }}
where fate = 'loaded'
