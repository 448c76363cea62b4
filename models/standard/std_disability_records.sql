-- Every record of a child's disability and what becomes of it.
{{ records_with_fates('disabilities') }}
