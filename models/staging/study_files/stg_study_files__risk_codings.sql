-- One row per record of a file of coded case notes, typed. What is compared between records is the
-- coding alone: who coded and when may differ.
with
source as (select * from {{ source('landing', 'study_files__risk_codings') }}),

typed as (
    select
        la_code,
        child_id,
        case_id,
        delivery,
        file_name,
        file_key,
        source_row_number,
        md5(concat_ws('|', coalesce(is_present, ''), lower(engagement_level))) as record_hash,
        id_flags,
        extract_as_of_date,
        time_point,
        lower(factor_id) as factor_id,
        is_present as presence,
        lower(engagement_level) as engagement_level,
        coder_id,
        {{ typed_date('coded_date') }} as coded_date,
        {{ unreadable(dates=['coded_date']) }} as unreadable_values
    from source
)

select * from typed
