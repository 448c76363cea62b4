-- How often each factor was present at referral, as far as that may be released: a share is that of
-- the counts as released. The country's share is public.
with
factors as (select * from {{ ref('fct_risk_prevalence') }}),
decisions as (select * from {{ ref('py_release_decisions') }}),

decided as (
    select
        factors.*,
        coded.released as released_coded,
        present.released as released_present,
        coalesce(coded.disclosure, 'c') = 'shown' and coalesce(present.disclosure, 'c') = 'shown'
            as is_shown,
        coalesce(nullif(present.disclosure, 'shown'), coded.disclosure, 'c') as symbol,
        coalesce(present.disclosure_reason, coded.disclosure_reason) as symbol_reason
    from factors
    left join decisions as coded
        on
            factors.study_id = coded.scope
            and coded.cell_id = 'risk/' || factors.factor_id || '/' || factors.arm || '/coded'
    left join decisions as present
        on
            factors.study_id = present.scope
            and present.cell_id = 'risk/' || factors.factor_id || '/' || factors.arm || '/present'
)

select
    decided.study_id,
    decided.factor_id,
    decided.component,
    decided.domain,
    decided.label,
    decided.arm,
    decided.released_coded as n_coded,
    decided.released_present as n_present,
    case
        when decided.is_shown
            then decided.released_present / cast(nullif(decided.released_coded, 0) as double)
    end as share,
    decided.national_share,
    decided.national_year,
    decided.national_source,
    decided.status,
    decided.status_reason,
    {{ release_tail(
        "case when decided.status != 'ok' then 'x' else decided.symbol end",
        "case when decided.status != 'ok' then decided.status_reason else decided.symbol_reason end"
    ) }}
from decided
cross join {{ ref('int_release_profile') }} as profiles
