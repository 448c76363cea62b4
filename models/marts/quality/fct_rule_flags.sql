-- Every record of a judged return that breaks a validation rule which applies to its file.
with
files as (select * from {{ ref('int_rule_files') }}),

flags as (
    select * from {{ ref('int_rule_flags_children') }}
    union all
    select * from {{ ref('int_rule_flags_episodes') }}
    union all
    select * from {{ ref('int_rule_flags_cin_plans') }}
    union all
    select * from {{ ref('int_rule_flags_cp_plans') }}
)

select
    flags.la_code,
    flags.delivery,
    flags.file_key,
    flags.file_name,
    flags.record_kind,
    flags.source_row_number,
    flags.rule
from flags
inner join files
    on
        flags.file_key = files.file_key
        and flags.record_kind = files.record_kind
        and flags.rule = files.rule
where files.because_not is null
