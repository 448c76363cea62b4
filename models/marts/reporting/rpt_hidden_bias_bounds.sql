-- How strong a hidden cause would have to be to explain a result away, where the outcome's counts
-- may be shown in both arms.
with
facts as (select * from {{ ref('fct_hidden_bias_bounds') }}),
outcomes as (select * from {{ ref('int_release_outcomes') }}),
profiles as (select * from {{ ref('int_release_profile') }})

select
    facts.study_id,
    facts.sample,
    facts.outcome,
    facts.method,
    facts.gamma,
    facts.direction,
    {{ shown(
        [
            'facts.p_upper', 'facts.p_lower', 'facts.estimate_low', 'facts.estimate_high',
            'facts.crossing_gamma', 'facts.crossing_gamma_01', 'facts.ceiling_gamma',
            'facts.ceiling_gamma_01'
        ],
        'outcomes.is_shown'
    ) }},
    facts.is_main_method,
    {{ shown(['facts.reported_gamma'], 'outcomes.is_shown') }},
    facts.status,
    facts.status_reason,
    {{ release_tail(
        "coalesce(outcomes.disclosure, 'z')",
        "case
            when outcomes.disclosure is null then 'No case of the sample has this outcome'
            else outcomes.disclosure_reason
        end"
    ) }}
from facts
cross join profiles
left join outcomes
    on
        facts.study_id = outcomes.study_id
        and facts.sample = outcomes.sample
        and facts.outcome = outcomes.outcome
        and outcomes.population = 'all'
