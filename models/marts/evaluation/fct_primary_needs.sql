-- Why the children of each arm are in need, beside the whole country on the last day counted
-- before the study's end, or the first one after it where none was. FACT22 report, Figure 2,
-- classifies a family by its oldest child; Project Crewe report, Figure 13, shows cases.
with
counted as (select * from {{ ref('int_counted_needs') }}),
studies as (select * from {{ ref('studies') }}),
national as (select * from {{ ref('national_primary_need') }}),

needs as (
    select
        code as need_code,
        label
    from {{ ref('code_sets') }}
    where code_set = 'primary_need'
),

of_country as (
    select
        studies.study_id,
        lower(national.geography) as series,
        'case' as counted_by,
        national.as_of_date,
        national.need_code,
        national.n_children as n
    from studies
    cross join national
    qualify
        dense_rank() over (
            partition by studies.study_id
            order by
                case when national.as_of_date <= studies.study_end then 1 else 2 end,
                abs({{ days_between('national.as_of_date', 'studies.study_end') }})
        ) = 1
),

all_series as (
    select
        study_id,
        arm as series,
        counted_by,
        cast(null as date) as as_of_date,
        need_code,
        count(*) as n
    from counted
    group by all
    union all
    select * from of_country
),

totals as (
    select
        study_id,
        series,
        counted_by,
        as_of_date,
        sum(n) as n_all
    from all_series
    group by all
)

select
    totals.study_id,
    totals.series,
    needs.need_code,
    needs.label,
    cast(coalesce(all_series.n, 0) as bigint) as n,
    coalesce(all_series.n, 0) / cast(totals.n_all as double) as share,
    totals.counted_by,
    totals.as_of_date
from totals
cross join needs
left join all_series
    on
        totals.study_id = all_series.study_id
        and totals.series = all_series.series
        and needs.need_code = all_series.need_code
