-- One row per review of a child protection plan.
with
reviews as (
    select * from {{ ref('std_cp_review_records') }}
    where fate = 'loaded'
),

plans as (select * from {{ ref('std_cp_plans') }})

select
    reviews.la_code,
    reviews.child_id,
    coalesce(max(reviews.plan_start_date), max(plans.start_date)) as plan_start_date,
    reviews.review_date
from reviews
left join plans
    on
        reviews.la_code = plans.la_code
        and reviews.child_id = plans.child_id
        and reviews.review_date >= plans.start_date
group by reviews.la_code, reviews.child_id, reviews.review_date
