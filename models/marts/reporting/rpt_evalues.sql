-- How strong an unseen cause would have to be to explain an estimate away, where the outcome's
-- counts may be shown in both arms.
with
facts as (select * from {{ ref('fct_evalues') }}),
analyses as (select * from {{ ref('int_release_analyses') }}),
profiles as (select * from {{ ref('int_release_profile') }})

select
    facts.study_id,
    facts.analysis_id,
    facts.outcome,
    facts.scale,
    {% for column in ['risk_ratio', 'ci_low', 'ci_high', 'evalue', 'evalue_of_interval'] -%}
    case
        when not analyses.is_shown then null
        when analyses.gives_exact_counts then {{ rounded('facts.' ~ column, 2) }}
        else facts.{{ column }}
    end as {{ column }},
    {% endfor -%}
    facts.status,
    facts.status_reason,
    {{ release_tail('analyses.disclosure', 'analyses.disclosure_reason') }}
from facts
inner join analyses using (study_id, analysis_id)
cross join profiles
