-- Every record of an initial child protection conference told apart from its enquiry, and what
-- becomes of it.
{{ records_with_fates('conferences') }}
