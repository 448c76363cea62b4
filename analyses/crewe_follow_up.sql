-- Project Crewe report, "Decreasing re-referrals" and conclusion: both ask for the sample to be
-- followed for longer. What happened within 12 and 24 months of closing, at each cut of the data:
-- of those whose months have all passed, and of all by the product-limit estimate, in which months
-- still to come are never counted as months without an event.
select
    data_cut,
    is_latest,
    event,
    months,
    arm,
    n_closed,
    n_matured,
    round(100 * share_matured, 1) as percent_matured,
    n_events_matured,
    round(100 * share_of_matured, 1) as percent_of_matured,
    round(100 * incidence, 1) as percent_of_all,
    round(100 * ci_low, 1) as percent_low,
    round(100 * ci_high, 1) as percent_high,
    status,
    status_reason
from {{ ref('fct_followups') }}
where study_id = 'crewe' and sample = 'unmatched'
order by
    event desc,
    months asc,
    data_cut asc,
    arm desc
