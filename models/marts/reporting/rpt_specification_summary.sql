-- The specification curve of each outcome in one row, over the estimates that are shown.
with
curve as (select * from {{ ref('rpt_specification_curve') }}),
profiles as (select * from {{ ref('int_release_profile') }})

select
    curve.study_id,
    curve.outcome,
    curve.unit,
    count(*) as n_specifications,
    count(*) filter (where curve.status = 'ok' and curve.disclosure = 'shown') as n_estimated,
    min(curve.main_estimate) as main_estimate,
    median(curve.estimate) as median_estimate,
    min(curve.estimate) as lowest_estimate,
    max(curve.estimate) as highest_estimate,
    count(*) filter (where curve.agrees_in_sign) as n_agreeing_in_sign,
    count(*) filter (where curve.p_value < 0.05) as n_significant,
    count(*) filter (where curve.agrees_in_sign and curve.agrees_in_significance) as n_agreeing,
    {{ release_tail(
        "case when bool_or(curve.disclosure = 'shown') then 'shown' else min(curve.disclosure) end",
        "case
        when not bool_or(curve.disclosure = 'shown') then min(curve.disclosure_reason)
    end"
    ) }}
from curve
cross join profiles
group by
    curve.study_id,
    curve.outcome,
    curve.unit,
    profiles.profile,
    profiles.profile_version
