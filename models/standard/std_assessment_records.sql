-- Every record of an assessment and what becomes of it.
{{ records_with_fates('assessments') }}
