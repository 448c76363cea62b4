-- The two organisations whose staff a study asks: the programme's and the authority's.
with
studies as (select * from {{ ref('studies') }})

{% for organisation in ['programme', 'authority'] -%}
select
    study_id,
    '{{ organisation }}' as organisation
from studies
{{ 'union all' if not loop.last }}
{% endfor %}
