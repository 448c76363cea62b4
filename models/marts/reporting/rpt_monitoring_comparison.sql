-- An authority's own figure as released beside the one DfE published for it. What DfE published is
-- public; whether it agrees would give a hidden figure away, and can't be told of a rounded one.
with
compared as (select * from {{ ref('fct_monitoring_comparison') }}),
own as (select * from {{ ref('rpt_monitoring') }}),

released as (
    select
        compared.*,
        case compared.statistic
            when 'count' then cast(own.n as double)
            when 'percent' then 100 * own.value
        end as released_own,
        coalesce(own.disclosure, 'x') as disclosure,
        case
            when own.disclosure is null then compared.reason
            else own.disclosure_reason
        end as disclosure_reason
    from compared
    left join own using (la_code, year, measure, breakdown, level)
)

select
    released.la_code,
    released.year,
    released.measure,
    released.breakdown,
    released.level,
    released.statistic,
    released.released_own as own,
    released.published,
    released.released_own - released.published as difference,
    case
        when released.verdict not in ('agrees', 'differs') then released.verdict
        when released.released_own is not null and profiles.authority_rounding = 1
            then released.verdict
    end as verdict,
    {{ without_numbers('released.reason') }} as reason,
    {{ release_tail('released.disclosure', 'released.disclosure_reason') }}
from released
cross join {{ ref('int_release_profile') }} as profiles
