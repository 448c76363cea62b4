-- Whether each rule can be judged on each file that holds the records it is about, and why not: the
-- rule is of other years or formats, or a column that it compares isn't there. A column of the
-- file's own records has to be in that file, one of other records anywhere in the delivery.
with
files as (select * from {{ ref('int_judged_files') }}),
rules as (select * from {{ ref('cin_rules') }}),
requirements as (select * from {{ ref('cin_rule_requirements') }}),
carried as (select * from {{ ref('int_carried_columns') }}),

needed as (
    select
        files.file_key,
        requirements.rule,
        requirements.record_kind,
        requirements.column_name,
        count(carried.file_key) as n_carried
    from files
    inner join rules
        on files.record_kind = rules.judged_on
    inner join requirements
        on rules.rule = requirements.rule
    left join carried
        on
            files.la_code = carried.la_code
            and files.delivery = carried.delivery
            and requirements.record_kind = carried.record_kind
            and requirements.column_name = carried.column_name
            and (
                files.file_key = carried.file_key
                or files.record_kind != requirements.record_kind
            )
    group by all
),

lacking as (
    select
        file_key,
        rule,
        {{ ordered_list(
            "record_kind || '.' || column_name", "record_kind || '.' || column_name", ', '
        ) }} as column_names
    from needed
    where n_carried = 0
    group by all
)

select
    files.la_code,
    files.delivery,
    files.file_key,
    files.file_name,
    files.record_kind,
    files.reference_date,
    rules.rule,
    files.n_records,
    case
        when files.collection_year < rules.first_collection_year
            then 'The rule begins with the return of ' || rules.first_collection_year
        when files.collection_year > rules.last_collection_year
            then 'The rule ends with the return of ' || rules.last_collection_year
        when rules.is_of_returns_only and files.format not in ('cin_census', 'records')
            then 'Files of this format may tell of a child in several places, or of other children'
        when rules.needs_period and files.period_start is null
            then 'The delivery does not say what period it covers'
        when lacking.column_names is not null
            then 'Nothing is said in ' || lacking.column_names
    end as because_not
from files
inner join rules
    on files.record_kind = rules.judged_on
left join lacking
    on
        files.file_key = lacking.file_key
        and rules.rule = lacking.rule
