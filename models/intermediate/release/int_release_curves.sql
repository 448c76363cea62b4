-- Curves over time in steps wide enough for release, of the samples of primary analyses, where the
-- cases that ended and those that did not may be shown. Curves of several samples laid on each
-- other would show the few cases in which they differ. Of a hidden curve the first day stands.
with
curves as (select * from {{ ref('py_release_curves') }}),
groups as (select * from {{ ref('int_release_groups') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

primaries as (
    select distinct
        study_id,
        sample
    from {{ ref('study_analyses') }}
    where is_primary
),

judged as (
    select
        curves.*,
        groups.n,
        coalesce(groups.is_shown, false) as is_shown,
        coalesce(groups.disclosure, 'z') as disclosure,
        case
            when groups.disclosure is null then 'There is no such case'
            else groups.disclosure_reason
        end as disclosure_reason
    from curves
    inner join primaries using (study_id, sample)
    left join groups
        on
            curves.study_id = groups.study_id
            and curves.sample = groups.sample
            and curves.arm = groups.arm
            and groups.population = 'all'
            and groups.outcome = 'case_length_days'
)

select
    judged.study_id,
    judged.sample,
    judged.curve,
    judged.clock,
    judged.arm,
    cast(judged.time_days as bigint) as time_days,
    case when judged.is_shown then cast(judged.n as bigint) end as n,
    {% for column in ['n_at_risk', 'n_event'] -%}
    case
        when judged.is_shown and profiles.authority_rounding = 1
            then cast(judged.{{ column }} as double)
    end as {{ column }},
    {% endfor -%}
    {{ shown(['judged.value', 'judged.ci_low', 'judged.ci_high'], 'judged.is_shown') }},
    case when judged.is_shown then 'ok' else 'not_released' end as status,
    judged.disclosure,
    judged.disclosure_reason
from judged
cross join profiles
where judged.is_shown or judged.time_days = 0
