{#- Counts that a release shows, as cells and the sums that tie them together.

    A topic lists its counts as parts (`int_release_parts_<topic>`): scope, relation_id, whole_id,
    n_whole, whole_priority, part_id, n_part, part_priority, coefficient, is_rest_counted. The parts
    of a relation, each times its coefficient, and the rest that they leave make the whole. A part
    without a whole is a count by itself. -#}

{#- What the parts of each relation leave of its whole. A rest that nobody counts must be nothing,
    otherwise there is no such sum. A large rest of a single part tells nothing of either: the
    relation is left out. -#}
{%- macro release_rests(parts) -%}
    select
        parts.scope,
        parts.relation_id,
        parts.whole_id,
        cast(max(parts.n_whole) - sum(parts.coefficient * parts.n_part) as bigint) as n_rest
    from {{ parts }} as parts
    cross join {{ ref('int_release_profile') }} as profiles
    where parts.n_whole is not null and parts.n_part is not null
    group by parts.scope, parts.relation_id, parts.whole_id
    having
        max(parts.n_whole) = sum(parts.coefficient * parts.n_part)
        or (
            max(case when parts.is_rest_counted then 1 else 0 end) = 1
            and max(parts.n_whole) > sum(parts.coefficient * parts.n_part)
            and (
                count(*) > 1
                or max(parts.n_whole) - sum(parts.coefficient * parts.n_part)
                < max(greatest(profiles.smallest_count, profiles.smallest_n))
            )
        )
{%- endmacro -%}

{%- macro release_cells(parts) -%}
with
parts as (select * from {{ parts }}),

rests as (
    {{ release_rests('parts') }}
),

counts as (
    select
        scope,
        part_id as cell_id,
        n_part as n,
        part_priority as priority
    from parts
    union all
    select
        scope,
        whole_id as cell_id,
        n_whole as n,
        whole_priority as priority
    from parts
    union all
    select
        scope,
        relation_id || '/rest' as cell_id,
        n_rest as n,
        1 as priority
    from rests
    where n_rest > 0
)

select
    scope,
    cell_id,
    cast(max(n) as bigint) as n,
    'authority' as level,
    cast(max(priority) as integer) as priority
from counts
-- What begins with its study's name is a cell of int_release_cells_study.
where cell_id is not null and n is not null and cell_id not like scope || '/%'
group by scope, cell_id
{%- endmacro -%}

{%- macro release_relations(parts) -%}
with
parts as (select * from {{ parts }}),

rests as (
    {{ release_rests('parts') }}
),

terms as (
    select
        parts.scope,
        parts.relation_id,
        parts.part_id as cell_id,
        parts.coefficient
    from parts
    inner join rests using (scope, relation_id, whole_id)
    where parts.n_part is not null
    union all
    select
        scope,
        relation_id,
        relation_id || '/rest' as cell_id,
        1 as coefficient
    from rests
    where n_rest > 0
    union all
    select
        scope,
        relation_id,
        whole_id as cell_id,
        -1 as coefficient
    from rests
)

select
    scope,
    relation_id,
    cell_id,
    cast(coefficient as integer) as coefficient
from terms
{%- endmacro -%}

{#- The cell of a monitoring figure. -#}
{%- macro monitoring_cell(figure) -%}
    'monitoring/' || {{ figure }}.year || '/' || {{ figure }}.measure || '/'
    || {{ figure }}.breakdown || '/' || {{ figure }}.level
{%- endmacro -%}

{#- The cells of a file's records. -#}
{%- macro load_log_cell(files) -%}
    'load_log/' || coalesce({{ files }}.file_key, {{ file_path(files) }} || '/' || {{ files }}.holds)
{%- endmacro -%}

{#- One column list for the parts of a sum: `whole`, `part` and `relation` are SQL expressions. -#}
{%- macro release_part(
    scope, relation, whole, n_whole, part, n_part,
    whole_priority=9, part_priority=4, coefficient=1, is_rest_counted=true
) -%}
    {{ scope }} as scope,
        {{ relation }} as relation_id,
        {{ whole }} as whole_id,
        cast({{ n_whole }} as bigint) as n_whole,
        {{ whole_priority }} as whole_priority,
        {{ part }} as part_id,
        cast({{ n_part }} as bigint) as n_part,
        {{ part_priority }} as part_priority,
        {{ coefficient }} as coefficient,
        {{ is_rest_counted | lower }} as is_rest_counted
{%- endmacro -%}

{#- The same for a count that is no part of anything. -#}
{%- macro release_lone(scope, part, n_part, priority=4) -%}
    {{ release_part(
        scope, 'cast(null as string)', 'cast(null as string)', 'null', part, n_part,
        part_priority=priority
    ) }}
{%- endmacro -%}

{#- Counts of a topic that are counts of the study's arms: `own` (an id in the topic) and `theirs` (one
    of int_release_cells_study, without its study) are one count where they are equal. -#}
{%- macro release_ties(parts, ties) -%}
    select {{ release_part(
        'own_counts.scope', "own_counts.cell_id || '/is/' || ties.theirs", 'study_cells.cell_id',
        'study_cells.n', 'own_counts.cell_id', 'own_counts.n', part_priority=1,
        is_rest_counted=false
    ) }}
    from (
        select
            scope,
            part_id as cell_id,
            n_part as n
        from {{ parts }}
        union
        select
            scope,
            whole_id as cell_id,
            n_whole as n
        from {{ parts }}
    ) as own_counts
    inner join (
        {%- for own, theirs in ties %}
        select
            '{{ own }}' as own,
            '{{ theirs }}' as theirs
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as ties
        on own_counts.cell_id = ties.own
    inner join {{ ref('int_release_cells_study') }} as study_cells
        on
            own_counts.scope = study_cells.scope
            and study_cells.cell_id = own_counts.scope || '/' || ties.theirs
            and own_counts.n = study_cells.n
{%- endmacro -%}

{#- A sentence without its numbers: they may be counts of children. Dates and names of rules stay. -#}
{%- macro without_numbers(text) -%}
    {{ return(adapter.dispatch('without_numbers')(text)) }}
{%- endmacro -%}

{%- macro numberless(text, everywhere, first, second, third) -%}
    {%- set steps = [
        ('([0-9]{4})-([0-9]{2})-([0-9]{2})', '#' ~ first ~ '_' ~ second ~ '_' ~ third),
        ('Rule ([0-9]+)', 'Rule #' ~ first),
        ('(^|[^#0-9A-Za-z_])[0-9]+([.,][0-9]+)*', first ~ '[number]'),
        ('#([0-9]{4})_([0-9]{2})_([0-9]{2})', first ~ '-' ~ second ~ '-' ~ third),
        ('Rule #', 'Rule ')
    ] -%}
    {%- set ns = namespace(sql=text) -%}
    {%- for pattern, replacement in steps -%}
        {%- set ns.sql = "regexp_replace(" ~ ns.sql ~ ", '" ~ pattern ~ "', '" ~ replacement ~ "'"
            ~ everywhere ~ ")" -%}
    {%- endfor -%}
    {{ return(ns.sql) }}
{%- endmacro -%}

{%- macro duckdb__without_numbers(text) -%}
    {{ return(numberless(text, ", 'g'", '\\1', '\\2', '\\3')) }}
{%- endmacro -%}

{%- macro default__without_numbers(text) -%}
    {{ return(numberless(text, '', '$1', '$2', '$3')) }}
{%- endmacro -%}

{#- Whether a mean or an order statistic may be shown: it rests on enough cases, and none of them
    gives most of a sum. -#}
{%- macro is_enough(n, largest_share='0') -%}
    {{ n }} >= profiles.smallest_n
            and {{ n }} - 1 >= profiles.smallest_residual_df
            and coalesce({{ largest_share }}, 0) <= profiles.largest_share
{%- endmacro -%}

{#- The symbol of a figure, and the reason for it, by its status, the decision on the count that it
    rests on (a row of py_release_decisions) and whether that is enough. -#}
{%- macro figure_disclosure(status, decision, is_enough='true') -%}
    case
        when {{ status }} != 'ok' then 'x'
        when {{ decision }}.disclosure is null then 'c'
        when {{ decision }}.disclosure != 'shown' then {{ decision }}.disclosure
        when {{ is_enough }} then 'shown'
        else 'u'
    end
{%- endmacro -%}

{%- macro figure_reason(status, status_reason, decision, is_enough='true') -%}
    case
        when {{ status }} != 'ok' then {{ without_numbers(status_reason) }}
        when {{ decision }}.disclosure is null or {{ decision }}.disclosure != 'shown'
            then {{ decision }}.disclosure_reason
        when not ({{ is_enough }})
            then 'unreliable: it rests on too few cases, or mostly on one'
    end
{%- endmacro -%}

{#- A mean as a profile that rounds counts lets it be: so rounded that it doesn't tell how many cases
    it is over. Whole points or pounds over some number of cases would. -#}
{%- macro released_mean(column, digits=1) -%}
    case
        when profiles.authority_rounding > 1 then {{ rounded(column, digits) }}
        else {{ column }}
    end
{%- endmacro -%}

{#- What is said of every group of staff that is hidden, by the study's rule or by the profile: a
    group that only the profile hides would have a size between the two. -#}
{%- macro small_group() -%}
    'small_group: the group, or one it would give away, is too small to be shown'
{%- endmacro -%}
