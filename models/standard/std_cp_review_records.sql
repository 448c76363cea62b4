-- Every record of a review of a child protection plan and what becomes of it.
{{ records_with_fates('cp_reviews') }}
