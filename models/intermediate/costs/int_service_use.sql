-- How much of each kind of social care a stay used: weeks, or 1 for an event. A week in care is no
-- week on a child protection plan, and neither is one of ordinary support. Components in columns.
with
spells as (select * from {{ ref('int_service_spells') }}),

days as (
    select
        *,
        {{ days_between(
            'from_date',
            'least(case_end_date, coalesce(cp_from_date, case_end_date), '
            ~ 'coalesce(lac_from_date, case_end_date))'
        ) }} as cin_days,
        coalesce({{ days_between('cp_from_date', 'cp_to_date') }}, 0) as cp_days,
        coalesce({{ days_between('lac_from_date', 'lac_to_date') }}, 0) as lac_days,
        case
            when cp_from_date is not null and lac_from_date is not null
                then {{ days_between(
                    'greatest(cp_from_date, lac_from_date)', 'least(cp_to_date, lac_to_date)'
                ) }}
            else 0
        end as both_days
    from spells
)

select
    study_id,
    la_code,
    case_id,
    treated_case_id,
    arm,
    age_band,
    from_date,
    weight,
    is_matched,
    is_costed,
    case when rereferral_date >= from_date then 1.0 else 0.0 end as referral,
    greatest(cin_days, 0) / 7e0 as cin_support,
    greatest(greatest(cp_days, 0) - greatest(both_days, 0), 0) / 7e0 as cp_support,
    greatest(lac_days, 0) / 7e0 as lac_support,
    case when closure_date >= from_date then 1.0 else 0.0 end as closure
from days
