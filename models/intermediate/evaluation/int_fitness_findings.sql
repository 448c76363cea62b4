-- What stands against an analysis in an authority's data: reasons why it cannot run, and reasons
-- for caution.
with
evidence as (select * from {{ ref('int_fitness_evidence') }}),

withheld as (
    select distinct la_code from evidence
    where failed_rules is not null
),

watched as (
    select
        la_code,
        case holds when 'cp_plans' then 'escalation_cp' else 'escalation_lac' end as topic,
        case holds when 'cp_plans' then 'Child protection plans' else 'Periods of care' end as what,
        max(extract_as_of_date) as told_until
    from {{ ref('stg_landing__load_log') }}
    where status = 'landed' and holds in ('cp_plans', 'care_episodes')
    group by all
),

findings as (
    {{ fitness_finding(
        'cannot', "'No cases of this authority have been landed'", 'not has_delivery'
    ) }}
    union all
    {{ fitness_finding(
        'cannot',
        "'The delivery is withheld for failing ' || failed_rules",
        'failed_rules is not null'
    ) }}
    union all
    {{ fitness_finding('cannot', "'No treated case has a comparator'", 'n_matched = 0') }}
    union all
    {{ fitness_finding('cannot', 'status_reason', 'status_reason is not null') }}
    union all
    {{ fitness_finding(
        'with_caution',
        "'The extract was taken before the study ended: later events are not seen'",
        'extract_as_of_date < study_end'
    ) }}
    union all
    {{ fitness_finding(
        'with_caution',
        "'The extract starts after the first case may open: earlier referrals are not all counted'",
        'extract_window_start > earliest_case_start'
    ) }}
    union all
    {{ fitness_finding(
        'with_caution',
        "'There is no family id: errors are clustered by child and may be too small'",
        'n_family_ids = 0'
    ) }}
    union all
    select
        evidence.la_code,
        evidence.study_id,
        evidence.analysis_id,
        outcome_findings.verdict,
        outcome_findings.because
    from evidence
    inner join {{ ref('study_analyses') }} as analyses using (study_id, analysis_id)
    inner join {{ ref('int_outcome_findings') }} as outcome_findings
        on
            evidence.la_code = outcome_findings.la_code
            and analyses.outcome = outcome_findings.outcome
    where evidence.failed_rules is null
    union all
    select distinct
        watched.la_code,
        analyses.study_id,
        analyses.analysis_id,
        'with_caution' as verdict,
        watched.what || ' are told until ' || watched.told_until
        || ', before the study ended: later ones are not seen' as because
    from watched
    inner join {{ ref('int_study_authorities') }} as studies
        on
            watched.la_code = studies.la_code
            and watched.told_until < studies.study_end
    inner join {{ ref('study_analyses') }} as analyses
        on studies.study_id = analyses.study_id
    inner join {{ ref('outcome_topics') }} as topics
        on
            analyses.outcome = topics.outcome
            and topics.topic in ('escalation', watched.topic)
    left join withheld
        on watched.la_code = withheld.la_code
    where withheld.la_code is null
)

select * from findings
