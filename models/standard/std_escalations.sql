{%- set date_columns = [
    'first_cp_date', 'first_cp_date_during', 'first_cp_date_after',
    'first_lac_date', 'first_lac_date_during', 'first_lac_date_after'
] -%}
-- One row per case, kind of escalation and date, and one for those that are counted but not
-- dated. A case list gives first dates (during, after or plain) and counts; a count above the
-- dated ones leaves undated escalations. A return gives every start: it counts for each case of
-- the child that had begun by then.
with
cases as (
    select * from {{ ref('std_cin_case_records') }}
    where fate = 'loaded'
),

listed as (
    {% for column in date_columns -%}
    select
        la_code,
        case_id,
        child_id,
        '{{ column.split('_')[1] }}' as escalation_type,
        {{ column }} as escalation_date
    from cases
    where {{ column }} is not null
    {{ 'union' if not loop.last }}
    {% endfor -%}
),

counted as (
    select
        la_code,
        case_id,
        child_id,
        'cp' as escalation_type,
        n_cp_escalations as n_escalations
    from cases
    where n_cp_escalations > 0
    union all
    select
        la_code,
        case_id,
        child_id,
        'lac' as escalation_type,
        n_lac_escalations as n_escalations
    from cases
    where n_lac_escalations > 0
),

n_listed as (
    select
        la_code,
        case_id,
        escalation_type,
        count(*) as n_dated
    from listed
    group by all
),

undated as (
    select
        counted.la_code,
        counted.case_id,
        counted.child_id,
        counted.escalation_type,
        cast(counted.n_escalations - coalesce(n_listed.n_dated, 0) as integer) as n_escalations
    from counted
    left join n_listed
        on
            counted.la_code = n_listed.la_code
            and counted.case_id = n_listed.case_id
            and counted.escalation_type = n_listed.escalation_type
    where counted.n_escalations > coalesce(n_listed.n_dated, 0)
),

escalations as (
    select
        la_code,
        case_id,
        child_id,
        escalation_type,
        escalation_date,
        true as is_date_known,
        1 as n_escalations
    from listed
    union all
    select
        la_code,
        case_id,
        child_id,
        escalation_type,
        cast(null as date) as escalation_date,
        false as is_date_known,
        n_escalations
    from undated
    union all
    select
        cases.la_code,
        cases.case_id,
        cases.child_id,
        starts.escalation_type,
        starts.escalation_date,
        true as is_date_known,
        1 as n_escalations
    from {{ ref('std_return_cases') }} as cases
    inner join {{ ref('std_escalation_starts') }} as starts
        on
            cases.la_code = starts.la_code
            and cases.child_id = starts.child_id
            and cases.plan_start_date <= starts.escalation_date
)

select * from escalations
