-- Every record of a section 47 enquiry and what becomes of it.
{{ records_with_fates('section_47s') }}
