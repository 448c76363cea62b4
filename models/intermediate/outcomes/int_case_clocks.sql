-- How long each case was watched on each survival clock: from its plan start, its referral, the
-- study start, the later of the study start and one of these, or from its index date. A case
-- that ended before a clock started isn't on it. A case is under watch from its start on (its
-- plan's or, where the referral came first, its referral's), or from its index date when
-- `survival_entry` asks for delayed entry. The clocks from the referral are for studies that ask
-- for them, and a trial has no others than those it asks for: its arms started alike on them
-- alone.
with
lengths as (select * from {{ ref('int_case_lengths') }}),

studies as (
    select * from {{ ref('int_studies') }}
    where reading = 'main' or data_cut is not null
),

index_dates as (select * from {{ ref('int_case_index_dates') }}),

asked as (
    select distinct
        study_id,
        clock
    from {{ ref('int_study_analyses') }}
),

origins as (
    {% for clock, origin in {
        'plan_start': 'lengths.plan_start_date',
        'referral': 'lengths.referral_date',
        'study_start': 'studies.study_start',
        'later_of_both': 'greatest(lengths.plan_start_date, studies.study_start)',
        'recoded_referral': (
            'case when lengths.referral_date is not null '
            'then greatest(lengths.referral_date, studies.study_start) end'
        ),
        'programme_entry': 'index_dates.index_date'
    }.items() -%}
    select
        lengths.study_id,
        lengths.la_code,
        lengths.case_id,
        '{{ clock }}' as clock,
        {{ origin }} as origin_date,
        case studies.survival_entry
            when 'programme_entry' then index_dates.index_date
            {%- if 'referral' in clock %}
            else least(lengths.plan_start_date, lengths.referral_date)
            {%- else %}
            else lengths.plan_start_date
            {%- endif %}
        end as watched_from_date,
        lengths.end_date,
        lengths.is_censored
    from lengths
    inner join studies using (study_id, la_code)
    inner join index_dates using (study_id, la_code, case_id)
    left join asked
        on lengths.study_id = asked.study_id and asked.clock = '{{ clock }}'
    where
        asked.clock is not null
        {%- if 'referral' not in clock %}
        or studies.arm_source = 'enrolment'
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select
    study_id,
    la_code,
    case_id,
    clock,
    origin_date,
    greatest({{ days_between('origin_date', 'watched_from_date') }}, 0) as entry_days,
    {{ days_between('origin_date', 'end_date') }} as time_days,
    is_censored
from origins
where origin_date <= end_date and watched_from_date <= end_date
