-- What stands against an analysis in an authority's data: reasons why it cannot run, and reasons
-- for caution.
with
evidence as (select * from {{ ref('int_fitness_evidence') }}),

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
        outcome_findings.la_code,
        analyses.study_id,
        analyses.analysis_id,
        outcome_findings.verdict,
        outcome_findings.because
    from {{ ref('int_outcome_findings') }} as outcome_findings
    inner join {{ ref('study_analyses') }} as analyses using (outcome)
    inner join {{ ref('studies') }} as studies
        on
            outcome_findings.la_code = studies.la_code
            and analyses.study_id = studies.study_id
)

select * from findings
