-- One row per record of episodes, whichever return format it comes from, typed.
{{ typed_records('episodes') }}
