-- How alike the arms are on each covariate. The mean of a covariate of two values is a count over
-- the size, so it is shown where that count and its complement may be; other means where the arms'
-- sizes are.
with
facts as (select * from {{ ref('fct_covariate_balance') }}),
samples as (select * from {{ ref('int_release_samples') }}),
outcomes as (select * from {{ ref('int_release_outcomes') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

judged as (
    select
        facts.*,
        samples.n_treated as released_treated,
        samples.n_comparator as released_comparator,
        outcomes.kind is not null and profiles.authority_rounding > 1 as is_rounded,
        case when samples.is_shown then outcomes.disclosure else samples.disclosure end
            as hidden_as,
        case
            when samples.is_shown then outcomes.disclosure_reason
            else samples.disclosure_reason
        end as disclosure_reason,
        coalesce(samples.is_shown and coalesce(outcomes.is_shown, true), false) as is_shown
    from facts
    cross join profiles
    left join samples
        on facts.study_id = samples.study_id and facts.method = samples.sample
    left join outcomes
        on
            facts.study_id = outcomes.study_id
            and facts.method = outcomes.sample
            and 'covariate_' || facts.covariate = outcomes.outcome
            and outcomes.population = 'all'
)

select
    judged.study_id,
    judged.method,
    judged.covariate,
    judged.label,
    judged.covariate_order,
    {% for column in [
        'mean_treated', 'mean_comparator', 'smd', 'variance_ratio', 'ks', 'p_value'
    ] -%}
    case
        when not judged.is_shown then null
        when judged.is_rounded then {{ rounded('judged.' ~ column, 2) }}
        else judged.{{ column }}
    end as {{ column }},
    {% endfor -%}
    judged.balance_test,
    {{ shown('judged.stars', 'judged.is_shown') }},
    {% for arm in ['treated', 'comparator'] -%}
    case
        when
            judged.is_shown
            and abs(judged.n_{{ arm }} - judged.released_{{ arm }}) < profiles.authority_rounding
            then cast(judged.released_{{ arm }} as bigint)
    end as n_{{ arm }},
    {% endfor -%}
    case
        when judged.is_shown and profiles.authority_rounding = 1 then judged.ess_comparator
    end as ess_comparator,
    judged.status,
    judged.status_reason,
    {{ release_tail(
        "case when judged.is_shown then 'shown' else coalesce(judged.hidden_as, 'z') end",
        "case
        when judged.hidden_as is null and not judged.is_shown then 'There is no such case'
        else judged.disclosure_reason
    end"
    ) }}
from judged
cross join profiles
