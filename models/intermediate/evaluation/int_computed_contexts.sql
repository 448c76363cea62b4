-- What the build computes of areas, needs, staff and costs, in the shape in which published figures
-- ask for it. Staff groups are taken before small ones are hidden: the report prints means of two
-- people, and only the comparison with it shows them.
with
areas as (
    select
        study_id,
        children_counted,
        arm,
        area,
        n_children,
        share
    from {{ ref('fct_areas') }}
    union all
    select
        study_id,
        children_counted,
        arm,
        'total' as area,
        sum(n_children) as n_children,
        {{ stable_sum('share') }} as share
    from {{ ref('fct_areas') }}
    group by all
),

needs as (select * from {{ ref('fct_primary_needs') }}),

staff as (
    select
        studies.study_id,
        stress.role,
        case stress.organisation when 'programme' then 'treated' else 'comparator' end as arm,
        stress.n_respondents,
        stress.mean_score
    from {{ ref('int_staff_stress') }} as stress
    inner join {{ ref('studies') }} as studies using (study_id)
    where stress.scale = 'all'
),

staff_of_both as (
    select
        study_id,
        role,
        sum(n_respondents) as n_respondents
    from staff
    group by all
),

costs as (
    select * from {{ ref('fct_programme_costs') }}
    where status = 'ok'
),

returns as (
    select * from {{ ref('fct_return_on_investment') }}
    where status = 'ok'
),

figures as (
    {{ computed_figure('areas', 'area_count', 'children_counted', 'area', 'arm', 'n_children') }}
    union all
    {{ computed_figure('areas', 'area_share', 'children_counted', 'area', 'arm', 'share') }}
    union all
    {{ computed_figure(
        'needs', 'need_share', "''", 'need_code', 'series', 'share',
        text_value="case when share > 0.5 then 'over half' else 'half or less' end"
    ) }}
    union all
    {{ computed_figure('staff', 'staff_count', "''", 'role', 'arm', 'n_respondents') }}
    union all
    {{ computed_figure('staff_of_both', 'staff_count', "''", 'role', "'both'", 'n_respondents') }}
    union all
    {{ computed_figure('staff', 'staff_stress', "''", 'role', 'arm', 'mean_score') }}
    {% for measure in ['cost_per_case', 'cost_per_case_week', 'share_of_total', 'n_cases'] -%}
    union all
    {{ computed_figure('costs', measure, "''", 'cost_category', "'treated'", measure) }}
    {% endfor -%}
    union all
    {{ computed_figure(
        'returns', 'cost_per_case_week', "''", "'total'", "'without'", 'cost_per_case_week_without'
    ) }}
)

select * from figures
