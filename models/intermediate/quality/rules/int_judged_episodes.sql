-- The episodes of judged returns as they were delivered, quarantined ones too, with what the same
-- return says of the child's birth.
with
returns as (select * from {{ ref('int_judged_returns') }}),
episodes as (select * from {{ ref('std_cin_episode_records') }}),
children as (select * from {{ ref('std_child_records') }}),

judged as (
    {{ of_judged_returns('episodes') }}
),

births as (
    select
        la_code,
        delivery,
        child_id,
        min(birth_date) as birth_date,
        min(expected_birth_date) as expected_birth_date
    from children
    where child_id is not null
    group by all
)

select
    judged.la_code,
    judged.delivery,
    judged.file_key,
    judged.file_name,
    judged.source_row_number,
    judged.child_id,
    judged.referral_id,
    judged.referral_date,
    judged.is_nfa,
    judged.primary_need_code,
    judged.close_date,
    judged.close_reason_code,
    judged.icpc_date,
    judged.reference_date,
    judged.period_start,
    births.birth_date,
    births.expected_birth_date
from judged
left join births
    on {{ same_child('judged', 'births') }}
