-- What the build computes of the share of cases that were coded, that have a risk factor and whose
-- totals cluster, in the shape in which published figures ask for it. "Most cases" is more than
-- half of those of both arms; the clusters are those that the Project Crewe report names.
{%- set clusters = {'referral': '-6 and 2', 'latest': '2 and 6'} %}
with
parameters as (select * from {{ ref('int_study_parameters') }}),
sampled as (select * from {{ ref('fct_matched_cases') }}),

totals as (
    select * from {{ ref('int_risk_case_changes') }}
    where component = 'total' and change is not null
),

prevalence as (
    select * from {{ ref('fct_risk_prevalence') }}
    where status = 'ok'
),

shares_coded as (
    select
        sampled.study_id,
        count(totals.case_id) / cast(count(*) as double) as share
    from sampled
    inner join parameters
        on sampled.study_id = parameters.study_id and sampled.method = parameters.risk_sample
    left join totals
        on
            sampled.study_id = totals.study_id
            and sampled.la_code = totals.la_code
            and sampled.case_id = totals.case_id
    group by sampled.study_id
    having count(totals.case_id) > 0
),

clusters as (
    {% for time_point, bounds in clusters.items() -%}
    select
        study_id,
        'total_{{ time_point }}' as measure,
        count(case when {{ time_point }} between {{ bounds }} then 1 end) > count(*) / 2.0
            as has_most,
        'cases lie between {{ bounds }}' as statement
    from totals
    group by study_id
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

figures as (
    {{ computed_figure('shares_coded', 'risk_share_coded', "''", "'total'", "'both'", 'share') }}
    union all
    {{ computed_figure('prevalence', 'risk_count', "''", 'factor_id', 'arm', 'n_present') }}
    union all
    {{ computed_figure('prevalence', 'risk_share', "''", 'factor_id', 'arm', 'share') }}
    union all
    {{ computed_figure(
        'prevalence', 'risk_share', "''", 'factor_id', "'england'", 'national_share',
        where="arm = 'both' and national_share is not null"
    ) }}
    union all
    {{ computed_figure(
        'clusters', 'risk_cluster', "''", 'measure', "'both'",
        text_value="case when has_most then 'most ' else 'half or fewer ' end || statement"
    ) }}
)

select * from figures
