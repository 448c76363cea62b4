-- The days on which metrics can be counted: every day from 2000 to 2040 (MetricFlow's time spine).
{%- set first_day = "cast('2000-01-01' as date)" %}
{%- set days_on = 'cast(numbers.generated_number - 1 as integer)' %}
with
numbers as ({{ dbt.generate_series(14976) }})

select cast({{ dbt.dateadd('day', days_on, first_day) }} as date) as date_day
from numbers
