-- One row per record of families, whichever return format it comes from, typed.
{{ typed_records('families') }}
