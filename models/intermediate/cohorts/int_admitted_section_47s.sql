-- The section 47 enquiries of authorities whose delivery passed every critical
-- expectation: nothing behind the gate reads past it.
{{ admitted('std_section_47s') }}
