-- One row per record of events, whichever return format it comes from, typed.
{{ typed_records('events') }}
