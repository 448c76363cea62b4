-- One row per record of cin spells, whichever return format it comes from, typed.
{{ typed_records('cin_spells') }}
