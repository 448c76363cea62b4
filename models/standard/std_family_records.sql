-- Every record of a child's family and what becomes of it.
{{ records_with_fates('families') }}
