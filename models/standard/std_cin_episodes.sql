-- One row per episode of need: from a referral to the end of all support ("often referred to as
-- 'referrals' and/or 'child in need episodes'", DfE children in social care schemas, social care
-- episodes). Where a return tells of a child in need apart from its referral, the episode is the
-- latest referral by then; with no referral in the return it starts with the child in need. Where
-- the delivery that tells of a referral last tells of no closures or needs at all (an Annex A after
-- a census), those that another delivery told last count; where a delivery contradicts itself, no
-- one can say which. Of two referrals on one day the one that was acted on is the episode.
with
told as (
    select
        *,
        count(close_date) over (partition by la_code, delivery) > 0 as tells_closures,
        count(primary_need_code) over (partition by la_code, delivery) > 0 as tells_needs,
        row_number() over (
            partition by la_code, child_id, referral_date
            order by
                extract_as_of_date desc nulls last,
                case when is_nfa then 1 else 0 end,
                delivery desc,
                file_name desc
        ) as recency
    from {{ ref('std_cin_episode_records') }}
    where fate != 'quarantined' and coalesce(not is_replaced, true)
    qualify
        min(record_hash) over (partition by la_code, delivery, record_key)
        = max(record_hash) over (partition by la_code, delivery, record_key)
),

closures as (
    select * from told
    where tells_closures
    qualify
        row_number() over (partition by la_code, child_id, referral_date order by recency) = 1
),

needs as (
    select * from told
    where tells_needs
    qualify
        row_number() over (partition by la_code, child_id, referral_date order by recency) = 1
),

referrals as (
    select
        records.la_code,
        records.child_id,
        records.referral_date,
        records.referral_source_code,
        records.is_nfa,
        needs.primary_need_code,
        closures.close_date,
        closures.close_reason_code,
        records.extract_as_of_date,
        records.file_key,
        records.source_row_number
    from {{ ref('std_cin_episode_records') }} as records
    left join closures
        on
            records.la_code = closures.la_code
            and records.child_id = closures.child_id
            and records.referral_date = closures.referral_date
    left join needs
        on
            records.la_code = needs.la_code
            and records.child_id = needs.child_id
            and records.referral_date = needs.referral_date
    where records.fate = 'loaded'
    qualify
        row_number() over (
            partition by records.la_code, records.child_id, records.referral_date
            order by
                records.extract_as_of_date desc,
                case when records.is_nfa then 1 else 0 end
        ) = 1
),

spells as (
    select
        spells.*,
        referrals.referral_date
    from {{ ref('std_cin_spell_records') }} as spells
    left join referrals
        on
            spells.la_code = referrals.la_code
            and spells.child_id = referrals.child_id
            and spells.start_date >= referrals.referral_date
    where spells.fate = 'loaded'
    qualify row_number() over (
            partition by spells.la_code, spells.child_id, spells.start_date
            order by referrals.referral_date desc nulls last
        ) = 1
),

latest_spells as (
    select * from spells
    qualify row_number() over (
            partition by la_code, child_id, coalesce(referral_date, start_date)
            order by start_date desc
        ) = 1
),

episodes as (
    select
        coalesce(referrals.la_code, spells.la_code) as la_code,
        coalesce(referrals.child_id, spells.child_id) as child_id,
        coalesce(referrals.referral_date, spells.start_date) as referral_date,
        referrals.child_id is null as is_referral_date_assumed,
        referrals.referral_source_code,
        referrals.is_nfa,
        coalesce(referrals.primary_need_code, spells.primary_need_code) as primary_need_code,
        coalesce(referrals.close_date, spells.close_date) as close_date,
        coalesce(referrals.close_reason_code, spells.close_reason_code) as close_reason_code,
        coalesce(referrals.extract_as_of_date, spells.extract_as_of_date) as extract_as_of_date,
        coalesce(referrals.file_key, spells.file_key) as file_key,
        coalesce(referrals.source_row_number, spells.source_row_number) as source_row_number
    from referrals
    full outer join latest_spells as spells
        on
            referrals.la_code = spells.la_code
            and referrals.child_id = spells.child_id
            and referrals.referral_date = spells.referral_date
)

select
    la_code,
    md5(concat_ws('|', la_code, child_id, referral_date)) as episode_id,
    child_id,
    referral_date,
    is_referral_date_assumed,
    referral_source_code,
    is_nfa,
    primary_need_code,
    close_date,
    close_reason_code,
    extract_as_of_date,
    file_key,
    source_row_number
from episodes
