-- Where children live, why they are in need, and how many of the staff answered: levels that make
-- up their arm or organisation. An interim list has some of all children; hidden roles are a rest.
with
areas as (select * from {{ ref('fct_areas') }}),

lists as (
    select
        *,
        'areas/' || children_counted || '/' || arm as cell,
        sum(n_children) over (partition by study_id, children_counted, arm) as n_all
    from areas
),

whole_lists as (
    select distinct
        study_id,
        arm,
        cell,
        children_counted,
        n_all
    from lists
),

needs as (
    select
        *,
        'needs/' || series as cell,
        sum(n) over (partition by study_id, series) as n_all
    from {{ ref('fct_primary_needs') }}
    where as_of_date is null
),

staff as (
    select distinct
        study_id,
        'staff/' || organisation as cell,
        role,
        n_respondents
    from {{ ref('fct_staff_stress') }}
    where scale = 'all' and n_respondents is not null
),

bands as (
    select
        *,
        'stress/' || organisation || '/' || coalesce(cast(survey_month as string), '') as cell
    from {{ ref('fct_staff_stress_distribution') }}
    where n_respondents is not null
)

select {{ release_part(
    'study_id', "cell || '/by_area'", 'cell', 'n_all', "cell || '/' || area", 'n_children',
    whole_priority=3, part_priority=3
) }}
from lists
union all
select {{ release_part(
    'entered.study_id', "entered.cell || '/' || entered.area || '/of_all'",
    "lists.cell || '/' || lists.area", 'lists.n_children',
    "entered.cell || '/' || entered.area", 'entered.n_children', whole_priority=3, part_priority=3
) }}
from lists as entered
inner join lists using (study_id, arm, area)
where entered.children_counted = 'first_to_enter' and lists.children_counted = 'all'
union all
select {{ release_part(
    'entered.study_id', "entered.cell || '/of_all'", 'whole_lists.cell', 'whole_lists.n_all',
    'entered.cell',
    'entered.n_all', whole_priority=3, part_priority=3
) }}
from whole_lists as entered
inner join whole_lists using (study_id, arm)
where entered.children_counted = 'first_to_enter' and whole_lists.children_counted = 'all'
union all
select {{ release_part(
    'study_id', "cell || '/by_need'", 'cell', 'n_all', "cell || '/' || need_code", 'n',
    whole_priority=3, part_priority=3
) }}
from needs
union all
select {{ release_lone('study_id', "cell || '/all'", 'n_respondents', priority=8) }}
from staff
where role = 'all'
union all
select {{ release_part(
    'roles.study_id', "roles.cell || '/by_role'", "staff.cell || '/all'", 'staff.n_respondents',
    "roles.cell || '/' || roles.role", 'roles.n_respondents', whole_priority=8
) }}
from staff as roles
inner join staff using (study_id, cell)
where roles.role != 'all' and staff.role = 'all'
union all
select {{ release_part(
    'study_id', "cell || '/by_band'", "cell || '/all'", 'n_respondents',
    "cell || '/' || score_from", 'n', whole_priority=8
) }}
from bands
union all
select distinct {{ release_lone('study_id', "cell || '/all'", 'n_respondents', priority=8) }}
from bands
