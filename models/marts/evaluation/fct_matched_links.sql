-- One row per method, treated case and comparator it is matched to, with the comparator's share
-- of the treated case's weight of one.
with
links as (select * from {{ ref('int_matched_links') }}),
studies as (select study_id from {{ ref('studies') }})

select
    links.study_id,
    links.method,
    links.la_code,
    links.treated_case_id,
    links.comparator_la_code,
    links.comparator_case_id,
    links.gap_days,
    links.weight
from links
inner join studies using (study_id)
