-- One row per record of children, whichever return format it comes from, typed.
{{ typed_records('children') }}
