-- One row per record of section 47s, whichever return format it comes from, typed.
{{ typed_records('section_47s') }}
