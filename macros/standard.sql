{#-
What becomes of source records, decided once for every entity. A record with a problem is quarantined. Of records
that say the same, the newest delivery's first row is kept and the rest are duplicates. Of records with one key that
say different things, those of the newest delivery win and the older are superseded; if the newest delivery itself
contradicts itself, no one can say which row is right and its rows are quarantined.
Records come with la_code, record_key, record_hash, extract_as_of_date, delivery, file_name, source_row_number and
problem_code.
-#}
{% macro record_fates(records) -%}
ranked as (
    select
        *,
        row_number() over (
            partition by la_code, record_key, problem_code is null
            order by extract_as_of_date desc nulls last, delivery desc, file_name desc, source_row_number
        ) as record_rank,
        first_value(record_hash) over (
            partition by la_code, record_key, problem_code is null
            order by extract_as_of_date desc nulls last, delivery desc, file_name desc, source_row_number
        ) as winning_hash,
        first_value(delivery) over (
            partition by la_code, record_key, problem_code is null
            order by extract_as_of_date desc nulls last, delivery desc, file_name desc, source_row_number
        ) as winning_delivery
    from {{ records }}
),

contradictions as (
    select
        la_code,
        record_key
    from ranked
    where problem_code is null and delivery = winning_delivery and record_hash != winning_hash
    group by all
),

fated as (
    select
        ranked.*,
        case
            when ranked.problem_code is not null then ranked.problem_code
            when contradictions.record_key is not null and ranked.delivery = ranked.winning_delivery
                then 'contradicting_records'
        end as quarantine_code,
        case
            when ranked.problem_code is not null then 'quarantined'
            when contradictions.record_key is not null and ranked.delivery = ranked.winning_delivery
                then 'quarantined'
            when ranked.record_rank = 1 then 'loaded'
            when ranked.record_hash = ranked.winning_hash then 'duplicate'
            else 'superseded'
        end as fate
    from ranked
    left join contradictions
        on ranked.la_code = contradictions.la_code and ranked.record_key = contradictions.record_key
)
{%- endmacro %}

{#- A code of the code set, UNMAPPED where the source says something else, null where it says nothing. -#}
{% macro known_code(column, code_set) -%}
    case
        when {{ column }} is null then null
        when {{ column }} in (select code from {{ ref('code_sets') }} where code_set = '{{ code_set }}') then {{ column }}
        else 'UNMAPPED'
    end
{%- endmacro %}
