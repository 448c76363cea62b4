-- Every record of coded case notes and what becomes of it. Two records of one factor that agree are
-- duplicates whoever coded them and when. A factor is present or not; engagement has a level.
with
codings as (select * from {{ ref('stg_study_files__risk_codings') }}),
factors as (select * from {{ ref('risk_factors') }}),
levels as (select * from {{ ref('engagement_levels') }}),

described as (
    select
        codings.*,
        factors.class as factor_class,
        case when factors.class != 'engagement' then codings.presence end as presence_code,
        case when factors.class = 'engagement' then codings.engagement_level end as level_code,
        levels.level is not null as is_level_known,
        concat_ws('|', child_id, case_id, time_point, codings.factor_id) as record_key
    from codings
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
    case_id,
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
