-- Project Crewe report, figure 3: days absent from school over two terms by arm, of all pupils and
-- by level of schooling, as the model with history of social care predicts them at its mean. The
-- intervals are of each bar; the difference and its p-value stand beside them.
select
    case
        when analysis_id like '%primary%' then 'primary'
        when analysis_id like '%secondary%' then 'secondary'
        else 'all'
    end as pupils,
    max(n_treated) as n_crewe,
    max(n_comparator) as n_authority,
    round(max(case when term = 'treated_mean' then estimate end), 1) as crewe_days,
    round(max(case when term = 'treated_mean' then ci_low end), 1) as crewe_low,
    round(max(case when term = 'treated_mean' then ci_high end), 1) as crewe_high,
    round(max(case when term = 'comparator_mean' then estimate end), 1) as authority_days,
    round(max(case when term = 'comparator_mean' then ci_low end), 1) as authority_low,
    round(max(case when term = 'comparator_mean' then ci_high end), 1) as authority_high,
    round(max(case when term = 'treated' then estimate end), 1) as difference_days,
    round(max(case when term = 'treated' then p_value end), 3) as p_value
from {{ ref('fct_effect_estimates') }}
where
    study_id = 'crewe'
    and analysis_id in (
        'absence_history', 'absence_primary_history', 'absence_secondary_history'
    )
group by analysis_id
order by pupils
