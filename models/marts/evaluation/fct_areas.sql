-- Where the children of each arm live: each counts once, in the ward of its first case (the first
-- to enter the programme, else the first to start), put into areas by `ward_areas`. FACT22 report,
-- appendix 3, Table 4, counts an interim list: the children first to enter
-- (`interim_list_children`), all that entered on the last one's day with them. An authority without
-- a list of wards has no areas, and no row.
with
cases as (select * from {{ ref('fct_study_cases') }}),
details as (select * from {{ ref('fct_cin_cases') }}),
areas as (select * from {{ ref('ward_areas') }}),
studies as (select * from {{ ref('int_studies') }}),

listed_authorities as (
    select distinct la_code
    from areas
),

children as (
    select
        cases.study_id,
        cases.la_code,
        cases.arm,
        cases.child_id,
        cases.entry_date,
        details.ward
    from cases
    inner join details using (la_code, case_id)
    qualify
        row_number() over (
            partition by cases.study_id, cases.la_code, cases.arm, cases.child_id
            order by
                cases.entry_date nulls last, cases.plan_start_date, details.ward nulls last
        ) = 1
),

located as (
    select
        children.study_id,
        children.arm,
        coalesce(areas.area, 'Unknown/out of area') as area,
        rank() over (
            partition by children.study_id, children.arm
            order by children.entry_date nulls last
        ) as entry_rank,
        studies.interim_list_children
    from children
    inner join studies using (study_id, la_code)
    inner join listed_authorities using (la_code)
    left join areas
        on
            children.la_code = areas.la_code
            and lower(trim(children.ward)) = lower(trim(areas.ward))
),

listed as (
    select
        study_id,
        'all' as children_counted,
        arm,
        area
    from located
    union all
    select
        study_id,
        'first_to_enter' as children_counted,
        arm,
        area
    from located
    where arm = 'treated' and entry_rank <= interim_list_children
),

counted as (
    select
        study_id,
        children_counted,
        arm,
        area,
        count(*) as n_children
    from listed
    group by all
)

select
    study_id,
    children_counted,
    arm,
    area,
    n_children,
    n_children / cast(
        sum(n_children) over (partition by study_id, children_counted, arm) as double
    ) as share
from counted
