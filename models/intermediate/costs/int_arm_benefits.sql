-- What a case of each arm is expected to be worth to the child: a closed case raises the chance of
-- five good GCSEs, and with it earnings, tax and employment: npv x (r p1 + (1 - r) p0), r being the
-- arm's closure rate (Project Crewe report, appendix 9, table 7). The rate comes from the analysis
-- that the study's assumptions name, rounded as they say.
with
assumptions as (select * from {{ ref('int_benefit_assumptions') }}),

estimates as (
    select * from {{ ref('fct_effect_estimates') }}
    where status = 'ok'
),

rates as (
    {% for arm in ['treated', 'comparator'] -%}
    select
        assumptions.*,
        '{{ arm }}' as arm,
        estimates.estimate as closure_rate,
        round(estimates.estimate * power(10, coalesce(assumptions.closure_rate_decimals, 15)))
        / power(10, coalesce(assumptions.closure_rate_decimals, 15)) as closure_rate_used
    from assumptions
    left join estimates
        on
            assumptions.study_id = estimates.study_id
            and assumptions.closure_analysis = estimates.analysis_id
            and estimates.term = '{{ arm }}_mean'
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

attained as (
    select
        *,
        closure_rate_used * attainment_rate_closed
        + (1 - closure_rate_used) * attainment_rate_open as attainment_rate
    from rates
)

select
    study_id,
    arm,
    closure_analysis,
    closure_rate,
    closure_rate_used,
    attainment_rate,
    attainment_npv_gbp * attainment_rate as lifetime_earnings_gbp,
    attainment_npv_gbp * attainment_rate * (income_tax_rate + national_insurance_rate)
        as lifetime_tax_gbp,
    attainment_employment_points * attainment_rate as employment_points,
    is_illustrative
from attained
