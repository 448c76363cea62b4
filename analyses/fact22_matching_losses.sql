-- FACT22 report, section 2, footnote 7: what share of its cases was matched, of all recorded cases
-- as the report prints it and of the eligible; and, which it doesn't print, how the matched differ
-- from the eligible cases that found no match.
with losses as (
    select * from {{ ref('fct_matching_losses') }}
    where study_id = 'fact22'
),

shares as (
    select * from {{ ref('fct_matched_shares') }}
    where study_id = 'fact22' and arm = 'treated'
)

select
    losses.method,
    losses.label as characteristic,
    round(losses.mean_matched, 3) as mean_matched,
    round(losses.mean_unmatched, 3) as mean_unmatched,
    round(losses.smd, 3) as smd,
    round(losses.p_value, 3) as p_value,
    shares.n_matched,
    round(100 * shares.share_of_recorded, 1) as percent_of_recorded,
    round(100 * shares.share_of_eligible, 1) as percent_of_eligible
from losses
inner join shares
    using (method)
order by losses.method, losses.covariate_order
