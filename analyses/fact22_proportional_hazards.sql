-- FACT22 report, appendix 4: the hazard ratio of the Cox model takes the arms' hazards of closing
-- to be in one proportion all the time. The score tests say whether they drift apart (a small
-- p-value speaks against one hazard ratio), by three ways to measure time; the log-rank test and
-- Gray's tests say whether the arms differ. Medians and restricted means need no proportion.
with
tests as (
    select * from {{ ref('fct_survival_tests') }}
    where study_id = 'fact22' and sample = 'cem_caliper'
),

lengths as (
    select
        clock,
        max(median_days) filter (where arm = 'treated') as treated_median_days,
        max(median_days) filter (where arm = 'comparator') as comparator_median_days,
        max(restricted_mean_days) filter (where arm = 'treated') as treated_restricted_mean_days,
        max(restricted_mean_days) filter (where arm = 'comparator')
            as comparator_restricted_mean_days
    from {{ ref('fct_survival_summaries') }}
    where study_id = 'fact22' and sample = 'cem_caliper'
    group by clock
)

select
    tests.clock,
    tests.test,
    round(tests.statistic, 3) as chi_squared,
    tests.df,
    tests.p_value,
    tests.weighting,
    tests.status,
    tests.status_reason,
    lengths.treated_median_days,
    lengths.comparator_median_days,
    round(lengths.treated_restricted_mean_days, 1) as treated_restricted_mean_days,
    round(lengths.comparator_restricted_mean_days, 1) as comparator_restricted_mean_days
from tests
inner join lengths using (clock)
order by tests.clock asc, tests.test asc
