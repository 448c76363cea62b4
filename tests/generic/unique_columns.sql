{#- No two rows are alike in these columns, the grain of the table; a null is like another null. -#}
{% test unique_columns(model, columns) %}
select
    {{ columns | join(',\n    ') }},
    count(*) as n_rows
from {{ model }}
group by
    {{ columns | join(',\n    ') }}
having count(*) > 1
{% endtest %}
