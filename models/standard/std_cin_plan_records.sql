-- Every record of a child in need plan and what becomes of it.
{{ records_with_fates('cin_plans') }}
