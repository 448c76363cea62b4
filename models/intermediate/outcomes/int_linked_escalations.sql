-- How far a comparator escalated when escalations count from each entry to the programme that it is
-- matched to (`index_date_of_comparator`, ambiguity A5): the share of its links, by their weights,
-- for which an escalation starts on or after that treated case's entry. Weighted least squares on
-- the shares gives the same effect as on the links, one by one.
with
studies as (select * from {{ ref('int_studies') }}),

links as (select * from {{ ref('int_caliper_links') }}),
arms as (select * from {{ ref('int_study_arms') }}),
escalations as (select * from {{ ref('int_observed_escalations') }}),

entries as (
    select
        links.study_id,
        links.comparator_la_code as la_code,
        links.comparator_case_id as case_id,
        links.treated_case_id,
        links.weight,
        treated.entry_date
    from studies
    inner join links using (study_id, la_code)
    inner join arms as treated
        on
            links.study_id = treated.study_id
            and links.la_code = treated.la_code
            and links.treated_case_id = treated.case_id
    where
        studies.escalation_from = 'programme_entry'
        and studies.index_date_of_comparator = 'each_link'
),

followed as (
    select
        entries.study_id,
        entries.la_code,
        entries.case_id,
        entries.treated_case_id,
        entries.weight,
        count(escalations.escalation_date) > 0 as is_escalated,
        count(*) filter (where escalations.escalation_type = 'cp') > 0 as is_escalated_cp,
        count(*) filter (where escalations.escalation_type = 'lac') > 0 as is_escalated_lac
    from entries
    left join escalations
        on
            entries.study_id = escalations.study_id
            and entries.la_code = escalations.la_code
            and entries.case_id = escalations.case_id
            and entries.entry_date <= escalations.escalation_date
    group by all
)

{% for outcome in ['escalated', 'escalated_cp', 'escalated_lac'] -%}
select
    study_id,
    la_code,
    case_id,
    '{{ outcome }}' as outcome,
    cast(
        {{ stable_sum('case when is_' ~ outcome ~ ' then weight else 0.0 end') }}
        / {{ stable_sum('weight') }} as double
    ) as value
from followed
group by study_id, la_code, case_id
{{ 'union all' if not loop.last }}
{% endfor -%}
