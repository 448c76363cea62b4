-- The child records of judged returns, with the child's disability codes and what its episodes in
-- the same return tell of it.
with
returns as (select * from {{ ref('int_judged_returns') }}),
children as (select * from {{ ref('std_child_records') }}),
episodes as (select * from {{ ref('int_judged_episodes') }}),
disabilities as (select * from {{ ref('int_judged_disabilities') }}),

judged as (
    {{ of_judged_returns('children') }}
),

of_episodes as (
    select
        la_code,
        delivery,
        child_id,
        count(*) as n_episodes,
        count(*) filter (where not is_nfa) as n_further_action,
        max(coalesce(close_date, date '9999-12-31')) as last_close_date
    from episodes
    where child_id is not null
    group by all
),

lists as (
    select * from disabilities
    where file_key is not null
),

own_records as (
    select * from disabilities
    where file_key is null
),

of_upns as (
    select
        la_code,
        delivery,
        upn,
        count(distinct child_id) as n_children
    from judged
    where upn is not null
    group by all
)

select
    judged.la_code,
    judged.delivery,
    judged.file_key,
    judged.file_name,
    judged.source_row_number,
    judged.child_id,
    judged.birth_date,
    judged.expected_birth_date,
    judged.death_date,
    judged.upn,
    judged.ethnicity_code,
    case
        when judged.format = 'cin_census' then upper(trim(judged.sex_code_source))
        else judged.sex_code
    end as sex_code,
    judged.reference_date,
    judged.period_start,
    coalesce(of_upns.n_children, 0) as n_children_of_upn,
    count(*) over (partition by judged.file_key, judged.child_id) as n_records_of_child,
    coalesce(of_episodes.n_episodes, 0) as n_episodes,
    coalesce(of_episodes.n_further_action, 0) as n_further_action,
    of_episodes.last_close_date,
    coalesce(lists.n_codes, own_records.n_codes, 0) as n_disability_codes,
    coalesce(lists.n_unknown, own_records.n_unknown, 0) as n_unknown_disabilities,
    coalesce(lists.n_different, own_records.n_different, 0) as n_different_disabilities,
    coalesce(lists.n_repeated, own_records.n_repeated, 0) as n_repeated_disabilities,
    coalesce(lists.n_none, own_records.n_none, 0) as n_none_disabilities
from judged
left join of_episodes
    on {{ same_child('judged', 'of_episodes') }}
left join of_upns
    on
        judged.la_code = of_upns.la_code
        and judged.delivery = of_upns.delivery
        and judged.upn = of_upns.upn
left join lists
    on
        judged.file_key = lists.file_key
        and judged.source_row_number = lists.source_row_number
left join own_records
    on {{ same_child('judged', 'own_records') }}
