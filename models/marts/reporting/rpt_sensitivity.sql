-- Every other way in which a primary question was asked, beside the main result, where the counts
-- of the outcome may be shown. Figures have three decimals and no sizes: other readings and samples
-- have a few cases more or fewer, which those would give away.
with
facts as (select * from {{ ref('fct_sensitivity') }}),
analyses as (select * from {{ ref('int_release_analyses') }}),
readings as (select * from {{ ref('int_release_readings') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

judged as (
    select
        facts.*,
        main.is_shown
        and coalesce(own.is_shown, true)
        and (facts.reading = 'main' or coalesce(readings.is_shown, false)) as is_shown,
        case when not main.is_shown then main.disclosure else own.disclosure end as disclosure,
        case
            when not main.is_shown then main.disclosure_reason
            else own.disclosure_reason
        end as disclosure_reason
    from facts
    inner join analyses as main
        on facts.study_id = main.study_id and facts.main_analysis_id = main.analysis_id
    left join analyses as own
        on
            facts.study_id = own.study_id
            and facts.analysis_id = own.analysis_id
            and facts.reading = 'main'
    left join readings
        on
            facts.study_id = readings.study_id
            and facts.reading = readings.reading
            and facts.sample = readings.sample
            and facts.outcome = readings.outcome
)

select
    judged.study_id,
    judged.outcome,
    judged.varied,
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
    case when judged.is_shown then round(judged.p_value, 3) end as p_value,
    judged.status,
    judged.status_reason,
    judged.main_analysis_id,
    {% for column in ['main_estimate', 'difference'] -%}
    {{ coarse(column) }},
    {% endfor -%}
    {{ shown(
        [
            'judged.agrees_in_sign', 'judged.agrees_in_significance', 'judged.agrees'
        ],
        'judged.is_shown'
    ) }},
    {{ release_tail(
        "case when judged.is_shown then 'shown' else coalesce(judged.disclosure, 'c') end",
        "case
        when not judged.is_shown
            then coalesce(judged.disclosure_reason, 'Too few cases make the difference')
    end"
    ) }}
from judged
cross join profiles
