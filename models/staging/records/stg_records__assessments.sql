-- One row per record of assessments, whichever return format it comes from, typed.
{{ typed_records('assessments') }}
