{%- set means = [
    'mean_referral', 'mean_latest', 'mean_change', 'sd_change', 'mean_gap_months'
] -%}
{%- set differences = ['difference_at_referral', 'difference_in_change'] -%}
-- How the scores of each arm changed, as far as that may be released: over enough cases, of which
-- none gives most of a sum. Differences need both arms.
with
changes as (select * from {{ ref('fct_risk_changes') }}),
decisions as (select * from {{ ref('py_release_decisions') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

largest as (
    select
        study_id,
        component,
        arm,
        greatest(
            {% for column in ['referral', 'latest', 'change', 'gap_days'] -%}
            coalesce(max(abs({{ column }})) / nullif(cast(sum(abs({{ column }})) as double), 0), 0)
            {{- ',' if not loop.last }}
            {% endfor -%}
        ) as largest_share
    from {{ ref('int_risk_case_changes') }}
    where change is not null
    group by study_id, component, arm
),

decided as (
    select
        changes.*,
        complete.released as released_n,
        incomplete.released as released_incomplete,
        {{ figure_disclosure(
            'changes.status', 'complete', is_enough('changes.n', 'largest.largest_share')
        ) }} as disclosure,
        {{ figure_reason(
            'changes.status', 'changes.status_reason', 'complete',
            is_enough('changes.n', 'largest.largest_share')
        ) }} as disclosure_reason
    from changes
    left join largest using (study_id, component, arm)
    left join decisions as complete
        on
            changes.study_id = complete.scope
            and complete.cell_id
            = 'risk/' || changes.component || '/' || changes.arm || '/complete'
    left join decisions as incomplete
        on
            changes.study_id = incomplete.scope
            and incomplete.cell_id
            = 'risk/' || changes.component || '/' || changes.arm || '/incomplete'
    cross join profiles
)

select
    decided.study_id,
    decided.component,
    decided.arm,
    decided.released_n as n,
    decided.released_incomplete as n_incomplete,
    {% for mean in means -%}
    case when decided.disclosure = 'shown' then {{ released_mean('decided.' ~ mean) }} end
        as {{ mean }},
    {% endfor -%}
    {% for difference in differences -%}
    case
        when
            min(case when decided.disclosure = 'shown' then 1 else 0 end) over (
                partition by decided.study_id, decided.component
            ) = 1
            then {{ released_mean('decided.' ~ difference) }}
    end as {{ difference }},
    {% endfor -%}
    decided.status,
    decided.status_reason,
    {{ release_tail('decided.disclosure', 'decided.disclosure_reason') }}
from decided
cross join profiles
