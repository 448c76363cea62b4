-- One row per record of cin plans, whichever return format it comes from, typed.
{{ typed_records('cin_plans') }}
