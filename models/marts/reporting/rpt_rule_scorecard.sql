-- What each validation rule finds in each authority's returns, as far as that may be released. A
-- share is that of the counts as released.
with
rules as (select * from {{ ref('fct_rule_scorecard') }}),

counts as (
    select distinct
        la_code,
        expectation,
        unexpected_count,
        element_count,
        disclosure,
        disclosure_reason
    from {{ ref('rpt_expectation_results') }}
    where suite = 'cin_rules'
),

decided as (
    select
        rules.*,
        counts.unexpected_count as released_flagged,
        counts.element_count as released_checked,
        case
            when rules.verdict = 'not_applicable' then 'z'
            else coalesce(counts.disclosure, 'c')
        end as disclosure,
        case
            when rules.verdict = 'not_applicable' then rules.because
            else counts.disclosure_reason
        end as disclosure_reason
    from rules
    left join counts
        on
            rules.la_code = counts.la_code
            and rules.rule || ': ' || rules.meaning = counts.expectation
)

select
    decided.la_code,
    decided.rule,
    decided.theme,
    decided.is_query,
    decided.meaning,
    decided.verdict,
    decided.because,
    decided.released_checked as n_checked,
    decided.released_flagged as n_flagged,
    decided.released_flagged / cast(nullif(decided.released_checked, 0) as double) as share_flagged,
    decided.last_reference_date,
    decided.file_names,
    {{ release_tail('decided.disclosure', 'decided.disclosure_reason') }}
from decided
cross join {{ ref('int_release_profile') }} as profiles
