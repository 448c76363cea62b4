-- One row per record of cp reviews, whichever return format it comes from, typed.
{{ typed_records('cp_reviews') }}
