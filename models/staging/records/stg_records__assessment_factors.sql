-- One row per record of assessment factors, whichever return format it comes from, typed.
{{ typed_records('assessment_factors') }}
