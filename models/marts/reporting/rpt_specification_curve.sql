-- The same question under every reading of the rules and by every estimator, where the counts
-- of the outcome may be shown. Figures have three decimals and no sizes: other readings and samples
-- have a few cases more or fewer, which those would give away.
with
facts as (select * from {{ ref('fct_specification_curve') }}),
verdicts as (select * from {{ ref('int_release_compared') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

judged as (
    select
        facts.*,
        verdicts.is_shown,
        verdicts.disclosure,
        verdicts.disclosure_reason
    from facts
    inner join verdicts using (study_id, reading, analysis_id)
)

select
    judged.study_id,
    judged.outcome,
    judged.reading,
    judged.analysis_id,
    judged.sample,
    judged.estimator,
    judged.covariates,
    judged.se_type,
    {{ coarse('estimate') }},
    judged.unit,
    {% for column in ['std_error', 'ci_low', 'ci_high'] -%}
    {{ coarse(column) }},
    {% endfor -%}
    case when judged.is_shown then {{ rounded('judged.p_value', 3) }} end as p_value,
    judged.status,
    judged.status_reason,
    judged.main_analysis_id,
    {% for column in ['main_estimate', 'difference'] -%}
    {{ coarse(column) }},
    {% endfor -%}
    {{ shown(['judged.agrees_in_sign', 'judged.agrees_in_significance'], 'judged.is_shown') }},
    {{ release_tail('judged.disclosure', 'judged.disclosure_reason') }}
from judged
cross join profiles
