-- One row per record of disabilities, whichever return format it comes from, typed.
{{ typed_records('disabilities') }}
