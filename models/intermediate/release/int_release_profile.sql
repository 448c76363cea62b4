-- The disclosure profile that release tables follow: the one row of `disclosure_profiles` that the
-- variable `disclosure_profile` names.
select *
from {{ ref('disclosure_profiles') }}
where profile = '{{ var("disclosure_profile") }}'
