-- What the measures of assessments, enquiries and conferences count, a row each. By factor, an
-- assessment counts once for each factor found.
with
assessments as (select * from {{ ref('int_admitted_assessments') }}),
section_47s as (select * from {{ ref('int_admitted_section_47s') }}),

factors as (
    select distinct
        factors.la_code,
        factors.assessment_id,
        factors.child_id,
        factors.factor_code,
        assessments.authorised_date
    from {{ ref('int_admitted_assessment_factors') }} as factors
    inner join assessments
        on
            factors.la_code = assessments.la_code
            and factors.assessment_id = assessments.assessment_id
)

{{ counted(
    'assessments', 'assessments', collection_year('authorised_date'), 'authorised_date is not null'
) }}
union all
{{ counted(
    'assessments', 'factors', collection_year('authorised_date'), 'authorised_date is not null',
    {'factor': 'factor_code'}
) }}
union all
{{ counted(
    'section_47s', 'section_47s', collection_year('start_date'), 'start_date is not null'
) }}
union all
{{ counted('icpcs', 'section_47s', collection_year('icpc_date'), 'icpc_date is not null') }}
