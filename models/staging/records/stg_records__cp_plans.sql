-- One row per record of cp plans, whichever return format it comes from, typed.
{{ typed_records('cp_plans') }}
