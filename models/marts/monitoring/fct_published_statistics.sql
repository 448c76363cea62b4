-- The published figures that answer a measure (`published_columns`), as the authority downloaded
-- them. Where two files print a figure, the one that reaches furthest holds: later releases revise
-- earlier ones.
with
figures as (select * from {{ ref('stg_official_statistics__figures') }}),
columns_read as (select * from {{ ref('published_columns') }}),
symbols as (select * from {{ ref('published_symbols') }}),

answering as (
    select
        figures.year,
        figures.geographic_level,
        figures.area_code,
        figures.la_code,
        columns_read.measure,
        columns_read.breakdown,
        columns_read.level,
        columns_read.statistic,
        figures.value,
        case
            when figures.value is null then coalesce(nullif(figures.text, ''), 'blank')
        end as symbol,
        figures.file_name,
        row_number() over (
            partition by
                figures.year,
                figures.geographic_level,
                figures.area_code,
                columns_read.measure,
                columns_read.breakdown,
                columns_read.level,
                columns_read.statistic
            order by
                figures.last_year desc,
                columns_read.published_table asc,
                figures.file_name desc,
                figures.source_row_number asc,
                columns_read.column_name asc
        ) as release_order
    from figures
    inner join columns_read
        on
            figures.published_table = columns_read.published_table
            and figures.column_name = columns_read.column_name
)

select
    answering.year,
    answering.geographic_level,
    answering.area_code,
    answering.la_code,
    answering.measure,
    answering.breakdown,
    answering.level,
    answering.statistic,
    answering.value,
    answering.symbol,
    case
        when answering.value is not null then 'published'
        else coalesce(symbols.verdict, 'not_published')
    end as status,
    case
        when answering.value is null
            then coalesce(symbols.meaning, 'neither a number nor a known symbol')
    end as status_reason,
    answering.file_name
from answering
left join symbols
    on answering.symbol = symbols.symbol
where answering.release_order = 1
