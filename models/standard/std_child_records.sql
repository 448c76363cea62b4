-- Every record of a child's details and what becomes of it.
{{ records_with_fates('children') }}
