{#-
What becomes of source records, decided once for every entity. Where a newer submission of the
same period is there, it replaces the older one whole. A record with a problem is
quarantined. Of the others with one key the newest delivery's wins; records that say the same are
duplicates and older ones that say something else are superseded. When a delivery contradicts
itself about a key, no one can say which row is right: its rows don't win, and are quarantined
unless a newer delivery settles it.
Records come with la_code, record_key, record_hash, extract_as_of_date, delivery, file_name,
source_row_number and problem_code.
-#}
{% macro record_fates(records) -%}
submitted as (
    select
        {{ records }}.*,
        coalesce(deliveries.is_replaced, false) as is_replaced
    from {{ records }}
    left join {{ ref('std_deliveries') }} as deliveries
        on
            {{ records }}.la_code = deliveries.la_code
            and {{ records }}.delivery = deliveries.delivery
),

contradictions as (
    select
        la_code,
        record_key,
        delivery
    from submitted
    where problem_code is null and not is_replaced
    group by all
    having count(distinct record_hash) > 1
),

compared as (
    select
        submitted.*,
        contradictions.delivery is not null as is_contradicted,
        submitted.problem_code is null
        and contradictions.delivery is null
        and not submitted.is_replaced as is_usable
    from submitted
    left join contradictions
        on
            submitted.la_code = contradictions.la_code
            and submitted.record_key = contradictions.record_key
            and submitted.delivery = contradictions.delivery
),

ranked as (
    select
        *,
        row_number() over (
            partition by la_code, record_key
            order by
                extract_as_of_date desc nulls last, delivery desc, file_name desc, source_row_number
        ) as record_rank
    from compared
),

won as (
    select
        *,
        min(case when is_usable then record_rank end) over (
            partition by la_code, record_key
        ) as winning_rank,
        first_value(record_hash) over (
            partition by la_code, record_key
            order by case when is_usable then 0 else 1 end, record_rank
        ) as winning_hash
    from ranked
),

coded as (
    select
        *,
        case
            when is_replaced then null
            when problem_code is not null then problem_code
            when is_contradicted and coalesce(record_rank < winning_rank, true)
                then 'contradicting_records'
        end as quarantine_code
    from won
),

fated as (
    select
        *,
        case
            when quarantine_code is not null then 'quarantined'
            when record_rank = winning_rank then 'loaded'
            when record_hash = winning_hash and winning_rank is not null then 'duplicate'
            else 'superseded'
        end as fate
    from coded
)
{%- endmacro %}

{#- What becomes of records that have their key to themselves: what record_fates() says of such, in one pass. -#}
{% macro fates_of_single(records) -%}
fated_single as (
    select
        {{ records }}.*,
        case
            when deliveries.is_replaced then 'superseded'
            when {{ records }}.problem_code is not null then 'quarantined'
            else 'loaded'
        end as fate,
        case when deliveries.is_replaced is not true then {{ records }}.problem_code end
            as quarantine_code
    from {{ records }}
    left join {{ ref('std_deliveries') }} as deliveries
        on
            {{ records }}.la_code = deliveries.la_code
            and {{ records }}.delivery = deliveries.delivery
)
{%- endmacro %}

{#- A number that stands for two texts within one build: engines differ in it, and keys may share one. -#}
{% macro key_hash(first, second) -%}
    {{ return(adapter.dispatch('key_hash')(first, second)) }}
{%- endmacro %}

{% macro duckdb__key_hash(first, second) -%}
    hash({{ first }}, {{ second }})
{%- endmacro %}

{% macro default__key_hash(first, second) -%}
    xxhash64({{ first }}, {{ second }})
{%- endmacro %}

{#-
Every table of source records, with what its files hold and the column that names the dates that
can't be read: the load log and the list of quarantined rows go through them all.
-#}
{% macro record_tables() -%}
    {{ return([
        ('std_cin_case_records', 'cases', 'unreadable_dates'),
        ('std_programme_enrolment_records', 'programme_enrolments', 'unreadable_dates'),
        ('std_referral_records', 'referrals', 'unreadable_dates'),
        ('std_risk_coding_records', 'risk_codings', 'null'),
        ('std_staff_survey_records', 'staff_survey', 'unreadable_dates'),
        ('std_financial_line_records', 'financial_returns', 'unreadable_dates'),
        ('std_allocation_records', 'allocations', 'unreadable_dates'),
        ('std_sdq_answer_records', 'sdq_answers', 'null'),
        ('std_school_absence_records', 'school_absences', 'null'),
        ('std_staff_stress_records', 'staff_stress', 'unreadable_dates'),
        ('std_workload_count_records', 'workload_counts', 'unreadable_dates'),
        ('std_interview_records', 'interviews', 'unreadable_dates'),
        ('std_child_records', 'children', 'unreadable_dates'),
        ('std_disability_records', 'disabilities', 'unreadable_dates'),
        ('std_cin_episode_records', 'episodes', 'unreadable_dates'),
        ('std_cin_spell_records', 'cin_spells', 'unreadable_dates'),
        ('std_assessment_records', 'assessments', 'unreadable_dates'),
        ('std_assessment_factor_records', 'assessment_factors', 'unreadable_dates'),
        ('std_cin_plan_records', 'cin_plans', 'unreadable_dates'),
        ('std_section_47_records', 'section_47s', 'unreadable_dates'),
        ('std_conference_records', 'conferences', 'unreadable_dates'),
        ('std_cp_plan_records', 'cp_plans', 'unreadable_dates'),
        ('std_cp_review_records', 'cp_reviews', 'unreadable_dates'),
        ('std_care_episode_records', 'care_episodes', 'unreadable_dates'),
        ('std_family_records', 'families', 'unreadable_dates'),
        ('std_event_records', 'events', 'unreadable_dates')
    ]) }}
{%- endmacro %}

{#- A number within what can be; null outside. -#}
{% macro plausible(column, lowest, highest) -%}
    case when {{ column }} between {{ lowest }} and {{ highest }} then {{ column }} end
{%- endmacro %}

{#- A code of the code set, UNMAPPED where the source says something else, null where it says nothing. -#}
{% macro known_code(column, code_set) -%}
    case
        when {{ column }} is null then null
        when {{ column }} in (select code from {{ ref('code_sets') }} where code_set = '{{ code_set }}') then {{ column }}
        else 'UNMAPPED'
    end
{%- endmacro %}

{#- A code of 1 or 0 as true or false; null where the source says something else or nothing. -#}
{% macro yes_no(column) -%}
    case when {{ column }} in ('1', '0') then {{ column }} = '1' end
{%- endmacro %}

{#- A file as a person finds it in the landing zone: the delivery's folder and the name. -#}
{% macro file_path(relation) -%}
    coalesce({{ relation }}.delivery || '/', '') || {{ relation }}.file_name
{%- endmacro %}

{#-
The rows of a standard table of those authorities whose delivery passed every critical expectation.
Every model behind the gate reads a standard table through this one, so that none reads past it. It
is a view: nearly always all rows pass, and a copy of them would double the warehouse.
-#}
{% macro admitted(standard_table) -%}
{{- config(materialized='view') -}}
{%- set entity = standard_table | replace('std_', '') -%}
with
{{ entity }} as (select * from {{ ref(standard_table) }}),

withheld as (
    select distinct la_code from {{ ref('fct_expectation_results') }}
    where severity = 'critical' and not success
)

select {{ entity }}.*
from {{ entity }}
left join withheld
    on {{ entity }}.la_code = withheld.la_code
where withheld.la_code is null
{%- endmacro %}
