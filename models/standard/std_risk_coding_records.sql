-- Every record of coded case notes and what becomes of it. Two records of one factor that agree are
-- duplicates whoever coded them and when. A factor is present or not; engagement has a level. A
-- record that names the child alone is of the child's latest case begun by the day of coding.
with
codings as (select * from {{ ref('stg_study_files__risk_codings') }}),

cases_of_children as (
    select
        codings.file_key,
        codings.source_row_number,
        cases.case_id
    from codings
    inner join {{ ref('std_cin_cases') }} as cases
        on
            codings.la_code = cases.la_code
            and codings.child_id = cases.child_id
            and cases.plan_start_date <= coalesce(codings.coded_date, codings.extract_as_of_date)
    where codings.case_id is null
    qualify row_number() over (
            partition by codings.file_key, codings.source_row_number
            order by cases.plan_start_date desc
        ) = 1
),

factors as (select * from {{ ref('risk_factors') }}),
levels as (select * from {{ ref('engagement_levels') }}),

described as (
    select
        codings.*,
        coalesce(codings.case_id, cases_of_children.case_id) as known_case_id,
        factors.class as factor_class,
        case when factors.class != 'engagement' then codings.presence end as presence_code,
        case when factors.class = 'engagement' then codings.engagement_level end as level_code,
        levels.level is not null as is_level_known,
        concat_ws(
            '|', child_id, coalesce(codings.case_id, cases_of_children.case_id), time_point,
            codings.factor_id
        ) as record_key
    from codings
    left join cases_of_children using (file_key, source_row_number)
    left join factors
        on codings.factor_id = factors.factor_id
    left join levels
        on codings.engagement_level = levels.level
),

judged as (
    select
        *,
        case
            when id_flags is not null then id_flags
            when known_case_id is null then 'case_not_found'
            when coalesce(time_point, '') not in ('referral', 'latest') then 'time_point_unknown'
            when factor_class is null then 'risk_factor_unknown'
            when presence_code not in ('1', '0') then 'presence_unknown'
            when level_code is not null and not is_level_known then 'engagement_level_unknown'
        end as problem_code
    from described
),

{{ record_fates('judged') }}

select
    la_code,
    child_id,
    known_case_id as case_id,
    time_point,
    factor_id,
    presence_code = '1' as is_present,
    level_code as engagement_level,
    coder_id,
    coded_date,
    delivery,
    file_name,
    file_key,
    source_row_number,
    unreadable_values,
    fate,
    quarantine_code
from fated
