-- One row per record of conferences, whichever return format it comes from, typed.
{{ typed_records('conferences') }}
