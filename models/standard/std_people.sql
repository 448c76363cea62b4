{%- set attributes = [
    'birth_date', 'expected_birth_date', 'death_date', 'sex_code', 'ethnicity_code', 'nationality',
    'has_disability', 'upn'
] -%}
-- One row per child of a return: of each attribute what the newest record says that says anything,
-- for the lists of one return describe a child more or less fully. Once a child is born the
-- expected day is of no use; a disability is told by a flag or by its codes.
with
records as (
    select
        *,
        row_number() over (
            partition by la_code, child_id
            order by extract_as_of_date desc, delivery desc, file_name asc, source_row_number asc
        ) as recency
    from {{ ref('std_child_records') }}
    where fate = 'loaded'
),

disabilities as (
    select
        la_code,
        child_id,
        max(case when disability_code = 'NONE' then 0 else 1 end) = 1 as has_disability
    from {{ ref('std_child_disabilities') }}
    group by la_code, child_id
),

people as (
    select
        la_code,
        child_id,
        {% for attribute in attributes -%}
        min_by({{ attribute }}, case when {{ attribute }} is not null then recency end)
            as {{ attribute }},
        {% endfor -%}
        coalesce(min(birth_date) != max(birth_date), false) as has_conflicting_birth_dates,
        max(extract_as_of_date) as extract_as_of_date
    from records
    group by la_code, child_id
)

select
    people.la_code,
    people.child_id,
    people.birth_date,
    case when people.birth_date is null then people.expected_birth_date end as expected_birth_date,
    people.death_date,
    people.sex_code,
    people.ethnicity_code,
    people.nationality,
    coalesce(people.has_disability, disabilities.has_disability) as has_disability,
    people.upn,
    people.has_conflicting_birth_dates,
    people.extract_as_of_date
from people
left join disabilities using (la_code, child_id)
