-- One row per record of care episodes, whichever return format it comes from, typed.
{{ typed_records('care_episodes') }}
