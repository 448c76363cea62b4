{{ config(materialized='table') }}
-- Keys that stand more than once in case lists, of which one record alone may win: the case, or the
-- child where a list gives its cases no id. A hash stands for the key, because millions of keys
-- stand once: two keys of one hash only take the longer way to the same fate.
select {{ key_hash('la_code', 'coalesce(case_id, child_id)') }} as case_key
from {{ source('landing', 'case_list__cases') }}
group by 1
having count(*) > 1
