-- What each validation rule finds in each authority's returns: passed, failed, or not applicable,
-- and then why not. A rule is judged on every return that no newer submission replaces.
with
authorities as (
    select distinct la_code from {{ ref('stg_landing__load_log') }}
    where status = 'landed'
),

rules as (select * from {{ ref('cin_rules') }}),
files as (select * from {{ ref('int_rule_files') }}),
flags as (select * from {{ ref('fct_rule_flags') }}),

flagged as (
    select
        la_code,
        rule,
        count(*) as n_flagged
    from flags
    group by all
),

checked as (
    select
        la_code,
        rule,
        sum(n_records) as n_checked,
        max(reference_date) as last_reference_date,
        {{ ordered_list(
            'distinct ' ~ file_path('files'), file_path('files'), ', '
        ) }} as file_names
    from files
    where because_not is null
    group by all
),

obstacles as (
    select
        la_code,
        rule,
        because_not
    from files
    where because_not is not null
    qualify
        row_number() over (
            partition by la_code, rule order by reference_date desc, because_not asc
        ) = 1
)

select
    authorities.la_code,
    rules.rule,
    rules.theme,
    rules.is_query,
    rules.meaning,
    case
        when checked.rule is null then 'not_applicable'
        when flagged.n_flagged > 0 then 'fail'
        else 'pass'
    end as verdict,
    case
        when checked.rule is null
            then coalesce(obstacles.because_not, 'No delivery holds ' || rules.judged_on)
    end as because,
    cast(coalesce(checked.n_checked, 0) as bigint) as n_checked,
    cast(coalesce(flagged.n_flagged, 0) as bigint) as n_flagged,
    coalesce(flagged.n_flagged, 0) / cast(checked.n_checked as double) as share_flagged,
    checked.last_reference_date,
    checked.file_names
from authorities
cross join rules
left join checked
    on
        authorities.la_code = checked.la_code
        and rules.rule = checked.rule
left join flagged
    on
        authorities.la_code = flagged.la_code
        and rules.rule = flagged.rule
left join obstacles
    on
        authorities.la_code = obstacles.la_code
        and rules.rule = obstacles.rule
