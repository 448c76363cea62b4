-- What the programme changed, where the outcome's counts may be shown in both arms and the residual
-- degrees of freedom suffice. Figures by level of a covariate rest on counts that aren't controlled
-- and are hidden. An arm's size is given where the analysis has all cases that are known.
with
facts as (select * from {{ ref('fct_effect_estimates') }}),
analyses as (select * from {{ ref('int_release_analyses') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

judged as (
    select
        facts.*,
        analyses.n_treated as released_treated,
        analyses.n_comparator as released_comparator,
        analyses.gives_exact_counts,
        profiles.authority_rounding,
        case
            when not analyses.is_shown then analyses.disclosure
            when facts.df < profiles.smallest_residual_df then 'u'
            when facts.term like '%!_if!_%' escape '!' or facts.term like '%!_unless!_%' escape '!'
                then 'c'
            else 'shown'
        end as disclosure,
        case
            when not analyses.is_shown then analyses.disclosure_reason
            when facts.df < profiles.smallest_residual_df
                then 'Has fewer than ' || profiles.smallest_residual_df
                    || ' residual degrees of freedom'
            when facts.term like '%!_if!_%' escape '!' or facts.term like '%!_unless!_%' escape '!'
                then 'Rests on counts by level of a covariate, which are not controlled'
        end as disclosure_reason
    from facts
    inner join analyses using (study_id, analysis_id)
    cross join profiles
)

select
    judged.study_id,
    judged.analysis_id,
    judged.is_primary,
    judged.outcome,
    judged.sample,
    judged.subgroup,
    judged.estimator,
    judged.covariates,
    judged.term,
    {{ shown_estimate('estimate') }},
    judged.unit,
    {{ shown_estimate('std_error') }},
    judged.se_type,
    case
        when
            judged.disclosure = 'shown'
            and judged.authority_rounding = 1
            and judged.n_treated = judged.released_treated
            and judged.n_comparator = judged.released_comparator
            then judged.df
    end as df,
    {% for column in ['ci_low', 'ci_high', 'p_value', 'p_adjusted', 'p_holm', 'p_by'] -%}
    {{ shown_estimate(column) }},
    {% endfor -%}
    {{ shown('judged.stars', "judged.disclosure = 'shown'") }},
    {% for arm in ['treated', 'comparator'] -%}
    case
        when
            judged.disclosure = 'shown'
            and abs(judged.n_{{ arm }} - judged.released_{{ arm }}) < judged.authority_rounding
            then cast(judged.released_{{ arm }} as bigint)
    end as n_{{ arm }},
    {% endfor -%}
    case
        when judged.disclosure = 'shown' and judged.authority_rounding = 1
            then judged.ess_comparator
    end as ess_comparator,
    judged.status,
    judged.status_reason,
    judged.clock,
    judged.parameter_hash,
    judged.worst_verdict,
    judged.plan_status,
    judged.plan_version,
    judged.n_plan_deviations,
    {{ release_tail('judged.disclosure', 'judged.disclosure_reason') }}
from judged
cross join profiles
