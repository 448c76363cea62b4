-- The same question under every reading of the rules and by every estimator, where the counts
-- of the outcome may be shown. Figures have three decimals and no sizes: other readings and samples
-- have a few cases more or fewer, which those would give away.
with
facts as (select * from {{ ref('fct_specification_curve') }}),
analyses as (select * from {{ ref('int_release_analyses') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

judged as (
    select
        facts.*,
        main.is_shown and coalesce(own.is_shown, true) as is_shown,
        case when main.is_shown then coalesce(own.disclosure, 'shown') else main.disclosure end
            as disclosure,
        case when main.is_shown then own.disclosure_reason else main.disclosure_reason end
            as disclosure_reason
    from facts
    inner join analyses as main
        on facts.study_id = main.study_id and facts.main_analysis_id = main.analysis_id
    left join analyses as own
        on
            facts.study_id = own.study_id
            and facts.analysis_id = own.analysis_id
            and facts.reading = 'main'
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
    {% for column in ['estimate'] -%}
    case when judged.is_shown then round(judged.{{ column }}, 3) end as {{ column }},
    {% endfor -%}
    judged.unit,
    {% for column in ['std_error', 'ci_low', 'ci_high'] -%}
    case when judged.is_shown then round(judged.{{ column }}, 3) end as {{ column }},
    {% endfor -%}
    {{ shown(['judged.p_value'], 'judged.is_shown') }},
    judged.status,
    judged.status_reason,
    judged.main_analysis_id,
    {% for column in ['main_estimate', 'difference'] -%}
    case when judged.is_shown then round(judged.{{ column }}, 3) end as {{ column }},
    {% endfor -%}
    {{ shown(['judged.agrees_in_sign', 'judged.agrees_in_significance'], 'judged.is_shown') }},
    {{ release_tail('judged.disclosure', 'judged.disclosure_reason') }}
from judged
cross join profiles
